//! The numbers of the live page as JSON and CSV.

mod csv;
mod description;
mod next;
mod parameters;

pub(crate) use description::description;

use std::net::IpAddr;

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::config::PageConfig;
use crate::database::{Arguments, Database, QueryError, Request};
use crate::questions::{Argument, Question, RECENT_EVENTS};
use crate::selection::{FieldProblem, Filters, Selection};
use crate::table::Table;
use crate::turns::{Asker, Weight};
use next::{Next, cursor, further};
use parameters::{Refusal, arguments, read};

/// All requests of a client share the turns of one selection.
const SELECTION: u64 = 0;

/// Why single events are not shown.
pub(crate) const NO_EVENTS: &str = "Single events are shown to who has logged in with the password. To show them to all readers, set access.readers_see_events = true.";

/// Answers questions of programs.
pub(crate) struct Api {
    database: Database,
    page: PageConfig,
}

/// A request that has been read.
struct Asked {
    question: &'static Question,
    selection: Selection,
    arguments: Arguments,
    request: Request,
}

impl Api {
    pub(crate) fn new(database: Database, page: &PageConfig) -> Self {
        Self { database, page: page.clone() }
    }

    /// Answers `<question>` or `<question>.csv`. `fixed` holds the filters of a shared link.
    pub(crate) async fn answer(
        &self,
        path: &str,
        query: &str,
        client: IpAddr,
        fixed: Option<&Filters>,
        sees_events: bool,
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
        if question.name == RECENT_EVENTS.name && !sees_events {
            return answer::problem(StatusCode::FORBIDDEN, None, NO_EVENTS);
        }
        let asked = match self.read(question, query, client, fixed, is_csv).await {
            Ok(asked) => asked,
            Err(Refusal::Field(problem)) => {
                return answer::problem(StatusCode::BAD_REQUEST, Some(&problem.field), &problem.message);
            }
            Err(Refusal::Query(error)) => return failed(&error),
        };
        if is_csv {
            return match csv::table(&self.database, question, asked.arguments, asked.request).await {
                Ok(table) => answer::csv(name, table),
                Err(error) => failed(&error),
            };
        }
        match self.rows(&asked).await {
            Ok((table, next)) => {
                let next = next.map(|next| further(name, query, &next));
                answer::json(StatusCode::OK, &object(&asked, &table, next.as_deref()))
            }
            Err(error) => failed(&error),
        }
    }

    /// The events that the address of a page asks for.
    pub(crate) async fn recent_events(
        &self,
        query: &str,
        client: IpAddr,
        fixed: Option<&Filters>,
        rows_max: i32,
    ) -> Result<(Selection, Result<Table, QueryError>), FieldProblem> {
        let mut asked = match self.read(RECENT_EVENTS, query, client, fixed, false).await {
            Ok(asked) => asked,
            Err(Refusal::Field(problem)) => return Err(problem),
            Err(Refusal::Query(error)) => return Err(FieldProblem::new("period", error.to_string())),
        };
        asked.arguments.limit = rows_max;
        let answered = self.database.ask(RECENT_EVENTS, &asked.arguments, asked.request).await;
        Ok((asked.selection, answered.answer))
    }

    async fn read(
        &self,
        question: &'static Question,
        query: &str,
        client: IpAddr,
        fixed: Option<&Filters>,
        is_csv: bool,
    ) -> Result<Asked, Refusal> {
        let zones = self.database.zones();
        let (selection, parameters) =
            read(question, query, &self.page.time_zone, zones, fixed, is_csv).map_err(Refusal::Field)?;
        let weight = match is_csv {
            true => Weight::Download,
            false if selection.is_light() && question.is_rolled_up() => Weight::Light,
            false => Weight::Heavy,
        };
        let asker = Asker { client, selection: SELECTION };
        let request = Request { asker, weight, turn_max: Some(self.database.query_max()) };
        let arguments = arguments(&self.database, question, &selection, parameters, &self.page.funnel, request).await?;
        Ok(Asked { question, selection, arguments, request })
    }

    /// At most as many rows as asked for, and the parameters for those after them.
    async fn rows(&self, asked: &Asked) -> Result<(Table, Option<Next>), QueryError> {
        let Asked { question, arguments, request, .. } = asked;
        let is_paged = question.takes(Argument::Offset) || question.takes(Argument::BeforeId);
        if !is_paged {
            return Ok((self.database.ask(question, arguments, *request).await.answer?, None));
        }
        let limit = usize::try_from(arguments.limit).unwrap_or_default();
        // One more row than asked for shows whether there are more. A list is ranked from its first row.
        let offset = i32::try_from(arguments.offset).unwrap_or_default();
        let wider = Arguments { limit: arguments.limit.saturating_add(1).saturating_add(offset), ..arguments.clone() };
        let mut table = self.database.ask(question, &wider, *request).await.answer?;
        if table.rows.len() <= limit {
            return Ok((table, None));
        }
        table.rows.truncate(limit);
        let next = if question.takes(Argument::Offset) {
            vec![("offset", (arguments.offset + i64::from(arguments.limit)).to_string())]
        } else {
            cursor(&table)
        };
        Ok((table, Some(next)))
    }
}

fn object(asked: &Asked, table: &Table, next: Option<&str>) -> Value {
    let Asked { question, selection, arguments, .. } = asked;
    let mut object = json!({ "question": question.name, "filters": arguments.filters, "columns": table.columns, "rows": table.objects() });
    if question.takes(Argument::Since) {
        object["since"] = json!(arguments.range.since);
        object["until"] = json!(arguments.range.until);
    }
    if question.takes(Argument::TimeZone) {
        object["time_zone"] = json!(selection.time_zone);
    }
    if question.takes(Argument::Limit) {
        object["limit"] = json!(arguments.limit);
        object["next"] = json!(next);
    }
    object
}

/// The status that says why a question was not answered.
pub(crate) fn status_of(error: &QueryError) -> StatusCode {
    match error {
        QueryError::TooSlow | QueryError::Away | QueryError::Silent(_) | QueryError::Locked | QueryError::Busy => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        QueryError::Refused(_) => StatusCode::BAD_REQUEST,
    }
}

fn failed(error: &QueryError) -> Answer {
    answer::problem(status_of(error), None, &error.to_string())
}
