//! Whether Kafka still has the messages that follow a backup.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;

use crate::backup::StoredOffset;

const REQUEST_S_MAX: u64 = 30;

/// How many of the messages that follow a backup Kafka has in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionCoverage {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// Its coverage.
    pub coverage: Coverage,
}

/// Which of the messages that follow a backup Kafka still has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// All of them.
    Replayed {
        /// How many.
        messages: i64,
    },
    /// Kafka has deleted the first of them.
    Gap {
        /// How many are gone.
        missing: i64,
        /// How many remain.
        messages: i64,
    },
    /// Kafka ends before the backup does: the topic was recreated, or Kafka lost messages.
    Recreated {
        /// Where the backup ends.
        next_offset: i64,
        /// Where Kafka ends.
        end: i64,
    },
    /// The partition is not in the backup, and is read from the beginning.
    New {
        /// How many.
        messages: i64,
    },
}

impl PartitionCoverage {
    /// Whether messages that followed the backup are lost.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        matches!(self.coverage, Coverage::Gap { .. } | Coverage::Recreated { .. })
    }
}

impl fmt::Display for PartitionCoverage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: ", self.topic, self.partition)?;
        match self.coverage {
            Coverage::Replayed { messages } => write!(formatter, "Kafka has all {messages} messages that follow"),
            Coverage::Gap { missing, messages } => write!(
                formatter,
                "GAP: the {missing} messages that follow are gone from Kafka; it has the {messages} after them"
            ),
            Coverage::Recreated { next_offset, end } => write!(
                formatter,
                "GAP: the backup ends before offset {next_offset}, and Kafka already at {end}: the topic was created again; \
                 all of it is read"
            ),
            Coverage::New { messages } => {
                write!(formatter, "not in the backup; all {messages} messages that Kafka has are read")
            }
        }
    }
}

/// Asks Kafka about every partition that is in the backup or in Kafka.
pub(crate) fn coverages(bootstrap_servers: &str, held: &[StoredOffset]) -> Result<Vec<PartitionCoverage>, KafkaError> {
    let limit = Duration::from_secs(REQUEST_S_MAX);
    let consumer: BaseConsumer = ClientConfig::new().set("bootstrap.servers", bootstrap_servers).create()?;
    let mut covered = Vec::new();
    for topic in held.iter().map(|held| held.topic.as_str()).collect::<BTreeSet<_>>() {
        let metadata = consumer.fetch_metadata(Some(topic), limit)?;
        let there = metadata.topics().iter().flat_map(|topic| topic.partitions());
        let there: BTreeSet<i32> = there.map(|partition| partition.id()).collect();
        let known = held.iter().filter(|held| held.topic == topic).map(|held| held.partition);
        for partition in known.chain(there.iter().copied()).collect::<BTreeSet<_>>() {
            let next = held.iter().find(|held| held.topic == topic && held.partition == partition);
            let (first, end) =
                if there.contains(&partition) { consumer.fetch_watermarks(topic, partition, limit)? } else { (0, 0) };
            let coverage = coverage(next.map(|held| held.next_offset), first, end);
            covered.push(PartitionCoverage { topic: topic.to_owned(), partition, coverage });
        }
    }
    Ok(covered)
}

/// Mirrors the sink, which reads from the stored offset if Kafka has it, otherwise from Kafka's first.
fn coverage(next_offset: Option<i64>, first: i64, end: i64) -> Coverage {
    match next_offset {
        None => Coverage::New { messages: end - first },
        Some(next) if next < first => Coverage::Gap { missing: first - next, messages: end - first },
        Some(next) if next > end => Coverage::Recreated { next_offset: next, end },
        Some(next) => Coverage::Replayed { messages: end - next },
    }
}

#[cfg(test)]
mod tests {
    use super::{Coverage, coverage};

    #[test]
    fn a_gap_has_a_size() {
        assert_eq!(coverage(Some(10), 10, 15), Coverage::Replayed { messages: 5 });
        assert_eq!(coverage(Some(15), 10, 15), Coverage::Replayed { messages: 0 });
        assert_eq!(coverage(Some(4), 10, 15), Coverage::Gap { missing: 6, messages: 5 });
        assert_eq!(coverage(Some(16), 10, 15), Coverage::Recreated { next_offset: 16, end: 15 });
        assert_eq!(coverage(None, 10, 15), Coverage::New { messages: 5 });
    }
}
