//! The questions of a view, in the order they are asked, and the parts of the page that each answers.

use crate::answers::{Answers, EVENTS_BY_ALL, Key, VISITS_BY_ALL};
use crate::database::QueryError;
use crate::lists;
use crate::questions::{self as q, Question};
use crate::selection::Selection;
use crate::table::Table;
use crate::turns::Weight;

/// When a question is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Also at each tick: the answer changes as time passes.
    EveryTick,
    /// After an event, and soon: people watch these numbers while they click around on their site.
    Quick,
    /// After an event, if it has not just been asked.
    Slow,
}

#[derive(Clone, Copy)]
pub(crate) struct PlannedQuestion {
    pub(crate) key: Key,
    pub(crate) question: &'static Question,
    pub(crate) pace: Pace,
    /// Whether it stays cheap with filters.
    is_cheap: bool,
}

const fn ask(key: Key, question: &'static Question, pace: Pace) -> PlannedQuestion {
    PlannedQuestion { key, question, pace, is_cheap: matches!(pace, Pace::EveryTick) }
}

const fn cheap(planned: PlannedQuestion) -> PlannedQuestion {
    PlannedQuestion { is_cheap: true, ..planned }
}

/// Key of the chart's previous period.
pub(crate) const PREVIOUS_VISITS_OVER_TIME: Key = "visits_over_time_before";

/// Key of the last 30 minutes, one row per minute: page views, or events of the type in the filters.
pub(crate) const LAST_30_MINUTES: Key = "pulse";

const FUNNEL: Key = "funnel";
pub(crate) const RECENT_EVENTS: Key = "recent_events";
pub(crate) const SITES: Key = "sites";
const PROPERTY_VALUES: Key = "property_values";

static PLAN: [PlannedQuestion; 15] = [
    ask("pipeline_delays", q::PIPELINE_DELAYS, Pace::EveryTick),
    ask("live_visitors", q::LIVE_VISITORS, Pace::EveryTick),
    ask("live_now", q::LIVE_NOW, Pace::EveryTick),
    ask(LAST_30_MINUTES, q::EVENTS_OVER_TIME, Pace::EveryTick),
    cheap(ask(RECENT_EVENTS, q::RECENT_EVENTS, Pace::Quick)),
    ask("totals_compared", q::TOTALS_COMPARED, Pace::Quick),
    ask("visits_over_time", q::VISITS_OVER_TIME, Pace::Quick),
    cheap(ask(SITES, q::SITES, Pace::Slow)),
    ask(EVENTS_BY_ALL, q::EVENTS_BY_ALL, Pace::Quick),
    ask(VISITS_BY_ALL, q::VISITS_BY_ALL, Pace::Slow),
    ask(PREVIOUS_VISITS_OVER_TIME, q::VISITS_OVER_TIME, Pace::Slow),
    ask(PROPERTY_VALUES, q::PROPERTY_VALUES, Pace::Slow),
    ask(FUNNEL, q::FUNNEL, Pace::Slow),
    ask("web_vitals", q::WEB_VITALS, Pace::Slow),
    ask("scroll_depth", q::SCROLL_DEPTH, Pace::Slow),
];

/// The questions of a selection.
pub(crate) fn of(selection: &Selection, has_funnel: bool) -> Vec<&'static PlannedQuestion> {
    let is_asked = |planned: &&PlannedQuestion| match planned.key {
        FUNNEL => has_funnel,
        SITES => !selection.is_narrowed,
        RECENT_EVENTS => !selection.hides_events,
        PROPERTY_VALUES => selection.only_event_type().is_some() && selection.property.is_some(),
        _ => true,
    };
    PLAN.iter().filter(is_asked).collect()
}

impl PlannedQuestion {
    pub(crate) fn weight(&self, selection: &Selection) -> Weight {
        match (selection.is_light(), self.question.is_rolled_up(), self.is_cheap) {
            (true, true, _) => Weight::Light,
            (true, false, _) | (false, _, true) => Weight::Quick,
            (false, _, false) => Weight::Heavy,
        }
    }

    /// Turns the question's answer into those of the page.
    pub(crate) fn answers(&self, answer: Result<Table, QueryError>, rows_max: usize) -> Answers {
        match (self.key, answer) {
            (VISITS_BY_ALL, Ok(table)) => lists::of_visits(&table),
            (EVENTS_BY_ALL, Ok(table)) => lists::of_events(&table, rows_max),
            (VISITS_BY_ALL | EVENTS_BY_ALL, Err(error)) => {
                lists::keys(self.key).into_iter().map(|key| (key, Err(error.clone()))).collect()
            }
            (key, answer) => Answers::from([(key, answer)]),
        }
    }
}

/// The question that answers this part of the page.
pub(crate) fn question_of(key: Key) -> Key {
    [VISITS_BY_ALL, EVENTS_BY_ALL].into_iter().find(|question| lists::keys(question).contains(&key)).unwrap_or(key)
}
