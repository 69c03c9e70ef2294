//! The page: a frame that stays, and parts that are replaced as they change.

mod curve;
mod format;
mod frame;
mod now;
mod recent;
mod tables;
mod words;

pub(crate) use curve::curve_before;
pub(crate) use frame::{Frame, frame};
pub(crate) use words::{login, message, shares};

use maud::{Markup, html};

use crate::config::PageConfig;
use crate::database::QueryError;
use crate::live::{Answers, Key};
use crate::selection::{Range, Selection};
use tables::{Cell, Listing, listing};

/// What is the same on every page.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) title: String,
    pub(crate) time_zone: String,
    pub(crate) rows_max: u16,
    pub(crate) recent_rows_max: u16,
}

impl Look {
    pub(crate) fn new(config: &PageConfig) -> Self {
        Self {
            title: config.title.clone(),
            time_zone: config.time_zone.clone(),
            rows_max: config.rows_max,
            recent_rows_max: config.recent_rows_max,
        }
    }
}

/// A part, by the id of its element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) id: Key,
    pub(crate) html: String,
}

const VIEWS_AND_VISITORS: &[(&str, Cell)] = &[("Views", Cell::Count("views")), ("Visitors", Cell::Count("visitors"))];
const VISITS: &[(&str, Cell)] = &[("Visitors", Cell::Count("visitors")), ("Share", Cell::Percent("share"))];
const VISITS_AND_BOUNCES: &[(&str, Cell)] =
    &[("Visits", Cell::Count("visits")), ("Bounce rate", Cell::Percent("bounce_rate"))];
const EVENTS: &[(&str, Cell)] = &[("Events", Cell::Count("events")), ("Visitors", Cell::Count("visitors"))];

const fn by(
    caption: &'static str,
    head: &'static str,
    question: &'static str,
    filter: &'static str,
    name: fn(&str) -> String,
) -> Listing {
    Listing {
        caption,
        head,
        column: "value",
        beside: None,
        filter: Some(filter),
        name,
        none: "Not known",
        bar: "visits",
        cells: VISITS,
        question,
    }
}

/// A tab's listing.
struct Tab {
    id: Key,
    name: &'static str,
    listing: Listing,
}

const fn tab(id: Key, name: &'static str, listing: Listing) -> Tab {
    Tab { id, name, listing }
}

/// A card with tabs.
struct Card {
    title: &'static str,
    tabs: &'static [Tab],
}

macro_rules! visits_by {
    ($id:literal, $name:literal, $caption:literal, $naming:expr) => {
        tab($id, $name, by($caption, $name, concat!("visits_by?dimension=", $id), $id, $naming))
    };
}

/// The cards of tables, in their order.
static CARDS: &[Card] = &[
    Card {
        title: "Pages",
        tabs: &[
            tab(
                "top_pages",
                "Top",
                Listing {
                    caption: "Top pages",
                    head: "Page",
                    column: "page",
                    beside: None,
                    filter: Some("page"),
                    name: format::plain,
                    none: "Not known",
                    bar: "views",
                    cells: VIEWS_AND_VISITORS,
                    question: "top_pages",
                },
            ),
            tab(
                "entry_page",
                "Entry",
                Listing {
                    cells: VISITS_AND_BOUNCES,
                    ..by("Entry pages", "Page", "visits_by?dimension=entry_page", "entry_page", format::plain)
                },
            ),
            tab(
                "exit_page",
                "Exit",
                Listing {
                    cells: VISITS_AND_BOUNCES,
                    ..by("Exit pages", "Page", "visits_by?dimension=exit_page", "exit_page", format::plain)
                },
            ),
        ],
    },
    Card {
        title: "Sources",
        tabs: &[
            visits_by!("channel", "Channel", "Channels", format::capitalised),
            visits_by!("referrer_host", "Referrer", "Referrers", format::plain),
            visits_by!("utm_source", "UTM source", "UTM sources", format::plain),
            visits_by!("utm_medium", "Medium", "UTM media", format::plain),
            visits_by!("utm_campaign", "Campaign", "UTM campaigns", format::plain),
            visits_by!("utm_term", "Term", "UTM terms", format::plain),
            visits_by!("utm_content", "Content", "UTM contents", format::plain),
        ],
    },
    Card {
        title: "Devices",
        tabs: &[
            visits_by!("browser", "Browser", "Browsers", format::plain),
            visits_by!("os", "System", "Operating systems", format::plain),
            visits_by!("device", "Device", "Devices", format::capitalised),
            visits_by!("screen", "Screen", "Screens", format::screen),
        ],
    },
    Card {
        title: "Places",
        tabs: &[
            visits_by!("country", "Country", "Countries", format::country),
            visits_by!("language", "Language", "Languages", format::language),
        ],
    },
    Card {
        title: "Events",
        tabs: &[
            tab(
                "event_types",
                "All",
                Listing {
                    caption: "Events by type",
                    head: "Event",
                    column: "event_type",
                    beside: None,
                    filter: Some("event_type"),
                    name: format::plain,
                    none: "Not known",
                    bar: "events",
                    cells: EVENTS,
                    question: "event_types",
                },
            ),
            tab(
                "custom_events",
                "Own",
                Listing {
                    caption: "Events of the site's own",
                    head: "Event",
                    column: "event_type",
                    beside: None,
                    filter: Some("event_type"),
                    name: format::plain,
                    none: "Not known",
                    bar: "events",
                    cells: EVENTS,
                    question: "custom_events",
                },
            ),
        ],
    },
];

