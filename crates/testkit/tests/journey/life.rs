//! What `footfall up` starts, keeps alive, and leaves behind.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use footfall_testkit::{Http, SOON, eventually, own_address, run_dir};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::MACHINE;
use crate::processes::{Seen, mounts_below, that_name};
use crate::up::Up;

const EVENT: &str = r#"{"event_type":"kept","page_url":"http://test.com/page"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_up_started_ends_with_it_and_kept_data_is_there_again() {
    let _turn = MACHINE.read().await;
    let (address, run) = (own_address(), run_dir("life"));
    let up = Up::ready(address, &run).await;
    post(&up).await;
    rows_become(&up, 1).await;
    for folder in ["postgres", "kafka", "credentials/ingest", "credentials/view"] {
        let mode = std::fs::metadata(up.dir.join(folder)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{folder}: no other account of this machine may read it");
    }

    let processes = up.processes();
    let (status, printed) = up.end(Signal::SIGTERM).await;
    assert!(status.success(), "{status}\n{printed}");
    assert_stopped_in_order(&printed, &["nginx", "ingest", "sink", "kafka"]);
    assert_stopped_in_order(&printed, &["sink", "postgres"]);
    assert!(!printed.contains("killed"), "{printed}");
    assert_nothing_is_left(&processes, &run);

    let up = Up::ready(address, &run).await;
    post(&up).await;
    rows_become(&up, 2).await;
    let (status, printed) = up.end(Signal::SIGTERM).await;
    assert!(status.success(), "{status}\n{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_up_names_each_taken_port_and_its_holder_and_starts_nothing() {
    let _turn = MACHINE.read().await;
    let address = own_address();
    let up = Up::ready(address, &run_dir("first")).await;
    let run = run_dir("second");
    let mut second = Up::start(address, &run);
    let (status, printed) = second.ended().await;

    assert_eq!(status.code(), Some(1), "{printed}");
    let holders = [
        (8080, "nginx: master"),
        (3001, "footfall-ingest"),
        (3002, "footfall-ingest"),
        (4195, "footfall-sink"),
        (9092, "java"),
        (9093, "java"),
        (5432, "postgres"),
    ];
    for (port, name) in holders {
        let holder = up.process(name).unwrap_or_else(|| panic!("no {name}: {:?}", up.processes()));
        let line = printed.lines().find(|line| line.contains(&format!("port {port} ")));
        let named = line.is_some_and(|line| line.contains(&format!("process {}: ", holder.pid)));
        assert!(named, "port {port} is held by {holder:?}\n{printed}");
    }
    assert!(!run.join("instance").exists(), "something was started");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_ingest_is_restarted() {
    let _turn = MACHINE.read().await;
    let up = Up::ready(own_address(), &run_dir("restart")).await;
    let killed = up.process("footfall-ingest").unwrap();
    kill(Pid::from_raw(killed.pid.cast_signed()), Signal::SIGKILL).unwrap();

    let http = Http::default();
    eventually("another ingest answers", SOON, async || {
        let health = http.send("GET", &up.url(3001, "/health"), &[], "").await;
        let other = up.process("footfall-ingest").is_some_and(|now| now.pid != killed.pid);
        other && health.is_some_and(|health| health.status == 200)
    })
    .await;
    post(&up).await;
    rows_become(&up, 1).await;
    let (status, printed) = up.end(Signal::SIGTERM).await;
    assert!(status.success(), "{status}\n{printed}");
    assert!(printed.contains("ingest died") && printed.contains("restart ingest ... done"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_during_the_start_stops_everything_in_order() {
    let _turn = MACHINE.read().await;
    let run = run_dir("interrupted");
    let up = Up::start(own_address(), &run);
    eventually("Kafka and PostgreSQL are starting", SOON, async || {
        up.process("kafka.Kafka").is_some() && up.process("bin/postgres -D").is_some()
    })
    .await;
    let processes = up.processes();
    let (status, printed) = up.end(Signal::SIGTERM).await;
    assert!(status.success(), "{status}\n{printed}");
    assert!(!printed.contains("Everything is ready") && !printed.contains("killed"), "{printed}");
    for part in ["kafka", "postgres"] {
        assert!(printed.contains(&format!("stop {part} ... done")), "{printed}");
    }
    assert_nothing_is_left(&processes, &run);
}

fn assert_stopped_in_order(printed: &str, parts: &[&str]) {
    let ends = parts.iter().map(|part| printed.find(&format!("] stop {part} ... done")));
    let ends: Vec<_> = ends.map(|end| end.unwrap_or_else(|| panic!("not all of {parts:?}:\n{printed}"))).collect();
    assert!(ends.is_sorted(), "{parts:?}:\n{printed}");
}

pub(crate) fn assert_nothing_is_left(processes: &[Seen], run: &Path) {
    assert!(processes.len() >= 2, "too few to mean anything: {processes:?}");
    let left: Vec<_> = processes.iter().filter(|process| process.runs()).collect();
    assert!(left.is_empty(), "{left:?}");
    let named = that_name(run);
    assert!(named.is_empty(), "{named:?}");
    assert_eq!(mounts_below(run), Vec::<String>::new());
}

async fn post(up: &Up) {
    let headers = [("content-type", "application/json")];
    let answer = Http::default().send("POST", &up.url(3001, "/analytics"), &headers, EVENT).await.expect("an answer");
    assert_eq!(answer.status, 200, "{answer:?}");
}

async fn rows_become(up: &Up, wanted: i64) {
    let database = up.reader().await;
    eventually("the rows are there", SOON, async || {
        let rows = database.query_one("SELECT count(*) FROM analytics_events", &[]).await.unwrap();
        rows.get::<_, i64>(0) == wanted
    })
    .await;
}
