//! Whether Kafka still has what follows a backup.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;

use crate::backup::Held;

const REQUEST_S_MAX: u64 = 30;

/// What Kafka has of what follows a backup in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follows {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// What becomes of it.
    pub outcome: Outcome,
}

/// What becomes of the messages that follow a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All are there.
    Replayed {
        /// How many.
        messages: i64,
    },
    /// Kafka has deleted the first of them.
    Gap {
        /// How many are gone.
        missing: i64,
        /// How many are there.
        messages: i64,
    },
    /// Kafka ends before the offset: it is another topic of the same name, or lost messages itself.
    MadeAnew {
        /// Where the backup ends.
        next_offset: i64,
        /// Where Kafka ends.
        end: i64,
    },
    /// The backup knows nothing of the partition: it is read from its beginning.
    New {
        /// How many.
        messages: i64,
    },
}

impl Follows {
    /// Whether something that followed the backup cannot be had any more.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        matches!(self.outcome, Outcome::Gap { .. } | Outcome::MadeAnew { .. })
    }
}

impl fmt::Display for Follows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: ", self.topic, self.partition)?;
        match self.outcome {
            Outcome::Replayed { messages } => write!(formatter, "Kafka has all {messages} messages that follow"),
            Outcome::Gap { missing, messages } => write!(
                formatter,
                "GAP: the {missing} messages that follow are gone from Kafka; it has the {messages} after them"
            ),
            Outcome::MadeAnew { next_offset, end } => write!(
                formatter,
                "GAP: the backup ends before offset {next_offset}, and Kafka already at {end}: the topic was made anew; \
                 all of it is read"
            ),
            Outcome::New { messages } => {
                write!(formatter, "not in the backup; all {messages} messages that Kafka has are read")
            }
        }
    }
}

/// Asks Kafka about every partition that the backup or Kafka knows.
pub(crate) fn follows(bootstrap_servers: &str, held: &[Held]) -> Result<Vec<Follows>, KafkaError> {
    let limit = Duration::from_secs(REQUEST_S_MAX);
    let consumer: BaseConsumer = ClientConfig::new().set("bootstrap.servers", bootstrap_servers).create()?;
    let mut follows = Vec::new();
    for topic in held.iter().map(|held| held.topic.as_str()).collect::<BTreeSet<_>>() {
        let metadata = consumer.fetch_metadata(Some(topic), limit)?;
        let there = metadata.topics().iter().flat_map(|topic| topic.partitions());
        let there: BTreeSet<i32> = there.map(|partition| partition.id()).collect();
        let known = held.iter().filter(|held| held.topic == topic).map(|held| held.partition);
        for partition in known.chain(there.iter().copied()).collect::<BTreeSet<_>>() {
            let next = held.iter().find(|held| held.topic == topic && held.partition == partition);
            let (first, end) =
                if there.contains(&partition) { consumer.fetch_watermarks(topic, partition, limit)? } else { (0, 0) };
            let outcome = outcome(next.map(|held| held.next_offset), first, end);
            follows.push(Follows { topic: topic.to_owned(), partition, outcome });
        }
    }
    Ok(follows)
}

/// As the sink will see it: it reads from the offset where Kafka has it, else from Kafka's first.
fn outcome(next_offset: Option<i64>, first: i64, end: i64) -> Outcome {
    match next_offset {
        None => Outcome::New { messages: end - first },
        Some(next) if next < first => Outcome::Gap { missing: first - next, messages: end - first },
        Some(next) if next > end => Outcome::MadeAnew { next_offset: next, end },
        Some(next) => Outcome::Replayed { messages: end - next },
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, outcome};

    #[test]
    fn a_gap_has_a_size() {
        assert_eq!(outcome(Some(10), 10, 15), Outcome::Replayed { messages: 5 });
        assert_eq!(outcome(Some(15), 10, 15), Outcome::Replayed { messages: 0 });
        assert_eq!(outcome(Some(4), 10, 15), Outcome::Gap { missing: 6, messages: 5 });
        assert_eq!(outcome(Some(16), 10, 15), Outcome::MadeAnew { next_offset: 16, end: 15 });
        assert_eq!(outcome(None, 10, 15), Outcome::New { messages: 5 });
    }
}
