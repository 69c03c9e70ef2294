//! What only a real process can show: signals, exit codes, the service manager's socket, standard output and error.
//! Drives `examples/probe.rs` as a child process.

#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in test functions only, not in their helpers")]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Longer than anything here takes.
const WAIT_MAX: Duration = Duration::from_secs(20);

fn probe() -> Command {
    // Cargo builds examples along with tests, next to this test's directory.
    let test = std::env::current_exe().unwrap();
    let program: PathBuf = test.parent().and_then(|deps| deps.parent()).unwrap().join("examples/probe");
    assert!(program.exists(), "{} is missing: cargo build -p footfall-daemon --example probe", program.display());
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn output(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    probe().args(arguments).envs(variables.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A running probe, and the service manager's socket that it reports to.
struct Running {
    child: Child,
    socket: UnixDatagram,
    messages: Vec<String>,
    log_path: PathBuf,
    _directory: tempfile::TempDir,
}

impl Running {
    fn start(variables: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let log_path = directory.path().join("log");
        let log = fs::File::create(&log_path).unwrap();
        let child = probe().envs(variables.iter().copied()).env("NOTIFY_SOCKET", &path).stderr(log).spawn().unwrap();
        Self { child, socket, messages: Vec::new(), log_path, _directory: directory }
    }

    /// Receives all pending messages.
    fn receive(&mut self) {
        let mut buffer = [0; 4096];
        while let Ok(length) = self.socket.recv(&mut buffer) {
            self.messages.extend(text(&buffer[..length]).lines().map(str::to_owned));
        }
    }

    fn receive_for(&mut self, duration: Duration) {
        let end = Instant::now() + duration;
        while Instant::now() < end {
            self.receive();
        }
    }

    fn wait_for(&mut self, message: &str) {
        let end = Instant::now() + WAIT_MAX;
        while !self.messages.iter().any(|other| other == message) {
            assert!(Instant::now() < end, "no {message} in {:?}; log: {}", self.messages, self.log());
            self.receive();
        }
    }

    fn count(&self, message: &str) -> usize {
        self.messages.iter().filter(|other| *other == message).count()
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + WAIT_MAX;
        loop {
            self.receive();
            if let Some(status) = self.child.try_wait().unwrap() {
                self.receive();
                return status;
            }
            assert!(Instant::now() < end, "still running; log: {}", self.log());
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log_path).unwrap()
    }

    fn log_lines(&self) -> Vec<serde_json::Value> {
        self.log()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
            .collect()
    }

    fn admin_address(&self) -> SocketAddr {
        let end = Instant::now() + WAIT_MAX;
        loop {
            let lines = self.log_lines();
            if let Some(address) = lines.iter().find_map(|line| line["admin"].as_str()) {
                return address.parse().unwrap();
            }
            assert!(Instant::now() < end, "no admin address in {}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Status and body.
    fn get(&self, page: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.admin_address()).unwrap();
        stream.write_all(format!("GET {page} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn ready_is_sent_once_and_only_when_every_condition_holds() {
    let mut probe = Running::start(&[("FOOTFALL_PROBE__READY_AFTER_MS", "700")]);
    probe.wait_for("STATUS=waiting for second (not yet known)");
    assert_eq!(probe.count("READY=1"), 0);
    assert_eq!(probe.get("/ready").0, 503, "the admin server answers while the daemon waits");
    assert_eq!(probe.get("/live").0, 200);
    probe.wait_for("READY=1");
    assert_eq!(probe.get("/ready").0, 200);
    probe.signal(Signal::SIGTERM);
    assert!(probe.wait().success());
    assert_eq!(probe.count("READY=1"), 1);
}

#[test]
fn sigterm_says_stopping_first_and_then_drains() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut probe = Running::start(&[("FOOTFALL_PROBE__DRAIN_MS", "500")]);
        probe.wait_for("READY=1");
        probe.messages.clear();
        probe.signal(signal);
        probe.wait_for("STOPPING=1");
        let (status, body) = probe.get("/ready");
        assert!(status == 503 && body.contains("\"stopping\":true"), "{status} {body}");
        assert_eq!(probe.get("/live").0, 200, "the admin server answers while the daemon drains");
        assert_eq!(probe.wait().code(), Some(0), "{}", probe.log());
        assert_eq!(probe.messages, ["STOPPING=1", "STATUS=draining"]);
        let drain = probe.log_lines().into_iter().find(|line| line["message"] == "asked to drain").unwrap();
        assert_eq!(drain["has_deadline"], true);
    }
}

#[test]
fn the_drain_deadline_ends_a_run_that_hangs_or_blocks() {
    for behaviour in ["hang_in_drain", "block_in_drain"] {
        let mut probe = Running::start(&[("FOOTFALL_PROBE__BEHAVIOUR", behaviour), ("FOOTFALL_DRAIN_MS_MAX", "400")]);
        probe.wait_for("READY=1");
        let start = Instant::now();
        probe.signal(Signal::SIGTERM);
        assert_eq!(probe.wait().code(), Some(1), "{behaviour}");
        let elapsed_ms = start.elapsed().as_millis();
        assert!((400..3000).contains(&elapsed_ms), "{behaviour}: {elapsed_ms} ms");
        assert!(probe.log().contains("not drained in time"), "{}", probe.log());
    }
}

#[test]
fn a_repeated_sigterm_does_not_cut_the_drain_short() {
    let mut probe = Running::start(&[("FOOTFALL_PROBE__DRAIN_MS", "500")]);
    probe.wait_for("READY=1");
    probe.signal(Signal::SIGTERM);
    probe.wait_for("STOPPING=1");
    // As the kernel sends it: once for each thread of a killed launcher.
    for _ in 0..3 {
        probe.signal(Signal::SIGTERM);
    }
    assert_eq!(probe.wait().code(), Some(0), "{}", probe.log());
}

#[test]
fn ctrl_c_ends_the_drain() {
    let mut probe = Running::start(&[("FOOTFALL_PROBE__BEHAVIOUR", "hang_in_drain")]);
    probe.wait_for("READY=1");
    probe.signal(Signal::SIGTERM);
    probe.wait_for("STOPPING=1");
    probe.signal(Signal::SIGINT);
    assert_eq!(probe.wait().code(), Some(1));
    let last = probe.log_lines().pop().unwrap();
    assert_eq!((last["level"].as_str(), last["signal"].as_str()), (Some("ERROR"), Some("SIGINT")), "{last}");
}

#[test]
fn a_signal_before_the_daemon_is_ready_ends_it() {
    let mut probe = Running::start(&[("FOOTFALL_PROBE__READY_AFTER_MS", "300")]);
    probe.wait_for("STATUS=waiting for second (not yet known)");
    probe.signal(Signal::SIGTERM);
    assert_eq!(probe.wait().code(), Some(0));
    assert_eq!(probe.count("READY=1"), 0);
}

#[test]
fn the_watchdog_is_fed_while_the_loop_moves_and_silent_while_it_stands_still() {
    let watchdog = ("WATCHDOG_USEC", "400000");
    let mut moving = Running::start(&[watchdog]);
    let mut standing = Running::start(&[watchdog, ("FOOTFALL_PROBE__BEHAVIOUR", "stand_still")]);
    for probe in [&mut moving, &mut standing] {
        probe.wait_for("READY=1");
    }
    thread::scope(|scope| {
        for probe in [&mut moving, &mut standing] {
            // By then, the tick that a loop starts with has been used up.
            scope.spawn(|| {
                probe.receive_for(Duration::from_millis(500));
                probe.messages.clear();
                probe.receive_for(Duration::from_millis(1000));
            });
        }
    });
    assert!(moving.count("WATCHDOG=1") >= 5, "{:?}", moving.messages);
    assert_eq!(standing.count("WATCHDOG=1"), 0);
    assert!(standing.log().contains("a loop has stopped"), "{}", standing.log());
}

#[test]
fn without_a_service_manager_the_daemon_runs_as_well() {
    let mut child = probe().spawn().unwrap();
    thread::sleep(Duration::from_millis(300));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_panic_in_a_task_is_logged_and_aborts() {
    let mut probe = Running::start(&[("FOOTFALL_PROBE__BEHAVIOUR", "panic")]);
    assert_eq!(probe.wait().signal(), Some(Signal::SIGABRT as i32));
    let last = probe.log_lines().pop().unwrap();
    assert_eq!(
        (last["level"].as_str(), last["message"].as_str()),
        (Some("ERROR"), Some("panic: on purpose")),
        "{last}"
    );
    assert!(last["location"].as_str().unwrap().contains("probe.rs:"), "{last}");
}

#[test]
fn a_run_that_fails_is_logged_and_exits_with_1() {
    let mut probe = Running::start(&[("FOOTFALL_PROBE__BEHAVIOUR", "fail")]);
    assert_eq!(probe.wait().code(), Some(1));
    assert_eq!(probe.log_lines().pop().unwrap()["error"], "on purpose");
    assert_eq!(probe.count("STOPPING=1"), 1);
}

#[test]
fn a_taken_admin_address_is_named_in_the_log() {
    let first = Running::start(&[]);
    let address = first.admin_address().to_string();
    let mut second = Running::start(&[("FOOTFALL_ADMIN__ADDRESS", &address)]);
    assert_eq!(second.wait().code(), Some(1));
    assert!(second.log().contains(&format!("admin.address {address} cannot be bound")), "{}", second.log());
}

#[test]
fn a_bad_configuration_or_command_line_exits_with_64() {
    let variables = [("FOOTFALL_PROBE__BEHAVIOR", "well"), ("FOOTFALL_DRAIN_MS_MAX", "soon")];
    for arguments in [&[][..], &["check-config"], &["print-config"]] {
        let output = output(arguments, &variables);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(output.stdout.is_empty());
        let mut lines: Vec<_> = text(&output.stderr).lines().collect();
        lines.sort_unstable();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("probe: configuration: drain_ms_max: "), "{lines:?}");
        assert!(lines[0].ends_with("(from environment variable FOOTFALL_DRAIN_MS_MAX)"), "{lines:?}");
        let unknown = "probe: configuration: probe.behavior: unknown key; did you mean probe.behaviour? \
                       (from environment variable FOOTFALL_PROBE__BEHAVIOR)";
        assert_eq!(lines[1], unknown);
    }
    assert_eq!(output(&["--no-such"], &[]).status.code(), Some(64));
    assert_eq!(output(&["--config", "/no/such.toml"], &[]).status.code(), Some(64));
    assert_eq!(output(&["--version"], &[]).status.code(), Some(0));
}

#[test]
fn the_file_is_named_before_or_after_the_command() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("probe.toml");
    fs::write(&path, "drain_ms_max = 77\n").unwrap();
    let path = path.to_str().unwrap();
    for arguments in [["--config", path, "print-config"], ["print-config", "--config", path]] {
        let output = output(&arguments, &[]);
        assert!(text(&output.stdout).starts_with("drain_ms_max = 77\n"), "{}", text(&output.stdout));
    }
    let good = output(&["check-config", "--config", path], &[]);
    assert_eq!((good.status.code(), text(&good.stdout)), (Some(0), "the configuration is good\n"));
}

#[test]
fn a_secret_from_a_credential_appears_in_no_output() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("probe.secret"), "hunter2\n").unwrap();
    let variable = ("CREDENTIALS_DIRECTORY", directory.path().to_str().unwrap());
    let printed = output(&["print-config"], &[variable]);
    assert!(text(&printed.stdout).contains("secret = \"***\""), "{}", text(&printed.stdout));

    let mut probe = Running::start(&[variable, ("FOOTFALL_LOG__LEVEL", "trace")]);
    probe.wait_for("READY=1");
    let pages = ["/ready", "/metrics"].map(|page| probe.get(page).1).join("");
    probe.signal(Signal::SIGTERM);
    assert!(probe.wait().success());
    let log = probe.log();
    assert!(log.contains("Secret(***)"), "the probe logs its secret's Debug form: {log}");
    let all = format!("{}{pages}{log}{:?}", text(&printed.stdout), probe.messages);
    assert!(!all.contains("hunter2"), "{all}");
}

#[test]
fn describe_tells_every_key_and_metric() {
    let output = output(&["describe"], &[]);
    assert!(output.status.success());
    let tables = text(&output.stdout);
    for line in [
        "| `probe.ready_after_ms` | integer | `0` | Milliseconds until its second condition holds. |",
        "| `probe.secret` | secret | none | Not shown anywhere. |",
        "| `footfall_probe_loops_total` | counter | Rounds of the loop. |",
        "| `footfall_build_info` | info | Name and version of the program. |",
    ] {
        assert!(tables.lines().any(|other| other == line), "{line} is missing from\n{tables}");
    }
    assert!(tables.contains("| `log.format` | auto \\| human \\| json \\| journald | `auto` |"), "{tables}");
}

#[test]
fn metrics_are_served_with_those_of_the_daemon() {
    let mut probe = Running::start(&[]);
    probe.wait_for("READY=1");
    let (status, body) = probe.get("/metrics");
    assert_eq!(status, 200);
    for name in ["footfall_probe_loops_total ", "process_resident_memory_bytes ", "footfall_ready 1"] {
        assert!(body.lines().any(|line| line.starts_with(name)), "{name} is missing from\n{body}");
    }
}
