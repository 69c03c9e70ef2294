//! Totals, and visits by what they have in common.

use std::collections::BTreeMap;

use footfall_event::dimension::{DIMENSIONS, Dimension, ValueOf};
use jiff::Timestamp;

use super::visit::Visit;
use super::{Answer, Cell, Chosen, Event, Row};

/// Visits of less than this are in one bucket of the histogram.
const MILLISECOND: f64 = 0.001;

type Counted<'a> = (&'a Visit<'a>, Vec<&'a Event>);

pub(crate) fn totals(chosen: &Chosen<'_>) -> Answer {
    let visits: Vec<&Counted<'_>> = chosen.visits.iter().collect();
    let views = views(&visits);
    let seconds: Vec<f64> = visits.iter().map(|(visit, _)| visit.seconds()).collect();
    vec![Row::from([
        ("visitors", visitors(chosen, &visits)),
        ("visits", Cell::count(visits.len())),
        ("views", Cell::count(views)),
        ("events", Cell::count(chosen.events().count())),
        ("views_per_visit", Cell::share(views, visits.len())),
        ("bounce_rate", bounce_rate(&visits)),
        ("visit_seconds_mean", Cell::mean(&seconds)),
        ("visit_seconds_median", Cell::percentile(seconds, 0.5, MILLISECOND)),
    ])]
}

/// One dimension's rows, without its name.
pub(crate) fn visits_by(chosen: &Chosen<'_>, dimension: &str) -> Answer {
    let dimension = DIMENSIONS.iter().find(|known| known.name == dimension).unwrap();
    let mut groups: BTreeMap<String, Vec<&Counted<'_>>> = BTreeMap::new();
    for counted in &chosen.visits {
        groups.entry(value(dimension, counted.0)).or_default().push(counted);
    }
    groups
        .into_iter()
        .filter(|(value, _)| !value.is_empty() || !dimension.is_sparse)
        .map(|(value, visits)| {
            let seconds: Vec<f64> = visits.iter().map(|(visit, _)| visit.seconds()).collect();
            Row::from([
                ("value", Cell::text(Some(&value))),
                ("visitors", visitors(chosen, &visits)),
                ("visits", Cell::count(visits.len())),
                ("views", Cell::count(views(&visits))),
                ("bounce_rate", bounce_rate(&visits)),
                ("visit_seconds_mean", Cell::mean(&seconds)),
                ("share", Cell::share(visits.len(), chosen.visits.len())),
            ])
        })
        .collect()
}

pub(crate) fn visits_by_all(chosen: &Chosen<'_>) -> Answer {
    let named = |name: &'static str| {
        let mut rows = visits_by(chosen, name);
        rows.iter_mut().for_each(|row| drop(row.insert("dimension", Cell::Text(name.to_owned()))));
        rows
    };
    DIMENSIONS.iter().flat_map(|dimension| named(dimension.name)).collect()
}

/// `starts` are the beginnings of the buckets, of which the first may be before the range.
pub(crate) fn visits_over_time(chosen: &Chosen<'_>, starts: &[Timestamp]) -> Answer {
    let rows = starts.iter().enumerate().map(|(place, start)| {
        let end = starts.get(place + 1).copied().unwrap_or(Timestamp::MAX);
        let begins_here = |counted: &&Counted<'_>| *start <= counted.0.begins() && counted.0.begins() < end;
        let visits: Vec<&Counted<'_>> = chosen.visits.iter().filter(begins_here).collect();
        Row::from([
            ("bucket", Cell::Time(*start)),
            ("visitors", visitors(chosen, &visits)),
            ("visits", Cell::count(visits.len())),
            ("views", Cell::count(views(&visits))),
        ])
    });
    rows.collect()
}

/// Every hour of a week. Mondays are 1.
pub(crate) fn visits_by_hour(chosen: &Chosen<'_>) -> Answer {
    let week = (1..=7).flat_map(|weekday| (0..24).map(move |hour| (weekday, hour)));
    let mut hours: BTreeMap<(i8, i8), Vec<&Counted<'_>>> = week.map(|hour| (hour, Vec::new())).collect();
    for counted in &chosen.visits {
        let local = chosen.zone.to_datetime(counted.0.begins());
        hours.entry((local.weekday().to_monday_one_offset(), local.hour())).or_default().push(counted);
    }
    let rows = hours.into_iter().map(|((weekday, hour), visits)| {
        Row::from([
            ("weekday", Cell::Number(weekday.into())),
            ("hour", Cell::Number(hour.into())),
            ("visitors", visitors(chosen, &visits)),
            ("visits", Cell::count(visits.len())),
            ("views", Cell::count(views(&visits))),
        ])
    });
    rows.collect()
}

/// Ask with bots.
pub(crate) fn sites(chosen: &Chosen<'_>) -> Answer {
    let mut sites: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, event) in chosen.events() {
        *sites.entry(&event.site).or_default() += 1;
    }
    let row = |(site, events)| Row::from([("site", Cell::text(Some(site))), ("events", Cell::count(events))]);
    sites.into_iter().map(row).collect()
}

fn value(dimension: &Dimension, visit: &Visit<'_>) -> String {
    match dimension.value_of {
        ValueOf::Key => visit.first().site.clone(),
        ValueOf::EntryPage => visit.first().page.clone(),
        ValueOf::ExitPage => visit.last_active().page.clone(),
        _ => visit.first().dimensions.get(dimension.name).cloned().unwrap_or_default(),
    }
}

fn visitors(chosen: &Chosen<'_>, visits: &[&Counted<'_>]) -> Cell {
    // The same lifetime for all, so that the visits may be those of one group.
    let distinct: std::collections::BTreeSet<_> = visits.iter().map(|(visit, _)| visit.visitor(chosen.zone)).collect();
    Cell::count(distinct.len())
}

fn views(visits: &[&Counted<'_>]) -> usize {
    visits.iter().flat_map(|(_, events)| events).filter(|event| event.is_view()).count()
}

fn bounce_rate(visits: &[&Counted<'_>]) -> Cell {
    Cell::share(visits.iter().filter(|(visit, _)| visit.bounced()).count(), visits.len())
}
