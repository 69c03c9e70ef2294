//! The lock files that a killed PostgreSQL leaves behind: one with its data, one beside its socket.
//!
//! PostgreSQL refuses to start if the pid in one of them belongs to any live process of the same user, and pids are
//! soon reused. The server and its children have the data folder as their working directory, so that is checked
//! instead.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use procfs::process::all_processes;

use super::error::{Error, Result};

/// The children of a killed server notice within moments that it is gone.
const LEFTOVERS_MS_MAX: u64 = 30_000;

/// Removes the lock files once no process has the first one's folder as its working directory.
pub(crate) async fn remove_stale(locks: &[PathBuf]) -> Result<()> {
    let Some(data) = locks.first().and_then(|lock| lock.parent()) else { return Ok(()) };
    let started = Instant::now();
    while locks.iter().any(|lock| lock.exists()) {
        let Some(pid) = process_working_in(data) else {
            let mut left = locks.iter().filter(|lock| lock.exists());
            return Ok(left.try_for_each(fs_err::remove_file)?);
        };
        if started.elapsed() > Duration::from_millis(LEFTOVERS_MS_MAX) {
            return Err(Error::InUse { folder: data.to_owned(), pid });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// A process whose working directory is `folder`, under any of its paths.
fn process_working_in(folder: &Path) -> Option<i32> {
    let identity = |path: &Path| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.dev(), metadata.ino()))
    };
    let wanted = identity(folder)?;
    all_processes()
        .ok()?
        .flatten()
        .map(|process| process.pid)
        .find(|pid| identity(Path::new(&format!("/proc/{pid}/cwd"))) == Some(wanted))
}
