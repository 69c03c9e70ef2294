//! Messages read but not stored yet.

use std::time::{Duration, Instant};

use footfall_store::Record;

use crate::config::BatchConfig;

#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) records: Vec<Record>,
    bytes: usize,
    began: Option<Instant>,
}

impl Batch {
    pub(crate) fn push(&mut self, record: Record) {
        self.bytes += record.line.len();
        self.began.get_or_insert_with(Instant::now);
        self.records.push(record);
    }

    /// How long to wait for the next message: until the batch is due, or `idle` if it is empty.
    pub(crate) fn time_left(&self, limits: &BatchConfig, idle: Duration) -> Duration {
        self.began.map_or(idle, |began| Duration::from_millis(limits.age_ms_max).saturating_sub(began.elapsed()))
    }

    pub(crate) fn is_due(&self, limits: &BatchConfig) -> bool {
        self.records.len() >= limits.rows_max
            || self.bytes >= limits.bytes_max
            || self.began.is_some_and(|began| began.elapsed() >= Duration::from_millis(limits.age_ms_max))
    }
}
