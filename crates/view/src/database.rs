//! Asks PostgreSQL questions, as a read-only role.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::{Connect, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType};
use footfall_daemon::with_causes;
use footfall_store::Trouble;
use jiff::Timestamp;
use serde_json::Value;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

use crate::config::DatabaseConfig;
use crate::metrics::Metrics;
use crate::questions::{Argument, Question};
use crate::selection::{Period, Range, Selection};
use crate::table::Table;

/// Ingest does not correct client clocks that are ahead by less than this (its `limits.clock_offset_ms_min`).
const CLOCK_OFFSET_MAX: jiff::SignedDuration = jiff::SignedDuration::from_secs(2);

/// How long a question waits for a lock, in milliseconds: long enough for retention, which holds one for a moment.
const LOCK_MS_MAX: u32 = 5_000;

/// Values for all arguments; a question uses those that it takes.
#[derive(Debug, Clone)]
pub(crate) struct Arguments {
    pub(crate) range: Range,
    pub(crate) time_zone: String,
    pub(crate) filters: Value,
    pub(crate) limit: i32,
    pub(crate) dimension: String,
    pub(crate) event_type: String,
    pub(crate) property: String,
    pub(crate) steps: Value,
    pub(crate) at: Timestamp,
    pub(crate) before: Timestamp,
}

/// Why a question was not answered.
#[derive(Debug, Clone, Error)]
pub(crate) enum QueryError {
    #[error("The database took too long to answer. Choose a shorter period, or fewer filters.")]
    TooSlow,
    /// PostgreSQL rejected an argument, with this message.
    #[error("{0}")]
    Refused(String),
    #[error("The database cannot be reached. The next attempt follows shortly.")]
    Away,
    #[error("PostgreSQL has not answered for {0} s. The next attempt follows shortly.")]
    Silent(u64),
    #[error(
        "Another session has locked the tables of the events, such as a migration, a restore or a manual transaction. The \
         numbers continue when it ends."
    )]
    Locked,
    #[error("All of the page's connections to the database are busy. The next attempt follows shortly.")]
    Busy,
}

impl QueryError {
    /// Whether no other question would have been answered either. The page then keeps the answers it has.
    pub(crate) fn is_outage(&self) -> bool {
        match self {
            Self::Away | Self::Silent(_) | Self::Locked | Self::Busy => true,
            Self::TooSlow | Self::Refused(_) => false,
        }
    }
}

impl From<&Trouble> for QueryError {
    fn from(trouble: &Trouble) -> Self {
        match trouble {
            Trouble::Silent(seconds) => Self::Silent(*seconds),
            Trouble::Locked(_) => Self::Locked,
            // The cause is for the log: a page may be public.
            Trouble::Away(_) => Self::Away,
        }
    }
}

/// Opens the pool's connections with `footfall_store::open`, like all others.
struct Connector;

impl Connect for Connector {
    fn connect(
        &self,
        parameters: &tokio_postgres::Config,
    ) -> Pin<
        Box<dyn Future<Output = Result<(tokio_postgres::Client, JoinHandle<()>), tokio_postgres::Error>> + Send + '_>,
    > {
        let parameters = parameters.clone();
        Box::pin(async move {
            let (client, connection) = footfall_store::open(&parameters).await?;
            // If the connection fails, the next statement reports why.
            Ok((client, tokio::spawn(async { drop(connection.await) })))
        })
    }
}

