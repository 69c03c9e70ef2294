//! Apache Kafka in KRaft mode, one node that is broker and controller.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use super::error::{At as _, Error, Result};
use super::folders;
use super::launch::Launch;
use super::locations::Programs;
use super::managed::ManagedProcess;
use super::memory;
use super::nginx::from_here;
use super::ready::Ready;

/// The settings that are the same everywhere; also what the NixOS module uses.
const SETTINGS: &str = include_str!("../../../../nixos/kafka/server.properties");
const LOGGING: &str = include_str!("../../../../nixos/kafka/log4j2.yaml");

/// A Kafka broker. It is a [`ManagedProcess`]: stopping it is a controlled shutdown.
#[derive(Debug)]
pub struct Kafka {
    part: ManagedProcess,
    address: SocketAddr,
}

impl Deref for Kafka {
    type Target = ManagedProcess;
    fn deref(&self) -> &ManagedProcess {
        &self.part
    }
}

impl DerefMut for Kafka {
    fn deref_mut(&mut self) -> &mut ManagedProcess {
        &mut self.part
    }
}

impl Kafka {
    /// Starts a broker as [`Kafka::spawn`] does, and waits until it answers with its metadata.
    ///
    /// # Errors
    /// With the last lines of `dir`/logs/kafka.log where the broker says why.
    pub async fn start(programs: &Programs, dir: &Path, address: IpAddr, port: u16) -> Result<Self> {
        let kafka = Self::spawn(programs, dir, address, port).await?;
        kafka.wait_until_ready().await?;
        Ok(kafka)
    }

    /// Starts a broker on `address`:`port`, its controller on the next port, with its data in `dir`/kafka, which is
    /// formatted the first time.
    ///
    /// # Errors
    /// The data cannot be formatted, or the broker cannot be run.
    pub async fn spawn(programs: &Programs, dir: &Path, address: IpAddr, port: u16) -> Result<Self> {
        let address = SocketAddr::new(address, port);
        let folder = folders::make(dir, "kafka")?;
        let java = |name: &str, arguments: Vec<OsString>| {
            Ok::<_, Error>(Launch {
                name: name.into(),
                program: programs.java()?.clone(),
                arguments,
                environment: Vec::new(),
                user: None,
                binds: vec![folder.clone(), programs.kafka_libs()?.to_owned()],
                stop_signal: Signal::SIGTERM,
                lock_files: Vec::new(),
                log: folders::log(dir, "kafka")?,
            })
        };
        let files = Files::write(&folder, programs.kafka_libs()?, &address.into(), memory::heap_mib(HEAP_MIB))?;
        if let Some(arguments) = files.to_format()? {
            format(&java("kafka format", arguments)?).await?;
            files.formatted()?;
        }
        Ok(Self { part: ManagedProcess::spawn(java("kafka", files.to_run())?, Ready::Metadata(address))?, address })
    }

    /// Where it listens: the clients' bootstrap server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// The heap of a broker that serves one appliance.
pub const HEAP_MIB: u32 = 512;

/// Where a broker listens and what it is called by its clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Its own address and port; the controller has the next port.
    pub address: SocketAddr,
    /// The host name that clients on other machines know it by; the address where none is named.
    pub advertise: Option<String>,
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self { address, advertise: None }
    }
}

/// A broker's folder with the files that it is started with, and the command lines of java.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    libs: PathBuf,
    heap_mib: u32,
}

impl Files {
    /// Writes the broker's settings into `folder`; `libs` holds Kafka's jars.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(folder: &Path, libs: &Path, listen: &Listen, heap_mib: u32) -> Result<Self> {
        let files = Self { folder: folder.to_owned(), libs: libs.to_owned(), heap_mib };
        let (properties, logging) = (files.properties(), files.logging());
        std::fs::write(&properties, settings(listen, &files.data())).at(&properties)?;
        let to_format = files.properties_to_format();
        std::fs::write(&to_format, settings(listen, &files.half_formatted())).at(&to_format)?;
        std::fs::write(&logging, LOGGING).at(&logging)?;
        Ok(files)
    }

    /// What java is told to format the data; nothing where that was done. [`Self::formatted`] completes it.
    ///
    /// # Errors
    /// What an attempt left that was cut off cannot be removed.
    pub fn to_format(&self) -> Result<Option<Vec<OsString>>> {
        if self.data().join("meta.properties").exists() {
            return Ok(None);
        }
        let half = self.half_formatted();
        if half.exists() {
            std::fs::remove_dir_all(&half).at(&half)?;
        }
        let options = ["-Xmx256m", "-XX:TieredStopAtLevel=1"];
        Ok(Some(self.java(&options, format_arguments(&self.properties_to_format()))))
    }

    /// Puts the formatted data in its place. Kafka's tool syncs nothing: after a power cut in the first half minute the
    /// files were there and empty, and the broker never started again.
    ///
    /// # Errors
    /// The data cannot be synced or moved.
    pub fn formatted(&self) -> Result<()> {
        let (half, data) = (self.half_formatted(), self.data());
        for entry in std::fs::read_dir(&half).at(&half)? {
            let path = entry.at(&half)?.path();
            sync(&path)?;
        }
        sync(&half)?;
        std::fs::rename(&half, &data).at(&data)?;
        sync(&self.folder)
    }

    /// What java is told to run the broker.
    #[must_use]
    pub fn to_run(&self) -> Vec<OsString> {
        let (least, most) = (format!("-Xms{}m", self.heap_mib), format!("-Xmx{}m", self.heap_mib));
        let options = [least.as_str(), most.as_str(), "-XX:+UseG1GC", "-Djava.awt.headless=true"];
        self.java(&options, vec!["kafka.Kafka".into(), self.properties().into()])
    }

    fn java(&self, options: &[&str], arguments: Vec<OsString>) -> Vec<OsString> {
        let mut all: Vec<OsString> = options.iter().map(Into::into).collect();
        all.push(format!("-Dlog4j2.configurationFile={}", self.logging().display()).into());
        // Java's own scratch files (jansi, lz4, performance data) stay inside the instance.
        all.push(format!("-Djava.io.tmpdir={}", self.folder.display()).into());
        all.push("-XX:-UsePerfData".into());
        all.push("-cp".into());
        all.push(self.libs.join("*").into());
        all.extend(arguments);
        all
    }

    fn properties(&self) -> PathBuf {
        self.folder.join("server.properties")
    }

    fn logging(&self) -> PathBuf {
        self.folder.join("log4j2.yaml")
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn half_formatted(&self) -> PathBuf {
        self.folder.join("data.partial")
    }

    fn properties_to_format(&self) -> PathBuf {
        self.folder.join("format.properties")
    }
}

