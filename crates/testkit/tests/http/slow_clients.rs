//! Slow clients do not slow down others.

use std::net::SocketAddr;
use std::time::Duration;

use footfall::processes::{Nginx, NginxOptions};
use footfall_testkit::{Pipeline, PipelineOptions, SOON, checkout, eventually, programs, run_dir, shared};

use crate::by_hand::ByHand;
use crate::metrics::{INGEST, metric};

const EVENT: &str = r#"{"event_type":"x","page_url":"http://a.b/"}"#;
const CUT_OFF_MS: u64 = 500;
/// The delay between the configured time and the end of the connection, on a busy machine.
const SLACK: Duration = Duration::from_secs(3);

async fn impatient() -> Pipeline {
    let ingest = format!("http.header_ms_max = {CUT_OFF_MS}\nhttp.body_ms_max = {CUT_OFF_MS}");
    let options = PipelineOptions { ingest, no_sink: true, ..PipelineOptions::default() };
    let pipeline = Pipeline::start_with(shared().await, options).await;
    // The first event of a topic alone may take Kafka as long as a slow client has.
    assert_eq!(pipeline.post(EVENT).await.status, 200);
    pipeline
}

fn assert_cut_off_in_time(took: Duration) {
    let configured = Duration::from_millis(CUT_OFF_MS);
    // Ingest's timer started when it accepted, slightly before the first byte was sent.
    assert!(took + Duration::from_millis(100) >= configured && took < configured + SLACK, "{took:?}");
}

/// Runs it while other clients post, and checks that each of them is served.
async fn beside_others<T>(pipeline: &Pipeline, slow: impl Future<Output = T>) -> T {
    let mut slow = std::pin::pin!(slow);
    let mut served = 0;
    loop {
        tokio::select! {
            result = &mut slow => {
                assert!(served > 0);
                return result;
            }
            answer = pipeline.post(EVENT) => {
                assert_eq!(answer.status, 200);
                served += 1;
            }
        }
    }
}

#[tokio::test]
async fn slow_request_headers_are_cut_off_while_others_are_served() {
    let pipeline = impatient().await;
    let mut connection = ByHand::open(&pipeline).await;
    assert!(connection.send("POST /analytics HTTP/1.1\r\n").await);
    let took = beside_others(&pipeline, connection.trickle(b"x-a: b\r\n", Duration::from_millis(20))).await;
    assert_cut_off_in_time(took);
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let pipeline = impatient().await;
    let mut connections = Vec::new();
    for _ in 0..20 {
        connections.push(ByHand::open(&pipeline).await);
    }
    // One that has been used is not kept longer than one that has not.
    let used = connections[0].post("", EVENT).await;
    assert_eq!(used.status, 200);
    for mut connection in connections {
        assert!(connection.answer().await.is_none());
    }
}

#[tokio::test]
async fn a_slow_body_is_answered_408_while_others_are_served() {
    let pipeline = impatient().await;
    let head = "POST /analytics HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n";
    let mut connection = ByHand::open(&pipeline).await;
    assert!(connection.send(head).await);
    let took = beside_others(&pipeline, connection.trickle(b" ", Duration::from_millis(20))).await;
    assert_cut_off_in_time(took);

    let mut connection = ByHand::open(&pipeline).await;
    assert!(connection.send(format!("{head}{{")).await);
    let answer = connection.answer().await.expect("an answer");
    assert_eq!((answer.status.as_u16(), &answer.json()["reason"]), (408, &"body_incomplete".into()));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert!(connection.answer().await.is_none(), "the connection is closed");
    let incomplete = [r#"reason="body_incomplete""#];
    assert_eq!(metric(&pipeline, INGEST, "footfall_ingest_events_deferred_total", &incomplete).await, 2);
}

#[tokio::test]
async fn a_client_that_never_reads_its_answers_is_cut_off() {
    let pipeline = impatient().await;
    let mut connection = ByHand::open(&pipeline).await;
    // A thousand rejections are a long answer; the client does not read it, so the next one cannot be written.
    let body = format!("[{}{{}}]", "{},".repeat(999));
    let request = format!("POST /analytics HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    tokio::spawn(async move {
        while connection.send(&request).await {}
        std::future::pending::<()>().await;
    });
    let open = async || metric(&pipeline, INGEST, "footfall_ingest_connections", &[]).await;
    eventually("the connection is open", SOON, async || open().await == 1).await;
    eventually("it is cut off", Duration::from_secs(20), async || open().await == 0).await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let ingest = "http.connections_max = 2".to_owned();
    let options = PipelineOptions { ingest, no_sink: true, ..PipelineOptions::default() };
    let pipeline = Pipeline::start_with(shared().await, options).await;
    let (first, second) = (ByHand::open(&pipeline).await, ByHand::open(&pipeline).await);
    let open = async || metric(&pipeline, INGEST, "footfall_ingest_connections", &[]).await;
    eventually("two are open", SOON, async || open().await == 2).await;

    let mut third = ByHand::open(&pipeline).await;
    let length = EVENT.len();
    assert!(
        third.send(format!("POST /analytics HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{EVENT}")).await
    );
    assert!(!third.is_answered_within(Duration::from_millis(300)).await);
    assert_eq!(open().await, 2);
    drop(first);
    assert_eq!(third.answer().await.expect("an answer").status, 200);
    drop(second);
}

