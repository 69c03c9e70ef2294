//! The settings, with units and defaults.

use std::num::NonZeroUsize;

use footfall_daemon::{AdminConfig, Common, Configuration, FieldError, KafkaKeys, LogConfig, Secret};
use footfall_event::Limits;
use footfall_store::{RETRY_MS_MAX, RETRY_MS_MAX_RANGE, USER_AGENTS_MAX, WRITER_URL};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Configuration of footfall-sink.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where /live, /ready and /metrics are served.
    pub admin: AdminConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// How long a shutdown may take, in milliseconds.
    pub drain_ms_max: u64,
    /// Seconds between samples of the metrics, which are stored in the table pipeline_samples; 0 stores none.
    pub sample_interval_s: u16,
    /// Where events come from.
    pub kafka: KafkaConfig,
    /// Where events are stored.
    pub database: DatabaseConfig,
    /// When a batch is due.
    pub batch: BatchConfig,
    /// What is derived from an event before it is stored.
    pub enrichment: EnrichmentConfig,
    /// Limits on an event; one that exceeds them is quarantined.
    pub limits: Limits,
}

/// Where events come from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KafkaConfig {
    /// Bootstrap brokers: host:port, separated by commas.
    pub bootstrap_servers: String,
    /// Consumer group that shares the partitions among sinks. It holds no offsets; those are in PostgreSQL.
    pub group_id: String,
    /// Optional name of this sink within the group: unique to each sink, and the same after a restart. A named sink
    /// resumes its partitions as soon as it restarts; without a name, the group first waits for `session_ms_max` after
    /// a crash. Its samples are stored under this name, or under `sink` if it has none.
    pub group_instance_id: String,
    /// Topic of the events.
    pub events_topic: String,
    /// Topic of ingest's counts and samples.
    pub outcomes_topic: String,
    /// How long this sink may miss heartbeats before the group gives its partitions to others, in milliseconds.
    pub session_ms_max: u32,
    /// KiB of messages that may be fetched ahead of what is being stored.
    pub prefetch_kib_max: u32,
}

/// Where events are stored.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Connection string of PostgreSQL: `host=/run/postgresql user=footfall_writer dbname=analytics`, or a
    /// postgresql:// URL.
    #[serde(serialize_with = "footfall_store::mask_password")]
    pub url: String,
    /// Password, if the server requires one.
    pub password: Secret,
    /// The longest pause between attempts to reach the database, in milliseconds.
    pub retry_ms_max: u64,
}

/// A batch is due when it reaches one of these limits.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchConfig {
    /// Messages in a batch.
    pub rows_max: usize,
    /// Bytes of messages in a batch.
    pub bytes_max: usize,
    /// Age of the batch's first message, in milliseconds: the longest delay that batching adds.
    pub age_ms_max: u64,
}

/// What is derived from an event before it is stored.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrichmentConfig {
    /// Distinct user agents to cache, at least 1: a cached one is not parsed again. Each takes about half a KiB.
    pub user_agents_max: NonZeroUsize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            admin: AdminConfig::on_port(4195),
            log: LogConfig::default(),
            drain_ms_max: 20_000,
            sample_interval_s: 15,
            kafka: KafkaConfig {
                bootstrap_servers: KafkaKeys::DEFAULT.bootstrap_servers.into(),
                group_id: "footfall-sink".into(),
                group_instance_id: String::new(),
                events_topic: KafkaKeys::DEFAULT.events_topic.into(),
                outcomes_topic: KafkaKeys::DEFAULT.outcomes_topic.into(),
                session_ms_max: 10_000,
                prefetch_kib_max: 32 * 1024,
            },
            database: DatabaseConfig {
                url: WRITER_URL.into(),
                password: Secret::default(),
                retry_ms_max: RETRY_MS_MAX,
            },
            batch: BatchConfig { rows_max: 5_000, bytes_max: 8 * 1024 * 1024, age_ms_max: 20 },
            enrichment: EnrichmentConfig { user_agents_max: USER_AGENTS_MAX },
            limits: Limits::default(),
        }
    }
}

impl KafkaConfig {
    fn shared(&self) -> KafkaKeys<'_> {
        let Self { bootstrap_servers, events_topic, outcomes_topic, .. } = self;
        KafkaKeys { bootstrap_servers, events_topic, outcomes_topic }
    }
}

impl DatabaseConfig {
    /// Connection parameters, including the password.
    pub(crate) fn parameters(&self) -> Result<tokio_postgres::Config, FieldError> {
        footfall_store::parameters(&self.url, &self.password, "footfall-sink")
    }
}

impl Configuration for Config {
    fn common(&self) -> Common<'_> {
        Common { admin: &self.admin, log: &self.log, drain_ms_max: self.drain_ms_max }
    }

    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = self.kafka.shared().validate();
        errors.extend(FieldError::unless_filled("kafka.group_id", &self.kafka.group_id));
        for (field, value, range) in [
            // What brokers accept by default.
            ("kafka.session_ms_max", self.kafka.session_ms_max.into(), 6_000..=1_800_000),
            ("kafka.prefetch_kib_max", self.kafka.prefetch_kib_max.into(), 1024..=2_097_151),
            ("sample_interval_s", self.sample_interval_s.into(), 0..=3_600),
            ("batch.rows_max", self.batch.rows_max as u64, 1..=100_000),
            ("database.retry_ms_max", self.database.retry_ms_max, RETRY_MS_MAX_RANGE),
            ("batch.bytes_max", self.batch.bytes_max as u64, 1..=256 * 1024 * 1024),
        ] {
            errors.extend(FieldError::unless_within(field, value, range));
        }
        if self.kafka.group_instance_id.chars().count() > 100 {
            errors.push(FieldError::new("kafka.group_instance_id", "is longer than 100 characters"));
        }
        if let Err(message) = self.limits.validate() {
            errors.push(FieldError::new("limits", message));
        }
        errors.extend(self.database.parameters().err());
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}
