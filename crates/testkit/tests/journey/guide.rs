//! The first generation's guide, followed as written.

use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use footfall_testkit::{SOON, checkout, eventually, own_address, run_dir};
use nix::sys::signal::Signal;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Message as _;
use serde_json::Value;
use tokio::process::Command;
use tokio_postgres::Client;

use crate::MACHINE;
use crate::up::Up;

const TOPIC: &str = "analytics-events";
const CLICK: &str = r#"{"event_type":"button_click","page_url":"http://test.com/page","page_title":"Test Page","button_id":"test-button","session_id":"test-session-123","user_agent":"curl/7.0"}"#;
const EXAMPLES: [&str; 4] = ["page_view", "button_click", "navigation_click", "page_unload"];
const LATEST: &str =
    "SELECT event_type, page_url, button_id, timestamp FROM analytics_events ORDER BY timestamp DESC LIMIT 10;";
const CURLS: usize = 100;

mod alone {
    use super::{
        MACHINE, Signal, Up, a_hundred_curls_at_once_are_a_hundred_rows, every_address_is_printed,
        every_example_arrives_with_its_metadata, health_says_that_kafka_is_ready, own_address, run_dir,
        the_first_click_is_a_row_within_a_second, the_select_shows_the_click, the_topic_is_listed_and_shows_json,
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn the_guide_works_as_written() {
        let _alone = MACHINE.write().await;
        let up = Up::ready(own_address(), &run_dir("guide")).await;
        let database = up.reader().await;

        every_address_is_printed(&up);
        health_says_that_kafka_is_ready(&up).await;
        the_first_click_is_a_row_within_a_second(&up, &database).await;
        the_topic_is_listed_and_shows_json(&up).await;
        the_select_shows_the_click(&up);
        every_example_arrives_with_its_metadata(&up, &database).await;
        a_hundred_curls_at_once_are_a_hundred_rows(&up, &database).await;

        let (status, printed) = up.end(Signal::SIGINT).await;
        assert!(status.success(), "{printed}");
    }
}

fn every_address_is_printed(up: &Up) {
    let printed = up.printed();
    for address in [
        up.url(8080, "/"),
        up.url(3001, "/analytics"),
        up.url(3001, "/health"),
        up.url(3002, "/metrics"),
        up.url(4195, "/metrics"),
        SocketAddr::new(up.address, 9092).to_string(),
        up.dir.join("run").display().to_string(),
    ] {
        assert!(printed.contains(&address), "{address} is missing in\n{printed}");
    }
}

async fn health_says_that_kafka_is_ready(up: &Up) {
    let answer: Value = serde_json::from_slice(&curl(&[&up.url(3001, "/health")]).await.stdout).unwrap();
    assert_eq!((&answer["status"], &answer["kafkaReady"]), (&"ok".into(), &true.into()), "{answer}");
    assert!(answer["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{answer}");
}

async fn the_first_click_is_a_row_within_a_second(up: &Up, database: &Client) {
    let began = Instant::now();
    let answer = post(up, CLICK).await;
    let answered = began.elapsed();
    assert_eq!(
        String::from_utf8_lossy(&answer.stdout),
        r#"{"success":true,"message":"Event received and sent to Kafka","eventId":"test-session-123"}"#
    );
    rows_become(database, "button_id = 'test-button'", 1).await;
    let seen = began.elapsed();
    assert!(seen < Duration::from_secs(1), "answered after {answered:?}, a row only after {seen:?}");
}

async fn the_topic_is_listed_and_shows_json(up: &Up) {
    let broker = SocketAddr::new(up.address, 9092).to_string();
    let lines = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", broker)
            .set("group.id", "console-consumer")
            .set("auto.offset.reset", "earliest")
            .create()
            .unwrap();
        let topics = consumer.fetch_metadata(None, SOON).unwrap();
        assert!(topics.topics().iter().any(|topic| topic.name() == TOPIC), "the topic is not listed");
        consumer.subscribe(&[TOPIC]).unwrap();
        let began = Instant::now();
        // A poll that only joins the group returns without a message.
        let message = loop {
            if let Some(message) = consumer.poll(Duration::from_millis(100)) {
                break message.unwrap();
            }
            assert!(began.elapsed() < SOON, "no message is shown");
        };
        String::from_utf8(message.payload().unwrap().to_vec()).unwrap()
    });
    let line = lines.await.unwrap();
    let event: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&event["event_type"], &event["button_id"]), (&"button_click".into(), &"test-button".into()), "{line}");
    assert!(!line.contains('\n'), "one event is one line of the console: {line}");
}

