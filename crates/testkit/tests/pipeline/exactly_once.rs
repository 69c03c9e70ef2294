//! Whichever process is killed, at any time: acknowledged events are stored once, and the roll-ups equal a recount.

use std::time::Duration;

use footfall::load::{LoadOptions, LoadReport, run};
use footfall::processes::ManagedProcess;
use footfall_testkit::{Backends, Pipeline, PipelineOptions, SOON, own_postgres, shared};
use rand::RngExt as _;
use tokio::task::JoinHandle;

use crate::recount;

const EVENTS: u64 = 20_000;
const RATE_PER_S: f64 = 1_500.0;
const KILLS_MIN: u32 = 5;
/// Of one load. A daemon that is killed again whenever it has started may not get on at all where starting is slow.
const KILLS_MAX: u32 = 15;
/// From the last answer to the last row, including a broker's restart.
const SETTLED_S_MAX: u64 = 90;

/// A well-behaved client: it keeps what was not acknowledged, and sends it again with the same id.
fn load(pipeline: &Pipeline) -> JoinHandle<LoadReport> {
    let mut options = LoadOptions::new(&pipeline.url(3001, "/analytics"), RATE_PER_S, EVENTS);
    options.retry = true;
    options.give_up_ms_max = 120_000;
    tokio::spawn(async move { run(&options).await.unwrap() })
}

