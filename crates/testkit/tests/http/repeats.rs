//! What is in front of ingest may repeat a request whose connection closed before its answer, because it cannot know
//! whether it was received.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use footfall_testkit::{Pipeline, PipelineOptions, SOON, shared};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::by_hand::ByHand;

const PIXEL: &str = "/pixel.gif?u=http://a.b/";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";

/// In ingest's place: answers the first request of each connection, and closes it once it has received the second.
async fn dies_at_the_second(listener: TcpListener, received: Arc<Mutex<Vec<String>>>) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let received = received.clone();
        tokio::spawn(async move {
            for number in 0..2 {
                let mut head = Vec::new();
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    let mut bytes = [0; 4096];
                    let read = stream.read(&mut bytes).await.unwrap_or_default();
                    if read == 0 {
                        return;
                    }
                    head.extend_from_slice(&bytes[..read]);
                }
                received.lock().unwrap().push(String::from_utf8_lossy(&head).to_lowercase());
                if number == 0 {
                    stream.write_all(OK).await.unwrap();
                }
            }
        });
    }
}

fn request_id(head: &str) -> Option<&str> {
    head.lines().find_map(|line| line.strip_prefix("x-footfall-request-id: "))
}

/// Stops ingest, and puts a server in its place that dies while it handles a request.
async fn fragile_ingest(pipeline: &mut Pipeline) -> Arc<Mutex<Vec<String>>> {
    pipeline.ingest.kill().await;
    let listener = TcpListener::bind(SocketAddr::new(pipeline.address, 3001)).await.unwrap();
    let received = Arc::new(Mutex::new(Vec::new()));
    tokio::spawn(dies_at_the_second(listener, received.clone()));
    received
}

#[tokio::test]
async fn nginx_repeats_a_pixel_under_its_id_and_never_repeats_a_post() {
    let options = PipelineOptions { site: true, no_sink: true, ..PipelineOptions::default() };
    let mut pipeline = Pipeline::start_with(shared().await, options).await;
    let received = fragile_ingest(&mut pipeline).await;
    let forged = [("x-footfall-request-id", "forged")];
    for _ in 0..2 {
        let url = pipeline.url(8080, PIXEL);
        assert_eq!(pipeline.http.send("GET", &url, &forged, "").await.unwrap().status, 200);
    }
    let heads = std::mem::take(&mut *received.lock().unwrap());
    let ids: Vec<_> = heads.iter().map(|head| request_id(head).expect("nginx's own id")).collect();
    assert_eq!(ids.len(), 3, "the second was repeated: {heads:?}");
    assert!(ids[0] != ids[1] && ids[1] == ids[2] && !ids.contains(&"forged"), "{ids:?}");

    // The connection that repeated the pixel has answered once, so it dies at this.
    let url = pipeline.url(8080, "/analytics");
    let headers = [("content-type", "application/json")];
    let answer = pipeline.http.send("POST", &url, &headers, "").await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.json()["reason"]), (503, &"unavailable".into()), "{answer:?}");
    let heads = std::mem::take(&mut *received.lock().unwrap());
    assert!(heads.len() == 1 && heads[0].starts_with("post"), "{heads:?}");
}

#[tokio::test]
async fn the_light_profiles_view_repeats_nothing() {
    // The client is on the same host as a proxy would be.
    let view = Some("http.trusted_proxies = []".to_owned());
    let options = PipelineOptions { site: true, view, ..PipelineOptions::default() };
    let mut pipeline = Pipeline::start_light(&shared().await.postgres, options).await;
    let received = fragile_ingest(&mut pipeline).await;
    for (method, path, statuses) in [("GET", PIXEL, [200, 503]), ("POST", "/analytics", [200, 503])] {
        for status in statuses {
            let url = pipeline.url(3003, path);
            let answer = pipeline.http.send(method, &url, &[("x-footfall-request-id", "forged")], "").await.unwrap();
            assert_eq!(answer.status, status, "{answer:?}");
        }
        let heads = std::mem::take(&mut *received.lock().unwrap());
        assert_eq!(heads.len(), 2, "{heads:?}");
        assert!(heads.iter().all(|head| request_id(head).is_none()), "a client's own is not passed on: {heads:?}");
    }
}

#[tokio::test]
async fn a_pixel_that_the_proxy_repeats_is_one_event_and_a_reload_is_another() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let proxy = pipeline.address;
    let stranger = Ipv4Addr::LOCALHOST.into();
    for (from, id) in [(proxy, "4f1c"), (proxy, "4f1c"), (proxy, "90ab"), (stranger, "4f1c"), (stranger, "4f1c")] {
        let mut connection = ByHand::open_from(&pipeline, from).await;
        assert!(
            connection.send(format!("GET {PIXEL} HTTP/1.1\r\nhost: x\r\nx-footfall-request-id: {id}\r\n\r\n")).await
        );
        assert_eq!(connection.answer().await.unwrap().status, 200);
    }
    let duplicates = "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'duplicate'";
    pipeline.wait_for(duplicates, 1, SOON).await;
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 4, SOON).await;
}
