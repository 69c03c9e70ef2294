//! What visits can be grouped and filtered by, each declared once.
//!
//! The columns that the writer fills, the lists in the SQL functions, the filters of an address, the questions and tabs
//! of the live page, and docs/fields.md all follow from [`DIMENSIONS`]. To add one: a member in
//! [`Enriched`] and its value, a row here, and a migration that adds its column.

use crate::enrich::Enriched;

/// Something to group and filter visits by.
pub struct Dimension {
    /// The column in `analytics_visits`, the key of a filter, and the argument of `footfall.visits_by`.
    pub name: &'static str,
    /// Its name for people, as the live page shows it before a filter's value.
    pub label: &'static str,
    /// Where its value comes from.
    pub value_of: ValueOf,
    /// Whether most visits have no value, so that those are left out of its list.
    pub is_sparse: bool,
    /// The tab of the live page that lists it.
    pub tab: Option<Tab>,
    /// A sentence for docs/fields.md.
    pub(crate) meaning: &'static str,
}

/// The value of an event, if it has one.
pub type Value = fn(&Enriched) -> Option<&str>;

/// Where a visit's value comes from.
#[derive(Clone, Copy)]
pub enum ValueOf {
    /// The visit's key, which contains the site.
    Key,
    /// The path of its first page.
    EntryPage,
    /// The path of its last page.
    ExitPage,
    /// Its first event. Other events do not count: a visit has one source.
    FirstEvent(Value),
}

/// A list on the live page.
pub struct Tab {
    /// The card that it is part of.
    pub card: Card,
    /// The tab.
    pub name: &'static str,
    /// The caption, for screen readers.
    pub caption: &'static str,
    /// How a value is shown.
    pub shown_as: ShownAs,
}

/// A card of the live page that holds lists of dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    /// Pages.
    Pages,
    /// How visitors came.
    Sources,
    /// The devices and programs that they used.
    Devices,
    /// Where they were.
    Places,
}

/// How a value is shown to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownAs {
    /// As it is.
    Plain,
    /// With a capital first letter.
    Capitalised,
    /// A class of screen widths, in pixels.
    Screen,
    /// A country code as the country's name.
    Country,
    /// A language code as the language's name.
    Language,
}

