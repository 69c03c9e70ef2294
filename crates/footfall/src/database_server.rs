//! `footfall postgres`: becomes a PostgreSQL server on a Unix socket alone, for whoever keeps each part in a container of
//! its own.

use std::convert::Infallible;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::enter::{Enter, EnterError};
use crate::processes::{self, Alone};

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
        /// The system's answer.
        source: std::io::Error,
    },
    /// initdb says why on standard error.
    #[error("the database cannot be made: {0}")]
    Initialise(ExitStatus),
    /// This process cannot become postgres.
    #[error(transparent)]
    Enter(#[from] EnterError),
}

/// Makes the database in `folder` the first time, then becomes the server: its process id, signals and output are
/// postgres's. Who reaches the socket in `socket_dir` may be any of its users.
///
/// # Errors
/// Returns only where that failed.
pub fn exec(bin: &Path, folder: &Path, socket_dir: &Path) -> Result<Infallible, ServerError> {
    let server = Alone::in_folder(folder);
    if let Some(arguments) = server.to_initialise()? {
        let initdb = bin.join("initdb");
        let ended = Command::new(&initdb).args(arguments).status();
        let status = ended.map_err(|source| ServerError::Initdb { initdb, source })?;
        if !status.success() {
            return Err(ServerError::Initialise(status));
        }
        server.initialised()?;
    }
    let postgres: OsString = bin.join("postgres").into();
    let program: Vec<_> = std::iter::once(postgres).chain(server.to_run(socket_dir)?).collect();
    Ok(Enter::default().exec(&program)?)
}
