//! The pixel for pages without JavaScript is an event like any other.

use footfall_testkit::{Answer, Pipeline, SOON, shared};
use serde_json::json;

const SEEN: &str = "/pixel.gif?u=https%3A%2F%2Fshop.example%2Fprices%3Fa%3D1&r=https://news.example/&t=Prices&s=shop";

async fn get(pipeline: &Pipeline, path: &str, headers: &[(&str, &str)]) -> Answer {
    pipeline.http.send("GET", &pipeline.url(3001, path), headers, "").await.expect("an answer")
}

#[tokio::test]
async fn a_loaded_pixel_is_a_row() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let answer = get(&pipeline, SEEN, &[("user-agent", "Lynx/2.9")]).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 43));
    assert!(answer.body.starts_with(b"GIF89a"));
    assert_eq!((answer.header("content-type"), answer.header("cache-control")), (Some("image/gif"), Some("no-store")));
    let referer = get(&pipeline, "/pixel.gif", &[("referer", "https://shop.example/")]).await;
    assert_eq!(referer.status, 200);

    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
    let query = "SELECT event_type, page_title, referrer, site, user_agent, metadata FROM analytics_events \
                 WHERE page_url = 'https://shop.example/prices?a=1' AND visitor_id IS NOT NULL";
    let row = pipeline.database.query_one(query, &[]).await.unwrap();
    let texts: [&str; 5] = std::array::from_fn(|column| row.get(column));
    assert_eq!(texts, ["page_view", "Prices", "https://news.example/", "shop", "Lynx/2.9"]);
    assert_eq!(row.get::<_, serde_json::Value>(5), json!({ "noscript": true }));
    assert_eq!(
        pipeline.number("SELECT count(*) FROM analytics_events WHERE page_url = 'https://shop.example/'").await,
        1
    );
}

#[tokio::test]
async fn a_rejected_pixel_is_counted_with_its_reason() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let cases = [
        ("/pixel.gif", ("accept", "image/gif"), 400, "field_missing"),
        ("/pixel.gif?u=/prices", ("accept", "image/gif"), 400, "url_invalid"),
        (SEEN, ("dnt", "1"), 403, "privacy_signal"),
        (SEEN, ("sec-gpc", "1"), 403, "privacy_signal"),
    ];
    for (path, header, status, reason) in cases {
        let answer = get(&pipeline, path, &[header]).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["reason"]), (status, &json!(reason)), "{path}: {answer:?}");
    }
    let posted = pipeline.http.send("POST", &pipeline.url(3001, SEEN), &[], "").await.unwrap();
    assert_eq!((posted.status.as_u16(), posted.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    let rejected = "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'rejected'";
    pipeline.wait_for(rejected, 4, SOON).await;
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events").await, 0);
}