#[derive(Clone)]
pub(crate) struct Database {
    pool: Pool,
    metrics: Arc<Metrics>,
    query_max: Duration,
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
        let query_max = Duration::from_millis(config.query_ms_max);
        let mut parameters = parameters.clone();
        // A custom plan skips the chunks outside the question's range.
        parameters.options(format!(
            "-c plan_cache_mode=force_custom_plan -c statement_timeout={} -c lock_timeout={LOCK_MS_MAX} -c TimeZone=UTC \
             -c jit=off -c default_transaction_read_only=on",
            config.query_ms_max
        ));
        parameters.connect_timeout(query_max);
        let fast = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_connect(parameters, Connector, fast))
            .max_size(config.connections)
            .runtime(Runtime::Tokio1)
            // Waiting for a connection may take as long as waiting for an answer.
            .wait_timeout(Some(query_max))
            .create_timeout(Some(query_max))
            .build()?;
        Ok(Self { pool, metrics, query_max, trouble })
    }

    pub(crate) async fn ask(&self, question: &Question, arguments: &Arguments) -> Result<Table, QueryError> {
        let previous = [arguments.range.previous_since, arguments.range.previous_until];
        let parameters: Vec<(&(dyn ToSql + Sync), Type)> = question
            .arguments
            .iter()
            .map(|argument| -> (&(dyn ToSql + Sync), Type) {
                match argument {
                    Argument::Since => (&arguments.range.since, Type::TIMESTAMPTZ),
                    Argument::Until => (&arguments.range.until, Type::TIMESTAMPTZ),
                    Argument::PreviousSince => (&previous[0], Type::TIMESTAMPTZ),
                    Argument::PreviousUntil => (&previous[1], Type::TIMESTAMPTZ),
                    Argument::BucketWidth => (&arguments.range.bucket_width, Type::TEXT),
                    Argument::TimeZone => (&arguments.time_zone, Type::TEXT),
                    Argument::Filters => (&arguments.filters, Type::JSONB),
                    Argument::Limit => (&arguments.limit, Type::INT4),
                    Argument::Dimension => (&arguments.dimension, Type::TEXT),
                    Argument::EventType => (&arguments.event_type, Type::TEXT),
                    Argument::Property => (&arguments.property, Type::TEXT),
                    Argument::Steps => (&arguments.steps, Type::JSONB),
                    Argument::At => (&arguments.at, Type::TIMESTAMPTZ),
                    Argument::Before => (&arguments.before, Type::TIMESTAMPTZ),
                }
            })
            .collect();
        self.query(question.name, question.sql, &parameters).await
    }

    /// The selection's range as of now.
    pub(crate) async fn range(&self, selection: &Selection) -> Result<Range, QueryError> {
        let name = match &selection.period {
            Period::Named(name) => *name,
            Period::Custom(range) => return Ok(range.range.clone()),
        };
        let sql = "SELECT since, until, previous_since, previous_until, bucket_width::text AS bucket_width \
                   FROM footfall.period($1, $2)";
        let parameters: [(&(dyn ToSql + Sync), Type); 2] = [(&name, Type::TEXT), (&selection.time_zone, Type::TEXT)];
        let table = self.query("period", sql, &parameters).await?;
        let range = table.lines().next().and_then(|line| {
            Some(Range {
                since: line.instant("since")?,
                until: line.instant("until")?,
                previous_since: line.instant("previous_since")?,
                previous_until: line.instant("previous_until")?,
                bucket_width: line.text("bucket_width")?.to_owned(),
            })
        });
        // A period that ends now also includes events from clients whose clocks are slightly ahead.
        let range = range.map(|range| match range.until.checked_add(CLOCK_OFFSET_MAX) {
            Ok(until) if range.until > Timestamp::now() - CLOCK_OFFSET_MAX => Range { until, ..range },
            _ => range,
        });
        range.ok_or_else(|| QueryError::Refused(format!("the period {name} has no range")))
    }

    async fn query(
        &self,
        name: &'static str,
        sql: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Table, QueryError> {
        let began = Instant::now();
        // The server enforces its own statement timeout; twice that covers a server that has stopped responding.
        let mut trouble = self.trouble.clone();
        let answer = tokio::select! {
            answer = tokio::time::timeout(self.query_max * 2, self.try_query(sql, parameters)) => answer,
            // Says at once what is wrong, instead of blaming the question once its time is over.
            Ok(trouble) = trouble.wait_for(Option::is_some) => Ok(Err(Failure::Trouble(trouble.clone()))),
        };
        self.metrics.query_seconds.observe(began.elapsed().as_secs_f64());
        answer.unwrap_or(Err(Failure::Late)).map_err(|failure| {
            self.metrics.query_errors.inc();
            let error = failure.to_error(self.query_max);
            // Logs neither arguments nor PostgreSQL's details: both may contain what a visitor typed.
            match &failure {
                Failure::Pool(cause) => {
                    tracing::warn!(question = name, error = with_causes(cause), "no connection to PostgreSQL");
                }
                Failure::Postgres(cause) => {
                    let code = cause.code().map(SqlState::code);
                    // A connection error contains no arguments.
                    let error = cause.as_db_error().is_none().then(|| footfall_store::error_text(cause));
                    tracing::warn!(question = name, code, error, "no answer from PostgreSQL");
                }
                Failure::Late => tracing::warn!(question = name, "no answer from PostgreSQL in time"),
                // The listener has logged it.
                Failure::Trouble(_) => {}
            }
            error
        })
    }

    async fn try_query(&self, sql: &str, parameters: &[(&(dyn ToSql + Sync), Type)]) -> Result<Table, Failure> {
        let client = self.pool.get().await.map_err(Failure::Pool)?;
        let statement = client.prepare_typed_cached(sql, &types(parameters)).await.map_err(Failure::Postgres)?;
        // A migration may have changed the function's columns, so the next attempt has to prepare the statement again.
        let clear_if_stale = |error: &tokio_postgres::Error| {
            if error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED) {
                client.statement_cache.clear();
            }
        };
        let columns = statement.columns().iter().map(|column| column.name().to_owned()).collect();
        let values: Vec<_> = parameters.iter().map(|(value, _)| *value).collect();
        let rows = client.query(&statement, &values).await.inspect_err(clear_if_stale).map_err(Failure::Postgres)?;
        Table::read(columns, &rows).map_err(Failure::Postgres)
    }
}

fn types(parameters: &[(&(dyn ToSql + Sync), Type)]) -> Vec<Type> {
    parameters.iter().map(|(_, kind)| kind.clone()).collect()
}

enum Failure {
    Pool(PoolError),
    Postgres(tokio_postgres::Error),
    Late,
    Trouble(Option<Trouble>),
}

impl Failure {
    fn to_error(&self, query_max: Duration) -> QueryError {
        match self {
            // Beyond the server's own limit for a question.
            Self::Late => QueryError::Silent(query_max.as_secs() * 2),
            Self::Trouble(Some(trouble)) => trouble.into(),
            Self::Pool(PoolError::Timeout(TimeoutType::Wait)) => QueryError::Busy,
            Self::Pool(PoolError::Timeout(_)) => QueryError::Silent(query_max.as_secs()),
            Self::Pool(_) | Self::Trouble(None) => QueryError::Away,
            Self::Postgres(error) => match error.as_db_error() {
                Some(db) if *db.code() == SqlState::LOCK_NOT_AVAILABLE => QueryError::Locked,
                Some(db) if *db.code() == SqlState::QUERY_CANCELED => QueryError::TooSlow,
                // Class 22: a bad value. P0001: an error raised by one of our functions.
                Some(db) if db.code().code().starts_with("22") || *db.code() == SqlState::RAISE_EXCEPTION => {
                    QueryError::Refused(db.message().to_owned())
                }
                Some(_) | None => QueryError::Away,
            },
        }
    }
}
