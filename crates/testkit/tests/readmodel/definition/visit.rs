//! Which events are one visit.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Event;

const SILENCE: SignedDuration = SignedDuration::from_mins(30);
const VISIT_MAX: SignedDuration = SignedDuration::from_hours(12);
const REPORT_MAX: SignedDuration = SignedDuration::from_hours(12);

/// What one key did on one site.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    /// In order, never empty.
    active: Vec<&'a Event>,
    reports: Vec<&'a Event>,
}

/// Events of no visit: one without a key, or the reports of one key and moment.
#[derive(Debug)]
pub(crate) struct Alone<'a> {
    /// In order, never empty.
    pub(crate) events: Vec<&'a Event>,
}

#[derive(Debug)]
pub(crate) struct Visits<'a> {
    pub(crate) visits: Vec<Visit<'a>>,
    pub(crate) alone: Vec<Alone<'a>>,
}

/// Who made a visit, for distinct counts: site, day, and whether it was a bot.
pub(crate) type Visitor = (String, Date, bool, Option<String>);

impl<'a> Visit<'a> {
    pub(crate) fn first(&self) -> &'a Event {
        self.active[0]
    }

    pub(crate) fn last_active(&self) -> &'a Event {
        self.active[self.active.len() - 1]
    }

    pub(crate) fn begins(&self) -> Timestamp {
        self.first().at
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = &'a Event> {
        self.active.iter().chain(&self.reports).copied()
    }

    pub(crate) fn ends(&self) -> Timestamp {
        self.events().map(|event| event.at).max().unwrap_or(self.begins())
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.ends().duration_since(self.begins()).as_secs_f64()
    }

    pub(crate) fn bounced(&self) -> bool {
        let views = self.active.iter().filter(|event| event.is_view()).count();
        views <= 1 && views == self.active.len()
    }

    pub(crate) fn visitor(&self, zone: &TimeZone) -> Visitor {
        let first = self.first();
        (first.site.clone(), zone.to_datetime(first.at).date(), first.bot, first.who.clone())
    }
}

impl<'a> Alone<'a> {
    pub(crate) fn first(&self) -> &'a Event {
        self.events[0]
    }

    fn is_joined_by(&self, report: &Event) -> bool {
        let first = self.first();
        report.key.is_some() && (&report.site, &report.key, report.at) == (&first.site, &first.key, first.at)
    }

    /// Its own time; without a key, the beginning of its minute.
    pub(crate) fn counts_at(&self) -> Timestamp {
        let at = self.first().at;
        if self.first().key.is_some() {
            return at;
        }
        Timestamp::from_second(at.as_second().div_euclid(60) * 60).unwrap()
    }
}

pub(crate) fn visits(events: &[Event]) -> Visits<'_> {
    let mut in_order: Vec<&Event> = events.iter().collect();
    in_order.sort_by_key(|event| (event.at, event.id));
    let (reports, active): (Vec<&Event>, Vec<&Event>) = in_order.into_iter().partition(|event| event.is_report());

    let mut keys: BTreeMap<(&str, &str), Vec<Visit<'_>>> = BTreeMap::new();
    let mut alone = Vec::new();
    for event in active {
        let Some(key) = &event.key else {
            alone.push(Alone { events: vec![event] });
            continue;
        };
        let visits = keys.entry((&event.site, key)).or_default();
        match visits.last_mut() {
            Some(visit)
                if event.at.duration_since(visit.last_active().at) < SILENCE
                    && event.at.duration_since(visit.begins()) < VISIT_MAX =>
            {
                visit.active.push(event);
            }
            _ => visits.push(Visit { active: vec![event], reports: Vec::new() }),
        }
    }
    for report in reports {
        let visits = report.key.as_ref().and_then(|key| keys.get_mut(&(&*report.site, &**key)));
        let latest = visits.and_then(|visits| visits.iter_mut().rfind(|visit| visit.begins() <= report.at));
        match latest.filter(|visit| report.at.duration_since(visit.last_active().at) <= REPORT_MAX) {
            Some(visit) => visit.reports.push(report),
            None => match alone.iter_mut().find(|alone| alone.is_joined_by(report)) {
                Some(before) => before.events.push(report),
                None => alone.push(Alone { events: vec![report] }),
            },
        }
    }
    Visits { visits: keys.into_values().flatten().collect(), alone }
}
