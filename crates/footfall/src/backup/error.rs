//! Why a backup failed.

use std::path::PathBuf;
use std::process::ExitStatus;

use footfall_daemon::FieldError;
use footfall_store::error_text;

use crate::processes;

/// Why a backup failed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A configuration value cannot be used.
    #[error("{}: {}", .0.field, .0.message)]
    Field(FieldError),
    /// PostgreSQL is unreachable or refused the statement.
    #[error("{doing}: {}", error_text(source))]
    Postgres {
        /// The step that failed.
        doing: &'static str,
        /// The cause.
        source: tokio_postgres::Error,
    },
    /// Another backup or `footfall retain` did not finish in time.
    #[error("another backup or `footfall retain` has been running for more than {0} s")]
    TimedOutWaiting(u32),
    /// A program is missing.
    #[error(transparent)]
    Program(#[from] processes::Error),
    /// A program cannot be run.
    #[error("{program}: {source}")]
    Run {
        /// The program.
        program: &'static str,
        /// The system's error.
        source: std::io::Error,
    },
    /// pg_dump failed.
    #[error("pg_dump failed ({status}): {stderr}")]
    Dump {
        /// Its exit status.
        status: ExitStatus,
        /// The end of its standard error.
        stderr: String,
    },
    /// The disk has too little free space to start.
    #[error(
        "the disk of {} has {free_mib} MiB free; a backup needs about {needed_mib} MiB and must leave {left_mib} MiB: \
         nothing is written", dir.display()
    )]
    DiskTooFull {
        /// The folder.
        dir: PathBuf,
        /// The free space.
        free_mib: u64,
        /// The estimated space that a backup needs.
        needed_mib: u64,
        /// The space that a backup must leave free.
        left_mib: u64,
    },
    /// The disk filled up during the dump.
    #[error("the disk of {} has less than {left_mib} MiB free: the backup is aborted and removed", dir.display())]
    DiskRanFull {
        /// The folder.
        dir: PathBuf,
        /// The space that a backup must leave free.
        left_mib: u64,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// pg_restore cannot read what pg_dump wrote.
    #[error("the dump cannot be read again: {0}")]
    Unreadable(String),
    /// A table has more or fewer rows in the dump than in the snapshot.
    #[error("table {table}: the dump holds {dumped} rows, the database had {there}")]
    OtherRows {
        /// The table.
        table: String,
        /// Its rows in the dump.
        dumped: u64,
        /// Its rows in the snapshot.
        there: u64,
    },
}

/// Adds the step that failed to PostgreSQL's error.
pub(crate) fn while_doing(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> BackupError {
    move |source| BackupError::Postgres { doing, source }
}
