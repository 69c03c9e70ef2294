//! With the broker down or stuck, clients get a 503 immediately, keep their events, and no acknowledged event is lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use footfall::processes::Ending;
use footfall_testkit::{AT_ONCE, Backends, Pipeline, PipelineOptions, SOON, eventually};
use futures_util::future::join_all;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

use crate::metrics::{INGEST, metric};

/// acknowledge_ms_max, the second after which librdkafka checks, and a margin for a busy machine.
const IN_FLIGHT_MAX: Duration = Duration::from_secs(8);
const STOP_MAX: Duration = Duration::from_secs(25);

/// Backends that these tests break, one after the other.
pub(crate) async fn breakable() -> &'static Mutex<Backends> {
    static BACKENDS: OnceCell<Mutex<Backends>> = OnceCell::const_new();
    BACKENDS.get_or_init(async || Mutex::new(Backends::start().await)).await
}

/// Clients that post until they are stopped.
struct Load {
    over: Arc<AtomicBool>,
    clients: Vec<tokio::task::JoinHandle<Posted>>,
}

/// What the clients saw.
#[derive(Default)]
struct Posted {
    acknowledged: Vec<Uuid>,
    refused: usize,
    reasons: BTreeSet<String>,
    slowest: Duration,
}

impl Load {
    fn start(pipeline: &Pipeline, clients: usize, title: &str) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..clients).map(|_| {
            let (http, url, over, filler) = (pipeline.http.clone(), pipeline.url(3001, "/analytics"), over.clone(), title.to_owned());
            tokio::spawn(async move {
                let mut posted = Posted::default();
                while !over.load(Ordering::SeqCst) {
                    let id = Uuid::now_v7();
                    let event = format!(
                        r#"{{"event_type":"x","page_url":"http://a.b/","event_id":"{id}","metadata":{{"filler":"{filler}"}}}}"#
                    );
                    let began = Instant::now();
                    let answer = http.send("POST", &url, &[("content-type", "application/json")], event).await.expect("an answer");
                    posted.slowest = posted.slowest.max(began.elapsed());
                    if answer.status == 200 {
                        posted.acknowledged.push(id);
                    } else {
                        assert_eq!(answer.status, 503, "{answer:?}");
                        assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u8>().is_ok()), "{answer:?}");
                        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
                        assert_eq!(answer.json()["success"], false);
                        posted.reasons.insert(answer.json()["reason"].as_str().expect("a reason").to_owned());
                        posted.refused += 1;
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
                posted
            })
        }).collect();
        Self { over, clients }
    }

    async fn stop(self) -> Posted {
        self.over.store(true, Ordering::SeqCst);
        let mut all = Posted::default();
        for client in join_all(self.clients).await {
            let client = client.unwrap();
            all.acknowledged.extend(client.acknowledged);
            all.refused += client.refused;
            all.reasons.extend(client.reasons);
            all.slowest = all.slowest.max(client.slowest);
        }
        all
    }
}

async fn is_ready(pipeline: &Pipeline) -> bool {
    let health = pipeline.get(3001, "/health").await;
    let ready = pipeline.get(3002, "/ready").await;
    assert_eq!(health.status == 200, health.json()["kafkaReady"] == true, "{health:?}");
    health.status == 200 && ready.status == 200
}

/// Waits until /health and /ready both say 503.
async fn is_away(pipeline: &Pipeline) {
    eventually("it reports that the broker is down", IN_FLIGHT_MAX, async || {
        let health = pipeline.get(3001, "/health").await;
        let says =
            health.status == 503 && health.json()["kafkaReady"] == false && health.header("retry-after").is_some();
        assert_eq!(health.header("access-control-allow-origin"), Some("*"));
        says && pipeline.get(3002, "/ready").await.status == 503
    })
    .await;
}

/// Events that were deferred for this reason.
async fn deferred(pipeline: &Pipeline, reason: &str) -> u64 {
    let label = format!("reason=\"{reason}\"");
    metric(pipeline, INGEST, "footfall_ingest_events_deferred_total", &[&label]).await
}

async fn each_is_stored(pipeline: &Pipeline, acknowledged: &[Uuid]) {
    let wanted = i64::try_from(acknowledged.len()).unwrap();
    let stored = async || {
        let query = "SELECT count(*) FROM analytics_events WHERE event_id = ANY($1)";
        pipeline.database.query_one(query, &[&acknowledged]).await.unwrap().get::<_, i64>(0)
    };
    // As long as some are stored: a client sent 30 KiB with each.
    let mut before = stored().await;
    while before < wanted {
        let words = format!("{before} of {wanted} acknowledged events are stored, and more");
        eventually(&words, SOON, async || stored().await > before).await;
        before = stored().await;
    }
    assert_eq!(before, wanted, "each is stored once");
}

