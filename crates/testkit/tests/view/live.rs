//! An open page is updated quickly and cheaply.

use std::time::{Duration, Instant};

use footfall_testkit::{AT_ONCE, Frozen, SOON, eventually, own_postgres};
use serde_json::{Value, json};

use crate::view::View;

fn view_of(session: &str) -> Value {
    json!([{ "event_type": "page_view", "page_path": format!("/{session}"), "session_id": session }])
}

#[tokio::test]
async fn a_page_is_updated_by_the_commit_and_not_by_the_next_tick() {
    let view = View::start("access.public = true\nlive.tick_ms = 60000", &[]).await;
    let mut page = view.watch("/live/events").await;
    assert!(page.head.contains("text/event-stream") && page.head.contains("x-accel-buffering: no"), "{}", page.head);
    page.until("now", ">0</strong>", SOON).await;
    while page.next(Duration::from_secs(1)).await.is_some() {}
    view.store(view_of("first")).await;
    let began = Instant::now();
    page.until("now", ">1</strong>", AT_ONCE).await;
    page.until("recent_events", "/first", AT_ONCE.saturating_sub(began.elapsed())).await;
}

#[tokio::test]
async fn two_hundred_pages_cost_one_round_of_queries() {
    let view = View::public().await;
    let mut pages = Vec::new();
    for _ in 0..200 {
        pages.push(view.watch("/live/events").await);
    }
    for page in &mut pages {
        page.until("now", ">0</strong>", SOON).await;
    }
    eventually("all are counted", SOON, async || view.metric("footfall_view_watchers").await == 200.0).await;
    assert_eq!(view.metric("footfall_view_views").await, 1.0);
    // Periodic refreshes query a little too, so the cost of one change is compared with that for one page.
    let before = view.metric("footfall_view_query_seconds_count").await;
    view.store(view_of("first")).await;
    for page in &mut pages {
        page.until("recent_events", "/first", SOON).await;
    }
    let cost = view.metric("footfall_view_query_seconds_count").await - before;
    assert!(cost < 150.0, "{cost} queries for one change and 200 pages");
}

