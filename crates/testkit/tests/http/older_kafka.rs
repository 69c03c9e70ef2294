//! Kafka comes back with an older copy of its data, in which the producer's last messages are missing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use footfall_testkit::{Pipeline, PipelineOptions, SOON, eventually};

use crate::metrics::{INGEST, metric};
use crate::outage::breakable;

const STOP_MAX: Duration = Duration::from_secs(30);
/// The same session each time, so that every event is in the same partition.
const EVENT: &str = r#"{"event_type":"x","page_url":"http://a.b/","session_id":"one"}"#;

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

/// Messages that Kafka has acknowledged are missing in the older copy, which librdkafka calls fatal: from then on the
/// producer refuses everything.
#[tokio::test]
async fn ingest_makes_a_new_producer_and_is_never_stuck_with_one_that_has_failed() {
    // Longer than the broker is away: librdkafka begins a new sequence after a message that was given up.
    with_an_older_copy("kafka.acknowledge_ms_max = 60000", false).await;
}

/// A client keeps sending while Kafka stops, so the producer sees that the partition has no leader any more. The older
/// copy knows nothing of that election, and so librdkafka does not believe it which broker leads.
#[tokio::test]
async fn ingest_makes_a_new_producer_if_its_own_delivers_nothing_although_the_broker_answers() {
    with_an_older_copy("", true).await;
}

async fn with_an_older_copy(ingest: &str, sees_the_stop: bool) {
    let mut backends = breakable().await.lock().await;
    // The sink has its own tests for this.
    let options = PipelineOptions { ingest: ingest.to_owned(), no_sink: true, ..PipelineOptions::default() };
    let pipeline = Pipeline::start_with(&backends, options).await;
    let data: PathBuf = backends.kafka.log().ancestors().nth(2).unwrap().join("kafka");
    let older = pipeline.dir.join("older");
    for _ in 0..3 {
        assert_eq!(pipeline.post(EVENT).await.status, 200);
    }
    backends.kafka.stop(STOP_MAX).await;
    copy(&data, &older);
    backends.kafka.start_again().await.unwrap();
    let takes_events = async || pipeline.post(EVENT).await.status == 200;
    eventually("Kafka is back", SOON, takes_events).await;
    for _ in 0..5 {
        assert_eq!(pipeline.post(EVENT).await.status, 200);
    }
    let keeps_sending = async {
        loop {
            assert!([200, 503].contains(&pipeline.post(EVENT).await.status.as_u16()));
        }
    };
    tokio::select! {
        _ = backends.kafka.stop(STOP_MAX) => {}
        () = keeps_sending, if sees_the_stop => {}
    }
    copy(&older, &data);
    backends.kafka.start_again().await.unwrap();

    eventually("the producer is replaced", SOON, async || {
        // What it is sent is refused, never acknowledged and lost.
        let answer = pipeline.post(EVENT).await;
        assert!([200, 503].contains(&answer.status.as_u16()), "{answer:?}");
        metric(&pipeline, INGEST, "footfall_ingest_producers_replaced_total", &[]).await > 0
    })
    .await;
    eventually("events are taken again", SOON, takes_events).await;
    for _ in 0..20 {
        assert_eq!(pipeline.post(EVENT).await.status, 200);
    }
    assert_eq!(pipeline.get(INGEST, "/ready").await.status, 200);
    assert_eq!(metric(&pipeline, INGEST, "footfall_ingest_producers_replaced_total", &[]).await, 1);
    assert!(pipeline.ingest.status().is_none(), "ingest was not restarted");
    let log = std::fs::read_to_string(pipeline.ingest.log()).unwrap();
    assert!(log.contains("the Kafka producer has failed and is replaced"), "{log}");
}
