//! The parameters of an API request.

use footfall_event::dimension;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::config::FunnelStep;
use crate::database::{Arguments, Database, QueryError, Request, newest};
use crate::questions::{Argument, Question};
use crate::selection::{FieldProblem, Filters, Selection};
use crate::turns::Weight;
use crate::zones::Zones;

pub(super) const LIMIT_DEFAULT: i32 = 100;
pub(super) const LIMIT_MAX: i32 = 1_000;
/// More than any table has, and far enough below PostgreSQL's largest integer that functions can calculate with it.
const FILE_ROWS_MAX: i32 = 1_000_000_000;
/// Rows further down are for a CSV file.
pub(super) const OFFSET_MAX: i64 = 1_000_000;
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
    limit: i32,
    offset: Option<i64>,
    dimension: Option<String>,
    event: Option<String>,
    steps: Option<Value>,
    before: Option<Timestamp>,
    before_id: Option<Uuid>,
    bucket: Option<(&'static str, i64)>,
}

/// Parses the query of a request. `fixed` holds the filters of a shared link.
pub(super) fn read(
    question: &Question,
    query: &str,
    time_zone: &str,
    zones: &Zones,
    fixed: Option<&Filters>,
    is_csv: bool,
) -> Result<(Selection, Parameters), FieldProblem> {
    // A file is the whole table unless the request says otherwise.
    let (limit_default, limit_max) = if is_csv { (FILE_ROWS_MAX, FILE_ROWS_MAX) } else { (LIMIT_DEFAULT, LIMIT_MAX) };
    let mut parameters = Parameters { limit: limit_default, ..Parameters::default() };
    let mut selection = Selection::parse(query, time_zone, zones, |name, value| {
        let argument = match name {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=limit_max).contains(limit));
                let message = || FieldProblem::new(name, format!("must be a whole number within 1..={limit_max}"));
                parameters.limit = limit.ok_or_else(message)?;
                Argument::Limit
            }
            "offset" => {
                let offset = value.parse().ok().filter(|offset| (0..=OFFSET_MAX).contains(offset));
                let message = || FieldProblem::new(name, format!("must be a whole number within 0..={OFFSET_MAX}"));
                parameters.offset = Some(offset.ok_or_else(message)?);
                Argument::Offset
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
            "before_id" => {
                let message = |_| FieldProblem::new(name, "is not the event_id of an event");
                parameters.before_id = Some(value.parse().map_err(message)?);
                Argument::BeforeId
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
    check_missing(question, &selection, &parameters)?;
    if let Some(fixed) = fixed {
        selection.narrow(fixed);
    }
    Ok((selection, parameters))
}

fn check_missing(question: &Question, selection: &Selection, parameters: &Parameters) -> Result<(), FieldProblem> {
    if parameters.before_id.is_some() && parameters.before.is_none() {
        return Err(FieldProblem::new("before", "is missing: before_id needs it"));
    }
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
    Ok(())
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
    request: Request,
) -> Result<Arguments, Refusal> {
    let now = Timestamp::now();
    // Light, even if the question is not.
    let light = Request { weight: Weight::Light, ..request };
    let mut range = database.range(selection, light).await.map_err(Refusal::Query)?;
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
        limit: parameters.limit,
        offset: parameters.offset.unwrap_or_default(),
        dimension: parameters.dimension.unwrap_or_default(),
        event_type: parameters.event.unwrap_or_default(),
        property: selection.property.clone().unwrap_or_default(),
        steps: parameters.steps.unwrap_or_else(|| json!(funnel)),
        at: now,
        before: parameters.before.unwrap_or_else(|| newest(now)),
        before_id: parameters.before_id,
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
            ("recent_events", "before_id=1", "before_id"),
            ("recent_events", "before_id=00000000-0000-0000-0000-000000000001", "before"),
            ("recent_events", "offset=1", "offset"),
            ("top_pages", "offset=-1", "offset"),
            ("events_over_time", "bucket=fortnight", "bucket"),
        ] {
            let read = read(Question::named(question).unwrap(), query, "UTC", &Zones::of(["UTC"]), None, false);
            assert_eq!(read.err().unwrap().field, field, "{question}?{query}");
        }
    }

    #[test]
    fn the_default_period_is_today() {
        let (selection, _) =
            read(Question::named("totals").unwrap(), "", "UTC", &Zones::of(["UTC"]), None, false).unwrap();
        assert_eq!(selection.period, Period::Named("today"));
    }
}
