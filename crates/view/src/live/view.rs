//! A view asks its questions while a page shows it, and publishes a snapshot of the rendered answers whenever there are
//! new ones. No question waits for another's answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use serde_json::Value;
use tokio::sync::watch;

use super::arguments;
use super::changes::Changes;
use super::round::Round;
use crate::config::{LiveConfig, PageConfig};
use crate::database::{Answered, Database, QueryError, Request};
use crate::metrics::Metrics;
use crate::page;
use crate::plan::{self, PlannedQuestion};
use crate::selection::{Range, Selection};
use crate::snapshot::Snapshot;
use crate::turns::{Asker, Weight};

/// A browser loads the page first and then opens its event stream; the view has to outlive the gap.
const LINGER_MS_MIN: u64 = 100;
/// One without scripts loads the page again until it is complete ([`page::RELOAD_S`]).
const LINGER_INCOMPLETE_MS_MIN: u64 = 2 * 1_000 * page::RELOAD_S;

/// Used by all views.
pub(super) struct Shared {
    pub(super) database: Database,
    pub(super) metrics: Arc<Metrics>,
    pub(super) live: LiveConfig,
    pub(super) page: PageConfig,
    /// The steps of the funnel.
    pub(super) steps: Value,
}

pub(super) struct View {
    pub(super) selection: Selection,
    pub(super) asker: Asker,
    pub(super) shared: Arc<Shared>,
    pub(super) changes: watch::Receiver<Changes>,
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(super) subscriptions: watch::Receiver<u64>,
}

/// What has come from the database.
enum Arrival {
    Range(Result<Range, QueryError>),
    Answer(usize, Answered),
}

type Awaited<'a> = FuturesUnordered<BoxFuture<'a, Arrival>>;

impl View {
    /// Runs until no page has shown the view for `live.linger_ms` and `remove` has removed it. Questions that are still
    /// being worked out are then cancelled.
    pub(super) async fn run(self, remove: impl Fn() -> bool) {
        tokio::select! {
            () = self.ask() => {}
            () = self.until_removed(remove) => {}
        }
    }

    async fn until_removed(&self, remove: impl Fn() -> bool) {
        let mut subscriptions = self.subscriptions.clone();
        loop {
            subscriptions.mark_unchanged();
            let ms_min = if self.snapshots.borrow().is_complete { LINGER_MS_MIN } else { LINGER_INCOMPLETE_MS_MIN };
            tokio::time::sleep(Duration::from_millis(self.shared.live.linger_ms.max(ms_min))).await;
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
    async fn ask(&self) {
        let (mut changes, mut subscriptions) = (self.changes.clone(), self.subscriptions.clone());
        let has_funnel = self.shared.steps.as_array().is_some_and(|steps| !steps.is_empty());
        let mut round = Round::new(plan::of(&self.selection, has_funnel), *changes.borrow());
        let mut awaited = Awaited::new();
        self.publish(&mut round);
        loop {
            round.note(*changes.borrow_and_update());
            subscriptions.mark_unchanged();
            // Asks nothing while no page is open, except to complete one that loads again and again.
            let may_ask = self.is_watched() || !round.is_complete();
            let next_at = round.next_at().filter(|_| may_ask);
            if next_at.is_some_and(|at| at <= Instant::now()) {
                self.shared.metrics.rounds.inc();
                round.begin(Duration::from_millis(self.shared.live.round_ms_min));
                awaited.push(self.ask_range().boxed());
                continue;
            }
            let due = async {
                match next_at {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(arrival) = awaited.next(), if !awaited.is_empty() => {
                    self.take(arrival, &mut round, &mut awaited);
                    while let Some(Some(arrival)) = awaited.next().now_or_never() {
                        self.take(arrival, &mut round, &mut awaited);
                    }
                    self.publish(&mut round);
                }
                changed = changes.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    // Parts may have become old.
                    if round.note(*changes.borrow_and_update()) {
                        self.publish(&mut round);
                    }
                }
                changed = subscriptions.changed(), if !may_ask => if changed.is_err() { return },
                () = due => {}
            }
        }
    }

    fn request(&self, weight: Weight) -> Request {
        Request { asker: self.asker, weight, turn_max: None }
    }

    async fn ask_range(&self) -> Arrival {
        let weight = if self.selection.is_light() { Weight::Light } else { Weight::Quick };
        Arrival::Range(self.shared.database.range(&self.selection, self.request(weight)).await)
    }

    fn take<'a>(&'a self, arrival: Arrival, round: &mut Round, awaited: &mut Awaited<'a>) {
        let shared = &*self.shared;
        match arrival {
            Arrival::Answer(place, answered) => {
                round.answered(place, answered, &shared.live, usize::from(shared.page.rows_max));
            }
            Arrival::Range(range) => {
                let begun = round.begun(range);
                let Some(range) = round.range() else { return };
                let of_round = arguments::of_round(&self.selection, range, &shared.page, &shared.steps);
                for (place, planned) in begun {
                    let arguments = arguments::of_question(planned, &of_round, &self.selection, &shared.page);
                    awaited.push(self.ask_one(place, planned, arguments).boxed());
                }
            }
        }
    }

    async fn ask_one(
        &self,
        place: usize,
        planned: &'static PlannedQuestion,
        arguments: crate::database::Arguments,
    ) -> Arrival {
        let request = self.request(planned.weight(&self.selection));
        Arrival::Answer(place, self.shared.database.ask(planned.question, &arguments, request).await)
    }

    /// Renders the answers and publishes the snapshot.
    fn publish(&self, round: &mut Round) {
        let (outage, ages, as_of) = (round.outage(), round.ages(), round.as_of());
        let (page, selection) = (&self.shared.page, &self.selection);
        let fragments = page::fragments(page, selection, round.range(), round.answers(), &ages, outage.as_ref());
        // Published even if nothing changed, because a loading page waits for a current snapshot. Open pages wake up
        // and find nothing to send.
        let next = self.snapshots.borrow().next(fragments, round.is_complete(), as_of);
        self.snapshots.send_replace(Arc::new(next));
    }
}
