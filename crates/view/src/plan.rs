//! The questions of a view, in the order they are asked, and the keys of their answers.

use std::collections::HashMap;
use std::sync::LazyLock;

use footfall_event::dimension::DIMENSIONS;

use crate::database::QueryError;
use crate::questions::{self as q, Question};
use crate::table::Table;

/// Identifies an answer within a view. It is the question's name, unless a view asks a question more than once:
/// `visits_by` is asked for each dimension, and its keys are the dimensions.
pub(crate) type Key = &'static str;

/// The answers of a view, by key.
pub(crate) type Answers = HashMap<Key, Result<Table, QueryError>>;

/// When a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// First, and again at each tick: the answer changes as time passes.
    EveryTick,
    /// First: people watch these numbers while they click around on their site.
    First,
    /// After the first wave.
    Later,
    /// Later, if the period has events of this type.
    IfEventType(&'static str),
    /// Later, if the period has events of a type that the tracker does not send.
    IfCustomEvents,
    /// Later, if the selection names exactly one event type.
    IfOneEventType,
    /// Later, if the selection also names a property of that event type.
    IfOneProperty,
}

impl Schedule {
    /// Waves are asked in ascending order; a wave may depend on the answers of earlier ones.
    pub(crate) fn wave(self) -> u8 {
        match self {
            Self::EveryTick | Self::First => 0,
            Self::Later => 1,
            Self::IfEventType(_) | Self::IfCustomEvents | Self::IfOneEventType | Self::IfOneProperty => 2,
        }
    }
}

pub(crate) struct PlannedQuestion {
    pub(crate) key: Key,
    pub(crate) question: &'static Question,
    /// Empty unless the question is `visits_by`.
    pub(crate) dimension: &'static str,
    pub(crate) schedule: Schedule,
}

const fn ask(key: Key, question: &'static Question, schedule: Schedule) -> PlannedQuestion {
    PlannedQuestion { key, question, dimension: "", schedule }
}

const fn visits_by(dimension: &'static str) -> PlannedQuestion {
    PlannedQuestion { key: dimension, question: q::VISITS_BY, dimension, schedule: Schedule::Later }
}

/// Key of the chart's previous period.
pub(crate) const PREVIOUS_VISITS_OVER_TIME: Key = "visits_over_time_before";

/// Key of the event types that later waves depend on. `event_types` is the same question, but it is asked in the first
/// wave, which runs at its own pace, so its answer may be older or newer.
const EVENT_TYPES_FOR_PLAN: Key = "types";

/// Key of the last 30 minutes, one row per minute: page views, or events of the type in the filters.
pub(crate) const LAST_30_MINUTES: Key = "pulse";

pub(crate) static PLAN: LazyLock<Vec<PlannedQuestion>> = LazyLock::new(|| {
    let by_dimension = DIMENSIONS.iter().filter(|dimension| dimension.tab.is_some());
    let by_dimension = by_dimension.map(|dimension| visits_by(dimension.name));
    BEFORE_DIMENSIONS.into_iter().chain(by_dimension).chain(AFTER_DIMENSIONS).collect()
});

const BEFORE_DIMENSIONS: [PlannedQuestion; 12] = [
    ask("pipeline_delays", q::PIPELINE_DELAYS, Schedule::EveryTick),
    ask("live_visitors", q::LIVE_VISITORS, Schedule::EveryTick),
    ask("live_now", q::LIVE_NOW, Schedule::EveryTick),
    ask(LAST_30_MINUTES, q::EVENTS_OVER_TIME, Schedule::EveryTick),
    ask("totals_compared", q::TOTALS_COMPARED, Schedule::First),
    ask("recent_events", q::RECENT_EVENTS, Schedule::First),
    ask("event_types", q::EVENT_TYPES, Schedule::First),
    ask("visits_over_time", q::VISITS_OVER_TIME, Schedule::First),
    ask(EVENT_TYPES_FOR_PLAN, q::EVENT_TYPES, Schedule::Later),
    ask("top_pages", q::TOP_PAGES, Schedule::Later),
    ask(PREVIOUS_VISITS_OVER_TIME, q::VISITS_OVER_TIME, Schedule::Later),
    ask("sites", q::SITES, Schedule::Later),
];

const AFTER_DIMENSIONS: [PlannedQuestion; 10] = [
    ask("funnel", q::FUNNEL, Schedule::Later),
    ask("custom_events", q::CUSTOM_EVENTS, Schedule::IfCustomEvents),
    ask("event_properties", q::EVENT_PROPERTIES, Schedule::IfOneEventType),
    ask("property_values", q::PROPERTY_VALUES, Schedule::IfOneProperty),
    ask("web_vitals", q::WEB_VITALS, Schedule::IfEventType("web_vitals")),
    ask("scroll_depth", q::SCROLL_DEPTH, Schedule::IfEventType("engagement")),
    ask("outbound_links", q::OUTBOUND_LINKS, Schedule::IfEventType("outbound_click")),
    ask("downloads", q::DOWNLOADS, Schedule::IfEventType("file_download")),
    ask("form_submissions", q::FORM_SUBMISSIONS, Schedule::IfEventType("form_submit")),
    ask("pages_not_found", q::PAGES_NOT_FOUND, Schedule::IfEventType("page_not_found")),
];

/// Event types that the tracker sends by itself; all others are custom events.
const TRACKER_EVENT_TYPES: [&str; 10] = [
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

pub(crate) fn has_event_type(answers: &Answers, wanted: impl Fn(&str) -> bool) -> bool {
    let Some(Ok(types)) = answers.get(EVENT_TYPES_FOR_PLAN) else { return false };
    types.lines().any(|line| line.text("event_type").is_some_and(&wanted))
}

pub(crate) fn has_custom_events(answers: &Answers) -> bool {
    has_event_type(answers, |name| !TRACKER_EVENT_TYPES.contains(&name))
}
