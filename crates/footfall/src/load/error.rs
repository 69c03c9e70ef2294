//! Why a load was not sent completely.

use std::io;

/// Why not all events were sent. An answer from the server is never an error.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// An option cannot be used.
    #[error("{option} {why}")]
    Option {
        /// The option.
        option: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The thread that keeps the schedule cannot be started.
    #[error("no thread can be started: {0}")]
    Thread(io::Error),
    /// The ids of acknowledged events cannot be written.
    #[error(transparent)]
    File(#[from] io::Error),
}
