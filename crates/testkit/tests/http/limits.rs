//! Each limit just below, at and just above its value: the answer, and the stored row.

use std::io::Write as _;

use footfall_testkit::{Pipeline, PipelineOptions, SOON, eventually, shared};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::by_hand::ByHand;
use crate::metrics::{INGEST, metric};

const MIB: usize = 1024 * 1024;
/// One character that takes four bytes.
const WIDE: &str = "😀";

/// An event with these fields in addition to the required ones, or instead of them.
fn event(fields: Value) -> Value {
    let mut event = json!({ "event_type": "x", "page_url": "http://a.b/", "event_id": Uuid::now_v7() });
    let Value::Object(fields) = fields else { panic!("{fields}") };
    event.as_object_mut().unwrap().extend(fields);
    event
}

/// What became of each event of a batch: its row as JSON, or why it was refused (`field reason`).
async fn outcomes(pipeline: &mut Pipeline, events: &[Value]) -> Vec<Result<Value, String>> {
    let answer = pipeline.post(serde_json::to_vec(events).unwrap()).await;
    let mut outcomes: Vec<Option<String>> = vec![None; events.len()];
    for rejected in answer.json()["rejected"].as_array().unwrap_or_else(|| panic!("{answer:?}")) {
        let index = usize::try_from(rejected["index"].as_u64().unwrap()).unwrap();
        let why = [&rejected["field"], &rejected["reason"]].map(|text| text.as_str().unwrap().to_owned());
        outcomes[index] = Some(why.join(" "));
    }
    let accepted = outcomes.iter().filter(|outcome| outcome.is_none()).count();
    assert_eq!(answer.json()["accepted"], accepted, "{answer:?}");
    let ids: Vec<String> = events.iter().map(|event| event["event_id"].as_str().unwrap().to_owned()).collect();
    let list = format!("'{}'", ids.join("','"));
    let accepted = i64::try_from(accepted).unwrap();
    pipeline
        .wait_for(&format!("SELECT count(*) FROM analytics_events WHERE event_id IN ({list})"), accepted, SOON)
        .await;
    let query = format!("SELECT event_id::text, to_jsonb(e) FROM analytics_events e WHERE event_id IN ({list})");
    let rows = pipeline.database.query(&query, &[]).await.unwrap();
    let row_of = |id: &str| rows.iter().find(|row| row.get::<_, &str>(0) == id).unwrap().get::<_, Value>(1);
    ids.iter().zip(outcomes).map(|(id, refused)| refused.map_or_else(|| Ok(row_of(id)), Err)).collect()
}

#[tokio::test]
async fn text_that_must_not_be_cut_is_rejected_above_its_limit() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let edges = [
        ("event_type", 100),
        ("button_id", 100),
        ("session_id", 100),
        ("user_id", 200),
        ("site", 100),
        ("app_version", 100),
    ];
    for (field, most) in edges {
        for letter in ["a", WIDE] {
            let texts: Vec<String> = [most - 1, most, most + 1].iter().map(|length| letter.repeat(*length)).collect();
            let events: Vec<Value> = texts.iter().map(|text| event(json!({ field: text }))).collect();
            let outcomes = outcomes(&mut pipeline, &events).await;
            for (outcome, text) in outcomes.iter().zip(&texts).take(2) {
                let row = outcome.as_ref().unwrap();
                assert_eq!((&row[field], &row["flags"]), (&json!(text), &Value::Null));
            }
            assert_eq!(outcomes[2].as_ref().unwrap_err(), &format!("{field} field_too_long"));
        }
    }
}

#[tokio::test]
async fn other_text_that_is_too_long_is_cut_between_characters_and_flagged() {
    let mut pipeline = Pipeline::start(shared().await).await;
    for (field, most) in [("page_title", 200), ("user_agent", 1000), ("referrer", 1000)] {
        for letter in ["a", "ä", WIDE, "e\u{301}"] {
            let text: String = letter.repeat(most + 1).chars().take(most + 1).collect();
            let whole: String = text.chars().take(most).collect();
            let below: String = text.chars().take(most - 1).collect();
            let events = [&below, &whole, &text].map(|text| event(json!({ field: text })));
            let outcomes = outcomes(&mut pipeline, &events).await;
            let rows: Vec<&Value> = outcomes.iter().map(|outcome| outcome.as_ref().unwrap()).collect();
            assert_eq!((&rows[0][field], &rows[0]["flags"]), (&json!(below), &Value::Null));
            assert_eq!((&rows[1][field], &rows[1]["flags"]), (&json!(whole), &Value::Null));
            assert_eq!((&rows[2][field], &rows[2]["flags"]), (&json!(whole), &json!([format!("{field}_cut")])));
        }
    }
}

