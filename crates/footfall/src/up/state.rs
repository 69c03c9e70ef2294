//! How other commands find a running instance: a file in its folder, and a symbolic link to it in a per-user folder.

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use procfs::process::Process;
use serde::{Deserialize, Serialize};

use crate::files;
use crate::health::HealthCheck;
use crate::processes::Program;

const FILE: &str = "state.json";

/// What other commands need to know about a running instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The launcher's process id.
    pub pid: i32,
    /// When the launcher was started, in clock ticks since boot, because the pid may be reused.
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
    /// What `footfall health` checks.
    pub health_checks: Vec<HealthCheck>,
}

/// Why no instance was found, or one cannot be announced.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// No instance is running.
    #[error("nothing is running: start it with `cargo xtask up` (or `footfall up`)")]
    NothingRuns,
    /// The folder holds an instance that is not running.
    #[error("the instance in {} is not running", .0.display())]
    NotRunning(PathBuf),
    /// The folder of links belongs to another user.
    #[error("{} belongs to another user", .0.display())]
    NotOurs(PathBuf),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] std::io::Error),
    /// /proc does not describe this process.
    #[error("/proc cannot be read: {0}")]
    Proc(#[from] procfs::ProcError),
}

/// Removes the announcement when dropped.
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
    /// The start time of this process, for [`State::started_ticks`].
    ///
    /// # Errors
    /// Fails if /proc cannot be read.
    pub(crate) fn own_start() -> Result<u64, StateError> {
        Ok(Process::myself()?.stat()?.starttime)
    }

    /// Lets other commands find the instance until the announcement is dropped.
    pub(crate) fn announce(&self) -> Result<Announcement, StateError> {
        let file = self.dir.join(FILE);
        let link = links_folder()?.join(self.pid.to_string());
        let text = serde_json::to_vec_pretty(self).map_err(std::io::Error::from)?;
        // An earlier process with this pid may have left a link.
        let _ = std::fs::remove_file(&link);
        match files::replace(&file, &text, 0o644) {
            Ok(()) => fs_err::os::unix::fs::symlink(&file, &link)?,
            // The disk with the data may be full; the folder of links is on another one.
            Err(_) => fs_err::write(&link, &text)?,
        }
        Ok(Announcement { files: [file, link] })
    }

    /// The running instance in `dir`, or the one that was started last.
    ///
    /// # Errors
    /// Fails if there is none.
    pub fn find(dir: Option<&Path>) -> Result<Self, StateError> {
        dir.map_or_else(Self::latest, Self::of_instance)
    }

    fn of_instance(dir: &Path) -> Result<Self, StateError> {
        if let Some(state) = running(&dir.join(FILE)) {
            return Ok(state);
        }
        // On a full disk, the state is where the link would be.
        let dir = std::path::absolute(dir)?;
        match Self::latest() {
            Ok(latest) if latest.dir == dir => Ok(latest),
            _ => Err(StateError::NotRunning(dir)),
        }
    }

    fn latest() -> Result<Self, StateError> {
        Self::latest_in(&links_folder()?)
    }

    fn latest_in(folder: &Path) -> Result<Self, StateError> {
        let entries = fs_err::read_dir(folder)?;
        let mut latest: Option<Self> = None;
        for link in entries.flatten().map(|entry| entry.path()) {
            match running(&link) {
                Some(state) => {
                    let later = latest.as_ref().is_none_or(|other| other.started_ticks < state.started_ticks);
                    if later {
                        latest = Some(state);
                    }
                }
                // A launcher that was killed leaves its link behind.
                None => drop(std::fs::remove_file(&link)),
            }
        }
        latest.ok_or(StateError::NothingRuns)
    }
}

/// The state in a file, if its launcher is still running.
fn running(file: &Path) -> Option<State> {
    let state: State = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let stat = Process::new(state.pid).ok()?.stat().ok()?;
    (stat.starttime == state.started_ticks).then_some(state)
}

/// The folder with one link per launcher: $XDG_RUNTIME_DIR/footfall, or else /tmp/footfall-UID.
fn links_folder() -> Result<PathBuf, StateError> {
    let uid = geteuid();
    let folder = std::env::var_os("XDG_RUNTIME_DIR")
        .map_or_else(|| PathBuf::from(format!("/tmp/footfall-{uid}")), |runtime| Path::new(&runtime).join("footfall"));
    files::create_folder(&folder, 0o700)?;
    let owner = fs_err::symlink_metadata(&folder)?;
    // In /tmp, another user may have created the folder first.
    if owner.uid() != uid.as_raw() || !owner.is_dir() {
        return Err(StateError::NotOurs(folder));
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::{State, StateError};
    use crate::processes::Program;

    #[test]
    fn a_link_to_a_launcher_that_is_gone_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("1");
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
            std::fs::write(&link, serde_json::to_vec(&state).unwrap()).unwrap();
            state
        };

        let running = write(State::own_start().unwrap());
        assert_eq!(State::latest_in(folder.path()).unwrap(), running);

        // The pid is in use, but by another process.
        write(State::own_start().unwrap() - 1);
        let found = State::latest_in(folder.path());
        assert!(matches!(found, Err(StateError::NothingRuns)), "{found:?}");
        assert!(!link.exists());
    }
}
