//! Why there is no backup.

use std::path::PathBuf;
use std::process::ExitStatus;

use footfall_daemon::FieldError;
use footfall_store::error_text;

use crate::processes;

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A configuration value cannot be used.
    #[error("{}: {}", .0.field, .0.message)]
    Field(FieldError),
    /// PostgreSQL cannot be reached, or refused.
    #[error("{doing}: {}", error_text(source))]
    Postgres {
        /// What was being done.
        doing: &'static str,
        /// The cause.
        source: tokio_postgres::Error,
    },
    /// Another backup or a `footfall retain` did not end in time.
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
        /// The system's answer.
        source: std::io::Error,
    },
    /// pg_dump failed.
    #[error("pg_dump failed ({status}): {stderr}")]
    Dump {
        /// How it ended.
        status: ExitStatus,
        /// The end of its error output.
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
        /// What a backup needs, estimated.
        needed_mib: u64,
        /// What a backup must leave free.
        left_mib: u64,
    },
    /// The disk filled up during the dump.
    #[error("the disk of {} has less than {left_mib} MiB free: the backup is aborted and removed", dir.display())]
    DiskRanFull {
        /// The folder.
        dir: PathBuf,
        /// What a backup must leave free.
        left_mib: u64,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// pg_restore cannot read what pg_dump wrote.
    #[error("the dump cannot be read again: {0}")]
    Unreadable(String),
    /// The dump has more or fewer rows than the snapshot.
    #[error("table {table}: the dump holds {dumped} rows, the database had {there}")]
    OtherRows {
        /// Which table.
        table: String,
        /// What the dump holds.
        dumped: u64,
        /// What the snapshot holds.
        there: u64,
    },
}

/// Names what was being done when PostgreSQL failed.
pub(crate) fn while_doing(doing: &'static str) -> impl Fn(tokio_postgres::Error) -> BackupError {
    move |source| BackupError::Postgres { doing, source }
}
