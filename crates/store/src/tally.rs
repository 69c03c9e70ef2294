//! Counts by outcome, as in `analytics_outcomes`.

use std::collections::{BTreeMap, HashMap};

use footfall_event::{Outcome, OutcomeCounts, Reason};
use jiff::Timestamp;
use tokio_postgres::Transaction;

use crate::WriterError;
use crate::statements::Statements;

/// `analytics_outcomes.source` of the sink's own counts.
const SOURCE: &str = "sink";

/// The start of the minute that contains `time`.
pub(crate) fn minute(time: Timestamp) -> Timestamp {
    bucket(time, 60)
}

/// The start of the bucket that contains `time`; buckets are aligned to the Unix epoch.
pub(crate) fn bucket(time: Timestamp, seconds_wide: i64) -> Timestamp {
    let seconds = time.as_second() - i64::from(time.subsec_nanosecond() < 0);
    Timestamp::from_second(seconds - seconds.rem_euclid(seconds_wide)).unwrap_or(time)
}

/// time_bucket, source, outcome, reason, kafka_partition.
type Key = (Timestamp, String, String, String, i32);

/// Counts by outcome: the sink's own, and those that ingest sent.
#[derive(Default)]
pub(crate) struct Tally {
    rows: BTreeMap<Key, i64>,
    own: HashMap<(Outcome, i32), u64>,
}

impl Tally {
    pub(crate) fn count(&mut self, outcome: Outcome, partition: i32) {
        self.count_many(outcome, partition, 1);
    }

    pub(crate) fn count_many(&mut self, outcome: Outcome, partition: i32, events: u64) {
        *self.own.entry((outcome, partition)).or_default() += events;
    }

    pub(crate) fn count_others(&mut self, counts: &OutcomeCounts, partition: i32) {
        for count in &counts.counts {
            let reason = count.reason.clone().unwrap_or_default();
            let key = (minute(counts.at), counts.source.clone(), count.outcome.clone(), reason, partition);
            self.add(key, count.count);
        }
    }

    /// Saturates, so that the database refuses a sum that is too large.
    fn add(&mut self, key: Key, count: u64) {
        let sum = self.rows.entry(key).or_default();
        *sum = sum.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// Adds the counts to the table. Returns the sink's own.
    pub(crate) async fn add_to_outcomes(
        mut self,
        transaction: &Transaction<'_>,
        statements: &Statements,
    ) -> Result<HashMap<Outcome, u64>, WriterError> {
        let now = minute(Timestamp::now());
        let mut met: HashMap<Outcome, u64> = HashMap::new();
        for ((outcome, partition), count) in std::mem::take(&mut self.own) {
            *met.entry(outcome).or_default() += count;
            let reason = outcome.reason().map(Reason::as_str).unwrap_or_default();
            let key = (now, SOURCE.to_owned(), outcome.as_str().to_owned(), reason.to_owned(), partition);
            self.add(key, count);
        }
        if self.rows.is_empty() {
            return Ok(met);
        }
        let keys = || self.rows.keys();
        let buckets: Vec<Timestamp> = keys().map(|key| key.0).collect();
        let sources: Vec<&str> = keys().map(|key| &*key.1).collect();
        let outcomes: Vec<&str> = keys().map(|key| &*key.2).collect();
        let reasons: Vec<&str> = keys().map(|key| &*key.3).collect();
        let partitions: Vec<i32> = keys().map(|key| key.4).collect();
        let events: Vec<i64> = self.rows.values().copied().collect();
        transaction
            .execute(&statements.add_to_outcomes, &[&buckets, &sources, &outcomes, &reasons, &partitions, &events])
            .await?;
        Ok(met)
    }
}