/// nginx behind a proxy on this host, whose X-Forwarded-For it trusts: a test has only loopback addresses, which are not limited.
async fn nginx_behind_a_proxy(pipeline: &Pipeline) -> (Nginx, SocketAddr) {
    let listen = SocketAddr::new(pipeline.address, 8081);
    let options = NginxOptions {
        share: checkout().into(),
        listen,
        ingest: SocketAddr::new(pipeline.address, 3001),
        second_names: Vec::new(),
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        view: SocketAddr::new(pipeline.address, 3003),
    };
    (Nginx::start(programs(), &run_dir("nginx"), &options).await.unwrap(), listen)
}

fn head(client: &str) -> String {
    format!("POST /analytics HTTP/1.1\r\nhost: x\r\norigin: http://a.b\r\nx-forwarded-for: {client}\r\n")
}

/// Bodies that do not end, from these clients.
async fn never_ending(nginx: SocketAddr, clients: impl Iterator<Item = String>) -> Vec<ByHand> {
    let mut connections = Vec::new();
    for client in clients {
        let mut connection = ByHand::open_to(nginx).await;
        assert!(connection.send(format!("{}content-length: 1000\r\n\r\n{{", head(&client))).await);
        connections.push(connection);
    }
    connections
}

async fn posted(nginx: SocketAddr, client: &str) -> u16 {
    let mut connection = ByHand::open_to(nginx).await;
    let length = EVENT.len();
    assert!(connection.send(format!("{}content-length: {length}\r\n\r\n{EVENT}", head(client))).await);
    connection.answer().await.expect("an answer").status.as_u16()
}

#[tokio::test]
async fn one_client_has_two_hundred_requests_open_at_nginx_and_others_are_served() {
    let options = PipelineOptions { no_sink: true, ..PipelineOptions::default() };
    let pipeline = Pipeline::start_with(shared().await, options).await;
    let (_nginx, at) = nginx_behind_a_proxy(&pipeline).await;
    let one_network = (0..250).map(|host| format!("2001:db8:1:2:{host:x}::1"));
    for (mut connections, same, other) in [
        (never_ending(at, (0..250).map(|_| "203.0.113.7".to_owned())).await, "203.0.113.7", "203.0.113.8"),
        (never_ending(at, one_network).await, "2001:db8:1:2::", "2001:db8:1:3::"),
    ] {
        assert_eq!((posted(at, same).await, posted(at, other).await), (429, 200), "{same}");
        let refused = connections.last_mut().unwrap().answer().await.expect("an answer");
        assert_eq!((refused.status.as_u16(), &refused.json()["reason"]), (429, &"too_many_at_once".into()));
        assert_eq!(
            (refused.header("retry-after"), refused.header("access-control-allow-origin")),
            (Some("2"), Some("http://a.b"))
        );
        assert!(!connections[0].is_answered_within(Duration::from_millis(100)).await, "the first ones are not refused");
        drop(connections);
        eventually("it is served again", SOON, async || posted(at, same).await == 200).await;
    }
}

#[tokio::test]
async fn two_thousand_slow_clients_do_not_fill_nginx() {
    let options = PipelineOptions { no_sink: true, ..PipelineOptions::default() };
    let pipeline = Pipeline::start_with(shared().await, options).await;
    let (_nginx, at) = nginx_behind_a_proxy(&pipeline).await;
    let connections = never_ending(at, (0..2_000).map(|n| format!("198.18.{}.{}", n / 250, n % 250))).await;
    assert_eq!(posted(at, "203.0.113.8").await, 200);
    drop(connections);
}
