//! What is frozen and comes back: the sink goes on at once, in the same process.

use std::time::{Duration, Instant};

use footfall_testkit::{Backends, Pipeline, PipelineOptions, SOON, eventually, own_postgres, shared, topic};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use uuid::Uuid;

/// A second in which rows should come, and a margin for a busy machine.
const ROWS_MAX: Duration = Duration::from_secs(3);

fn event() -> Vec<u8> {
    let now = jiff::Timestamp::now();
    let event = json!({
        "event_id": Uuid::now_v7(), "event_type": "x", "page_url": "http://a.b/", "timestamp": now, "received_at": now,
        "session_id": "s", "schema_version": 1,
    });
    serde_json::to_vec(&event).unwrap()
}

async fn is_ready(pipeline: &Pipeline, port: u16) -> bool {
    pipeline.get(port, "/ready").await.status == 200
}

#[tokio::test]
async fn a_sink_whose_broker_was_frozen_for_longer_than_its_session_joins_again() {
    let backends = Backends::start().await;
    let mut pipeline = Pipeline::start(&backends).await;
    topic::write(&pipeline, 0, &[event()]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 1, SOON).await;
    let broker = Pid::from_raw(i32::try_from(backends.kafka.pid()).unwrap());
    kill(broker, Signal::SIGSTOP).unwrap();
    eventually("the sink says that it cannot read", Duration::from_secs(10), async || !is_ready(&pipeline, 4195).await)
        .await;
    // The session of 6 s and the 20 s of the report are over by then.
    eventually("the consumer is replaced", SOON, async || {
        std::fs::read_to_string(pipeline.sinks[0].log()).unwrap().contains("which is replaced")
    })
    .await;
    assert!(!is_ready(&pipeline, 4195).await);
    kill(broker, Signal::SIGCONT).unwrap();
    let began = Instant::now();
    topic::write(&pipeline, 0, &[event()]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
    println!("the row came {:?} after the broker", began.elapsed());
    eventually("the sink is ready", SOON, async || is_ready(&pipeline, 4195).await).await;
    assert_eq!(pipeline.sinks[0].status(), None, "it was not restarted");
}

#[tokio::test]
async fn two_sinks_with_the_same_name_say_so_and_do_not_fight() {
    let mut pipeline = Pipeline::start(shared().await).await;
    pipeline.add_sink_named("sink-0").await;
    let said = |pipeline: &Pipeline| -> usize {
        let logs = pipeline.sinks.iter().map(|sink| std::fs::read_to_string(sink.log()).unwrap());
        logs.map(|log| log.matches("another sink has the same kafka.group_instance_id").count()).sum()
    };
    let mut stored = 0;
    // With each round the pauses double: the first ten take a minute at least.
    eventually("it is said", SOON, async || {
        topic::write(&pipeline, 0, &[event()]).await;
        stored += 1;
        said(&pipeline) >= 4
    })
    .await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", stored, SOON).await;
    assert!(said(&pipeline) < 20, "{}", pipeline.logs());
    assert!(pipeline.sinks.iter().all(|sink| sink.status().is_none()), "both run");
}

#[tokio::test]
async fn rows_come_soon_after_the_database_is_back_however_long_it_was_away() {
    let mut backends = Backends::start().await;
    let mut pipeline = Pipeline::start(&backends).await;
    topic::write(&pipeline, 0, &[event()]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 1, SOON).await;
    backends.postgres.kill().await;
    // Long enough for the pauses between the attempts to have grown.
    tokio::time::sleep(Duration::from_secs(12)).await;
    // Before the database starts, which takes as long as the machine needs.
    let log = std::fs::read_to_string(pipeline.sinks[0].log()).unwrap();
    topic::write(&pipeline, 0, &[event()]).await;
    backends.postgres.start_again().await.unwrap();
    let began = Instant::now();
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
    let took = began.elapsed();
    println!("the row came {took:?} after the database");
    assert!(took < ROWS_MAX, "{took:?}");
    let lines = log.matches("what is not stored is dropped").count();
    // A few of each error, and a count of the others; there are two attempts a second.
    assert!((1..=10).contains(&lines), "{lines} lines in 12 s: {log}");
}

#[tokio::test]
async fn a_light_ingest_stores_soon_after_the_database_is_back_and_logs_little() {
    let mut postgres = own_postgres().await;
    let mut pipeline = Pipeline::start_light(&postgres, PipelineOptions::default()).await;
    postgres.kill().await;
    tokio::time::sleep(Duration::from_secs(12)).await;
    // Before the database starts, which takes as long as the machine needs.
    let log = std::fs::read_to_string(pipeline.ingest.log()).unwrap();
    postgres.start_again().await.unwrap();
    let began = Instant::now();
    eventually("an event is stored", SOON, async || {
        pipeline.post(r#"{"event_type":"x","page_url":"http://a.b/"}"#).await.status == 200
    })
    .await;
    let took = began.elapsed();
    println!("an event was stored {took:?} after the database");
    assert!(took < ROWS_MAX, "{took:?}");
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events").await, 1);
    let lines = log.matches("the database is away").count();
    // A few of each error, and a count of the others; there are two attempts a second.
    assert!((1..=10).contains(&lines), "{lines} lines in 12 s: {log}");
}
