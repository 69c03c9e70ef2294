//! How a part is started, kept so that it can be started again.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use nix::unistd::geteuid;

use super::error::{At as _, Error, Result};
use super::locations::{self, Program};
use super::lock_file;
use super::process::Process;

/// A program, its arguments and its surroundings.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub(crate) name: String,
    pub(crate) program: Program,
    pub(crate) arguments: Vec<OsString>,
    /// The environment, beside PATH and LC_ALL.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// The user to run as, where the launcher is root.
    pub(crate) user: Option<&'static str>,
    /// What the program must see of the host at the same path.
    pub(crate) binds: Vec<PathBuf>,
    /// What an orderly end is asked for with, also when the launcher itself dies.
    pub(crate) stop_signal: Signal,
    pub(crate) log: PathBuf,
    /// PostgreSQL's, which may have been left by a killed server; the first lies in the folder that it works in.
    pub(crate) lock_files: Vec<PathBuf>,
}

impl Launch {
    /// Starts the process, once no other one holds its lock files.
    pub(crate) async fn start_alone(&self) -> Result<Process> {
        lock_file::forget_a_dead_server(&self.lock_files).await?;
        self.start()
    }

    /// Starts the process; its output is added to the log.
    pub(crate) fn start(&self) -> Result<Process> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log).at(&self.log)?;
        let mut command = Command::new(locations::ours("footfall")?);
        // Nothing of the launcher's own: a FOOTFALL_ variable that one daemon knows is an error for the other.
        command
            .env_clear()
            .envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("LC_ALL", "C.UTF-8")])
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .args(self.enter_arguments())
            .arg("--")
            .arg(&self.program.path)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().at(&self.log)?)
            .stderr(log);
        Process::start(command).map_err(|source| Error::Spawn { name: self.name.clone(), source })
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

    /// The last lines of the log, for an error message.
    pub(crate) fn log_end(&self) -> String {
        log_end(&self.log)
    }
}

const LOG_LINES_SHOWN: usize = 15;

pub(crate) fn log_end(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().collect();
    let first = lines.len().saturating_sub(LOG_LINES_SHOWN);
    lines.get(first..).unwrap_or_default().join("\n")
}
