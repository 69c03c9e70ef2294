//! Keeps the started processes running, and stops them in order.

use std::ops::DerefMut;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::restart_backoff::{DEATHS_MAX, RestartBackoff};
use crate::processes::{self, Ending, ManagedProcess};
use crate::progress::Steps;

/// How long a process may take to stop before it is killed.
const STOP_S_MAX: u64 = 30;

/// A [`ManagedProcess`], or a type such as `Postgres` that wraps one.
pub(crate) type BoxedProcess = Box<dyn DerefMut<Target = ManagedProcess> + Send>;

/// The processes that are running or starting, in the order in which they were started.
pub(crate) struct Supervisor {
    watched: Mutex<Vec<Watched>>,
    steps: Steps,
    gave_up: CancellationToken,
    kill: CancellationToken,
}

struct Watched {
    stop: CancellationToken,
    watcher: JoinHandle<()>,
}

impl Supervisor {
    pub(crate) fn new(steps: Steps) -> Self {
        let watched = Mutex::new(Vec::new());
        Self { watched, steps, gave_up: CancellationToken::new(), kill: CancellationToken::new() }
    }

    /// Takes over a process that was just started: [`Supervisor::stop`] stops it, and it is restarted if it dies after
    /// it was ready. The future resolves when the process is ready, or with the reason why it is not.
    pub(crate) fn watch(&self, process: BoxedProcess) -> impl Future<Output = processes::Result<()>> + use<> {
        let (ready_sender, ready) = oneshot::channel();
        let stop = CancellationToken::new();
        let watcher = Watcher {
            process,
            steps: self.steps.clone(),
            stop: stop.clone(),
            gave_up: self.gave_up.clone(),
            kill: self.kill.clone(),
        };
        let watched = Watched { stop, watcher: tokio::spawn(watcher.run(ready_sender)) };
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).push(watched);
        // The watcher drops the sender without an answer only when everything is being stopped.
        async { ready.await.unwrap_or(Ok(())) }
    }

    /// Resolves when a process has died too often.
    pub(crate) async fn gave_up(&self) {
        self.gave_up.cancelled().await;
    }

    /// Cancel it to make [`Supervisor::stop`] kill what is still running.
    pub(crate) fn kill_token(&self) -> CancellationToken {
        self.kill.clone()
    }

    /// Stops every process, the last started first.
    pub(crate) async fn stop(self) {
        let watched = self.watched.into_inner().unwrap_or_else(PoisonError::into_inner);
        for Watched { stop, watcher } in watched.into_iter().rev() {
            stop.cancel();
            // A watcher that panicked has dropped its process, which kills it.
            let _ = watcher.await;
        }
    }
}

struct Watcher {
    process: BoxedProcess,
    steps: Steps,
    stop: CancellationToken,
    gave_up: CancellationToken,
    kill: CancellationToken,
}

impl Watcher {
    async fn run(mut self, ready_sender: oneshot::Sender<processes::Result<()>>) {
        let stop = self.stop.clone();
        tokio::select! {
            () = self.keep_running(ready_sender) => {}
            () = stop.cancelled() => {}
        }
        self.stop_process().await;
    }

    /// Returns only after `stop` was cancelled.
    async fn keep_running(&mut self, ready_sender: oneshot::Sender<processes::Result<()>>) {
        let ready = self.process.wait_until_ready().await;
        let is_ready = ready.is_ok();
        // The receiver is gone when everything is being stopped.
        let _ = ready_sender.send(ready);
        if is_ready {
            self.restart_when_it_dies().await;
        } else {
            self.stop.cancelled().await;
        }
    }

    /// Returns only if the process died too often, and then after `stop` was cancelled.
    async fn restart_when_it_dies(&mut self) {
        let mut backoff = RestartBackoff::default();
        loop {
            let status = self.process.ended().await;
            let (name, log) = (self.process.name(), self.process.log_end());
            let Some(wait) = backoff.after_death(Instant::now()) else {
                self.steps.say(&format!(
                    "{name} died more than {DEATHS_MAX} times within a minute ({status}): giving up. \
                     The end of its log:\n{log}"
                ));
                self.gave_up.cancel();
                return self.stop.cancelled().await;
            };
            self.steps.say(&format!(
                "{name} died ({status}); restarting it in {} s. The end of its log:\n{log}",
                wait.as_secs()
            ));
            tokio::time::sleep(wait).await;
            let step = self.steps.begin(format!("restart {name}"));
            match self.process.start_again().await {
                Ok(()) => step.done(""),
                Err(error) => {
                    step.failed(&error.to_string());
                    // Running without being ready counts as dead.
                    self.process.kill().await;
                }
            }
        }
    }

    async fn stop_process(mut self) {
        let step = self.steps.begin(format!("stop {}", self.process.name()));
        let ending = tokio::select! {
            ending = self.process.stop(Duration::from_secs(STOP_S_MAX)) => Some(ending),
            () = self.kill.cancelled() => None,
        };
        match ending {
            Some(Ending::Stopped) => step.done(""),
            Some(Ending::Killed) => step.done(&format!("killed after {STOP_S_MAX} s")),
            None => {
                self.process.kill().await;
                step.done("killed");
            }
        }
    }
}
