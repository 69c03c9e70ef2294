//! On SIGTERM, open requests are answered, and acknowledged events are stored.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use footfall::processes::Ending;
use footfall_testkit::{AT_ONCE, Pipeline, PipelineOptions, SOON, eventually, shared};
use futures_util::future::join_all;
use uuid::Uuid;

use crate::by_hand::ByHand;

const STOP_MAX: Duration = Duration::from_secs(25);

#[tokio::test]
async fn a_stop_under_load_answers_open_requests_and_every_acknowledged_event_is_stored() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let stopping = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..16)
        .map(|_| {
            let (http, url, stopping) = (pipeline.http.clone(), pipeline.url(3001, "/analytics"), stopping.clone());
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                loop {
                    let id = Uuid::now_v7();
                    let event = format!(r#"{{"event_type":"x","page_url":"http://a.b/","event_id":"{id}"}}"#);
                    match http.send("POST", &url, &[("content-type", "application/json")], event).await {
                        Some(answer) => {
                            assert_eq!(answer.status, 200, "{answer:?}");
                            acknowledged.push(id);
                        }
                        None => {
                            // A connection may end only because of the stop.
                            assert!(stopping.load(Ordering::SeqCst));
                            return acknowledged;
                        }
                    }
                }
            })
        })
        .collect();
    let under_way = "SELECT LEAST(count(*), 200) FROM analytics_events";
    pipeline.wait_for(under_way, 200, SOON).await;

    // A request whose headers have arrived, and whose body comes after the stop has begun.
    let event = r#"{"event_type":"late","page_url":"http://a.b/"}"#;
    let mut late = ByHand::open(&pipeline).await;
    assert!(
        late.send(format!(
            "POST /analytics HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
            event.len()
        ))
        .await
    );
    assert_eq!(late.answer().await.expect("100 Continue").status, 100);

    stopping.store(true, Ordering::SeqCst);
    let http = pipeline.http.clone();
    let (health, admin) = (pipeline.url(3001, "/health"), pipeline.url(3002, "/live"));
    let answered = async {
        eventually("the stop has begun", STOP_MAX, async || http.send("GET", &health, &[], "").await.is_none()).await;
        assert_eq!(http.send("GET", &admin, &[], "").await.expect("still alive").status, 200);
        assert!(late.send(event).await);
        late.answer().await.expect("an answer").status
    };
    let (ending, status) = tokio::join!(pipeline.ingest.stop(STOP_MAX), answered);
    assert_eq!((ending, status.as_u16()), (Ending::Stopped, 200));
    assert_eq!(pipeline.ingest.status().unwrap().code(), Some(0), "{}", pipeline.logs());

    let acknowledged: HashSet<Uuid> = join_all(clients).await.into_iter().flat_map(|client| client.unwrap()).collect();
    let ids: Vec<Uuid> = acknowledged.into_iter().collect();
    let wanted = i64::try_from(ids.len()).unwrap();
    eventually("each is stored", SOON, async || {
        let query = "SELECT count(*) FROM analytics_events WHERE event_id = ANY($1)";
        pipeline.database.query_one(query, &[&ids]).await.unwrap().get::<_, i64>(0) == wanted
    })
    .await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events WHERE event_type = 'late'", 1, SOON).await;
    // The last counts are sent too.
    let counted = "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'accepted'";
    pipeline.wait_for(counted, wanted + 1, SOON).await;
}

#[tokio::test]
async fn a_stop_does_not_wait_for_idle_clients() {
    let options = PipelineOptions { no_sink: true, ..PipelineOptions::default() };
    let mut pipeline = Pipeline::start_with(shared().await, options).await;
    let mut connections = Vec::new();
    for begun in ["", "P", "POST /analytics HTTP/1.1\r\nhost: x\r\n"] {
        let mut connection = ByHand::open(&pipeline).await;
        assert!(connection.send(begun).await);
        connections.push(connection);
    }
    let mut used = ByHand::open(&pipeline).await;
    assert_eq!(used.post("", r#"{"event_type":"x","page_url":"http://a.b/"}"#).await.status, 200);
    assert!(used.send("GET /hea").await);

    let began = Instant::now();
    assert_eq!(pipeline.ingest.stop(STOP_MAX).await, Ending::Stopped);
    assert_eq!(pipeline.ingest.status().unwrap().code(), Some(0), "{}", pipeline.logs());
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
}
