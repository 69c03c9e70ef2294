//! A view: asks in rounds while somebody looks, renders the answers, and says which parts of the page changed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use jiff::{Timestamp, ToSpan};
use tokio::sync::watch;

use super::stream::message;
use super::{Changes, Shared};
use crate::database::{Arguments, QueryError};
use crate::page::{self, Part};
use crate::plan::{self, Answers, Key, LAST_30_MINUTES, PLAN, PREVIOUS_VISITS_OVER_TIME, PlannedQuestion, Schedule};
use crate::selection::{Range, Selection};

/// Least time that a view is kept: between a page and its events lies the way to a browser and back.
const LINGER_MS_MIN: u64 = 100;
/// When a database that is away is asked again.
const AGAIN: Duration = Duration::from_secs(1);

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

/// The last half hour, of one type of event where none is chosen: then each minute has one row.
fn pulse(arguments: &mut Arguments) {
    let minute = arguments.at.as_second().div_euclid(60) * 60;
    let at = |seconds| Timestamp::from_second(seconds).unwrap_or(arguments.at);
    (arguments.range.since, arguments.range.until) = (at(minute - 29 * 60), at(minute + 60));
    "1 minute".clone_into(&mut arguments.range.bucket_width);
    if let Some(filters) = arguments.filters.as_object_mut().filter(|filters| !filters.contains_key("event_type")) {
        filters.insert("event_type".into(), "page_view".into());
    }
}

/// Versions begin with the clock, so that those of an earlier process are smaller.
fn next_version() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = u64::try_from(Timestamp::now().as_microsecond()).unwrap_or_default();
    let later = |last: u64| Some(now.max(last + 1));
    // It always answers: `later` gives a version each time.
    LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later).map_or(now, |last| now.max(last + 1))
}

/// How a view's questions take turns: what a click changes before a person's eyes does not wait for the rest.
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
    /// Counts who begins to look.
    wanted: watch::Receiver<u64>,
    known: Mutex<Known>,
}

/// What the view has found out.
#[derive(Default)]
struct Known {
    answers: Answers,
    range: Option<Range>,
    /// Why nothing can be asked now, where that is so.
    trouble: Option<QueryError>,
    /// Up to which change each pace has asked.
    quick: Option<u64>,
    slow: Option<u64>,
}

impl View {
    pub(super) fn new(
        selection: Selection,
        shared: Arc<Shared>,
        changes: watch::Receiver<Changes>,
        snapshots: watch::Sender<Arc<Snapshot>>,
        wanted: watch::Receiver<u64>,
    ) -> Self {
        Self { selection, shared, changes, snapshots, wanted, known: Mutex::default() }
    }

    /// Rounds while somebody looks. Ends when nobody has looked for a while and `forget` agrees.
    pub(super) async fn keep(self, forget: impl Fn() -> bool) {
        tokio::select! {
            () = self.rounds(Pace::Quick) => {}
            () = self.rounds(Pace::Slow) => {}
            () = self.until_nobody_looks(forget) => {}
        }
    }

    async fn until_nobody_looks(&self, forget: impl Fn() -> bool) {
        let linger = Duration::from_millis(self.shared.live.linger_ms.max(LINGER_MS_MIN));
        let mut wanted = self.wanted.clone();
        loop {
            wanted.mark_unchanged();
            tokio::time::sleep(linger).await;
            let is_wanted = self.snapshots.receiver_count() > 0 || wanted.has_changed().unwrap_or(false);
            if !is_wanted && forget() {
                return;
            }
        }
    }