#[tokio::test]
async fn a_page_url_over_500_characters_loses_its_fragment_then_its_query_then_its_tail() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let url = |path: usize, rest: &str| format!("http://a.b/{}{rest}", "p".repeat(path - "http://a.b/".len()));
    let (at, above) = (url(500, ""), url(501, ""));
    let cases = [
        (url(499, ""), url(499, ""), false),
        (at.clone(), at.clone(), false),
        (url(494, "?q=1#f"), url(494, "?q=1#f"), false),
        (above, at.clone(), true),
        (url(490, "?q=1#fragment"), url(490, "?q=1"), true),
        (url(490, "?query=1234567890#f"), url(490, ""), true),
        (url(600, "?q=1#f"), at, true),
        (format!("http://a.b/{}", WIDE.repeat(490)), format!("http://a.b/{}", WIDE.repeat(489)), true),
    ];
    let events: Vec<Value> = cases.iter().map(|(sent, ..)| event(json!({ "page_url": sent }))).collect();
    for (outcome, (sent, stored, cut)) in outcomes(&mut pipeline, &events).await.into_iter().zip(&cases) {
        let row = outcome.unwrap();
        let flags = if *cut { json!(["page_url_cut"]) } else { Value::Null };
        assert_eq!((&row["page_url"], &row["flags"]), (&json!(stored), &flags), "{sent}");
    }
}

