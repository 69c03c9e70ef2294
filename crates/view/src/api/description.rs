//! The description of the API, which the API itself serves.

use footfall_event::dimension;
use hyper::StatusCode;
use serde_json::json;

use super::parameters::{BUCKETS, LIMIT_DEFAULT, LIMIT_MAX, OFFSET_MAX};
use crate::answer::{self, Answer};
use crate::questions::{self, Argument};
use crate::selection::PERIODS;

pub(crate) fn description(time_zone: &str) -> Answer {
    let questions: Vec<_> = questions::ALL
        .iter()
        .map(|question| {
            let parameters: Vec<_> = question.arguments.iter().flat_map(|argument| names(*argument)).collect();
            json!({ "name": question.name, "answers": question.about, "json": question.name,
                    "csv": format!("{}.csv", question.name), "parameters": parameters })
        })
        .collect();
    let named = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, about)| json!({ "name": name, "about": about })).collect::<Vec<_>>()
    };
    answer::json(
        StatusCode::OK,
        &json!({
            "about": "All numbers of the live page. GET the name of a question, relative to this address. JSON and CSV take the same parameters.",
            "access": "A login session, or the header `Authorization: Bearer TOKEN`. A public page needs neither.",
            "questions": questions,
            "parameters": {
                "period": { "about": "one of these, unless since and until are given", "default": "today", "values": named(&PERIODS) },
                "since": "start of the period: an instant such as 2026-11-24T10:00:00Z, or a day",
                "until": "end of the period: an instant, exclusive, or a day, inclusive",
                "tz": { "about": "IANA time zone of days and buckets", "default": time_zone },
                "limit": { "about": "maximum number of rows; visits_by_all and events_by_all: of each list. CSV has all rows unless it is given", "default": LIMIT_DEFAULT, "most": LIMIT_MAX },
                "offset": { "about": "rows of the list to leave out at its beginning", "default": 0, "most": OFFSET_MAX },
                "dimension": { "about": "what visits are grouped by", "values": dimension::names() },
                "event": "an event type, for questions about its properties",
                "property": "a property of that event type, for questions about its values",
                "bucket": { "about": "width of a bucket; the default depends on the period", "values": BUCKETS.map(|(name, ..)| name) },
                "steps": "steps of a funnel: a JSON array of {name, event_type, page_prefix, button_id}; the default is page.funnel",
                "before": "an instant: only events that happened before it",
                "before_id": "with before: also those of that instant whose event_id is smaller",
                "property.NAME": "a filter: only events whose property NAME has this value, and the visits with such an event",
                "filters": { "about": "each filter is a parameter of its own; a repeated filter matches any of its values", "values": named(&dimension::filters().collect::<Vec<_>>()) },
            },
            "next": "the address of the rows after these, relative to this one, in answers that have a limit; null if there are none",
            "errors": { "error": { "field": "the wrong parameter, or null", "message": "what is wrong with it" } },
        }),
    )
}

/// The parameters of a request that set an argument.
fn names(argument: Argument) -> &'static [&'static str] {
    match argument {
        Argument::Since => &["period", "since", "until"],
        Argument::Until | Argument::PreviousSince | Argument::PreviousUntil | Argument::At => &[],
        Argument::BucketWidth => &["bucket"],
        Argument::TimeZone => &["tz"],
        Argument::Filters => &["filters"],
        Argument::Limit => &["limit"],
        Argument::Dimension => &["dimension"],
        Argument::EventType => &["event"],
        Argument::Property => &["property"],
        Argument::Steps => &["steps"],
        Argument::Before => &["before"],
        Argument::BeforeId => &["before_id"],
        Argument::Offset => &["offset"],
    }
}
