//! One view for each selection that somebody looks at, however many they are.

mod stream;
mod view;

pub(crate) use stream::{Place, Watch, stream};
pub(crate) use view::Snapshot;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, LiveConfig};
use crate::database::Database;
use crate::metrics::Metrics;
use crate::page::Look;
use crate::selection::Selection;

/// A snapshot that is younger shows what a person would call now.
const FRESH_MS: u64 = 1_000;
/// Every so many ticks all is asked anew: the bounds of a period move with the clock.
const TICKS_PER_WHOLE_ROUND: u64 = 12;

/// What makes views ask again, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Changes {
    /// Events were stored, or may have been.
    events: u64,
    /// Time has passed.
    ticks: u64,
}

impl Changes {
    /// Whether all is asked anew, where this follows on `earlier`.
    fn concern_all(self, earlier: Self) -> bool {
        self.events != earlier.events || self.ticks / TICKS_PER_WHOLE_ROUND != earlier.ticks / TICKS_PER_WHOLE_ROUND
    }
}

/// The views under way.
pub(crate) struct Views {
    views: Mutex<HashMap<Selection, Known>>,
    changes: watch::Sender<Changes>,
    shared: Arc<Shared>,
    views_max: usize,
    shutdown: CancellationToken,
}

struct Known {
    snapshots: watch::Sender<Arc<Snapshot>>,
    wanted: watch::Sender<u64>,
}

/// What every view works with.
struct Shared {
    database: Database,
    metrics: Arc<Metrics>,
    live: LiveConfig,
    look: Look,
    steps: Value,
    connections: usize,
}

/// More views are looked at than there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TooManyViews;

impl Views {
    pub(crate) fn new(
        config: &Config,
        database: Database,
        metrics: Arc<Metrics>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        let shared = Shared {
            database,
            metrics,
            live: config.live.clone(),
            look: Look::new(&config.page),
            steps: serde_json::to_value(&config.page.funnel)?,
            connections: config.database.connections,
        };
        Ok(Self {
            views: Mutex::default(),
            changes: watch::Sender::new(Changes::default()),
            shared: Arc::new(shared),
            views_max: config.live.views_max,
            shutdown,
        })
    }

    /// Events were stored: every view that is looked at asks again.
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|changes| changes.events += 1);
    }

    /// Lets time pass, until the shutdown.
    pub(crate) async fn tick(self: Arc<Self>) {
        let mut interval = tokio::time::interval(Duration::from_millis(self.shared.live.tick_ms));
        interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                _ = interval.tick() => self.changes.send_modify(|changes| changes.ticks += 1),
            }
        }
    }

    /// The snapshots of a selection's view, from now on; the first may be one that was made before.
    pub(crate) fn watch(
        self: &Arc<Self>,
        selection: &Selection,
    ) -> Result<watch::Receiver<Arc<Snapshot>>, TooManyViews> {
        let mut views = self.lock();
        if let Some(known) = views.get(selection) {
            let receiver = known.snapshots.subscribe();
            known.wanted.send_modify(|count| *count += 1);
            return Ok(receiver);
        }
        if views.len() >= self.views_max {
            return Err(TooManyViews);
        }
        let known = Known { snapshots: watch::Sender::new(Arc::default()), wanted: watch::Sender::new(0) };
        let receiver = known.snapshots.subscribe();
        let view = view::View::new(
            selection.clone(),
            self.shared.clone(),
            self.changes.subscribe(),
            known.snapshots.clone(),
            known.wanted.subscribe(),
        );
        views.insert(selection.clone(), known);
        self.shared.metrics.views.inc();
        let (views, selection) = (self.clone(), selection.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = views.shutdown.cancelled() => {}
                () = view.keep(|| views.forget(&selection)) => {}
            }
            views.shared.metrics.views.dec();
        });
        Ok(receiver)
    }

    /// What a page shows that is loaded now.
    pub(crate) async fn snapshot(self: &Arc<Self>, selection: &Selection) -> Result<Arc<Snapshot>, TooManyViews> {
        let events = self.changes.borrow().events;
        let mut receiver = self.watch(selection)?;
        let is_now = |snapshot: &Arc<Snapshot>| {
            let is_fresh = |made: Instant| made.elapsed() < Duration::from_millis(FRESH_MS);
            snapshot.is_whole && (snapshot.events >= events || snapshot.made_at.is_some_and(is_fresh))
        };
        let snapshot = receiver.wait_for(is_now).await.map(|snapshot| snapshot.clone());
        // The view ends early only in a shutdown.
        Ok(snapshot.unwrap_or_default())
    }

    /// Takes a view away, unless somebody looks at it.
    fn forget(&self, selection: &Selection) -> bool {
        let mut views = self.lock();
        // Under the lock nobody can begin to look.
        let is_looked_at = views.get(selection).is_some_and(|known| known.snapshots.receiver_count() > 0);
        if !is_looked_at {
            views.remove(selection);
        }
        !is_looked_at
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Selection, Known>> {
        self.views.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
