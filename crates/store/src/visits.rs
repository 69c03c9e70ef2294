//! What each visit did in each half hour: rows of `analytics_visit_parts`.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use footfall_event::Event;
use footfall_event::dimension::{DIMENSIONS, Dimension};
use footfall_event::enrich::Enriched;
use jiff::Timestamp;
use tokio_postgres::Transaction;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::WriterError;
use crate::statements::Statements;
use crate::tally::bucket;

const HALF_HOUR_S: i64 = 1_800;
/// Events that a page sends by itself. All others count as a visitor's actions.
const NO_ACTIONS: [&str; 4] = [PAGE_VIEW, "page_unload", "engagement", "web_vitals"];
const PAGE_VIEW: &str = "page_view";

/// half_hour, site, visit_key, kafka_partition.
type Key = (Timestamp, String, String, i32);

/// Orders a visit's events, even within the same microsecond.
type Moment = (Timestamp, Uuid);

struct Part<'a> {
    first: Moment,
    last: Moment,
    /// From the first event; `exit_page` is from the last.
    entry: &'a Enriched,
    exit_page: &'a str,
    events: i32,
    views: i32,
    actions: i32,
    bot: bool,
    visitor_id: Option<Uuid>,
}

impl<'a> Part<'a> {
    fn of(event: &Event, enriched: &'a Enriched) -> Self {
        let moment = (event.timestamp, event.event_id);
        Self {
            first: moment,
            last: moment,
            entry: enriched,
            exit_page: &enriched.page_path,
            events: 1,
            views: i32::from(event.event_type == PAGE_VIEW),
            actions: i32::from(!NO_ACTIONS.contains(&&*event.event_type)),
            bot: enriched.agent.bot,
            visitor_id: event.visitor_id,
        }
    }

    /// Merges parts as `add_to_visits` merges them with stored ones: the order makes no difference.
    fn add(&mut self, other: &Self) {
        if other.first < self.first {
            (self.first, self.entry) = (other.first, other.entry);
        }
        if other.last > self.last {
            (self.last, self.exit_page) = (other.last, other.exit_page);
        }
        self.events += other.events;
        self.views += other.views;
        self.actions += other.actions;
        self.bot |= other.bot;
        self.visitor_id = self.visitor_id.into_iter().chain(other.visitor_id).min();
    }
}

/// The visits of a batch, added up and ordered by key, so that two sinks cannot deadlock.
#[derive(Default)]
pub(crate) struct Visits<'a>(BTreeMap<Key, Part<'a>>);

impl<'a> Visits<'a> {
    /// Adds an event, unless it has neither session nor visitor and so belongs to no visit.
    pub(crate) fn add(&mut self, event: &Event, enriched: &'a Enriched, partition: i32) {
        let Some(visit_key) = event.kafka_key() else { return };
        let site = event.site.clone().unwrap_or_default();
        let part = Part::of(event, enriched);
        match self.0.entry((bucket(event.timestamp, HALF_HOUR_S), site, visit_key, partition)) {
            Entry::Vacant(new) => drop(new.insert(part)),
            Entry::Occupied(mut known) => known.get_mut().add(&part),
        }
    }

    /// Adds them to the table.
    pub(crate) async fn add_to_visits(
        &self,
        transaction: &Transaction<'_>,
        statements: &Statements,
    ) -> Result<(), WriterError> {
        if self.0.is_empty() {
            return Ok(());
        }
        fn column<'p, 'a, T>(visits: &'p Visits<'a>, of: impl Fn(&'p Key, &'p Part<'a>) -> T) -> Vec<T> {
            visits.0.iter().map(|(key, part)| of(key, part)).collect()
        }
        let attributes = DIMENSIONS.iter().filter_map(Dimension::value);
        let attributes: Vec<_> = attributes.map(|value| column(self, |_, part| value(part.entry))).collect();
        let own: [&(dyn ToSql + Sync); 15] = [
            &column(self, |key, _| key.0),
            &column(self, |key, _| &*key.1),
            &column(self, |key, _| &*key.2),
            &column(self, |key, _| key.3),
            &column(self, |_, part| part.first.0),
            &column(self, |_, part| part.first.1),
            &column(self, |_, part| part.last.0),
            &column(self, |_, part| part.last.1),
            &column(self, |_, part| part.events),
            &column(self, |_, part| part.views),
            &column(self, |_, part| part.actions),
            &column(self, |_, part| part.bot),
            &column(self, |_, part| part.visitor_id),
            &column(self, |_, part| part.exit_page),
            &column(self, |_, part| &*part.entry.page_path),
        ];
        let attributes = attributes.iter().map(|attribute| attribute as &(dyn ToSql + Sync));
        let columns: Vec<_> = own.into_iter().chain(attributes).collect();
        transaction.execute(&statements.add_to_visits, &columns).await?;
        Ok(())
    }
}
