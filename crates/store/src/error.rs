//! Why a batch was not stored, and which PostgreSQL errors a row's data caused.

use std::sync::Arc;

use footfall_daemon::with_causes;
use thiserror::Error;
use tokio_postgres::error::SqlState;

/// The text of a PostgreSQL error with its cause; Display alone says `db error`. Leaves out the server's DETAIL, which
/// quotes whole rows, including what visitors typed.
#[must_use]
pub fn error_text(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        // The message alone does not say that waiting was all that went wrong.
        Some(db) if *db.code() == SqlState::LOCK_NOT_AVAILABLE => {
            format!("another session holds a lock on what is needed ({}: {})", db.code().code(), db.message())
        }
        Some(db) => format!("{}: {}", db.code().code(), db.message()),
        None => with_causes(error),
    }
}

/// Why a batch was not stored. If the connection broke during the commit, only the database knows whether it was, and
/// [`Writer::look_up`](crate::Writer::look_up) asks it.
#[derive(Debug, Error)]
pub enum WriterError {
    /// Another consumer has moved the offset of one of the writer's partitions, and owns that partition now.
    #[error("another consumer stores one of these partitions now")]
    Fenced,
    /// Storing a record would move its partition's offset backwards.
    #[error("offset {offset} of {topic} {partition} comes before the next one to be stored, {next}")]
    OutOfOrder {
        /// Topic.
        topic: Arc<str>,
        /// Partition of the topic.
        partition: i32,
        /// The record's offset.
        offset: i64,
        /// The partition's next offset to be stored.
        next: i64,
    },
    /// PostgreSQL is unreachable, or reports an error that no row caused.
    #[error("{}", error_text(.0))]
    Unavailable(tokio_postgres::Error),
    /// The transaction needs more of PostgreSQL's memory than there is: each day without data is a new chunk of each
    /// table, with locks of its own.
    #[error("too much for one transaction: {}", error_text(.0))]
    TooMuch(tokio_postgres::Error),
    /// PostgreSQL refuses a row's data. Callers see this only if one of the writer's statements is wrong.
    #[error("refused: {}", error_text(.0))]
    Refused(tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for WriterError {
    fn from(error: tokio_postgres::Error) -> Self {
        // 22 data exception, 23 integrity constraint violation, 54 program limit exceeded (an index row too large):
        // caused by a row. All others (connection, resources, shutdown, privilege, deadlock) are not.
        let in_a_row = error.code().is_some_and(|state| matches!(&state.code()[..2], "22" | "23" | "54"))
            // A value that cannot be encoded never reaches the server, so there is no SQLSTATE.
            || error.to_string().starts_with("error serializing");
        if in_a_row {
            Self::Refused(error)
        } else if error.code() == Some(&SqlState::OUT_OF_MEMORY) {
            Self::TooMuch(error)
        } else {
            Self::Unavailable(error)
        }
    }
}
