//! How fast the pipeline is, compared with limits measured in the same run. It measures release builds:
//! `cargo build --release --bins && cargo bench -p footfall-testkit --bench pipeline`.
//!
//! 1. From POST to visible row, 500 events at 20 per second, against one INSERT by one client.
//! 2. From POST to the number on an open page, while 2,000 events per second come in.
//! 3. Storing events that wait in Kafka, against COPY of the same rows into an identical table.
//! 4. Resident memory of the daemons, idle and under load.
//! 5. The cost of enrichment, with and without a cache of user agents.
//!
//! Arguments choose some of them: visible, page, waiting, memory, enrichment.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that fails has no result"
)]
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the figures are for a person to read"
)]

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use footfall::load::{LoadOptions, run};
use footfall::processes::ManagedProcess;
use footfall_event::{Arrival, BodyFormat, Event, Hints, Limits, parse};
use footfall_store::Enricher;
use footfall_testkit::{Backends, Pipeline, PipelineOptions, memory_kib, processor_s, shared};
use futures_util::{SinkExt as _, StreamExt as _, pin_mut};
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use uuid::Uuid;

const VISIBLE_EVENTS: usize = 500;
const VISIBLE_PERIOD: Duration = Duration::from_millis(50);
/// What the machine is busy with, and how often a visitor clicks meanwhile.
const BUSY_PER_S: f64 = 2_000.0;
const BUSY_CLICKS: usize = 100;
const BUSY_PERIOD: Duration = Duration::from_millis(610);
const WAITING_EVENTS: usize = 200_000;
const LOAD_PER_S: f64 = 1_000.0;
const LOAD_EVENTS: u64 = 10_000;
const AGENTS: usize = 5_000;

const PARTS: [&str; 5] = ["visible", "page", "waiting", "memory", "enrichment"];

#[tokio::main]
async fn main() {
    // Cargo adds `--bench`.
    let chosen: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let unknown = chosen.iter().find(|name| !PARTS.contains(&name.as_str()));
    assert_eq!(unknown, None, "a part is one of {PARTS:?}");
    let is_chosen = |part: &str| chosen.is_empty() || chosen.iter().any(|name| name == part);
    let backends = shared().await;
    if is_chosen("visible") {
        visible(backends).await;
    }
    if is_chosen("page") {
        on_the_page(backends).await;
    }
    if is_chosen("waiting") {
        for of_a_visit in [8, 780] {
            waiting(backends, of_a_visit).await;
        }
    }
    if is_chosen("memory") {
        memory(backends).await;
    }
    if is_chosen("enrichment") {
        enrichment();
    }
}

fn event(number: usize, session: usize, id: Uuid) -> String {
    format!(
        r#"{{"event_type":"button_click","page_url":"https://shop.example.com/products/category-{:02}/item-{:04}","page_title":"Product page number {number:04}","button_id":"add-to-cart-{number:04}","session_id":"sess-{:012}","event_id":"{id}","user_agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36","metadata":{{"x":{},"y":7,"ref":"newsletter","ab":"b"}}}}"#,
        number % 20,
        number % 1_000,
        session,
        number % 900,
    )
}

fn quantile_ms(sorted: &[Duration], part: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e3
}

fn print_quantiles(what: &str, mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let (p50, p99) = (quantile_ms(&times, 0.5), quantile_ms(&times, 0.99));
    println!("{what}: p50 {p50:.2} ms, p99 {p99:.2} ms, max {:.2} ms", quantile_ms(&times, 1.0));
    p50
}

async fn visible(backends: &Backends) {
    let pipeline = Pipeline::start(backends).await;
    let see = pipeline.database.prepare("SELECT 1 FROM analytics_events WHERE event_id = $1").await.unwrap();
    let (mut answered, mut seen, mut inserted) = (Vec::new(), Vec::new(), Vec::new());
    let insert = "INSERT INTO direct (event_id, line) VALUES ($1, $2)";
    pipeline.database.batch_execute("CREATE TABLE direct (event_id uuid PRIMARY KEY, line text)").await.unwrap();
    let insert = pipeline.database.prepare(insert).await.unwrap();
    let mut tick = tokio::time::interval(VISIBLE_PERIOD);
    for number in 0..VISIBLE_EVENTS {
        tick.tick().await;
        let id = Uuid::now_v7();
        let body = event(number, number % 256, id);
        let began = Instant::now();
        pipeline.database.execute(&insert, &[&id, &body]).await.unwrap();
        inserted.push(began.elapsed());
        let began = Instant::now();
        assert_eq!(pipeline.post(body).await.status, 200);
        answered.push(began.elapsed());
        while pipeline.database.query_opt(&see, &[&id]).await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        seen.push(began.elapsed());
    }
    println!("== from POST to visible row, {VISIBLE_EVENTS} events at 20/s");
    print_quantiles("POST to answer (durable in Kafka)", answered);
    let ours = print_quantiles("POST to visible row", seen);
    let limit = print_quantiles("limit: one INSERT with commit", inserted);
    println!("ratio of the medians: {:.1}", ours / limit);
}

