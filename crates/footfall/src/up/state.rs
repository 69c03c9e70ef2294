//! Where the running instances are: a file in each instance's folder, and a pointer to it per user.

use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use procfs::process::Process;
use serde::{Deserialize, Serialize};

use crate::health::HealthCheck;
use crate::processes::Program;

const FILE: &str = "state.json";

/// What others need to know of a running instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The launcher.
    pub pid: i32,
    /// When the launcher was started, in clock ticks since the machine was: a pid alone may be another's by now.
    pub started_ticks: u64,
    /// The instance's folder.
    pub dir: PathBuf,
    /// The folder of PostgreSQL's socket.
    pub socket_dir: PathBuf,
    /// PostgreSQL's port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The folder of PostgreSQL's programs.
    pub postgres_bin: Program,
    /// The site, as this machine reaches it.
    pub site: SocketAddr,
    /// What `footfall health` asks.
    pub health_checks: Vec<HealthCheck>,
}

/// Why no instance was found, or one cannot be announced.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// No instance runs.
    #[error("nothing is running: start it with `cargo xtask up` (or `footfall up`)")]
    NothingRuns,
    /// The folder holds an instance that is not running.
    #[error("the instance in {} is not running", .0.display())]
    NotRunning(PathBuf),
    /// The folder of pointers is another user's.
    #[error("{} belongs to another user", .0.display())]
    NotOurs(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The system does not tell about this process itself.
    #[error("/proc cannot be read: {0}")]
    Proc(#[from] procfs::ProcError),
}

/// Removes what was announced when it is dropped.
#[derive(Debug)]
pub(crate) struct Announcement {
    files: [PathBuf; 2],
}

impl Drop for Announcement {
    fn drop(&mut self) {
        for file in &self.files {
            let _ = std::fs::remove_file(file);
        }
    }
}

impl State {
    /// The start of this very process, for [`State::started_ticks`].
    ///
    /// # Errors
    /// /proc cannot be read.
    pub(crate) fn own_start() -> Result<u64, StateError> {
        Ok(Process::myself()?.stat()?.starttime)
    }

    /// Lets others find the instance for as long as the answer is kept.
    pub(crate) fn announce(&self) -> Result<Announcement, StateError> {
        let file = self.dir.join(FILE);
        let pointer = pointers()?.join(self.pid.to_string());
        let text = serde_json::to_vec_pretty(self).map_err(std::io::Error::from);
        let written = text.and_then(|text| std::fs::write(&file, text));
        written.map_err(|source| error(&file, source))?;
        // A pointer that a process of the same pid left behind, if any, is stale.
        let _ = std::fs::remove_file(&pointer);
        std::os::unix::fs::symlink(&file, &pointer).map_err(|source| error(&pointer, source))?;
        Ok(Announcement { files: [file, pointer] })
    }

    /// The running instance in `dir`, or the one that was started last.
    ///
    /// # Errors
    /// There is none.
    pub fn find(dir: Option<&Path>) -> Result<Self, StateError> {
        dir.map_or_else(Self::latest, Self::of_instance)
    }

    fn of_instance(dir: &Path) -> Result<Self, StateError> {
        running(&dir.join(FILE)).ok_or_else(|| StateError::NotRunning(dir.to_owned()))
    }

    fn latest() -> Result<Self, StateError> {
        Self::latest_in(&pointers()?)
    }

    fn latest_in(folder: &Path) -> Result<Self, StateError> {
        let entries = std::fs::read_dir(folder).map_err(|source| error(folder, source))?;
        let mut latest: Option<Self> = None;
        for pointer in entries.flatten().map(|entry| entry.path()) {
            match running(&pointer) {
                Some(state) => {
                    let later = latest.as_ref().is_none_or(|other| other.started_ticks < state.started_ticks);
                    if later {
                        latest = Some(state);
                    }
                }
                // Its launcher was killed, so it could not take its pointer away.
                None => drop(std::fs::remove_file(&pointer)),
            }
        }
        latest.ok_or(StateError::NothingRuns)
    }
}

/// The state in a file, if its launcher still runs.
fn running(file: &Path) -> Option<State> {
    let state: State = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let stat = Process::new(state.pid).ok()?.stat().ok()?;
    (stat.starttime == state.started_ticks).then_some(state)
}

/// The folder of pointers, one per launcher: $XDG_RUNTIME_DIR/footfall, else /tmp/footfall-UID.
fn pointers() -> Result<PathBuf, StateError> {
    let uid = geteuid();
    let folder = std::env::var_os("XDG_RUNTIME_DIR")
        .map_or_else(|| PathBuf::from(format!("/tmp/footfall-{uid}")), |runtime| Path::new(&runtime).join("footfall"));
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|source| error(&folder, source))?;
    let owner = std::fs::symlink_metadata(&folder).map_err(|source| error(&folder, source))?;
    // In /tmp another user may have made it first.
    if owner.uid() != uid.as_raw() || !owner.is_dir() {
        return Err(StateError::NotOurs(folder));
    }
    Ok(folder)
}

fn error(path: &Path, source: std::io::Error) -> StateError {
    StateError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::{State, StateError};
    use crate::processes::Program;

    #[test]
    fn a_pointer_to_a_launcher_that_is_gone_is_noticed_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let pointer = folder.path().join("1");
        let write = |started_ticks| {
            let state = State {
                pid: std::process::id().cast_signed(),
                started_ticks,
                dir: folder.path().to_owned(),
                socket_dir: folder.path().to_owned(),
                port: 5432,
                database: "analytics".into(),
                postgres_bin: Program { root: None, path: "/".into() },
                site: "127.0.0.1:8080".parse().unwrap(),
                health_checks: Vec::new(),
            };
            std::fs::write(&pointer, serde_json::to_vec(&state).unwrap()).unwrap();
            state
        };

        let running = write(State::own_start().unwrap());
        assert_eq!(State::latest_in(folder.path()).unwrap(), running);

        // The pid lives, but it is another process's by now.
        write(State::own_start().unwrap() - 1);
        let found = State::latest_in(folder.path());
        assert!(matches!(found, Err(StateError::NothingRuns)), "{found:?}");
        assert!(!pointer.exists());
    }
}
