//! A child process and its process group: whether it is still running, and signals that cannot reach another process.
//!
//! What a killed program leaves behind (nginx's workers, the program that a wrapper script started) would keep its port
//! and its files, so a process has ended only when its whole group has.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use procfs::process::all_processes;
use tokio::sync::watch;

use super::spawner;

/// How long a killed process may take to disappear.
const REAP_MS_MAX: u64 = 5_000;
const LOOK_AGAIN_MS: u64 = 10;

/// A running or ended child process. Dropping it kills it and its descendants.
#[derive(Debug)]
pub(crate) struct Process {
    pid: Pid,
    state: Arc<Mutex<State>>,
    ended: watch::Receiver<Option<ExitStatus>>,
}

/// Locked while a signal is sent and while the process is reaped, so that a signal cannot reach a reused pid.
#[derive(Debug, Default)]
struct State {
    is_reaped: bool,
    /// Until then, what is left of the group after its leader's end may finish by itself.
    may_finish_until: Option<Instant>,
}

impl Process {
    /// Starts it in its own process group, so that Ctrl-C on a terminal reaches only the launcher.
    pub(crate) fn start(mut command: Command) -> io::Result<Self> {
        use std::os::unix::process::CommandExt as _;
        command.process_group(0);
        let child = spawner::spawn(command)?;
        let pid = Pid::from_raw(child.id().cast_signed());
        let state = Arc::default();
        let (sender, ended) = watch::channel(None);
        let watched = Arc::clone(&state);
        std::thread::spawn(move || {
            let _ = sender.send(Some(wait(child, pid, &watched)));
        });
        Ok(Self { pid, state, ended })
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn status(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Resolves when the process and its group have ended.
    pub(crate) async fn ended(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        let status = ended.wait_for(Option::is_some).await;
        // The sender is dropped only after it has sent.
        status.ok().and_then(|status| *status).unwrap_or_default()
    }

    /// Sends a signal to the group. If the leader ends before the others, they have until `deadline` to end as well.
    pub(crate) fn ask_to_stop(&self, signal: Signal, deadline: Duration) {
        self.lock().may_finish_until = Instant::now().checked_add(deadline);
        self.signal(signal);
    }

    /// Sends a signal to the group, unless it is gone.
    fn signal(&self, signal: Signal) {
        let state = self.lock();
        if !state.is_reaped {
            // The process exists, if only as a zombie, so this can fail only for lack of permission; the deadline
            // covers that.
            let _ = killpg(self.pid, signal);
        }
    }

    /// Kills it and all its descendants: PostgreSQL's backends are in groups of their own.
    pub(crate) fn kill_all(&self) {
        // Stopped first, so that it cannot fork while its descendants are listed.
        self.signal(Signal::SIGSTOP);
        let descendants = {
            let mut state = self.lock();
            state.may_finish_until = None;
            if state.is_reaped { Vec::new() } else { descendants(self.pid) }
        };
        self.signal(Signal::SIGKILL);
        for pid in descendants {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.status().is_some() {
            return;
        }
        self.kill_all();
        for _ in 0..REAP_MS_MAX / LOOK_AGAIN_MS {
            if self.status().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(LOOK_AGAIN_MS));
        }
    }
}

fn wait(mut child: Child, pid: Pid, state: &Mutex<State>) -> ExitStatus {
    let lock = || state.lock().unwrap_or_else(PoisonError::into_inner);
    let pause = || std::thread::sleep(Duration::from_millis(LOOK_AGAIN_MS));
    // Waits without reaping: neither the pid nor the group's number must be freed before the last signal is sent.
    while waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT) == Err(Errno::EINTR) {}
    while lock().may_finish_until.is_some_and(|until| Instant::now() < until) && has_others(pid) {
        pause();
    }
    let status = {
        let mut state = lock();
        state.is_reaped = true;
        let _ = killpg(pid, Signal::SIGKILL);
        child.wait().unwrap_or_else(|_| ExitStatus::from_raw(0))
    };
    let killed = Instant::now();
    while has_others(pid) && killed.elapsed() < Duration::from_millis(REAP_MS_MAX) {
        pause();
    }
    // As process 1 of a container, this one inherits them.
    let is_reaped = || waitid(Id::PGid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG);
    while is_reaped().is_ok_and(|status| status != WaitStatus::StillAlive) {}
    status
}

/// Whether a process besides the leader is running in the group.
fn has_others(group: Pid) -> bool {
    let Ok(processes) = all_processes() else { return false };
    processes
        .flatten()
        .filter_map(|process| process.stat().ok())
        .any(|stat| stat.pgrp == group.as_raw() && stat.pid != group.as_raw() && stat.state != 'Z')
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
