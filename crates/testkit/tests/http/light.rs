//! The light profile's ingest: what is specific to storing by itself. `outcomes` tests that its counts add up.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use footfall::processes::{Ending, Postgres};
use footfall_testkit::{AT_ONCE, Pipeline, PipelineOptions, SOON, eventually, own_postgres, shared};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

use crate::metrics::{INGEST, metric};

const STOP_MAX: Duration = Duration::from_secs(25);
/// database.commit_ms_max, plus a margin for a busy machine.
const COMMIT_MAX: Duration = Duration::from_secs(8);
const EVENT: &str = r#"{"event_type":"x","page_url":"http://a.b/"}"#;
const ROWS: &str = "SELECT count(*) FROM analytics_events";

/// A server that these tests break, one after the other.
async fn breakable() -> &'static Mutex<Postgres> {
    static POSTGRES: OnceCell<Mutex<Postgres>> = OnceCell::const_new();
    POSTGRES.get_or_init(async || Mutex::new(own_postgres().await)).await
}

async fn health_is(pipeline: &Pipeline, status: u16) {
    eventually(&format!("/health and /ready say {status}"), SOON, async || {
        let (health, ready) = (pipeline.get(3001, "/health").await, pipeline.get(INGEST, "/ready").await);
        assert_eq!(health.json()["kafkaReady"], (health.status == 200), "{health:?}");
        health.status == status && ready.status == status
    })
    .await;
}

#[tokio::test]
async fn a_2xx_means_that_the_row_exists() {
    let mut pipeline = Pipeline::start_light(&shared().await.postgres, PipelineOptions::default()).await;
    for number in 1..=20 {
        let answer = pipeline.post(EVENT).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(
            answer.json()["message"],
            "Event received and sent to Kafka",
            "exactly the first generation's answer"
        );
        assert_eq!(pipeline.number(ROWS).await, number);
    }
    let ready = pipeline.get(INGEST, "/ready").await.json();
    assert_eq!(ready["conditions"]["database"]["ok"], true, "{ready}");
    assert_eq!(ready["conditions"].as_object().unwrap().len(), 1, "{ready}");
    let durable = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'footfall-ingest' AND datname = current_database()";
    assert_eq!(pipeline.number(durable).await, 2, "one that stores, and one that closes days");
}

#[tokio::test]
async fn without_the_database_clients_get_503_immediately_and_ingest_recovers_without_a_restart() {
    let mut postgres = breakable().await.lock().await;
    let mut pipeline = Pipeline::start_light(&postgres, PipelineOptions::default()).await;
    assert_eq!(pipeline.post(EVENT).await.status, 200);
    postgres.kill().await;
    health_is(&pipeline, 503).await;
    let ready = pipeline.get(INGEST, "/ready").await.json();
    assert_eq!(ready["conditions"]["database"]["ok"], false, "{ready}");
    for _ in 0..20 {
        let began = Instant::now();
        let answer = pipeline.post(EVENT).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("2")), "{answer:?}");
        assert_eq!(answer.json()["reason"], "database_away", "{answer:?}");
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    }
    let away = [r#"reason="database_away""#];
    assert_eq!(metric(&pipeline, INGEST, "footfall_ingest_events_deferred_total", &away).await, 20);
    // Refused events are counted meanwhile, and the counts are stored once the database is back.
    assert_eq!(pipeline.post("{").await.status, 400);
    postgres.start_again().await.unwrap();
    health_is(&pipeline, 200).await;
    assert_eq!(pipeline.post(EVENT).await.status, 200);
    assert_eq!(pipeline.number(ROWS).await, 2);
    let counted = |outcome: &str| {
        format!("SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = '{outcome}'")
    };
    for (outcome, events) in [("accepted", 2), ("stored", 2), ("rejected", 1)] {
        pipeline.wait_for(&counted(outcome), events, SOON).await;
    }
    assert!(pipeline.ingest.status().is_none(), "ingest was not restarted");
}

#[tokio::test]
async fn a_request_during_a_restart_of_the_database_waits_and_is_stored_once() {
    let mut postgres = breakable().await.lock().await;
    // On a busy machine a killed server takes longer to come back than commit_ms_max by default.
    let ingest = "database.commit_ms_max = 60000".to_owned();
    let mut pipeline = Pipeline::start_light(&postgres, PipelineOptions { ingest, ..PipelineOptions::default() }).await;
    let server = Pid::from_raw(i32::try_from(postgres.pid()).unwrap());
    // The commit is in progress when the server dies, so the client cannot know whether it happened.
    let blocker = "BEGIN; LOCK TABLE analytics_events IN ACCESS EXCLUSIVE MODE";
    pipeline.database.batch_execute(blocker).await.unwrap();
    let (http, url) = (pipeline.http.clone(), pipeline.url(3001, "/analytics"));
    let posted = tokio::spawn(async move {
        http.send("POST", &url, &[("content-type", "application/json")], EVENT).await.expect("an answer")
    });
    eventually("the event waits for its commit", SOON, async || {
        metric(&pipeline, INGEST, "footfall_ingest_queue_messages", &[]).await == 1
    })
    .await;
    kill(server, Signal::SIGQUIT).unwrap();
    postgres.start_again().await.unwrap();
    let answer = posted.await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}\n{}", pipeline.logs());
    assert_eq!(pipeline.number(ROWS).await, 1);
    let duplicates = "SELECT count(*) FROM analytics_outcomes WHERE outcome = 'duplicate'";
    assert_eq!(pipeline.number(duplicates).await, 0);
}