async fn a_moment() {
    let ms = rand::rng().random_range(100..900);
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Kills and restarts a daemon while events arrive, and sends more of them until it was killed often enough to have
/// hit a batch: on a slow machine a restart takes long.
async fn load_while_killing(pipeline: &mut Pipeline, daemon: fn(&mut Pipeline) -> &mut ManagedProcess) -> LoadReport {
    let (mut whole, mut kills) = (LoadReport::default(), 0);
    while kills < KILLS_MIN {
        let load = load(pipeline);
        let kills_max = kills + KILLS_MAX;
        while !load.is_finished() && kills < kills_max {
            a_moment().await;
            let daemon = daemon(pipeline);
            daemon.kill().await;
            daemon.start_again().await.unwrap();
            kills += 1;
        }
        let report = load.await.unwrap();
        assert!(report.is_all_acknowledged(), "{:?}", report.by_status);
        whole.sent += report.sent;
        whole.acknowledged.extend(report.acknowledged);
    }
    whole
}

/// Every acknowledged event is in the table once, nothing else is, and the roll-ups and counts agree.
async fn assert_stored_once(pipeline: &mut Pipeline, report: &LoadReport) {
    assert!(report.is_all_acknowledged(), "{:?}", report.by_status);
    let within = Duration::from_secs(SETTLED_S_MAX);
    let ids: Vec<String> = report.acknowledged.iter().map(|id| format!("('{id}')")).collect();
    pipeline.number("SELECT 1::bigint").await; // reconnects after a restart
    let table = format!(
        "CREATE TABLE acknowledged (event_id uuid PRIMARY KEY); INSERT INTO acknowledged VALUES {}",
        ids.join(",")
    );
    pipeline.database.batch_execute(&table).await.unwrap();
    pipeline
        .wait_for(
            "SELECT count(*) FROM acknowledged LEFT JOIN analytics_events e USING (event_id) WHERE e.event_id IS NULL",
            0,
            within,
        )
        .await;
    // Anything still to come would be a duplicate: wait until nothing is.
    pipeline.wait_until_all_is_read(within).await;
    let stored = pipeline.number("SELECT count(*) FROM analytics_events").await;
    let doubled = pipeline.number("SELECT count(*) - count(DISTINCT event_id) FROM analytics_events").await;
    let unasked = pipeline.number("SELECT count(*) FROM analytics_events e LEFT JOIN acknowledged a USING (event_id) WHERE a.event_id IS NULL").await;
    let differing = recount::differing(pipeline).await;
    let counted = pipeline
        .number("SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'stored'")
        .await;
    let removed = pipeline
        .number("SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'duplicate'")
        .await;
    println!(
        "sent {} acknowledged {} stored {stored} doubled {doubled} lost 0 unasked {unasked}, repeats removed {removed}; answers {:?}",
        report.sent,
        report.acknowledged.len(),
        report.by_status
    );
    let wanted = i64::try_from(report.acknowledged.len()).unwrap();
    assert_eq!((stored, doubled, unasked, differing, counted), (wanted, 0, 0, [0, 0], wanted));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crashed_sink_stores_nothing_twice_and_loses_nothing() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let report = load_while_killing(&mut pipeline, |pipeline| &mut pipeline.sinks[0]).await;
    assert_stored_once(&mut pipeline, &report).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crashed_ingest_loses_no_acknowledged_event() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let report = load_while_killing(&mut pipeline, |pipeline| &mut pipeline.ingest).await;
    assert_stored_once(&mut pipeline, &report).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_crashes_under_load_loses_and_doubles_no_event() {
    let mut backends = Backends::start().await;
    let mut pipeline = Pipeline::start(&backends).await;
    let load = load(&pipeline);
    for _ in 0..3 {
        a_moment().await;
        backends.postgres.kill().await;
        backends.postgres.start_again().await.unwrap();
    }
    assert_stored_once(&mut pipeline, &load.await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_crashes_under_load_loses_and_doubles_no_event() {
    let mut backends = Backends::start().await;
    let mut pipeline = Pipeline::start(&backends).await;
    let load = load(&pipeline);
    a_moment().await;
    backends.kafka.kill().await;
    backends.kafka.start_again().await.unwrap();
    assert_stored_once(&mut pipeline, &load.await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_light_ingest_that_crashes_loses_and_doubles_no_acknowledged_event() {
    let mut pipeline = Pipeline::start_light(&shared().await.postgres, PipelineOptions::default()).await;
    let report = load_while_killing(&mut pipeline, |pipeline| &mut pipeline.ingest).await;
    assert_stored_once(&mut pipeline, &report).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_light_profile_a_database_that_crashes_loses_and_doubles_no_event() {
    let mut postgres = own_postgres().await;
    let mut pipeline = Pipeline::start_light(&postgres, PipelineOptions::default()).await;
    let load = load(&pipeline);
    for _ in 0..3 {
        a_moment().await;
        postgres.kill().await;
        postgres.start_again().await.unwrap();
    }
    let report = load.await.unwrap();
    assert_stored_once(&mut pipeline, &report).await;
    // Ingest itself was not killed, so its counts are exact, even for commits that were not answered.
    let accepted = "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'accepted'";
    pipeline.wait_for(accepted, i64::try_from(report.acknowledged.len()).unwrap(), SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_light_ingest_and_its_database_killed_together_lose_and_double_nothing() {
    let mut postgres = own_postgres().await;
    let mut pipeline = Pipeline::start_light(&postgres, PipelineOptions::default()).await;
    let load = load(&pipeline);
    for _ in 0..3 {
        a_moment().await;
        tokio::join!(postgres.kill(), pipeline.ingest.kill());
        let (database, ingest) = tokio::join!(postgres.start_again(), pipeline.ingest.start_again());
        database.unwrap();
        ingest.unwrap();
    }
    assert_stored_once(&mut pipeline, &load.await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_light_ingests_on_one_database_take_turns_and_double_nothing() {
    let mut pipeline = Pipeline::start_light(&shared().await.postgres, PipelineOptions::default()).await;
    let _other = pipeline.another_ingest().await;
    let mut options = LoadOptions::new(&pipeline.url(3001, "/analytics"), 200.0, 1_000);
    options.retry = true;
    let other = LoadOptions { url: pipeline.url(3011, "/analytics"), ..options.clone() };
    let (mut report, others) = tokio::join!(run(&options), run(&other));
    let (report, others) = (report.as_mut().unwrap(), others.unwrap());
    assert!(others.is_all_acknowledged(), "{:?}", others.by_status);
    report.acknowledged.extend(others.acknowledged);
    report.sent += others.sent;
    let duplicates = "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'duplicate'";
    assert_eq!(pipeline.number(duplicates).await, 0);
    let wanted = i64::try_from(report.acknowledged.len()).unwrap();
    assert_eq!(pipeline.number("SELECT count(DISTINCT event_id) FROM analytics_events").await, wanted);
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events").await, wanted);
    assert_eq!(recount::differing(&mut pipeline).await, [0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sinks_that_join_and_leave_share_the_partitions_and_double_nothing() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let load = load(&pipeline);
    a_moment().await;
    pipeline.add_sink().await;
    a_moment().await;
    // One stops cleanly, one is killed.
    pipeline.sinks[0].stop(Duration::from_secs(20)).await;
    a_moment().await;
    pipeline.sinks[0].start_again().await.unwrap();
    pipeline.sinks[1].kill().await;
    assert_stored_once(&mut pipeline, &load.await.unwrap()).await;
}

#[tokio::test]
async fn a_batch_posted_three_times_is_stored_once() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let events: Vec<String> = (0..50)
        .map(|number| {
            let id = uuid::Uuid::now_v7();
            format!(r#"{{"event_type":"retry","page_url":"https://example.com/{number}","event_id":"{id}","session_id":"s"}}"#)
        })
        .collect();
    let body = format!(r#"{{"events":[{}]}}"#, events.join(","));
    for _ in 0..3 {
        let answer = pipeline.post(body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.json()["accepted"].as_u64()), (200, Some(50)), "{answer:?}");
    }
    let duplicates = "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'duplicate'";
    pipeline.wait_for(duplicates, 100, SOON).await;
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events").await, 50);
    assert_eq!(pipeline.number("SELECT sum(event_count)::bigint FROM analytics_summary").await, 50);
}

#[tokio::test]
async fn a_retry_with_a_different_time_is_a_duplicate_too() {
    let mut pipeline = Pipeline::start(shared().await).await;
    let id = uuid::Uuid::new_v4();
    let now = jiff::Timestamp::now();
    for hours in [0, 20] {
        let timestamp = now - jiff::SignedDuration::from_hours(hours);
        let body = format!(
            r#"{{"event_type":"retry","page_url":"https://example.com/","event_id":"{id}","timestamp":"{timestamp}"}}"#
        );
        assert_eq!(pipeline.post(body).await.status, 200);
    }
    let outcomes =
        "SELECT count(*) FROM analytics_outcomes WHERE outcome IN ('stored', 'duplicate') AND event_count = 1";
    pipeline.wait_for(outcomes, 2, SOON).await;
    assert_eq!(pipeline.number("SELECT count(*) FROM analytics_events").await, 1);
}
