//! The API returns the functions' numbers, and names invalid parameters.

use serde_json::{Value, json};

use crate::view::View;

/// Two visits: one of two pages by Firefox, one that bounced.
fn visits() -> Value {
    json!([
        { "seconds_ago": 100, "event_type": "page_view", "page_path": "/", "session_id": "a", "visitor_id": "00000000-0000-0000-0000-000000000001",
          "browser": "Firefox", "channel": "search", "country": "DE", "site": "shop" },
        { "seconds_ago": 90, "event_type": "signup", "page_path": "/", "session_id": "a", "visitor_id": "00000000-0000-0000-0000-000000000001",
          "browser": "Firefox", "country": "DE", "site": "shop", "metadata": { "plan": "=1+1", "seats": 3 } },
        { "seconds_ago": 80, "event_type": "page_view", "page_path": "/b,c", "session_id": "a", "visitor_id": "00000000-0000-0000-0000-000000000001",
          "browser": "Firefox", "country": "DE", "site": "shop" },
        { "seconds_ago": 70, "event_type": "page_view", "page_path": "/", "session_id": "b", "visitor_id": "00000000-0000-0000-0000-000000000002",
          "browser": "Chrome", "channel": "direct", "site": "blog" },
    ])
}

async fn with_visits() -> View {
    let view = View::public().await;
    view.store(visits()).await;
    view
}

#[tokio::test]
async fn each_query_in_the_description_is_answered() {
    let view = with_visits().await;
    let description = view.ask("").await;
    let questions = description["questions"].as_array().unwrap();
    assert!(questions.len() >= 21);
    for question in questions {
        let name = question["name"].as_str().unwrap();
        let further = match name {
            "visits_by" => "&dimension=browser",
            "event_properties" => "&event=signup",
            "property_values" => "&event=signup&property=plan",
            "funnel" => "&steps=%5B%7B%22name%22%3A%22a%22%2C%22event_type%22%3A%22signup%22%7D%5D",
            _ => "",
        };
        let answer = view.ask(&format!("{name}?period=24h{further}")).await;
        assert!(!answer["columns"].as_array().unwrap().is_empty(), "{name}");
        let csv = view.get(&format!("/live/api/v1/{name}.csv?period=24h{further}"), &[]).await;
        let head = answer["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| column.as_str().unwrap())
            .collect::<Vec<_>>()
            .join(",");
        assert!(csv.body.starts_with(format!("{head}\r\n").as_bytes()), "{name}");
    }
}

#[tokio::test]
async fn the_numbers_match_the_rows() {
    let view = with_visits().await;
    let totals = view.ask("totals?period=24h").await;
    assert_eq!(totals["rows"][0]["visitors"], 2);
    assert_eq!(totals["rows"][0]["views"], 3);
    assert_eq!(totals["rows"][0]["bounce_rate"], 0.5);
    let pages = view.ask("top_pages?period=24h").await;
    assert_eq!(
        pages["rows"],
        json!([{ "page": "/", "views": 2, "visitors": 2 }, { "page": "/b,c", "views": 1, "visitors": 1 }])
    );
    let filtered = view.ask("top_pages?period=24h&browser=Chrome&browser=Safari").await;
    assert_eq!(filtered["rows"], json!([{ "page": "/", "views": 1, "visitors": 1 }]));
    let values = view.ask("property_values?period=24h&event=signup&property=seats").await;
    assert_eq!(values["rows"], json!([{ "value": "3", "events": 1, "visitors": 1 }]));
    assert_eq!(view.ask("live_visitors").await["rows"], json!([{ "visitors": 2 }]));
    assert_eq!(view.ask("live_visitors?site=blog").await["rows"], json!([{ "visitors": 1 }]));
    let today = view.ask("totals?since=2026-01-01&until=2026-01-01").await;
    assert_eq!((&today["since"], &today["until"]), (&json!("2026-01-01T00:00:00Z"), &json!("2026-01-02T00:00:00Z")));
}

#[tokio::test]
async fn csv_is_quoted_and_contains_no_formulas() {
    let view = with_visits().await;
    let csv = view.get("/live/api/v1/top_pages.csv?period=24h", &[]).await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8; header=present"));
    assert_eq!(csv.header("content-disposition"), Some("attachment; filename=\"footfall-top_pages.csv\""));
    assert_eq!(csv.body, "page,views,visitors\r\n/,2,2\r\n\"/b,c\",1,1\r\n");
    let csv = view.get("/live/api/v1/property_values.csv?period=24h&event=signup&property=plan", &[]).await;
    assert_eq!(csv.body, "value,events,visitors\r\n'=1+1,1,1\r\n");
}

#[tokio::test]
async fn an_invalid_parameter_is_named() {
    let view = View::public().await;
    for (question, field) in [
        ("totals?period=fortnight", "period"),
        ("totals?since=2026-01-01", "until"),
        ("totals?tz=Mars", "tz"),
        ("totals?colour=red", "colour"),
        ("visits_by", "dimension"),
        ("funnel?steps=%5B%5D", "steps"),
    ] {
        let answer = view.get(&format!("/live/api/v1/{question}"), &[]).await;
        assert_eq!(answer.status, 400, "{question}");
        assert_eq!(answer.json()["error"]["field"], field, "{question}");
    }
    let page = view.get("/live/?period=fortnight", &[]).await;
    assert_eq!(page.status, 400);
    assert!(String::from_utf8_lossy(&page.body).contains("In the address, period is none of"));
    assert_eq!(view.get("/live/api/v1/shoes", &[]).await.status, 404);
    assert_eq!(view.get("/live/nothing", &[]).await.status, 404);
    assert_eq!(view.post("/live/api/v1/totals", &[], "").await.status, 405);
}

#[tokio::test]
async fn the_page_shows_the_same_and_says_what_to_do_when_it_is_empty() {
    let view = View::public().await;
    let text = async |path| view.page(path).await;
    assert!(text("/live/").await.contains("No events have arrived yet"));
    view.store(visits()).await;
    let page = text("/live/?period=24h").await;
    assert!(!page.contains("No events have arrived yet"));
    for part in [
        "<strong data-number=\"visitors\">2</strong>",
        "<strong data-number=\"live\">2</strong>",
        "Germany",
        "/b,c",
        "signup",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let page = text("/live/?period=24h&browser=Netscape").await;
    assert!(page.contains("No events match these filters") && page.contains("remove this filter"));
    let page = text("/live/?since=2026-01-01&until=2026-01-01").await;
    assert!(page.contains("No events in this period"));
}

#[tokio::test]
async fn what_a_visitor_sent_is_shown_as_text() {
    let view = View::public().await;
    let nasty = "<script>alert(1)</script>\"'";
    view.store(json!([{ "event_type": nasty, "page_path": format!("/{nasty}"), "session_id": "a", "browser": nasty,
                        "button_id": nasty, "page_title": nasty, "metadata": { nasty: nasty } }]))
        .await;
    let page = view.page("/live/?period=24h").await;
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"));
}
