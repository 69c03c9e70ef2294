//! Addresses never leave ingest, except as the hash that identifies the day's visitor.

use std::time::Duration;

use footfall_testkit::{Pipeline, PipelineOptions, SOON, shared};
use rdkafka::Message as _;
use rdkafka::message::Headers as _;
use serde_json::{Value, json};

use crate::by_hand::ByHand;
use crate::metrics::{INGEST, metric};
use footfall_testkit::topic;

const EVENT: &str = r#"{"event_type":"x","page_url":"http://a.b/","user_agent":"agent","session_id":"SESSION"}"#;

/// Posts from the address of the trusted proxy or another one, with these header lines; returns the stored visitor.
async fn visitor(pipeline: &mut Pipeline, through_proxy: bool, session: &str, head: &str) -> String {
    let mut connection =
        if through_proxy { ByHand::open_from(pipeline, pipeline.address).await } else { ByHand::open(pipeline).await };
    let answer = connection.post(head, &EVENT.replace("SESSION", session)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let query = format!("SELECT count(*) FROM analytics_events WHERE session_id = '{session}'");
    pipeline.wait_for(&query, 1, SOON).await;
    let query = "SELECT visitor_id::text FROM analytics_events WHERE session_id = $1";
    pipeline.database.query_one(query, &[&session]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_forwarded_address_is_believed_only_from_a_trusted_proxy() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let alice = visitor(&mut pipeline, true, "1", "x-forwarded-for: 203.0.113.77\r\n").await;
    assert_eq!(visitor(&mut pipeline, true, "2", "x-forwarded-for: 203.0.113.77\r\n").await, alice);
    assert_ne!(visitor(&mut pipeline, true, "3", "x-forwarded-for: 203.0.113.78\r\n").await, alice);
    // Everything left of the proxy's own entry was written by the client.
    assert_eq!(visitor(&mut pipeline, true, "4", "x-forwarded-for: 198.51.100.1, 203.0.113.77\r\n").await, alice);

    let stranger = visitor(&mut pipeline, false, "5", "").await;
    assert_eq!(visitor(&mut pipeline, false, "6", "x-forwarded-for: 203.0.113.77\r\n").await, stranger);
    assert_ne!(stranger, alice);

    // Another browser is another visitor.
    let answer = pipeline.post(EVENT.replace("SESSION", "7").replace("agent\",", "other\",")).await;
    assert_eq!(answer.status, 200);
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 7, SOON).await;
    assert_eq!(pipeline.number("SELECT count(DISTINCT visitor_id) FROM analytics_events").await, 4);
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events WHERE visitor_id::text !~ '^.{14}8'").await, 0);
}

#[tokio::test]
async fn the_address_is_in_no_message_log_or_column() {
    // At this level the daemons log everything that they can.
    let all = "log.level = \"trace\"".to_owned();
    let options = PipelineOptions { ingest: all.clone(), sink: all, ..PipelineOptions::default() };
    let mut pipeline = Pipeline::start_with(shared().await, options).await;
    const ADDRESSES: [&str; 3] = ["203.0.113.77", "2001:db8::c11e:9247", "127.0.0.1"];
    let bodies = [EVENT, "{", r#"[{"event_type":"x"}]"#, r#"{"event_type":"x","page_url":"http://a.b/"}"#];
    for address in &ADDRESSES[..2] {
        for body in bodies {
            let mut connection = ByHand::open_from(&pipeline, pipeline.address).await;
            connection.post(&format!("x-forwarded-for: {address}\r\n"), body).await;
            // A request that breaks off in the middle.
            let head = "POST /analytics HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n";
            assert!(connection.send(format!("{head}x-forwarded-for: {address}\r\n\r\n{{")).await);
        }
    }
    // Its own address, without a proxy.
    assert_eq!(ByHand::open(&pipeline).await.post("", EVENT).await.status, 200);
    // Through quarantine too.
    topic::write(&pipeline, 0, &["broken"]).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 5, SOON).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_quarantine", 1, SOON).await;
    let counted = "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'accepted'";
    pipeline.wait_for(counted, 5, SOON).await;
    assert!(matches!(pipeline.ingest.stop(Duration::from_secs(25)).await, footfall::processes::Ending::Stopped));

    let mut places = Vec::new();
    for name in [pipeline.events_topic.clone(), pipeline.outcomes_topic.clone()] {
        for message in topic::read(&pipeline, &name).await {
            let headers = message.headers().map(|headers| headers.iter().filter_map(|it| it.value).collect::<Vec<_>>());
            let parts = [message.key().unwrap_or_default(), message.payload().unwrap_or_default()];
            places.push((name.clone(), [parts.concat(), headers.unwrap_or_default().concat()].concat()));
        }
    }
    assert!(places.len() >= 7, "the topics were read");
    for log in [pipeline.ingest.log(), pipeline.sinks[0].log()] {
        places.push((log.display().to_string(), std::fs::read(log).unwrap()));
    }
    let tables = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'";
    let tables = pipeline.database.query(tables, &[]).await.unwrap();
    assert!(tables.len() >= 5);
    for table in tables {
        let table: String = table.get(0);
        let rows = pipeline.database.query(&format!("SELECT r::text FROM {table} r"), &[]).await.unwrap();
        places.extend(rows.iter().map(|row| (table.clone(), row.get::<_, String>(0).into_bytes())));
    }
    for (place, bytes) in places {
        for address in ADDRESSES {
            let found = bytes.windows(address.len()).position(|window| window == address.as_bytes());
            let around =
                found.map(|at| String::from_utf8_lossy(&bytes[at.saturating_sub(200)..bytes.len().min(at + 100)]));
            assert_eq!(around, None, "{place} holds {address}");
        }
    }
}

#[tokio::test]
async fn an_event_of_a_person_who_asks_not_to_be_tracked_is_rejected_and_counted() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let event = r#"{"event_type":"x","page_url":"http://a.b/"}"#;
    let post = async |signal: (&str, &str), body: String| {
        let headers = [("content-type", "application/json"), signal];
        pipeline.http.send("POST", &pipeline.url(3001, "/analytics"), &headers, body).await.unwrap()
    };
    for (name, field) in [("dnt", "DNT"), ("sec-gpc", "Sec-GPC")] {
        let answer = post((name, "1"), event.into()).await;
        let told = [&answer.json()["field"], &answer.json()["reason"]].map(|it| it.as_str().unwrap().to_owned());
        assert_eq!((answer.status.as_u16(), told), (403, [field.to_owned(), "privacy_signal".to_owned()]));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let batch = post((name, "1"), format!("[{event},{event}]")).await;
        assert_eq!(
            (&batch.json()["accepted"], batch.json()["rejected"].as_array().map(Vec::len)),
            (&json!(0), Some(2))
        );
        assert!(batch.status.is_client_error(), "{batch:?}");
        // 0 means that tracking is allowed.
        assert_eq!(post((name, "0"), event.into()).await.status, 200);
    }
    let reason = r#"reason="privacy_signal""#;
    assert_eq!(metric(&pipeline, INGEST, "footfall_ingest_events_rejected_total", &[reason]).await, 6);
    let counted = "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes \
                   WHERE outcome = 'rejected' AND reason = 'privacy_signal'";
    pipeline.wait_for(counted, 6, SOON).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 2, SOON).await;
    assert_eq!(topic::read(&pipeline, &pipeline.events_topic).await.len(), 2);
}

