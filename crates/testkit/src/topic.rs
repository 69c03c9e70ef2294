//! Reads and writes a pipeline's topics, bypassing the daemons.

use std::collections::HashMap;
use std::time::Duration;

use crate::Pipeline;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::OwnedMessage;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const KAFKA_MAX: Duration = Duration::from_secs(20);

fn client(pipeline: &Pipeline) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &pipeline.kafka).set("group.id", "looks-on").set("linger.ms", "20");
    config
}

/// Writes these messages to one partition of the events topic, in this order; returns their offsets.
pub async fn write<T: AsRef<[u8]>>(pipeline: &Pipeline, partition: i32, messages: &[T]) -> Vec<i64> {
    write_to(pipeline, &pipeline.events_topic, partition, messages).await
}

/// The same for any topic.
pub async fn write_to<T: AsRef<[u8]>>(pipeline: &Pipeline, topic: &str, partition: i32, messages: &[T]) -> Vec<i64> {
    let producer: FutureProducer = client(pipeline).create().unwrap();
    let record = |message| FutureRecord::<str, [u8]>::to(topic).partition(partition).payload(message);
    let deliveries: Vec<_> =
        messages.iter().map(|message| producer.send_result(record(message.as_ref())).unwrap()).collect();
    let mut offsets = Vec::new();
    for delivery in deliveries {
        offsets.push(delivery.await.unwrap().unwrap().offset);
    }
    offsets
}

/// Every message of a topic.
pub async fn read(pipeline: &Pipeline, topic: &str) -> Vec<OwnedMessage> {
    let (config, topic) = (client(pipeline), topic.to_owned());
    tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = config.create().unwrap();
        let metadata = consumer.fetch_metadata(Some(&topic), KAFKA_MAX).unwrap();
        let mut positions = TopicPartitionList::new();
        let mut left = HashMap::new();
        for partition in metadata.topics()[0].partitions() {
            let (first, end) = consumer.fetch_watermarks(&topic, partition.id(), KAFKA_MAX).unwrap();
            positions.add_partition_offset(&topic, partition.id(), Offset::Offset(first)).unwrap();
            left.insert(partition.id(), end - first);
        }
        consumer.assign(&positions).unwrap();
        let mut messages = Vec::new();
        while left.values().sum::<i64>() > 0 {
            let message = consumer.poll(KAFKA_MAX).expect("the rest of the messages").unwrap().detach();
            *left.get_mut(&rdkafka::Message::partition(&message)).unwrap() -= 1;
            messages.push(message);
        }
        messages
    })
    .await
    .unwrap()
}

/// Deletes the events topic and creates it again, empty.
pub async fn recreate(pipeline: &Pipeline, partitions: u16) {
    let admin: AdminClient<DefaultClientContext> = client(pipeline).create().unwrap();
    let options = AdminOptions::new().operation_timeout(Some(KAFKA_MAX));
    for deleted in admin.delete_topics(&[&pipeline.events_topic], &options).await.unwrap() {
        deleted.unwrap();
    }
    let topic = NewTopic::new(&pipeline.events_topic, i32::from(partitions), TopicReplication::Fixed(1));
    for created in admin.create_topics(&[topic], &options).await.unwrap() {
        created.unwrap();
    }
}

/// Deletes the messages before this offset from a partition of the events topic, as Kafka's retention does.
pub async fn delete_before(pipeline: &Pipeline, partition: i32, offset: i64) {
    let admin: AdminClient<DefaultClientContext> = client(pipeline).create().unwrap();
    let mut offsets = TopicPartitionList::new();
    offsets.add_partition_offset(&pipeline.events_topic, partition, Offset::Offset(offset)).unwrap();
    let options = AdminOptions::new().operation_timeout(Some(KAFKA_MAX));
    let deleted = admin.delete_records(&offsets, &options).await.unwrap();
    deleted.elements().iter().for_each(|element| element.error().unwrap());
}
