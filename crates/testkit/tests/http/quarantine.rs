//! Messages from Kafka that cannot be stored are kept with their reason and bytes, without affecting others; messages that
//! Kafka itself has lost are counted and logged.

use std::time::Duration;

use footfall::processes::Ending;
use footfall_testkit::{Pipeline, PipelineOptions, SOON, eventually, shared};
use serde_json::json;
use uuid::Uuid;

use crate::metrics::{SINK, metric};
use footfall_testkit::topic;

const STOP_MAX: Duration = Duration::from_secs(25);

/// A line as ingest writes it, except for these fields.
fn line(kind: &str, page_url: &str) -> Vec<u8> {
    let now = jiff::Timestamp::now();
    let event = json!({
        "event_id": Uuid::now_v7(), "event_type": kind, "page_url": page_url, "timestamp": now, "received_at": now,
        "session_id": "session-of-a-person", "user_agent": "agent-of-a-person", "schema_version": 1,
    });
    serde_json::to_vec(&event).unwrap()
}

fn good() -> Vec<u8> {
    line("good", "http://a.b/")
}

/// Each quarantined message of partition 0: offset, reason, field, bytes.
async fn quarantined(pipeline: &Pipeline) -> Vec<(i64, String, String, Vec<u8>)> {
    let query = "SELECT kafka_offset, reason, field, payload FROM analytics_quarantine WHERE topic = $1 AND partition = 0 ORDER BY 1";
    let rows = pipeline.database.query(query, &[&pipeline.events_topic]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
}

/// The database's next offset of partition 0.
fn next_offset(pipeline: &Pipeline) -> String {
    format!(
        "SELECT coalesce(max(next_offset), -1) FROM kafka_offsets WHERE topic = '{}' AND partition = 0",
        pipeline.events_topic
    )
}

#[tokio::test]
async fn an_unreadable_message_is_kept_unchanged_and_the_others_are_stored_immediately() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let long = format!("http://a.b/{}", "p".repeat(490));
    let mut invalid = good();
    invalid.extend([0xff, 0xfe]);
    let mut raw_nul = good();
    raw_nul.push(0);
    let title = |text: &str| {
        let line = String::from_utf8(good()).unwrap();
        line.replacen('{', &format!(r#"{{"page_title":"{text}","#), 1).into_bytes()
    };
    let bad: Vec<(Vec<u8>, &str, &str)> = vec![
        (b"{\"event_type\":".to_vec(), "json_syntax", "event_type"),
        (b"not JSON at all \xf0\x9f".to_vec(), "utf8_invalid", "body"),
        (Vec::new(), "json_syntax", "body"),
        (invalid, "utf8_invalid", "body"),
        (line("x", &long), "field_too_long", "page_url"),
        (raw_nul, "nul_character", "body"),
        (title("a\\u0000b"), "nul_character", "page_title"),
        (title("\\ud800"), "lone_surrogate", "page_title"),
        (br#"{"event_type":"x","page_url":"http://a.b/"}"#.to_vec(), "field_missing", "event_id"),
        (b"[]".to_vec(), "not_an_object", "body"),
    ];
    // Once all in one batch, and once each on its own, with good messages before and after.
    let mut messages = vec![good()];
    for (message, ..) in &bad {
        messages.extend([message.clone(), good()]);
    }
    let offsets = topic::write(&pipeline, 0, &messages).await;
    let neighbours = i64::try_from(bad.len() + 1).unwrap();
    pipeline.wait_for("SELECT count(*) FROM analytics_events WHERE event_type = 'good'", neighbours, SOON).await;
    pipeline.wait_for(&next_offset(&pipeline), offsets.last().unwrap() + 1, SOON).await;

    let kept = quarantined(&pipeline).await;
    let wanted = bad.iter().zip(offsets.iter().skip(1).step_by(2));
    let wanted: Vec<_> = wanted
        .map(|((bytes, reason, field), at)| (*at, reason.to_string(), field.to_string(), bytes.clone()))
        .collect();
    assert_eq!(kept, wanted);
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events").await, neighbours);
    let counted = metric(&pipeline, SINK, "footfall_sink_events_total", &[r#"outcome="quarantined""#]).await;
    assert_eq!(usize::try_from(counted).unwrap(), bad.len());
}

#[tokio::test]
async fn one_refused_row_among_three_thousand_does_not_affect_the_others() {
    let options = PipelineOptions { no_sink: true, ..PipelineOptions::default() };
    let mut pipeline = Pipeline::start_with(shared().await, options).await;
    let refused = "ALTER TABLE analytics_events ADD CONSTRAINT c CHECK (event_type <> 'refused')";
    pipeline.database.batch_execute(refused).await.unwrap();
    let mut messages: Vec<Vec<u8>> = (0..3_000).map(|_| good()).collect();
    messages[1_846] = line("refused", "http://secret.example/of-a-person");
    let offsets = topic::write(&pipeline, 0, &messages).await;

    pipeline.add_sink().await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2_999, SOON).await;
    pipeline.wait_for(&next_offset(&pipeline), offsets[2_999] + 1, SOON).await;
    // Found by halving, and not one after the other.
    let transactions = metric(&pipeline, SINK, "footfall_sink_transactions_total", &[]).await;
    assert!(transactions < 100, "{transactions}");
    let kept = quarantined(&pipeline).await;
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].0, kept[0].1.as_str(), &kept[0].3), (offsets[1_846], "database_refused", &messages[1_846]));
    assert_eq!(pipeline.number("SELECT sum(event_count)::bigint FROM analytics_summary").await, 2_999);

    // The reader can see the reason, but not what the person typed: only the owner may read the payload.
    let message: String =
        pipeline.database.query_one("SELECT message FROM analytics_quarantine", &[]).await.unwrap().get(0);
    assert!(message.contains("23514") && message.contains("constraint"), "{message}");
    let log = std::fs::read_to_string(pipeline.sinks[0].log()).unwrap();
    assert!(log.contains("refuses"), "{log}");
    for secret in ["secret.example", "agent-of-a-person", "session-of-a-person"] {
        assert!(!message.contains(secret) && !log.contains(secret), "{secret}: {message}\n{log}");
    }
}

#[tokio::test]
async fn refused_rows_at_the_ends_and_next_to_each_other_are_each_found() {
    let options = PipelineOptions { no_sink: true, ..PipelineOptions::default() };
    let mut pipeline = Pipeline::start_with(shared().await, options).await;
    let refused = "ALTER TABLE analytics_events ADD CONSTRAINT c CHECK (event_type <> 'refused')";
    pipeline.database.batch_execute(refused).await.unwrap();
    let places = [0, 1, 2, 100, 199, 200, 299];
    let message = |place| if places.contains(&place) { line("refused", "http://a.b/") } else { good() };
    let offsets = topic::write(&pipeline, 0, &(0..300).map(message).collect::<Vec<_>>()).await;
    pipeline.add_sink().await;
    pipeline.wait_for(&next_offset(&pipeline), offsets[299] + 1, SOON).await;
    let kept: Vec<i64> = quarantined(&pipeline).await.into_iter().map(|(offset, ..)| offset).collect();
    assert_eq!(kept, places.map(|place| offsets[place]));
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events").await, 293);
}

#[tokio::test]
async fn counts_are_added_once_and_impossible_ones_are_quarantined() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let counts = |source: &str, outcome: &str| {
        let now = jiff::Timestamp::now();
        let id = Uuid::now_v7();
        format!(r#"{{"id":"{id}","source":"{source}","at":"{now}","counts":[{{"outcome":"{outcome}","count":5}}]}}"#)
    };
    // The last one was sent again because its acknowledgement was lost.
    let good = counts("other", "accepted");
    let messages = ["{".to_owned(), counts("other", "invented"), good.clone(), counts("", "accepted"), good];
    topic::write_to(&pipeline, &pipeline.outcomes_topic, 0, &messages).await;
    let topic = pipeline.outcomes_topic.clone();
    pipeline.wait_for("SELECT count(*) FROM analytics_quarantine", 3, SOON).await;
    let query = "SELECT kafka_offset, reason, payload FROM analytics_quarantine WHERE topic = $1 ORDER BY 1";
    let rows = pipeline.database.query(query, &[&topic]).await.unwrap();
    let kept: Vec<(i64, &str, &[u8])> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let wanted = [(0, "json_syntax", 0), (1, "field_type", 1), (3, "field_empty", 3)];
    assert_eq!(kept, wanted.map(|(offset, reason, message)| (offset, reason, messages[message].as_bytes())));
    let counted = "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE source = 'other'";
    pipeline.wait_until_all_is_read(SOON).await;
    assert_eq!(pipeline.number(counted).await, 5);
}

#[tokio::test]
async fn an_offset_beyond_the_topics_end_is_counted_and_reading_continues() {
    let mut pipeline = Pipeline::start(shared().await).await;
    topic::write(&pipeline, 0, &[good(), good()]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
    assert_eq!(pipeline.sinks[0].stop(STOP_MAX).await, Ending::Stopped);
    // As after a topic was deleted and recreated.
    let beyond = "UPDATE kafka_offsets SET next_offset = 1000000 WHERE partition = 0 AND topic = $1";
    assert_eq!(pipeline.database.execute(beyond, &[&pipeline.events_topic]).await.unwrap(), 1);
    let offsets = topic::write(&pipeline, 0, &[good(), good(), good()]).await;
    pipeline.sinks[0].start_again().await.unwrap();
    pipeline.wait_for(&next_offset(&pipeline), offsets[2] + 1, SOON).await;
    // The first two were read again, and recognized by their ids.
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events").await, 5);
    is_counted_and_said(&pipeline, "footfall_sink_logs_replaced_total", 1, "Kafka holds another log").await;
    // What was read again is not counted again.
    let counted = "SELECT sum(event_count)::bigint FROM analytics_outcomes WHERE source = 'sink'";
    assert_eq!(pipeline.number(counted).await, 5);
}

#[tokio::test]
async fn messages_that_kafka_deleted_unread_are_counted_and_reading_continues() {
    let mut pipeline = Pipeline::start(shared().await).await;
    topic::write(&pipeline, 0, &[good(), good()]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
    assert_eq!(pipeline.sinks[0].stop(STOP_MAX).await, Ending::Stopped);
    let offsets = topic::write(&pipeline, 0, &(0..10).map(|_| good()).collect::<Vec<_>>()).await;
    topic::delete_before(&pipeline, 0, offsets[7]).await;
    pipeline.sinks[0].start_again().await.unwrap();
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2 + 3, SOON).await;
    is_counted_and_said(&pipeline, "footfall_sink_offsets_missing_total", 7, "Kafka deleted messages before").await;
    let lost = metric(&pipeline, SINK, "footfall_sink_events_total", &[r#"outcome="lost""#]).await;
    assert_eq!(lost, 7);
    for (outcome, events) in [("stored", 5), ("lost", 7)] {
        let counted = format!("SELECT sum(event_count)::bigint FROM analytics_outcomes WHERE outcome = '{outcome}'");
        assert_eq!(pipeline.number(&counted).await, events, "{outcome}");
    }
    // Reading continues from there.
    topic::write(&pipeline, 0, &[good()]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 6, SOON).await;
}

async fn is_counted_and_said(pipeline: &Pipeline, name: &str, times: u64, said: &str) {
    eventually("it is counted", SOON, async || metric(pipeline, SINK, name, &[]).await == times).await;
    let log = std::fs::read_to_string(pipeline.sinks[0].log()).unwrap();
    assert!(log.contains(said), "{log}");
}
