//! The topics in Kafka: created if missing, never changed.

use std::time::{Duration, Instant};

use footfall_daemon::KafkaKeys;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// The events topic.
pub const EVENTS: &str = KafkaKeys::DEFAULT.events_topic;
/// The topic for ingest's counts of accepted and refused events.
pub const OUTCOMES: &str = KafkaKeys::DEFAULT.outcomes_topic;

const REQUEST_S_MAX: u64 = 30;
const RETRY_MS: u64 = 500;
/// A new topic may need a moment before its partitions have leaders.
const VISIBLE_S_MAX: u64 = 30;

/// A topic to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// The number of partitions; at most this many sinks can share the load.
    pub partitions: u16,
    /// How many brokers hold each message.
    pub replication: u16,
    /// How long messages are kept, whether or not they are stored. Events are lost if no sink runs for longer than
    /// this.
    pub retention: Duration,
}

impl Topic {
    /// A topic on one broker that keeps its messages for seven days.
    #[must_use]
    pub fn new(name: &str, partitions: u16) -> Self {
        Self { name: name.to_owned(), partitions, replication: 1, retention: Duration::from_secs(7 * 24 * 3600) }
    }
}

/// Why the topics could not be created.
#[derive(Debug, thiserror::Error)]
pub enum TopicsError {
    /// No broker answered, or one answered with an error.
    #[error("Kafka: {0}")]
    Kafka(#[from] KafkaError),
    /// The broker refused to create a topic.
    #[error("topic {name} cannot be made: {code}")]
    Refused {
        /// The topic.
        name: String,
        /// The broker's answer.
        code: RDKafkaErrorCode,
    },
    /// The topic was created, but its partitions have no leaders.
    #[error("topic {0} has no leaders after {VISIBLE_S_MAX} s")]
    NotVisible(String),
}

/// Creates missing topics and waits until each can be written to. Existing topics are not changed.
///
/// # Errors
/// See [`TopicsError`].
pub async fn create(bootstrap_servers: &str, topics: &[Topic]) -> Result<(), TopicsError> {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap_servers).create()?;
    let settings: Vec<_> = topics.iter().map(settings).collect();
    let wanted: Vec<_> = topics.iter().zip(&settings).map(new_topic).collect();
    let limit = Some(Duration::from_secs(REQUEST_S_MAX));
    let options = AdminOptions::new().request_timeout(limit).operation_timeout(limit);
    for answer in admin.create_topics(&wanted, &options).await? {
        match answer {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((name, code)) => return Err(TopicsError::Refused { name, code }),
        }
    }
    let names: Vec<_> = topics.iter().map(|topic| topic.name.clone()).collect();
    let seen = tokio::task::spawn_blocking(move || names.iter().try_for_each(|name| wait_for_leaders(&admin, name)));
    // The closure does not panic and is not cancelled.
    seen.await.unwrap_or(Ok(()))
}

/// Like [`create`], but retries for `wait_max` while Kafka does not answer.
///
/// # Errors
/// Fails with the error of the last attempt.
pub async fn create_within(bootstrap_servers: &str, topics: &[Topic], wait_max: Duration) -> Result<(), TopicsError> {
    let started = Instant::now();
    loop {
        match create(bootstrap_servers, topics).await {
            Err(TopicsError::Kafka(_)) if started.elapsed() < wait_max => {
                tokio::time::sleep(Duration::from_millis(RETRY_MS)).await;
            }
            other => return other,
        }
    }
}

fn new_topic<'a>((topic, settings): (&'a Topic, &'a Vec<(&'static str, String)>)) -> NewTopic<'a> {
    let (partitions, replication) = (i32::from(topic.partitions), i32::from(topic.replication));
    let replication = TopicReplication::Fixed(replication);
    let new = NewTopic::new(&topic.name, partitions, replication);
    settings.iter().fold(new, |new, (key, value)| new.set(key, value))
}

fn settings(topic: &Topic) -> Vec<(&'static str, String)> {
    let durable = if topic.replication == 1 {
        // By default Kafka acknowledges before it flushes to disk. Without a second broker, a power cut would then lose
        // acknowledged events.
        ("flush.messages", "1".to_owned())
    } else {
        let majority = topic.replication / 2 + 1;
        ("min.insync.replicas", majority.to_string())
    };
    vec![
        durable,
        ("cleanup.policy", "delete".to_owned()),
        ("retention.ms", topic.retention.as_millis().to_string()),
        // Retention then goes by the broker's clock: a producer with a wrong clock can neither keep segments for ever
        // nor have them deleted before they are read. The time of an event is in the event.
        ("message.timestamp.type", "LogAppendTime".to_owned()),
    ]
}

fn wait_for_leaders(admin: &AdminClient<DefaultClientContext>, name: &str) -> Result<(), TopicsError> {
    let started = Instant::now();
    loop {
        let limit = Duration::from_secs(REQUEST_S_MAX);
        let metadata = admin.inner().fetch_metadata(Some(name), limit)?;
        let led = metadata.topics().iter().any(|topic| {
            let partitions = topic.partitions();
            let all_led = partitions.iter().all(|partition| partition.leader() >= 0);
            topic.name() == name && !partitions.is_empty() && all_led
        });
        if led {
            return Ok(());
        }
        if started.elapsed() > Duration::from_secs(VISIBLE_S_MAX) {
            return Err(TopicsError::NotVisible(name.to_owned()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use super::{Topic, settings};

    #[test]
    fn acknowledged_messages_are_on_disk_or_on_a_majority_of_brokers() {
        let mut topic = Topic::new("t", 3);
        assert!(settings(&topic).contains(&("flush.messages", "1".into())));
        topic.replication = 3;
        assert!(settings(&topic).contains(&("min.insync.replicas", "2".into())));
        assert!(!settings(&topic).iter().any(|(key, _)| *key == "flush.messages"));
    }
}
