//! PostgreSQL or Kafka that hangs is down, even though its connections stay open: /ready says so soon, and why.

use std::time::{Duration, Instant};

use footfall_testkit::{Backends, Frozen, Pipeline, PipelineOptions, SOON, eventually, own_postgres};
use tokio::sync::{Mutex, MutexGuard, OnceCell};

use crate::metrics::INGEST;

const SINK: u16 = 4195;
const VIEW: u16 = 3004;
/// Five seconds, and a margin for a busy machine.
const REPORTED_MAX: Duration = Duration::from_secs(9);
const EVENT: &str = r#"{"event_type":"x","page_url":"http://a.b/"}"#;

/// Waits until each says 503 and gives this reason.
async fn say_why(pipeline: &Pipeline, ports: &[u16], condition: &str, words: &str) {
    let began = Instant::now();
    for port in ports {
        eventually(&format!("port {port} says {words}"), REPORTED_MAX.saturating_sub(began.elapsed()), async || {
            let ready = pipeline.get(*port, "/ready").await;
            let detail = ready.json()["conditions"][condition]["detail"].as_str().unwrap_or_default().to_owned();
            ready.status == 503 && detail.contains(words)
        })
        .await;
    }
}

async fn are_ready(pipeline: &Pipeline, ports: &[u16]) {
    for port in ports {
        eventually(&format!("port {port} is ready"), SOON, async || pipeline.get(*port, "/ready").await.status == 200)
            .await;
    }
}

/// Backends that only these tests freeze: others that break theirs need not wait for them.
async fn appliance() -> (MutexGuard<'static, Backends>, Pipeline) {
    static BACKENDS: OnceCell<Mutex<Backends>> = OnceCell::const_new();
    let backends = BACKENDS.get_or_init(async || Mutex::new(Backends::start().await)).await.lock().await;
    let options = PipelineOptions { view: Some("access.public = true".into()), ..PipelineOptions::default() };
    let mut pipeline = Pipeline::start_with(&backends, options).await;
    assert_eq!(pipeline.post(EVENT).await.status, 200);
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 1, SOON).await;
    are_ready(&pipeline, &[SINK, VIEW]).await;
    (backends, pipeline)
}

#[tokio::test]
async fn a_postgresql_that_hangs_is_reported_within_seconds() {
    let (backends, mut pipeline) = appliance().await;
    for freeze in [Frozen::tree, Frozen::descendants] {
        let frozen = freeze(backends.postgres.pid());
        say_why(&pipeline, &[SINK, VIEW], "database", "PostgreSQL has not answered for ").await;
        assert_eq!(pipeline.post(EVENT).await.status, 200, "Kafka still takes events");
        drop(frozen);
        are_ready(&pipeline, &[SINK, VIEW]).await;
    }
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 3, SOON).await;
    assert!(pipeline.sinks[0].status().is_none(), "the sink was not restarted");
}

#[tokio::test]
async fn a_locked_table_is_reported_within_seconds() {
    let (_backends, mut pipeline) = appliance().await;
    pipeline.database.batch_execute("BEGIN; LOCK TABLE analytics_events IN ACCESS EXCLUSIVE MODE").await.unwrap();
    say_why(&pipeline, &[SINK, VIEW], "database", "lock").await;
    assert_eq!(pipeline.post(EVENT).await.status, 200);
    pipeline.database.batch_execute("ROLLBACK").await.unwrap();
    are_ready(&pipeline, &[SINK, VIEW]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
}

#[tokio::test]
async fn a_batch_that_takes_long_is_no_reason_to_be_not_ready() {
    let (_backends, mut pipeline) = appliance().await;
    let slow =
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(8); RETURN NEW; END $$;
        CREATE TRIGGER slow BEFORE INSERT ON analytics_events FOR EACH ROW EXECUTE FUNCTION slow()";
    pipeline.database.batch_execute(slow).await.unwrap();
    let began = Instant::now();
    assert_eq!(pipeline.post(EVENT).await.status, 200);
    eventually("the event is stored", SOON, async || {
        let ready = pipeline.get(SINK, "/ready").await;
        assert_eq!(ready.status, 200, "{ready:?}");
        pipeline.number("SELECT count(*) FROM analytics_events").await == 2
    })
    .await;
    assert!(began.elapsed() > Duration::from_secs(8));
}

#[tokio::test]
async fn a_sink_that_cannot_store_is_not_ready_between_two_attempts() {
    let (_backends, mut pipeline) = appliance().await;
    let full = "CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE 'no space left on device' USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER disk_full BEFORE INSERT ON analytics_events FOR EACH ROW EXECUTE FUNCTION disk_full()";
    pipeline.database.batch_execute(full).await.unwrap();
    assert_eq!(pipeline.post(EVENT).await.status, 200);
    say_why(&pipeline, &[SINK], "database", "no space left on device").await;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(8) {
        assert_eq!(pipeline.get(SINK, "/ready").await.status, 503);
    }
    pipeline.database.batch_execute("DROP FUNCTION disk_full() CASCADE").await.unwrap();
    are_ready(&pipeline, &[SINK]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
}

#[tokio::test]
async fn a_kafka_that_hangs_is_reported_within_seconds() {
    let (backends, mut pipeline) = appliance().await;
    let frozen = Frozen::tree(backends.kafka.pid());
    say_why(&pipeline, &[INGEST, SINK], "kafka", "no Kafka broker ").await;
    drop(frozen);
    are_ready(&pipeline, &[INGEST, SINK]).await;
    assert_eq!(pipeline.post(EVENT).await.status, 200);
    // A sink whose session ended meanwhile joins its group again first.
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
}

#[tokio::test]
async fn the_light_profiles_ingest_reports_both_too() {
    let postgres = own_postgres().await;
    let mut pipeline = Pipeline::start_light(&postgres, PipelineOptions::default()).await;
    assert_eq!(pipeline.post(EVENT).await.status, 200);
    let frozen = Frozen::tree(postgres.pid());
    say_why(&pipeline, &[INGEST], "database", "PostgreSQL has not answered for ").await;
    let answer = pipeline.post(EVENT).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["reason"]), (503, &"database_away".into()), "{answer:?}");
    drop(frozen);
    are_ready(&pipeline, &[INGEST]).await;

    pipeline.database.batch_execute("BEGIN; LOCK TABLE analytics_events IN ACCESS EXCLUSIVE MODE").await.unwrap();
    say_why(&pipeline, &[INGEST], "database", "lock").await;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(6) {
        assert_eq!(pipeline.get(INGEST, "/ready").await.status, 503, "it is not ready between two attempts");
    }
    pipeline.database.batch_execute("ROLLBACK").await.unwrap();
    are_ready(&pipeline, &[INGEST]).await;
    assert_eq!(pipeline.post(EVENT).await.status, 200);
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events").await, 2);
}