/// Each click is of another visitor of the site that the page shows; the other events are of other sites.
async fn on_the_page(backends: &Backends) {
    let view = Some("access.public = true".to_owned());
    let pipeline = Pipeline::start_with(backends, PipelineOptions { view, ..PipelineOptions::default() }).await;
    let seconds = BUSY_PERIOD.as_secs_f64() * BUSY_CLICKS as f64 + 5.0;
    let load = LoadOptions::new(&pipeline.url(3001, "/analytics"), BUSY_PER_S, (BUSY_PER_S * seconds) as u64);
    let load = tokio::spawn(async move { run(&load).await.unwrap() });
    let mut page = TcpStream::connect((pipeline.address, 3003)).await.unwrap();
    let ask = "GET /live/events?site=shop HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    page.write_all(ask.as_bytes()).await.unwrap();
    let mut page = BufReader::new(page).lines();
    let mut until = async |text: String| {
        // Server-sent events, each with the parts that have changed as JSON.
        while let Some(line) = page.next_line().await.unwrap() {
            let parts = line.strip_prefix("data: ").map(|json| serde_json::from_str::<Value>(json).unwrap());
            if parts.is_some_and(|parts| parts["now"].as_str().is_some_and(|now| now.contains(&text))) {
                return;
            }
        }
        panic!("the page is disconnected");
    };
    until(">0</strong>".to_owned()).await;
    let mut tick = tokio::time::interval(BUSY_PERIOD);
    let mut shown = Vec::new();
    for number in 1..=BUSY_CLICKS {
        tick.tick().await;
        let began = Instant::now();
        let click = json!({
            "event_type": "page_view", "page_url": "https://shop.example.com/", "site": "shop", "session_id": number.to_string(),
            "user_agent": format!("Mozilla/5.0 (X11; Linux x86_64; rv:{number}.0) Gecko/20100101 Firefox/{number}.0"),
        });
        assert_eq!(pipeline.post(click.to_string()).await.status, 200);
        until(format!(">{number}</strong>")).await;
        shown.push(began.elapsed());
    }
    let report = load.await.unwrap();
    println!("== from POST to the number on an open page, {BUSY_CLICKS} clicks while {BUSY_PER_S} events/s come in");
    print_quantiles("POST to number", shown);
    let rate = report.acknowledged.len() as f64 / report.elapsed.as_secs_f64();
    println!("the others: {rate:.0} acknowledged per second, all: {}", report.is_all_acknowledged());
}