#[tokio::test]
async fn without_an_open_page_nothing_is_queried() {
    let view = View::start("access.public = true\nlive.linger_ms = 100\nlive.tick_ms = 100", &[]).await;
    drop(view.watch("/live/events").await);
    view.get("/live/?period=7d", &[]).await;
    eventually("the views are gone", SOON, async || view.metric("footfall_view_views").await == 0.0).await;
    let before = view.metric("footfall_view_query_seconds_count").await;
    for _ in 0..10 {
        view.notify().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    eventually("notified", SOON, async || view.metric("footfall_view_notifications_total").await >= 10.0).await;
    assert_eq!(view.metric("footfall_view_query_seconds_count").await, before);
}

#[tokio::test]
async fn a_visitor_who_left_disappears_without_an_event() {
    let view = View::start("access.public = true\nlive.tick_ms = 200", &[]).await;
    view.store(json!([{ "event_type": "page_view", "page_path": "/", "session_id": "a", "seconds_ago": 296 }])).await;
    let mut page = view.watch("/live/events").await;
    page.until("now", ">1</strong>", SOON).await;
    page.until("now", ">0</strong>", SOON).await;
}

#[tokio::test]
async fn a_page_that_reconnects_is_sent_only_what_it_missed() {
    let view = View::public().await;
    view.store(view_of("first")).await;
    let html = view.page("/live/").await;
    let seen = html.split("data-events=\"events?seen=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let mut page = view.watch(&format!("/live/events?seen={seen}")).await;
    // Time has passed, so at most the few parts that show it have changed.
    while let Some(parts) = page.next(Duration::from_millis(1_500)).await {
        assert!(!parts.contains_key("recent_events") && !parts.contains_key("top_pages"), "{:?}", parts.keys());
    }
    view.store(view_of("second")).await;
    page.until("top_pages", "/second", SOON).await;
}

#[tokio::test]
async fn it_listens_again_after_a_restart_of_postgresql_and_says_so_meanwhile() {
    let mut postgres = own_postgres().await;
    let mut view = View::start_on(&postgres, "access.public = true", &[]).await;
    let mut page = view.watch("/live/events").await;
    page.until("now", ">0</strong>", SOON).await;
    postgres.kill().await;
    eventually("not ready", SOON, async || !view.is_ready().await).await;
    // Meanwhile the page keeps what it shows.
    let shown = view.get("/live/", &[]).await;
    assert_eq!(shown.status, 200);
    page.until("hint", "are out of date", SOON).await;
    postgres.start_again().await.unwrap();
    eventually("ready", SOON, async || view.is_ready().await).await;
    view.connect_again().await;
    view.store(view_of("after")).await;
    page.until("recent_events", "/after", SOON).await;
}

#[tokio::test]
async fn without_a_list_of_time_zones_postgresql_answers_for_each() {
    let mut view = View::public().await;
    view.database.batch_execute("REVOKE EXECUTE ON FUNCTION pg_timezone_names() FROM PUBLIC").await.unwrap();
    view.part.kill().await;
    view.part.start_again().await.unwrap();
    eventually("ready", SOON, async || view.is_ready().await).await;
    assert_eq!(view.ask("visits_over_time?tz=Asia/Tokyo").await["time_zone"], "Asia/Tokyo");
    assert_eq!(view.get("/live/api/v1/visits_over_time?tz=Asia/Calcutter", &[]).await.status, 400);
}

/// Five seconds, and a margin for a busy machine.
const REPORTED_MAX: Duration = Duration::from_secs(9);

#[tokio::test]
async fn a_database_that_hangs_is_blamed_rather_than_the_period_and_the_last_numbers_stay() {
    let postgres = own_postgres().await;
    let view = View::start_on(&postgres, "access.public = true\nlive.tick_ms = 1000", &[]).await;
    view.store(view_of("first")).await;
    let mut page = view.watch("/live/events").await;
    page.until("recent_events", "/first", SOON).await;
    let frozen = Frozen::tree(postgres.pid());
    page.until("hint", "PostgreSQL has not answered for ", REPORTED_MAX).await;
    let html = String::from_utf8(view.get("/live/", &[]).await.body.to_vec()).unwrap();
    for text in ["/first", "These numbers are out of date", "They are as of "] {
        assert!(html.contains(text), "{text}: {html}");
    }
    assert!(!html.contains("shorter period"), "{html}");
    // A page that has no numbers yet says so at once, instead of loading for ever.
    let began = Instant::now();
    let other = view.get("/live/?period=7d", &[]).await;
    let other = String::from_utf8(other.body.to_vec()).unwrap();
    assert!(
        other.contains("The numbers are not available") && other.contains("PostgreSQL has not answered"),
        "{other}"
    );
    assert_eq!(view.get("/live/api/v1/top_pages", &[]).await.status, 503);
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    drop(frozen);
    view.store(view_of("second")).await;
    page.until("recent_events", "/second", SOON).await;
    page.until_without("hint", "out of date", SOON).await;
}

#[tokio::test]
async fn a_locked_table_is_named_and_the_last_numbers_stay() {
    let postgres = own_postgres().await;
    let view = View::start_on(&postgres, "access.public = true\nlive.tick_ms = 1000", &[]).await;
    view.store(view_of("first")).await;
    let mut page = view.watch("/live/events").await;
    page.until("recent_events", "/first", SOON).await;
    view.database.batch_execute("BEGIN; LOCK TABLE analytics_events IN ACCESS EXCLUSIVE MODE").await.unwrap();
    page.until("hint", "has locked the tables", REPORTED_MAX).await;
    let html = String::from_utf8(view.get("/live/", &[]).await.body.to_vec()).unwrap();
    assert!(html.contains("/first") && !html.contains("shorter period"), "{html}");
    view.database.batch_execute("ROLLBACK").await.unwrap();
    page.until_without("hint", "locked", SOON).await;
}

#[tokio::test]
async fn a_dead_part_does_not_look_like_a_quiet_site() {
    let view = View::start("access.public = true\nlive.tick_ms = 200", &[]).await;
    view.store(view_of("first")).await;
    let mut page = view.watch("/live/events").await;
    page.until("recent_events", "/first", SOON).await;
    page.until_without("hint", "<h2>", SOON).await;
    let sample = async |program: &str, seconds_ago: f64, conditions: &str| {
        let samples =
            format!(r#"{{"footfall_build_info{{name=\"footfall-{program}\",version=\"1\"}}": 1, {conditions}}}"#);
        let samples: Value = serde_json::from_str(&samples).unwrap();
        let insert = "INSERT INTO pipeline_samples
            VALUES (now() - make_interval(secs => $1), $2, now() - INTERVAL '1 day', $3)";
        view.database.execute(insert, &[&seconds_ago, &program, &samples]).await.unwrap();
    };
    let well = r#""footfall_ready": 1, "footfall_condition{condition=\"database\"}": 1, "footfall_condition{condition=\"kafka\"}": 1"#;
    let without_kafka = &well.replacen("ready\": 1", "ready\": 0", 1).replace("kafka\\\"}\": 1", "kafka\\\"}\": 0");
    sample("sink", 60.0, well).await;
    page.until("hint", "footfall-sink, which stores the events, last reported at ", SOON).await;
    page.until("hint", "The numbers end at ", SOON).await;
    sample("sink", 5.0, without_kafka).await;
    page.until("hint", "cannot reach Kafka", SOON).await;
    sample("sink", 4.0, well).await;
    page.until("hint", "footfall-ingest, which receives the events, has not reported for more than an hour", SOON)
        .await;
    sample("ingest", 3.0, r#""footfall_ready": 1"#).await;
    page.until_without("hint", "<h2>", SOON).await;
}

#[tokio::test]
async fn a_stop_disconnects_open_pages_immediately() {
    let mut view = View::public().await;
    let mut page = view.watch("/live/events").await;
    page.until("now", ">0</strong>", SOON).await;
    let began = Instant::now();
    assert_eq!(view.part.stop(SOON).await, footfall::processes::Ending::Stopped);
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
}
