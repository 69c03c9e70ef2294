//! What a range and filters choose.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::visit::{Alone, Visit, Visitor};
use super::{Event, Visits};

/// From its beginning up to but without its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range {
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

impl Range {
    pub(crate) fn holds(self, time: Timestamp) -> bool {
        self.since <= time && time < self.until
    }
}

/// By key, the values of which any will do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filters {
    pub(crate) named: BTreeMap<&'static str, Vec<String>>,
    pub(crate) property: BTreeMap<String, Vec<String>>,
}

impl Filters {
    pub(crate) fn to_json(&self) -> Value {
        let mut filters = json!(self.named);
        if !self.property.is_empty() {
            filters["property"] = json!(self.property);
        }
        filters
    }

    fn allows(&self, key: &str, value: &str) -> bool {
        self.named.get(key).is_none_or(|values| values.iter().any(|wanted| wanted == value))
    }

    /// Whether they choose a visit with this first and last active event.
    fn choose(&self, first: &Event, last: &Event) -> bool {
        let bot = if first.bot { "true" } else { "false" };
        let bots = match self.named.get("bot") {
            None => !first.bot,
            Some(values) => values.iter().any(|value| value == "any" || value == bot),
        };
        let dimensions = footfall_event::dimension::DIMENSIONS.iter().filter(|dimension| dimension.value().is_some());
        let of = |name: &str| first.dimensions.get(name).map_or("", |value| value);
        bots && self.allows("site", &first.site)
            && self.allows("entry_page", &first.page)
            && self.allows("exit_page", &last.page)
            && dimensions.map(|dimension| dimension.name).all(|name| self.allows(name, of(name)))
    }

    fn choose_events(&self) -> bool {
        ["page", "page_prefix", "event_type"].iter().any(|key| self.named.contains_key(key))
            || !self.property.is_empty()
    }

    pub(crate) fn match_page(&self, event: &Event) -> bool {
        let prefixes = self.named.get("page_prefix");
        self.allows("page", &event.page)
            && prefixes.is_none_or(|prefixes| prefixes.iter().any(|prefix| event.page.starts_with(prefix)))
    }

    /// Whether one event is as all filters that choose events want it.
    fn match_event(&self, event: &Event) -> bool {
        let properties = event.properties();
        let is_one_of = |name: &str, wanted: &[String]| {
            properties.get(name).is_some_and(|value| wanted.contains(value.as_ref().unwrap_or(&String::new())))
        };
        self.match_page(event)
            && self.allows("event_type", &event.kind)
            && self.property.iter().all(|(name, wanted)| is_one_of(name, wanted))
    }
}

/// Visits and events that are counted.
pub(crate) struct Chosen<'a> {
    /// Each with those of its events that are counted.
    pub(crate) visits: Vec<(&'a Visit<'a>, Vec<&'a Event>)>,
    /// The same for events of no visit.
    pub(crate) alone: Vec<(&'a Alone<'a>, Vec<&'a Event>)>,
    pub(crate) filters: &'a Filters,
    pub(crate) zone: &'a TimeZone,
}

impl<'a> Chosen<'a> {
    /// `counts_at`: whether a visit that began, or an event of no visit that happened, at a time counts.
    pub(crate) fn new(all: &'a Visits<'a>, counts_at: Range, filters: &'a Filters, zone: &'a TimeZone) -> Self {
        let mut chosen = Self::at_any_time(all, filters, zone);
        chosen.visits.retain(|(visit, _)| counts_at.holds(visit.begins()));
        chosen.alone.retain(|(alone, _)| counts_at.holds(alone.counts_at()));
        chosen
    }

    pub(crate) fn at_any_time(all: &'a Visits<'a>, filters: &'a Filters, zone: &'a TimeZone) -> Self {
        let matching = |events: &mut dyn Iterator<Item = &'a Event>| -> Vec<&'a Event> {
            events.filter(|event| filters.match_event(event)).collect()
        };
        let visits = all
            .visits
            .iter()
            .filter(|visit| filters.choose(visit.first(), visit.last_active()))
            .map(|visit| (visit, matching(&mut visit.events())))
            .filter(|(_, events)| !filters.choose_events() || !events.is_empty())
            .collect();
        let alone = all
            .alone
            .iter()
            .filter(|alone| filters.choose(alone.first(), alone.first()))
            .map(|alone| (alone, matching(&mut alone.events.iter().copied())))
            .filter(|(_, events)| !events.is_empty())
            .collect();
        Self { visits, alone, filters, zone }
    }

    /// Each event that is counted, with its visit.
    pub(crate) fn events(&self) -> impl Iterator<Item = (Option<&'a Visit<'a>>, &'a Event)> {
        let of_visits =
            self.visits.iter().flat_map(|(visit, events)| events.iter().map(move |event| (Some(*visit), *event)));
        let of_no_visit = self.alone.iter().flat_map(|(_, events)| events.iter().map(|event| (None, *event)));
        of_visits.chain(of_no_visit)
    }

    /// How many distinct visitors made these visits.
    pub(crate) fn visitors(&self, visits: impl Iterator<Item = &'a Visit<'a>>) -> usize {
        visits.map(|visit| visit.visitor(self.zone)).collect::<BTreeSet<Visitor>>().len()
    }
}