fn the_select_shows_the_click(up: &Up) {
    let table = up.psql(LATEST);
    let row = table.lines().find(|line| line.contains("test-button"));
    let cells: Vec<_> = row.unwrap_or_else(|| panic!("{table}")).split('|').map(str::trim).collect();
    assert_eq!(cells[..3], ["button_click", "http://test.com/page", "test-button"]);
}

async fn every_example_arrives_with_its_metadata(up: &Up, database: &Client) {
    for name in EXAMPLES {
        let file = checkout().join(format!("crates/event/testdata/first-generation/{name}.json"));
        let answer = post(up, &format!("@{}", file.display())).await;
        assert!(answer.stdout.starts_with(br#"{"success":true"#), "{name}: {answer:?}");
    }
    rows_become(database, "session_id = 'session-1234567890-abc123'", 4).await;
    for name in EXAMPLES {
        let text = std::fs::read(checkout().join(format!("crates/event/testdata/first-generation/{name}.json")));
        let sent: Value = serde_json::from_slice(&text.unwrap()).unwrap();
        let stored = "SELECT event_type, page_url, page_title, button_id, session_id, user_agent, metadata \
                      FROM analytics_events WHERE session_id = 'session-1234567890-abc123' AND event_type = $1";
        let row = database.query_one(stored, &[&name]).await.unwrap();
        for (index, column) in row.columns().iter().enumerate() {
            let stored = match column.name() {
                "metadata" => row.get::<_, Option<Value>>(index).unwrap_or_default(),
                _ => row.get::<_, Option<String>>(index).map_or(Value::Null, Value::String),
            };
            assert_eq!(stored, sent[column.name()], "{name}: {}", column.name());
        }
    }
}

async fn a_hundred_curls_at_once_are_a_hundred_rows(up: &Up, database: &Client) {
    let curls: Vec<_> = (0..CURLS)
        .map(|number| {
            let event = format!(
                r#"{{"event_type":"load_test","page_url":"http://test.com/page","session_id":"load-{number}"}}"#
            );
            let mut curl = post_command(up, &event);
            curl.spawn().unwrap()
        })
        .collect();
    for curl in curls {
        let output = curl.wait_with_output().await.unwrap();
        assert!(output.stdout.starts_with(br#"{"success":true"#), "{output:?}");
    }
    rows_become(database, "event_type = 'load_test'", 100).await;
    let sessions = "SELECT count(DISTINCT session_id) FROM analytics_events WHERE event_type = 'load_test'";
    let sessions: i64 = database.query_one(sessions, &[]).await.unwrap().get(0);
    assert_eq!(sessions, 100, "each curl has its own row");
}

/// Waits for exactly this many rows.
async fn rows_become(database: &Client, condition: &str, wanted: i64) {
    let query = format!("SELECT count(*) FROM analytics_events WHERE {condition}");
    eventually(&query, SOON, async || {
        let rows: i64 = database.query_one(&query, &[]).await.unwrap().get(0);
        assert!(rows <= wanted, "{query}: {rows}");
        rows == wanted
    })
    .await;
}

async fn post(up: &Up, data: &str) -> Output {
    post_command(up, data).spawn().unwrap().wait_with_output().await.unwrap()
}

fn post_command(up: &Up, data: &str) -> Command {
    let url = up.url(3001, "/analytics");
    curl_command(&["-X", "POST", &url, "-H", "Content-Type: application/json", "-d", data])
}

async fn curl(arguments: &[&str]) -> Output {
    curl_command(arguments).spawn().unwrap().wait_with_output().await.unwrap()
}

fn curl_command(arguments: &[&str]) -> Command {
    let mut curl = Command::new("curl");
    // This machine's proxy must not be used for its own addresses.
    curl.args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "30"]).args(arguments);
    curl.stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    curl
}
