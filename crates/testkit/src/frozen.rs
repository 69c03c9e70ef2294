//! Processes that are stopped for a while, as on a machine that hangs: their connections stay open and nothing answers.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Stopped processes, which continue when this is dropped.
pub struct Frozen(Vec<Pid>);

impl Frozen {
    /// Stops a process and all below it.
    pub fn tree(pid: u32) -> Self {
        let mut pids = vec![pid];
        pids.extend(descendants(pid));
        Self::stop(&pids)
    }

    /// Stops all processes below one: the sessions of PostgreSQL, but not the server that accepts new ones.
    pub fn descendants(pid: u32) -> Self {
        Self::stop(&descendants(pid))
    }

    fn stop(pids: &[u32]) -> Self {
        let frozen = Self(pids.iter().map(|pid| Pid::from_raw(pid.cast_signed())).collect());
        frozen.signal(Signal::SIGSTOP);
        frozen
    }

    fn signal(&self, signal: Signal) {
        for pid in &self.0 {
            // One that has ended in the meantime is not missed.
            let _ = kill(*pid, signal);
        }
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal(Signal::SIGCONT);
    }
}

fn descendants(pid: u32) -> Vec<u32> {
    let tasks = format!("/proc/{pid}/task/{pid}/children");
    let children = std::fs::read_to_string(tasks).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|child| child.parse().ok());
    children.flat_map(|child| std::iter::once(child).chain(descendants(child))).collect()
}
