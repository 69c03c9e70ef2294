//! Whole tables: pages of rows, files, and the events before the newest.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::view::View;

fn texts<'a>(rows: &'a Value, column: &str) -> Vec<&'a str> {
    rows.as_array().unwrap().iter().map(|row| row[column].as_str().unwrap()).collect()
}

/// All values of a column, by following `next`.
async fn followed(view: &View, question: &str, column: &str) -> Vec<String> {
    let (mut found, mut next) = (Vec::new(), Some(question.to_owned()));
    while let Some(address) = next {
        let answer = view.ask(&address).await;
        found.extend(texts(&answer["rows"], column).into_iter().map(str::to_owned));
        next = answer["next"].as_str().map(str::to_owned);
    }
    found
}

#[tokio::test]
async fn events_of_one_moment_are_on_one_page_each() {
    let view = View::public().await;
    let moments: Vec<_> = (0..25)
        .map(|number| json!({ "event_type": "page_view", "page_path": format!("/{number}"), "session_id": "a", "seconds_ago": 60 + number / 20 }))
        .collect();
    view.store(json!(moments)).await;
    let stored = view
        .database
        .query("SELECT event_id::text FROM analytics_events ORDER BY timestamp DESC, event_id DESC", &[])
        .await
        .unwrap();
    let stored: Vec<String> = stored.iter().map(|row| row.get(0)).collect();
    for limit in [1, 7, 24, 25, 100] {
        assert_eq!(followed(&view, &format!("recent_events?limit={limit}"), "event_id").await, stored, "{limit}");
    }
    let view = View::start("access.public = true\npage.recent_rows_max = 5", &[]).await;
    view.store(json!(moments)).await;
    let page = view.page("/live/?period=24h&event_type=page_view").await;
    let older = page.split('"').find(|text| text.starts_with("older?")).expect("a link").replace("&amp;", "&");
    assert!(older.contains("event_type=page_view"), "{older}");
    let older = view.first_paint(&format!("/live/{older}")).await;
    let shown =
        |page: &str| (0..25).filter(|number| page.contains(&format!(">/{number}</a>"))).collect::<BTreeSet<_>>();
    let recent = page.split("id=\"recent_events\"").nth(1).unwrap();
    assert_eq!((shown(recent).len(), shown(&older).len()), (5, 20));
    assert_eq!(shown(recent).union(&shown(&older)).count(), 25);
    assert!(older.contains("Newest events") && !older.contains("Older events</a>"), "{older}");
}

#[tokio::test]
async fn an_event_far_ahead_of_time_does_not_lead_the_recent_ones() {
    let view = View::public().await;
    let at = |page: &str, seconds_ago: i32| json!({ "event_type": "page_view", "page_path": page, "session_id": page, "seconds_ago": seconds_ago });
    view.store(json!([at("/now", 0), at("/soon", -60), at("/tomorrow", -80_000)])).await;
    let rows = view.ask("recent_events?limit=10").await["rows"].clone();
    let pages: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["page"].as_str().unwrap()).collect();
    assert_eq!(pages, ["/soon", "/now"], "a clock may be a little ahead");
    let page = view.page("/live/?period=24h").await;
    assert!(page.contains("/soon") && !page.contains("/tomorrow"), "{page}");
}

