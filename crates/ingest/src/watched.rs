//! Files that are read again when they are replaced.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often to check whether a file was replaced.
const LOOK_MS: u64 = 1_000;

/// Tells a file from the one it replaced.
pub(crate) type Stamp = (Option<SystemTime>, u64);

/// What was read from a file.
pub(crate) trait Watched: Send + Sync + 'static {
    /// What the log calls it.
    const NAME: &'static str;
    /// Why a file cannot be used.
    type Error: std::fmt::Display + Send;

    fn path(&self) -> &Path;

    /// Of the file that was read first.
    fn stamp(&self) -> Stamp;

    /// Reads the file again.
    fn replace(&self) -> Result<(), Self::Error>;
}

/// The stamp of the file that is there now.
pub(crate) fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let file = std::fs::metadata(path)?;
    Ok((file.modified().ok(), file.len()))
}

/// Reads the file again whenever it is replaced. If the new one cannot be used, the old one stays in use.
pub(crate) async fn keep_fresh<F: Watched>(file: Arc<F>, shutdown: CancellationToken) {
    let mut known = file.stamp();
    let path = file.path().display().to_string();
    let mut every = tokio::time::interval(Duration::from_millis(LOOK_MS));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(every.tick()).await.is_some() {
        let looking = file.clone();
        let look = tokio::task::spawn_blocking(move || match stamp(looking.path()) {
            Ok(stamp) if stamp != known => (stamp, Some(looking.replace())),
            // It may be missing for a moment while it is being replaced.
            Ok(_) | Err(_) => (known, None),
        });
        let Ok((stamp, replaced)) = look.await else { return };
        known = stamp;
        match replaced {
            Some(Ok(())) => info!(path, "{} was replaced", F::NAME),
            Some(Err(error)) => {
                warn!(path, %error, "{}: the new one cannot be used; the old one serves on", F::NAME);
            }
            None => {}
        }
    }
}