#[tokio::test]
async fn a_message_is_readable_json_with_the_session_as_its_key() {
    let pipeline =
        Pipeline::start_with(shared().await, PipelineOptions { no_sink: true, ..PipelineOptions::default() }).await;
    let title = "Über uns \\\"24/7\\\" \\n 😀";
    let event = |session: &str| {
        format!(
            r#"{{"event_type":"x","page_url":"http://a.b/ü?q","page_title":"{title}","metadata":{{"a": [1, 2]}}{session}}}"#
        )
    };
    for session in [r#","session_id":"session-1234567890-abc123""#, ""] {
        assert_eq!(pipeline.post(event(session)).await.status, 200);
    }
    let messages = topic::read(&pipeline, &pipeline.events_topic).await;
    assert_eq!(messages.len(), 2);
    for message in &messages {
        let text = std::str::from_utf8(message.payload().unwrap()).unwrap();
        assert!(!text.contains('\n') && text.starts_with(r#"{"event_id":""#), "{text}");
        assert!(text.contains(r#""event_type":"x","page_url":"http://a.b/ü?q","page_title":"Über uns"#), "{text}");
        let line: Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            (&line["page_title"], &line["metadata"]),
            (&json!("Über uns \"24/7\" \n 😀"), &json!({ "a": [1, 2] }))
        );
        let key = std::str::from_utf8(message.key().unwrap()).unwrap();
        assert_eq!(key, line.get("session_id").unwrap_or(&line["visitor_id"]).as_str().unwrap());
        let headers = message.headers().unwrap();
        assert_eq!(
            (headers.count(), headers.get(0).key, headers.get(0).value),
            (1, "schema_version", Some(b"1".as_slice()))
        );
    }
}
