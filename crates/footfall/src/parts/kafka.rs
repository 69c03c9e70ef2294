//! Apache Kafka in KRaft mode, one node that is broker and controller.

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::ops::{Deref, DerefMut};
use std::path::Path;

use nix::sys::signal::Signal;

use super::error::{At as _, Error, Result};
use super::folders;
use super::launch::Launch;
use super::locations::Parts;
use super::part::Part;
use super::ready::Ready;

/// The settings that are the same everywhere; also what the NixOS module uses.
const SETTINGS: &str = include_str!("../../../../nixos/kafka/server.properties");
const LOGGING: &str = include_str!("../../../../nixos/kafka/log4j2.yaml");

/// A Kafka broker. It is a [`Part`]: stopping it is a controlled shutdown.
#[derive(Debug)]
pub struct Kafka {
    part: Part,
    address: SocketAddr,
}

impl Deref for Kafka {
    type Target = Part;
    fn deref(&self) -> &Part {
        &self.part
    }
}

impl DerefMut for Kafka {
    fn deref_mut(&mut self) -> &mut Part {
        &mut self.part
    }
}

impl Kafka {
    /// Starts a broker as [`Kafka::spawn`] does, and waits until it answers with its metadata.
    ///
    /// # Errors
    /// With the last lines of `dir`/logs/kafka.log where the broker says why.
    pub async fn start(parts: &Parts, dir: &Path, address: IpAddr, port: u16) -> Result<Self> {
        let kafka = Self::spawn(parts, dir, address, port).await?;
        kafka.wait_until_ready().await?;
        Ok(kafka)
    }

    /// Starts a broker on `address`:`port`, its controller on the next port, with its data in `dir`/kafka, which is
    /// formatted the first time.
    ///
    /// # Errors
    /// The data cannot be formatted, or the broker cannot be run.
    pub async fn spawn(parts: &Parts, dir: &Path, address: IpAddr, port: u16) -> Result<Self> {
        let address = SocketAddr::new(address, port);
        let folder = folders::make(dir, "kafka")?;
        let (properties, logging) = (folder.join("server.properties"), folder.join("log4j2.yaml"));
        let data = folder.join("data");
        std::fs::write(&properties, settings(address, &data)).at(&properties)?;
        std::fs::write(&logging, LOGGING).at(&logging)?;
        let java = |name: &str, options: &[&str], arguments: Vec<OsString>| {
            let mut all: Vec<OsString> = options.iter().map(Into::into).collect();
            all.push(format!("-Dlog4j2.configurationFile={}", logging.display()).into());
            // Java's own scratch files (jansi, lz4, performance data) stay inside the instance.
            all.push(format!("-Djava.io.tmpdir={}", folder.display()).into());
            all.push("-XX:-UsePerfData".into());
            all.push("-cp".into());
            all.push(parts.kafka_libs.join("*").into());
            all.extend(arguments);
            Ok::<_, Error>(Launch {
                name: name.into(),
                program: parts.java.clone(),
                arguments: all,
                environment: Vec::new(),
                user: None,
                binds: vec![folder.clone(), parts.kafka_libs.clone()],
                stop_signal: Signal::SIGTERM,
                lock_file: None,
                log: folders::log(dir, "kafka")?,
            })
        };
        if !data.join("meta.properties").exists() {
            let arguments = format_arguments(&properties);
            format(&java("kafka format", &["-Xmx256m", "-XX:TieredStopAtLevel=1"], arguments)?).await?;
        }
        let broker = java(
            "kafka",
            &["-Xms512m", "-Xmx512m", "-XX:+UseG1GC", "-Djava.awt.headless=true"],
            vec!["kafka.Kafka".into(), properties.into()],
        )?;
        Ok(Self { part: Part::spawn(broker, Ready::Metadata(address))?, address })
    }

    /// Where it listens: the clients' bootstrap server.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn settings(address: SocketAddr, data: &Path) -> String {
    let controller = SocketAddr::new(address.ip(), address.port().saturating_add(1));
    format!(
        "{SETTINGS}\n\
         # This instance.\n\
         node.id=1\n\
         controller.quorum.bootstrap.servers={controller}\n\
         listeners=PLAINTEXT://{address},CONTROLLER://{controller}\n\
         advertised.listeners=PLAINTEXT://{address},CONTROLLER://{controller}\n\
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
    use super::{cluster_id, settings};

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
        let text = settings("127.9.8.7:9092".parse().unwrap(), "/d".as_ref());
        let listeners = text.lines().find(|line| line.starts_with("listeners=")).unwrap();
        assert_eq!(listeners, "listeners=PLAINTEXT://127.9.8.7:9092,CONTROLLER://127.9.8.7:9093");
    }
}
