//! A view: asks in rounds while somebody looks, renders the answers, and says which parts of the page changed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use jiff::{Timestamp, ToSpan};
use tokio::sync::{Notify, watch};

use super::plan::{self, Answers, Ask, CURVE_BEFORE, Key, PLAN, When};
use super::stream::message;
use super::{Changes, Shared};
use crate::database::{Arguments, QueryError};
use crate::page::{self, Part};
use crate::selection::{Range, Selection};

/// What a view shows at one moment.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// Grows with each snapshot of any view, over restarts too.
    pub(crate) version: u64,
    pub(crate) parts: Vec<Versioned>,
    /// Whether every question was asked at least once.
    pub(crate) is_whole: bool,
    pub(super) made_at: Option<Instant>,
    /// Up to which change it knows.
    pub(super) events: u64,
    /// The version before, and what brings a page from there to here: made once for all who are that far.
    pub(super) step: Option<(u64, Bytes)>,
}

impl Snapshot {
    /// A part's content.
    pub(crate) fn html(&self, id: &str) -> &str {
        self.parts.iter().find(|part| part.part.id == id).map_or("", |part| part.part.html.as_str())
    }
}

/// A part of the page, and since when it is as it is.
#[derive(Debug, Clone)]
pub(crate) struct Versioned {
    pub(crate) part: Part,
    pub(crate) since: u64,
}

/// Versions begin with the clock, so that those of an earlier process are smaller.
fn next_version() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = u64::try_from(Timestamp::now().as_microsecond()).unwrap_or_default();
    let later = |last: u64| Some(now.max(last + 1));
    // It always answers: `later` gives a version each time.
    LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later).map_or(now, |last| now.max(last + 1))
}

/// When a question was last asked, and until when it rests.
#[derive(Debug, Clone, Copy)]
struct Rest {
    until: Instant,
}

pub(super) struct View {
    selection: Selection,
    shared: Arc<Shared>,
    changes: watch::Receiver<Changes>,
    snapshots: watch::Sender<Arc<Snapshot>>,
    wanted: Arc<Notify>,
    answers: Answers,
    rests: HashMap<Key, Rest>,
    range: Option<Range>,
    seen: Changes,
}

impl View {
    pub(super) fn new(
        selection: Selection,
        shared: Arc<Shared>,
        changes: watch::Receiver<Changes>,
        snapshots: watch::Sender<Arc<Snapshot>>,
        wanted: Arc<Notify>,
    ) -> Self {
        let (answers, rests) = (Answers::new(), HashMap::new());
        let seen = *changes.borrow();
        Self { selection, shared, changes, snapshots, wanted, answers, rests, range: None, seen }
    }

