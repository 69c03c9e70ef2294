//! `footfall up` as a process, on its own address.

use std::io::{BufRead as _, BufReader, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use footfall_testkit::{checkout, connect, eventually};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio_postgres::Client;

use crate::processes::{Seen, descendants};

const READY_MAX: Duration = Duration::from_secs(120);
const END_MAX: Duration = Duration::from_secs(120);

/// A running launcher. Dropping it kills it and everything that it started.
pub(crate) struct Up {
    pub(crate) address: IpAddr,
    /// The instance's folder (`--keep`).
    pub(crate) dir: PathBuf,
    /// Where this test's instances register, separate from others on this machine.
    announced: PathBuf,
    launcher: Child,
    printed: Arc<Mutex<String>>,
}

impl Up {
    /// Starts it without waiting. `run` is the test's folder.
    pub(crate) fn start(address: IpAddr, run: &Path) -> Self {
        Self::start_with(address, run, &["--parts", ".parts/parts.json"])
    }

    /// Starts it with these additional arguments, which say where the programs are.
    pub(crate) fn start_with(address: IpAddr, run: &Path, further: &[&str]) -> Self {
        Self::start_in(address, run, further, &[])
    }

    /// Starts it with these additional arguments and environment variables.
    pub(crate) fn start_in(address: IpAddr, run: &Path, further: &[&str], variables: &[(&str, &str)]) -> Self {
        let (dir, announced) = (run.join("instance"), run.join("announced"));
        std::fs::create_dir_all(&announced).unwrap();
        let mut command = Command::new(footfall());
        command.args(["up", "--listen", &address.to_string(), "--share", "."]).args(further);
        command.arg("--keep").arg(&dir).env("XDG_RUNTIME_DIR", &announced).current_dir(checkout());
        command.envs(variables.iter().copied()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut launcher = command.spawn().expect("footfall is built beside the tests");
        let printed = Arc::default();
        keep_lines(launcher.stdout.take().unwrap(), &printed);
        keep_lines(launcher.stderr.take().unwrap(), &printed);
        Self { address, dir, announced, launcher, printed }
    }

    /// Starts it and waits until it says that everything is ready.
    pub(crate) async fn ready(address: IpAddr, run: &Path) -> Self {
        Self::start(address, run).until_ready().await
    }

    /// Waits until it says that everything is ready.
    pub(crate) async fn until_ready(mut self) -> Self {
        let up = &mut self;
        eventually("everything is ready", READY_MAX, async || {
            assert!(up.launcher.try_wait().unwrap().is_none(), "{}", up.printed());
            up.printed().contains("Everything is ready")
        })
        .await;
        self
    }

    /// Everything that it has printed so far.
    pub(crate) fn printed(&self) -> String {
        self.printed.lock().unwrap().clone()
    }

    pub(crate) fn processes(&self) -> Vec<Seen> {
        descendants(self.launcher.id())
    }

    pub(crate) fn process(&self, name: &str) -> Option<Seen> {
        self.processes().into_iter().find(|process| process.command.contains(name))
    }

    /// Sends a signal and waits for the end; returns its status and everything that it printed.
    pub(crate) async fn end(mut self, signal: Signal) -> (ExitStatus, String) {
        kill(Pid::from_raw(self.launcher.id().cast_signed()), signal).unwrap();
        self.ended().await
    }

    /// Waits for it to end by itself.
    pub(crate) async fn ended(&mut self) -> (ExitStatus, String) {
        let mut status = None;
        eventually("the launcher has ended", END_MAX, async || {
            status = self.launcher.try_wait().unwrap();
            // Its output is complete when both readers have released it.
            status.is_some() && Arc::strong_count(&self.printed) == 1
        })
        .await;
        (status.unwrap(), self.printed())
    }

    /// `footfall psql -- -c SQL`, as in the guide.
    pub(crate) fn psql(&self, sql: &str) -> String {
        self.command(&["psql", "--", "-c", sql])
    }

    /// Runs a command on this instance, which must succeed; returns what it printed.
    pub(crate) fn command(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(footfall());
        let output = command.args(arguments).env("XDG_RUNTIME_DIR", &self.announced).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{out}\n{err}");
        out.into_owned()
    }

    /// A connection with the dashboards' role.
    pub(crate) async fn reader(&self) -> Client {
        let socket = self.dir.join("run");
        let config = format!("host='{}' user=footfall_reader dbname=analytics", socket.display());
        connect(&config.parse().unwrap()).await
    }

    pub(crate) fn url(&self, port: u16, path: &str) -> String {
        format!("http://{}:{port}{path}", self.address)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.launcher.kill();
        let _ = self.launcher.wait();
    }
}

/// The program, which is one folder above the tests.
pub(crate) fn footfall() -> PathBuf {
    std::env::current_exe().unwrap().parent().and_then(Path::parent).unwrap().join("footfall")
}

fn keep_lines(from: impl Read + Send + 'static, printed: &Arc<Mutex<String>>) {
    let printed = Arc::clone(printed);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines() {
            let mut printed = printed.lock().unwrap();
            printed.push_str(&line.unwrap());
            printed.push('\n');
        }
    });
}
