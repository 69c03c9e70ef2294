use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

use super::{LoadError, LoadOptions, run};

/// How many times each event_id was received.
type Seen = Arc<Mutex<HashMap<String, u32>>>;

/// A server that answers the first request for each event with `first` and later ones with 200, after a delay.
async fn ingest(first: u16, answer_after: Duration) -> (String, Seen) {
    let seen = Seen::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/analytics", listener.local_addr().unwrap());
    let handle = seen.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let seen = handle.clone();
            let answer = service_fn(move |request: Request<Incoming>| {
                let seen = seen.clone();
                async move {
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    let event: Value = serde_json::from_slice(&body).unwrap();
                    tokio::time::sleep(answer_after).await;
                    let id = event["event_id"].as_str().unwrap().to_owned();
                    let times = {
                        let mut seen = seen.lock().unwrap();
                        let times = seen.entry(id).or_default();
                        *times += 1;
                        *times
                    };
                    let status = if times == 1 { first } else { 200 };
                    let answer = Response::builder().status(status).body(Full::new(Bytes::from("{}")));
                    Ok::<_, Infallible>(answer.unwrap())
                }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    (url, seen)
}

#[tokio::test]
async fn every_event_is_sent_once_and_acknowledged_ids_are_written() {
    let (url, seen) = ingest(200, Duration::ZERO).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ids");
    let options = LoadOptions { acknowledged: Some(file.clone()), ..LoadOptions::new(&url, 2000.0, 200) };
    let report = run(&options).await.unwrap();

    assert_eq!((report.sent, report.by_status["200"]), (200, 200));
    let ids: Vec<String> = report.acknowledged.iter().map(ToString::to_string).collect();
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written.lines().collect::<Vec<_>>(), ids);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 200);
    assert!(ids.iter().all(|id| seen[id] == 1));
}

#[tokio::test]
async fn refused_events_are_acknowledged_only_with_retry() {
    let (url, seen) = ingest(503, Duration::ZERO).await;
    let once = run(&LoadOptions::new(&url, 1000.0, 20)).await.unwrap();
    assert!(once.acknowledged.is_empty() && !once.is_all_acknowledged());
    assert_eq!(once.by_status["503"], 20);

    let retrying = LoadOptions { retry: true, ..LoadOptions::new(&url, 1000.0, 20) };
    let again = run(&retrying).await.unwrap();
    assert!(again.is_all_acknowledged());
    assert_eq!((again.sent, again.by_status["503"], again.by_status["200"]), (20, 20, 20));
    assert!(again.acknowledged.iter().all(|id| seen.lock().unwrap()[&id.to_string()] == 2));
}

#[tokio::test]
async fn an_event_that_cannot_be_sent_is_given_up() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let options = LoadOptions {
        retry: true,
        give_up_ms_max: 400,
        ..LoadOptions::new(&format!("http://{free}/analytics"), 1000.0, 5)
    };
    let report = run(&options).await.unwrap();
    assert_eq!((report.sent, report.acknowledged.len()), (5, 0));
    assert!(report.by_status["refused"] > 5, "{:?}", report.by_status);
    assert!(report.elapsed < Duration::from_secs(2));
}

/// The server answers 10 per second on its only connection; 100 per second are due.
#[tokio::test]
async fn a_slow_server_shows_in_the_latency_of_all_events_that_it_delays() {
    let (url, _) = ingest(200, Duration::from_millis(100)).await;
    let options = LoadOptions { in_flight_max: 1, ..LoadOptions::new(&url, 100.0, 10) };
    let report = run(&options).await.unwrap();
    assert!(report.is_all_acknowledged());
    let median_ms = report.latency_us.value_at_quantile(0.5) / 1000;
    assert!((400..700).contains(&median_ms), "{median_ms} ms");
}

#[tokio::test]
async fn an_unusable_url_is_refused_before_anything_is_sent() {
    for url in ["127.0.0.1:3001", "https://127.0.0.1/analytics", "/analytics", "http:///x"] {
        let ran = run(&LoadOptions::new(url, 1.0, 1)).await;
        assert!(matches!(ran, Err(LoadError::Option { option: "url", .. })), "{url}");
    }
}
