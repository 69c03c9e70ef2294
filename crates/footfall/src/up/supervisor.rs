//! Keeps the started parts running, and stops them in order.

use std::ops::DerefMut;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::deaths::{DEATHS_MAX, Deaths};
use crate::processes::{self, Ending, ManagedProcess};
use crate::progress::Steps;

/// How long a part may take to end in an orderly way.
const STOP_S_MAX: u64 = 30;

/// A part, or what holds one.
pub(crate) type Kept = Box<dyn DerefMut<Target = ManagedProcess> + Send>;

/// The parts that run or are starting, in the order in which they were started.
pub(crate) struct Running {
    keepers: Mutex<Vec<Supervised>>,
    steps: Steps,
    gave_up: CancellationToken,
    kill: CancellationToken,
}

struct Supervised {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn new(steps: Steps) -> Self {
        let keepers = Mutex::new(Vec::new());
        Self { keepers, steps, gave_up: CancellationToken::new(), kill: CancellationToken::new() }
    }

    /// Takes a part that was just started, so that it is stopped in an orderly way whatever happens next, and tells
    /// when it is ready or why not. Once it was ready it is started again whenever it dies.
    pub(crate) fn keep(&self, part: Kept) -> impl Future<Output = processes::Result<()>> + use<> {
        let (tell, told) = oneshot::channel();
        let stop = CancellationToken::new();
        let watch = Watch {
            part,
            steps: self.steps.clone(),
            stop: stop.clone(),
            gave_up: self.gave_up.clone(),
            kill: self.kill.clone(),
        };
        let keeper = Supervised { stop, task: tokio::spawn(watch.run(tell)) };
        self.keepers.lock().unwrap_or_else(PoisonError::into_inner).push(keeper);
        // Its keeper is silent only where everything is being stopped, and then nobody waits here.
        async { told.await.unwrap_or(Ok(())) }
    }

    /// Resolves when a part died too often.
    pub(crate) async fn gave_up(&self) {
        self.gave_up.cancelled().await;
    }

    /// Cancel it to have [`Running::stop`] kill what is left.
    pub(crate) fn kill_token(&self) -> CancellationToken {
        self.kill.clone()
    }

    /// Stops every part, the last one started first.
    pub(crate) async fn stop(self) {
        let keepers = self.keepers.into_inner().unwrap_or_else(PoisonError::into_inner);
        for keeper in keepers.into_iter().rev() {
            keeper.stop.cancel();
            // A keeper that panicked has dropped its part, and so killed it.
            let _ = keeper.task.await;
        }
    }
}

struct Watch {
    part: Kept,
    steps: Steps,
    stop: CancellationToken,
    gave_up: CancellationToken,
    kill: CancellationToken,
}

impl Watch {
    async fn run(mut self, tell: oneshot::Sender<processes::Result<()>>) {
        let stop = self.stop.clone();
        tokio::select! {
            () = self.stay_up(tell) => {}
            () = stop.cancelled() => {}
        }
        self.end().await;
    }

    /// Never returns before everything is to stop.
    async fn stay_up(&mut self, tell: oneshot::Sender<processes::Result<()>>) {
        let ready = self.part.wait_until_ready().await;
        let is_ready = ready.is_ok();
        // Nobody listens any more where everything is being stopped.
        let _ = tell.send(ready);
        if is_ready {
            self.restart_for_ever().await;
        } else {
            self.stop.cancelled().await;
        }
    }

    /// Returns only where the part died too often, once everything is to stop.
    async fn restart_for_ever(&mut self) {
        let mut deaths = Deaths::default();
        loop {
            let status = self.part.ended().await;
            let (name, log) = (self.part.name(), self.part.log_end());
            let Some(wait) = deaths.one_more(Instant::now()) else {
                self.steps.say(&format!(
                    "{name} died more than {DEATHS_MAX} times within a minute ({status}): giving up. \
                     The end of its log:\n{log}"
                ));
                self.gave_up.cancel();
                return self.stop.cancelled().await;
            };
            self.steps.say(&format!(
                "{name} died ({status}); it is started again in {} s. The end of its log:\n{log}",
                wait.as_secs()
            ));
            tokio::time::sleep(wait).await;
            let step = self.steps.begin(format!("start {name} again"));
            match self.part.start_again().await {
                Ok(()) => step.done(""),
                Err(error) => {
                    step.failed(&error.to_string());
                    // Alive but not ready is as bad as dead.
                    self.part.kill().await;
                }
            }
        }
    }

    async fn end(mut self) {
        let step = self.steps.begin(format!("stop {}", self.part.name()));
        let ending = tokio::select! {
            ending = self.part.stop(Duration::from_secs(STOP_S_MAX)) => Some(ending),
            () = self.kill.cancelled() => None,
        };
        match ending {
            Some(Ending::Stopped) => step.done(""),
            Some(Ending::Killed) => step.done(&format!("killed after {STOP_S_MAX} s")),
            None => {
                self.part.kill().await;
                step.done("killed");
            }
        }
    }
}
