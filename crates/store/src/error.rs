//! Why a batch was not stored, and which of PostgreSQL's errors are a row's fault.

use std::sync::Arc;

use thiserror::Error;

/// The text of a PostgreSQL error with its cause, where Display alone is `db error`. Leaves out the server's DETAIL,
/// which quotes whole rows, and so what a visitor typed.
#[must_use]
pub fn error_text(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{}: {}", db.code().code(), db.message()),
        None => std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
    }
}

/// Why a batch was not stored. Nothing of it was, as far as the writer knows; where the connection broke during the
/// commit only the database knows, and [`Writer::claim`](crate::Writer::claim) asks it.
#[derive(Debug, Error)]
pub enum WriterError {
    /// Another consumer has moved an offset of ours: the partition is not ours any more.
    #[error("another consumer stores one of these partitions now")]
    Fenced,
    /// A record does not follow the ones before it: storing it would move its partition's offset backwards.
    #[error("offset {offset} of {topic} {partition} comes before the next one to be stored, {next}")]
    OutOfOrder {
        /// Topic.
        topic: Arc<str>,
        /// Partition of the topic.
        partition: i32,
        /// The record's offset.
        offset: i64,
        /// The first offset of the partition that is not stored.
        next: i64,
    },
    /// PostgreSQL is away, or refuses for a reason that is no row's fault.
    #[error("{}", error_text(.0))]
    Unavailable(tokio_postgres::Error),
    /// PostgreSQL refuses what a row holds. Callers see it only where a statement of ours is wrong.
    #[error("refused: {}", error_text(.0))]
    Refused(tokio_postgres::Error),
}

impl From<tokio_postgres::Error> for WriterError {
    fn from(error: tokio_postgres::Error) -> Self {
        // 22 data exception, 23 integrity constraint violation, 54 program limit exceeded (an index row too large):
        // a row is at fault. With anything else (connection, resources, shutdown, privilege, deadlock) none is.
        let in_a_row = error.code().is_some_and(|state| matches!(&state.code()[..2], "22" | "23" | "54"))
            // What cannot be encoded never reached the server.
            || error.to_string().starts_with("error serializing");
        if in_a_row { Self::Refused(error) } else { Self::Unavailable(error) }
    }
}
