//! `footfall migrate-profile`: an instance goes on as another profile, with all its data.
//!
//! Both profiles store in the same tables by the same writer, so what is stored needs nothing, and the ids in the ledger
//! remove what clients send again on both sides of the change. The one thing that a profile without Kafka would leave
//! behind is what Kafka holds and no sink has stored: on the way to it, that is stored first.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;

use super::addresses::Addresses;
use super::home::Home;
use super::profile::Profile;
use super::start::{DATABASE, sink};
use super::{UpError, load_programs};
use crate::port_holder;
use crate::processes::{Kafka, ManagedProcess, Postgres, Programs, Size};
use crate::progress::Steps;
use crate::topics;

const LOOK_AGAIN_MS: u64 = 200;
const KAFKA_S_MAX: u64 = 10;
const STOP_S_MAX: u64 = 30;
const NEXT_OFFSETS: &str = "SELECT topic, partition, next_offset FROM kafka_offsets";

/// What a person may choose.
#[derive(Debug, Clone)]
pub struct Options {
    /// The instance's folder.
    pub keep: PathBuf,
    /// What it is to be.
    pub to: Profile,
    /// The address that the parts listen on meanwhile.
    pub listen: IpAddr,
    /// The file that says where the programs are; they are looked for on PATH where none is named.
    pub parts: Option<PathBuf>,
    /// How long it may take to store what Kafka holds.
    pub wait_max: Duration,
}

/// Answers what the instance was before.
///
/// # Errors
/// There is no such instance, it runs, or Kafka holds what cannot be stored in time. It is then what it was.
pub async fn migrate_profile(options: &Options) -> Result<Profile, UpError> {
    let keep = std::path::absolute(&options.keep).map_err(|source| UpError::file(&options.keep, source))?;
    let Some(from) = Profile::of(&keep)? else { return Err(UpError::NoInstance(keep)) };
    if from == options.to {
        return Ok(from);
    }
    let home = Home::open(Some(&keep)).map_err(|source| UpError::file(&keep, source))?;
    // A broker that was never started holds nothing.
    if options.to == Profile::Light && keep.join("kafka/data").exists() {
        store_what_kafka_holds(options, home.path()).await?;
    }
    options.to.remember(home.path())?;
    Ok(from)
}

async fn store_what_kafka_holds(options: &Options, dir: &Path) -> Result<(), UpError> {
    let at = Addresses::on(options.listen, None);
    let taken = port_holder::taken(&at.wanted_by_sink())?;
    if !taken.is_empty() {
        return Err(UpError::PortsTaken(taken));
    }
    let programs = load_programs(options.parts.as_deref())?;
    let steps = Steps::new();
    let step = steps.begin("store what Kafka holds");
    let mut pipeline = Pipeline::default();
    let stored = pipeline.store(&programs, dir, at, options.wait_max).await;
    // In any case in order: what stops last has what the others left.
    pipeline.stop().await;
    match &stored {
        Ok(()) => step.done(""),
        Err(_) => step.failed("see below"),
    }
    stored
}

/// The parts by which Kafka's messages become rows.
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
        // Whether it is ready is not asked: what counts is what it stores.
        let sink = self.sink.insert(sink(dir, at, &writer)?.spawn(dir)?);
        let began = Instant::now();
        loop {
            let messages = left(at.kafka().to_string(), &database).await?;
            if messages == 0 {
                return Ok(());
            }
            if began.elapsed() >= wait_max || sink.status().is_some() {
                return Err(UpError::NotAllStored { messages, log: sink.log().to_owned() });
            }
            tokio::time::sleep(Duration::from_millis(LOOK_AGAIN_MS)).await;
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

/// How many messages Kafka holds that are not stored.
async fn left(brokers: String, database: &tokio_postgres::Config) -> Result<i64, UpError> {
    let asked = tokio::task::spawn_blocking(move || held(&brokers)).await;
    let held = asked.map_err(|error| UpError::file(Path::new("Kafka"), std::io::Error::other(error)))??;
    let client = footfall_store::connect(database).await.map_err(UpError::Ask)?;
    let rows = client.query(NEXT_OFFSETS, &[]).await.map_err(UpError::Ask)?;
    let stored = |topic: &str, partition: i32| {
        let row = rows.iter().find(|row| row.get::<_, &str>(0) == topic && row.get::<_, i32>(1) == partition);
        row.map(|row| row.get::<_, i64>(2))
    };
    let left = held.iter().map(|held| {
        // What a sink has stored beyond the end, or before the first, is none of Kafka's.
        let from = stored(held.topic, held.partition).unwrap_or(held.first).max(held.first);
        (held.end - from).max(0)
    });
    Ok(left.sum())
}

/// A partition's messages.
struct Held {
    topic: &'static str,
    partition: i32,
    first: i64,
    end: i64,
}

fn held(brokers: &str) -> Result<Vec<Held>, KafkaError> {
    let limit = Duration::from_secs(KAFKA_S_MAX);
    let consumer: BaseConsumer = ClientConfig::new().set("bootstrap.servers", brokers).create()?;
    let metadata = consumer.fetch_metadata(None, limit)?;
    let mut all = Vec::new();
    for topic in [topics::EVENTS, topics::OUTCOMES] {
        for known in metadata.topics().iter().filter(|known| known.name() == topic) {
            for partition in known.partitions() {
                let (first, end) = consumer.fetch_watermarks(topic, partition.id(), limit)?;
                all.push(Held { topic, partition: partition.id(), first, end });
            }
        }
    }
    Ok(all)
}

impl From<KafkaError> for UpError {
    fn from(error: KafkaError) -> Self {
        Self::Topics(error.into())
    }
}
