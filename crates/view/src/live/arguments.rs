//! The arguments of a view's questions.

use jiff::Timestamp;
use serde_json::Value;

use crate::answers::EVENTS_BY_ALL;
use crate::config::PageConfig;
use crate::database::{Arguments, newest};
use crate::lists;
use crate::plan::{LAST_30_MINUTES, PREVIOUS_VISITS_OVER_TIME, PlannedQuestion, RECENT_EVENTS, SITES};
use crate::selection::{Period, Range, Selection};

/// Of which the page has links.
const SITES_MAX: i32 = 100;

/// The arguments that all questions of a round share.
pub(super) fn of_round(selection: &Selection, range: &Range, page: &PageConfig, steps: &Value) -> Arguments {
    let now = Timestamp::now();
    Arguments {
        range: range.clone(),
        time_zone: selection.time_zone.clone(),
        filters: selection.filters_json(),
        limit: i32::from(page.rows_max),
        offset: 0,
        dimension: String::new(),
        event_type: selection.only_event_type().unwrap_or_default().to_owned(),
        property: selection.property.clone().unwrap_or_default(),
        steps: steps.clone(),
        at: now,
        before: newest(now),
        before_id: None,
    }
}

/// The arguments of one question in that round.
pub(super) fn of_question(
    planned: &PlannedQuestion,
    of_round: &Arguments,
    selection: &Selection,
    page: &PageConfig,
) -> Arguments {
    let mut arguments = of_round.clone();
    match planned.key {
        PREVIOUS_VISITS_OVER_TIME => compare_with_previous_period(&mut arguments.range, selection),
        EVENTS_BY_ALL => {
            let rows = lists::rows_of_events(usize::from(page.rows_max));
            arguments.limit = i32::try_from(rows).unwrap_or(i32::MAX);
        }
        SITES => arguments.limit = SITES_MAX,
        LAST_30_MINUTES => narrow_to_last_30_minutes(&mut arguments),
        RECENT_EVENTS => arguments.limit = i32::from(page.recent_rows_max),
        _ => {}
    }
    arguments
}

/// Today is compared with all of yesterday, every other period with the one before it.
fn compare_with_previous_period(range: &mut Range, selection: &Selection) {
    let until = if selection.period == Period::Named("today") { range.since } else { range.previous_until };
    (range.since, range.until) = (range.previous_since, until);
}

/// Counts only page views unless the filters have an event type, so that each minute has one row.
fn narrow_to_last_30_minutes(arguments: &mut Arguments) {
    let minute = arguments.at.as_second().div_euclid(60) * 60;
    let at = |seconds| Timestamp::from_second(seconds).unwrap_or(arguments.at);
    (arguments.range.since, arguments.range.until) = (at(minute - 29 * 60), at(minute + 60));
    "1 minute".clone_into(&mut arguments.range.bucket_width);
    if let Some(filters) = arguments.filters.as_object_mut().filter(|filters| !filters.contains_key("event_type")) {
        filters.insert("event_type".into(), "page_view".into());
    }
}
