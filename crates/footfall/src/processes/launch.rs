//! How a process is started, kept so that it can be restarted.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use fs_err::OpenOptions;
use nix::sys::signal::Signal;
use nix::unistd::geteuid;

use super::error::{Error, Result};
use super::lock_file;
use super::log_text;
use super::process::Process;
use super::programs::{Program, own_program};

/// A program with its arguments and its environment.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub(crate) name: String,
    pub(crate) program: Program,
    pub(crate) arguments: Vec<OsString>,
    /// Environment variables besides PATH and LC_ALL.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// The user to run as, if the launcher is root.
    pub(crate) user: Option<&'static str>,
    /// Host paths that the program needs to see at the same path.
    pub(crate) binds: Vec<PathBuf>,
    /// The signal for an orderly shutdown. The process also gets it when the launcher dies.
    pub(crate) stop_signal: Signal,
    pub(crate) log: PathBuf,
    /// PostgreSQL's lock files, which a killed server leaves behind; the first is in its working directory.
    pub(crate) lock_files: Vec<PathBuf>,
}

impl Launch {
    /// Starts the process once no other process holds its lock files.
    pub(crate) async fn start_alone(&self) -> Result<Process> {
        lock_file::remove_stale(&self.lock_files).await?;
        self.start()
    }

    /// Starts the process; its output is appended to the log.
    pub(crate) fn start(&self) -> Result<Process> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(own_program("footfall")?);
        // The launcher's environment is not passed on: a FOOTFALL_ variable for one daemon is an error for another.
        command
            .env_clear()
            .envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("LC_ALL", "C.UTF-8")])
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .args(self.enter_arguments())
            .arg("--")
            .arg(&self.program.path)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?.into_file())
            .stderr(log.into_file());
        Process::start(command).map_err(|source| Error::Spawn { name: self.name.clone(), source })
    }

    /// Runs the process until it ends.
    ///
    /// # Errors
    /// Fails, with the reason from its log, if it does not succeed.
    pub(crate) async fn run_to_end(&self) -> Result<()> {
        let log_from = log_text::length(&self.log);
        let status = self.start()?.ended().await;
        if status.success() {
            return Ok(());
        }
        Err(Error::Ended { name: self.name.clone(), status, log: log_text::reason(&self.log, log_from) })
    }

    fn enter_arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<OsString> = vec!["enter".into()];
        arguments.extend(["--parent".into(), std::process::id().to_string().into()]);
        arguments.extend(["--parent-death".into(), self.stop_signal.as_str().into()]);
        if let Some(root) = &self.program.root {
            arguments.extend(["--root".into(), root.into()]);
        }
        if let Some(user) = self.user.filter(|_| geteuid().is_root()) {
            arguments.extend(["--user".into(), user.into()]);
        }
        for path in &self.binds {
            arguments.extend(["--bind".into(), path.into()]);
        }
        arguments
    }
}
