//! The cards with tables, as data: the tables of each card, and what each table shows. Tables of dimensions come from
//! [`DIMENSIONS`].

use std::sync::LazyLock;

use footfall_event::dimension::{self, DIMENSIONS, Dimension, ValueOf};

use super::format;
use super::tables::{Cell, Listing};
use crate::answers::Key;

const VIEWS_AND_VISITORS: &[(&str, Cell)] = &[("Views", Cell::Count("views")), ("Visitors", Cell::Count("visitors"))];
const VISITS: &[(&str, Cell)] = &[("Visitors", Cell::Count("visitors")), ("Share", Cell::Percent("share"))];
const VISITS_AND_BOUNCES: &[(&str, Cell)] =
    &[("Visits", Cell::Count("visits")), ("Bounce rate", Cell::Percent("bounce_rate"))];
const EVENTS: &[(&str, Cell)] = &[("Events", Cell::Count("events")), ("Visitors", Cell::Count("visitors"))];

/// A table under a tab. `id` is the element's id and the answer's key.
pub(super) struct Tab {
    pub(super) id: Key,
    pub(super) name: &'static str,
    pub(super) listing: Listing,
}

/// A card with tabs.
pub(super) struct Card {
    pub(super) title: &'static str,
    pub(super) tabs: Vec<Tab>,
}

/// In the page's order.
pub(super) static CARDS: LazyLock<[Card; 5]> = LazyLock::new(|| {
    [
        Card::of_dimensions("Pages", dimension::Card::Pages, vec![top_pages()]),
        Card::of_dimensions("Sources", dimension::Card::Sources, Vec::new()),
        Card::of_dimensions("Devices", dimension::Card::Devices, Vec::new()),
        Card::of_dimensions("Places", dimension::Card::Places, Vec::new()),
        Card {
            title: "Events",
            tabs: vec![
                event_types("event_types", "All", "Events by type"),
                event_types("custom_events", "Custom", "Custom events"),
            ],
        },
    ]
});

/// Shown only if a site has such events.
pub(super) static LINKS: LazyLock<Card> = LazyLock::new(links);

impl Card {
    /// Appends the card's dimensions to `tabs`.
    fn of_dimensions(title: &'static str, card: dimension::Card, mut tabs: Vec<Tab>) -> Self {
        tabs.extend(DIMENSIONS.iter().filter_map(|dimension| {
            let tab = dimension.tab.as_ref().filter(|tab| tab.card == card)?;
            Some(Tab { id: dimension.name, name: tab.name, listing: visits_by(dimension, tab) })
        }));
        Self { title, tabs }
    }
}

fn visits_by(dimension: &'static Dimension, tab: &dimension::Tab) -> Listing {
    let name = dimension.name;
    let is_page = matches!(dimension.value_of, ValueOf::EntryPage | ValueOf::ExitPage);
    Listing {
        heading: if is_page { "Page" } else { tab.name },
        filter: Some(name.into()),
        label: format::label_of(tab.shown_as),
        question: format!("visits_by?dimension={name}").into(),
        ..table(tab.caption, "value", "visits", if is_page { VISITS_AND_BOUNCES } else { VISITS })
    }
}

/// A table without a filter; the caller sets its heading and question.
fn table(
    caption: &'static str,
    name_column: &'static str,
    bar_column: &'static str,
    numbers: &'static [(&'static str, Cell)],
) -> Listing {
    Listing {
        caption,
        heading: "",
        name_column,
        detail_column: None,
        filter: None,
        label: format::plain,
        null_label: "Unknown",
        bar_column,
        numbers,
        question: "".into(),
    }
}

fn top_pages() -> Tab {
    let listing = Listing {
        heading: "Page",
        filter: Some("page".into()),
        question: "top_pages".into(),
        ..table("Top pages", "page", "views", VIEWS_AND_VISITORS)
    };
    Tab { id: "top_pages", name: "Top", listing }
}

fn event_types(id: Key, name: &'static str, caption: &'static str) -> Tab {
    let listing = Listing {
        heading: "Event",
        filter: Some("event_type".into()),
        question: id.into(),
        ..table(caption, "event_type", "events", EVENTS)
    };
    Tab { id, name, listing }
}

fn links() -> Card {
    let outbound = Listing {
        heading: "Address",
        question: "outbound_links".into(),
        ..table(
            "Links to other sites",
            "url",
            "clicks",
            &[("Clicks", Cell::Count("clicks")), ("Visitors", Cell::Count("visitors"))],
        )
    };
    let downloads = Listing {
        heading: "File",
        question: "downloads".into(),
        ..table(
            "Downloads",
            "url",
            "downloads",
            &[("Downloads", Cell::Count("downloads")), ("Visitors", Cell::Count("visitors"))],
        )
    };
    let forms = Listing {
        heading: "Form",
        detail_column: Some("page"),
        null_label: "Unnamed",
        question: "form_submissions".into(),
        ..table(
            "Submitted forms",
            "form",
            "submissions",
            &[("Submissions", Cell::Count("submissions")), ("Visitors", Cell::Count("visitors"))],
        )
    };
    let not_found = Listing {
        heading: "Page",
        detail_column: Some("referrer"),
        filter: Some("page".into()),
        question: "pages_not_found".into(),
        ..table(
            "Pages not found",
            "page",
            "hits",
            &[("Hits", Cell::Count("hits")), ("Visitors", Cell::Count("visitors"))],
        )
    };
    Card {
        title: "Links and forms",
        tabs: vec![
            Tab { id: "outbound_links", name: "Outbound", listing: outbound },
            Tab { id: "downloads", name: "Downloads", listing: downloads },
            Tab { id: "form_submissions", name: "Forms", listing: forms },
            Tab { id: "pages_not_found", name: "Not found", listing: not_found },
        ],
    }
}

/// How far and how long pages are read.
pub(super) static READING: LazyLock<Listing> = LazyLock::new(|| Listing {
    heading: "Page",
    filter: Some("page".into()),
    question: "scroll_depth".into(),
    ..table(
        "Scroll depth and reading time",
        "page",
        "views",
        &[
            ("Views", Cell::Count("views")),
            ("Depth", Cell::PercentOf100("scroll_percent_mean")),
            ("Time", Cell::Seconds("engaged_seconds_median")),
        ],
    )
});
