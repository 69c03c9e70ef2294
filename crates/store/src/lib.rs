//! What Footfall keeps in PostgreSQL, and how it gets there.
//!
//! [`prepare`] makes roles, database, extension and tables. [`Writer`] stores a [`Batch`] of what came from Kafka in one
//! transaction: ledger, rows, roll-up, quarantine, outcome counts and the offsets move together or not at all, so a
//! crash at any point leaves nothing half done and nothing to be undone.
//!
//! The SQL stands in files under `sql/`, which are part of the program: a program and its statements cannot disagree.

mod batch;
mod prepare;
mod writer;

pub use batch::{Content, Position, Record};
pub use prepare::{PrepareError, Prepared, prepare};
pub use writer::{Writer, WriterError, Written};

/// The text of a PostgreSQL error with its cause: `db error` alone tells nobody anything.
#[must_use]
pub fn error_text(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => {
            let detail = db.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
            format!("{}: {}{detail}", db.code().code(), db.message())
        }
        None => std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
    }
}
