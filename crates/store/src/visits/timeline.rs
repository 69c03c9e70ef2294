//! The visits of one site and key, in the order of time, and how an event finds its place among them: see docs/definitions.md.
//!
//! Except where one of the bounds cuts an endless visit, the visits are the same for every order in which events arrive.

use jiff::{SignedDuration, Timestamp};

use super::visit::{Happening, Visit};

/// Without an event other than a report for so long, a visit ends.
const SILENCE: SignedDuration = SignedDuration::from_mins(30);
/// A visit lasts at most this long, up to its last event that is no report.
const LENGTH_MAX: SignedDuration = SignedDuration::from_hours(12);
/// A later report belongs to no visit.
const REPORT_MAX: SignedDuration = SignedDuration::from_hours(12);
/// A visit has at most about this many events, so that its row stays small.
const EVENTS_MAX: i32 = 10_000;

/// Only visits that begin less than this before an event, or at most this after it, have to do with it.
pub(crate) const REACH: SignedDuration = SignedDuration::from_hours(24);

/// Reports that lie in a visit have to be told apart from its other events: the visits must be counted from the events.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MustBeRecounted;

/// The visits of one site and key.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    /// Ordered by their first events.
    pub(crate) visits: Vec<Visit>,
    /// `first_at` of rows whose visits have moved into others.
    pub(crate) gone: Vec<Timestamp>,
}

impl Timeline {
    pub(crate) fn new(mut visits: Vec<Visit>) -> Self {
        visits.sort_by_key(|visit| visit.first);
        Self { visits, gone: Vec::new() }
    }

    /// Adds an event.
    pub(crate) fn add(&mut self, event: &Happening) -> Result<(), MustBeRecounted> {
        if event.is_report {
            self.add_report(event);
            return Ok(());
        }
        self.add_active(event, true)
    }

    /// Adds an event; reports that lie in another visit now stay where they are.
    pub(crate) fn add_without_recount(&mut self, event: &Happening) {
        if event.is_report {
            self.add_report(event);
        } else {
            // It never fails, as it may not ask for it.
            let _ = self.add_active(event, false);
        }
    }

    fn add_active(&mut self, event: &Happening, may_recount: bool) -> Result<(), MustBeRecounted> {
        let at = event.moment.0;
        let after = self.visits.partition_point(|visit| visit.first <= event.moment);
        let before = self.visits[..after].iter().rposition(|visit| visit.is_visit);
        let next = self.visits[after..].iter().position(|visit| visit.is_visit).map(|place| after + place);
        let earlier = before.map(|place| &self.visits[place]);
        let continues = earlier.is_some_and(|visit| {
            at <= visit.last.0
                || (since(at, visit.last.0) < SILENCE
                    && since(at, visit.first.0) < LENGTH_MAX
                    && visit.events < EVENTS_MAX)
        });
        let begins = earlier.filter(|_| continues).map_or(at, |visit| visit.first.0);
        let events_before = earlier.filter(|_| continues).map_or(0, |visit| visit.events);
        let is_continued = next.map(|place| &self.visits[place]).is_some_and(|visit| {
            since(visit.first.0, at) < SILENCE
                && since(visit.last.0, begins) < LENGTH_MAX
                && visit.events.saturating_add(events_before) < EVENTS_MAX
        });
        if may_recount && (self.is_cut_anew(after, at) || self.loses_reports(before, continues, at)) {
            return Err(MustBeRecounted);
        }
        let place = match before.filter(|_| continues) {
            Some(place) => {
                self.visits[place].add(event);
                place
            }
            None => {
                self.visits.insert(after, Visit::of(event));
                after
            }
        };
        let place = self.take_in_reports(place);
        if is_continued && self.visits.get(place + 1).is_some_and(|next| next.is_visit) {
            self.take_in_next(place);
            self.take_in_reports(place);
        }
        Ok(())
    }

    /// Whether an event at this time, which lies before the visits from `after` on, may change where visits without silence
    /// between them are cut.
    fn is_cut_anew(&self, after: usize, at: Timestamp) -> bool {
        let (mut begins, mut ends) = (at, at);
        for visit in self.visits[..after].iter().rev().filter(|visit| visit.is_visit) {
            if at <= visit.last.0 {
                return false;
            }
            if since(begins, visit.last.0) >= SILENCE {
                break;
            }
            begins = visit.first.0;
        }
        for visit in self.visits[after..].iter().filter(|visit| visit.is_visit) {
            if since(visit.first.0, ends) >= SILENCE {
                break;
            }
            ends = visit.last.0;
        }
        ends > at && since(ends, begins) >= LENGTH_MAX
    }

    /// Whether reports of the visit before belong to the one that an event at this time begins.
    fn loses_reports(&self, before: Option<usize>, continues: bool, at: Timestamp) -> bool {
        let earlier = before.map(|place| &self.visits[place]);
        !continues && earlier.is_some_and(|visit| visit.last_at >= at && visit.events < EVENTS_MAX)
    }

    fn add_report(&mut self, event: &Happening) {
        let at = event.moment.0;
        let before = self.visits.iter_mut().rfind(|visit| visit.is_visit && visit.first.0 <= at);
        match before {
            Some(visit) if since(at, visit.last.0) <= REPORT_MAX => visit.add(event),
            _ => match self.visits.iter_mut().find(|other| !other.is_visit && other.first.0 == at) {
                Some(same) => same.add_report(event),
                None => {
                    let place = self.visits.partition_point(|visit| visit.first <= event.moment);
                    self.visits.insert(place, Visit::of(event));
                }
            },
        }
    }

