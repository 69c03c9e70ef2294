//! Starts the parts of an instance, keeps them running, and stops them in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::board::Board;
use super::error::UpError;
use super::part::Part;
use super::plan::Plan;
use super::watcher::{Patience, Watcher};

/// The parts of an instance, each with the task that starts and watches it.
pub(crate) struct Supervisor {
    pub(crate) board: Board,
    watched: BTreeMap<Part, Watched>,
    failures: mpsc::Receiver<UpError>,
    kill: CancellationToken,
}

struct Watched {
    stop: CancellationToken,
    watcher: JoinHandle<()>,
}

impl Supervisor {
    /// Starts every part as soon as those that it needs are ready.
    pub(crate) fn start(plan: &Arc<Plan>, patience: Patience) -> Self {
        let parts = Part::all(plan.profile, plan.grafana.is_ok());
        let board = Board::of(&parts);
        let kill = CancellationToken::new();
        let (failure, failures) = mpsc::channel(parts.len());
        let watched = parts.into_iter().map(|part| {
            let stop = CancellationToken::new();
            let watcher = Watcher {
                part,
                plan: plan.clone(),
                board: board.clone(),
                patience,
                failure: failure.clone(),
                stop: stop.clone(),
                kill: kill.clone(),
                process: None,
            };
            (part, Watched { stop, watcher: tokio::spawn(watcher.run()) })
        });
        Self { watched: watched.collect(), board, failures, kill }
    }

    /// Resolves with the reason if a part cannot be started and trying again would not help.
    pub(crate) async fn failed(&mut self) -> UpError {
        match self.failures.recv().await {
            Some(error) => error,
            // No watcher is left that could fail.
            None => std::future::pending().await,
        }
    }

    /// Cancel it to make [`Supervisor::stop`] kill what is still running.
    pub(crate) fn kill_token(&self) -> CancellationToken {
        self.kill.clone()
    }

    /// Stops every process, those that clients connect to first.
    pub(crate) async fn stop(mut self) {
        // A step that is still waiting would begin when the part that it needs is ready.
        for (_, step) in self.watched.iter().filter(|(part, _)| part.is_step()) {
            step.stop.cancel();
        }
        for group in Part::stop_order() {
            let mut stopping = JoinSet::new();
            for watched in group.iter().filter_map(|part| self.watched.remove(part)) {
                watched.stop.cancel();
                stopping.spawn(watched.watcher);
            }
            // A watcher that panicked has dropped its process, which kills it.
            while stopping.join_next().await.is_some() {}
        }
    }
}
