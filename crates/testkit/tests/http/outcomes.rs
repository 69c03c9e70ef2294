//! Each event has one outcome: the counts add up from the request to the table.

use std::time::Duration;

use footfall_testkit::{Pipeline, PipelineOptions, SOON, shared};
use uuid::Uuid;

use crate::by_hand::ByHand;
use crate::metrics::{INGEST, SINK, metric};
use footfall_testkit::topic;

/// Accepted events without another outcome.
pub(crate) const NOT_ADDED_UP: &str =
    "SELECT sum(CASE outcome WHEN 'accepted' THEN event_count ELSE -event_count END)::bigint
    FROM analytics_outcomes WHERE outcome <> 'rejected'";

#[tokio::test]
async fn the_counts_add_up_from_the_request_to_the_table() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let accepted = the_counts_add_up(&mut pipeline, (SINK, "footfall_sink_events_total")).await;
    let messages = topic::read(&pipeline, &pipeline.events_topic).await.len();
    assert_eq!(i64::try_from(messages).unwrap(), accepted);
}

#[tokio::test]
async fn the_counts_add_up_in_the_light_profile() {
    let mut pipeline = Pipeline::start_light(&shared().await.postgres, PipelineOptions::default()).await;
    the_counts_add_up(&mut pipeline, (INGEST, "footfall_ingest_committed_total")).await;
    // Each answer came after its commit, so nothing is in progress.
    assert_eq!(pipeline.number(NOT_ADDED_UP).await, 0);
}

/// Returns how many events were accepted. `stored_by`: the port and the metric that count stored events.
async fn the_counts_add_up(pipeline: &mut Pipeline, stored_by: (u16, &str)) -> i64 {
    let refused = "ALTER TABLE analytics_events ADD CONSTRAINT c CHECK (event_type <> 'refused')";
    pipeline.database.batch_execute(refused).await.unwrap();
    let event =
        |kind: &str, id: Uuid| format!(r#"{{"event_type":"{kind}","page_url":"http://a.b/","event_id":"{id}"}}"#);
    let new = |kind: &str| event(kind, Uuid::now_v7());
    let once = Uuid::now_v7();

    let mut bodies = vec![
        // Rejected, each for a different reason.
        "{".to_owned(),
        String::new(),
        "[]".to_owned(),
        r#"{"event_type":"x"}"#.to_owned(),
        // Two accepted, two rejected.
        format!("[{},{{}},{},17]", new("x"), new("x")),
        // The same id in one batch, and again later.
        format!("[{},{}]", event("x", once), event("x", once)),
        event("x", once),
        // Accepted, and refused by PostgreSQL.
        format!("[{},{},{}]", new("x"), new("refused"), new("x")),
    ];
    bodies.extend((0..20).map(|_| new("x")));
    for body in bodies {
        pipeline.post(body).await;
    }
    let signal = [("content-type", "application/json"), ("dnt", "1")];
    pipeline
        .http
        .send("POST", &pipeline.url(3001, "/analytics"), &signal, format!("[{},{}]", new("x"), new("x")))
        .await
        .unwrap();
    let (accepted, stored, duplicate, quarantined) = (2 + 2 + 1 + 3 + 20, 2 + 1 + 2 + 20, 2, 1);
    assert_eq!(accepted, stored + duplicate + quarantined);

    let wanted = [
        ("ingest", "accepted", "", accepted),
        ("ingest", "rejected", "json_syntax", 1),
        ("ingest", "rejected", "body_empty", 1),
        ("ingest", "rejected", "batch_empty", 1),
        // {"event_type":"x"} lacks a page_url, {} lacks both.
        ("ingest", "rejected", "field_missing", 2),
        ("ingest", "rejected", "not_an_object", 1),
        ("ingest", "rejected", "privacy_signal", 2),
        ("sink", "stored", "", stored),
        ("sink", "duplicate", "", duplicate),
        ("sink", "quarantined", "database_refused", quarantined),
    ];
    let mut all = 0;
    for (source, outcome, reason, count) in wanted {
        let query = format!(
            "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes \
             WHERE source = '{source}' AND outcome = '{outcome}' AND reason = '{reason}'"
        );
        pipeline.wait_for(&query, count, SOON).await;
        all += count;
        let (port, name) = match (source, outcome) {
            ("ingest", "accepted") => (INGEST, "footfall_ingest_events_total"),
            ("ingest", _) => (INGEST, "footfall_ingest_events_rejected_total"),
            _ => stored_by,
        };
        let reason = format!("reason=\"{reason}\"");
        let outcome = format!("outcome=\"{outcome}\"");
        let labels: &[&str] = match (source, outcome.as_str()) {
            ("ingest", r#"outcome="accepted""#) => &[&outcome],
            ("ingest", _) => &[&reason],
            _ => &[&outcome, &reason],
        };
        let metric = metric(pipeline, port, name, labels).await;
        assert_eq!(i64::try_from(metric).unwrap(), count, "{source} {outcome} {reason}");
    }
    // Nothing else was counted, and nothing else is there.
    assert_eq!(pipeline.number("SELECT sum(event_count)::bigint FROM analytics_outcomes").await, all);
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events").await, stored);
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_quarantine").await, quarantined);
    assert_eq!(pipeline.number("SELECT sum(event_count)::bigint FROM analytics_summary").await, stored);
    accepted
}

#[tokio::test]
async fn an_event_whose_client_disconnected_is_still_counted() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let event = r#"{"event_type":"x","page_url":"http://a.b/"}"#;
    for pause_ms in 0..40 {
        let mut connection = ByHand::open(&pipeline).await;
        let head = format!("POST /analytics HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", event.len());
        connection.send(format!("{head}{event}")).await;
        // It disconnects at a different moment each time.
        tokio::time::sleep(Duration::from_micros(pause_ms * 200)).await;
    }
    assert_eq!(pipeline.post(event).await.status, 200);
    let outcome = |outcome: &str| {
        format!("SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = '{outcome}'")
    };
    let missing = format!("SELECT ({}) - ({})", outcome("accepted"), outcome("stored"));
    pipeline.wait_for("SELECT LEAST(count(*), 1) FROM analytics_events", 1, SOON).await;
    pipeline.wait_for(&format!("SELECT LEAST(({}), 1)", outcome("accepted")), 1, SOON).await;
    pipeline.wait_for(&missing, 0, SOON).await;
    let rows = pipeline.number("SELECT count(*) FROM analytics_events").await;
    assert_eq!(pipeline.number(&outcome("stored")).await, rows);
}
