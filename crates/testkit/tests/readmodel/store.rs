//! A database that the real writer fills.

use std::num::NonZeroUsize;
use std::sync::Arc;

use footfall_event::Event;
use footfall_store::{Closer, Commit, Content, Enricher, Position, Record, Writer};
use footfall_testkit::{connect, new_database, postgres};
use jiff::Timestamp;
use jiff::civil::Date;
use tokio_postgres::{Client, Config};

use crate::definition;

const PARTITIONS: usize = 3;
const AGENTS_MAX: NonZeroUsize = NonZeroUsize::new(16).unwrap();

pub(crate) struct Store {
    name: String,
    owner: Client,
    writer: Writer,
    closer: Closer,
    enricher: Enricher,
    topic: Arc<str>,
    /// The next one of each partition.
    offsets: Vec<i64>,
}

impl Store {
    pub(crate) async fn new() -> Self {
        let postgres = postgres().await;
        let name = new_database(postgres).await;
        let owner = connect(&postgres.admin(&name)).await;
        owner.batch_execute("SET client_min_messages = warning").await.unwrap();
        let url = postgres.url("footfall_writer", &name).parse().unwrap();
        let mut writer = Writer::connect(&url, Commit::Asynchronous).await.unwrap();
        let closer = Closer::connect(&url).await.unwrap();
        let topic: Arc<str> = "events".into();
        for partition in 0..PARTITIONS {
            writer.begin(&topic, i32::try_from(partition).unwrap(), 0).await.unwrap();
        }
        let offsets = vec![0; PARTITIONS];
        Self { name, owner, writer, closer, enricher: Enricher::new(AGENTS_MAX), topic, offsets }
    }

    /// Empty, as if nothing had ever been stored, with days of this time zone.
    pub(crate) async fn empty(&mut self, time_zone: &str) {
        let tables = "TRUNCATE analytics_events, analytics_ledger, analytics_visits, analytics_rollup, analytics_changes, \
            analytics_days, analytics_periods, analytics_summary_parts";
        self.owner.batch_execute(tables).await.unwrap();
        self.owner.execute("UPDATE analytics_instance SET time_zone = $1", &[&time_zone]).await.unwrap();
    }

    pub(crate) async fn write(&mut self, events: &[Arc<Event>]) {
        let mut records: Vec<Record> = events.iter().map(|event| self.record(event)).collect();
        // As in Kafka, each partition in order.
        records.sort_by_key(|record| (record.position.partition, record.position.offset));
        self.writer.write(&mut self.enricher, &mut records).await.unwrap();
    }

    fn record(&mut self, event: &Event) -> Record {
        let key = event.kafka_key().unwrap_or_default();
        let partition = key.bytes().map(usize::from).sum::<usize>() % self.offsets.len();
        let offset = self.offsets[partition];
        self.offsets[partition] += 1;
        Record {
            position: Position { topic: self.topic.clone(), partition: i32::try_from(partition).unwrap(), offset },
            content: Content::Event(Box::new(event.clone())),
            written_ms: -1,
            line: Vec::new(),
        }
    }

    pub(crate) async fn sum(&mut self, day: Date, until: Option<Timestamp>) {
        self.closer.sum(day, until).await.unwrap();
        // However much changes afterwards, the sums and the changes have to give the answer.
        self.owner.batch_execute("UPDATE analytics_days SET changes_max = 1000000").await.unwrap();
    }

    /// Adds days up to a period, if all its parts are summed: as the closer does, whose periods are longer and would not fit into a world.
    pub(crate) async fn sum_period(&mut self, day: Date, days: i32) {
        let parts = "SELECT count(*) = 2 FROM (
                SELECT day, 1 AS days FROM analytics_days WHERE summed_until >= ends_at UNION ALL SELECT day, days FROM analytics_periods
            ) AS part
            WHERE days = $2 / 2 AND day IN ($1::date, $1::date + $2::integer / 2) AND NOT EXISTS (SELECT FROM analytics_periods WHERE day = $1 AND days = $2)";
        if self.owner.query_one(parts, &[&day, &days]).await.unwrap().get(0) {
            self.owner.execute("SELECT footfall.sum_period($1, $2, $2 / 2)", &[&day, &days]).await.unwrap();
        }
    }

    /// A connection of a page.
    pub(crate) async fn reader(&self) -> Client {
        let url = postgres().await.url("footfall_reader", &self.name);
        let client = connect(&url.parse::<Config>().unwrap()).await;
        client.batch_execute("SET client_min_messages = warning; SET TimeZone = 'UTC'").await.unwrap();
        client
    }

    /// The event as the definition sees it.
    pub(crate) fn seen(&mut self, event: &Event) -> definition::Event {
        let enriched = self.enricher.enrich(event);
        definition::Event::new(event, &enriched)
    }
}