#[tokio::test]
async fn a_file_is_the_whole_table_and_json_leads_to_the_rest() {
    let view = View::public().await;
    let pages: Vec<_> = (0..2_500)
        .map(|number| json!({ "event_type": "page_view", "page_path": format!("/{number}"), "session_id": number.to_string(), "seconds_ago": 60 + number / 100 }))
        .collect();
    view.store(json!(pages)).await;
    for (question, column) in [("top_pages?period=24h", "page"), ("recent_events?site=", "page")] {
        let followed = followed(&view, &format!("{question}&limit=1000"), column).await;
        assert_eq!((followed.len(), followed.iter().collect::<BTreeSet<_>>().len()), (2_500, 2_500), "{question}");
        let (name, parameters) = question.split_once('?').unwrap();
        let file = view.get(&format!("/live/api/v1/{name}.csv?{parameters}"), &[]).await;
        let text = String::from_utf8(file.body.to_vec()).unwrap();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2_501, "{question}");
        assert_eq!(lines.iter().collect::<BTreeSet<_>>().len(), 2_501, "no line twice");
        let cut = view.get(&format!("/live/api/v1/{name}.csv?{parameters}&limit=1500"), &[]).await;
        assert_eq!(String::from_utf8_lossy(&cut.body).lines().count(), 1_501, "{question}");
    }
    let answer = view.ask("top_pages?period=24h").await;
    assert_eq!((&answer["limit"], answer["rows"].as_array().unwrap().len()), (&json!(100), 100));
    assert_eq!(answer["next"], "top_pages?period=24h&offset=100");
}

#[tokio::test]
async fn a_property_is_a_filter_in_addresses_and_links() {
    let view = View::public().await;
    let signup = |session: &str, plan: Value| json!({ "event_type": "signup", "page_path": "/", "session_id": session, "metadata": { "plan": plan, "seats": 3 } });
    view.store(json!([signup("a", json!("large")), signup("b", json!("small & free")), signup("c", json!(7))])).await;
    let events = |answer: Value| texts(&answer["rows"], "event_type").len();
    for (query, count) in [
        ("property.plan=large", 1),
        ("property.plan=large&property.plan=small+%26+free", 2),
        ("property.plan=7&property.seats=3", 1),
        ("property.plan=large&property.seats=4", 0),
    ] {
        assert_eq!(events(view.ask(&format!("recent_events?{query}")).await), count, "{query}");
    }
    let page = view.page("/live/?period=24h&event_type=signup&property=plan").await;
    let link = "period=24h&amp;event_type=signup&amp;property.plan=small+%26+free&amp;property=plan";
    assert!(page.contains(link), "{page}");
    let page = view.page("/live/?period=24h&property.plan=large").await;
    assert!(page.contains("Property plan: <strong>large</strong>"), "{page}");
}

#[tokio::test]
async fn postgresql_decides_which_time_zones_there_are_and_when_a_day_begins() {
    let view = View::public().await;
    eventually_ready(&view).await;
    for zone in ["Atlantic/Azores", "Africa/Cairo", "America/Santiago", "europe/berlin"] {
        let range = view.ask(&format!("totals?since=2026-10-25&until=2026-10-25&tz={zone}")).await;
        let begins = "SELECT to_jsonb(footfall.day_start('2026-10-25', $1) AT TIME ZONE 'UTC') #>> '{}' || 'Z',
            to_jsonb(footfall.day_start('2026-10-26', $1) AT TIME ZONE 'UTC') #>> '{}' || 'Z'";
        let begins = view.database.query_one(begins, &[&zone]).await.unwrap();
        let bounds = [begins.get::<_, String>(0), begins.get::<_, String>(1)];
        assert_eq!([&range["since"], &range["until"]], [&json!(bounds[0]), &json!(bounds[1])], "{zone}");
    }
    let names =
        view.database.query("SELECT name FROM pg_timezone_names WHERE name ~ '^(Asia|Europe|US)/'", &[]).await.unwrap();
    for name in names.iter().map(|row| row.get::<_, String>(0)) {
        assert_eq!(
            view.ask(&format!("visits_over_time?since=2026-10-25&until=2026-10-25&tz={name}")).await["time_zone"],
            *name
        );
    }
    assert_eq!(view.get("/live/api/v1/totals?tz=Asia/Calcutter", &[]).await.status, 400);
    assert_eq!(view.get("/live/api/v1/totals?since=2026-10-25&until=2026-10-24T10:00:00Z", &[]).await.status, 400);
}

async fn eventually_ready(view: &View) {
    footfall_testkit::eventually("ready", footfall_testkit::SOON, async || view.is_ready().await).await;
}
