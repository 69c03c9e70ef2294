//! Why a process could not be started.

use std::path::PathBuf;
use std::process::ExitStatus;

/// Shorthand for results of this module.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a process could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the instance cannot be read or written.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// A program is not installed.
    #[error("{0} was not found")]
    Missing(String),
    /// The process cannot be spawned.
    #[error("{name} cannot be started: {source}")]
    Spawn {
        /// The process.
        name: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The process ended, and should not have.
    #[error("{name} ended ({status}); the end of its log:\n{log}")]
    Ended {
        /// The process.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its log.
        log: String,
    },
    /// The process runs, but is not ready.
    #[error("{name} is not ready after {seconds} s: {why}; the end of its log:\n{log}")]
    NotReady {
        /// The process.
        name: String,
        /// How long it had.
        seconds: u64,
        /// Why it was not ready in the end.
        why: String,
        /// The last lines of its log.
        log: String,
    },
    /// Another process uses the data folder.
    #[error("{} is in use by process {pid}", folder.display())]
    InUse {
        /// Which folder.
        folder: PathBuf,
        /// The process.
        pid: i32,
    },
}
