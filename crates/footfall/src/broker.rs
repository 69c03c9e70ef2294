//! `footfall kafka`: becomes a Kafka broker, for service managers that have no unit for Kafka.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::enter::{ExecError, ExecOptions};
use crate::processes;
use crate::processes::kafka::{BrokerFiles, Listen};

/// Why the broker could not be started.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// Its files cannot be written.
    #[error(transparent)]
    Files(#[from] processes::Error),
    /// java cannot be run.
    #[error("{} cannot be run: {source}", java.display())]
    Java {
        /// The program.
        java: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// Kafka's storage tool failed; the reason is on standard error.
    #[error("the data cannot be formatted: {0}")]
    Format(ExitStatus),
    /// This process cannot become java.
    #[error(transparent)]
    Exec(#[from] ExecError),
}

/// Formats the data in `folder` on the first run, then becomes the broker: same process id, signals and output.
///
/// # Errors
/// Returns only on failure.
pub fn exec(
    java: &Path,
    libs: &Path,
    folder: &Path,
    listen: &Listen,
    heap_mib: u32,
) -> Result<Infallible, BrokerError> {
    let files = BrokerFiles::write(folder, libs, listen, heap_mib)?;
    if let Some(arguments) = files.to_format()? {
        let ended = Command::new(java).args(arguments).status();
        let status = ended.map_err(|source| BrokerError::Java { java: java.to_owned(), source })?;
        if !status.success() {
            return Err(BrokerError::Format(status));
        }
        files.formatted()?;
    }
    let program: Vec<OsString> = std::iter::once(java.into()).chain(files.to_run()).collect();
    Ok(ExecOptions::default().exec(&program)?)
}