#[tokio::test]
async fn metadata_is_limited_in_levels_keys_and_bytes() {
    let mut pipeline = Pipeline::start(shared().await).await;
    // One more level each time; the innermost value is a number.
    let levels = |count: usize| (1..count).fold(json!({ "a": 1 }), |inner, _| json!({ "a": inner }));
    let arrays = |count: usize| json!({ "a": (1..count).fold(json!(1), |inner, _| json!([inner])) });
    let keys = |count: usize| Value::Object((0..count).map(|n| (format!("k{n}"), json!(n))).collect::<Map<_, _>>());
    let nested_keys = |count: usize| json!({ "a": keys(count - 2), "b": 1 });
    let bytes = |count: usize| json!({ "a": "x".repeat(count - r#"{"a":""}"#.len()) });
    let wide_bytes = |count: usize| json!({ "a": WIDE.repeat((count - 8) / 4), "": 0 });
    type Make<'a> = &'a dyn Fn(usize) -> Value;
    let edges: [(Make<'_>, usize, &str); 5] = [
        (&levels, 16, "metadata.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a nesting_too_deep"),
        (&arrays, 16, "metadata.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 nesting_too_deep"),
        (&keys, 256, "metadata metadata_too_many_keys"),
        (&nested_keys, 256, "metadata metadata_too_many_keys"),
        (&bytes, 32 * 1024, "metadata metadata_too_large"),
    ];
    for (make, most, refusal) in edges {
        let all = [most - 1, most, most + 1].map(make);
        let events = all.clone().map(|metadata| event(json!({ "metadata": metadata })));
        let outcomes = outcomes(&mut pipeline, &events).await;
        assert_eq!(outcomes[0].as_ref().unwrap()["metadata"], all[0]);
        assert_eq!(outcomes[1].as_ref().unwrap()["metadata"], all[1]);
        assert_eq!(outcomes[2].as_ref().unwrap_err(), refusal);
    }
    // Bytes, not characters.
    let wide = outcomes(&mut pipeline, &[event(json!({ "metadata": wide_bytes(33 * 1024) }))]).await;
    assert_eq!(wide[0].as_ref().unwrap_err(), "metadata metadata_too_large");
}

#[tokio::test]
async fn a_request_may_have_a_thousand_events_and_no_more() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let mut sent = 0;
    for (begin, between, end, content_type) in [
        ("[", ",", "]", "application/json"),
        (r#"{"events":["#, ",", "]}", "application/json"),
        ("", "\n", "", "application/x-ndjson"),
    ] {
        let post = async |count: usize| {
            let event = r#"{"event_type":"x","page_url":"http://a.b/"}"#;
            let body = format!("{begin}{}{end}", vec![event; count].join(between));
            let headers = [("content-type", content_type)];
            pipeline.http.send("POST", &pipeline.url(3001, "/analytics"), &headers, body).await.unwrap()
        };
        let more = post(1001).await;
        assert_eq!((more.status.as_u16(), &more.json()["reason"]), (413, &json!("too_many_events")), "{more:?}");
        for count in [999, 1000] {
            let answer = post(count).await;
            assert_eq!((answer.status.as_u16(), &answer.json()["accepted"]), (200, &json!(count)), "{answer:?}");
            sent += i64::try_from(count).unwrap();
        }
    }
    pipeline.wait_for("SELECT count(*) FROM analytics_events", sent, SOON).await;
}

#[tokio::test]
async fn a_body_may_have_a_mebibyte_with_or_without_content_length() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let mut body = br#"{"event_type":"x","page_url":"http://a.b/"}"#.to_vec();
    body.resize(MIB + 1, b' ');
    for (length, status) in [(MIB - 1, 200), (MIB, 200), (MIB + 1, 413)] {
        let answer = pipeline.post(body[..length].to_vec()).await;
        assert_eq!(answer.status, status, "{answer:?}");
        let mut request = chunked(&body[..length], 65_000);
        request.extend(b"0\r\n\r\n");
        let mut connection = ByHand::open(&pipeline).await;
        connection.send(request).await;
        let answer = connection.answer().await.expect("an answer");
        assert_eq!(answer.status, status, "{answer:?}");
        if status == 413 {
            assert_eq!(answer.json()["reason"], "body_too_large");
        }
    }
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 4, SOON).await;
}

#[tokio::test]
async fn a_client_that_sends_far_too_much_still_gets_its_answer() {
    let options = PipelineOptions { no_sink: true, ..PipelineOptions::default() };
    let pipeline = Pipeline::start_with(shared().await, options).await;
    let body = vec![b' '; 8 * MIB];
    for (content_type, status) in [("application/json", 413), ("application/xml", 415)] {
        for length in [3 * MIB, 8 * MIB] {
            // It reads nothing until it has sent everything, like many simple clients.
            let mut connection = ByHand::open(&pipeline).await;
            let head = format!(
                "POST /analytics HTTP/1.1\r\nhost: x\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n"
            );
            connection.send(head).await;
            connection.send(&body[..length]).await;
            let answer = connection.answer().await;
            let case = format!("{content_type} {length}");
            assert_eq!(answer.expect(&case).status, status, "{case}");
        }
    }
}

#[tokio::test]
async fn each_malformed_event_has_its_reason_and_does_not_affect_the_others() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let with = |fields: &str| format!(r#"{{"event_type":"x","page_url":"http://a.b/",{fields}}}"#).into_bytes();
    let deep = format!(r#""metadata":{}1{}"#, r#"{"a":"#.repeat(100), "}".repeat(100));
    let mut invalid = with(r#""page_title":"?""#);
    let place = invalid.iter().position(|byte| *byte == b'?').unwrap();
    invalid[place] = 0xff;
    let mut raw_nul = invalid.clone();
    raw_nul[place] = 0;
    let cases: Vec<(Vec<u8>, &str, &str)> = vec![
        (raw_nul, "body", "nul_character"),
        (with(r#""page_title":"a\u0000b""#), "page_title", "nul_character"),
        (with(r#""metadata":{"a\u0000":1}"#), "metadata", "nul_character"),
        (invalid, "body", "utf8_invalid"),
        (with(r#""page_title":"\ud800""#), "page_title", "lone_surrogate"),
        (with(r#""metadata":{"a":["\udc00x"]}"#), "metadata.a.0", "lone_surrogate"),
        (with(r#""page_title":"a","page_title":"a""#), "page_title", "duplicate_key"),
        (with(r#""metadata":{"b":{"a":1,"a":2}}"#), "metadata.b.a", "duplicate_key"),
        (with(r#""metadata":{"a":1e999}"#), "metadata.a", "number_out_of_range"),
        (with(r#""schema_version":70000"#), "schema_version", "number_out_of_range"),
        (with(&deep), "metadata", "nesting_too_deep"),
        (with(r#""event_id":"17""#), "event_id", "event_id_invalid"),
        (with(r#""timestamp":"yesterday""#), "timestamp", "timestamp_invalid"),
        (with(r#""page_title":17"#), "page_title", "field_type"),
        (br#"{"event_type":"","page_url":"http://a.b/"}"#.to_vec(), "event_type", "field_empty"),
        (br#"{"event_type":"x"}"#.to_vec(), "page_url", "field_missing"),
        (br#"{"event_type":"x","page_url":"javascript:alert(1)"}"#.to_vec(), "page_url", "url_invalid"),
        (b"17".to_vec(), "body", "not_an_object"),
    ];
    let good = br#"{"event_type":"neighbour","page_url":"http://a.b/"}"#;
    let mut stored = 0;
    for (bad, field, reason) in &cases {
        let case = String::from_utf8_lossy(bad).chars().take(200).collect::<String>();
        let is_told = |answered: &Value| {
            let path = answered["field"].as_str().unwrap();
            assert!(path == *field || path.starts_with(&format!("{field}.")), "{case}: {answered}");
            assert_eq!(answered["reason"], *reason, "{case}: {answered}");
            assert!(!answered["message"].as_str().unwrap().is_empty());
        };
        let single = pipeline.post(bad.clone()).await;
        assert_eq!(single.status, 400, "{case}: {single:?}");
        is_told(&single.json());

        let batch = [b"[" as &[u8], good, b",", bad, b",", good, b"]"].concat();
        let lines = [good as &[u8], bad, good].join(&b'\n');
        for (content_type, body) in [("application/json", batch), ("application/x-ndjson", lines)] {
            let headers = [("content-type", content_type)];
            let answer = pipeline.http.send("POST", &pipeline.url(3001, "/analytics"), &headers, body).await.unwrap();
            let answered = answer.json();
            assert_eq!((answer.status.as_u16(), &answered["accepted"]), (200, &json!(2)), "{case}: {answer:?}");
            assert_eq!(answered["rejected"].as_array().map(Vec::len), Some(1), "{case}: {answer:?}");
            assert_eq!(answered["rejected"][0]["index"], 1, "{case}: {answer:?}");
            is_told(&answered["rejected"][0]);
            stored += 2;
        }
    }
    pipeline.wait_for("SELECT count(*) FROM analytics_events WHERE event_type = 'neighbour'", stored, SOON).await;
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events").await, stored);
}

#[tokio::test]
async fn a_body_without_events_has_its_reason() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let cases = [
        ("", "body", "body_empty"),
        (" \n ", "body", "body_empty"),
        ("{", "body", "json_syntax"),
        (r#"[{"event_type":"x","page_url":"http://a.b/"#, "body", "json_syntax"),
        (r#"{"event_type":"x","page_url":"http://a.b/"} {}"#, "body", "json_syntax"),
        ("[]", "body", "batch_empty"),
        (r#"{"events":[]}"#, "body", "batch_empty"),
        (r#"{"events":17}"#, "events", "field_type"),
        ("null", "body", "not_an_object"),
        ("[[", "body", "json_syntax"),
    ];
    for (body, field, reason) in cases {
        let answer = pipeline.post(body.to_owned()).await;
        let case = format!("{body:.60}: {answer:?}");
        assert_eq!(answer.status, 400, "{case}");
        let answered = answer.json();
        assert_eq!((&answered["field"], &answered["reason"]), (&json!(field), &json!(reason)), "{case}");
    }
    // Half a million nested arrays do not overflow the stack.
    let nest = pipeline.post(["[".repeat(MIB / 2), "]".repeat(MIB / 2)].concat()).await;
    assert_eq!(nest.json()["rejected"][0]["reason"], "nesting_too_deep", "{nest:?}");
    assert_eq!(pipeline.post(r#"{"event_type":"x","page_url":"http://a.b/"}"#).await.status, 200);
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 1, SOON).await;
}

#[tokio::test]
async fn an_event_at_all_limits_at_the_same_time_is_stored() {
    let mut pipeline = Pipeline::start(shared().await).await;
    // Characters of four bytes each, all different, so that an index cannot compress them.
    let text = |count: u32| (0..count).map(|n| char::from_u32(0x2_0000 + n * 37).unwrap()).collect::<String>();
    let widest = event(json!({
        "event_type": text(100), "page_url": format!("http://a.b/{}", text(489)), "page_title": text(200),
        "button_id": text(100), "session_id": text(100), "user_agent": text(1000), "user_id": text(200),
        "referrer": text(1000), "site": text(100), "app_version": text(100), "metadata": { "a": text(8_000), "b": 1e308, "c": -5e-324 },
        "timestamp": "2020-01-01T00:00:00Z", "sent_at": "2020-01-01T00:00:00Z", "schema_version": 65_535,
    }));
    let row = outcomes(&mut pipeline, std::slice::from_ref(&widest)).await.remove(0).unwrap();
    for field in [
        "event_type",
        "page_url",
        "page_title",
        "button_id",
        "session_id",
        "user_agent",
        "user_id",
        "referrer",
        "site",
        "app_version",
    ] {
        assert_eq!(row[field], widest[field], "{field}");
    }
    assert_eq!((&row["metadata"]["a"], &row["flags"]), (&widest["metadata"]["a"], &Value::Null));
    // Sent immediately, by a clock that is years behind.
    assert_eq!(row["timestamp"], row["received_at"]);
    pipeline.wait_for("SELECT sum(event_count)::bigint FROM analytics_summary", 1, SOON).await;
}

#[tokio::test]
async fn an_impossible_time_is_replaced_by_the_time_of_receipt() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let hours = |count: i64| jiff::Timestamp::now() + jiff::SignedDuration::from_hours(count);
    let cases = [(23, false), (25, true), (-29 * 24, false), (-31 * 24, true)];
    let events: Vec<Value> = cases.iter().map(|(offset, _)| event(json!({ "timestamp": hours(*offset) }))).collect();
    for (outcome, ((offset, replaced), event)) in
        outcomes(&mut pipeline, &events).await.into_iter().zip(cases.into_iter().zip(&events))
    {
        let row = outcome.unwrap();
        let time = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let (wanted, flags) = if replaced {
            (&row["received_at"], json!(["timestamp_replaced"]))
        } else {
            (&event["timestamp"], Value::Null)
        };
        assert_eq!((time(&row["timestamp"]), &row["flags"]), (time(wanted), &flags), "{offset} hours");
    }
}

#[tokio::test]
async fn the_user_agent_header_is_used_if_the_event_has_none_and_is_cut_like_it() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let post = async |agent: &str, event: &str| {
        let headers = [("content-type", "application/json"), ("user-agent", agent)];
        let answer =
            pipeline.http.send("POST", &pipeline.url(3001, "/analytics"), &headers, event.to_owned()).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    let long = "a".repeat(10_000);
    post("header", r#"{"event_type":"named","page_url":"http://a.b/","user_agent":"event"}"#).await;
    post("header", r#"{"event_type":"unnamed","page_url":"http://a.b/","user_agent":""}"#).await;
    post(&long, r#"{"event_type":"long","page_url":"http://a.b/"}"#).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 3, SOON).await;
    let query = "SELECT event_type, user_agent, flags::text FROM analytics_events ORDER BY event_type";
    let rows = pipeline.database.query(query, &[]).await.unwrap();
    let rows: Vec<(&str, &str, Option<&str>)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let wanted =
        [("long", &long[..1000], Some("{user_agent_cut}")), ("named", "event", None), ("unnamed", "header", None)];
    assert_eq!(rows, wanted);
}

/// A body in chunks of this many bytes, without its end.
fn chunked(body: &[u8], bytes: usize) -> Vec<u8> {
    let mut request = b"POST /analytics HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for chunk in body.chunks(bytes) {
        write!(request, "{:x}\r\n", chunk.len()).unwrap();
        request.extend(chunk);
        request.extend(b"\r\n");
    }
    request
}

#[tokio::test]
async fn bodies_beyond_the_memory_limit_get_503_and_use_no_memory() {
    let ingest = "http.bodies_kib_max = 1024\nhttp.inflated_bytes_max = 1048576".to_owned();
    let options = PipelineOptions { ingest, no_sink: true, ..PipelineOptions::default() };
    let pipeline = Pipeline::start_with(shared().await, options).await;
    let event = br#"{"event_type":"x","page_url":"http://a.b/"}"#;
    let mut body = event.to_vec();
    body.resize(700 * 1024, b' ');
    let no_room = async || {
        let answer = pipeline.post(body.clone()).await;
        if answer.status == 200 {
            return false;
        }
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("2")), "{answer:?}");
        assert_eq!(answer.json()["reason"], "bodies_full", "{answer:?}");
        assert!(answer.json()["message"].as_str().unwrap().contains("send it again"), "{answer:?}");
        true
    };
    // An unfinished body keeps its memory, unless another came first: then it gets a 503 like any other.
    let mut first = None;
    eventually("the memory is full", SOON, async || {
        first = Some(ByHand::open(&pipeline).await);
        first.as_mut().unwrap().send(chunked(&body, 64 * 1024)).await && no_room().await && no_room().await
    })
    .await;
    let full = [r#"reason="bodies_full""#];
    assert!(metric(&pipeline, INGEST, "footfall_ingest_events_deferred_total", &full).await >= 2);
    assert_eq!(pipeline.post(event.to_vec()).await.status, 200, "small ones still fit");
    drop(first);
    eventually("there is memory again", SOON, async || !no_room().await).await;

    // A body uses its full size, however small its chunks are.
    let mut request = chunked(&body[..20_000], 1);
    request.extend(b"0\r\n\r\n");
    let mut connection = ByHand::open(&pipeline).await;
    assert!(connection.send(request).await);
    assert_eq!(connection.answer().await.expect("an answer").status, 200);
}
