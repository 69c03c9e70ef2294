//! Everything stored, as one text that is equal only for equal states of a database.

use footfall_testkit::{Pipeline, SOON, assert_counted, topic};
use serde_json::json;
use uuid::Uuid;

/// Each table with its row count and a sum of hashes.
pub(crate) async fn everything(pipeline: &mut Pipeline) -> String {
    // Reconnects if the database has been replaced.
    assert_eq!(pipeline.number("SELECT 1::bigint").await, 1);
    pipeline.database.query_one(include_str!("everything.sql"), &[]).await.unwrap().get(0)
}

/// The roll-ups equal a recount of the events.
pub(crate) async fn assert_rolled_up(pipeline: &mut Pipeline) {
    assert_eq!(pipeline.number(include_str!("../pipeline/recount_summary.sql")).await, 0);
    assert_counted(pipeline.admin()).await;
}

/// Events with every outcome: stored, in two visits, duplicate, rejected, quarantined.
pub(crate) async fn one_of_each(pipeline: &Pipeline) {
    let event = |session: &str| {
        json!({"event_type": "page_view", "page_url": "https://a.b/x?utm_source=s", "session_id": session,
               "event_id": Uuid::new_v4(), "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"})
    };
    let repeated = event("one");
    for event in [repeated.clone(), event("two"), repeated] {
        assert_eq!(pipeline.post(event.to_string()).await.status, 200);
    }
    assert_eq!(pipeline.post("{").await.status, 400);
    topic::write(pipeline, 1, &["no event at all"]).await;
}

/// Waits until everything in Kafka is stored, including ingest's counts.
pub(crate) async fn settle(pipeline: &mut Pipeline) {
    let sum = |outcomes| format!("coalesce(sum(event_count) FILTER (WHERE outcome IN ({outcomes})), 0)");
    // As many rejected as quarantined ones: see one_of_each.
    let differing = format!(
        "SELECT (abs({} - {}) + abs({} - {}))::bigint FROM analytics_outcomes",
        sum("'accepted'"),
        sum("'stored', 'duplicate'"),
        sum("'rejected'"),
        sum("'quarantined'")
    );
    pipeline.wait_for(&differing, 0, SOON).await;
    pipeline.wait_until_all_is_read(SOON).await;
}
