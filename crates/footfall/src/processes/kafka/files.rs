//! A broker's settings, its formatted data, and java's command lines.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::files;
use crate::processes::error::Result;
use crate::processes::reachable::reachable;

/// The settings of every broker; the NixOS module uses them too.
const SETTINGS: &str = include_str!("../../../../../nixos/kafka/server.properties");
const LOGGING: &str = include_str!("../../../../../nixos/kafka/log4j2.yaml");
const NODE_ID: u16 = 1;
/// What ends the name of the file beside the folder of jars with what Java has worked out about their classes. Java leaves it aside if
/// the jars or Java itself have changed.
const CLASSES: &str = "jsa";

/// Where a broker listens, and the name by which clients reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Its own address and port; the controller uses the next port.
    pub address: SocketAddr,
    /// The host name that clients on other machines use; the address by default.
    pub advertise: Option<String>,
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self { address, advertise: None }
    }
}

impl Listen {
    /// Only the broker itself connects to the controller, and an unspecified address cannot be connected to.
    fn controller(&self) -> SocketAddr {
        reachable(SocketAddr::new(self.address.ip(), self.address.port().saturating_add(1)))
    }
}

/// The files in a broker's folder, and the command lines that use them.
#[derive(Debug)]
pub struct BrokerFiles {
    folder: PathBuf,
    libs: PathBuf,
    heap_mib: u32,
    controller: SocketAddr,
}

impl BrokerFiles {
    /// Writes the broker's settings into `folder`; `libs` holds Kafka's jars.
    ///
    /// # Errors
    /// Fails if a file cannot be written.
    pub fn write(folder: &Path, libs: &Path, listen: &Listen, heap_mib: u32) -> Result<Self> {
        let broker =
            Self { folder: folder.to_owned(), libs: libs.to_owned(), heap_mib, controller: listen.controller() };
        let (properties, logging) = (broker.properties(), broker.logging());
        files::update(&properties, settings(listen, &broker.data()).as_bytes(), 0o644)?;
        let to_format = broker.format_properties();
        files::update(&to_format, settings(listen, &broker.partial_data()).as_bytes(), 0o644)?;
        files::update(&logging, LOGGING.as_bytes(), 0o644)?;
        Ok(broker)
    }

    /// Java's arguments to format the data, or `None` if it is already formatted. Call [`Self::formatted`] afterwards.
    ///
    /// # Errors
    /// Fails if the remains of an interrupted attempt cannot be removed.
    pub fn to_format(&self) -> Result<Option<Vec<OsString>>> {
        if self.data().join("meta.properties").exists() {
            return Ok(None);
        }
        let partial = self.partial_data();
        if partial.exists() {
            fs_err::remove_dir_all(&partial)?;
        }
        let options = ["-Xmx256m", "-XX:TieredStopAtLevel=1"];
        Ok(Some(self.java(&options, format_arguments(&self.format_properties(), self.controller))))
    }

    /// Syncs the formatted data and moves it into place. Kafka's tool does not sync: after a power cut within the first
    /// half minute, its files were empty and the broker could not start.
    ///
    /// # Errors
    /// Fails if the data cannot be synced or moved.
    pub fn formatted(&self) -> Result<()> {
        let (partial, data) = (self.partial_data(), self.data());
        for entry in fs_err::read_dir(&partial)? {
            sync(&entry?.path())?;
        }
        sync(&partial)?;
        fs_err::rename(&partial, &data)?;
        sync(&self.folder)
    }

    /// Java's arguments to run the broker.
    #[must_use]
    pub fn to_run(&self) -> Vec<OsString> {
        self.broker(None)
    }

    /// Java's arguments to run the broker, and to write to [`Self::new_classes`] at its end.
    pub(crate) fn to_learn_classes(&self) -> Vec<OsString> {
        self.broker(Some(&format!("-XX:ArchiveClassesAtExit={}", self.new_classes().display())))
    }

    /// Keeps what a broker has learned, for all that use the same jars.
    ///
    /// # Errors
    /// Fails if the broker wrote nothing, or the jars' folder cannot be written to.
    pub(crate) fn keep_classes(&self) -> Result<()> {
        let kept = self.libs.with_extension(CLASSES);
        let partial = kept.with_extension("partial");
        fs_err::copy(self.new_classes(), &partial)?;
        Ok(fs_err::rename(partial, kept)?)
    }