/// All visits take place at the same time: between two events of one lies one of each other.
async fn waiting(backends: &Backends, of_a_visit: usize) {
    let mut pipeline =
        Pipeline::start_with(backends, PipelineOptions { no_sink: true, ..PipelineOptions::default() }).await;
    let producer: ThreadedProducer<_> = ClientConfig::new()
        .set("bootstrap.servers", &pipeline.kafka)
        .set("queue.buffering.max.messages", (WAITING_EVENTS * 2).to_string())
        .create()
        .unwrap();
    let limits = Limits::default();
    for number in 0..WAITING_EVENTS {
        let arrival = Arrival {
            received_at: jiff::Timestamp::now(),
            user_agent: None,
            hints: Hints::default(),
            site: None,
            country: None,
            visitor: &|_, _| None,
            limits: &limits,
            masked_names: &[],
            import_past_ms_max: None,
        };
        let body = event(number, number % (WAITING_EVENTS / of_a_visit), Uuid::now_v7());
        let parsed = parse(body.as_bytes(), BodyFormat::Json, &arrival).unwrap();
        let event = &parsed.events[0].as_ref().unwrap().event;
        let (key, line) = (event.kafka_key().unwrap(), event.to_line());
        producer.send(BaseRecord::to(&pipeline.events_topic).key(&key).payload(&line)).map_err(|(e, _)| e).unwrap();
    }
    producer.flush(Duration::from_secs(60)).unwrap();
    let began = Instant::now();
    pipeline.add_sink().await;
    pipeline.wait_until_all_is_read(Duration::from_secs(300)).await;
    let ours = WAITING_EVENTS as f64 / began.elapsed().as_secs_f64();
    let rows = pipeline.number("SELECT count(*) FROM analytics_events").await;
    assert_eq!(rows as usize, WAITING_EVENTS);

    let columns = "timestamp, event_type, page_url, page_title, button_id, session_id, user_agent, metadata, event_id, received_at, schema_version";
    pipeline
        .database
        .batch_execute(
            "CREATE TABLE twin (LIKE analytics_events INCLUDING DEFAULTS);
             SELECT create_hypertable('twin', 'timestamp', chunk_time_interval => INTERVAL '1 day', create_default_indexes => false);
             CREATE INDEX ON twin (timestamp DESC); CREATE INDEX ON twin (event_type);
             CREATE INDEX ON twin (page_url); CREATE INDEX ON twin (session_id); CHECKPOINT",
        )
        .await
        .unwrap();
    let out =
        pipeline.database.copy_out(&format!("COPY (SELECT {columns} FROM analytics_events) TO STDOUT")).await.unwrap();
    let chunks: Vec<_> = out.map(Result::unwrap).collect().await;
    let began = Instant::now();
    let copy = pipeline.database.copy_in(&format!("COPY twin ({columns}) FROM STDIN")).await.unwrap();
    pin_mut!(copy);
    for chunk in chunks {
        copy.feed(chunk).await.unwrap();
    }
    copy.finish().await.unwrap();
    let limit = WAITING_EVENTS as f64 / began.elapsed().as_secs_f64();
    println!(
        "== {WAITING_EVENTS} events that wait in Kafka, {of_a_visit} of each visit, from the sink's start to the last row"
    );
    println!("sink {ours:.0} rows/s, limit (COPY of the same rows) {limit:.0} rows/s, ratio {:.2}", ours / limit);
    println!("sink's CPU time: {:.1} us per row", processor_s(&pipeline.sinks[0]) * 1e6 / WAITING_EVENTS as f64);
}

async fn memory(backends: &Backends) {
    let pipeline = Pipeline::start(backends).await;
    let show = |when: &str| {
        println!(
            "{when}: ingest {} MB, sink {} MB resident",
            memory_kib(&pipeline.ingest, "VmRSS") / 1024,
            memory_kib(&pipeline.sinks[0], "VmRSS") / 1024
        );
    };
    println!("== memory");
    show("idle");
    let report = run(&LoadOptions::new(&pipeline.url(3001, "/analytics"), LOAD_PER_S, LOAD_EVENTS)).await.unwrap();
    show(&format!("after {LOAD_EVENTS} events at {LOAD_PER_S}/s"));
    assert!(report.is_all_acknowledged(), "{:?}", report.by_status);
    let at = |part| report.latency_us.value_at_quantile(part) as f64 / 1e3;
    println!("answers under that load: p50 {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99));
    let per_event = |process: &ManagedProcess| processor_s(process) * 1e6 / LOAD_EVENTS as f64;
    println!(
        "CPU time: ingest {:.0} us, sink {:.0} us per event",
        per_event(&pipeline.ingest),
        per_event(&pipeline.sinks[0])
    );
}

/// Measured in this process, without daemons; the sink does the same on its single thread.
fn enrichment() {
    let began = Instant::now();
    let mut enricher = Enricher::new(NonZeroUsize::new(10_000).unwrap());
    println!("== enrichment");
    println!("loading the rules, once per process: {:.0} ms", began.elapsed().as_secs_f64() * 1e3);
    let limits = Limits::default();
    let events: Vec<Event> = (0..AGENTS)
        .map(|number| {
            let agent = format!("Mozilla/5.0 (Linux; Android {}; SM-{number}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Mobile Safari/537.36", number % 14, number % 126);
            let arrival = Arrival {
                received_at: jiff::Timestamp::now(),
                user_agent: None,
                hints: Hints::default(),
                site: None,
                country: None,
                visitor: &|_, _| None,
                limits: &limits,
                masked_names: &[],
                import_past_ms_max: None,
            };
            let body = event(number, number % 256, Uuid::now_v7()).replace("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36", &agent);
            parse(body.as_bytes(), BodyFormat::Json, &arrival).unwrap().events.remove(0).unwrap().event
        })
        .collect();
    for what in ["new user agents", "cached user agents"] {
        let began = Instant::now();
        for event in &events {
            std::hint::black_box(enricher.enrich(event));
        }
        println!("{what}: {:.1} us per event", began.elapsed().as_secs_f64() * 1e6 / AGENTS as f64);
    }
}