/// What there is only on some sites: a card with a tab for each that has rows.
static LINKS: Card = Card {
    title: "Links and forms",
    tabs: &[
        tab(
            "outbound_links",
            "Outbound",
            Listing {
                caption: "Links to other sites",
                head: "Address",
                column: "url",
                beside: None,
                filter: None,
                name: format::plain,
                none: "Not known",
                bar: "clicks",
                cells: &[("Clicks", Cell::Count("clicks")), ("Visitors", Cell::Count("visitors"))],
                question: "outbound_links",
            },
        ),
        tab(
            "downloads",
            "Downloads",
            Listing {
                caption: "Downloads",
                head: "File",
                column: "url",
                beside: None,
                filter: None,
                name: format::plain,
                none: "Not known",
                bar: "downloads",
                cells: &[("Downloads", Cell::Count("downloads")), ("Visitors", Cell::Count("visitors"))],
                question: "downloads",
            },
        ),
        tab(
            "form_submissions",
            "Forms",
            Listing {
                caption: "Forms that were sent",
                head: "Form",
                column: "form",
                beside: Some("page"),
                filter: None,
                name: format::plain,
                none: "Without a name",
                bar: "submissions",
                cells: &[("Sent", Cell::Count("submissions")), ("Visitors", Cell::Count("visitors"))],
                question: "form_submissions",
            },
        ),
        tab(
            "pages_not_found",
            "Not found",
            Listing {
                caption: "Pages not found",
                head: "Page",
                column: "page",
                beside: Some("referrer"),
                filter: Some("page"),
                name: format::plain,
                none: "Not known",
                bar: "hits",
                cells: &[("Hits", Cell::Count("hits")), ("Visitors", Cell::Count("visitors"))],
                question: "pages_not_found",
            },
        ),
    ],
};

/// How far and how long pages are read.
static READING: Listing = Listing {
    caption: "How far pages are read",
    head: "Page",
    column: "page",
    beside: None,
    filter: Some("page"),
    name: format::plain,
    none: "Not known",
    bar: "views",
    cells: &[
        ("Views", Cell::Count("views")),
        ("Depth", Cell::OfHundred("scroll_percent_mean")),
        ("Time", Cell::Seconds("engaged_seconds_median")),
    ],
    question: "scroll_depth",
};

/// Every part, as the answers have it. Each is on the page from the beginning, if only as an empty element.
pub(crate) fn parts(
    look: &Look,
    selection: &Selection,
    range: Option<&Range>,
    answers: &Answers,
    trouble: Option<&QueryError>,
) -> Vec<Part> {
    let zone = look.time_zone.as_str();
    let mut parts = Vec::new();
    let mut part = |id: Key, markup: Markup| parts.push(Part { id, html: markup.into_string() });
    part("sites", now::sites(selection, zone, answers));
    part("hint", now::hint(selection, zone, answers, trouble));
    part("now", now::now(selection, zone, answers));
    part("totals", now::totals(selection, zone, range, answers));
    part("curve", now::curve(selection, range, answers));
    for tab in CARDS.iter().chain([&LINKS]).flat_map(|card| card.tabs) {
        part(tab.id, listing(&tab.listing, selection, zone, answers.get(tab.id)));
    }
    part("properties", now::properties(selection, zone, answers));
    part("funnel", now::funnel(answers));
    part("web_vitals", now::web_vitals(selection, zone, answers));
    part("scroll_depth", listing(&READING, selection, zone, answers.get("scroll_depth")));
    part("recent_events", recent::recent(selection, zone, answers));
    parts
}

/// The content of an element that a part may stand in.
fn nothing() -> Markup {
    html! {}
}
