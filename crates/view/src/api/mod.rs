//! The numbers of the live page as JSON and CSV.

mod description;
mod parameters;

pub(crate) use description::description;

use hyper::StatusCode;
use serde_json::json;

use crate::answer::{self, Answer};
use crate::config::FunnelStep;
use crate::database::{Database, QueryError};
use crate::questions::{Argument, Question};
use crate::selection::Filters;
use parameters::{Refusal, arguments, read};

/// Answers `<question>` or `<question>.csv`. `fixed` holds the filters of a shared link.
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
        let text = format!("There is no question {name:?}. GET api/v1/ lists all of them.");
        return answer::problem(StatusCode::NOT_FOUND, None, &text);
    };
    // A question without filters would answer for every site.
    if fixed.is_some_and(|fixed| !fixed.is_empty()) && !question.takes(Argument::Filters) {
        return answer::problem(
            StatusCode::FORBIDDEN,
            None,
            "This link shows only some of the numbers, and this question cannot be restricted to them.",
        );
    }
    let (selection, parameters) = match read(question, query, time_zone, fixed) {
        Ok(read) => read,
        Err(problem) => return answer::problem(StatusCode::BAD_REQUEST, Some(&problem.field), &problem.message),
    };
    let arguments = match arguments(database, question, &selection, parameters, funnel).await {
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
        QueryError::TooSlow | QueryError::Away | QueryError::Silent(_) | QueryError::Locked | QueryError::Busy => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        QueryError::Refused(_) => StatusCode::BAD_REQUEST,
    };
    answer::problem(status, None, &error.to_string())
}
