//! Who sends too much, and a disk with too little room: the client is asked to send again later, and nothing is lost.

use footfall_testkit::{Answer, Pipeline, PipelineOptions, SOON, SmallDisk, eventually, run_dir, shared};

use crate::metrics::{INGEST, metric};

const EVENT: &str = r#"{"event_type":"x","page_url":"http://a.b/"}"#;
const ROWS: &str = "SELECT count(*) FROM analytics_events";

async fn start(ingest: String) -> Pipeline {
    Pipeline::start_light(&shared().await.postgres, PipelineOptions { ingest, ..PipelineOptions::default() }).await
}

fn batch(events: usize) -> String {
    format!("[{}]", vec![EVENT; events].join(","))
}

/// As a proxy on this machine passes a client's events on.
async fn post_from(pipeline: &Pipeline, client: &str, body: String) -> Answer {
    let headers = [("content-type", "application/json"), ("x-forwarded-for", client), ("origin", "https://a.b")];
    pipeline.http.send("POST", &pipeline.url(3001, "/analytics"), &headers, body).await.unwrap()
}

#[tokio::test]
async fn an_address_that_sends_too_much_is_told_when_to_send_again_and_others_are_served() {
    // A bucket takes a quarter of an hour to fill, so a slow machine changes nothing.
    let mut pipeline = start("rates.events_per_s = 1\nrates.burst = 1000".to_owned()).await;
    let (one, other) = ("203.0.113.1", "203.0.113.2");
    assert_eq!(post_from(&pipeline, one, batch(1_000)).await.status, 200);
    let refused = post_from(&pipeline, one, batch(900)).await;
    assert_eq!(refused.status, 429, "{refused:?}");
    assert_eq!(refused.json()["reason"], "rate_limited");
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=902).contains(&wait), "{refused:?}");
    assert_eq!(refused.header("ratelimit"), Some(format!("\"address\";r=0;t={wait}").as_str()));
    assert_eq!(refused.header("ratelimit-policy"), Some("\"address\";q=1000;w=1000"));
    assert_eq!(refused.header("access-control-allow-origin"), Some("https://a.b"), "the tracker may read it");
    assert!(refused.header("access-control-expose-headers").unwrap().contains("retry-after"));

    assert_eq!(post_from(&pipeline, other, batch(1_000)).await.status, 200);
    assert_eq!(post_from(&pipeline, other, batch(900)).await.status, 429);
    for _ in 0..3 {
        assert_eq!(pipeline.post(batch(1_000)).await.status, 200, "programs on this machine have no limit");
    }
    assert_eq!(post_from(&pipeline, "2001:db8::1", batch(1_000)).await.status, 200);
    assert_eq!(post_from(&pipeline, "2001:db8::2", batch(900)).await.status, 429, "a /64 is one client");

    eventually("a token has come", SOON, async || post_from(&pipeline, one, EVENT.to_owned()).await.status == 200)
        .await;
    let pixel = pipeline.url(3001, "/pixel.gif?u=http%3A%2F%2Fa.b%2F");
    let mut shown = 0;
    loop {
        let answer = pipeline.http.send("GET", &pixel, &[("x-forwarded-for", one)], "").await.unwrap();
        match answer.status.as_u16() {
            200 => shown += 1,
            429 => break,
            status => panic!("{status}: {answer:?}"),
        }
    }
    assert!(
        metric(&pipeline, INGEST, "footfall_ingest_events_deferred_total", &["reason=\"rate_limited\""]).await >= 4
    );
    assert_eq!(pipeline.number(ROWS).await, 6_001 + shown, "all that was answered with 200, and no more");
}

#[tokio::test]
async fn before_the_disk_is_full_no_more_events_are_taken() {
    let folder = run_dir("little-room");
    let disk = SmallDisk::mount(&folder, 40);
    let config = format!("disk.folders = [{folder:?}, \"/nowhere\"]\ndisk.free_mib_min = 20");
    let mut pipeline = start(config).await;
    assert_eq!(pipeline.post(EVENT).await.status, 200);

    let filler = disk.fill();
    eventually("no event is taken", SOON, async || pipeline.post(EVENT).await.status == 507).await;
    let stored = pipeline.number(ROWS).await;
    let refused = pipeline.post(EVENT).await;
    assert_eq!((refused.json()["reason"].as_str(), refused.header("retry-after")), (Some("disk_full"), Some("60")));
    let ready = pipeline.get(INGEST, "/ready").await;
    let why = ready.json()["conditions"]["disk"]["detail"].as_str().unwrap().to_owned();
    // It says what was free when it was asked first, which may have been while the filler was written.
    assert!(ready.status == 503 && why.contains("MiB free, less than disk.free_mib_min (20)"), "{why}");
    assert_eq!(pipeline.number(ROWS).await, stored);

    std::fs::remove_file(filler).unwrap();
    eventually("events are taken again", SOON, async || pipeline.post(EVENT).await.status == 200).await;
    assert_eq!(pipeline.number(ROWS).await, stored + 1);
}
