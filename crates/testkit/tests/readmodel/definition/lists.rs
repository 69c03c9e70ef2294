//! Events by what they have in common.

use std::collections::BTreeMap;

use super::visit::Visit;
use super::{Answer, Cell, Chosen, Event, Row};

/// list, subject, property and value.
type Entry = (&'static str, Option<String>, Option<String>, Option<String>);

/// The lists in which an event counts.
fn entries(event: &Event) -> Vec<Entry> {
    let mut entries: Vec<Entry> = vec![("event_type", None, None, Some(event.kind.clone()))];
    let page = || Some(event.page.clone());
    match &*event.kind {
        "page_view" => entries.push(("page", None, None, page())),
        "outbound_click" => entries.push(("outbound_link", None, None, event.property("url"))),
        "file_download" => entries.push(("download", None, None, event.property("url"))),
        "form_submit" => entries.push(("form", page(), None, event.property("form"))),
        "page_not_found" => entries.push(("not_found", page(), None, event.referrer.clone())),
        _ => {}
    }
    for (name, value) in event.properties() {
        let (kind, name) = (Some(event.kind.clone()), Some(name.to_owned()));
        entries.push(("property", kind.clone(), name.clone(), None));
        entries.push(("property_value", kind, name, value));
    }
    entries
}

type Group<'a> = (usize, Vec<&'a Visit<'a>>);

fn grouped<'a, K: Ord>(chosen: &Chosen<'a>, keys: impl Fn(&Event) -> Vec<K>) -> BTreeMap<K, Group<'a>> {
    let mut groups: BTreeMap<K, Group<'a>> = BTreeMap::new();
    for (visit, event) in chosen.events() {
        for key in keys(event) {
            let (events, visits) = groups.entry(key).or_default();
            *events += 1;
            visits.extend(visit);
        }
    }
    groups
}

pub(crate) fn events_by_all(chosen: &Chosen<'_>) -> Answer {
    let groups = grouped(chosen, entries).into_iter();
    let rows = groups.map(|((list, subject, property, value), (events, visits))| {
        Row::from([
            ("list", Cell::text(Some(list))),
            ("subject", Cell::text(subject.as_deref())),
            ("property", Cell::text(property.as_deref())),
            ("value", Cell::text(value.as_deref())),
            ("events", Cell::count(events)),
            ("visitors", Cell::count(chosen.visitors(visits.into_iter()))),
        ])
    });
    rows.collect()
}

pub(crate) fn event_types(chosen: &Chosen<'_>) -> Answer {
    let groups = grouped(chosen, |event| vec![event.kind.clone()]).into_iter();
    let rows = groups.map(|(kind, (events, visits))| {
        Row::from([
            ("event_type", Cell::text(Some(&kind))),
            ("events", Cell::count(events)),
            ("visitors", Cell::count(chosen.visitors(visits.into_iter()))),
        ])
    });
    rows.collect()
}

pub(crate) fn top_pages(chosen: &Chosen<'_>) -> Answer {
    let page = |event: &Event| if event.is_view() { vec![event.page.clone()] } else { Vec::new() };
    let rows = grouped(chosen, page).into_iter().map(|(page, (views, visits))| {
        Row::from([
            ("page", Cell::text(Some(&page))),
            ("views", Cell::count(views)),
            ("visitors", Cell::count(chosen.visitors(visits.into_iter()))),
        ])
    });
    rows.collect()
}
