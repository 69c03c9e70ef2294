//! The parameters of an API request.

use footfall_event::dimension;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::config::FunnelStep;
use crate::database::{Arguments, Database, QueryError};
use crate::questions::{Argument, Question};
use crate::selection::{FieldProblem, Filters, Selection};

pub(super) const LIMIT_DEFAULT: i32 = 100;
pub(super) const LIMIT_MAX: i32 = 1_000;
const STEPS_MAX: usize = 10;
/// A request for more buckets than this is a mistake.
const BUCKETS_MAX: i64 = 10_000;
/// Bucket widths: the parameter's value, the PostgreSQL interval, and its shortest length in minutes.
pub(super) const BUCKETS: [(&str, &str, i64); 7] = [
    ("minute", "1 minute", 1),
    ("5minutes", "5 minutes", 5),
    ("15minutes", "15 minutes", 15),
    ("hour", "1 hour", 60),
    ("day", "1 day", 23 * 60),
    ("week", "7 days", 7 * 23 * 60),
    ("month", "1 month", 28 * 23 * 60),
];

/// The parameters of a request that are not part of the selection.
#[derive(Default)]
pub(super) struct Parameters {
    limit: Option<i32>,
    dimension: Option<String>,
    event: Option<String>,
    steps: Option<Value>,
    before: Option<Timestamp>,
    bucket: Option<(&'static str, i64)>,
}

/// Parses the query of a request. `fixed` holds the filters of a shared link.
pub(super) fn read(
    question: &Question,
    query: &str,
    time_zone: &str,
    fixed: Option<&Filters>,
) -> Result<(Selection, Parameters), FieldProblem> {
    let mut parameters = Parameters::default();
    let mut selection = Selection::parse(query, time_zone, |name, value| {
        let argument = match name {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                let message = || FieldProblem::new(name, format!("must be a whole number within 1..={LIMIT_MAX}"));
                parameters.limit = Some(limit.ok_or_else(message)?);
                Argument::Limit
            }
            "dimension" => {
                if !dimension::names().contains(&value) {
                    return Err(FieldProblem::new(name, format!("is none of {}", dimension::names().join(", "))));
                }
                parameters.dimension = Some(value.to_owned());
                Argument::Dimension
            }
            "event" => {
                parameters.event = Some(value.to_owned());
                Argument::EventType
            }
            "steps" => {
                parameters.steps = Some(steps(value)?);
                Argument::Steps
            }
            "before" => {
                let message = |_| FieldProblem::new(name, "is not an instant such as 2026-11-24T10:00:00Z");
                parameters.before = Some(value.parse().map_err(message)?);
                Argument::Before
            }
            "bucket" => {
                let found = BUCKETS.iter().find(|(key, ..)| *key == value);
                let known = || BUCKETS.map(|(name, ..)| name).join(", ");
                let (_, width, minutes) =
                    found.ok_or_else(|| FieldProblem::new(name, format!("is none of {}", known())))?;
                parameters.bucket = Some((width, *minutes));
                Argument::BucketWidth
            }
            _ => return Ok(false),
        };
        if question.takes(argument) {
            Ok(true)
        } else {
            Err(FieldProblem::new(name, format!("is not a parameter of {}", question.name)))
        }
    })?;
    let missing = |field| Err(FieldProblem::new(field, format!("is missing: {} needs it", question.name)));
    if question.takes(Argument::Dimension) && parameters.dimension.is_none() {
        return missing("dimension");
    }
    if question.takes(Argument::EventType) && parameters.event.is_none() {
        return missing("event");
    }
    if question.takes(Argument::Property) && selection.property.is_none() {
        return missing("property");
    }
    if let Some(fixed) = fixed {
        selection.narrow(fixed);
    }
    Ok((selection, parameters))
}

fn steps(text: &str) -> Result<Value, FieldProblem> {
    let steps: Vec<FunnelStep> = serde_json::from_str(text)
        .map_err(|error| FieldProblem::new("steps", format!("is not a list of steps: {error}")))?;
    if !(1..=STEPS_MAX).contains(&steps.len()) {
        return Err(FieldProblem::new("steps", format!("must have 1 to {STEPS_MAX} steps")));
    }
    Ok(json!(steps))
}

/// Why a question was not asked.
pub(super) enum Refusal {
    Field(FieldProblem),
    Query(QueryError),
}

/// The arguments of a question. The bounds of a named period come from the database.
pub(super) async fn arguments(
    database: &Database,
    question: &Question,
    selection: &Selection,
    parameters: Parameters,
    funnel: &[FunnelStep],
) -> Result<Arguments, Refusal> {
    let now = Timestamp::now();
    let mut range = database.range(selection).await.map_err(Refusal::Query)?;
    if let Some((width, minutes)) = parameters.bucket {
        let buckets = range.until.duration_since(range.since).as_mins() / minutes;
        if buckets > BUCKETS_MAX {
            let message = format!("is too narrow: the period would have more than {BUCKETS_MAX} buckets");
            return Err(Refusal::Field(FieldProblem::new("bucket", message)));
        }
        width.clone_into(&mut range.bucket_width);
    }
    if question.takes(Argument::Steps) && parameters.steps.is_none() && funnel.is_empty() {
        return Err(Refusal::Field(FieldProblem::new("steps", "is missing, and page.funnel has none")));
    }
    Ok(Arguments {
        range,
        time_zone: selection.time_zone.clone(),
        filters: selection.filters_json(),
        limit: parameters.limit.unwrap_or(LIMIT_DEFAULT),
        dimension: parameters.dimension.unwrap_or_default(),
        event_type: parameters.event.unwrap_or_default(),
        property: selection.property.clone().unwrap_or_default(),
        steps: parameters.steps.unwrap_or_else(|| json!(funnel)),
        at: now,
        before: parameters.before.unwrap_or_else(|| now.checked_add(24.hours()).unwrap_or(now)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::Period;

    #[test]
    fn a_missing_wrong_or_misplaced_parameter_is_named() {
        for (question, query, field) in [
            ("visits_by", "", "dimension"),
            ("visits_by", "dimension=shoe", "dimension"),
            ("top_pages", "dimension=browser", "dimension"),
            ("event_properties", "", "event"),
            ("property_values", "event=signup", "property"),
            ("top_pages", "limit=0", "limit"),
            ("top_pages", "limit=1001", "limit"),
            ("top_pages", "colour=red", "colour"),
            ("funnel", "steps=[]", "steps"),
            ("funnel", "steps=[{\"name\":\"x\",\"colour\":\"red\"}]", "steps"),
            ("recent_events", "before=soon", "before"),
            ("events_over_time", "bucket=fortnight", "bucket"),
        ] {
            let read = read(Question::named(question).unwrap(), query, "UTC", None);
            assert_eq!(read.err().unwrap().field, field, "{question}?{query}");
        }
    }

    #[test]
    fn the_default_period_is_today() {
        let (selection, _) = read(Question::named("totals").unwrap(), "", "UTC", None).unwrap();
        assert_eq!(selection.period, Period::Named("today"));
    }
}
