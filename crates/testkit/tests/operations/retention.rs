//! Retention removes only data that is too old, and delays no other work.

use footfall::load::{LoadOptions, run};
use footfall_testkit::{Backends, Pipeline, PipelineOptions, SOON, eventually, shared};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::command::{database, retain, retention_file};
use crate::everything::assert_rolled_up;

const TABLES: [&str; 7] = ["events", "ledger", "outcomes", "quarantine", "samples", "summary", "visits"];
/// The rows of old_rows.sql at or after the horizon, and before it.
const KEPT: u32 = 6;
const OLD: u32 = 6;

async fn connect(backends: &Backends, pipeline: &Pipeline) -> Client {
    footfall_testkit::connect(&backends.postgres.admin(database(pipeline))).await
}

/// What is left of the old rows: for each table, how many are kept, and how many are too old.
async fn left(pipeline: &Pipeline) -> Vec<String> {
    let text: String = pipeline.database.query_one(include_str!("kept_rows.sql"), &[]).await.unwrap().get(0);
    text.lines().map(ToOwned::to_owned).collect()
}

fn each(kept: u32, old: impl Fn(&str) -> u32) -> Vec<String> {
    TABLES.iter().map(|table| format!("{table} {kept} {}", old(table))).collect()
}

/// Days of all tables.
fn days(events: u16) -> String {
    ["events", "visits", "summary", "outcomes", "quarantine", "ledger"]
        .iter()
        .map(|table| format!("keep_days.analytics_{table} = {events}\n"))
        .chain([format!("keep_days.pipeline_samples = {events}\n")])
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn old_data_is_removed_up_to_midnight_and_a_running_sink_is_not_disturbed() {
    let backends = shared().await;
    let mut pipeline = Pipeline::start(backends).await;
    pipeline.database.batch_execute(include_str!("old_rows.sql")).await.unwrap();
    assert_eq!(left(&pipeline).await, each(KEPT, |_| OLD));

    let options = LoadOptions::new(&pipeline.url(3001, "/analytics"), 500.0, 3_000);
    let load = tokio::spawn(async move { run(&options).await.unwrap() });
    pipeline.wait_for("SELECT least(count(*), 500) FROM analytics_events WHERE event_type <> 'old'", 500, SOON).await;
    // Very small batches, so that many run alongside the sink's.
    let small = "batch.rows_max = 1\nbatch.pages_max = 1\nbatch.pause_ms = 1\n";
    let forever = days(0);
    retain(&retention_file(backends, &pipeline, &format!("{small}{forever}"))).await.assert(0, "");
    assert_eq!(left(&pipeline).await, each(KEPT, |_| OLD), "0 keeps them forever");

    let config = retention_file(backends, &pipeline, &format!("{small}{}", days(10)));
    let retained = retain(&config).await;
    assert!(!load.is_finished(), "the load ended before the retention did");
    for table in ["analytics_quarantine", "analytics_ledger", "analytics_summary", "analytics_outcomes"] {
        retained.assert(0, &format!("\"table\":\"{table}\",\"keep_days\":10,"));
    }
    assert_eq!(retained.text.matches("\"rows\":6,\"chunks\":0").count(), 4, "{retained:?}");
    // Five days, of which the first contains the last moment before the horizon.
    assert_eq!(retained.text.matches("\"rows\":0,\"chunks\":5").count(), 3, "{retained:?}");
    assert_eq!(left(&pipeline).await.len(), TABLES.len());
    assert_eq!(left(&pipeline).await, each(KEPT, |_| 0));

    let report = load.await.unwrap();
    assert!(report.is_all_acknowledged(), "{:?}", report.by_status);
    pipeline.wait_for("SELECT count(*) FROM analytics_events WHERE event_type <> 'old'", 3_000, SOON).await;
    pipeline.wait_until_all_is_read(SOON).await;
    assert!(!pipeline.sinks[0].log_end().contains("reading begins anew"), "{}", pipeline.logs());
    let again = retain(&config).await;
    assert_eq!(again.text.matches("\"rows\":0,\"chunks\":0").count(), 7, "{again:?}");
    assert_eq!(left(&pipeline).await, each(KEPT, |_| 0));
}

#[tokio::test]
async fn locked_data_is_left_to_the_next_run_and_the_rest_is_removed() {
    let backends = shared().await;
    let pipeline =
        Pipeline::start_with(backends, PipelineOptions { no_sink: true, ..PipelineOptions::default() }).await;
    pipeline.database.batch_execute(include_str!("old_rows.sql")).await.unwrap();
    let reader = connect(backends, &pipeline).await;
    // One day's chunk, locked as by a long query.
    let at = Timestamp::now() - SignedDuration::from_hours(24 * 13);
    let day = at.strftime("%Y-%m-%d");
    let question = format!(
        "BEGIN; SELECT count(*) FROM analytics_events WHERE timestamp >= '{day} 01:00Z' AND timestamp < '{day} 20:00Z'"
    );
    reader.batch_execute(&question).await.unwrap();
    let lines = format!("batch.attempts_max = 2\nbatch.retry_ms = 10\nbatch.lock_ms_max = 50\n{}", days(10));
    let config = retention_file(backends, &pipeline, &lines);
    retain(&config).await.assert(75, "\"table\":\"analytics_events\",\"batches_left\":1");
    assert_eq!(left(&pipeline).await, each(KEPT, |table| if table == "events" { 1 } else { 0 }));
    reader.batch_execute("COMMIT").await.unwrap();
    retain(&config).await.assert(0, "\"table\":\"analytics_events\"");
    assert_eq!(left(&pipeline).await, each(KEPT, |_| 0));
}

#[tokio::test]
async fn retention_waits_for_a_backup_in_progress() {
    let backends = shared().await;
    let pipeline =
        Pipeline::start_with(backends, PipelineOptions { no_sink: true, ..PipelineOptions::default() }).await;
    pipeline.database.batch_execute(include_str!("old_rows.sql")).await.unwrap();
    let other = connect(backends, &pipeline).await;
    footfall_store::take_turn(&other, 10).await.unwrap();
    let short = retention_file(backends, &pipeline, &format!("database.turn_s_max = 1\n{}", days(10)));
    retain(&short).await.assert(75, "a backup is running: nothing is removed this time");
    assert_eq!(left(&pipeline).await, each(KEPT, |_| OLD));

    let patient = retention_file(backends, &pipeline, &format!("database.turn_s_max = 60\n{}", days(10)));
    let waiting = tokio::spawn(async move { retain(&patient).await });
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    eventually("it waits", SOON, async || other.query_one(waits, &[]).await.unwrap().get::<_, i64>(0) == 1).await;
    drop(other);
    waiting.await.unwrap().assert(0, "old data is removed");
    assert_eq!(left(&pipeline).await, each(KEPT, |_| 0));
}

/// What the view analytics_summary says.
const PAGES: &str = "SELECT string_agg(format('%s %s %s %s', time_bucket, event_type, page_url, event_count), E'\n'
    ORDER BY time_bucket, page_url) FROM analytics_summary";

