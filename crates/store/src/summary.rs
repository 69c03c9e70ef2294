//! How many events each minute had, as in `analytics_summary_hours`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::Transaction;
use tokio_postgres::types::ToSql;

use crate::WriterError;
use crate::statements::Statements;
use crate::tally::{bucket, minute};

const HOUR_S: i64 = 3600;
const MINUTE_S: i64 = 60;
/// Where an element of `minutes` holds the minute; the bits below are the number of events.
const MINUTE_SHIFT: u32 = 40;

/// time_bucket, event_type, page_url, site, bot, kafka_partition. Without the page where `analytics_summary` gets it from the
/// events.
type Key<'a> = (Timestamp, &'a str, &'a str, &'a str, bool, i32);

/// The events of a batch, counted.
pub(crate) struct Summary<'a> {
    /// Events before it are counted with their pages.
    start: Option<Timestamp>,
    by_page: BTreeMap<Key<'a>, i64>,
    by_minute: BTreeMap<Key<'a>, i64>,
}

/// What is counted of an event.
pub(crate) struct Counted<'a> {
    pub(crate) timestamp: Timestamp,
    pub(crate) event_type: &'a str,
    pub(crate) page_url: &'a str,
    pub(crate) site: &'a str,
    pub(crate) bot: bool,
    pub(crate) partition: i32,
}

impl<'a> Summary<'a> {
    /// An empty one. To be called once the transaction has stored its events: a chunk that is being dropped has then made it
    /// wait, and the start that it finds is the one after that.
    pub(crate) async fn begin(transaction: &Transaction<'_>, statements: &Statements) -> Result<Self, WriterError> {
        let start = transaction.query_one(&statements.summary_start, &[]).await?.get(0);
        Ok(Self { start, by_page: BTreeMap::new(), by_minute: BTreeMap::new() })
    }

    pub(crate) fn add(&mut self, event: &Counted<'a>) {
        let has_page = self.start.is_some_and(|start| event.timestamp < start);
        let (counts, page) = if has_page { (&mut self.by_page, event.page_url) } else { (&mut self.by_minute, "") };
        let key = (minute(event.timestamp), event.event_type, page, event.site, event.bot, event.partition);
        *counts.entry(key).or_default() += 1;
    }

    /// Adds the counts to the tables.
    pub(crate) async fn store(self, transaction: &Transaction<'_>, statements: &Statements) -> Result<(), WriterError> {
        if !self.by_page.is_empty() {
            let columns = Columns::of(&self.by_page);
            let pages: Vec<&str> = self.by_page.keys().map(|key| key.2).collect();
            let minutes: Vec<Timestamp> = self.by_page.keys().map(|key| key.0).collect();
            let events: Vec<i64> = self.by_page.into_values().collect();
            let Columns { types, sites, bots, partitions } = &columns;
            let columns: [&(dyn ToSql + Sync); 7] = [&minutes, types, &pages, sites, bots, partitions, &events];
            transaction.execute(&statements.add_to_summary, &columns).await?;
        }
        if !self.by_minute.is_empty() {
            let Columns { types, sites, bots, partitions } = &Columns::of(&self.by_minute);
            let hours: Vec<Timestamp> = self.by_minute.keys().map(|key| bucket(key.0, HOUR_S)).collect();
            let minutes: Vec<i64> = self.by_minute.iter().map(|(key, events)| element(key.0, *events)).collect();
            let columns: [&(dyn ToSql + Sync); 6] = [&hours, types, sites, bots, partitions, &minutes];
            transaction.execute(&statements.add_to_summary_hours, &columns).await?;
        }
        Ok(())
    }
}

/// An element of `analytics_summary_hours.minutes`.
fn element(minute: Timestamp, events: i64) -> i64 {
    let of_hour = (minute.as_second() - bucket(minute, HOUR_S).as_second()) / MINUTE_S;
    (of_hour << MINUTE_SHIFT) + events
}

/// The columns that both tables have, for `unnest`.
struct Columns<'a> {
    types: Vec<&'a str>,
    sites: Vec<&'a str>,
    bots: Vec<bool>,
    partitions: Vec<i32>,
}

impl<'a> Columns<'a> {
    fn of(counts: &BTreeMap<Key<'a>, i64>) -> Self {
        Self {
            types: counts.keys().map(|key| key.1).collect(),
            sites: counts.keys().map(|key| key.3).collect(),
            bots: counts.keys().map(|key| key.4).collect(),
            partitions: counts.keys().map(|key| key.5).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_holds_the_minute_of_the_hour_and_its_events() {
        let of = |time: &str, events| element(time.parse().unwrap(), events);
        assert_eq!(of("2026-03-10T10:00:00Z", 7), 7);
        assert_eq!(of("2026-03-10T10:59:00Z", 1), (59 << 40) + 1);
        assert_eq!(of("1969-12-31T23:59:00Z", 1), (59 << 40) + 1);
    }
}
