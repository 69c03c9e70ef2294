//! A view asks its questions in rounds while a page shows it, and publishes a snapshot of the rendered answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;

use super::arguments;
use super::changes::Changes;
use crate::config::{LiveConfig, PageConfig};
use crate::database::{Database, QueryError};
use crate::metrics::Metrics;
use crate::page::{self, Outage};
use crate::plan::{self, Answers, Key, PLAN, PlannedQuestion, Schedule};
use crate::selection::{Range, Selection};
use crate::snapshot::Snapshot;

/// A browser loads the page first and then opens its event stream; the view has to outlive the gap.
const LINGER_MS_MIN: u64 = 100;
const DATABASE_RETRY: Duration = Duration::from_secs(1);

/// Used by all views.
pub(super) struct Shared {
    pub(super) database: Database,
    pub(super) metrics: Arc<Metrics>,
    pub(super) live: LiveConfig,
    pub(super) page: PageConfig,
    /// The steps of the funnel.
    pub(super) steps: Value,
    /// Number of database connections.
    pub(super) connections: usize,
}

/// A view runs two loops, so that the numbers that change with every click do not wait for slow tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    Quick,
    Slow,
}

impl Pace {
    fn waves(self) -> std::ops::RangeInclusive<u8> {
        match self {
            Self::Quick => 0..=0,
            Self::Slow => 1..=2,
        }
    }
}

pub(super) struct View {
    selection: Selection,
    shared: Arc<Shared>,
    changes: watch::Receiver<Changes>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    subscriptions: watch::Receiver<u64>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    answers: Answers,
    range: Option<Range>,
    /// Why the last round's questions were not answered.
    error: Option<QueryError>,
    /// When questions were last answered.
    answered_at: Option<Timestamp>,
    /// The value of `Changes::events` that each pace's last complete round included.
    quick_as_of: Option<u64>,
    slow_as_of: Option<u64>,
}

impl View {
    pub(super) fn new(
        selection: Selection,
        shared: Arc<Shared>,
        changes: watch::Receiver<Changes>,
        snapshots: watch::Sender<Arc<Snapshot>>,
        subscriptions: watch::Receiver<u64>,
    ) -> Self {
        Self { selection, shared, changes, snapshots, subscriptions, state: Mutex::default() }
    }

    /// Runs until no page has shown the view for `live.linger_ms` and `remove` has removed it.
    pub(super) async fn run(self, remove: impl Fn() -> bool) {
        tokio::select! {
            () = self.run_rounds(Pace::Quick) => {}
            () = self.run_rounds(Pace::Slow) => {}
            () = self.until_removed(remove) => {}
        }
    }

    async fn until_removed(&self, remove: impl Fn() -> bool) {
        let linger = Duration::from_millis(self.shared.live.linger_ms.max(LINGER_MS_MIN));
        let mut subscriptions = self.subscriptions.clone();
        loop {
            subscriptions.mark_unchanged();
            tokio::time::sleep(linger).await;
            let is_in_use = self.is_watched() || subscriptions.has_changed().unwrap_or(false);
            if !is_in_use && remove() {
                return;
            }
        }
    }

    fn is_watched(&self) -> bool {
        self.snapshots.receiver_count() > 0
    }

