//! `footfall up --profile light`, and an instance that changes its profile.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use footfall::processes::{Postgres, Programs};
use footfall_testkit::{Answer, Http, SOON, checkout, connect, eventually, own_address, run_dir};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use uuid::Uuid;

use crate::MACHINE;
use crate::life::assert_nothing_is_left;
use crate::up::{Up, footfall};

const CLICK: &str = r#"{"event_type":"button_click","page_url":"http://test.com/page","page_title":"Test Page","button_id":"test-button","session_id":"test-session-123","user_agent":"curl/7.0"}"#;
const LATEST: &str =
    "SELECT event_type, page_url, button_id, timestamp FROM analytics_events ORDER BY timestamp DESC LIMIT 10;";

/// A parts file with only PostgreSQL.
fn postgres_alone(run: &Path) -> PathBuf {
    let all: Value = serde_json::from_slice(&std::fs::read(checkout().join(".parts/parts.json")).unwrap()).unwrap();
    let file = run.join("parts.json");
    let alone = serde_json::json!({ "postgres_bin": all["postgres_bin"] });
    std::fs::write(&file, alone.to_string()).unwrap();
    file
}

async fn light(address: IpAddr, run: &Path) -> Up {
    let parts = postgres_alone(run);
    Up::start_with(address, run, &["--profile", "light", "--parts", parts.to_str().unwrap()]).until_ready().await
}

async fn post(up: &Up, port: u16, body: &str) -> Answer {
    let headers = [("content-type", "application/json")];
    Http::default().send("POST", &up.url(port, "/analytics"), &headers, body.to_owned()).await.expect("an answer")
}

async fn number(up: &Up, query: &str) -> i64 {
    up.reader().await.query_one(query, &[]).await.unwrap().get(0)
}

async fn becomes(up: &Up, query: &str, wanted: i64) {
    eventually(query, SOON, async || number(up, query).await == wanted).await;
}

fn migrate_profile(up_dir: &Path, address: IpAddr, to: &str, wait_s: &str) -> Output {
    let mut command = Command::new(footfall());
    command.args(["migrate-profile", to, "--wait-s", wait_s, "--listen", &address.to_string(), "--keep"]).arg(up_dir);
    command.arg("--parts").arg(checkout().join(".parts/parts.json")).output().unwrap()
}

mod alone {
    use super::{
        CLICK, Command, Duration, Http, Instant, LATEST, MACHINE, Signal, Up, assert_nothing_is_left, light, number,
        own_address, post, postgres_alone, run_dir,
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn the_guide_works_in_the_light_profile_with_only_postgresql() {
        let _alone = MACHINE.write().await;
        let (address, run) = (own_address(), run_dir("light"));
        let up = light(address, &run).await;
        let health = Http::default().send("GET", &up.url(3001, "/health"), &[], "").await.unwrap().json();
        assert_eq!((&health["status"], &health["kafkaReady"]), (&"ok".into(), &true.into()), "{health}");

        let began = Instant::now();
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--noproxy", "*", "-X", "POST", &up.url(3001, "/analytics")]);
        let answer = curl.args(["-H", "Content-Type: application/json", "-d", CLICK]).output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&answer.stdout),
            r#"{"success":true,"message":"Event received and sent to Kafka","eventId":"test-session-123"}"#
        );
        assert_eq!(number(&up, "SELECT count(*) FROM analytics_events WHERE button_id = 'test-button'").await, 1);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        let table = up.psql(LATEST);
        let row = table.lines().find(|line| line.contains("test-button")).unwrap_or_else(|| panic!("{table}"));
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        assert_eq!(cells[..3], ["button_click", "http://test.com/page", "test-button"]);

        // The site, the tracker and the live page are at the usual addresses.
        assert_eq!(post(&up, 8080, CLICK).await.status, 200);
        for (path, holds) in [("/", "<!doctype html>"), ("/analytics.js", "footfall"), ("/live/", "Footfall")] {
            let answer = Http::default().send("GET", &up.url(8080, path), &[], "").await.unwrap();
            let body = String::from_utf8_lossy(&answer.body);
            assert!(answer.status == 200 && body.contains(holds), "{path}: {}\n{body}", answer.status);
        }
        let checked = up.command(&["check"]);
        assert!(checked.contains("All is well"), "{checked}");

        let processes = up.processes();
        let programs: Vec<_> = processes.iter().map(|process| &*process.command).collect();
        assert!(!programs.iter().any(|command| command.contains("java") || command.contains("nginx")), "{programs:?}");
        assert!(!up.printed().contains("kafka ") && !up.printed().contains("grafana "), "{}", up.printed());
        let (status, printed) = up.end(Signal::SIGTERM).await;
        assert!(status.success(), "{status}\n{printed}");
        assert_nothing_is_left(&processes, &run);

