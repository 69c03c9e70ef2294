//! Why a part could not be started.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// Shorthand for results of this module.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a part could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the instance cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The list of parts cannot be understood.
    #[error("{}: {source}", path.display())]
    PartsFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A program is nowhere.
    #[error("{0} is not to be found")]
    Missing(String),
    /// The process cannot be made.
    #[error("{name} cannot be started: {source}")]
    Spawn {
        /// The part.
        name: String,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The process ended where it should have gone on.
    #[error("{name} ended ({status}); the end of its log:\n{log}")]
    Ended {
        /// The part.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its log.
        log: String,
    },
    /// The process runs, but does not answer as it should.
    #[error("{name} is not ready after {seconds} s: {why}; the end of its log:\n{log}")]
    NotReady {
        /// The part.
        name: String,
        /// How long was waited.
        seconds: u64,
        /// What was missing last.
        why: String,
        /// The last lines of its log.
        log: String,
    },
    /// The folder of the data is used by a process of another instance.
    #[error("{} is in use by process {pid}", folder.display())]
    InUse {
        /// Which folder.
        folder: PathBuf,
        /// Whose it is.
        pid: i32,
    },
}

/// Names the file in an error of the file system.
pub(crate) trait At<T> {
    fn at(self, path: &Path) -> Result<T>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, path: &Path) -> Result<T> {
        self.map_err(|source| Error::File { path: path.to_owned(), source })
    }
}
