//! A child process: its pid, whether it is still running, and signals that cannot reach another process.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use procfs::process::all_processes;
use tokio::sync::watch;

use super::spawner;

/// How long a killed process may take to disappear.
const REAP_MS_MAX: u64 = 5_000;

/// A running or ended child process. Dropping it kills it and its descendants.
#[derive(Debug)]
pub(crate) struct Process {
    pid: Pid,
    /// Locked while a signal is sent and while the process is reaped, so that a signal cannot reach a reused pid.
    reaped: Arc<Mutex<bool>>,
    ended: watch::Receiver<Option<ExitStatus>>,
}

impl Process {
    /// Starts it in its own process group, so that Ctrl-C on a terminal reaches only the launcher.
    pub(crate) fn start(mut command: Command) -> io::Result<Self> {
        use std::os::unix::process::CommandExt as _;
        command.process_group(0);
        let child = spawner::spawn(command)?;
        let pid = Pid::from_raw(child.id().cast_signed());
        let reaped = Arc::new(Mutex::new(false));
        let (sender, ended) = watch::channel(None);
        let flag = Arc::clone(&reaped);
        std::thread::spawn(move || {
            let _ = sender.send(Some(wait(child, pid, &flag)));
        });
        Ok(Self { pid, reaped, ended })
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn status(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Resolves when the process has ended.
    pub(crate) async fn ended(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        let status = ended.wait_for(Option::is_some).await;
        // The sender is dropped only after it has sent.
        status.ok().and_then(|status| *status).unwrap_or_default()
    }

    /// Sends a signal, unless the process is gone.
    pub(crate) fn signal(&self, signal: Signal) {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*reaped {
            // The process exists, if only as a zombie, so this can fail only for lack of permission; the deadline
            // covers that.
            let _ = kill(self.pid, signal);
        }
    }

    /// Kills it and all its descendants: PostgreSQL's backends and nginx's workers would outlive their parent.
    pub(crate) fn kill_all(&self) {
        // Stopped first, so that it cannot fork while its descendants are listed.
        self.signal(Signal::SIGSTOP);
        let descendants = descendants(self.pid);
        self.signal(Signal::SIGKILL);
        for pid in descendants {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.status().is_some() {
            return;
        }
        self.kill_all();
        for _ in 0..REAP_MS_MAX / 10 {
            if self.status().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn wait(mut child: Child, pid: Pid, reaped: &Mutex<bool>) -> ExitStatus {
    // Waits without reaping: the pid must not be freed before the lock is held.
    while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(nix::errno::Errno::EINTR) {}
    let mut reaped = reaped.lock().unwrap_or_else(PoisonError::into_inner);
    *reaped = true;
    child.wait().unwrap_or_else(|_| ExitStatus::from_raw(0))
}

fn descendants(pid: Pid) -> Vec<Pid> {
    let Ok(processes) = all_processes() else {
        return Vec::new();
    };
    let parents: Vec<(i32, i32)> =
        processes.flatten().filter_map(|process| Some((process.pid, process.stat().ok()?.ppid))).collect();
    let mut found = vec![pid.as_raw()];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.into_iter().skip(1).map(Pid::from_raw).collect()
}
