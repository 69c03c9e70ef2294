//! One of Footfall's daemons.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use super::error::Result;
use super::folders;
use super::launch::Launch;
use super::managed::ManagedProcess;
use super::programs::Program;
use super::ready::Ready;

/// How to start one of Footfall's daemons.
#[derive(Debug, Clone)]
pub struct DaemonOptions {
    /// The program, such as `footfall-ingest`, found beside the running one.
    pub program: &'static str,
    /// Its name in messages and of its log, because an instance may run one program several times.
    pub name: String,
    /// Its configuration file.
    pub config: PathBuf,
    /// Its folder of secrets, if any (CREDENTIALS_DIRECTORY).
    pub credentials: Option<PathBuf>,
    /// Its admin address, where /ready answers 200 once it is ready.
    pub admin: SocketAddr,
    /// Further environment variables.
    pub environment: Vec<(OsString, OsString)>,
}

impl DaemonOptions {
    /// Starts it, with its log in `dir`/logs, and waits until it is ready.
    ///
    /// # Errors
    /// Fails, with the last lines of its log, if it does not become ready.
    pub async fn start(self, dir: &Path) -> Result<ManagedProcess> {
        let daemon = self.spawn(dir)?;
        daemon.wait_until_ready().await?;
        Ok(daemon)
    }

    /// Starts it without waiting.
    ///
    /// # Errors
    /// Fails if the program is missing or cannot be run.
    pub fn spawn(self, dir: &Path) -> Result<ManagedProcess> {
        let mut environment = self.environment;
        if let Some(folder) = self.credentials {
            environment.push(("CREDENTIALS_DIRECTORY".into(), folder.into()));
        }
        let launch = Launch {
            log: folders::log(dir, &self.name)?,
            name: self.name,
            program: Program::own(self.program)?,
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