    /// Ends only with the views.
    async fn rounds(&self, pace: Pace) {
        let round_min = Duration::from_millis(self.shared.live.round_ms_min);
        let (mut changes, mut wanted) = (self.changes.clone(), self.wanted.clone());
        let mut rests = HashMap::new();
        let mut concerns_all = true;
        let mut last = *changes.borrow();
        loop {
            let began = Instant::now();
            let seen = *changes.borrow_and_update();
            concerns_all |= seen.concern_all(last);
            last = seen;
            let postponed = self.round(pace, concerns_all, seen, &mut rests).await;
            // A question that had to rest is still owed, whatever the next round is for.
            concerns_all = postponed.is_some();
            tokio::time::sleep(round_min.saturating_sub(began.elapsed())).await;
            // Nobody looks: nothing is asked, until somebody does.
            while self.snapshots.receiver_count() == 0 {
                wanted.mark_unchanged();
                if self.snapshots.receiver_count() == 0 && wanted.changed().await.is_err() {
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
                changed = changes.changed() => if changed.is_err() { return },
                () = rested => {}
            }
        }
    }

    /// Asks what is due, and publishes. Answers when the first question that had to rest may be asked again.
    async fn round(
        &self,
        pace: Pace,
        concerns_all: bool,
        seen: Changes,
        rests: &mut HashMap<Key, Instant>,
    ) -> Option<Instant> {
        if pace == Pace::Slow && !concerns_all {
            self.publish(pace, Some(seen.events));
            return None;
        }
        self.shared.metrics.rounds.inc();
        let now = Instant::now();
        let range = match self.shared.database.range(&self.selection).await {
            Ok(range) => range,
            Err(error) => {
                // What was known stays on the page, which says that it is old.
                self.lock().trouble = Some(error);
                self.publish(pace, Some(seen.events));
                return Some(now + AGAIN);
            }
        };
        {
            let mut known = self.lock();
            known.range = Some(range.clone());
            known.trouble = None;
        }
        let mut postponed: Option<Instant> = None;
        for wave in pace.waves() {
            let mut due = Vec::new();
            for ask in PLAN
                .iter()
                .filter(|ask| ask.schedule.wave() == wave && (concerns_all || ask.schedule == Schedule::EveryTick))
            {
                if !self.applies(ask) {
                    self.lock().answers.remove(ask.key);
                    continue;
                }
                match rests.get(ask.key) {
                    Some(until) if *until > now => {
                        postponed = Some(postponed.map_or(*until, |other| other.min(*until)));
                    }
                    _ => due.push(ask),
                }
            }
            if !due.is_empty() {
                self.ask(pace, &range, due, rests).await;
                self.publish(pace, None);
            }
        }
        self.publish(pace, Some(seen.events));
        postponed
    }

    fn applies(&self, ask: &PlannedQuestion) -> bool {
        let known = self.lock();
        let has = |name: &str| plan::has_event_type(&known.answers, |other| other == name);
        match ask.schedule {
            Schedule::Later if ask.key == "funnel" => {
                self.shared.steps.as_array().is_some_and(|steps| !steps.is_empty())
            }
            Schedule::EveryTick | Schedule::First | Schedule::Later => true,
            Schedule::IfEventType(event_type) => has(event_type),
            Schedule::IfCustomEvents => plan::has_custom_events(&known.answers),
            Schedule::IfOneEventType => self.selection.only_event_type().is_some(),
            Schedule::IfOneProperty => self.selection.only_event_type().is_some() && self.selection.property.is_some(),
        }
    }

    async fn ask(
        &self,
        pace: Pace,
        range: &Range,
        due: Vec<&'static PlannedQuestion>,
        rests: &mut HashMap<Key, Instant>,
    ) {
        let shared = &*self.shared;
        let (rest_factor, concurrent) = match pace {
            Pace::Quick => (shared.live.quick_rest_factor, shared.connections),
            // Half of the connections, so that the quick ones find some.
            Pace::Slow => (shared.live.rest_factor, shared.connections.div_ceil(2)),
        };
        let now = Timestamp::now();
        let arguments = Arguments {
            range: range.clone(),
            time_zone: self.selection.time_zone.clone(),
            filters: self.selection.filters_json(),
            limit: i32::from(shared.look.rows_max),
            dimension: String::new(),
            event_type: self.selection.only_event_type().unwrap_or_default().to_owned(),
            property: self.selection.property.clone().unwrap_or_default(),
            steps: shared.steps.clone(),
            at: now,
            // An event may carry a time that is a little ahead of ours.
            before: now.checked_add(24.hours()).unwrap_or(now),
        };
        let whole_curve = page::curve_before(&self.selection, range);
        let asked = due.into_iter().map(|ask: &'static PlannedQuestion| {
            let mut arguments = arguments.clone();
            ask.dimension.clone_into(&mut arguments.dimension);
            match ask.key {
                PREVIOUS_VISITS_OVER_TIME => (arguments.range.since, arguments.range.until) = whole_curve,
                LAST_30_MINUTES => pulse(&mut arguments),
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
        let answers: Vec<_> = stream::iter(asked).buffer_unordered(concurrent).collect().await;
        let ended = Instant::now();
        let mut known = self.lock();
        for (key, answer, took) in answers {
            rests.insert(key, ended + took * rest_factor);
            // A database that is away for a moment takes nothing off the page that is on it already.
            let keeps = matches!(answer, Err(QueryError::Away)) && matches!(known.answers.get(key), Some(Ok(_)));
            if !keeps {
                known.answers.insert(key, answer);
            }
        }
    }

    /// Renders, and publishes where something changed. `asked` is up to where a round that is over has asked.
    fn publish(&self, pace: Pace, asked: Option<u64>) {
        // Held to the end, so that two paces publish one after the other.
        let mut known = self.lock();
        match pace {
            Pace::Quick => known.quick = asked.or(known.quick),
            Pace::Slow => known.slow = asked.or(known.slow),
        }
        let parts = page::parts(
            &self.shared.look,
            &self.selection,
            known.range.as_ref(),
            &known.answers,
            known.trouble.as_ref(),
        );
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
        let step = message(&parts, before.version, version).map(|message| (before.version, message));
        // A round without a change makes a snapshot all the same: it tells a page that loads that this is now. Whoever
        // watches is woken, and finds nothing to send.
        self.snapshots.send_replace(Arc::new(Snapshot {
            version: if has_changed { version } else { before.version },
            parts,
            is_whole: known.quick.is_some() && known.slow.is_some(),
            made_at: Some(Instant::now()),
            events: known.quick.unwrap_or_default(),
            step: if has_changed { step } else { before.step.clone() },
        }));
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
