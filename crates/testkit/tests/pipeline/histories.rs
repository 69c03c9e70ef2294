//! Kafka's log may be replaced by another: its data is put back, or a topic is recreated. Every message of the new log is
//! stored, once, even if the new log has grown beyond the stored offset before the sink looks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use footfall::processes::Ending;
use footfall_testkit::{Backends, Pipeline, PipelineOptions, SOON, eventually, topic};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

const STOP_MAX: Duration = Duration::from_secs(30);

/// Backends whose broker these tests put back, one after the other.
async fn breakable() -> &'static Mutex<Backends> {
    static BACKENDS: OnceCell<Mutex<Backends>> = OnceCell::const_new();
    BACKENDS.get_or_init(async || Mutex::new(Backends::start().await)).await
}

fn event() -> Vec<u8> {
    let now = jiff::Timestamp::now();
    let event = json!({
        "event_id": Uuid::now_v7(), "event_type": "x", "page_url": "http://a.b/", "timestamp": now, "received_at": now,
        "session_id": "s", "schema_version": 1,
    });
    serde_json::to_vec(&event).unwrap()
}

/// Writes events to partition 0.
async fn write(pipeline: &Pipeline, count: usize) -> Vec<Vec<u8>> {
    let events: Vec<_> = (0..count).map(|_| event()).collect();
    topic::write(pipeline, 0, &events).await;
    events
}

/// A pipeline whose ingest does not write to the broker: tests write themselves.
async fn pipeline(backends: &Backends) -> Pipeline {
    let mut pipeline = Pipeline::start_with(backends, PipelineOptions::default()).await;
    pipeline.ingest.stop(STOP_MAX).await;
    pipeline
}

/// A copy of a stopped broker's data.
struct Copy(PathBuf);

impl Copy {
    async fn of(backends: &mut Backends) -> Self {
        let data = backends.kafka_data();
        let copy = data.with_file_name(format!("copy-{}", Uuid::now_v7()));
        assert_eq!(backends.kafka.stop(STOP_MAX).await, Ending::Stopped);
        copy_folder(&data, &copy);
        backends.kafka.start_again().await.unwrap();
        Self(copy)
    }

    async fn put_back(self, backends: &mut Backends) {
        assert_eq!(backends.kafka.stop(STOP_MAX).await, Ending::Stopped);
        std::fs::remove_dir_all(backends.kafka_data()).unwrap();
        std::fs::rename(&self.0, backends.kafka_data()).unwrap();
        backends.kafka.start_again().await.unwrap();
    }
}

