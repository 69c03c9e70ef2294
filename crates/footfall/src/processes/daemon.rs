//! One of our own daemons.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use super::error::Result;
use super::folders;
use super::launch::Launch;
use super::locations::{self, Program};
use super::managed::ManagedProcess;
use super::ready::Ready;

/// How to start one of our daemons.
#[derive(Debug, Clone)]
pub struct DaemonOptions {
    /// The program, such as `footfall-ingest`, found beside the running one.
    pub program: &'static str,
    /// The name of this one in messages and of its log; several of one program may run in one instance.
    pub name: String,
    /// Its configuration file.
    pub config: PathBuf,
    /// Its folder of secrets, if it has any (CREDENTIALS_DIRECTORY).
    pub credentials: Option<PathBuf>,
    /// Its admin address: it is ready when /ready there answers 200.
    pub admin: SocketAddr,
    /// Added to the environment.
    pub environment: Vec<(OsString, OsString)>,
}

impl DaemonOptions {
    /// Starts it, with its log in `dir`/logs, and waits until it is ready.
    ///
    /// # Errors
    /// With the last lines of its log.
    pub async fn start(self, dir: &Path) -> Result<ManagedProcess> {
        let part = self.spawn(dir)?;
        part.wait_until_ready().await?;
        Ok(part)
    }

    /// Starts it without waiting.
    ///
    /// # Errors
    /// The program is not there or cannot be run.
    pub fn spawn(self, dir: &Path) -> Result<ManagedProcess> {
        let mut environment = self.environment;
        if let Some(folder) = self.credentials {
            environment.push(("CREDENTIALS_DIRECTORY".into(), folder.into()));
        }
        let launch = Launch {
            log: folders::log(dir, &self.name)?,
            name: self.name,
            program: Program { root: None, path: locations::ours(self.program)? },
            arguments: vec!["--config".into(), self.config.into()],
            environment,
            user: None,
            binds: Vec::new(),
            stop_signal: Signal::SIGTERM,
            lock_files: Vec::new(),
        };
        ManagedProcess::spawn(launch, Ready::Http(self.admin, "/ready", 200))
    }
}
