//! The lock files that a killed PostgreSQL leaves behind: one in its data, one beside its socket.
//!
//! PostgreSQL refuses to start where the pid in one of them is that of any live process of the same user, and a pid
//! is soon reused. A server and its children work inside their data folder, so whoever is in there is asked instead.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use procfs::process::all_processes;

use super::error::{At as _, Error, Result};

/// Children of a killed server notice within moments that it is gone.
const LEFTOVERS_MS_MAX: u64 = 30_000;

/// Removes the lock files once nobody works in the first one's folder any more.
pub(crate) async fn forget_a_dead_server(locks: &[PathBuf]) -> Result<()> {
    let Some(data) = locks.first().and_then(|lock| lock.parent()) else { return Ok(()) };
    let started = Instant::now();
    while locks.iter().any(|lock| lock.exists()) {
        let Some(pid) = somebody_inside(data) else {
            let mut left = locks.iter().filter(|lock| lock.exists());
            return left.try_for_each(|lock| std::fs::remove_file(lock).at(lock));
        };
        if started.elapsed() > Duration::from_millis(LEFTOVERS_MS_MAX) {
            return Err(Error::InUse { folder: data.to_owned(), pid });
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// A process whose working directory is `folder`, also where it sees that by another path.
fn somebody_inside(folder: &Path) -> Option<i32> {
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
