//! What a view asks, in which order.

use std::collections::HashMap;

use crate::database::QueryError;
use crate::questions::{self as q, Question};
use crate::table::Table;

/// What stands in for a question within a view: `visits_by` is asked once for each dimension.
pub(crate) type Key = &'static str;

/// The answers of a view, by key.
pub(crate) type Answers = HashMap<Key, Result<Table, QueryError>>;

/// When a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// At once, and also when only time has passed.
    Now,
    /// At once: what a click changes before a person's eyes.
    First,
    /// After those.
    Then,
    /// After those, where the period has events of this type.
    With(&'static str),
    /// After those, where the period has an event of a type that the tracker does not make itself.
    WithCustom,
    /// After those, where one type of event is chosen.
    OfOneType,
    /// After those, where a property of it is chosen too.
    OfOneProperty,
}

impl When {
    /// Later waves depend on the answers of earlier ones, or can wait for them.
    pub(crate) fn wave(self) -> u8 {
        match self {
            Self::Now | Self::First => 0,
            Self::Then => 1,
            Self::With(_) | Self::WithCustom | Self::OfOneType | Self::OfOneProperty => 2,
        }
    }
}

pub(crate) struct Ask {
    pub(crate) key: Key,
    pub(crate) question: &'static Question,
    pub(crate) dimension: &'static str,
    pub(crate) when: When,
}

const fn ask(key: Key, question: &'static Question, when: When) -> Ask {
    Ask { key, question, dimension: "", when }
}

const fn by(dimension: &'static str) -> Ask {
    Ask { key: dimension, question: q::VISITS_BY, dimension, when: When::Then }
}

/// The key of the curve that the period's own is compared with.
pub(crate) const CURVE_BEFORE: Key = "visits_over_time_before";

/// The types of events by which the last questions are chosen. The page's own answer of this question belongs to the
/// quick ones, and may be older or younger than theirs.
const TYPES: Key = "types";

/// The key of the last half hour by the minute: page views, or what is filtered for.
pub(crate) const PULSE: Key = "pulse";

pub(crate) static PLAN: [Ask; 36] = [
    ask("live_visitors", q::LIVE_VISITORS, When::Now),
    ask("live_now", q::LIVE_NOW, When::Now),
    ask(PULSE, q::EVENTS_OVER_TIME, When::Now),
    ask("totals_compared", q::TOTALS_COMPARED, When::First),
    ask("recent_events", q::RECENT_EVENTS, When::First),
    ask("event_types", q::EVENT_TYPES, When::First),
    ask("visits_over_time", q::VISITS_OVER_TIME, When::First),
    ask(TYPES, q::EVENT_TYPES, When::Then),
    ask("top_pages", q::TOP_PAGES, When::Then),
    ask(CURVE_BEFORE, q::VISITS_OVER_TIME, When::Then),
    ask("sites", q::SITES, When::Then),
    by("channel"),
    by("referrer_host"),
    by("entry_page"),
    by("exit_page"),
    by("utm_source"),
    by("utm_medium"),
    by("utm_campaign"),
    by("utm_term"),
    by("utm_content"),
    by("browser"),
    by("os"),
    by("device"),
    by("screen"),
    by("country"),
    by("language"),
    ask("funnel", q::FUNNEL, When::Then),
    ask("custom_events", q::CUSTOM_EVENTS, When::WithCustom),
    ask("event_properties", q::EVENT_PROPERTIES, When::OfOneType),
    ask("property_values", q::PROPERTY_VALUES, When::OfOneProperty),
    ask("web_vitals", q::WEB_VITALS, When::With("web_vitals")),
    ask("scroll_depth", q::SCROLL_DEPTH, When::With("engagement")),
    ask("outbound_links", q::OUTBOUND_LINKS, When::With("outbound_click")),
    ask("downloads", q::DOWNLOADS, When::With("file_download")),
    ask("form_submissions", q::FORM_SUBMISSIONS, When::With("form_submit")),
    ask("pages_not_found", q::PAGES_NOT_FOUND, When::With("page_not_found")),
];

/// Types of events that the tracker makes itself; all others are a site's own.
const TRACKERS_OWN: [&str; 10] = [
    "page_view",
    "page_unload",
    "button_click",
    "navigation_click",
    "outbound_click",
    "file_download",
    "form_submit",
    "page_not_found",
    "engagement",
    "web_vitals",
];

pub(crate) fn has_type(answers: &Answers, wanted: impl Fn(&str) -> bool) -> bool {
    let Some(Ok(types)) = answers.get(TYPES) else { return false };
    types.lines().any(|line| line.text("event_type").is_some_and(&wanted))
}

pub(crate) fn has_custom_type(answers: &Answers) -> bool {
    has_type(answers, |name| !TRACKERS_OWN.contains(&name))
}
