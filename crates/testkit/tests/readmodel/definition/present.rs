//! Who is there now.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::visit::Visit;
use super::{Answer, Cell, Chosen, Row};

const BACK: SignedDuration = SignedDuration::from_mins(5);
/// A client's clock that is ahead by less than this is not corrected.
const AHEAD: SignedDuration = SignedDuration::from_secs(2);

/// The last visit of each visitor who is there.
fn latest<'a>(chosen: &Chosen<'a>, at: Timestamp) -> Vec<&'a Visit<'a>> {
    let mut latest: BTreeMap<_, &Visit<'a>> = BTreeMap::new();
    let is_there = |visit: &Visit<'_>| visit.begins() < at + AHEAD && visit.ends() >= at - BACK;
    for (visit, _) in chosen.visits.iter().filter(|(visit, _)| is_there(visit)) {
        let last = latest.entry(visit.visitor(chosen.zone)).or_insert(visit);
        if (last.ends(), last.begins()) < (visit.ends(), visit.begins()) {
            *last = visit;
        }
    }
    latest.into_values().collect()
}

pub(crate) fn live_now(chosen: &Chosen<'_>, at: Timestamp) -> Answer {
    let mut pages: BTreeMap<&str, usize> = BTreeMap::new();
    for visit in latest(chosen, at) {
        *pages.entry(&visit.last_active().page).or_default() += 1;
    }
    let row = |(page, visitors)| Row::from([("page", Cell::text(Some(page))), ("visitors", Cell::count(visitors))]);
    pages.into_iter().map(row).collect()
}

pub(crate) fn live_visitors(chosen: &Chosen<'_>, at: Timestamp) -> Answer {
    vec![Row::from([("visitors", Cell::count(latest(chosen, at).len()))])]
}
