//! Visits in a real Chromium, and their rows in the table.

use std::time::Duration;

use footfall_testkit::{Pipeline, PipelineOptions, SOON, SitesFile, shared};
use serde_json::{Value, json};

use crate::MACHINE;
use crate::driver::Driver;

/// What the issue asks for.
const OUTAGE: Duration = Duration::from_secs(10);

pub(crate) async fn pipeline_with_a_site() -> Pipeline {
    Pipeline::start_with(shared().await, PipelineOptions { site: true, ..PipelineOptions::default() }).await
}

#[tokio::test]
async fn a_visits_events_are_stored_once_and_in_order() {
    let _turn = MACHINE.read().await;
    let mut pipeline = pipeline_with_a_site().await;
    let steps = Driver::start("clicks", &pipeline).done().await;
    let expected = steps.last().unwrap();
    let events = expected["events"].as_array().unwrap();
    assert!(events.len() >= 9, "a visit of two pages: {events:?}");

    // The last event was sent by a beacon, which gets no answer.
    all_is_stored(&mut pipeline, events.len()).await;
    let session = expected["session_id"].as_str().unwrap();
    let rows = "SELECT event_id::text, event_type, page_url, button_id, metadata FROM analytics_events \
                WHERE session_id = $1 ORDER BY timestamp";
    let rows = pipeline.database.query(rows, &[&session]).await.unwrap();
    let told: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "event_id": row.get::<_, String>(0),
                "event_type": row.get::<_, String>(1),
                "page_url": row.get::<_, String>(2),
                "button_id": row.get::<_, Option<String>>(3),
                "metadata": row.get::<_, Value>(4),
            })
        })
        .collect();
    let done: Vec<Value> = events
        .iter()
        .map(|event| {
            let field = |name: &str| (name.to_owned(), event.get(name).cloned().unwrap_or_default());
            ["event_id", "event_type", "page_url", "button_id", "metadata"].map(field).into_iter().collect()
        })
        .collect();
    assert_eq!(told, done);
}

#[tokio::test]
async fn clicks_during_ten_seconds_without_ingest_are_stored_once() {
    let _turn = MACHINE.read().await;
    let mut pipeline = pipeline_with_a_site().await;
    let mut driver = Driver::start("outage", &pipeline);
    driver.until("ready-for-outage").await;
    pipeline.ingest.kill().await;
    driver.go_on().await;
    let clicked = driver.until("clicked").await;
    tokio::time::sleep(OUTAGE).await;
    pipeline.ingest.start_again().await.unwrap();
    driver.go_on().await;
    driver.done().await;
    each_is_stored_once(&mut pipeline, &ids(&clicked["event_ids"])).await;
}

#[tokio::test]
async fn a_visitor_who_asks_not_to_be_tracked_leaves_no_row_and_no_message() {
    let _turn = MACHINE.read().await;
    let mut pipeline = pipeline_with_a_site().await;
    let steps = Driver::start("privacy", &pipeline).done().await;
    assert_eq!(steps.len(), 3, "each signal was tried: {steps:?}");
    // Everything in Kafka has been read, so a message would have become a row.
    all_is_stored(&mut pipeline, 0).await;
}

#[tokio::test]
async fn events_of_hostile_pages_arrive_once() {
    let _turn = MACHINE.read().await;
    let mut pipeline = pipeline_with_a_site().await;
    let steps = Driver::start("hostile", &pipeline).done().await;
    assert_eq!(steps.len(), 5, "each page was tried: {steps:?}");
    let sent: Vec<_> = steps.iter().flat_map(|step| ids(&step["event_ids"])).collect();
    each_is_stored_once(&mut pipeline, &sent).await;
}

#[tokio::test]
async fn two_tabs_with_a_shared_queue_store_each_event_once() {
    let _turn = MACHINE.read().await;
    let mut pipeline = pipeline_with_a_site().await;
    let steps = Driver::start("tabs", &pipeline).done().await;
    each_is_stored_once(&mut pipeline, &ids(&steps[0]["event_ids"])).await;
}

#[tokio::test]
async fn another_origin_s_page_is_counted_under_its_site() {
    let _turn = MACHINE.read().await;
    let mut pipeline = pipeline_with_a_site().await;
    Driver::start("embedded", &pipeline).done().await;
    let answered = "SELECT count(*) FROM analytics_events WHERE site = 'shop' AND event_type IN \
                    ('page_view', 'button_click', 'navigation_click')";
    pipeline.wait_for(answered, 4, SOON).await;
    let kinds = "SELECT count(DISTINCT event_type) FROM analytics_events WHERE site = 'shop' AND event_type IN \
                 ('page_view', 'button_click', 'navigation_click')";
    assert_eq!(pipeline.number(kinds).await, 3);
}

