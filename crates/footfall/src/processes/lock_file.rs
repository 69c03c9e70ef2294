//! The lock files that a killed PostgreSQL leaves behind: one with its data, one beside its socket.
//!
//! PostgreSQL refuses to start if the pid in one of them belongs to any live process of the same user, and pids are
//! soon reused. The server and its children have the data folder as their working directory, so that is checked
//! instead; an administrator's shell may be there as well.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use procfs::process::all_processes;

use super::error::{Error, Result};

/// The children of a killed server notice within moments that it is gone; one that is frozen does not.
const LEFTOVERS_MS_MAX: u64 = 2_000;
const RUNNING_MS_MAX: u64 = 30_000;

/// Removes the lock files once no PostgreSQL has the first one's folder as its working directory. What a killed server has
/// left behind is killed.
pub(crate) async fn remove_stale(locks: &[PathBuf]) -> Result<()> {
    let Some(lock) = locks.first() else { return Ok(()) };
    let Some(data) = lock.parent() else { return Ok(()) };
    let started = Instant::now();
    while locks.iter().any(|lock| lock.exists()) {
        let working = postgres_working_in(data);
        let Some(pid) = working.first().copied() else {
            let mut left = locks.iter().filter(|lock| lock.exists());
            return Ok(left.try_for_each(fs_err::remove_file)?);
        };
        let has_server = server(lock).is_some_and(|server| working.contains(&server));
        if !has_server && started.elapsed() > Duration::from_millis(LEFTOVERS_MS_MAX) {
            for pid in working {
                // It may have ended by itself.
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
        if started.elapsed() > Duration::from_millis(RUNNING_MS_MAX) {
            return Err(Error::InUse { folder: data.to_owned(), pid });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// The server's process id, which is the lock file's first line.
fn server(lock: &Path) -> Option<i32> {
    std::fs::read_to_string(lock).ok()?.lines().next()?.trim().parse().ok()
}

/// PostgreSQL's processes whose working directory is `folder`, under any of its paths.
fn postgres_working_in(folder: &Path) -> Vec<i32> {
    let identity = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    };
    let Some(wanted) = identity(folder) else { return Vec::new() };
    let Ok(processes) = all_processes() else { return Vec::new() };
    processes
        .flatten()
        .filter(|process| identity(Path::new(&format!("/proc/{}/cwd", process.pid))) == Some(wanted))
        .filter(|process| process.stat().is_ok_and(|stat| stat.comm == "postgres"))
        .map(|process| process.pid)
        .collect()
}
