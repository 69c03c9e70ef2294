//! Looks for the event in Kafka, without joining a group or committing an offset.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde::Deserialize;
use uuid::Uuid;

/// The limit for each request to a broker, and for the whole search.
const KAFKA_S_MAX: u64 = 5;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) partition: i32,
    pub(crate) offset: i64,
}

/// Reads the messages that arrive in a topic after it was opened.
pub(crate) struct TopicReader {
    consumer: BaseConsumer,
}

#[derive(Deserialize)]
struct Marked {
    event_id: Uuid,
}

impl TopicReader {
    /// Starts at the current end of each partition. Blocks.
    pub(crate) fn at_ends(brokers: &str, topic: &str) -> Result<Self, String> {
        Self::open(brokers, topic).map_err(|error| error.to_string())
    }

    fn open(brokers: &str, topic: &str) -> Result<Self, KafkaError> {
        let limit = Duration::from_secs(KAFKA_S_MAX);
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("client.id", "footfall-check")
            // librdkafka needs a group to assign partitions; the reader neither joins it nor commits to it.
            .set("group.id", "footfall-check")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("fetch.wait.max.ms", "100")
            .create()?;
        let metadata = consumer.fetch_metadata(Some(topic), limit)?;
        let mut assignment = TopicPartitionList::new();
        for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
            let (_, end) = consumer.fetch_watermarks(topic, partition.id(), limit)?;
            assignment.add_partition_offset(topic, partition.id(), Offset::Offset(end))?;
        }
        if assignment.count() == 0 {
            return Err(KafkaError::MetadataFetch(rdkafka::types::RDKafkaErrorCode::UnknownTopicOrPartition));
        }
        consumer.assign(&assignment)?;
        Ok(Self { consumer })
    }

    /// Reads until the event arrives. Blocks.
    pub(crate) fn find(&self, event_id: Uuid) -> Result<Position, String> {
        let began = Instant::now();
        let limit = Duration::from_secs(KAFKA_S_MAX);
        let mut others = 0_u64;
        while began.elapsed() < limit {
            match self.consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    let marked = message.payload().and_then(|line| serde_json::from_slice::<Marked>(line).ok());
                    if marked.is_some_and(|marked| marked.event_id == event_id) {
                        return Ok(Position { partition: message.partition(), offset: message.offset() });
                    }
                    others += 1;
                }
                Some(Err(error)) => return Err(error.to_string()),
                None => {}
            }
        }
        Err(format!("{others} other messages in {KAFKA_S_MAX} s, but not this one"))
    }
}
