//! The cards that hold tables, as data: which tables a card has, and what each of them shows.

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
    heading: &'static str,
    question: &'static str,
    filter: &'static str,
    label: fn(&str) -> String,
) -> Listing {
    Listing {
        caption,
        heading,
        name_column: "value",
        detail_column: None,
        filter: Some(filter),
        label,
        null_label: "Unknown",
        bar_column: "visits",
        numbers: VISITS,
        question,
    }
}

/// A table under a tab. The id is its element's and its answer's key.
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

/// In the order of the page.
pub(super) static CARDS: &[Card] = &[
    Card {
        title: "Pages",
        tabs: &[
            tab(
                "top_pages",
                "Top",
                Listing {
                    caption: "Top pages",
                    heading: "Page",
                    name_column: "page",
                    detail_column: None,
                    filter: Some("page"),
                    label: format::plain,
                    null_label: "Unknown",
                    bar_column: "views",
                    numbers: VIEWS_AND_VISITORS,
                    question: "top_pages",
                },
            ),
            tab(
                "entry_page",
                "Entry",
                Listing {
                    numbers: VISITS_AND_BOUNCES,
                    ..by("Entry pages", "Page", "visits_by?dimension=entry_page", "entry_page", format::plain)
                },
            ),
            tab(
                "exit_page",
                "Exit",
                Listing {
                    numbers: VISITS_AND_BOUNCES,
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
            visits_by!("utm_medium", "Medium", "UTM mediums", format::plain),
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
                    heading: "Event",
                    name_column: "event_type",
                    detail_column: None,
                    filter: Some("event_type"),
                    label: format::plain,
                    null_label: "Unknown",
                    bar_column: "events",
                    numbers: EVENTS,
                    question: "event_types",
                },
            ),
            tab(
                "custom_events",
                "Custom",
                Listing {
                    caption: "Custom events",
                    heading: "Event",
                    name_column: "event_type",
                    detail_column: None,
                    filter: Some("event_type"),
                    label: format::plain,
                    null_label: "Unknown",
                    bar_column: "events",
                    numbers: EVENTS,
                    question: "custom_events",
                },
            ),
        ],
    },
];

/// What only some sites have.
pub(super) static LINKS: Card = Card {
    title: "Links and forms",
    tabs: &[
        tab(
            "outbound_links",
            "Outbound",
            Listing {
                caption: "Links to other sites",
                heading: "Address",
                name_column: "url",
                detail_column: None,
                filter: None,
                label: format::plain,
                null_label: "Unknown",
                bar_column: "clicks",
                numbers: &[("Clicks", Cell::Count("clicks")), ("Visitors", Cell::Count("visitors"))],
                question: "outbound_links",
            },
        ),
        tab(
            "downloads",
            "Downloads",
            Listing {
                caption: "Downloads",
                heading: "File",
                name_column: "url",
                detail_column: None,
                filter: None,
                label: format::plain,
                null_label: "Unknown",
                bar_column: "downloads",
                numbers: &[("Downloads", Cell::Count("downloads")), ("Visitors", Cell::Count("visitors"))],
                question: "downloads",
            },
        ),
        tab(
            "form_submissions",
            "Forms",
            Listing {
                caption: "Submitted forms",
                heading: "Form",
                name_column: "form",
                detail_column: Some("page"),
                filter: None,
                label: format::plain,
                null_label: "Unnamed",
                bar_column: "submissions",
                numbers: &[("Submissions", Cell::Count("submissions")), ("Visitors", Cell::Count("visitors"))],
                question: "form_submissions",
            },
        ),
        tab(
            "pages_not_found",
            "Not found",
            Listing {
                caption: "Pages not found",
                heading: "Page",
                name_column: "page",
                detail_column: Some("referrer"),
                filter: Some("page"),
                label: format::plain,
                null_label: "Unknown",
                bar_column: "hits",
                numbers: &[("Hits", Cell::Count("hits")), ("Visitors", Cell::Count("visitors"))],
                question: "pages_not_found",
            },
        ),
    ],
};

pub(super) static READING: Listing = Listing {
    caption: "Scroll depth and reading time",
    heading: "Page",
    name_column: "page",
    detail_column: None,
    filter: Some("page"),
    label: format::plain,
    null_label: "Unknown",
    bar_column: "views",
    numbers: &[
        ("Views", Cell::Count("views")),
        ("Depth", Cell::PercentOf100("scroll_percent_mean")),
        ("Time", Cell::Seconds("engaged_seconds_median")),
    ],
    question: "scroll_depth",
};
