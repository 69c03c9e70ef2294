//! The answers to clients, byte for byte where clients of the first generation rely on it.

use footfall_testkit::{Answer, Pipeline, SOON, shared};
use serde_json::{Value, json};
use uuid::Uuid;

#[tokio::test]
async fn the_first_generations_guide_gets_the_same_answers() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let health = pipeline.get(3001, "/health").await;
    assert_eq!(health.status, 200);
    let text = String::from_utf8(health.body.to_vec()).unwrap();
    let time = text.strip_prefix(r#"{"status":"ok","kafkaReady":true,"timestamp":""#);
    let time = time.and_then(|rest| rest.strip_suffix(r#""}"#)).unwrap_or_else(|| panic!("{text}"));
    time.parse::<jiff::Timestamp>().unwrap();

    let event = r#"{"event_type":"button_click","page_url":"http://test.com/page","page_title":"Test Page","button_id":"test-button","session_id":"test-session-123","user_agent":"curl/7.0"}"#;
    let answer = pipeline.post(event).await;
    assert_eq!(answer.status, 200);
    let wanted = r#"{"success":true,"message":"Event received and sent to Kafka","eventId":"test-session-123"}"#;
    assert_eq!(answer.body, wanted);

    pipeline.wait_for("SELECT count(*) FROM analytics_events", 1, SOON).await;
    let query =
        "SELECT event_type, page_url, button_id, timestamp FROM analytics_events ORDER BY timestamp DESC LIMIT 10";
    let row = pipeline.database.query_one(query, &[]).await.unwrap();
    let texts: [&str; 3] = std::array::from_fn(|column| row.get(column));
    assert_eq!(texts, ["button_click", "http://test.com/page", "test-button"]);
}

#[tokio::test]
async fn the_answered_id_is_the_clients_or_the_sessions_or_the_rows() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let id_of = async |fields: &str| {
        let answer = pipeline.post(format!(r#"{{"event_type":"x","page_url":"http://a.b/"{fields}}}"#)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["eventId"].as_str().unwrap().to_owned()
    };
    // As it was sent, not in the usual form of a UUID.
    let id = "0190A6E0-0000-7000-8000-00000000ABCD";
    assert_eq!(id_of(&format!(r#","event_id":"{id}","session_id":"s""#)).await, id);
    assert_eq!(id_of(r#","session_id":"s""#).await, "s");
    let assigned: Uuid = id_of("").await.parse().unwrap();
    assert_eq!(assigned.get_version_num(), 7);

    pipeline.wait_for("SELECT count(*) FROM analytics_events", 3, SOON).await;
    let query = format!("SELECT count(*) FROM analytics_events WHERE event_id IN ('{id}', '{assigned}')");
    assert_eq!(pipeline.number(&query).await, 2);
}

#[tokio::test]
async fn each_form_of_batch_is_answered_event_by_event() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let good = r#"{"event_type":"x","page_url":"http://a.b/"}"#;
    let (no_type, no_url) = (r#"{"page_url":"http://a.b/"}"#, r#"{"event_type":"x","page_url":"/page"}"#);
    let forms = [
        ("application/json", "[", ",", "]"),
        ("application/json", r#"{"events":["#, ",", "]}"),
        ("text/plain;charset=UTF-8", r#"{"events":["#, ",", "]}"),
        ("application/x-ndjson", "", "\n", "\n"),
    ];
    for (content_type, begin, between, end) in forms {
        let post = async |events: &[&str]| {
            let body = format!("{begin}{}{end}", events.join(between));
            post(&pipeline, content_type, &body).await
        };
        let mixed = post(&[good, no_type, good, no_url]).await;
        assert_eq!(mixed.status, 200, "{mixed:?}");
        let wanted = r#"{"success":true,"accepted":2,"rejected":["#;
        assert!(mixed.body.starts_with(wanted.as_bytes()), "{mixed:?}");
        let wanted = json!([
            { "index": 1, "field": "event_type", "reason": "field_missing", "message": "is required" },
            { "index": 3, "field": "page_url", "reason": "url_invalid", "message": "must be an absolute http or https URL" },
        ]);
        assert_eq!(mixed.json()["rejected"], wanted);

        let all_good = post(&[good, good]).await;
        assert_eq!((all_good.status.as_u16(), all_good.json()["rejected"].clone()), (200, json!([])));
        let all_bad = post(&[no_type]).await;
        assert_eq!(all_bad.status, 400);
        assert_eq!((&all_bad.json()["success"], &all_bad.json()["accepted"]), (&json!(false), &json!(0)));
    }
    let single = pipeline.post(no_url).await;
    let fields = [&single.json()["field"], &single.json()["reason"], &single.json()["message"]].map(Value::to_string);
    assert_eq!(single.status, 400);
    assert_eq!(fields.join(" "), r#""page_url" "url_invalid" "must be an absolute http or https URL""#);
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 4 * forms.len() as i64, SOON).await;
}

#[tokio::test]
async fn the_json_is_readable_from_any_origin_with_every_status() {
    let pipeline = Pipeline::start(shared().await).await;
    let good = r#"{"event_type":"x","page_url":"http://a.b/"}"#;
    let json = "application/json";
    let huge = " ".repeat(1024 * 1024 + 1);
    let cases = [
        ("POST", "/analytics", json, good, 200),
        ("GET", "/health", json, "", 200),
        ("POST", "/analytics", json, "{}", 400),
        ("GET", "/", json, "", 404),
        ("POST", "/analytics/", json, good, 200),
        ("POST", "//analytics?x=1", json, good, 200),
        ("POST", "/%61nalytics", json, good, 200),
        ("GET", "/health/", json, "", 200),
        ("POST", "/analytics/x", json, good, 404),
        ("DELETE", "/pixel.gif/", json, "", 405),
        ("OPTIONS", "/nothing", json, "", 404),
        ("GET", "/analytics", json, "", 405),
        ("DELETE", "/health", json, "", 405),
        ("POST", "/analytics", json, &huge, 413),
        ("POST", "/analytics", "application/xml", good, 415),
        ("POST", "/analytics", "application/json; charset=latin1", good, 415),
    ];
    for (method, path, content_type, body, status) in cases {
        let headers = [("content-type", content_type), ("origin", "https://shop.example")];
        let answer = pipeline.http.send(method, &pipeline.url(3001, path), &headers, body.to_owned()).await.unwrap();
        let case = format!("{method} {path} {content_type} {status}: {answer:?}");
        assert_eq!(answer.status, status, "{case}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://shop.example"), "{case}");
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"), "{case}");
        assert_eq!(answer.header("vary"), Some("Origin"), "{case}");
        assert_eq!(
            answer.header("access-control-expose-headers"),
            Some("retry-after, ratelimit, ratelimit-policy"),
            "{case}"
        );
        assert_eq!(answer.header("content-type"), Some("application/json"), "{case}");
        if status != 200 {
            let answered = answer.json();
            assert_eq!(answered["success"], false, "{case}");
            assert!(answered["reason"].is_string() && answered["message"].is_string(), "{case}");
        }
        let allow = match (path, status) {
            ("/analytics", 405) => Some("POST, OPTIONS"),
            ("/health" | "/pixel.gif/", 405) => Some("GET, HEAD, OPTIONS"),
            _ => None,
        };
        assert_eq!(answer.header("allow"), allow, "{case}");
    }
    let encoded = [("content-type", json), ("content-encoding", "lzma")];
    let answer = pipeline.http.send("POST", &pipeline.url(3001, "/analytics"), &encoded, good).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.json()["reason"]), (415, &json!("content_encoding_unsupported")));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

async fn post(pipeline: &Pipeline, content_type: &str, body: &str) -> Answer {
    let headers = [("content-type", content_type)];
    pipeline.http.send("POST", &pipeline.url(3001, "/analytics"), &headers, body.to_owned()).await.unwrap()
}
