//! `footfall postgres`: becomes a PostgreSQL server that listens only on a Unix socket, for a separate container.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::enter::{ExecError, ExecOptions};
use crate::processes;
use crate::processes::postgres::{Listen, PORT, ServerFiles, Size};

/// Why the server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Its files cannot be written.
    #[error(transparent)]
    Files(#[from] processes::Error),
    /// initdb cannot be run.
    #[error("{} cannot be run: {source}", initdb.display())]
    Initdb {
        /// The program.
        initdb: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// initdb failed; the reason is on standard error.
    #[error("the database cannot be made: {0}")]
    Initialise(ExitStatus),
    /// This process cannot become postgres.
    #[error(transparent)]
    Exec(#[from] ExecError),
}

/// Initialises the database in `folder` on the first run, then becomes the server: same process id, signals and output.
/// Anyone who can reach the socket in `socket_dir` can connect as any user.
///
/// # Errors
/// Returns only on failure.
pub fn exec(bin: &Path, folder: &Path, socket_dir: &Path) -> Result<Infallible, ServerError> {
    let files = ServerFiles::in_folder(folder);
    if let Some(arguments) = files.to_initialise()? {
        let initdb = bin.join("initdb");
        let ended = Command::new(&initdb).args(arguments).status();
        let status = ended.map_err(|source| ServerError::Initdb { initdb, source })?;
        if !status.success() {
            return Err(ServerError::Initialise(status));
        }
        files.initialised()?;
    }
    let arguments = files.to_run(Listen { addresses: "", port: PORT, socket_dir }, Size::Full)?;
    let program: Vec<OsString> = std::iter::once(bin.join("postgres").into()).chain(arguments).collect();
    Ok(ExecOptions::default().exec(&program)?)
}
