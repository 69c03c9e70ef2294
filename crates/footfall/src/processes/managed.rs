//! One part under way, whichever program it is.

use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::error::{Error, Result};
use super::launch::Launch;
use super::process::Process;
use super::ready::Ready;

/// How long a part may take to be ready. A broker whose log must be recovered on a busy machine needed 14 s.
const READY_S_MAX: u64 = 120;
const ASK_AGAIN_MS: u64 = 50;

/// How a part was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It ended by itself when it was asked to, or had ended before.
    Stopped,
    /// It did not end before the deadline and was killed.
    Killed,
}

/// A program under way. Dropping it kills it.
#[derive(Debug)]
pub struct ManagedProcess {
    launch: Launch,
    ready: Ready,
    process: Process,
}

impl ManagedProcess {
    /// Starts the process, once no other one holds its lock files.
    pub(crate) async fn spawn_alone(launch: Launch, ready: Ready) -> Result<Self> {
        let process = launch.start_alone().await?;
        Ok(Self { launch, ready, process })
    }

    /// Starts the process.
    pub(crate) fn spawn(launch: Launch, ready: Ready) -> Result<Self> {
        let process = launch.start()?;
        Ok(Self { launch, ready, process })
    }

    /// Waits until it answers as its users will ask.
    ///
    /// # Errors
    /// It ended, or was not ready after two minutes; either with the last lines of its log.
    pub async fn wait_until_ready(&self) -> Result<()> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.process.status() {
                return Err(Error::Ended { name: self.launch.name.clone(), status, log: self.launch.log_end() });
            }
            let Err(why) = self.ready.ask().await else {
                return Ok(());
            };
            if started.elapsed() > Duration::from_secs(READY_S_MAX) {
                return Err(Error::NotReady {
                    name: self.launch.name.clone(),
                    seconds: READY_S_MAX,
                    why,
                    log: self.launch.log_end(),
                });
            }
            tokio::time::sleep(Duration::from_millis(ASK_AGAIN_MS)).await;
        }
    }

    /// The part's name, also the name of its log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.launch.name
    }

    /// The process id of the program itself (not of one that started it).
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid().as_raw().cast_unsigned()
    }

    /// The file that everything it prints is added to.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.launch.log
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log_end(&self) -> String {
        self.launch.log_end()
    }

    /// How it ended, if it did.
    #[must_use]
    pub fn status(&self) -> Option<ExitStatus> {
        self.process.status()
    }

    /// Resolves when the process has ended, for whatever reason.
    pub async fn ended(&self) -> ExitStatus {
        self.process.ended().await
    }

    /// Asks the part to end, in its own way (a database closes its connections, a broker its log), and kills it
    /// where it has not ended within `deadline`.
    pub async fn stop(&mut self, deadline: Duration) -> Ending {
        self.process.signal(self.launch.stop_signal);
        if tokio::time::timeout(deadline, self.ended()).await.is_ok() {
            return Ending::Stopped;
        }
        self.kill().await;
        Ending::Killed
    }

    /// Kills all its processes with SIGKILL, as a crash would, and waits until they are gone.
    pub async fn kill(&mut self) {
        self.process.kill_all();
        self.ended().await;
    }

    /// Starts it again with the same data, addresses and configuration, and waits until it is ready. A process that
    /// still runs is killed first.
    ///
    /// # Errors
    /// As [`ManagedProcess::wait_until_ready`].
    pub async fn start_again(&mut self) -> Result<()> {
        self.kill().await;
        self.process = self.launch.start_alone().await?;
        self.wait_until_ready().await
    }
}
