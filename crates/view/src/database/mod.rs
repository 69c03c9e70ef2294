//! Asks PostgreSQL questions, as a read-only role.

mod connection;
mod download;
mod error;

pub(crate) use download::Download;
pub(crate) use error::QueryError;

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Object, Pool};
use footfall_store::Trouble;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use tokio::sync::watch;
use tokio_postgres::Statement;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use crate::config::DatabaseConfig;
use crate::metrics::Metrics;
use crate::questions::{Argument, Question};
use crate::selection::{Custom, Period, Range, Selection};
use crate::table::Table;
use crate::turns::{Asker, Turns, Weight};
use crate::zones::Zones;
use connection::Asking;
use error::Failure;

/// Where the list of recent events begins: a client's clock may be slightly ahead, but the event of one that is hours ahead must not
/// lead the list for hours.
pub(crate) fn newest(now: Timestamp) -> Timestamp {
    now.checked_add(10.minutes()).unwrap_or(now)
}

/// Values for all arguments; a question uses those that it takes.
#[derive(Debug, Clone)]
pub(crate) struct Arguments {
    pub(crate) range: Range,
    pub(crate) time_zone: String,
    pub(crate) filters: Value,
    pub(crate) limit: i32,
    pub(crate) offset: i64,
    pub(crate) dimension: String,
    pub(crate) event_type: String,
    pub(crate) property: String,
    pub(crate) steps: Value,
    pub(crate) at: Timestamp,
    pub(crate) before: Timestamp,
    pub(crate) before_id: Option<Uuid>,
}

/// Who asks, how much work it is, and how long the asker waits for a turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request {
    pub(crate) asker: Asker,
    pub(crate) weight: Weight,
    /// A page waits as long as it is open; a program gets an answer.
    pub(crate) turn_max: Option<Duration>,
}

/// An answer, and how long PostgreSQL took for it.
pub(crate) struct Answered {
    pub(crate) answer: Result<Table, QueryError>,
    pub(crate) took: Duration,
}

type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

#[derive(Clone)]
pub(crate) struct Database {
    pool: Pool,
    turns: Turns,
    metrics: Arc<Metrics>,
    query_max: Duration,
    zones: Zones,
    /// What the listener's connection shows to be wrong.
    trouble: watch::Receiver<Option<Trouble>>,
}

impl Database {
    pub(crate) fn new(
        parameters: &tokio_postgres::Config,
        config: &DatabaseConfig,
        metrics: Arc<Metrics>,
        trouble: watch::Receiver<Option<Trouble>>,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            pool: connection::pool(parameters, config)?,
            turns: Turns::new(config.connections, metrics.clone()),
            metrics,
            query_max: Duration::from_millis(config.query_ms_max),
            zones: Zones::default(),
            trouble,
        })
    }

    pub(crate) fn zones(&self) -> &Zones {
        &self.zones
    }

    /// Time limit for a question.
    pub(crate) fn query_max(&self) -> Duration {
        self.query_max
    }

    pub(crate) async fn ask(&self, question: &Question, arguments: &Arguments, request: Request) -> Answered {
        self.query(question.name, question.sql, &parameters(question, arguments), request).await
    }

    /// The selection's range as of now.
    pub(crate) async fn range(&self, selection: &Selection, request: Request) -> Result<Range, QueryError> {
        match &selection.period {
            Period::Named(name) => self.range_named(name, &selection.time_zone, request).await,
            Period::Custom(custom) => self.range_between(custom, &selection.time_zone, request).await,
        }
    }

    async fn range_named(&self, name: &str, time_zone: &str, request: Request) -> Result<Range, QueryError> {
        let sql = "SELECT since, until, previous_since, previous_until, bucket_width::text AS bucket_width \
                   FROM footfall.period($1, $2)";
        let parameters: [Parameter<'_>; 2] = [(&name, Type::TEXT), (&time_zone, Type::TEXT)];
        let table = self.query("period", sql, &parameters, request).await.answer?;
        let range = table.lines().next().and_then(|line| {
            Some(Range {
                since: line.instant("since")?,
                until: line.instant("until")?,
                previous_since: line.instant("previous_since")?,
                previous_until: line.instant("previous_until")?,
                bucket_width: line.text("bucket_width")?.to_owned(),
            })
        });
        range.ok_or_else(|| QueryError::Refused(format!("the period {name} has no range")))
    }

    /// PostgreSQL decides when a day begins.
    async fn range_between(&self, custom: &Custom, time_zone: &str, request: Request) -> Result<Range, QueryError> {
        let (since, until) = match (custom.since.instant(), custom.until.instant()) {
            (Some(since), Some(until)) => (since, until),
            (since, until) => {
                let sql = "SELECT coalesce($1, footfall.day_start($2, $5)) AS since, \
                           coalesce($3, footfall.day_start($4 + 1, $5)) AS until";
                let (first, last): (Option<Date>, Option<Date>) = (custom.since.day(), custom.until.day());
                let parameters: [Parameter<'_>; 5] = [
                    (&since, Type::TIMESTAMPTZ),
                    (&first, Type::DATE),
                    (&until, Type::TIMESTAMPTZ),
                    (&last, Type::DATE),
                    (&time_zone, Type::TEXT),
                ];
                let table = self.query("day_start", sql, &parameters, request).await.answer?;
                let bounds =
                    table.lines().next().and_then(|line| Some((line.instant("since")?, line.instant("until")?)));
                bounds.ok_or_else(|| QueryError::Refused("the days have no beginning".to_owned()))?
            }
        };
        Range::between(since, until).map_err(|problem| QueryError::Refused(problem.to_string()))
    }

    async fn query(&self, name: &'static str, sql: &str, parameters: &[Parameter<'_>], request: Request) -> Answered {
        let mut began = None;
        let asking = async {
            let mut asking = self.begin(request).await?;
            began = Some(Instant::now());
            // The server enforces its own statement timeout; twice that covers a server that has stopped responding.
            let answer = tokio::time::timeout(self.query_max * 2, rows(&mut asking, sql, parameters)).await;
            let answer = answer.map_err(|_| Failure::Late)?;
            asking.done();
            answer
        };
        let answer = self.unless_in_trouble(asking).await;
        let took = began.map(|began: Instant| began.elapsed()).unwrap_or_default();
        self.metrics.query_seconds.observe(took.as_secs_f64());
        Answered { answer: answer.map_err(|failure| self.failed(name, &failure)), took }
    }

    /// Waits for a turn and a connection.
    async fn begin(&self, request: Request) -> Result<Asking, Failure> {
        let turn = self.turns.take(request.asker, request.weight);
        let turn = match request.turn_max {
            Some(turn_max) => tokio::time::timeout(turn_max, turn).await.map_err(|_| Failure::Busy)?,
            None => turn.await,
        };
        let connection = self.pool.get().await.map_err(Failure::Pool)?;
        Ok(Asking::new(connection, turn, self.metrics.clone()))
    }

    /// Says at once what is wrong, instead of blaming the question once its time is over.
    async fn unless_in_trouble<T>(&self, asking: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let mut trouble = self.trouble.clone();
        tokio::select! {
            biased;
            Ok(trouble) = trouble.wait_for(Option::is_some) => Err(Failure::Trouble(trouble.clone())),
            answer = asking => answer,
        }
    }

    fn failed(&self, question: &'static str, failure: &Failure) -> QueryError {
        self.metrics.query_errors.inc();
        failure.log(question);
        failure.to_error(self.query_max)
    }
}

