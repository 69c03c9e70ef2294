//! How the events of worlds arrive: in which order, in which batches, twice, and with days summed in between.

use std::sync::Arc;

use footfall_event::Event;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};

use crate::world::{DAYS, FIRST_DAY};

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A batch arrives.
    Store(Vec<Arc<Event>>),
    /// The sums of a day are worked out: when it is over, or until a moment.
    Sum(Date, Option<Timestamp>),
    /// The sums of two parts are added up, if there are such: the first day, and how many.
    SumPeriod(Date, i32),
    /// Questions are asked; which ones follows from this number.
    Ask(usize),
}

/// Two days and two days, and these four together.
const PERIODS: [(i64, i32); 3] = [(-1, 2), (1, 2), (-1, 4)];
/// How often questions are asked in a history.
pub(crate) const ASKS: usize = 4;

/// Batches of at most this many events.
pub(crate) fn history(rng: &mut StdRng, worlds: Vec<Vec<Event>>, batch_max: usize) -> Vec<Step> {
    let mut parts: [Vec<Vec<Arc<Event>>>; ASKS - 1] = Default::default();
    for world in worlds {
        let events = arrivals(rng, world);
        // Most of a world arrives at once, the rest after days have been summed.
        let cuts = [rng.random_range(0..=events.len()), events.len() - events.len() / 5];
        let (former, latter) = (cuts[0].min(cuts[1]), cuts[0].max(cuts[1]));
        for (part, events) in parts.iter_mut().zip([&events[..former], &events[former..latter], &events[latter..]]) {
            let mut rest = events;
            while !rest.is_empty() {
                let (together, others) = rest.split_at(rng.random_range(1..=4.min(rest.len())));
                part.push(together.to_vec());
                rest = others;
            }
        }
    }
    let mut steps = Vec::new();
    for (number, mut part) in parts.into_iter().enumerate() {
        part.shuffle(rng);
        let mut events: Vec<_> = part.into_iter().flatten().collect();
        while !events.is_empty() {
            let batch = events.split_off(events.len() - rng.random_range(1..=batch_max.min(events.len())));
            steps.push(Step::Store(batch));
        }
        steps.push(Step::Ask(number));
        let days: Vec<Date> = (-1..DAYS + 2).map(|day| FIRST_DAY + day.days()).collect();
        let is_last = number + 2 == ASKS;
        let closed = if is_last { days.len() } else { rng.random_range(0..=days.len()) };
        let closed: Vec<Date> = days.sample(rng, closed).copied().collect();
        for day in closed {
            let until = (!is_last && rng.random_bool(0.7)).then(|| moment(rng, day));
            steps.push(Step::Sum(day, until));
        }
        for (first, days) in PERIODS {
            if rng.random_bool(0.7) {
                steps.push(Step::SumPeriod(FIRST_DAY + first.days(), days));
            }
        }
    }
    steps.push(Step::Ask(ASKS - 1));
    steps
}

/// Of the day in any time zone, or near it.
fn moment(rng: &mut StdRng, day: Date) -> Timestamp {
    let midnight = day.to_zoned(TimeZone::UTC).unwrap().timestamp();
    midnight + SignedDuration::from_mins(rng.random_range(-6 * 60..30 * 60))
}

/// In an order in which they may arrive, some twice.
fn arrivals(rng: &mut StdRng, events: Vec<Event>) -> Vec<Arc<Event>> {
    let mut events: Vec<Arc<Event>> = events.into_iter().map(Arc::new).collect();
    let repeats = events.len() / 8;
    let repeated: Vec<_> = events.sample(rng, repeats).cloned().collect();
    match rng.random_range(0..4) {
        0 => {}
        1 => events.reverse(),
        _ => events.shuffle(rng),
    }
    events.extend(repeated);
    events
}