/// Events of four days, one visit per hour, sent through the whole pipeline.
async fn four_days(pipeline: &mut Pipeline) -> Vec<String> {
    let now = Timestamp::now();
    let event = |hour: i64| {
        let page = if hour % 2 == 0 { "even" } else { "odd" };
        json!({"event_type": "page_view", "page_url": format!("https://a.b/{page}"), "session_id": format!("s{hour}"),
               "event_id": Uuid::new_v4(), "timestamp": now - SignedDuration::from_hours(hour)})
    };
    let events: Vec<String> = (0..96).map(|hour| event(hour).to_string()).collect();
    assert_eq!(pipeline.post(format!("[{}]", events.join(","))).await.status, 200);
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 96, SOON).await;
    events
}

#[tokio::test]
async fn numbers_of_days_without_events_come_from_the_roll_ups_as_before() {
    let backends = shared().await;
    let mut pipeline = Pipeline::start(backends).await;
    let events = four_days(&mut pipeline).await;
    // Including bots: a client without a user agent might count as one.
    let totals = |filters: &str| {
        format!(
            "SELECT format('%s %s %s %s', visitors, visits, views, events) FROM footfall.totals(
                date_trunc('day', now(), 'UTC') - INTERVAL '96 hours', date_trunc('hour', now()), '{filters}')"
        )
    };
    // A visitor is another one each day.
    let of_events = |page: &str| {
        format!(
            "SELECT format('%s %s %s %s', count(DISTINCT (timestamp AT TIME ZONE 'UTC')::date), count(*), count(*), count(*))
            FROM analytics_events WHERE timestamp < date_trunc('hour', now()) AND page_path LIKE '{page}'"
        )
    };
    let all = totals(r#"{"bot": "any"}"#);
    let of_a_page = totals(r#"{"bot": "any", "page": "/even"}"#);
    let ask = async |pipeline: &Pipeline, query: &str| -> String {
        pipeline.database.query_one(query, &[]).await.unwrap().get(0)
    };
    let (before, of_a_page_before) = (ask(&pipeline, &all).await, ask(&pipeline, &of_a_page).await);
    assert_eq!(before, ask(&pipeline, &of_events("%")).await);
    assert_eq!(of_a_page_before, ask(&pipeline, &of_events("/even")).await);
    let pages_before = ask(&pipeline, PAGES).await;
    assert_eq!(pages_before.matches("page_view https://a.b/even 1").count(), 48, "{pages_before}");

    let config = retention_file(backends, &pipeline, "keep_days.analytics_events = 1\n");
    retain(&config).await.assert(0, "\"table\":\"analytics_events\",\"keep_days\":1");
    let gone = "SELECT 96 - count(*) FROM analytics_events";
    assert!((48..=72).contains(&pipeline.number(gone).await), "two to three days are gone");
    // Visits remember what was done in them.
    assert_eq!(ask(&pipeline, &all).await, before);
    assert_eq!(ask(&pipeline, &of_a_page).await, of_a_page_before);

    assert_eq!(ask(&pipeline, PAGES).await, pages_before);

    // The ledger remembers what the table no longer has: a repeat of a deleted event is still a duplicate.
    assert_eq!(pipeline.post(events[90].clone()).await.status, 200);
    let repeats = "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'duplicate'";
    pipeline.wait_for(repeats, 1, SOON).await;
    assert_eq!(ask(&pipeline, &all).await, before);

    // The sums of whole days outlive the visits; a filter covers only the days that still have visits. The key's former name still works.
    let cut = "keep_days.analytics_events = 1\nkeep_days.analytics_summary = 1\nkeep_days.analytics_visit_parts = 1\n";
    retain(&retention_file(backends, &pipeline, cut)).await.assert(0, "\"table\":\"analytics_visits\",\"keep_days\":1");
    assert_eq!(ask(&pipeline, &all).await, before);
    assert_eq!(ask(&pipeline, &of_a_page).await, ask(&pipeline, &of_events("/even")).await);
    let final_days = "SELECT count(*) FROM analytics_days WHERE is_final";
    let days =
        "SELECT count(*) FROM analytics_days WHERE ends_at <= date_trunc('day', now(), 'UTC') - INTERVAL '24 hours'";
    let (final_days, days) = (pipeline.number(final_days).await, pipeline.number(days).await);
    assert_eq!(final_days, days);
    assert!(final_days >= 2, "{final_days}");

    // An event that comes so late is stored, and leaves the sums of its day as they are.
    let late = json!({"event_type": "page_view", "page_url": "https://a.b/late", "session_id": "late",
        "timestamp": Timestamp::now() - SignedDuration::from_hours(80)});
    let stored = pipeline.number("SELECT count(*) FROM analytics_events").await;
    assert_eq!(pipeline.post(late.to_string()).await.status, 200);
    pipeline.wait_for("SELECT count(*) FROM analytics_events", stored + 1, SOON).await;
    assert_eq!(ask(&pipeline, &all).await, before);
    assert_rolled_up(&mut pipeline).await;
    let cut = retention_file(
        backends,
        &pipeline,
        "keep_days.analytics_events = 1\nkeep_days.analytics_summary = 1\nkeep_days.analytics_visits = 1\n",
    );
    retain(&cut).await.assert(0, "\"table\":\"analytics_visits\"");
    assert_eq!(ask(&pipeline, &all).await, before);
    let open = "SELECT count(*) FROM analytics_changes WHERE first_at < now() - INTERVAL '72 hours'";
    assert_eq!(pipeline.number(open).await, 0);

    // With the sums cut at the same midnight, what is left equals the events again.
    let cut = "keep_days.analytics_events = 1\nkeep_days.analytics_summary = 1\nkeep_days.analytics_visits = 1\nkeep_days.analytics_rollup = 1\n";
    retain(&retention_file(backends, &pipeline, cut)).await.assert(0, "\"table\":\"analytics_rollup\"");
    assert_eq!(ask(&pipeline, &all).await, ask(&pipeline, &of_events("%")).await);
    assert_rolled_up(&mut pipeline).await;
}

#[tokio::test]
async fn a_late_event_of_a_deleted_day_is_in_the_summary_for_good() {
    let backends = shared().await;
    let mut pipeline = Pipeline::start(backends).await;
    four_days(&mut pipeline).await;
    let config = retention_file(backends, &pipeline, "keep_days.analytics_events = 1\n");
    retain(&config).await.assert(0, "\"table\":\"analytics_events\",\"keep_days\":1");
    let late = json!({"event_type": "late", "page_url": "https://a.b/late", "session_id": "late",
                      "timestamp": Timestamp::now() - SignedDuration::from_hours(90)});
    assert_eq!(pipeline.post(late.to_string()).await.status, 200);
    pipeline.wait_for("SELECT count(*) FROM analytics_events WHERE event_type = 'late'", 1, SOON).await;
    for _ in 0..2 {
        for question in [
            "SELECT sum(event_count)::bigint FROM analytics_summary",
            "SELECT sum(events) FROM footfall.event_counts(now() - INTERVAL '5 days', now() + INTERVAL '1 hour')",
            "SELECT sum(events)::bigint FROM footfall.sites(now() - INTERVAL '5 days', now() + INTERVAL '1 hour')",
        ] {
            assert_eq!(pipeline.number(question).await, 97, "{question}");
        }
        let page = "SELECT event_count FROM analytics_summary WHERE page_url = 'https://a.b/late'";
        assert_eq!(pipeline.number(page).await, 1);
        // Its day is deleted again.
        retain(&config).await.assert(0, "old data is removed");
        assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events WHERE event_type = 'late'").await, 0);
    }
}

#[tokio::test]
async fn the_summary_of_an_earlier_version_becomes_narrow_as_far_as_its_events_are_kept() {
    let backends = shared().await;
    let mut pipeline = Pipeline::start(backends).await;
    // As after the migration of an instance with data: all these events are before that moment.
    let migrated = "UPDATE analytics_summary_start SET since = date_trunc('hour', now()) + INTERVAL '1 day'";
    pipeline.database.batch_execute(migrated).await.unwrap();
    four_days(&mut pipeline).await;
    assert_rolled_up(&mut pipeline).await;
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_summary_hours").await, 0);
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_summary_parts").await, 96);
    let pages = async |pipeline: &Pipeline| -> String { pipeline.database.query_one(PAGES, &[]).await.unwrap().get(0) };
    let before = pages(&pipeline).await;

    let config = retention_file(backends, &pipeline, "keep_days.analytics_events = 1\n");
    retain(&config).await.assert(0, "the summary of an earlier version now takes less space");
    assert_eq!(pages(&pipeline).await, before);
    let wrong = "SELECT count(*) FROM analytics_summary_parts WHERE time_bucket >= date_trunc('day', now(), 'UTC') - INTERVAL '24 hours'";
    assert_eq!(pipeline.number(wrong).await, 0);
    let events = pipeline.number("SELECT count(*) FROM analytics_events").await;
    assert_eq!(pipeline.number("SELECT sum(event_count)::bigint FROM analytics_summary_hours").await, events);
    assert_eq!(pipeline.number("SELECT sum(event_count)::bigint FROM analytics_summary_parts").await, 96 - events);
    let all = "SELECT sum(events) FROM footfall.event_counts(now() - INTERVAL '5 days', now() + INTERVAL '1 hour')";
    assert_eq!(pipeline.number(all).await, 96);
}

#[tokio::test]
async fn the_apache_edition_compresses_nothing_and_says_so() {
    let backends = shared().await;
    let pipeline =
        Pipeline::start_with(backends, PipelineOptions { no_sink: true, ..PipelineOptions::default() }).await;
    pipeline.database.batch_execute(include_str!("old_rows.sql")).await.unwrap();
    let config = retention_file(backends, &pipeline, &format!("{}columnstore.after_days = 1\n", days(0)));
    let retained = retain(&config).await;
    retained.assert(0, "only TimescaleDB's community edition has a columnstore");
    assert!(retained.text.contains("\"edition\":\"apache\""), "{retained:?}");
    assert_eq!(left(&pipeline).await, each(KEPT, |_| OLD));
}
