//! The same questions as JSON and CSV.

use footfall_event::dimension::{DIMENSIONS, filters};
use hyper::StatusCode;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::config::FunnelStep;
use crate::database::{Arguments, Database, QueryError};
use crate::questions::{self, Argument, Question};
use crate::selection::{FieldProblem, Filters, PERIODS, Selection};

const LIMIT_DEFAULT: i32 = 100;
const LIMIT_MAX: i32 = 1_000;
const STEPS_MAX: usize = 10;
/// Rows of an answer that has one for each bucket; more is a mistake.
const BUCKETS_MAX: i64 = 10_000;
/// The widths that may be asked for, as PostgreSQL writes them, and their least length in minutes.
const BUCKETS: [(&str, &str, i64); 7] = [
    ("minute", "1 minute", 1),
    ("5minutes", "5 minutes", 5),
    ("15minutes", "15 minutes", 15),
    ("hour", "1 hour", 60),
    ("day", "1 day", 23 * 60),
    ("week", "7 days", 7 * 23 * 60),
    ("month", "1 month", 28 * 23 * 60),
];

/// What a request asks besides its selection.
#[derive(Default)]
struct Further {
    limit: Option<i32>,
    dimension: Option<String>,
    event: Option<String>,
    steps: Option<Value>,
    before: Option<Timestamp>,
    bucket: Option<(&'static str, i64)>,
}

/// What there is to ask, for whoever opens the address of the API itself.
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
            "about": "Every number of the live page. GET a question's name, relative to this address; its CSV has the same parameters.",
            "access": "A session of the page, or the header `Authorization: Bearer TOKEN`; neither where the page is public.",
            "questions": questions,
            "parameters": {
                "period": { "about": "one of these; without since and until", "default": "today", "values": named(&PERIODS) },
                "since": "an instant such as 2026-11-24T10:00:00Z, or a day: from its beginning",
                "until": "an instant, which is no part of the period, or a day: to its end",
                "tz": { "about": "time zone of days and buckets, by its IANA name", "default": time_zone },
                "limit": { "about": "rows at most", "default": LIMIT_DEFAULT, "most": LIMIT_MAX },
                "dimension": { "about": "what visits are told apart by", "values": dimensions() },
                "event": "the type of event whose properties are asked for",
                "property": "the property whose values are asked for",
                "bucket": { "about": "width of a bucket; the period's own by default", "values": BUCKETS.map(|(name, ..)| name) },
                "steps": "a JSON array of {name, event_type, page_prefix, button_id}; the page's own by default",
                "before": "an instant: only events that happened before it",
                "filters": { "about": "each is a parameter; given twice, either value fits", "values": named(&filters().collect::<Vec<_>>()) },
            },
            "errors": { "error": { "field": "the parameter that is to blame, or null", "message": "in words" } },
        }),
    )
}

fn dimensions() -> Vec<&'static str> {
    DIMENSIONS.iter().map(|dimension| dimension.name).collect()
}

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
    }
}

/// Answers `<question>` or `<question>.csv`. `fixed` is what a shared link shows.
pub(crate) async fn ask(
    database: &Database,
    time_zone: &str,
    funnel: &[FunnelStep],
    path: &str,
    query: &str,
    fixed: Option<&Filters>,
) -> Answer {
    let (name, is_csv) = path.strip_suffix(".csv").map_or((path, false), |name| (name, true));
    let Some(question) = Question::named(name) else {
        let text = format!("There is no question {name:?}. GET api/v1/ lists them.");
        return answer::problem(StatusCode::NOT_FOUND, None, &text);
    };
    // It tells of every site, and takes no filter that would leave some out.
    if fixed.is_some_and(|fixed| !fixed.is_empty()) && !question.takes(Argument::Filters) {
        return answer::problem(
            StatusCode::FORBIDDEN,
            None,
            "This link shows a part of the numbers, and this question tells of all.",
        );
    }
    let (selection, further) = match read(question, query, time_zone, fixed) {
        Ok(read) => read,
        Err(problem) => return answer::problem(StatusCode::BAD_REQUEST, Some(&problem.field), &problem.message),
    };
    let arguments = match arguments(database, question, &selection, further, funnel).await {
        Ok(arguments) => arguments,
        Err(Refusal::Field(problem)) => {
            return answer::problem(StatusCode::BAD_REQUEST, Some(&problem.field), &problem.message);
        }
        Err(Refusal::Query(error)) => return failed(&error),
    };
    let table = match database.ask(question, &arguments).await {
        Ok(table) => table,
        Err(error) => return failed(&error),
    };
    if is_csv {
        return answer::csv(name, table.csv());
    }
    let mut object =
        json!({ "question": name, "filters": selection.filters, "columns": table.columns, "rows": table.objects() });
    if question.takes(Argument::Since) {
        object["since"] = json!(arguments.range.since);
        object["until"] = json!(arguments.range.until);
    }
    if question.takes(Argument::TimeZone) {
        object["time_zone"] = json!(selection.time_zone);
    }
    answer::json(StatusCode::OK, &object)
}