fn sync(path: &Path) -> Result<()> {
    std::fs::File::open(path).and_then(|opened| opened.sync_all()).at(path)
}

fn settings(listen: &Listen, data: &Path) -> String {
    let Listen { address, advertise } = listen;
    // Nobody but the broker itself asks the controller, and it could not ask the address that stands for all.
    let controller = from_here(SocketAddr::new(address.ip(), address.port().saturating_add(1)));
    let port = address.port();
    let advertised = advertise.as_ref().map_or_else(|| address.to_string(), |name| format!("{name}:{port}"));
    format!(
        "{SETTINGS}\n\
         # This instance.\n\
         node.id=1\n\
         controller.quorum.bootstrap.servers={controller}\n\
         listeners=PLAINTEXT://{address},CONTROLLER://{controller}\n\
         advertised.listeners=PLAINTEXT://{advertised},CONTROLLER://{controller}\n\
         log.dirs={data}\n",
        data = data.display()
    )
}

fn format_arguments(properties: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> =
        ["kafka.tools.StorageTool", "format", "--standalone", "-t"].iter().map(Into::into).collect();
    arguments.push(cluster_id().into());
    arguments.push("-c".into());
    arguments.push(properties.into());
    arguments
}

/// A random id in Kafka's form: the 16 bytes of a UUID in URL-safe base64 without padding, not beginning with a dash
/// (the tool would take it for an option).
fn cluster_id() -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let number = uuid::Uuid::new_v4().as_u128();
    // 128 bits are 21 letters of six bits and a last one of two; the first letter is held to 0..=31.
    (0..22)
        .map(|index: u32| {
            let six = match index {
                0 => (number >> 122) & 31,
                21 => (number & 3) << 4,
                _ => (number >> (122 - 6 * index)) & 63,
            };
            usize::try_from(six).ok().and_then(|letter| LETTERS.get(letter)).map_or('A', |letter| char::from(*letter))
        })
        .collect()
}

async fn format(tool: &Launch) -> Result<()> {
    let status = tool.start()?.ended().await;
    if status.success() {
        return Ok(());
    }
    Err(Error::Ended { name: tool.name.clone(), status, log: tool.log_end() })
}

#[cfg(test)]
mod tests {
    use super::{Listen, cluster_id, settings};
    use std::net::SocketAddr;

    #[test]
    fn a_cluster_id_is_what_kafka_accepts() {
        for _ in 0..1000 {
            let id = cluster_id();
            assert_eq!(id.len(), 22);
            assert!(!id.starts_with('-'));
            assert!(matches!(id.as_bytes()[21], b'A' | b'Q' | b'g' | b'w'));
        }
    }

    #[test]
    fn nothing_listens_on_another_address() {
        let text = settings(&"127.9.8.7:9092".parse::<SocketAddr>().unwrap().into(), "/d".as_ref());
        let listeners = text.lines().find(|line| line.starts_with("listeners=")).unwrap();
        assert_eq!(listeners, "listeners=PLAINTEXT://127.9.8.7:9092,CONTROLLER://127.9.8.7:9093");
    }

    #[test]
    fn clients_are_told_the_name_that_they_can_reach() {
        let address = "192.168.1.2:9092".parse().unwrap();
        let text = settings(&Listen { address, advertise: Some("kafka.lan".into()) }, "/d".as_ref());
        let advertised = text.lines().find(|line| line.starts_with("advertised.listeners=")).unwrap();
        assert_eq!(advertised, "advertised.listeners=PLAINTEXT://kafka.lan:9092,CONTROLLER://192.168.1.2:9093");
    }

    #[test]
    fn on_all_addresses_the_controller_is_still_the_brokers_own() {
        let listen = Listen { address: "0.0.0.0:9092".parse().unwrap(), advertise: Some("kafka".into()) };
        let text = settings(&listen, "/d".as_ref());
        assert!(text.contains("\nlisteners=PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093\n"), "{text}");
        assert!(text.contains("\nadvertised.listeners=PLAINTEXT://kafka:9092,CONTROLLER://127.0.0.1:9093\n"), "{text}");
    }
}