    /// The reports of no visit that follow this visit belong to it, and one of the very moment in which it begins. Returns its
    /// place after that.
    fn take_in_reports(&mut self, place: usize) -> usize {
        while let Some(next) = self.visits.get(place + 1)
            && !next.is_visit
            && since(next.first.0, self.visits[place].last.0) <= REPORT_MAX
        {
            self.take_in_next(place);
        }
        match place.checked_sub(1).map(|earlier| (earlier, &self.visits[earlier])) {
            Some((earlier, reports)) if !reports.is_visit && reports.first.0 == self.visits[place].first.0 => {
                let reports = self.visits.remove(earlier);
                self.visits[earlier].absorb(reports);
                earlier
            }
            _ => place,
        }
    }

    fn take_in_next(&mut self, place: usize) {
        let next = self.visits.remove(place + 1);
        self.visits[place].absorb(next);
    }

    /// The rows to delete, because no visit is stored there any more.
    pub(crate) fn rows_to_delete(&self) -> Vec<Timestamp> {
        let moved = self
            .visits
            .iter()
            .filter(|visit| visit.has_changed)
            .flat_map(|visit| visit.rows.iter().copied().filter(|row| *row != visit.first.0));
        self.gone
            .iter()
            .copied()
            .chain(moved)
            .filter(|row| !self.visits.iter().any(|visit| visit.first.0 == *row))
            .collect()
    }
}

fn since(later: Timestamp, earlier: Timestamp) -> SignedDuration {
    later.duration_since(earlier)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn happening(index: usize, minutes: f64, kind: &str) -> Happening {
        let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs_f64(1e8 + minutes * 60.0);
        Happening {
            moment: (at, Uuid::from_u128(index as u128)),
            is_report: kind == "report",
            is_view: kind == "view",
            kind: 1,
            page: i32::try_from(index).unwrap(),
            measures: Vec::new(),
            index,
        }
    }

    /// Minutes of the first, the last active and the last event, and the number of events, of each visit.
    fn visits(events: &[(f64, &str)], order: &[usize]) -> Result<Vec<(f64, f64, f64, i32)>, MustBeRecounted> {
        let mut timeline = Timeline::default();
        for index in order {
            timeline.add(&happening(*index, events[*index].0, events[*index].1))?;
        }
        let minutes = |at: Timestamp| (at.as_second() as f64 - 1e8) / 60.0;
        Ok(timeline
            .visits
            .iter()
            .filter(|visit| visit.is_visit)
            .map(|visit| (minutes(visit.first.0), minutes(visit.last.0), minutes(visit.last_at), visit.events))
            .collect())
    }

    fn orders(length: usize) -> Vec<Vec<usize>> {
        if length == 0 {
            return vec![Vec::new()];
        }
        let shorter = orders(length - 1);
        shorter
            .iter()
            .flat_map(|order| {
                (0..length).map(move |place| {
                    let mut longer = order.clone();
                    longer.insert(place, length - 1);
                    longer
                })
            })
            .collect()
    }

    #[test]
    fn every_order_of_arrival_gives_the_same_visits() {
        for (events, wanted) in [
            (
                &[(0.0, "view"), (29.0, "view"), (58.0, "click"), (88.0, "view")][..],
                &[(0.0, 58.0, 58.0, 3), (88.0, 88.0, 88.0, 1)][..],
            ),
            // A page that is read for 40 minutes, and a tab that is looked at hours later.
            (&[(0.0, "view"), (40.0, "report"), (200.0, "report")], &[(0.0, 0.0, 200.0, 3)]),
            // A report does not end the silence.
            (
                &[(0.0, "view"), (20.0, "report"), (40.0, "view"), (45.0, "report")],
                &[(0.0, 0.0, 20.0, 2), (40.0, 40.0, 45.0, 2)],
            ),
            (&[(0.0, "report"), (0.0, "view"), (1.0, "report")], &[(0.0, 0.0, 1.0, 3)]),
            (&[(0.0, "view"), (719.0, "report"), (721.0, "report")], &[(0.0, 0.0, 719.0, 2)]),
        ] {
            for order in orders(events.len()) {
                match visits(events, &order) {
                    Ok(found) => assert_eq!(found, wanted, "{order:?}"),
                    Err(MustBeRecounted) => assert!(order != (0..events.len()).collect::<Vec<_>>(), "in order"),
                }
            }
        }
    }

    #[test]
    fn only_reports_that_lie_in_a_later_visit_are_recounted() {
        let events = [(0.0, "view"), (50.0, "report"), (40.0, "view")];
        assert_eq!(visits(&events, &[0, 1, 2]), Err(MustBeRecounted));
        assert_eq!(visits(&events, &[0, 2, 1]).unwrap().len(), 2);
        assert_eq!(visits(&events, &[1, 2, 0]).unwrap().len(), 2);
    }

    #[test]
    fn an_endless_visit_is_cut() {
        let events: Vec<_> = (0..40).map(|number| (f64::from(number) * 20.0, "view")).collect();
        let found = visits(&events, &(0..40).collect::<Vec<_>>()).unwrap();
        assert_eq!(found, [(0.0, 700.0, 700.0, 36), (720.0, 780.0, 780.0, 4)]);
    }
}