fn failed(error: &QueryError) -> Answer {
    let status = match error {
        QueryError::TooSlow | QueryError::Away => StatusCode::SERVICE_UNAVAILABLE,
        QueryError::Refused(_) => StatusCode::BAD_REQUEST,
    };
    answer::problem(status, None, &error.to_string())
}

fn read(
    question: &Question,
    query: &str,
    time_zone: &str,
    fixed: Option<&Filters>,
) -> Result<(Selection, Further), FieldProblem> {
    let mut further = Further::default();
    let mut selection = Selection::parse(query, time_zone, |name, value| {
        let argument = match name {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                let message = || FieldProblem::new(name, format!("is no whole number within 1..={LIMIT_MAX}"));
                further.limit = Some(limit.ok_or_else(message)?);
                Argument::Limit
            }
            "dimension" => {
                if !dimensions().contains(&value) {
                    return Err(FieldProblem::new(name, format!("is none of {}", dimensions().join(", "))));
                }
                further.dimension = Some(value.to_owned());
                Argument::Dimension
            }
            "event" => {
                further.event = Some(value.to_owned());
                Argument::EventType
            }
            "steps" => {
                further.steps = Some(steps(value)?);
                Argument::Steps
            }
            "before" => {
                let message = |_| FieldProblem::new(name, "is no instant such as 2026-11-24T10:00:00Z");
                further.before = Some(value.parse().map_err(message)?);
                Argument::Before
            }
            "bucket" => {
                let found = BUCKETS.iter().find(|(key, ..)| *key == value);
                let known = || BUCKETS.map(|(name, ..)| name).join(", ");
                let (_, width, minutes) =
                    found.ok_or_else(|| FieldProblem::new(name, format!("is none of {}", known())))?;
                further.bucket = Some((width, *minutes));
                Argument::BucketWidth
            }
            _ => return Ok(false),
        };
        if question.takes(argument) {
            Ok(true)
        } else {
            Err(FieldProblem::new(name, format!("is no parameter of {}", question.name)))
        }
    })?;
    let missing = |field| Err(FieldProblem::new(field, format!("is missing: {} needs it", question.name)));
    if question.takes(Argument::Dimension) && further.dimension.is_none() {
        return missing("dimension");
    }
    if question.takes(Argument::EventType) && further.event.is_none() {
        return missing("event");
    }
    if question.takes(Argument::Property) && selection.property.is_none() {
        return missing("property");
    }
    if let Some(fixed) = fixed {
        selection.narrow(fixed);
    }
    Ok((selection, further))
}

fn steps(text: &str) -> Result<Value, FieldProblem> {
    let steps: Vec<FunnelStep> = serde_json::from_str(text)
        .map_err(|error| FieldProblem::new("steps", format!("is no list of steps: {error}")))?;
    if !(1..=STEPS_MAX).contains(&steps.len()) {
        return Err(FieldProblem::new("steps", format!("has not between 1 and {STEPS_MAX} steps")));
    }
    Ok(json!(steps))
}

enum Refusal {
    Field(FieldProblem),
    Query(QueryError),
}

async fn arguments(
    database: &Database,
    question: &Question,
    selection: &Selection,
    further: Further,
    funnel: &[FunnelStep],
) -> Result<Arguments, Refusal> {
    let now = Timestamp::now();
    let mut range = database.range(selection).await.map_err(Refusal::Query)?;
    if let Some((width, minutes)) = further.bucket {
        let buckets = range.until.duration_since(range.since).as_mins() / minutes;
        if buckets > BUCKETS_MAX {
            let message = format!("is too narrow: the period has more than {BUCKETS_MAX} of them");
            return Err(Refusal::Field(FieldProblem::new("bucket", message)));
        }
        width.clone_into(&mut range.bucket_width);
    }
    if question.takes(Argument::Steps) && further.steps.is_none() && funnel.is_empty() {
        return Err(Refusal::Field(FieldProblem::new("steps", "is missing, and page.funnel has none")));
    }
    Ok(Arguments {
        range,
        time_zone: selection.time_zone.clone(),
        filters: selection.filters_json(),
        limit: further.limit.unwrap_or(LIMIT_DEFAULT),
        dimension: further.dimension.unwrap_or_default(),
        event_type: further.event.unwrap_or_default(),
        property: selection.property.clone().unwrap_or_default(),
        steps: further.steps.unwrap_or_else(|| json!(funnel)),
        at: now,
        before: further.before.unwrap_or_else(|| now.checked_add(24.hours()).unwrap_or(now)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selection::Period;

    #[test]
    fn a_parameter_that_is_missing_wrong_or_another_question_s_is_named() {
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
    fn a_period_that_is_named_is_the_default() {
        let (selection, _) = read(Question::named("totals").unwrap(), "", "UTC", None).unwrap();
        assert_eq!(selection.period, Period::Named("today"));
    }
}
