//! Parts that are killed, do not come back, or are stopped: what still works must keep working.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use footfall_testkit::{Answer, Http, SOON, SmallDisk, checkout, eventually, own_address, run_dir};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::MACHINE;
use crate::life::assert_nothing_is_left;
use crate::processes::{descendants, that_name};
use crate::up::{Up, footfall};

/// `docker stop` kills after 10 s.
const STOP_S_MAX: f64 = 8.0;
const PARTS: [&str; 2] = ["--parts", ".parts/parts.json"];
const LIGHT: [&str; 4] = ["--profile", "light", "--parts", ".parts/parts.json"];
const PROFILES: [&[&str]; 2] = [&PARTS, &LIGHT];

fn event(name: &str) -> String {
    format!(r#"{{"event_type":"{name}","page_url":"http://test.com/page","event_id":"{}"}}"#, uuid::Uuid::new_v4())
}

async fn post(up: &Up, name: &str) -> Option<Answer> {
    let headers = [("content-type", "application/json")];
    Http::default().send("POST", &up.url(8080, "/analytics"), &headers, event(name)).await
}

async fn is_accepted(up: &Up, name: &str) -> bool {
    post(up, name).await.is_some_and(|answer| answer.status == 200)
}

async fn is_stored(up: &Up, name: &str) {
    let sql = "SELECT count(*) FROM analytics_events WHERE event_type = $1";
    eventually(&format!("{name} is stored"), SOON, async || {
        let socket = up.dir.join("run");
        let config = format!("host='{}' user=footfall_reader dbname=analytics", socket.display());
        let Ok((client, connection)) = tokio_postgres::connect(&config, tokio_postgres::NoTls).await else {
            return false;
        };
        let connection = tokio::spawn(connection);
        let stored = client.query_one(sql, &[&name]).await.is_ok_and(|row| row.get::<_, i64>(0) > 0);
        connection.abort();
        stored
    })
    .await;
}

fn send(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.cast_signed()), signal).unwrap();
}