    /// Returns only at shutdown.
    async fn run_rounds(&self, pace: Pace) {
        let round_min = Duration::from_millis(self.shared.live.round_ms_min);
        let (mut changes, mut subscriptions) = (self.changes.clone(), self.subscriptions.clone());
        let mut not_before = HashMap::new();
        let mut ask_all = true;
        let mut last = *changes.borrow();
        loop {
            let began = Instant::now();
            let current = *changes.borrow_and_update();
            ask_all |= current.affect_all(last);
            last = current;
            let next_due = self.round(pace, ask_all, current, &mut not_before).await;
            // A postponed question is asked in the next round, even if only a tick starts that round.
            ask_all = next_due.is_some();
            tokio::time::sleep(round_min.saturating_sub(began.elapsed())).await;
            // Asks nothing while no page is open.
            while !self.is_watched() {
                subscriptions.mark_unchanged();
                if !self.is_watched() && subscriptions.changed().await.is_err() {
                    return;
                }
            }
            let due = async {
                match next_due {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = due => {}
            }
        }
    }

    /// Asks the due questions and publishes the answers. Returns the time at which the first postponed question is due.
    async fn round(
        &self,
        pace: Pace,
        ask_all: bool,
        current: Changes,
        not_before: &mut HashMap<Key, Instant>,
    ) -> Option<Instant> {
        if pace == Pace::Slow && !ask_all {
            self.publish(pace, Some(current.events));
            return None;
        }
        self.shared.metrics.rounds.inc();
        let now = Instant::now();
        let range = self.shared.database.range(&self.selection).await;
        let Some(range) = self.update_range(range) else {
            // The page keeps the old answers and says that they are out of date.
            self.publish(pace, Some(current.events));
            return Some(now + DATABASE_RETRY);
        };
        let mut next_due: Option<Instant> = None;
        for wave in pace.waves() {
            let mut due = Vec::new();
            let is_asked = |planned: &&PlannedQuestion| ask_all || planned.schedule == Schedule::EveryTick;
            for planned in PLAN.iter().filter(|planned| planned.schedule.wave() == wave).filter(is_asked) {
                if !self.applies(planned) {
                    self.lock().answers.remove(planned.key);
                    continue;
                }
                match not_before.get(planned.key) {
                    Some(at) if *at > now => next_due = Some(next_due.map_or(*at, |other| other.min(*at))),
                    _ => due.push(planned),
                }
            }
            if !due.is_empty() {
                self.ask(pace, &range, due, not_before).await;
                if self.lock().error.is_some() {
                    let retry = Instant::now() + DATABASE_RETRY;
                    next_due = Some(next_due.map_or(retry, |other| other.min(retry)));
                }
                self.publish(pace, None);
            }
        }
        self.publish(pace, Some(current.events));
        next_due
    }

    fn update_range(&self, range: Result<Range, QueryError>) -> Option<Range> {
        let mut state = self.lock();
        match range {
            Ok(range) => {
                state.range = Some(range.clone());
                state.error = None;
                Some(range)
            }
            Err(error) => {
                state.error = Some(error);
                None
            }
        }
    }

    fn applies(&self, planned: &PlannedQuestion) -> bool {
        let state = self.lock();
        let has = |name: &str| plan::has_event_type(&state.answers, |other| other == name);
        match planned.schedule {
            Schedule::Later if planned.key == "funnel" => {
                self.shared.steps.as_array().is_some_and(|steps| !steps.is_empty())
            }
            Schedule::EveryTick | Schedule::First | Schedule::Later => true,
            Schedule::IfEventType(event_type) => has(event_type),
            Schedule::IfCustomEvents => plan::has_custom_events(&state.answers),
            Schedule::IfOneEventType => self.selection.only_event_type().is_some(),
            Schedule::IfOneProperty => self.selection.only_event_type().is_some() && self.selection.property.is_some(),
        }
    }

    async fn ask(
        &self,
        pace: Pace,
        range: &Range,
        due: Vec<&'static PlannedQuestion>,
        not_before: &mut HashMap<Key, Instant>,
    ) {
        let shared = &*self.shared;
        let (rest_factor, concurrent) = match pace {
            Pace::Quick => (shared.live.quick_rest_factor, shared.connections),
            // Leaves half of the connections for the quick pace.
            Pace::Slow => (shared.live.rest_factor, shared.connections.div_ceil(2)),
        };
        let of_round = arguments::of_round(&self.selection, range, &shared.page, &shared.steps);
        let asked = due.into_iter().map(|planned: &'static PlannedQuestion| {
            let arguments = arguments::of_question(planned, &of_round, &self.selection, &shared.page);
            // Without the box, the compiler cannot prove that this future is Send.
            Box::pin(async move {
                let began = Instant::now();
                let answer = shared.database.ask(planned.question, &arguments).await;
                (planned.key, answer, began.elapsed())
            })
        });
        let asked: Vec<_> = asked.collect();
        let answers: Vec<_> = stream::iter(asked).buffer_unordered(concurrent).collect().await;
        let ended = Instant::now();
        let mut state = self.lock();
        for (key, answer, took) in answers {
            let outage = answer.as_ref().err().filter(|error| error.is_outage());
            // What was not answered is asked again as soon as it can be.
            let rest = if outage.is_some() { DATABASE_RETRY } else { took * rest_factor };
            not_before.insert(key, ended + rest);
            // An outage does not clear tables that the page already shows.
            let keeps_old = outage.is_some() && matches!(state.answers.get(key), Some(Ok(_)));
            match outage {
                Some(outage) => state.error = Some(outage.clone()),
                None => state.answered_at = Some(Timestamp::now()),
            }
            if !keeps_old {
                state.answers.insert(key, answer);
            }
        }
    }

    /// Renders the answers and publishes the snapshot. `as_of` is set when a round has ended.
    fn publish(&self, pace: Pace, as_of: Option<u64>) {
        // Held until the end, so that the two paces cannot publish at the same time.
        let mut state = self.lock();
        match pace {
            Pace::Quick => state.quick_as_of = as_of.or(state.quick_as_of),
            Pace::Slow => state.slow_as_of = as_of.or(state.slow_as_of),
        }
        let State { answers, range, error, answered_at, quick_as_of, slow_as_of } = &*state;
        let outage = error.clone().map(|error| Outage { error, answered_at: *answered_at });
        let fragments = page::fragments(&self.shared.page, &self.selection, range.as_ref(), answers, outage.as_ref());
        let is_complete = quick_as_of.is_some() && slow_as_of.is_some();
        // Published even if nothing changed, because a loading page waits for a current snapshot. Open pages wake up
        // and find nothing to send.
        let next = self.snapshots.borrow().next(fragments, is_complete, quick_as_of.unwrap_or_default());
        self.snapshots.send_replace(Arc::new(next));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