/// An earlier copy of the data knows nothing of these elections, while clients do.
async fn elect_new_leaders(backends: &mut Backends) {
    for _ in 0..2 {
        assert_eq!(backends.kafka.stop(STOP_MAX).await, Ending::Stopped);
        backends.kafka.start_again().await.unwrap();
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

async fn stored(pipeline: &mut Pipeline, events: i64) {
    pipeline.wait_for("SELECT count(*) FROM analytics_events", events, SOON).await;
}

/// Each event is stored once, counted once, and the sink has said that the log was replaced.
async fn all_is_stored_once(pipeline: &mut Pipeline, events: i64) {
    stored(pipeline, events).await;
    pipeline.wait_until_all_is_read(SOON).await;
    assert_eq!(outcomes(pipeline).await, [("stored".to_owned(), events)]);
    assert_eq!(pipeline.number("SELECT count(DISTINCT event_id) FROM analytics_events").await, events);
    assert_eq!(pipeline.number("SELECT sum(event_count)::bigint FROM analytics_summary").await, events);
    let log = std::fs::read_to_string(pipeline.sinks[0].log()).unwrap();
    assert_eq!(log.matches("Kafka holds another log than the one that was read").count(), 1, "{log}");
}

async fn outcomes(pipeline: &Pipeline) -> Vec<(String, i64)> {
    let query =
        "SELECT outcome, sum(event_count)::bigint FROM analytics_outcomes WHERE source = 'sink' GROUP BY 1 ORDER BY 1";
    let rows = pipeline.database.query(query, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn signal(pipeline: &Pipeline, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(pipeline.sinks[0].pid()).unwrap()), signal).unwrap();
}

#[tokio::test]
async fn a_stopped_sink_reads_all_of_a_log_that_was_put_back_and_has_outgrown_its_offset() {
    let mut backends = breakable().await.lock().await;
    let mut pipeline = pipeline(&backends).await;
    write(&pipeline, 20).await;
    stored(&mut pipeline, 20).await;
    let copy = Copy::of(&mut backends).await;
    write(&pipeline, 30).await;
    topic::write(&pipeline, 0, &["unreadable"]).await;
    stored(&mut pipeline, 50).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_quarantine", 1, SOON).await;
    assert_eq!(pipeline.sinks[0].stop(STOP_MAX).await, Ending::Stopped);
    copy.put_back(&mut backends).await;
    write(&pipeline, 60).await;
    pipeline.sinks[0].start_again().await.unwrap();
    stored(&mut pipeline, 110).await;
    pipeline.wait_until_all_is_read(SOON).await;
    assert_eq!(outcomes(&pipeline).await, [("quarantined".to_owned(), 1), ("stored".to_owned(), 110)]);
    let log = std::fs::read_to_string(pipeline.sinks[0].log()).unwrap();
    assert_eq!(log.matches("Kafka holds another log").count(), 1, "{log}");
    // From now on it is the log that is read: a restart reads on.
    assert_eq!(pipeline.sinks[0].stop(STOP_MAX).await, Ending::Stopped);
    write(&pipeline, 1).await;
    pipeline.sinks[0].start_again().await.unwrap();
    stored(&mut pipeline, 111).await;
    let log = std::fs::read_to_string(pipeline.sinks[0].log()).unwrap();
    assert_eq!(log.matches("Kafka holds another log").count(), 1, "{log}");
}

#[tokio::test]
async fn a_running_sink_reads_all_of_a_log_that_was_put_back() {
    let mut backends = breakable().await.lock().await;
    let mut pipeline = pipeline(&backends).await;
    write(&pipeline, 20).await;
    stored(&mut pipeline, 20).await;
    let copy = Copy::of(&mut backends).await;
    elect_new_leaders(&mut backends).await;
    write(&pipeline, 5).await;
    stored(&mut pipeline, 25).await;
    copy.put_back(&mut backends).await;
    write(&pipeline, 40).await;
    all_is_stored_once(&mut pipeline, 65).await;
    assert_eq!(pipeline.sinks[0].status(), None, "it was not restarted");
}

#[tokio::test]
async fn a_sink_that_was_frozen_meanwhile_reads_all_of_a_log_that_was_put_back() {
    let mut backends = breakable().await.lock().await;
    let mut pipeline = pipeline(&backends).await;
    write(&pipeline, 20).await;
    stored(&mut pipeline, 20).await;
    let copy = Copy::of(&mut backends).await;
    write(&pipeline, 5).await;
    stored(&mut pipeline, 25).await;
    signal(&pipeline, Signal::SIGSTOP);
    copy.put_back(&mut backends).await;
    write(&pipeline, 40).await;
    signal(&pipeline, Signal::SIGCONT);
    all_is_stored_once(&mut pipeline, 65).await;
}

#[tokio::test]
async fn a_running_sink_reads_all_of_a_topic_that_was_deleted_and_created_again() {
    let backends = breakable().await.lock().await;
    let mut pipeline = pipeline(&backends).await;
    write(&pipeline, 5).await;
    stored(&mut pipeline, 5).await;
    // Frozen, so that the new topic has certainly outgrown the offset when the sink sees it.
    signal(&pipeline, Signal::SIGSTOP);
    topic::recreate(&pipeline, 3).await;
    write(&pipeline, 40).await;
    signal(&pipeline, Signal::SIGCONT);
    all_is_stored_once(&mut pipeline, 45).await;
}

#[tokio::test]
async fn a_client_that_sends_an_event_again_after_the_log_was_put_back_causes_a_duplicate() {
    let mut backends = breakable().await.lock().await;
    let mut pipeline = pipeline(&backends).await;
    write(&pipeline, 3).await;
    stored(&mut pipeline, 3).await;
    let copy = Copy::of(&mut backends).await;
    let lost = write(&pipeline, 2).await;
    stored(&mut pipeline, 5).await;
    assert_eq!(pipeline.sinks[0].stop(STOP_MAX).await, Ending::Stopped);
    copy.put_back(&mut backends).await;
    topic::write(&pipeline, 0, &lost).await;
    write(&pipeline, 10).await;
    pipeline.sinks[0].start_again().await.unwrap();
    stored(&mut pipeline, 15).await;
    pipeline.wait_until_all_is_read(SOON).await;
    assert_eq!(outcomes(&pipeline).await, [("duplicate".to_owned(), 2), ("stored".to_owned(), 15)]);
}

#[tokio::test]
async fn a_crash_while_a_replaced_log_is_read_stores_and_counts_nothing_twice() {
    let mut backends = breakable().await.lock().await;
    let mut pipeline = pipeline(&backends).await;
    write(&pipeline, 2_000).await;
    stored(&mut pipeline, 2_000).await;
    let copy = Copy::of(&mut backends).await;
    write(&pipeline, 5).await;
    stored(&mut pipeline, 2_005).await;
    assert_eq!(pipeline.sinks[0].stop(STOP_MAX).await, Ending::Stopped);
    copy.put_back(&mut backends).await;
    write(&pipeline, 20).await;
    // A row that is locked stops the sink in the middle of what it reads again.
    let progress =
        "SELECT count(*) FROM kafka_offsets WHERE partition = 0 AND read_before IS NOT NULL AND next_offset < 2000";
    pipeline.sinks[0].start_again().await.unwrap();
    let mut kills = 0;
    while pipeline.number("SELECT count(*) FROM analytics_events").await < 2_025 && kills < 3 {
        eventually("it reads again, or has", SOON, async || {
            pipeline.number(progress).await == 1
                || pipeline.number("SELECT count(*) FROM analytics_events").await == 2_025
        })
        .await;
        pipeline.sinks[0].kill().await;
        pipeline.sinks[0].start_again().await.unwrap();
        kills += 1;
    }
    stored(&mut pipeline, 2_025).await;
    pipeline.wait_until_all_is_read(SOON).await;
    assert_eq!(outcomes(&pipeline).await, [("stored".to_owned(), 2_025)]);
}