#[tokio::test]
async fn without_the_broker_clients_get_503_immediately_and_ingest_recovers_without_a_restart() {
    let mut backends = breakable().await.lock().await;
    let mut pipeline = Pipeline::start(&backends).await;
    let load = Load::start(&pipeline, 8, "");
    pipeline.wait_for("SELECT LEAST(count(*), 100) FROM analytics_events", 100, SOON).await;
    backends.kafka.kill().await;
    is_away(&pipeline).await;
    let under_way = load.stop().await;
    assert!(under_way.slowest < IN_FLIGHT_MAX, "{:?}", under_way.slowest);

    // Nothing is in flight any more, so new requests do not wait.
    let load = Load::start(&pipeline, 8, "");
    eventually("many got an answer", SOON, async || {
        metric(&pipeline, INGEST, "footfall_ingest_requests_total", &[r#"status="503""#]).await > 100
    })
    .await;
    let told = load.stop().await;
    assert!(told.acknowledged.is_empty() && told.refused > 0);
    assert_eq!(told.reasons, BTreeSet::from(["broker_away".to_owned()]));
    assert!(deferred(&pipeline, "broker_away").await >= told.refused as u64);
    assert!(told.slowest < AT_ONCE, "{:?}", told.slowest);

    backends.kafka.start_again().await.unwrap();
    eventually("it is ready again", SOON, async || is_ready(&pipeline).await).await;
    let load = Load::start(&pipeline, 8, "");
    pipeline.wait_for("SELECT LEAST(count(*) - count(*) FILTER (WHERE received_at < now() - interval '2 seconds'), 20) FROM analytics_events", 20, SOON).await;
    let after = load.stop().await;
    assert_eq!(after.refused, 0);
    assert!(pipeline.ingest.status().is_none(), "ingest was not restarted");
    each_is_stored(&pipeline, &[under_way.acknowledged, after.acknowledged].concat()).await;
}

#[tokio::test]
async fn with_the_broker_stuck_a_full_queue_refuses_immediately_and_nothing_hangs() {
    let backends = breakable().await.lock().await;
    let ingest = "kafka.queue_kib_max = 1024".to_owned();
    let mut pipeline = Pipeline::start_with(&backends, PipelineOptions { ingest, ..PipelineOptions::default() }).await;
    // Sixty clients with thirty KiB each fill the mebibyte within the first second.
    let filler = "x".repeat(30 * 1024);
    let load = Load::start(&pipeline, 60, &filler);
    pipeline.wait_for("SELECT LEAST(count(*), 100) FROM analytics_events", 100, SOON).await;

    let broker = Pid::from_raw(i32::try_from(backends.kafka.pid()).unwrap());
    kill(broker, Signal::SIGSTOP).unwrap();
    eventually("the queue is full", IN_FLIGHT_MAX, async || deferred(&pipeline, "queue_full").await > 0).await;
    is_away(&pipeline).await;
    let stuck = load.stop().await;
    assert!(stuck.refused > 0 && stuck.slowest < IN_FLIGHT_MAX, "{} {:?}", stuck.refused, stuck.slowest);
    for reason in ["queue_full", "not_acknowledged"] {
        assert!(stuck.reasons.contains(reason) && deferred(&pipeline, reason).await > 0, "{:?}", stuck.reasons);
    }
    let load = Load::start(&pipeline, 8, "");
    let before = metric(&pipeline, INGEST, "footfall_ingest_requests_total", &[r#"status="503""#]).await;
    eventually("many got an answer", SOON, async || {
        metric(&pipeline, INGEST, "footfall_ingest_requests_total", &[r#"status="503""#]).await > before + 100
    })
    .await;
    let told = load.stop().await;
    assert!(told.acknowledged.is_empty() && told.slowest < AT_ONCE, "{:?}", told.slowest);

    kill(broker, Signal::SIGCONT).unwrap();
    eventually("it is ready again", SOON, async || is_ready(&pipeline).await).await;
    let load = Load::start(&pipeline, 8, "");
    let acknowledged = async || metric(&pipeline, INGEST, "footfall_ingest_events_total", &[]).await;
    let before = acknowledged().await;
    eventually("events are accepted again", SOON, async || acknowledged().await > before + 100).await;
    let after = load.stop().await;
    assert!(pipeline.ingest.status().is_none());
    each_is_stored(&pipeline, &[stuck.acknowledged, after.acknowledged].concat()).await;
}

#[tokio::test]
async fn ingest_stops_and_starts_without_a_broker() {
    let mut backends = breakable().await.lock().await;
    let mut pipeline = Pipeline::start(&backends).await;
    assert_eq!(pipeline.post("{").await.status, 400);
    backends.kafka.kill().await;
    is_away(&pipeline).await;
    let picture = pipeline.get(3001, "/pixel.gif?u=http://a.b/").await;
    assert_eq!((picture.status.as_u16(), picture.header("retry-after")), (503, Some("2")), "no picture: {picture:?}");
    // The counts of refused events cannot be sent, but it must not hang.
    assert_eq!(pipeline.post("{").await.status, 400);
    assert_eq!(pipeline.ingest.stop(STOP_MAX).await, Ending::Stopped);
    assert_eq!(pipeline.ingest.status().unwrap().code(), Some(0), "{}", pipeline.logs());

    let (http, health) = (pipeline.http.clone(), pipeline.url(3001, "/health"));
    let broker = async {
        eventually("it answers that it has no broker", SOON, async || {
            http.send("GET", &health, &[], "").await.is_some_and(|answer| answer.status == 503)
        })
        .await;
        backends.kafka.start_again().await.unwrap();
    };
    let (started, ()) = tokio::join!(pipeline.ingest.start_again(), broker);
    started.unwrap();
    assert_eq!(pipeline.post(r#"{"event_type":"x","page_url":"http://a.b/"}"#).await.status, 200);
    pipeline.wait_for("SELECT count(*) FROM analytics_events", 1, SOON).await;
}
