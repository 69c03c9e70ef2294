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
        /// The system's error.
        source: std::io::Error,
    },
    /// The process ended unexpectedly.
    #[error("{name} ended ({status}); its log says:\n{log}")]
    Ended {
        /// The process.
        name: String,
        /// Its exit status.
        status: ExitStatus,
        /// What its log says, in a few lines.
        log: String,
    },
    /// The process is running, but not ready.
    #[error("{name} is not ready after {seconds} s: {why}; its log says:\n{log}")]
    NotReady {
        /// The process.
        name: String,
        /// How long it was given.
        seconds: u64,
        /// Why it was not ready at the last check.
        why: String,
        /// What its log says, in a few lines.
        log: String,
    },
    /// Another process uses the data folder.
    #[error("{} is in use by process {pid}", folder.display())]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The process.
        pid: i32,
    },
}
