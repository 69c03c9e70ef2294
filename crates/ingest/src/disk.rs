//! Stops taking events before the disk is full: PostgreSQL and Kafka stop with an error when it is, and need room to start again.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use footfall_daemon::{Condition, Readiness};
use nix::sys::statvfs::statvfs;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::config::DiskConfig;

const LOOK_MS: u64 = 1_000;
const MIB: u64 = 1024 * 1024;

/// Whether there is room for more events.
pub(crate) struct Disk {
    folders: Vec<PathBuf>,
    free_mib_min: u64,
    is_full: AtomicBool,
}

impl Disk {
    pub(crate) fn new(config: &DiskConfig) -> Self {
        Self {
            folders: config.folders.iter().map(PathBuf::from).collect(),
            free_mib_min: config.free_mib_min,
            is_full: AtomicBool::new(false),
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.is_full.load(Ordering::Relaxed)
    }

    /// Looks again and again until shutdown. `ready`: the condition of [`Disk::condition`].
    pub(crate) fn watch(self: &Arc<Self>, ready: Option<Condition>, shutdown: CancellationToken) {
        if let Some(ready) = ready {
            self.look(&ready);
            tokio::spawn(self.clone().keep_looking(ready, shutdown));
        }
    }

    /// That there is room, if there are folders to look at. Create it before other conditions hold.
    pub(crate) fn condition(&self, readiness: &Readiness) -> Option<Condition> {
        (!self.folders.is_empty()).then(|| readiness.condition("disk"))
    }

    async fn keep_looking(self: Arc<Self>, ready: Condition, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(Duration::from_millis(LOOK_MS))).await.is_some() {
            self.look(&ready);
        }
    }

    fn look(&self, ready: &Condition) {
        let full = self.folders.iter().find_map(|folder| {
            // A folder that is not there, or that may not be looked at, holds nothing of ours back.
            let found = statvfs(folder).ok()?;
            let free_mib = found.blocks_available() * found.fragment_size() / MIB;
            (free_mib < self.free_mib_min).then(|| {
                format!(
                    "{} has {free_mib} MiB free, less than disk.free_mib_min ({})",
                    folder.display(),
                    self.free_mib_min
                )
            })
        });
        let was_full = self.is_full.swap(full.is_some(), Ordering::Relaxed);
        if let Some(why) = full.as_ref().filter(|_| !was_full) {
            warn!("no more events are taken: {why}");
        }
        ready.set_because(full.is_none(), full.unwrap_or_default());
    }
}
