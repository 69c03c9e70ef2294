//! Starts one part and keeps it running.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::board::{Board, Standing, missing};
use super::error::UpError;
use super::part::Part;
use super::plan::Plan;
use super::restart_backoff::RestartBackoff;
use super::start::BoxedProcess;
use crate::processes::{self, Ending, READY_S_MAX};
use crate::progress::Step;

/// A part that is not ready by then is said to be failing, so that those that can do without it start.
const SLOW_S: u64 = 20;

/// What a failure before a part was ever ready means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Patience {
    /// The instance has never worked: it is better to say why and end.
    None,
    /// It worked before: what still works must keep running, and the rest is tried until it works as well.
    Endless,
}

/// The task of one part.
pub(crate) struct Watcher {
    pub(crate) part: Part,
    pub(crate) plan: Arc<Plan>,
    pub(crate) board: Board,
    pub(crate) patience: Patience,
    pub(crate) failure: mpsc::Sender<UpError>,
    pub(crate) stop: CancellationToken,
    pub(crate) kill: CancellationToken,
    pub(crate) process: Option<BoxedProcess>,
}

impl Watcher {
    pub(crate) async fn run(mut self) {
        let stop = self.stop.clone();
        tokio::select! {
            () = self.keep_running() => {}
            () = stop.cancelled() => {}
        }
        self.stop_process().await;
    }

    /// Returns only after `stop` was cancelled.
    async fn keep_running(&mut self) {
        self.wait_for_needs().await;
        let mut backoff = RestartBackoff::default();
        let mut step = self.plan.steps.begin(self.part.to_string());
        let (mut was_ready, mut said) = (false, String::new());
        loop {
            match self.attempt(was_ready).await {
                Ok(()) => {
                    step.done("");
                    was_ready = true;
                    said.clear();
                    self.board.set(self.part, Standing::Ready);
                    step = self.until_it_fails().await;
                }
                Err(error) if !was_ready && self.is_hopeless(&error) => {
                    step.failed("see below");
                    // There is room for one failure of each part.
                    let _ = self.failure.try_send(error);
                    return self.stop.cancelled().await;
                }
                Err(error) => {
                    let why = error.to_string();
                    self.board.set(self.part, Standing::Failing(why.clone()));
                    // Process ids and times differ from attempt to attempt.
                    let without_numbers = why.replace(|each: char| each.is_ascii_digit(), "");
                    if said != without_numbers {
                        said = without_numbers;
                        self.say(&format!("{} does not start, and is tried again until it does: {why}", self.part));
                    }
                }
            }
            tokio::time::sleep(backoff.after_failure(Instant::now())).await;
        }
    }

    async fn wait_for_needs(&self) {
        let needs = self.part.needs(self.plan.profile);
        let mut standings = self.board.watch();
        loop {
            let missing = missing(&standings.borrow_and_update(), needs);
            let Some(missing) = missing else { break };
            if missing.is_failing {
                self.board.set(self.part, Standing::Failing(format!("it waits for {}", missing.part)));
            }
            // The board is alive as long as this watcher is.
            let _ = standings.changed().await;
        }
        self.board.set(self.part, Standing::Starting);
    }

    /// Starts the part and waits until it is ready.
    async fn attempt(&mut self, was_ready: bool) -> Result<(), UpError> {
        if self.part.is_step() {
            return self.plan.perform(self.part).await;
        }
        // What is left of the last attempt is killed before the next.
        if let Some(mut before) = self.process.take() {
            before.kill().await;
        }
        self.process = self.plan.spawn(self.part).await?;
        let Some(process) = &self.process else { return Ok(()) };
        let ends_slow_start = self.patience() == Patience::None && !was_ready;
        let (part, board) = (self.part, &self.board);
        let ready = process.wait_until_ready_or(|waited, why| {
            if ends_slow_start && waited > Duration::from_secs(READY_S_MAX) {
                let (name, log) = (process.name().to_owned(), process.reason());
                return Err(processes::Error::NotReady { name, seconds: READY_S_MAX, why, log });
            }
            // It is not killed: a database that recovers after a crash must not begin again.
            if !ends_slow_start && waited > Duration::from_secs(SLOW_S) {
                board.set(part, Standing::Failing(format!("it runs, but is not ready: {why}")));
            }
            Ok(())
        });
        Ok(ready.await?)
    }

    /// Waits until the part must be started again, and says so.
    async fn until_it_fails(&self) -> Step {
        let Some(process) = &self.process else {
            self.until_it_must_be_repeated().await;
            return self.plan.steps.begin(self.part.to_string());
        };
        let status = process.ended().await;
        let (name, reason) = (process.name(), process.reason());
        self.board.set(self.part, Standing::Failing(format!("it died ({status})")));
        self.say(&format!("{name} died ({status}) and is started again; its log says:\n{reason}"));
        self.plan.steps.begin(format!("restart {name}"))
    }

    /// Kafka may come back with other data, without the topics; a database is never replaced while `up` runs.
    async fn until_it_must_be_repeated(&self) {
        if self.part != Part::Topics {
            return std::future::pending().await;
        }
        let kafka = |is_ready: bool| {
            self.board.wait_until(move |standings| (standings.get(&Part::Kafka) == Some(&Standing::Ready)) == is_ready)
        };
        kafka(false).await;
        kafka(true).await;
    }

    /// Events are collected and stored without Grafana.
    fn patience(&self) -> Patience {
        if self.part == Part::Grafana { Patience::Endless } else { self.patience }
    }

    /// Whether trying again would not help.
    fn is_hopeless(&self, error: &UpError) -> bool {
        self.patience() == Patience::None || error.is_in_the_installation()
    }

    async fn stop_process(mut self) {
        let Some(process) = &mut self.process else { return };
        if process.status().is_some() {
            return;
        }
        let step = self.plan.steps.begin(format!("stop {}", process.name()));
        let limit = stop_max(self.part);
        let ending = tokio::select! {
            ending = process.stop(limit) => Some(ending),
            () = self.kill.cancelled() => None,
        };
        match ending {
            Some(Ending::Stopped) => step.done(""),
            Some(Ending::Killed) => step.done(&format!("killed after {} s", limit.as_secs())),
            None => {
                process.kill().await;
                step.done("killed");
            }
        }
    }

    fn say(&self, text: &str) {
        self.plan.steps.say(text);
    }
}

/// How long a part may take to stop before it is killed. Only those that keep data lose anything by it: time, when
/// they recover at the next start.
fn stop_max(part: Part) -> Duration {
    const STOP_S_MAX: u64 = 4;
    const DATA_STOP_S_MAX: u64 = 30;
    Duration::from_secs(if part.keeps_data() { DATA_STOP_S_MAX } else { STOP_S_MAX })
}
