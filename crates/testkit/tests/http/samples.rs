//! The daemons' metrics reach the database, and never delay an event.

use std::time::Instant;

use footfall_event::PipelineSample;
use footfall_testkit::{AT_ONCE, Backends, Pipeline, PipelineOptions, SOON, eventually, shared};
use jiff::{SignedDuration, Timestamp};

use crate::metrics::{INGEST, SINK, metric};
use crate::outcomes::NOT_ADDED_UP;
use footfall_testkit::topic;

const EVENT: &str = r#"{"event_type":"x","page_url":"http://a.b/"}"#;

fn every_second() -> PipelineOptions {
    PipelineOptions { sample_interval_s: 1, ..PipelineOptions::default() }
}

/// The last value of a series in a source's samples; -1 if it has none.
fn last(source: &str, series: &str) -> String {
    format!(
        "SELECT coalesce((SELECT (samples ->> '{series}')::bigint FROM pipeline_samples
         WHERE source = '{source}' ORDER BY at DESC LIMIT 1), -1)"
    )
}

fn samples_since(source: &str, since: Timestamp) -> String {
    format!("SELECT LEAST(count(*), 2) FROM pipeline_samples WHERE source = '{source}' AND at > '{since}'")
}

#[tokio::test]
async fn every_daemons_metrics_reach_the_database_even_without_events() {
    let mut pipeline = Pipeline::start_with(shared().await, every_second()).await;
    for source in ["ingest", "sink-0"] {
        pipeline.wait_for(&samples_since(source, Timestamp::UNIX_EPOCH), 2, SOON).await;
        pipeline.wait_for(&last(source, "footfall_ready"), 1, SOON).await;
    }
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_outcomes").await, 0);

    for _ in 0..3 {
        assert_eq!(pipeline.post(EVENT).await.status, 200);
    }
    assert_eq!(pipeline.post("{").await.status, 400);
    for (source, series, wanted) in [
        ("ingest", r#"footfall_ingest_requests_total{status="200"}"#, 3),
        ("ingest", r#"footfall_ingest_events_rejected_total{reason="json_syntax"}"#, 1),
        ("ingest", "footfall_ingest_request_seconds_count", 4),
        ("ingest", "footfall_ingest_queue_bytes", 0),
        ("sink-0", r#"footfall_sink_events_total{outcome="stored",reason=""}"#, 3),
    ] {
        pipeline.wait_for(&last(source, series), wanted, SOON).await;
    }
    // The dashboard's function returns the same.
    let rates = "SELECT round(sum(increase))::bigint FROM footfall.pipeline_increases(
        now() - interval '10 minutes', now() + interval '1 minute', '1 minute', 'footfall_ingest_requests_total', 'status')";
    assert_eq!(pipeline.number(rates).await, 4);
    let lags = "SELECT count(*) FROM footfall.pipeline_lag()";
    pipeline.wait_for(lags, 4, SOON).await;
    // A sample is not an event: it is not quarantined, and the outcomes add up without it.
    pipeline.wait_for("SELECT sum(event_count)::bigint FROM analytics_outcomes", 3 + 1 + 3, SOON).await;
    assert_eq!(pipeline.number(NOT_ADDED_UP).await, 0);
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_quarantine").await, 0);
    let ledger = "SELECT count(*) FROM analytics_ledger l LEFT JOIN analytics_events e USING (event_id) WHERE e.event_id IS NULL";
    assert!(pipeline.number(ledger).await <= 4, "only counts, of which there is one message a second");

    // After a restart there is a new process under the old name.
    pipeline.ingest.kill().await;
    pipeline.ingest.start_again().await.unwrap();
    let restarts =
        "SELECT restarts FROM footfall.pipeline_restarts(now() - interval '10 minutes', now()) WHERE source = 'ingest'";
    pipeline.wait_for(restarts, 1, SOON).await;
}

#[tokio::test]
async fn a_future_kind_is_skipped_and_an_invalid_sample_is_quarantined() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let now = Timestamp::now();
    let sample = |source: &str, at: Timestamp, series: &str| {
        let samples = [(series.to_owned(), 1.into())].into();
        String::from_utf8(PipelineSample::new(source, at, now, samples).to_line()).unwrap()
    };
    let messages = [
        sample("other", now, "m{a=\"b\"}"),
        r#"{"kind":"of-tomorrow","anything":[1,2]}"#.to_owned(),
        sample("other", now, "a person typed this"),
        // These times are impossible, and each would create its own chunk.
        sample("liar", now + SignedDuration::from_hours(48), "m"),
        sample("liar", now - SignedDuration::from_hours(24 * 40), "m"),
        sample("other", now - SignedDuration::from_hours(24), "m"),
    ];
    topic::write_to(&pipeline, &pipeline.outcomes_topic, 0, &messages).await;
    pipeline.wait_until_all_is_read(SOON).await;
    let kept =
        pipeline.database.query("SELECT kafka_offset, reason, field FROM analytics_quarantine", &[]).await.unwrap();
    let kept: Vec<(i64, &str, &str)> = kept.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(kept, [(2, "field_type", "samples")]);
    let stored =
        pipeline.database.query("SELECT source, samples::text FROM pipeline_samples ORDER BY at", &[]).await.unwrap();
    let stored: Vec<(&str, &str)> = stored.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(stored, [("other", r#"{"m": 1}"#), ("other", r#"{"m{a=\"b\"}": 1}"#)]);
    assert_eq!(metric(&pipeline, SINK, "footfall_sink_messages_skipped_total", &[]).await, 1);
}

#[tokio::test]
async fn without_kafka_or_the_database_samples_are_dropped_and_counted_and_nothing_waits() {
    let mut backends = Backends::start().await;
    let mut pipeline = Pipeline::start_with(&backends, every_second()).await;
    for source in ["ingest", "sink-0"] {
        pipeline.wait_for(&samples_since(source, Timestamp::UNIX_EPOCH), 2, SOON).await;
    }

    backends.kafka.kill().await;
    let ingest_drops =
        async |pipeline: &Pipeline| metric(pipeline, INGEST, "footfall_ingest_samples_dropped_total", &[]).await;
    eventually("ingest drops samples", SOON, async || ingest_drops(&pipeline).await >= 2).await;
    let began = Instant::now();
    assert_eq!(pipeline.post(EVENT).await.status, 503);
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    // The sink still reports, namely that it is not ready.
    pipeline.wait_for(&samples_since("sink-0", Timestamp::now()), 2, SOON).await;
    pipeline.wait_for(&last("sink-0", "footfall_ready"), 0, SOON).await;
    assert_eq!(metric(&pipeline, SINK, "footfall_sink_samples_dropped_total", &[]).await, 0);

    backends.kafka.start_again().await.unwrap();
    pipeline.wait_for(&samples_since("ingest", Timestamp::now()), 2, SOON).await;
    pipeline.wait_for(&last("sink-0", "footfall_ready"), 1, SOON).await;
    assert_eq!(pipeline.post(EVENT).await.status, 200);

    backends.postgres.kill().await;
    let sink_drops =
        async |pipeline: &Pipeline| metric(pipeline, SINK, "footfall_sink_samples_dropped_total", &[]).await;
    eventually("the sink drops samples", SOON, async || sink_drops(&pipeline).await >= 2).await;
    let began = Instant::now();
    assert_eq!(pipeline.post(EVENT).await.status, 200);
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    backends.postgres.start_again().await.unwrap();
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
    for source in ["ingest", "sink-0"] {
        pipeline.wait_for(&samples_since(source, Timestamp::now()), 2, SOON).await;
    }
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_quarantine").await, 0);
}
