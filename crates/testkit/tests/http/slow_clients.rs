//! Slow clients do not slow down others.

use std::time::Duration;

use footfall_testkit::{Pipeline, PipelineOptions, eventually, shared};

use crate::by_hand::ByHand;
use crate::metrics::{INGEST, metric};

const EVENT: &str = r#"{"event_type":"x","page_url":"http://a.b/"}"#;
const CUT_OFF_MS: u64 = 500;
/// The delay between the configured time and the end of the connection, on a busy machine.
const SLACK: Duration = Duration::from_secs(3);

async fn impatient() -> Pipeline {
    let ingest = format!("http.header_ms_max = {CUT_OFF_MS}\nhttp.body_ms_max = {CUT_OFF_MS}");
    Pipeline::start_with(shared().await, PipelineOptions { ingest, no_sink: true, ..PipelineOptions::default() }).await
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
    eventually("the connection is open", Duration::from_secs(5), async || open().await == 1).await;
    eventually("it is cut off", Duration::from_secs(20), async || open().await == 0).await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let ingest = "http.connections_max = 2".to_owned();
    let options = PipelineOptions { ingest, no_sink: true, ..PipelineOptions::default() };
    let pipeline = Pipeline::start_with(shared().await, options).await;
    let (first, second) = (ByHand::open(&pipeline).await, ByHand::open(&pipeline).await);
    let open = async || metric(&pipeline, INGEST, "footfall_ingest_connections", &[]).await;
    eventually("two are open", Duration::from_secs(5), async || open().await == 2).await;

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
