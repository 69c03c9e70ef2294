//! The ports must be free before anything is started.

use std::path::Path;
use std::time::{Duration, Instant};

use super::error::UpError;
use crate::port_holder::{self, Holder, Taken, Wanted};

/// A launcher that was killed leaves its processes to end by themselves.
const LEFTOVERS_S_MAX: u64 = 15;
const LOOK_AGAIN_MS: u64 = 200;

/// Waits for the processes of an earlier run in the same folder, if there are any.
///
/// # Errors
/// Names the ports that other processes hold.
pub(crate) async fn wait_until_free(wanted: &[Wanted], keep: Option<&Path>) -> Result<(), UpError> {
    let keep = keep.map(std::path::absolute).transpose()?;
    let started = Instant::now();
    loop {
        let taken = port_holder::taken(wanted)?;
        if taken.is_empty() {
            return Ok(());
        }
        let are_ending = keep.as_deref().is_some_and(|dir| taken.iter().all(|taken| is_of_instance(taken, dir)));
        if !are_ending || started.elapsed() > Duration::from_secs(LEFTOVERS_S_MAX) {
            return Err(UpError::PortsTaken(taken));
        }
        tokio::time::sleep(Duration::from_millis(LOOK_AGAIN_MS)).await;
    }
}

/// Every process of an instance has its folder in its command line, except nginx's workers. Those of a launcher that
/// still runs do not end; they are recognized by their parent.
fn is_of_instance(taken: &Taken, dir: &Path) -> bool {
    let is_of_instance = |holder: &Holder| {
        let has_folder =
            holder.command.contains(&*dir.to_string_lossy()) || holder.command.starts_with("nginx: worker");
        has_folder && holder.is_orphan
    };
    taken.holder.as_ref().is_some_and(is_of_instance)
}
