//! A running program of an instance.

use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::error::{Error, Result};
use super::launch::Launch;
use super::log_text;
use super::process::Process;
use super::ready::Ready;

/// How long a process may take to become ready. A broker that had to recover its log on a busy machine took 14 s.
pub(crate) const READY_S_MAX: u64 = 120;
const POLL_MS: u64 = 50;
/// How often a process that takes longer than usual is asked.
const SLOW_POLL_MS: u64 = 500;
const SLOW_AFTER_S: u64 = 30;

/// How a process was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It ended after the signal, or before.
    Stopped,
    /// It did not end before the deadline and was killed.
    Killed,
}

/// A running program. Dropping it kills it.
#[derive(Debug)]
pub struct ManagedProcess {
    launch: Launch,
    ready: Ready,
    process: Process,
    /// Where in the log the output of this process begins.
    log_from: u64,
}

impl ManagedProcess {
    /// Starts the process once no other process holds its lock files.
    pub(crate) async fn spawn_alone(launch: Launch, ready: Ready) -> Result<Self> {
        let log_from = log_text::length(&launch.log);
        let process = launch.start_alone().await?;
        Ok(Self { launch, ready, process, log_from })
    }

    pub(crate) fn spawn(launch: Launch, ready: Ready) -> Result<Self> {
        let log_from = log_text::length(&launch.log);
        let process = launch.start()?;
        Ok(Self { launch, ready, process, log_from })
    }

    /// Waits until it answers a request like those of its users.
    ///
    /// # Errors
    /// Fails, with the reason from its log, if it ends or is not ready after two minutes.
    pub async fn wait_until_ready(&self) -> Result<()> {
        self.wait_until_ready_or(|waited, why| {
            if waited <= Duration::from_secs(READY_S_MAX) {
                return Ok(());
            }
            let (name, log) = (self.launch.name.clone(), self.reason());
            Err(Error::NotReady { name, seconds: READY_S_MAX, why, log })
        })
        .await
    }

    /// Waits until it is ready, and calls `not_ready` with the time that this has taken and the reason until then.
    ///
    /// # Errors
    /// Fails if it ends or `not_ready` returns an error.
    pub(crate) async fn wait_until_ready_or(
        &self,
        mut not_ready: impl FnMut(Duration, String) -> Result<()>,
    ) -> Result<()> {
        let started = Instant::now();
        loop {
            let answer = self.ready.check().await;
            // Looked at after the answer, which may come from another process at the same address.
            if let Some(status) = self.process.status() {
                return Err(Error::Ended { name: self.launch.name.clone(), status, log: self.reason() });
            }
            let Err(why) = answer else {
                return Ok(());
            };
            let waited = started.elapsed();
            not_ready(waited, why)?;
            let is_slow = waited > Duration::from_secs(SLOW_AFTER_S);
            tokio::time::sleep(Duration::from_millis(if is_slow { SLOW_POLL_MS } else { POLL_MS })).await;
        }
    }

    /// Its name, which is also the name of its log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.launch.name
    }

    /// The process id of the program itself, not of a wrapper.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid().as_raw().cast_unsigned()
    }

    /// The file with its output.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.launch.log
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log_end(&self) -> String {
        log_text::end(&self.launch.log)
    }

    /// What its log says about its end, in a few lines.
    #[must_use]
    pub fn reason(&self) -> String {
        log_text::reason(&self.launch.log, self.log_from)
    }

    /// Its exit status, if it has ended.
    #[must_use]
    pub fn status(&self) -> Option<ExitStatus> {
        self.process.status()
    }

    /// Resolves when the process has ended, for any reason.
    pub async fn ended(&self) -> ExitStatus {
        self.process.ended().await
    }

    /// Sends the signal for an orderly shutdown (a database closes its connections, a broker its log), and kills the
    /// process if it has not ended within `deadline`.
    pub async fn stop(&mut self, deadline: Duration) -> Ending {
        self.process.ask_to_stop(self.launch.stop_signal, deadline);
        if tokio::time::timeout(deadline, self.ended()).await.is_ok() {
            return Ending::Stopped;
        }
        self.kill().await;
        Ending::Killed
    }

    /// Kills all its processes with SIGKILL, like a crash, and waits until they are gone.
    pub async fn kill(&mut self) {
        self.process.kill_all();
        self.ended().await;
    }

    /// Restarts it with the same data, addresses and configuration, and waits until it is ready. If it is still
    /// running, it is killed first.
    ///
    /// # Errors
    /// As [`ManagedProcess::wait_until_ready`].
    pub async fn start_again(&mut self) -> Result<()> {
        self.kill().await;
        self.log_from = log_text::length(&self.launch.log);
        self.process = self.launch.start_alone().await?;
        self.wait_until_ready().await
    }
}