#[tokio::test]
async fn another_origin_s_page_posts_json_with_credentials_and_headers_of_its_own() {
    let _turn = MACHINE.read().await;
    let mut pipeline = pipeline_with_a_site().await;
    let mut driver = Driver::start("credentials", &pipeline);
    let sent = driver.until("sent").await;
    each_is_stored_once(&mut pipeline, &ids(&sent["event_ids"])).await;
    driver.go_on().await;
    driver.done().await;
}

#[tokio::test]
async fn a_page_with_a_key_writes_once_its_origin_may_and_loses_nothing() {
    let _turn = MACHINE.read().await;
    let sites = SitesFile::new();
    sites.run(&["site", "add", "blog"]).await;
    let key = sites.run(&["key", "add", "blog"]).await;
    let options = PipelineOptions { site: true, sites: Some(sites.clone()), ..PipelineOptions::default() };
    let mut pipeline = Pipeline::start_with(shared().await, options).await;
    let mut driver = Driver::start_with("keyed", &pipeline, &[("FOOTFALL_KEY", &key)]);
    let origin = driver.until("refused").await["origin"].as_str().unwrap().to_owned();
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events").await, 0);
    sites.run(&["site", "add", "blog", "--origin", &origin]).await;
    driver.go_on().await;
    driver.done().await;
    // The last click may go with the beacon.
    let clicks = "SELECT count(*) FROM analytics_events WHERE site = 'blog' AND event_type = 'button_click'";
    pipeline.wait_for(clicks, 2, SOON).await;
    pipeline.wait_until_all_is_read(SOON).await;
    let kinds = "SELECT string_agg(event_type || site, ' ' ORDER BY timestamp) FROM analytics_events \
                 WHERE event_type IN ('page_view', 'button_click')";
    let kinds: String = pipeline.database.query_one(kinds, &[]).await.unwrap().get(0);
    assert_eq!(kinds, "page_viewblog button_clickblog button_clickblog");
}

async fn pipeline_with_a_live_page() -> Pipeline {
    let view = Some("access.public = true".into());
    Pipeline::start_with(shared().await, PipelineOptions { site: true, view, ..PipelineOptions::default() }).await
}

mod alone {
    use super::{Driver, MACHINE, pipeline_with_a_live_page};

    #[tokio::test]
    async fn a_click_changes_a_number_of_the_live_page() {
        let _turn = MACHINE.write().await;
        let pipeline = pipeline_with_a_live_page().await;
        let steps = Driver::start("live-latency", &pipeline).done().await;
        let latency = &steps.last().unwrap()["median_ms"];
        println!("{}", steps.last().unwrap());
        assert!(latency.as_f64().unwrap() < 1_000.0, "{latency} ms from a click to the number");
    }
}

#[tokio::test]
async fn the_live_page_is_accessible_in_every_layout_theme_and_state() {
    let _turn = MACHINE.read().await;
    let mut pipeline = pipeline_with_a_live_page().await;
    let empty = Driver::start("live-accessibility", &pipeline).done().await;
    Driver::start("clicks", &pipeline).done().await;
    pipeline.wait_until_all_is_read(SOON).await;
    let full = Driver::start("live-accessibility", &pipeline).done().await;
    assert_eq!((empty.len(), full.len()), (32, 32), "each page was checked in each layout and theme");
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// Waits for this many rows, then until nothing is left in Kafka that could become another.
async fn all_is_stored(pipeline: &mut Pipeline, rows: usize) {
    let (query, rows) = ("SELECT count(*) FROM analytics_events", i64::try_from(rows).unwrap());
    pipeline.wait_for(query, rows, SOON).await;
    pipeline.wait_until_all_is_read(SOON).await;
    assert_eq!(pipeline.number(query).await, rows);
}

/// Waits until each of these events is in the table, and checks that none is there twice.
async fn each_is_stored_once(pipeline: &mut Pipeline, ids: &[String]) {
    assert!(!ids.is_empty());
    let list = ids.join("','");
    let of_them = format!("FROM analytics_events WHERE event_id IN ('{list}')");
    let wanted = i64::try_from(ids.len()).unwrap();
    pipeline.wait_for(&format!("SELECT count(DISTINCT event_id) {of_them}"), wanted, SOON).await;
    pipeline.wait_until_all_is_read(SOON).await;
    assert_eq!(pipeline.number(&format!("SELECT count(*) {of_them}")).await, wanted);
}
