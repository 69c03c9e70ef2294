//! Apache Kafka in KRaft mode: one node that is both broker and controller.

mod files;

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::error::{Error, Result};
use super::folders;
use super::launch::Launch;
use super::managed::ManagedProcess;
use super::memory;
use super::programs::Programs;
use super::ready::Ready;

pub use files::{BrokerFiles, Listen};

/// The heap of a broker that serves one appliance.
pub const HEAP_MIB: u32 = 512;
/// How long a broker without data may take to stop.
const STOP_MAX: Duration = Duration::from_secs(60);

/// A Kafka broker. It is a [`ManagedProcess`]: stopping it is a controlled shutdown.
#[derive(Debug)]
pub struct Kafka {
    process: ManagedProcess,
    address: SocketAddr,
}

impl Deref for Kafka {
    type Target = ManagedProcess;
    fn deref(&self) -> &ManagedProcess {
        &self.process
    }
}

impl DerefMut for Kafka {
    fn deref_mut(&mut self) -> &mut ManagedProcess {
        &mut self.process
    }
}

impl Kafka {
    /// Starts a broker as [`Kafka::spawn`] does, and waits until it answers with its metadata.
    ///
    /// # Errors
    /// Fails, with the last lines of `dir`/logs/kafka.log, if the broker does not start.
    pub async fn start(programs: &Programs, dir: &Path, address: IpAddr, port: u16) -> Result<Self> {
        let kafka = Self::spawn(programs, dir, address, port).await?;
        kafka.wait_until_ready().await?;
        Ok(kafka)
    }

    /// Starts a broker on `address`:`port`, its controller on the next port, with its data in `dir`/kafka, which is
    /// formatted on the first start.
    ///
    /// # Errors
    /// Fails if the data cannot be formatted or the broker cannot be run.
    pub async fn spawn(programs: &Programs, dir: &Path, address: IpAddr, port: u16) -> Result<Self> {
        Ok(Self::spawn_with(programs, dir, address, port, BrokerFiles::to_run).await?.0)
    }

    /// Runs a broker for a moment, and keeps what Java works out about Kafka's classes beside the jars: with it, a broker starts in less
    /// than half of the time, and has 34 MB less.
    ///
    /// # Errors
    /// As [`Kafka::start`], or if the jars' folder cannot be written to.
    pub async fn learn_classes(programs: &Programs, dir: &Path, address: IpAddr, port: u16) -> Result<()> {
        let (mut kafka, files) = Self::spawn_with(programs, dir, address, port, BrokerFiles::to_learn_classes).await?;
        kafka.wait_until_ready().await?;
        kafka.stop(STOP_MAX).await;
        files.keep_classes()
    }

    async fn spawn_with(
        programs: &Programs,
        dir: &Path,
        address: IpAddr,
        port: u16,
        arguments: impl Fn(&BrokerFiles) -> Vec<OsString>,
    ) -> Result<(Self, BrokerFiles)> {
        let address = SocketAddr::new(address, port);
        let folder = folders::make_private(dir, "kafka")?;
        let libs = programs.kafka_libs()?;
        let binds: Vec<_> = [folder.clone(), libs.to_owned()].into_iter().chain(files::kept_classes(libs)).collect();
        let java = |name: &str, arguments: Vec<OsString>| {
            Ok::<_, Error>(Launch {
                name: name.into(),
                program: programs.java()?.clone(),
                arguments,
                environment: Vec::new(),
                user: None,
                binds: binds.clone(),
                stop_signal: Signal::SIGTERM,
                lock_files: Vec::new(),
                log: folders::log(dir, "kafka")?,
            })
        };
        let files = BrokerFiles::write(&folder, libs, &address.into(), memory::heap_mib(HEAP_MIB))?;
        if let Some(arguments) = files.to_format()? {
            java("kafka format", arguments)?.run_to_end().await?;
            files.formatted()?;
        }
        let process = ManagedProcess::spawn(java("kafka", arguments(&files))?, Ready::Metadata(address))?;
        Ok((Self { process, address }, files))
    }

    /// Where it listens: the clients' bootstrap server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}
