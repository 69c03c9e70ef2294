//! `footfall migrate-profile`: changes the profile of an instance and keeps all its data.
//!
//! Both profiles use the same tables and the same writer, so stored rows stay as they are, and the ledger of event ids
//! also recognises events that clients send both before and after the change. Without Kafka, only its messages that no
//! sink has stored would be lost: they are stored before an instance becomes light.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;

use super::addresses::Addresses;
use super::error::UpError;
use super::instance_dir::InstanceDir;
use super::profile::Profile;
use super::start::{DATABASE, sink};
use crate::port_holder;
use crate::processes::{Kafka, ManagedProcess, Postgres, Programs, Size};
use crate::progress::Steps;
use crate::topics;

const POLL_MS: u64 = 200;
const KAFKA_S_MAX: u64 = 10;
const STOP_S_MAX: u64 = 30;
const NEXT_OFFSETS: &str = "SELECT topic, partition, next_offset FROM kafka_offsets";

/// Which instance to change, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The instance's folder.
    pub keep: PathBuf,
    /// The new profile.
    pub to: Profile,
    /// The address that the servers listen on during the change.
    pub listen: IpAddr,
    /// The file with the programs' paths; without one, they are looked up on PATH.
    pub programs_file: Option<PathBuf>,
    /// How long it may take to store the messages in Kafka.
    pub wait_max: Duration,
}

/// Changes the profile and returns the previous one.
///
/// # Errors
/// Fails if there is no such instance, it is running, or Kafka holds messages that could not be stored in time. The
/// profile is then unchanged.
pub async fn run(options: &Options) -> Result<Profile, UpError> {
    let keep = std::path::absolute(&options.keep)?;
    let Some(from) = Profile::of(&keep)? else { return Err(UpError::NoInstance(keep)) };
    if from == options.to {
        return Ok(from);
    }
    let instance_dir = InstanceDir::open(Some(&keep))?;
    // A broker that was never started holds no messages.
    if options.to == Profile::Light && keep.join("kafka/data").exists() {
        store_what_kafka_holds(options, instance_dir.path()).await?;
    }
    options.to.remember(instance_dir.path())?;
    Ok(from)
}

async fn store_what_kafka_holds(options: &Options, dir: &Path) -> Result<(), UpError> {
    let at = Addresses::on(options.listen, None);
    let taken = port_holder::taken(&at.wanted_by_sink())?;
    if !taken.is_empty() {
        return Err(UpError::PortsTaken(taken));
    }
    let programs = Programs::find(options.programs_file.as_deref())?;
    let steps = Steps::new();
    let step = steps.begin("store what Kafka holds");
    let mut pipeline = Pipeline::default();
    let stored = pipeline.store(&programs, dir, at, options.wait_max).await;
    // Also after an error: stopped in order, each can still store what the one before it sent.
    pipeline.stop().await;
    match &stored {
        Ok(()) => step.done(""),
        Err(_) => step.failed("see below"),
    }
    stored
}

/// The processes that turn Kafka's messages into rows.
#[derive(Default)]
struct Pipeline {
    postgres: Option<Postgres>,
    kafka: Option<Kafka>,
    sink: Option<ManagedProcess>,
}

impl Pipeline {
    async fn store(
        &mut self,
        programs: &Programs,
        dir: &Path,
        at: Addresses,
        wait_max: Duration,
    ) -> Result<(), UpError> {
        let postgres = Postgres::spawn(programs, dir, at.ip(), at.postgres().port(), Size::Full).await?;
        let postgres = self.postgres.insert(postgres);
        postgres.wait_until_ready().await?;
        let database = postgres.admin(DATABASE);
        let writer = postgres.url("footfall_writer", DATABASE);
        footfall_store::prepare(&database).await?;
        self.kafka.insert(Kafka::spawn(programs, dir, at.ip(), at.kafka().port()).await?).wait_until_ready().await?;
        // Its readiness does not matter: the loop below checks what it has stored.
        let sink = self.sink.insert(sink(dir, at, &writer)?.spawn(dir)?);
        let began = Instant::now();
        loop {
            let messages = count_unstored(at.kafka().to_string(), &database).await?;
            if messages == 0 {
                return Ok(());
            }
            if began.elapsed() >= wait_max || sink.status().is_some() {
                return Err(UpError::NotAllStored { messages, log: sink.log().to_owned() });
            }
            tokio::time::sleep(Duration::from_millis(POLL_MS)).await;
        }
    }

    async fn stop(self) {
        let deadline = Duration::from_secs(STOP_S_MAX);
        if let Some(mut sink) = self.sink {
            sink.stop(deadline).await;
        }
        if let Some(mut kafka) = self.kafka {
            kafka.stop(deadline).await;
        }
        if let Some(mut postgres) = self.postgres {
            postgres.stop(deadline).await;
        }
    }
}

/// How many messages in Kafka are not stored.
async fn count_unstored(brokers: String, database: &tokio_postgres::Config) -> Result<i64, UpError> {
    let ranges = tokio::task::spawn_blocking(move || partition_ranges(&brokers)).await;
    let ranges = ranges.map_err(std::io::Error::other)??;
    let client = footfall_store::connect(database).await.map_err(UpError::StoredOffsets)?;
    let rows = client.query(NEXT_OFFSETS, &[]).await.map_err(UpError::StoredOffsets)?;
    let stored = |topic: &str, partition: i32| {
        let row = rows.iter().find(|row| row.get::<_, &str>(0) == topic && row.get::<_, i32>(1) == partition);
        row.map(|row| row.get::<_, i64>(2))
    };
    let unstored = ranges.iter().map(|range| {
        // The stored offset may be outside Kafka's range: messages expire, and a topic may have been recreated.
        let from = stored(range.topic, range.partition).unwrap_or(range.first).max(range.first);
        (range.end - from).max(0)
    });
    Ok(unstored.sum())
}

/// The range of offsets that Kafka has for one partition.
struct PartitionRange {
    topic: &'static str,
    partition: i32,
    first: i64,
    end: i64,
}

fn partition_ranges(brokers: &str) -> Result<Vec<PartitionRange>, KafkaError> {
    let limit = Duration::from_secs(KAFKA_S_MAX);
    let consumer: BaseConsumer = ClientConfig::new().set("bootstrap.servers", brokers).create()?;
    let metadata = consumer.fetch_metadata(None, limit)?;
    let mut all = Vec::new();
    for topic in [topics::EVENTS, topics::OUTCOMES] {
        for known in metadata.topics().iter().filter(|known| known.name() == topic) {
            for partition in known.partitions() {
                let (first, end) = consumer.fetch_watermarks(topic, partition.id(), limit)?;
                all.push(PartitionRange { topic, partition: partition.id(), first, end });
            }
        }
    }
    Ok(all)
}