    /// Rounds while somebody looks. Ends when nobody has looked for a while and `forget` agrees.
    pub(super) async fn keep(mut self, forget: impl Fn() -> bool) {
        let round_min = Duration::from_millis(self.shared.live.round_ms_min);
        let linger = Duration::from_millis(self.shared.live.linger_ms);
        let mut concerns_all = true;
        loop {
            let began = Instant::now();
            self.seen = *self.changes.borrow_and_update();
            let postponed = self.round(concerns_all).await;
            concerns_all = false;
            tokio::time::sleep(round_min.saturating_sub(began.elapsed())).await;
            // Nobody looks: nothing is asked, until somebody does.
            while self.snapshots.receiver_count() == 0 {
                let wanted = tokio::time::timeout(linger, self.wanted.notified()).await;
                if wanted.is_err() && forget() {
                    return;
                }
            }
            let rested = async {
                match postponed {
                    Some(until) => tokio::time::sleep_until(until.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = self.changes.changed() => if changed.is_err() { return },
                () = rested => concerns_all = true,
            }
            concerns_all |= self.changes.borrow().concern_all(self.seen);
        }
    }

    /// Asks what is due, and publishes. Answers when the first question that had to rest may be asked again.
    async fn round(&mut self, concerns_all: bool) -> Option<Instant> {
        self.shared.metrics.rounds.inc();
        let now = Instant::now();
        match self.shared.database.range(&self.selection).await {
            Ok(range) => self.range = Some(range),
            // Nothing can be asked; what was known stays, and the first page says why.
            Err(error) if self.range.is_none() => {
                self.answers = PLAN.iter().map(|ask| (ask.key, Err(error.clone()))).collect();
                self.publish(true);
                return Some(now + Duration::from_secs(1));
            }
            Err(_) => return Some(now + Duration::from_secs(1)),
        }
        let mut postponed: Option<Instant> = None;
        for wave in 0..=2 {
            let mut due = Vec::new();
            for ask in PLAN.iter().filter(|ask| ask.when.wave() == wave && (concerns_all || ask.when == When::Now)) {
                if !self.applies(ask) {
                    self.answers.remove(ask.key);
                    continue;
                }
                match self.rests.get(ask.key) {
                    Some(rest) if rest.until > now => {
                        postponed = Some(postponed.map_or(rest.until, |other| other.min(rest.until)));
                    }
                    _ => due.push(ask),
                }
            }
            if !due.is_empty() {
                self.ask(due).await;
                self.publish(false);
            }
        }
        self.publish(true);
        postponed
    }

    fn applies(&self, ask: &Ask) -> bool {
        let has = |name: &str| plan::has_type(&self.answers, |other| other == name);
        match ask.when {
            When::Then if ask.key == "funnel" => self.shared.steps.as_array().is_some_and(|steps| !steps.is_empty()),
            When::Now | When::First | When::Then => true,
            When::With(event_type) => has(event_type),
            When::WithCustom => plan::has_custom_type(&self.answers),
            When::OfOneType => self.selection.only_event_type().is_some(),
            When::OfOneProperty => self.selection.only_event_type().is_some() && self.selection.property.is_some(),
        }
    }

    async fn ask(&mut self, due: Vec<&'static Ask>) {
        let Some(range) = self.range.clone() else { return };
        let shared = self.shared.clone();
        let shared = &*shared;
        let now = Timestamp::now();
        let rows = i32::from(shared.look.rows_max);
        let arguments = Arguments {
            time_zone: self.selection.time_zone.clone(),
            filters: self.selection.filters_json(),
            limit: rows,
            dimension: String::new(),
            event_type: self.selection.only_event_type().unwrap_or_default().to_owned(),
            property: self.selection.property.clone().unwrap_or_default(),
            steps: shared.steps.clone(),
            at: now,
            // An event may carry a time that is a little ahead of ours.
            before: now.checked_add(24.hours()).unwrap_or(now),
            range,
        };
        let whole_curve = page::curve_before(&self.selection, &arguments.range);
        let asked = due.into_iter().map(|ask: &'static Ask| {
            let mut arguments = arguments.clone();
            ask.dimension.clone_into(&mut arguments.dimension);
            match ask.key {
                CURVE_BEFORE => (arguments.range.since, arguments.range.until) = whole_curve,
                "recent_events" => arguments.limit = i32::from(shared.look.recent_rows_max),
                _ => {}
            }
            // Boxed, because the compiler does not see otherwise that it may move between threads.
            Box::pin(async move {
                let began = Instant::now();
                let answer = shared.database.ask(ask.question, &arguments).await;
                (ask.key, answer, began.elapsed())
            })
        });
        let asked: Vec<_> = asked.collect();
        let answers: Vec<_> = stream::iter(asked).buffer_unordered(shared.concurrent).collect().await;
        let ended = Instant::now();
        for (key, answer, took) in answers {
            self.rests.insert(key, Rest { until: ended + took * shared.live.rest_factor });
            self.note(key, answer);
        }
    }

    fn note(&mut self, key: Key, answer: Result<crate::table::Table, QueryError>) {
        // A database that is away for a moment takes nothing off the page that is on it already.
        let keeps = matches!(answer, Err(QueryError::Away)) && matches!(self.answers.get(key), Some(Ok(_)));
        if !keeps {
            self.answers.insert(key, answer);
        }
    }

    /// Renders, and publishes where something changed.
    fn publish(&self, is_round_over: bool) {
        let parts = page::parts(&self.shared.look, &self.selection, self.range.as_ref(), &self.answers);
        let before = self.snapshots.borrow().clone();
        let version = next_version();
        let mut has_changed = false;
        let parts: Vec<_> = parts
            .into_iter()
            .map(|part| {
                let same = before.parts.iter().find(|old| old.part == part);
                has_changed |= same.is_none();
                Versioned { since: same.map_or(version, |old| old.since), part }
            })
            .collect();
        if !has_changed && !is_round_over {
            return;
        }
        let is_whole = before.is_whole || is_round_over;
        let step = message(&parts, before.version, version).map(|message| (before.version, message));
        // A round without a change makes a snapshot all the same: it tells a page that loads that this is now. Whoever
        // watches is woken, and finds nothing to send.
        self.snapshots.send_replace(Arc::new(Snapshot {
            version: if has_changed { version } else { before.version },
            parts,
            is_whole,
            made_at: Some(Instant::now()),
            events: if is_round_over { self.seen.events } else { before.events },
            step: if has_changed { step } else { before.step.clone() },
        }));
    }
}
