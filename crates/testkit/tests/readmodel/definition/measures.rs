//! What pages reported: how far they were read, and web vitals.

use std::collections::{BTreeMap, BTreeSet};

use super::{Answer, Cell, Chosen, Event, Row};

const VITALS: [&str; 5] = ["lcp_ms", "inp_ms", "cls", "fcp_ms", "ttfb_ms"];
/// Below these, values are in one bucket of a histogram.
const MILLISECOND: f64 = 1.0;
const SHIFT: f64 = 0.0001;

/// A number that a page can have measured.
fn number(event: &Event, name: &str) -> Option<f64> {
    event.metadata.get(name)?.as_f64().filter(|value| *value >= 0.0)
}

#[derive(Default)]
struct Reading {
    views: usize,
    percents: Vec<f64>,
    milliseconds: Vec<f64>,
}

/// The reports of one type of each chosen visit, of the pages that are chosen.
fn reports<'a>(chosen: &'a Chosen<'a>, kind: &'a str) -> impl Iterator<Item = Vec<&'a Event>> {
    let of_visits = chosen.visits.iter().map(|(visit, _)| visit.events().collect::<Vec<_>>());
    let all = of_visits.chain(chosen.alone.iter().map(|(alone, _)| alone.events.clone()));
    all.map(move |mut events| {
        events.retain(|event| event.kind == kind && chosen.filters.match_page(event));
        events
    })
}

/// How deep and how long each visit read each page.
pub(crate) fn scroll_depth(chosen: &Chosen<'_>) -> Answer {
    let mut pages: BTreeMap<&str, Reading> = BTreeMap::new();
    for (_, view) in chosen.events().filter(|(_, event)| event.is_view()) {
        pages.entry(&view.page).or_default().views += 1;
    }
    for reports in reports(chosen, "engagement") {
        let mut depths: BTreeMap<&str, f64> = BTreeMap::new();
        let mut times: BTreeMap<&str, f64> = BTreeMap::new();
        for report in reports {
            if let Some(percent) = number(report, "scroll_percent") {
                let depth = depths.entry(&report.page).or_default();
                *depth = depth.max(percent.min(100.0).round());
            }
            if let Some(milliseconds) = number(report, "engaged_ms") {
                *times.entry(&report.page).or_default() += milliseconds.round();
            }
        }
        depths.into_iter().for_each(|(page, depth)| pages.entry(page).or_default().percents.push(depth));
        times.into_iter().for_each(|(page, time)| pages.entry(page).or_default().milliseconds.push(time));
    }
    // Pages without a view are not listed.
    pages.retain(|_, reading| reading.views > 0);
    let rows = pages.into_iter().map(|(page, reading)| {
        let reached = |percent: f64| Cell::count(reading.percents.iter().filter(|depth| **depth >= percent).count());
        let seconds = reading.milliseconds.iter().map(|milliseconds| milliseconds / 1000.0).collect();
        Row::from([
            ("page", Cell::text(Some(page))),
            ("views", Cell::count(reading.views)),
            ("readings", Cell::count(reading.percents.len())),
            ("scroll_percent_mean", Cell::mean(&reading.percents)),
            ("reached_25", reached(25.0)),
            ("reached_50", reached(50.0)),
            ("reached_75", reached(75.0)),
            ("reached_100", reached(100.0)),
            ("engaged_seconds_median", Cell::percentile(seconds, 0.5, MILLISECOND / 1000.0)),
        ])
    });
    rows.collect()
}

/// Without the rating, which follows from a number that is not exact.
pub(crate) fn web_vitals(chosen: &Chosen<'_>) -> Answer {
    let mut samples: BTreeMap<(Option<&str>, &str), Vec<f64>> = BTreeMap::new();
    let listed: BTreeSet<&str> =
        chosen.events().filter(|(_, event)| event.is_view()).map(|(_, event)| &*event.page).collect();
    for report in reports(chosen, "web_vitals").flatten() {
        for metric in VITALS {
            let Some(value) = number(report, metric) else { continue };
            samples.entry((None, metric)).or_default().push(value);
            if listed.contains(&*report.page) {
                samples.entry((Some(&report.page), metric)).or_default().push(value);
            }
        }
    }
    let rows = samples.into_iter().map(|((page, metric), values)| {
        let unit = if metric == "cls" { SHIFT } else { MILLISECOND };
        Row::from([
            ("page", Cell::text(page)),
            ("metric", Cell::text(Some(metric))),
            ("samples", Cell::count(values.len())),
            ("p75", Cell::percentile(values, 0.75, unit)),
        ])
    });
    rows.collect()
}
