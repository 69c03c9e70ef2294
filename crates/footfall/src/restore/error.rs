//! Why a database was not restored.

use std::path::PathBuf;

use footfall_store::{PrepareError, error_text};
use rdkafka::error::KafkaError;

use crate::backup::BackupError;
use crate::processes;

/// Why the database was not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup cannot be read.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// pg_restore cannot be run.
    #[error("pg_restore: {0}")]
    Run(std::io::Error),
    /// The file is not a backup, or is damaged.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The backup is incomplete.
    #[error("{} has {there} bytes, and was written with {wanted}", path.display())]
    OtherSize {
        /// The file.
        path: PathBuf,
        /// Its size.
        there: u64,
        /// The size in its manifest.
        wanted: u64,
    },
    /// A program is missing.
    #[error(transparent)]
    Program(#[from] processes::Error),
    /// PostgreSQL is unreachable or refused the statement.
    #[error("{doing}: {}", error_text(source))]
    Postgres {
        /// The step that failed.
        doing: &'static str,
        /// The cause.
        source: tokio_postgres::Error,
    },
    /// The database name cannot be used in a statement.
    #[error("database name {0:?}: only lower-case letters, digits and underscores, not beginning with a digit")]
    Name(String),
    /// The database holds events.
    #[error("database {name} holds {rows} rows of events and their counts: --replace discards them")]
    HoldsEvents {
        /// The database.
        name: String,
        /// How many rows it holds.
        rows: u64,
    },
    /// The database belongs to another application.
    #[error("database {name} holds other tables ({table}) and is not Footfall's: choose another name")]
    NotOurs {
        /// The database.
        name: String,
        /// One of its tables.
        table: String,
    },
    /// An earlier restore was interrupted before it dropped the replaced database.
    #[error("database {0} is left from an earlier restore: check whether it is needed, and drop it")]
    LeftOver(String),
    /// The server does not have the dump's version of TimescaleDB.
    #[error("the backup needs TimescaleDB {wanted}; this server has {there}")]
    Timescaledb {
        /// The dump's version.
        wanted: String,
        /// The server's versions.
        there: String,
    },
    /// pg_restore failed.
    #[error("pg_restore failed: {0}")]
    Restore(String),
    /// A restored table has more or fewer rows than the backup.
    #[error("table {table}: {there} rows are restored, the backup has {wanted}")]
    OtherRows {
        /// The table.
        table: String,
        /// Its restored rows.
        there: u64,
        /// Its rows in the backup.
        wanted: u64,
    },
    /// The restored database cannot be migrated.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// Other connections to the database cannot be terminated.
    #[error("connections to database {0} cannot be ended")]
    InUse(String),
    /// Kafka cannot be reached.
    #[error("Kafka: {0}")]
    Kafka(#[from] KafkaError),
}

/// Adds the step that failed to PostgreSQL's error.
pub(crate) fn while_doing(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> RestoreError {
    move |source| RestoreError::Postgres { doing, source }
}
