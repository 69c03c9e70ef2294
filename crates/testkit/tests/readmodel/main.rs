//! The read model against docs/definitions.md: random worlds go in through the real writer, and all that is asked is compared
//! with a plain definition over all events.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "how many answers were compared, and the seed")]

mod by_hand;
mod compare;
mod definition;
mod history;
mod question;
mod run;
mod shrink;
mod store;
mod world;

use footfall_event::Event;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use crate::history::history;
use crate::run::{Case, Fault, run};
use crate::store::Store;
use crate::world::ZONES;

/// Set it to the seed that a failure printed to see the same cases again.
const SEED: &str = "FOOTFALL_SEED";
/// Cases that share a database, each asking for its own sites.
const SHARED: usize = 940;
const SHARED_BATCH_MAX: usize = 250;
/// Cases that have a database for themselves, and ask without sites.
const ALONE: usize = 60;
const ALONE_BATCH_MAX: usize = 6;
/// Faults that are made small and shown.
const SHOWN_MAX: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_at_every_moment_is_as_defined_for_a_site_among_many() {
    let (seed, mut rng) = seeded();
    let cases: Vec<Case> = (0..SHARED)
        .map(|number| Case {
            seed: rng.random(),
            sites: (0..=number % 3 / 2).map(|part| format!("case{number}-{part}")).collect(),
        })
        .collect();
    let worlds: Vec<Vec<Event>> = cases
        .iter()
        .map(|case| world::events(case.seed, &case.sites.iter().map(|site| Some(&**site)).collect::<Vec<_>>()))
        .collect();
    let steps = history(&mut rng, worlds, SHARED_BATCH_MAX);
    let time_zone = ZONES.choose(&mut rng).unwrap();
    let mut store = Store::new().await;
    store.empty(time_zone).await;
    let (faults, right) = run(&mut store, time_zone, &steps, &cases).await;
    println!("seed {seed}: {SHARED} cases, {right} answers as defined, {} not", faults.len());
    let mut shown = String::new();
    for fault in some(&faults) {
        let case = &cases[fault.case];
        let text = shrink::smallest(&mut store, time_zone, &steps, case, fault).await;
        shown += &format!("\ncase {}, days of {time_zone}\n{text}", fault.case);
    }
    assert!(faults.is_empty(), "{SEED}={seed}: {} answers differ{shown}", faults.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_at_every_moment_is_as_defined_for_a_whole_database() {
    let (seed, mut rng) = seeded();
    let mut store = Store::new().await;
    let mut right = 0;
    let mut shown = Vec::new();
    for number in 0..ALONE {
        let cases = [Case { seed: rng.random(), sites: Vec::new() }];
        let world = world::events(cases[0].seed, &[None, Some("a"), Some("b")]);
        let steps = history(&mut rng, vec![world], ALONE_BATCH_MAX);
        let time_zone = ZONES.choose(&mut rng).unwrap();
        store.empty(time_zone).await;
        let (faults, right_here) = run(&mut store, time_zone, &steps, &cases).await;
        right += right_here;
        if let Some(fault) = faults.first().filter(|_| shown.len() < SHOWN_MAX) {
            let text = shrink::smallest(&mut store, time_zone, &steps, &cases[0], fault).await;
            shown.push(format!("\ncase {number}, days of {time_zone}\n{text}"));
        }
    }
    println!("seed {seed}: {ALONE} cases, {right} answers as defined");
    assert!(shown.is_empty(), "{SEED}={seed}: answers differ{}", shown.concat());
}

/// Faults of different functions, if there are some.
fn some(faults: &[Fault]) -> Vec<&Fault> {
    let mut some: Vec<&Fault> = Vec::new();
    for fault in faults {
        if some.len() < SHOWN_MAX && some.iter().all(|other| other.question.function != fault.question.function) {
            some.push(fault);
        }
    }
    some
}

fn seeded() -> (u64, StdRng) {
    let seed = std::env::var(SEED).ok().map_or_else(|| rand::rng().random(), |seed| seed.parse().unwrap());
    (seed, StdRng::seed_from_u64(seed))
}