#[tokio::test]
async fn with_the_database_stuck_no_request_waits_beyond_its_limit_and_a_full_queue_refuses_immediately() {
    let postgres = breakable().await.lock().await;
    let ingest = "database.queue_kib_max = 1024\ndatabase.commit_ms_max = 3000".to_owned();
    let mut pipeline = Pipeline::start_light(&postgres, PipelineOptions { ingest, ..PipelineOptions::default() }).await;
    let filler = "x".repeat(30 * 1024);
    let event = |id: Uuid| {
        format!(r#"{{"event_type":"x","page_url":"http://a.b/","event_id":"{id}","metadata":{{"filler":"{filler}"}}}}"#)
    };
    assert_eq!(pipeline.post(event(Uuid::now_v7())).await.status, 200);
    pipeline.database.batch_execute("BEGIN; LOCK TABLE analytics_events IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let began = Instant::now();
    let posts = (0..60).map(|_| {
        let (http, url, event) = (pipeline.http.clone(), pipeline.url(3001, "/analytics"), event(Uuid::now_v7()));
        tokio::spawn(async move {
            let began = Instant::now();
            let answer =
                http.send("POST", &url, &[("content-type", "application/json")], event).await.expect("an answer");
            (answer.status.as_u16(), answer.json()["reason"].as_str().map(str::to_owned), began.elapsed())
        })
    });
    let posts: Vec<_> = posts.collect();
    let mut reasons = BTreeSet::new();
    for post in posts {
        let (status, reason, took) = post.await.unwrap();
        assert!(status == 503 && took < COMMIT_MAX, "{status} after {took:?}");
        reasons.extend(reason);
    }
    assert!(began.elapsed() < COMMIT_MAX);
    assert_eq!(reasons, BTreeSet::from(["not_committed", "queue_full"].map(str::to_owned)));
    for reason in ["queue_full", "not_committed"] {
        let label = format!("reason=\"{reason}\"");
        assert!(metric(&pipeline, INGEST, "footfall_ingest_events_deferred_total", &[&label]).await > 0, "{reason}");
    }
    health_is(&pipeline, 503).await;
    pipeline.database.batch_execute("ROLLBACK").await.unwrap();
    health_is(&pipeline, 200).await;
    // Ingest's own counts are queued there too, briefly each second.
    eventually("nothing waits any more", SOON, async || {
        metric(&pipeline, INGEST, "footfall_ingest_queue_messages", &[]).await == 0
    })
    .await;
    assert_eq!(pipeline.post(event(Uuid::now_v7())).await.status, 200);
    // None of the sixty that got a 503 was stored after all.
    assert_eq!(pipeline.number(ROWS).await, 2);
}

#[tokio::test]
async fn a_stop_answers_open_requests_and_stores_the_last_counts_and_ends_even_without_a_database() {
    let mut postgres = breakable().await.lock().await;
    let mut pipeline = Pipeline::start_light(&postgres, PipelineOptions::default()).await;
    for _ in 0..5 {
        assert_eq!(pipeline.post(EVENT).await.status, 200);
    }
    assert_eq!(pipeline.post("{").await.status, 400);
    assert_eq!(pipeline.ingest.stop(STOP_MAX).await, Ending::Stopped);
    assert_eq!(pipeline.ingest.status().unwrap().code(), Some(0), "{}", pipeline.logs());
    let counted = "SELECT sum(event_count)::bigint FROM analytics_outcomes WHERE source = 'ingest'";
    assert_eq!(pipeline.number(counted).await, 6);

    pipeline.ingest.start_again().await.unwrap();
    postgres.kill().await;
    health_is(&pipeline, 503).await;
    assert_eq!(pipeline.post("{").await.status, 400);
    assert_eq!(pipeline.ingest.stop(STOP_MAX).await, Ending::Stopped);
    assert_eq!(pipeline.ingest.status().unwrap().code(), Some(0), "{}", pipeline.logs());
    postgres.start_again().await.unwrap();
}

#[tokio::test]
async fn a_record_that_the_database_refuses_is_quarantined_and_the_others_are_stored() {
    let mut pipeline = Pipeline::start_light(&shared().await.postgres, PipelineOptions::default()).await;
    let refused = "ALTER TABLE analytics_events ADD CONSTRAINT c CHECK (event_type <> 'refused')";
    pipeline.database.batch_execute(refused).await.unwrap();
    let batch = r#"[{"event_type":"x","page_url":"http://a.b/"},{"event_type":"refused","page_url":"http://a.b/"},{"event_type":"x","page_url":"http://a.b/"}]"#;
    let answer = pipeline.post(batch).await;
    assert_eq!((answer.status.as_u16(), answer.json()["accepted"].as_u64()), (200, Some(3)), "{answer:?}");
    assert_eq!(pipeline.number(ROWS).await, 2);
    let query = "SELECT topic, reason, convert_from(payload, 'UTF8')::jsonb ->> 'event_type' FROM analytics_quarantine";
    let row = pipeline.database.query_one(query, &[]).await.unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), ("light", "database_refused", "refused"));
}

#[tokio::test]
async fn samples_are_stored_too() {
    let options = PipelineOptions { sample_interval_s: 1, ..PipelineOptions::default() };
    let mut pipeline = Pipeline::start_light(&shared().await.postgres, options).await;
    let ready =
        "SELECT LEAST(count(*), 2) FROM pipeline_samples WHERE source = 'ingest' AND samples -> 'footfall_ready' = '1'";
    pipeline.wait_for(ready, 2, SOON).await;
    let sources = "SELECT count(*) FROM footfall.pipeline_sources() WHERE ready AND program = 'footfall-ingest'";
    assert_eq!(pipeline.number(sources).await, 1);
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_quarantine").await, 0);
}