        // Its folder remembers the profile.
        let mut other = Up::start_with(address, &run, &["--profile", "appliance", "--parts", ".parts/parts.json"]);
        let (status, printed) = other.ended().await;
        assert_eq!(status.code(), Some(1), "{printed}");
        assert!(printed.contains("profile light") && printed.contains("footfall migrate-profile --keep"), "{printed}");
        let parts = postgres_alone(&run);
        let up = Up::start_with(address, &run, &["--parts", parts.to_str().unwrap()]).until_ready().await;
        assert_eq!(number(&up, "SELECT count(*) FROM analytics_events WHERE button_id = 'test-button'").await, 2);
        let (status, printed) = up.end(Signal::SIGTERM).await;
        assert!(status.success(), "{status}\n{printed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_becomes_an_appliance_and_back_and_keeps_every_event_once() {
    let _turn = MACHINE.read().await;
    let (address, run) = (own_address(), run_dir("profiles"));
    let ids: Vec<Uuid> = (0..30).map(|_| Uuid::now_v7()).collect();
    let batch = |ids: &[Uuid]| {
        let events = ids.iter().map(|id| {
            format!(r#"{{"event_type":"kept","page_url":"http://a.b/","event_id":"{id}","session_id":"{id}"}}"#)
        });
        format!("[{}]", events.collect::<Vec<_>>().join(","))
    };
    let rows = "SELECT count(*) FROM analytics_events";
    let removed = "SELECT coalesce(sum(event_count), 0)::bigint FROM analytics_outcomes WHERE outcome = 'duplicate'";

    let up = light(address, &run).await;
    let dir = up.dir.clone();
    assert_eq!(post(&up, 8080, &batch(&ids[..10])).await.status, 200);
    let running = migrate_profile(&dir, address, "appliance", "600");
    assert!(!running.status.success(), "it runs: {running:?}");
    up.end(Signal::SIGTERM).await;
    let nowhere = migrate_profile(&run.join("nowhere"), address, "appliance", "600");
    assert!(!nowhere.status.success() && !run.join("nowhere").exists(), "{nowhere:?}");

    // To an appliance: what clients send again is recognized, whichever profile stored it first.
    let migrated = migrate_profile(&dir, address, "appliance", "600");
    assert!(migrated.status.success(), "{migrated:?}");
    let up = Up::ready(address, &run).await;
    assert!(up.process("kafka.Kafka").is_some() && up.process("nginx: master").is_some());
    assert_eq!(post(&up, 8080, &batch(&ids[..20])).await.status, 200);
    becomes(&up, rows, 20).await;
    becomes(&up, removed, 10).await;

    // A stopped sink leaves events in Kafka, where the light profile would never see them.
    let sink = up.process("footfall-sink").unwrap().pid;
    kill(Pid::from_raw(sink.cast_signed()), Signal::SIGSTOP).unwrap();
    assert_eq!(post(&up, 8080, &batch(&ids[20..])).await.status, 200);
    up.end(Signal::SIGTERM).await;
    set_privilege(&dir, address, "REVOKE INSERT ON analytics_events FROM footfall_writer").await;
    let refused = migrate_profile(&dir, address, "light", "3");
    let words = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(words.contains("Kafka still holds") && words.contains("sink.log"), "{words}");
    let mut other = Up::start_with(address, &run, &["--profile", "light", "--parts", ".parts/parts.json"]);
    let (status, printed) = other.ended().await;
    assert!(
        status.code() == Some(1) && printed.contains("profile appliance"),
        "the profile stays as it was: {printed}"
    );

    set_privilege(&dir, address, "GRANT INSERT ON analytics_events TO footfall_writer").await;
    let migrated = migrate_profile(&dir, address, "light", "60");
    assert!(migrated.status.success(), "{migrated:?}");
    let up = light(address, &run).await;
    assert_eq!(number(&up, rows).await, 30);
    assert_eq!(post(&up, 8080, &batch(&ids)).await.status, 200);
    assert_eq!((number(&up, rows).await, number(&up, removed).await), (30, 40));
    assert_eq!(number(&up, "SELECT count(DISTINCT event_id) FROM analytics_events").await, 30);
    assert_eq!(number(&up, "SELECT sum(event_count)::bigint FROM analytics_summary").await, 30);
    let (status, printed) = up.end(Signal::SIGTERM).await;
    assert!(status.success(), "{status}\n{printed}");
}

/// In the database of an instance that is not running.
async fn set_privilege(dir: &Path, address: IpAddr, sql: &str) {
    let programs = Programs::load(&checkout().join(".parts/parts.json")).unwrap();
    let mut postgres = Postgres::start(&programs, dir, address, 5432).await.unwrap();
    let client = connect(&postgres.admin("analytics")).await;
    client.batch_execute(sql).await.unwrap();
    drop(client);
    postgres.stop(SOON).await;
}
