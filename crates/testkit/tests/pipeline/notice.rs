//! A listener is notified of stored events once they can be read, and of nothing else.

use footfall_testkit::{Pipeline, SOON, shared};
use futures_util::StreamExt as _;
use tokio_postgres::AsyncMessage;

#[tokio::test]
async fn a_listener_is_told_how_many_events_were_stored_and_can_read_them() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let (client, mut connection) = footfall_store::open(&pipeline.reader_url.parse().unwrap()).await.unwrap();
    let (heard, mut hearing) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut messages = futures_util::stream::poll_fn(move |context| connection.poll_message(context));
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notification(notice) = message {
                let _ = heard.send((notice.channel().to_owned(), notice.payload().to_owned()));
            }
        }
    });
    client.batch_execute("LISTEN footfall_events").await.unwrap();

    let id = |number| format!("018d0c1a-5b80-7c3e-9d2f-3a4b5c6d7e{number:02}");
    let event = |number| {
        format!(r#"{{"event_type":"x","page_url":"http://a.b/","session_id":"one","event_id":"{}"}}"#, id(number))
    };
    // One request after another, so that each repeat is in Kafka after its original.
    let mut told = 0;
    for (body, new) in [
        (format!("[{},{},{}]", event(1), event(2), event(3)), 3),
        // Two of these were stored before.
        (format!("[{},{},{}]", event(2), event(3), event(4)), 1),
        (format!("[{}]", event(4)), 0),
        (format!("[{}]", event(5)), 1),
    ] {
        let answer = pipeline.post(body).await;
        assert_eq!(answer.status, 200);
        let wanted = told + new;
        while told < wanted {
            let (channel, payload) = tokio::time::timeout(SOON, hearing.recv()).await.unwrap().unwrap();
            assert_eq!(channel, "footfall_events");
            let payload: serde_json::Value = serde_json::from_str(&payload).unwrap();
            let events = payload["events"].as_i64().unwrap();
            assert!(events > 0 && payload.as_object().unwrap().len() == 1, "{payload}");
            told += events;
            let rows: i64 = client.query_one("SELECT count(*) FROM analytics_events", &[]).await.unwrap().get(0);
            assert!(rows >= told, "{rows} rows can be read, {told} were announced");
        }
        assert_eq!(told, wanted);
    }
    let duplicates = "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'duplicate'";
    pipeline.wait_for(duplicates, 3, SOON).await;
    assert!(hearing.try_recv().is_err(), "a duplicate is not announced");
}