/// What `footfall health` says about the instance, and whether it is healthy.
fn health(up: &Up) -> (bool, String) {
    let output = Command::new(footfall()).args(["health", "--instance"]).arg(&up.dir).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_part_that_is_killed_is_started_again_and_leaves_nothing_behind() {
    let _turn = MACHINE.read().await;
    let up = Up::ready(own_address(), &run_dir("killed")).await;
    let parts =
        ["nginx: master", "bin/postgres -D", "kafka.Kafka", "footfall-sink", "footfall-ingest", "footfall-view"];
    for name in parts {
        let killed = up.process(name).unwrap_or_else(|| panic!("no {name}: {:?}", up.processes()));
        let children = descendants(killed.pid);
        // A child that cannot notice that its parent is gone: it would keep the port or the lock file.
        if let Some(child) = children.first() {
            send(child.pid, Signal::SIGSTOP);
        }
        send(killed.pid, Signal::SIGKILL);
        eventually(&format!("another {name}"), SOON, async || {
            up.process(name).is_some_and(|now| now.pid != killed.pid)
        })
        .await;
        eventually(&format!("an event is accepted after {name}"), SOON, async || is_accepted(&up, name).await).await;
        is_stored(&up, name).await;
        let left: Vec<_> = children.iter().filter(|child| child.runs()).collect();
        assert!(left.is_empty(), "{name}: {left:?}");
    }
    eventually("all is healthy", SOON, async || health(&up).0).await;
    let processes = up.processes();
    let run = up.dir.clone();
    let (status, printed) = up.end(Signal::SIGTERM).await;
    assert!(status.success(), "{status}\n{printed}");
    assert_nothing_is_left(&processes, &run);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_of_postgresql_stops_neither_ingest_nor_kafka_while_they_run_and_when_they_start() {
    let _turn = MACHINE.read().await;
    let (address, run) = (own_address(), run_dir("full-disk"));
    let data = run.join("instance/postgres");
    std::fs::create_dir_all(&data).unwrap();
    let disk = SmallDisk::mount(&data, 400);
    let up = Up::ready(address, &run).await;

    let filler = disk.fill();
    send(up.process("bin/postgres -D").unwrap().pid, Signal::SIGKILL);
    eventually("it says why", SOON, async || up.printed().contains("No space left on device")).await;
    assert!(is_accepted(&up, "while_it_runs").await);
    let (is_healthy, words) = health(&up);
    assert!(!is_healthy && words.contains("PostgreSQL: tcp://") && words.contains("sink: http://"), "{words}");
    std::fs::remove_file(&filler).unwrap();
    is_stored(&up, "while_it_runs").await;
    eventually("all is healthy", SOON, async || health(&up).0).await;
    let printed = up.printed();
    assert_eq!(printed.matches("No space left on device").count(), 1, "said once\n{printed}");
    assert!(printed.contains("] restart postgres ... done"), "{printed}");
    let (status, printed) = up.end(Signal::SIGTERM).await;
    assert!(status.success(), "{status}\n{printed}");

    // As after a reboot.
    let filler = disk.fill();
    let up = Up::start(address, &run);
    eventually("it says what is not ready", SOON, async || up.printed().contains("Not everything is ready")).await;
    assert!(is_accepted(&up, "at_the_start").await, "{}", up.printed());
    let words = up.printed();
    assert!(words.contains("PostgreSQL: ") && words.contains("sink: it waits for database schema"), "{words}");
    assert!(!health(&up).0);
    std::fs::remove_file(&filler).unwrap();
    let up = up.until_ready().await;
    is_stored(&up, "at_the_start").await;
    eventually("all is healthy", SOON, async || health(&up).0).await;
    up.end(Signal::SIGTERM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_configuration_is_told_and_not_tried_again() {
    let _turn = MACHINE.read().await;
    let (address, run) = (own_address(), run_dir("invalid"));
    Up::start_with(address, &run, &LIGHT).until_ready().await.end(Signal::SIGTERM).await;
    let password = run.join("password");
    std::fs::write(&password, "short").unwrap();
    let further = [&LIGHT[..], &["--password-file", password.to_str().unwrap()]].concat();
    let (status, printed) = Up::start_with(address, &run, &further).ended().await;
    assert_eq!(status.code(), Some(1), "{printed}");
    assert!(printed.contains("access.password"), "{printed}");
}

/// An open live page: its stream of changes.
async fn open_stream(up: &Up) -> TcpStream {
    let mut page = TcpStream::connect((up.address, 8080)).await.unwrap();
    let request = |host: &str| format!("GET /live/events HTTP/1.1\r\nhost: {host}\r\n\r\n");
    page.write_all(request(&up.address.to_string()).as_bytes()).await.unwrap();
    let mut begun = [0; 64];
    let read = page.read(&mut begun).await.unwrap();
    assert!(begun[..read].starts_with(b"HTTP/1.1 200"), "{:?}", String::from_utf8_lossy(&begun[..read]));
    page
}

/// How long the parts took that clients can keep waiting; Kafka and PostgreSQL take what the machine needs.
fn seconds_to_stop(printed: &str) -> f64 {
    let steps = printed.lines().filter(|line| line.contains("] stop "));
    let steps = steps.filter(|line| !line.contains("kafka") && !line.contains("postgres"));
    steps.map(|line| line.trim_start_matches('[').split(" s]").next().unwrap().trim().parse::<f64>().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_live_page_and_a_slow_client_do_not_delay_the_end() {
    let _turn = MACHINE.read().await;
    for profile in PROFILES {
        let run = run_dir("open-page");
        let up = Up::start_with(own_address(), &run, profile).until_ready().await;
        let mut pages = vec![open_stream(&up).await, open_stream(&up).await];
        // They have sent a part of their request, and send no more. What comes to another name, without a key, is refused.
        for (port, host) in [(8080, "localhost"), (3001, "localhost"), (8080, "x"), (3001, "x")] {
            let mut slow = TcpStream::connect((up.address, port)).await.unwrap();
            let length = "content-type: application/json\r\ncontent-length: 100";
            let begun = format!("POST /analytics HTTP/1.1\r\nhost: {host}\r\n{length}\r\n\r\n{{");
            slow.write_all(begun.as_bytes()).await.unwrap();
            pages.push(slow);
        }
        assert!(is_accepted(&up, "before_the_end").await);
        let processes = up.processes();
        let (status, printed) = up.end(Signal::SIGTERM).await;
        assert!(status.success() && seconds_to_stop(&printed) < STOP_S_MAX, "{status}\n{printed}");
        assert!(!printed.contains("killed"), "{printed}");
        assert_nothing_is_left(&processes, &run);
        for page in &mut pages {
            let mut rest = Vec::new();
            // The browser sees the end, and connects again by itself.
            let _ = page.read_to_end(&mut rest).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_launcher_lets_ingest_answer_what_it_is_reading() {
    let _turn = MACHINE.read().await;
    for profile in PROFILES {
        let (address, run) = (own_address(), run_dir("killed-launcher"));
        let up = Up::start_with(address, &run, profile).until_ready().await;
        let processes = up.processes();
        let body = event("half_read");
        let mut client = TcpStream::connect((up.address, 3001)).await.unwrap();
        let head = format!(
            "POST /analytics HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n\
             expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        client.write_all(head.as_bytes()).await.unwrap();
        let mut begun = [0; 64];
        let read = client.read(&mut begun).await.unwrap();
        assert!(begun[..read].starts_with(b"HTTP/1.1 100"), "it has begun to read");
        let (first, second) = body.as_bytes().split_at(20);
        client.write_all(first).await.unwrap();
        let log = up.dir.join("logs/ingest.log");
        let (status, _) = up.end(Signal::SIGKILL).await;
        assert_eq!(status.code(), None);
        eventually("ingest drains", SOON, async || std::fs::read_to_string(&log).unwrap().contains("draining")).await;
        client.write_all(second).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        // Its neighbours end at the same time, so it may not be able to keep the event.
        let is_answered = answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.1 503");
        assert!(is_answered, "{answer:?}\n{}", std::fs::read_to_string(&log).unwrap());
        // It can be started again at once, although some processes may still be ending.
        let again = Up::start_with(address, &run, profile).until_ready().await;
        let left: Vec<_> = processes.iter().filter(|process| process.runs()).collect();
        assert!(left.is_empty(), "{left:?}");
        let words = std::fs::read_to_string(&log).unwrap();
        assert!(!words.contains("before the drain was done"), "{words}");
        again.end(Signal::SIGTERM).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_are_two_visitors_at_every_address() {
    let _turn = MACHINE.read().await;
    for profile in PROFILES {
        let up = Up::start_with(own_address(), &run_dir("visitors"), profile).until_ready().await;
        for client in ["127.9.9.1", "127.9.9.2", "127.9.9.1"] {
            let mut curl = Command::new("curl");
            curl.args(["--silent", "--show-error", "--fail", "--noproxy", "*", "--interface", client]);
            curl.args([
                "-H",
                "User-Agent: Mozilla/5.0",
                "-H",
                "Content-Type: application/json",
                "-d",
                &event("visitor"),
                &up.url(8080, "/analytics"),
            ]);
            let output = curl.output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
        let database = up.reader().await;
        let sql = "SELECT count(*), count(DISTINCT visitor_id) FROM analytics_events WHERE event_type = 'visitor'";
        eventually("two visitors", SOON, async || {
            let row = database.query_one(sql, &[]).await.unwrap();
            let (events, visitors): (i64, i64) = (row.get(0), row.get(1));
            assert!(events < 3 || visitors == 2, "{events} events of {visitors} visitors");
            events == 3
        })
        .await;
        up.end(Signal::SIGTERM).await;
    }
}

/// As Debian's package once installed it: a script that waits for the program instead of becoming it. The program
/// answers at Grafana's address.
fn stand_in_for_grafana(folder: &Path) {
    std::fs::create_dir_all(folder.join("bin")).unwrap();
    std::fs::create_dir_all(folder.join("conf")).unwrap();
    std::fs::write(folder.join("conf/defaults.ini"), "").unwrap();
    let script = "#!/bin/sh\n\
                  echo \"$GF_SECURITY_ADMIN_USER $GF_SECURITY_ADMIN_PASSWORD $@\"\n\
                  mkdir -p \"$HOME/www/api\" && touch \"$HOME/www/api/health\" && cd \"$HOME/www\"\n\
                  python3 -m http.server --bind \"$GF_SERVER_HTTP_ADDR\" \"$GF_SERVER_HTTP_PORT\"\n\
                  echo ended\n";
    let path = folder.join("bin/grafana");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(script.as_bytes()).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn grafana_ends_with_up_even_behind_a_wrapper_script() {
    let _turn = MACHINE.read().await;
    let (address, run) = (own_address(), run_dir("grafana"));
    let grafana = run.join("grafana");
    stand_in_for_grafana(&grafana);
    let path = format!("{}:{}", grafana.join("bin").display(), std::env::var("PATH").unwrap());
    let up = Up::start_in(address, &run, &PARTS, &[("PATH", &path)]).until_ready().await;
    let line = format!("http://{}/   login admin, password admin", SocketAddr::new(address, 3000));
    assert!(up.printed().contains(&line), "{}", up.printed());
    let said = std::fs::read_to_string(up.dir.join("logs/grafana.log")).unwrap();
    assert!(said.contains("admin admin server --homepath"), "{said}");
    let server = up.process("http.server").expect("the stand-in runs");
    let processes = up.processes();
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        // If only the script is killed, the program must not keep the port.
        let script = up.processes().into_iter().find(|process| process.command.contains("bin/grafana")).unwrap();
        send(script.pid, signal);
        eventually("another one runs", SOON, async || {
            up.process("http.server").is_some_and(|now| now.pid != server.pid) && is_served(address).await
        })
        .await;
    }
    let last = up.processes();
    let (status, printed) = up.end(Signal::SIGINT).await;
    assert!(status.success() && !printed.contains("killed after"), "{status}\n{printed}");
    assert_nothing_is_left(&[processes, last].concat(), &run);
}

async fn is_served(address: IpAddr) -> bool {
    let answer = Http::default().send("GET", &format!("http://{address}:3000/api/health"), &[], "").await;
    answer.is_some_and(|answer| answer.status == 200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_cannot_start_ends_a_first_start_with_its_reason() {
    let _turn = MACHINE.read().await;
    let run = run_dir("no-kafka");
    let all: serde_json::Value =
        serde_json::from_slice(&std::fs::read(checkout().join(".parts/parts.json")).unwrap()).unwrap();
    let mut parts = all;
    // Kafka's folder without Kafka: java says why it cannot start, and much else.
    parts["kafka_libs"] = run.to_str().unwrap().into();
    let file = run.join("parts.json");
    std::fs::write(&file, parts.to_string()).unwrap();
    let up = &mut Up::start_with(own_address(), &run, &["--parts", file.to_str().unwrap()]);
    let (status, printed) = up.ended().await;
    assert_eq!(status.code(), Some(1), "{printed}");
    assert!(printed.contains("kafka.tools.StorageTool") && !printed.contains("\tat "), "{printed}");
    assert!(that_name(&run).is_empty(), "{:?}", that_name(&run));
}
