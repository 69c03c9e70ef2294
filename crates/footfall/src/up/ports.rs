//! The ports must be free before anything is started.

use std::path::Path;
use std::time::{Duration, Instant};

use super::error::UpError;
use crate::port_holder::{self, Taken, Wanted};

/// A launcher that was killed leaves its processes to end by themselves.
const LEFTOVERS_S_MAX: u64 = 15;
const UNKNOWN_S_MAX: u64 = 3;
const LOOK_AGAIN_MS: u64 = 200;

/// Waits for the processes of an earlier run in the same folder, if there are any.
///
/// # Errors
/// Names the ports that other processes hold.
pub(crate) async fn wait_until_free(wanted: &[Wanted], keep: Option<&Path>) -> Result<(), UpError> {
    let keep = keep.map(std::path::absolute).transpose()?;
    let started = Instant::now();
    let mut seen_at = started;
    loop {
        let taken = port_holder::taken(wanted)?;
        if taken.is_empty() {
            return Ok(());
        }
        let are_ending = keep.as_deref().is_some_and(|dir| taken.iter().all(|taken| may_be_ending(taken, dir)));
        // The holder of a port is also unknown while the kernel ends it, which may be long after the start.
        if taken.iter().any(|taken| taken.holder.is_some()) {
            seen_at = Instant::now();
        }
        let is_over = |since: Instant, limit_s| since.elapsed() > Duration::from_secs(limit_s);
        if !are_ending || is_over(seen_at, UNKNOWN_S_MAX) || is_over(started, LEFTOVERS_S_MAX) {
            return Err(UpError::PortsTaken(taken));
        }
        tokio::time::sleep(Duration::from_millis(LOOK_AGAIN_MS)).await;
    }
}

/// Every process of an instance has its folder in its command line, except nginx's workers. Those of a launcher that
/// still runs do not end.
fn may_be_ending(taken: &Taken, dir: &Path) -> bool {
    let dir = dir.to_string_lossy();
    let is_of_instance = |command: &str| command.contains(&*dir) || command.starts_with("nginx: worker");
    taken.holder.as_ref().is_none_or(|holder| holder.is_orphan && is_of_instance(&holder.command))
}
