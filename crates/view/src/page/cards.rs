//! The cards of tables: which table is under which tab, in which order.

use super::format;
use super::tables::{Cell, Listing};
use crate::plan::Key;

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
pub(super) struct Tab {
    pub(super) id: Key,
    pub(super) name: &'static str,
    pub(super) listing: Listing,
}

const fn tab(id: Key, name: &'static str, listing: Listing) -> Tab {
    Tab { id, name, listing }
}

/// A card with tabs.
pub(super) struct Card {
    pub(super) title: &'static str,
    pub(super) tabs: &'static [Tab],
}

macro_rules! visits_by {
    ($id:literal, $name:literal, $caption:literal, $naming:expr) => {
        tab($id, $name, by($caption, $name, concat!("visits_by?dimension=", $id), $id, $naming))
    };
}

/// The cards of tables, in their order.
pub(super) static CARDS: &[Card] = &[
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
pub(super) static LINKS: Card = Card {
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
pub(super) static READING: Listing = Listing {
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
