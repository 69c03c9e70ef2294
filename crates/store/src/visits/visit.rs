//! A visit: a row of `analytics_visits`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::measures::{self, Measure};

/// The first and the last of times.
pub(crate) fn bounds(mut times: impl Iterator<Item = Timestamp>) -> Option<(Timestamp, Timestamp)> {
    let first = times.next()?;
    Some(times.fold((first, first), |(least, greatest), time| (least.min(time), greatest.max(time))))
}

/// Orders events, even within the same microsecond.
pub(crate) type Moment = (Timestamp, Uuid);

/// An event, as far as it decides which visit it belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    pub(crate) moment: Moment,
    pub(crate) is_report: bool,
    pub(crate) is_view: bool,
    /// Ids of `analytics_kinds` and of the page in `analytics_values`.
    pub(crate) kind: i32,
    pub(crate) page: i32,
    pub(crate) measures: Vec<Measure>,
    /// Its place among the events that are being added.
    pub(crate) index: usize,
}

/// Where a visit's visitor and attributes come from: its first event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum First {
    /// Known by its numbers.
    Known(Box<Origin>),
    /// That of the event with this place among those that are being added.
    Added(usize),
}

/// What the first event says of a visit. Numbers are ids of `analytics_values`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) visitor: Visitor,
    pub(crate) site: Option<i32>,
    pub(crate) entry_page: Option<i32>,
    pub(crate) attributes: Vec<Option<i32>>,
    pub(crate) bot: bool,
}

/// Who caused the first event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// By the hash of site and visitor.
    Hash(Option<i64>),
    /// By the visitor_id, else the key, and the site; not hashed yet.
    Named { who: Option<String>, site: String },
}

/// A visit, or events of no visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) is_visit: bool,
    pub(crate) first: Moment,
    /// The last event that is no report.
    pub(crate) last: Moment,
    pub(crate) last_at: Timestamp,
    pub(crate) origin: First,
    pub(crate) exit_page: Option<i32>,
    pub(crate) events: i32,
    pub(crate) views: i32,
    pub(crate) actions: i32,
    pub(crate) kinds: BTreeMap<i32, u32>,
    pub(crate) measures: Vec<i64>,
    /// `first_at` of each row that holds a part of it.
    pub(crate) rows: Vec<Timestamp>,
    pub(crate) has_changed: bool,
}

impl Happening {
    /// The order in which visits can be counted at once: a report may belong to a visit that begins at its moment.
    pub(crate) fn order(&self) -> (Timestamp, bool, Uuid) {
        (self.moment.0, self.is_report, self.moment.1)
    }
}

impl Visit {
    /// A visit that begins with this event; events of no visit, if it is a report.
    pub(crate) fn of(event: &Happening) -> Self {
        let mut visit = Self {
            is_visit: !event.is_report,
            first: event.moment,
            last: event.moment,
            last_at: event.moment.0,
            origin: First::Added(event.index),
            exit_page: Some(event.page),
            events: 0,
            views: 0,
            actions: 0,
            kinds: BTreeMap::new(),
            measures: Vec::new(),
            rows: Vec::new(),
            has_changed: true,
        };
        visit.count(event);
        visit
    }

    /// Adds an event of this visit.
    pub(crate) fn add(&mut self, event: &Happening) {
        if !self.is_visit && event.moment < self.first {
            (self.first, self.last, self.origin) = (event.moment, event.moment, First::Added(event.index));
            self.exit_page = Some(event.page);
        } else if !event.is_report {
            if event.moment < self.first {
                (self.first, self.origin) = (event.moment, First::Added(event.index));
            }
            if event.moment > self.last {
                (self.last, self.exit_page) = (event.moment, Some(event.page));
            }
        }
        self.last_at = self.last_at.max(event.moment.0);
        self.count(event);
    }

    /// Adds a report to the reports of the same moment that belong to no visit.
    pub(crate) fn add_report(&mut self, event: &Happening) {
        if event.moment < self.first {
            (self.first, self.origin) = (event.moment, First::Added(event.index));
            (self.last, self.exit_page) = (event.moment, Some(event.page));
        }
        self.count(event);
    }

    fn count(&mut self, event: &Happening) {
        self.events += 1;
        self.views += i32::from(event.is_view);
        self.actions += i32::from(!event.is_view && !event.is_report);
        *self.kinds.entry(event.kind).or_default() += 1;
        for measure in &event.measures {
            measures::add(&mut self.measures, event.page, *measure);
        }
        self.has_changed = true;
    }

    /// Takes in what follows: a visit, or reports of no visit.
    pub(crate) fn absorb(&mut self, other: Self) {
        if other.is_visit {
            if other.first < self.first {
                (self.first, self.origin) = (other.first, other.origin);
            }
            if other.last > self.last {
                (self.last, self.exit_page) = (other.last, other.exit_page);
            }
        }
        self.last_at = self.last_at.max(other.last_at);
        self.events += other.events;
        self.views += other.views;
        self.actions += other.actions;
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        measures::merge(&mut self.measures, &other.measures);
        self.rows.extend(other.rows);
        self.has_changed = true;
    }
}
