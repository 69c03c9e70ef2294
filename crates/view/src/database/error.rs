//! Why a question was not answered.

use std::time::Duration;

use deadpool_postgres::{PoolError, TimeoutType};
use footfall_daemon::with_causes;
use footfall_store::Trouble;
use thiserror::Error;
use tokio_postgres::error::SqlState;

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
    #[error("The database is busy with other questions. Try again in a moment.")]
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

pub(super) enum Failure {
    Pool(PoolError),
    Postgres(tokio_postgres::Error),
    Late,
    Busy,
    Trouble(Option<Trouble>),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl Failure {
    pub(super) fn to_error(&self, query_max: Duration) -> QueryError {
        match self {
            // Beyond the server's own limit for a question.
            Self::Late => QueryError::Silent(query_max.as_secs() * 2),
            Self::Busy | Self::Pool(PoolError::Timeout(TimeoutType::Wait)) => QueryError::Busy,
            Self::Trouble(Some(trouble)) => trouble.into(),
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

    /// Logs neither arguments nor PostgreSQL's details: both may contain what a visitor typed.
    pub(super) fn log(&self, question: &'static str) {
        match self {
            Self::Pool(cause) => tracing::warn!(question, error = with_causes(cause), "no connection to PostgreSQL"),
            Self::Postgres(cause) => {
                let code = cause.code().map(SqlState::code);
                // A connection error contains no arguments.
                let error = cause.as_db_error().is_none().then(|| footfall_store::error_text(cause));
                tracing::warn!(question, code, error, "no answer from PostgreSQL");
            }
            Self::Late => tracing::warn!(question, "no answer from PostgreSQL in time"),
            Self::Busy => tracing::warn!(question, "no turn to ask PostgreSQL in time"),
            // The listener has logged it.
            Self::Trouble(_) => {}
        }
    }
}