    fn broker(&self, option: Option<&str>) -> Vec<OsString> {
        let (least, most) = (format!("-Xms{}m", self.heap_mib), format!("-Xmx{}m", self.heap_mib));
        let mut options = vec![least.as_str(), most.as_str(), "-XX:+UseG1GC", "-Djava.awt.headless=true"];
        options.extend(option);
        self.java(&options, vec!["kafka.Kafka".into(), self.properties().into()])
    }

    fn java(&self, options: &[&str], arguments: Vec<OsString>) -> Vec<OsString> {
        let mut all: Vec<OsString> = options.iter().map(Into::into).collect();
        all.push(format!("-Dlog4j2.configurationFile={}", self.logging().display()).into());
        // Keeps scratch files of Java's libraries (jansi, lz4) inside the instance.
        all.push(format!("-Djava.io.tmpdir={}", self.folder.display()).into());
        all.push("-XX:-UsePerfData".into());
        if let Some(classes) = kept_classes(&self.libs) {
            all.push(format!("-XX:SharedArchiveFile={}", classes.display()).into());
        }
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

    fn new_classes(&self) -> PathBuf {
        self.folder.join("classes").with_extension(CLASSES)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn partial_data(&self) -> PathBuf {
        self.folder.join("data.partial")
    }

    fn format_properties(&self) -> PathBuf {
        self.folder.join("format.properties")
    }
}

/// The file with what Java has worked out about the classes of these jars, if there is one.
pub(super) fn kept_classes(libs: &Path) -> Option<PathBuf> {
    Some(libs.with_extension(CLASSES)).filter(|file| file.exists())
}

fn sync(path: &Path) -> Result<()> {
    Ok(fs_err::File::open(path)?.sync_all()?)
}

fn settings(listen: &Listen, data: &Path) -> String {
    let Listen { address, advertise } = listen;
    let controller = listen.controller();
    let port = address.port();
    let advertised = advertise.as_ref().map_or_else(|| address.to_string(), |name| format!("{name}:{port}"));
    format!(
        "{SETTINGS}\n\
         # This instance.\n\
         node.id={NODE_ID}\n\
         controller.quorum.bootstrap.servers={controller}\n\
         listeners=PLAINTEXT://{address},CONTROLLER://{controller}\n\
         advertised.listeners=PLAINTEXT://{advertised},CONTROLLER://{controller}\n\
         log.dirs={data}\n",
        data = data.display()
    )
}

/// The one controller is named instead of `--standalone`, which cannot read its own IPv6 address.
fn format_arguments(properties: &Path, controller: SocketAddr) -> Vec<OsString> {
    let first = format!("{NODE_ID}@{controller}:{}", random_id());
    let mut arguments: Vec<OsString> = ["kafka.tools.StorageTool", "format", "-t"].iter().map(Into::into).collect();
    arguments.push(random_id().into());
    arguments.extend(["--initial-controllers".into(), first.into(), "-c".into(), properties.into()]);
    arguments
}

/// A random id in Kafka's format: the 16 bytes of a UUID in URL-safe base64 without padding.
fn random_id() -> String {
    let mut bytes = uuid::Uuid::new_v4().into_bytes();
    // With the first bit clear, the id cannot begin with a dash, which the tool would take for an option.
    bytes[0] &= 0x7f;
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Listen, format_arguments, random_id, settings};
    use std::net::SocketAddr;

    #[test]
    fn an_id_is_accepted_by_kafka() {
        for _ in 0..1000 {
            let id = random_id();
            assert_eq!(id.len(), 22);
            assert!(!id.starts_with('-'));
            assert!(matches!(id.as_bytes()[21], b'A' | b'Q' | b'g' | b'w'));
        }
    }

    #[test]
    fn an_ipv6_controller_is_named_in_brackets() {
        let arguments = format_arguments("/d".as_ref(), "[::1]:9093".parse().unwrap());
        let named = arguments.iter().any(|argument| argument.to_str().unwrap().starts_with("1@[::1]:9093:"));
        assert!(named, "{arguments:?}");
    }

    #[test]
    fn broker_and_controller_listen_on_the_given_address_only() {
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
