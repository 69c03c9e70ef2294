//! Runs a history, and compares all answers on the way with the definition's.

use std::collections::{BTreeSet, HashMap};

use jiff::tz::TimeZone;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio_postgres::Client;

use crate::compare::difference;
use crate::definition::{self, visits};
use crate::history::Step;
use crate::question::Question;
use crate::store::Store;

const READERS: usize = 4;
/// Of each case, each time that questions are asked.
const QUESTIONS: usize = 1;

/// One random world: all sites of a database of its own, or some of a shared one.
pub(crate) struct Case {
    pub(crate) seed: u64,
    /// Empty: it has the database for itself.
    pub(crate) sites: Vec<String>,
}

pub(crate) struct Fault {
    pub(crate) case: usize,
    pub(crate) steps_done: usize,
    pub(crate) question: Question,
    pub(crate) difference: String,
}

/// The events of each case that have arrived.
struct Arrived<'a> {
    cases: &'a [Case],
    by_site: HashMap<&'a str, usize>,
    events: Vec<Vec<definition::Event>>,
    ids: BTreeSet<uuid::Uuid>,
}

impl<'a> Arrived<'a> {
    fn new(cases: &'a [Case]) -> Self {
        let sites =
            cases.iter().enumerate().flat_map(|(number, case)| case.sites.iter().map(move |site| (&**site, number)));
        Self {
            cases,
            by_site: sites.collect(),
            events: cases.iter().map(|_| Vec::new()).collect(),
            ids: BTreeSet::new(),
        }
    }

    fn add(&mut self, event: definition::Event) {
        if self.ids.insert(event.id) {
            let case = self.by_site.get(&*event.site).copied().unwrap_or_default();
            self.events[case].push(event);
        }
    }

    fn questions(&self, ask: usize, case: usize) -> Vec<Question> {
        let Case { seed, sites } = &self.cases[case];
        let mut rng = StdRng::seed_from_u64(seed.wrapping_add(1 + ask as u64));
        let sites: Vec<&str> = sites.iter().map(|site| &**site).collect();
        let moments: Vec<_> = self.events[case].iter().map(|event| event.at).collect();
        if moments.is_empty() {
            return Vec::new();
        }
        (0..QUESTIONS).map(|_| Question::random(&mut rng, &sites, &moments)).collect()
    }
}

/// The faults, and how many answers were right.
pub(crate) async fn run(store: &mut Store, time_zone: &str, steps: &[Step], cases: &[Case]) -> (Vec<Fault>, usize) {
    let zone = TimeZone::get(time_zone).unwrap();
    let mut readers = Vec::new();
    for _ in 0..READERS.min(cases.len()) {
        readers.push(store.reader().await);
    }
    let mut arrived = Arrived::new(cases);
    let (mut faults, mut right) = (Vec::new(), 0);
    for (steps_done, step) in steps.iter().enumerate() {
        match step {
            Step::Store(events) => {
                store.write(events).await;
                events.iter().for_each(|event| arrived.add(store.seen(event)));
            }
            Step::Sum(day, until) => store.sum(*day, *until).await,
            Step::SumPeriod(day, days) => store.sum_period(*day, *days).await,
            Step::Ask(ask) => {
                let tasks = readers.iter().enumerate().map(|(place, reader)| {
                    let mine = (place..cases.len()).step_by(readers.len());
                    compare(reader, &arrived, *ask, mine.collect(), &zone)
                });
                for (wrong, right_here) in futures_util::future::join_all(tasks).await {
                    right += right_here;
                    let fault = |(case, question, difference)| Fault { case, steps_done, question, difference };
                    faults.extend(wrong.into_iter().map(fault));
                }
            }
        }
    }
    (faults, right)
}

type Wrong = (usize, Question, String);

async fn compare(
    reader: &Client,
    arrived: &Arrived<'_>,
    ask: usize,
    cases: Vec<usize>,
    zone: &TimeZone,
) -> (Vec<Wrong>, usize) {
    let (mut wrong, mut right) = (Vec::new(), 0);
    for case in cases {
        let visits = visits(&arrived.events[case]);
        for question in arrived.questions(ask, case) {
            match difference(reader, &question, &question.defined(&visits, zone)).await {
                Some(difference) => wrong.push((case, question, difference)),
                None => right += 1,
            }
        }
    }
    (wrong, right)
}

/// Asks one question after a history.
pub(crate) async fn ask_after(
    store: &mut Store,
    time_zone: &str,
    steps: &[Step],
    question: &Question,
) -> Option<String> {
    let zone = TimeZone::get(time_zone).unwrap();
    let reader = store.reader().await;
    store.empty(time_zone).await;
    let mut events = Vec::new();
    let mut ids = BTreeSet::new();
    for step in steps {
        match step {
            Step::Store(batch) => {
                store.write(batch).await;
                let new = batch.iter().filter(|event| ids.insert(event.event_id));
                events.extend(new.map(|event| store.seen(event)));
            }
            Step::Sum(day, until) => store.sum(*day, *until).await,
            Step::SumPeriod(day, days) => store.sum_period(*day, *days).await,
            Step::Ask(_) => {}
        }
    }
    difference(&reader, question, &question.defined(&visits(&events), &zone)).await
}