fn parameters<'a>(question: &Question, arguments: &'a Arguments) -> Vec<Parameter<'a>> {
    let parameter = |argument: &Argument| -> Parameter<'a> {
        match argument {
            Argument::Since => (&arguments.range.since, Type::TIMESTAMPTZ),
            Argument::Until => (&arguments.range.until, Type::TIMESTAMPTZ),
            Argument::PreviousSince => (&arguments.range.previous_since, Type::TIMESTAMPTZ),
            Argument::PreviousUntil => (&arguments.range.previous_until, Type::TIMESTAMPTZ),
            Argument::BucketWidth => (&arguments.range.bucket_width, Type::TEXT),
            Argument::TimeZone => (&arguments.time_zone, Type::TEXT),
            Argument::Filters => (&arguments.filters, Type::JSONB),
            Argument::Limit => (&arguments.limit, Type::INT4),
            Argument::Offset => (&arguments.offset, Type::INT8),
            Argument::Dimension => (&arguments.dimension, Type::TEXT),
            Argument::EventType => (&arguments.event_type, Type::TEXT),
            Argument::Property => (&arguments.property, Type::TEXT),
            Argument::Steps => (&arguments.steps, Type::JSONB),
            Argument::At => (&arguments.at, Type::TIMESTAMPTZ),
            Argument::Before => (&arguments.before, Type::TIMESTAMPTZ),
            Argument::BeforeId => (&arguments.before_id, Type::UUID),
        }
    };
    question.arguments.iter().map(parameter).collect()
}

async fn rows(asking: &mut Asking, sql: &str, parameters: &[Parameter<'_>]) -> Result<Table, Failure> {
    let Some(connection) = asking.connection() else { return Err(Failure::Late) };
    let statement = prepared(connection, sql, parameters).await?;
    let values: Vec<_> = parameters.iter().map(|(value, _)| *value).collect();
    let rows = connection.query(&statement, &values).await.inspect_err(|error| forget_if_stale(connection, error))?;
    Ok(Table::read(columns(&statement), &rows)?)
}

async fn prepared(connection: &Object, sql: &str, parameters: &[Parameter<'_>]) -> Result<Statement, Failure> {
    let types: Vec<_> = parameters.iter().map(|(_, kind)| kind.clone()).collect();
    Ok(connection.prepare_typed_cached(sql, &types).await?)
}

/// A migration may have changed the function's columns, so the next attempt has to prepare the statement again.
fn forget_if_stale(connection: &Object, error: &tokio_postgres::Error) {
    if error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED) {
        connection.statement_cache.clear();
    }
}

fn columns(statement: &Statement) -> Vec<String> {
    statement.columns().iter().map(|column| column.name().to_owned()).collect()
}
