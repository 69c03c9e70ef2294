//! What the sink makes of a stored offset and its fingerprint while Kafka's log stays the same: it raises no false alarm,
//! and another sink that stores at the same time misleads it in nothing.

use std::time::Duration;

use footfall::processes::Ending;
use footfall_testkit::{Backends, Pipeline, SOON, eventually, shared, topic};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use serde_json::json;
use uuid::Uuid;

const STOP_MAX: Duration = Duration::from_secs(30);
const ALARMS: [&str; 2] = ["Kafka holds another log", "Kafka deleted messages before"];

fn event() -> Vec<u8> {
    let now = jiff::Timestamp::now();
    let event = json!({
        "event_id": Uuid::now_v7(), "event_type": "x", "page_url": "http://a.b/", "timestamp": now, "received_at": now,
        "session_id": "s", "schema_version": 1,
    });
    serde_json::to_vec(&event).unwrap()
}

fn logs(pipeline: &Pipeline) -> String {
    let logs = pipeline.sinks.iter().map(|sink| std::fs::read_to_string(sink.log()).unwrap());
    logs.collect()
}

fn no_alarm(pipeline: &Pipeline) {
    let log = logs(pipeline);
    assert!(!ALARMS.iter().any(|alarm| log.contains(alarm)), "{log}");
}

#[tokio::test]
async fn an_offset_stored_by_an_older_version_is_read_on_from() {
    let mut pipeline = Pipeline::start(shared().await).await;
    topic::write(&pipeline, 0, &[event(), event()]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
    assert_eq!(pipeline.sinks[0].stop(STOP_MAX).await, Ending::Stopped);
    pipeline.database.batch_execute("UPDATE kafka_offsets SET fingerprint = NULL").await.unwrap();
    topic::write(&pipeline, 0, &[event()]).await;
    pipeline.sinks[0].start_again().await.unwrap();
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 3, SOON).await;
    let known =
        "SELECT count(*) FROM kafka_offsets WHERE partition = 0 AND fingerprint IS NOT NULL AND topic LIKE '%-events'";
    pipeline.wait_for(known, 1, SOON).await;
    no_alarm(&pipeline);
}

#[tokio::test]
async fn stored_messages_that_kafka_has_deleted_raise_no_alarm() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let offsets = topic::write(&pipeline, 0, &[event(), event(), event()]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 3, SOON).await;
    topic::delete_before(&pipeline, 0, offsets[2] + 1).await;
    // A check reads the deleted record in vain, and the sink looks more closely.
    let resumed = |log: &str| log.matches("\"reading\"").count().max(log.matches("reading").count());
    let before = resumed(&logs(&pipeline));
    eventually("the sink has looked", SOON, async || resumed(&logs(&pipeline)) > before).await;
    topic::write(&pipeline, 0, &[event()]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 4, SOON).await;
    assert_eq!(pipeline.sinks[0].stop(STOP_MAX).await, Ending::Stopped);
    topic::write(&pipeline, 0, &[event()]).await;
    pipeline.sinks[0].start_again().await.unwrap();
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 5, SOON).await;
    no_alarm(&pipeline);
}

/// A consumer in the sink's group: it makes the group assign the partitions anew.
fn join(pipeline: &Pipeline, group: &str) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &pipeline.kafka).set("group.id", group);
    let consumer: BaseConsumer = config.create().unwrap();
    // The sink keeps its partitions of the events topic: this member reads only the other.
    consumer.subscribe(&[&pipeline.outcomes_topic]).unwrap();
    consumer
}

#[tokio::test]
async fn a_sink_that_waits_for_the_database_while_another_stores_reads_nothing_again() {
    let backends = Backends::start().await;
    let mut pipeline = Pipeline::start(&backends).await;
    topic::write(&pipeline, 0, &[event(), b"unreadable".to_vec()]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 1, SOON).await;
    pipeline.add_sink_of_group("others").await;
    // The backend of the second sink stands still, so that what it asks is answered late.
    let backend = "SELECT max(pid)::bigint FROM (SELECT pid, row_number() OVER (ORDER BY backend_start DESC) FROM pg_stat_activity \
                   WHERE application_name = 'footfall-sink') AS latest WHERE row_number = 1";
    let backend = Pid::from_raw(i32::try_from(pipeline.number(backend).await).unwrap());
    kill(backend, Signal::SIGSTOP).unwrap();
    let log = |pipeline: &Pipeline| std::fs::read_to_string(pipeline.sinks[1].log()).unwrap();
    let assigned = |log: &str| log.matches("partitions assigned").count();
    let before = assigned(&log(&pipeline));
    let member = join(&pipeline, "others");
    eventually("its partitions are assigned anew", SOON, async || {
        let _ = member.poll(Duration::from_millis(10));
        assigned(&log(&pipeline)) > before
    })
    .await;
    let events: Vec<_> = (0..50).map(|_| event()).chain([b"unreadable too".to_vec()]).collect();
    topic::write(&pipeline, 0, &events).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 51, SOON).await;
    kill(backend, Signal::SIGCONT).unwrap();
    topic::write(&pipeline, 0, &[event()]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 52, SOON).await;
    pipeline.wait_until_all_is_read(SOON).await;
    let reading = log(&pipeline).matches("reading").count();
    eventually("the second sink reads again", SOON, async || {
        let _ = member.poll(Duration::from_millis(10));
        log(&pipeline).matches("reading").count() >= reading.max(2)
    })
    .await;
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_quarantine").await, 2);
    let duplicates = "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'duplicate'";
    assert_eq!(pipeline.number(duplicates).await, 0);
    no_alarm(&pipeline);
}

#[tokio::test]
async fn a_record_that_is_read_again_is_quarantined_once() {
    let mut pipeline = Pipeline::start(shared().await).await;
    topic::write(&pipeline, 0, &[b"unreadable".to_vec(), event(), b"unreadable".to_vec()]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_quarantine", 2, SOON).await;
    assert_eq!(pipeline.sinks[0].stop(STOP_MAX).await, Ending::Stopped);
    let again = "UPDATE kafka_offsets SET next_offset = 0 WHERE partition = 0 AND topic LIKE '%-events'";
    pipeline.database.batch_execute(again).await.unwrap();
    topic::write(&pipeline, 0, &[event()]).await;
    pipeline.sinks[0].start_again().await.unwrap();
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
    // An older sink, or an operator, moves only the offset: that is no other log.
    no_alarm(&pipeline);
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_quarantine").await, 2);
    let counted = "SELECT sum(event_count)::bigint FROM analytics_outcomes WHERE outcome = 'quarantined'";
    assert_eq!(pipeline.number(counted).await, 2);
}
