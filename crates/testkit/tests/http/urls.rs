//! A page and a campaign, however their URL is written, from the request to the row.

use footfall_testkit::{Pipeline, SOON, shared};
use serde_json::{Value, json};

async fn post(pipeline: &Pipeline, session: &str, page_url: &str) {
    let event =
        json!({"event_type": "page_view", "page_url": page_url, "session_id": session, "user_agent": "Mozilla/5.0"});
    let answer = pipeline.post(event.to_string()).await;
    assert_eq!(answer.status, 200, "{page_url}: {answer:?}");
}

#[tokio::test]
async fn one_page_is_one_page_however_it_is_spelt() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let spellings = [
        "https://münchen.example/caf%C3%A9",
        "https://xn--mnchen-3ya.example/caf%c3%a9",
        "HTTPS://MÜNCHEN.example:443/café",
        "https://user:secret@münchen.example/%63afe%CC%81?utm_source=x",
        "https://münchen.example/a/../b/./../café#top",
        "https://münchen.example\\café",
    ];
    for (number, page_url) in spellings.iter().enumerate() {
        post(&pipeline, &format!("s{number}"), page_url).await;
    }
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 6, SOON).await;
    let pages = "SELECT array_agg(DISTINCT hostname || page_path) FROM analytics_events";
    let pages: Vec<String> = pipeline.database.query_one(pages, &[]).await.unwrap().get(0);
    assert_eq!(pages, ["xn--mnchen-3ya.example/café"]);
    let sent = "SELECT array_agg(page_url ORDER BY session_id) FROM analytics_events";
    let sent: Vec<String> = pipeline.database.query_one(sent, &[]).await.unwrap().get(0);
    let stored = spellings.map(|url| url.replace("user:secret@", ""));
    assert_eq!(sent, stored, "the URL itself is stored as it was sent, but for a password");
    for page in ["/café", "/caf%C3%A9", "https://münchen.example/cafe%CC%81"] {
        let count = format!(
            "SELECT views FROM footfall.top_pages(now() - INTERVAL '1 hour', now() + INTERVAL '1 hour', '{{\"page\":\"{page}\",\"bot\":\"any\"}}')"
        );
        assert_eq!(pipeline.number(&count).await, 6, "{page}");
    }
}

#[tokio::test]
async fn a_long_url_loses_neither_channel_nor_campaign() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let long = "x".repeat(500);
    let campaign = "utm_source=news+letter&utm_medium=paid&utm_campaign=%C3%BC";
    for (session, page_url, path) in [
        ("query", format!("https://shop.example/p?q={long}&{campaign}"), "/p".to_owned()),
        ("path", format!("https://shop.example/{long}?{campaign}"), format!("/{}", "x".repeat(479))),
        ("route", format!("https://shop.example/app?q={long}#/about?{campaign}"), "/app#/about".to_owned()),
        ("escape", format!("https://shop.example/{}?{campaign}", "%C3%BC".repeat(100)), format!("/{}", "ü".repeat(79))),
        ("short", format!("https://shop.example/p#{campaign}"), "/p".to_owned()),
    ] {
        post(&pipeline, session, &page_url).await;
        pipeline
            .wait_for(&format!("SELECT count(*) FROM analytics_events WHERE session_id = '{session}'"), 1, SOON)
            .await;
        let row = "SELECT to_jsonb(event) FROM analytics_events AS event WHERE session_id = $1";
        let row: Value = pipeline.database.query_one(row, &[&session]).await.unwrap().get(0);
        let told = ["channel", "utm_source", "utm_medium", "utm_campaign", "page_path"].map(|column| &row[column]);
        assert_eq!(told, ["paid", "news letter", "paid", "ü", &path], "{row}");
    }
}