/// Every dimension, in the order of the live page.
pub static DIMENSIONS: [Dimension; 17] = [
    Dimension::new("site", "Site", ValueOf::Key, "The event's `site`."),
    Dimension::new("entry_page", "Entry page", ValueOf::EntryPage, "The path of the first page.").listed(
        Card::Pages,
        "Entry",
        "Entry pages",
        ShownAs::Plain,
    ),
    Dimension::new("exit_page", "Exit page", ValueOf::ExitPage, "The path of the last page.").listed(
        Card::Pages,
        "Exit",
        "Exit pages",
        ShownAs::Plain,
    ),
    Dimension::new(
        "hostname",
        "Hostname",
        ValueOf::FirstEvent(|it| it.hostname.as_deref()),
        "The host of the page's URL, for a site that has several names.",
    )
    .listed(Card::Pages, "Hostname", "Hostnames", ShownAs::Plain),
    Dimension::new(
        "channel",
        "Channel",
        ValueOf::FirstEvent(|it| it.channel),
        "How the visitor came: paid, mail, social, search, referral, direct.",
    )
    .listed(Card::Sources, "Channel", "Channels", ShownAs::Capitalised),
    Dimension::new(
        "referrer_host",
        "Referrer",
        ValueOf::FirstEvent(|it| it.referrer_host.as_deref()),
        "The host that led to the site, without `www.` and port.",
    )
    .sparse()
    .listed(Card::Sources, "Referrer", "Referrers", ShownAs::Plain),
    utm("utm_source", "UTM source", |it| it.utm_source.as_deref()).listed(
        Card::Sources,
        "UTM source",
        "UTM sources",
        ShownAs::Plain,
    ),
    utm("utm_medium", "UTM medium", |it| it.utm_medium.as_deref()).listed(
        Card::Sources,
        "Medium",
        "UTM media",
        ShownAs::Plain,
    ),
    utm("utm_campaign", "UTM campaign", |it| it.utm_campaign.as_deref()).listed(
        Card::Sources,
        "Campaign",
        "UTM campaigns",
        ShownAs::Plain,
    ),
    utm("utm_term", "UTM term", |it| it.utm_term.as_deref()).listed(Card::Sources, "Term", "UTM terms", ShownAs::Plain),
    utm("utm_content", "UTM content", |it| it.utm_content.as_deref()).listed(
        Card::Sources,
        "Content",
        "UTM contents",
        ShownAs::Plain,
    ),
    Dimension::new(
        "browser",
        "Browser",
        ValueOf::FirstEvent(|it| it.agent.browser.as_deref()),
        "The browser, or the app that shows the page within itself: its own name (Instagram), or `Safari (in-app)`, `Chrome (in-app)` if it does not say; for a bot, its own name.",
    )
    .listed(Card::Devices, "Browser", "Browsers", ShownAs::Plain),
    Dimension::new("os", "System", ValueOf::FirstEvent(|it| it.agent.os.as_deref()), "The operating system.").listed(
        Card::Devices,
        "System",
        "Operating systems",
        ShownAs::Plain,
    ),
    Dimension::new(
        "device",
        "Device",
        ValueOf::FirstEvent(|it| it.agent.device),
        "The kind of device: desktop; mobile, with foldables and handheld consoles; tablet, with readers; tv, with what is plugged into one; other, such as watches, headsets, cars and bots.",
    )
    .listed(Card::Devices, "Device", "Devices", ShownAs::Capitalised),
    Dimension::new(
        "screen",
        "Screen",
        ValueOf::FirstEvent(|it| it.screen),
        "The screen's width by class: xs below 576 pixels, sm below 768, md below 992, lg below 1440, xl.",
    )
    .listed(Card::Devices, "Screen", "Screens", ShownAs::Screen),
    Dimension::new(
        "country",
        "Country",
        ValueOf::FirstEvent(|it| it.country.as_deref()),
        "The country of the client's address (ISO 3166-1 alpha-2).",
    )
    .listed(Card::Places, "Country", "Countries", ShownAs::Country),
    Dimension::new(
        "language",
        "Language",
        ValueOf::FirstEvent(|it| it.language.as_deref()),
        "The primary subtag of the language.",
    )
    .listed(Card::Places, "Language", "Languages", ShownAs::Language),
];

const fn utm(name: &'static str, label: &'static str, value: Value) -> Dimension {
    Dimension::new(name, label, ValueOf::FirstEvent(value), "The parameter of this name in the page's URL.").sparse()
}

impl Dimension {
    const fn new(name: &'static str, label: &'static str, value_of: ValueOf, meaning: &'static str) -> Self {
        Self { name, label, value_of, is_sparse: false, tab: None, meaning }
    }

    const fn sparse(mut self) -> Self {
        self.is_sparse = true;
        self
    }

    const fn listed(mut self, card: Card, name: &'static str, caption: &'static str, shown_as: ShownAs) -> Self {
        self.tab = Some(Tab { card, name, caption, shown_as });
        self
    }

    /// The value of an event, for a dimension that has a column of its own name in `analytics_events` and
    /// `analytics_visits`.
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        match self.value_of {
            ValueOf::FirstEvent(value) => Some(value),
            ValueOf::Key | ValueOf::EntryPage | ValueOf::ExitPage => None,
        }
    }
}

/// The names of all dimensions.
#[must_use]
pub fn names() -> Vec<&'static str> {
    DIMENSIONS.iter().map(|dimension| dimension.name).collect()
}

/// The other filters, with their names for people.
pub const EVENT_FILTERS: [(&str, &str); 4] =
    [("page", "Page"), ("page_prefix", "Pages below"), ("event_type", "Event"), ("bot", "Bots")];

/// The key of every filter, with its name for people.
pub fn filters() -> impl Iterator<Item = (&'static str, &'static str)> {
    DIMENSIONS.iter().map(|dimension| (dimension.name, dimension.label)).chain(EVENT_FILTERS)
}
