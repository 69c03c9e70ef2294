//! The settings, with their units and defaults.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;

use footfall_daemon::{AdminConfig, Common, Configuration, FieldError, KafkaKeys, LogConfig, Secret, networks};
use footfall_event::{Limits, MASKED_NAMES};
use footfall_store::{RETRY_MS_MAX, RETRY_MS_MAX_RANGE, USER_AGENTS_MAX, WRITER_URL};
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::country::Countries;
use crate::watched::Watched;

/// Configuration of footfall-ingest.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port that events are posted to; ignored if systemd passes a socket (footfall-ingest.socket).
    pub listen: SocketAddr,
    /// Name under which this instance's counts and samples are stored; unique per instance, at most 100 characters.
    pub instance: String,
    /// Where /live, /ready and /metrics are served.
    pub admin: AdminConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// How long a shutdown may take, in milliseconds.
    pub drain_ms_max: u64,
    /// Seconds between samples of the metrics, which are stored in the table pipeline_samples; 0 disables them.
    pub sample_interval_s: u16,
    /// Where events go: to Kafka, from which footfall-sink stores them, or straight into PostgreSQL (the light
    /// profile).
    pub store: Store,
    /// Limits on connections and requests.
    pub http: HttpConfig,
    /// Where events go with `store = "kafka"`.
    pub kafka: KafkaConfig,
    /// Where events go with `store = "postgresql"`.
    pub database: DatabaseConfig,
    /// What is known about a visitor.
    pub privacy: PrivacyConfig,
    /// How much may be sent.
    pub rates: RatesConfig,
    /// Who may write, and for which sites.
    pub sites: SitesConfig,
    /// How full a disk may become.
    pub disk: DiskConfig,
    /// Who may import history, with events older than `limits.past_ms_max`.
    pub import: ImportConfig,
    /// Limits on events.
    pub limits: Limits,
}

/// Limits on connections and requests.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Maximum number of concurrent connections; further ones wait to be accepted.
    pub connections_max: usize,
    /// Time that a connection may go without a request in progress, in milliseconds: reading the response, sitting idle
    /// and sending the next request's head, all together.
    pub header_ms_max: u64,
    /// Maximum time for a request's body, in milliseconds.
    pub body_ms_max: u64,
    /// Maximum size of a body as sent, in bytes.
    pub body_bytes_max: usize,
    /// Maximum size of a body after inflation, in bytes.
    pub inflated_bytes_max: usize,
    /// KiB that the bodies of all requests may use together; beyond that, clients are asked to retry later.
    pub bodies_kib_max: usize,
}

/// Where events go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    /// An event is confirmed once every in-sync replica has it.
    Kafka,
    /// An event is confirmed once it is committed.
    Postgresql,
}

/// Where events go with `store = "kafka"`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KafkaConfig {
    /// Bootstrap brokers: host:port, separated by commas.
    pub bootstrap_servers: String,
    /// Topic for events.
    pub events_topic: String,
    /// Topic for this daemon's counts and samples.
    pub outcomes_topic: String,
    /// How long an event waits for others to join its batch, in milliseconds.
    pub linger_ms: u32,
    /// How long an event may take to be acknowledged, in milliseconds; after that, the client is asked to send it
    /// again.
    pub acknowledge_ms_max: u32,
    /// KiB of events that may await acknowledgement; beyond that, clients are asked to retry later.
    pub queue_kib_max: u32,
}

/// Where events go with `store = "postgresql"`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// PostgreSQL connection string: `host=/run/postgresql user=footfall_writer dbname=analytics`, or a postgresql://
    /// URL.
    #[serde(serialize_with = "footfall_store::mask_password")]
    pub url: String,
    /// Password, if the server requires one.
    pub password: Secret,
    /// Maximum pause between attempts to reach a database that is down, in milliseconds.
    pub retry_ms_max: u64,
    /// How long an event may take to be committed, in milliseconds; after that, the client is asked to send it again.
    pub commit_ms_max: u64,
    /// KiB of events that may await their commit; beyond that, clients are asked to retry later.
    pub queue_kib_max: u32,
    /// Maximum number of events per transaction, except that a request's events stay together.
    pub batch_rows_max: usize,
    /// Distinct user agents to cache, at least 1: a cached one need not be parsed again. Each takes about half a KiB.
    pub user_agents_max: NonZeroUsize,
}

/// What is known about a visitor.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrivacyConfig {
    /// Key for hashing visitors, the same for all instances. If empty, each start generates its own, and a visitor who
    /// stays through a restart counts twice.
    pub visitor_secret: Secret,
    /// Proxies whose X-Forwarded-For is trusted: addresses or networks.
    pub trusted_proxies: Vec<String>,
    /// Whether to reject events from people who send Do Not Track or Global Privacy Control.
    pub honour_signals: bool,
    /// Names of query parameters whose values are stored as `***`, in `page_url` and `referrer`: passwords, tokens, names. E-mail addresses
    /// and signed tokens (JWT) in a query are masked, too. If empty, nothing is.
    pub masked_names: Vec<String>,
    /// Path of an MMDB file with countries, such as MaxMind's GeoLite2 Country, DB-IP's Country Lite or IPinfo Lite;
    /// reloaded when it is replaced. If empty, countries are unknown.
    pub country_database: String,
}

/// How much may be sent. Requests beyond it are answered with 429, when to send them again, and `rate_limited`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatesConfig {
    /// Events that one address (of IPv6, one /64) may send per second, on average; 0: any number.
    pub events_per_s: u32,
    /// Events that one address may send at once, at least `limits.events_max`.
    pub burst: u32,
    /// Events that all clients of one site with keys may send per second, on average, and those of a minute at once; 0: any number. A
    /// server with a secret key has this limit only, not that of its address.
    pub site_events_per_s: u32,
    /// Events that all may send per second, on average, and those of a minute at once; 0: any number.
    pub all_events_per_s: u32,
    /// Addresses and networks without a limit. Programs on this machine are, unless a proxy passes other addresses on.
    pub exempt: Vec<String>,
}

/// Who may write, and for which sites.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SitesConfig {
    /// Path of the file with the sites and their keys, which `footfall site` and `footfall key` change; read again when it is replaced. As
    /// long as there is none, only pages and programs of this host may write.
    pub file: String,
}

/// How full a disk may become. While there is less room, requests are answered with 507 and `disk_full`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiskConfig {
    /// Folders on this machine in which Kafka (in the light profile PostgreSQL) keeps the events. Those that are not there are passed
    /// over.
    pub folders: Vec<String>,
    /// MiB that must be free on the disk of each.
    pub free_mib_min: u64,
}

/// Who may import history: requests to `/analytics?import`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportConfig {
    /// Key that an importer sends as `Authorization: Bearer KEY`, at least 16 bytes. If empty, none is accepted.
    pub key: Secret,
    /// Whether programs on this machine may import without a key, if they connect to ingest's own port: a request through
    /// a proxy, or from a page in a browser, never counts as such.
    pub local: bool,
    /// Days that an imported event may be old. Each day with events has a chunk of its own in the database.
    pub past_days_max: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3001)),
            instance: "ingest".into(),
            admin: AdminConfig::on_port(3002),
            log: LogConfig::default(),
            drain_ms_max: 20_000,
            sample_interval_s: 15,
            store: Store::Kafka,
            http: HttpConfig {
                connections_max: 10_000,
                header_ms_max: 30_000,
                body_ms_max: 10_000,
                body_bytes_max: 1024 * 1024,
                inflated_bytes_max: 4 * 1024 * 1024,
                bodies_kib_max: 64 * 1024,
            },
            kafka: KafkaConfig {
                bootstrap_servers: KafkaKeys::DEFAULT.bootstrap_servers.into(),
                events_topic: KafkaKeys::DEFAULT.events_topic.into(),
                outcomes_topic: KafkaKeys::DEFAULT.outcomes_topic.into(),
                linger_ms: 2,
                acknowledge_ms_max: 5_000,
                queue_kib_max: 64 * 1024,
            },
            database: DatabaseConfig {
                url: WRITER_URL.into(),
                password: Secret::default(),
                retry_ms_max: RETRY_MS_MAX,
                commit_ms_max: 5_000,
                queue_kib_max: 64 * 1024,
                batch_rows_max: 5_000,
                user_agents_max: USER_AGENTS_MAX,
            },
            privacy: PrivacyConfig {
                visitor_secret: Secret::default(),
                trusted_proxies: Vec::new(),
                honour_signals: true,
                masked_names: MASKED_NAMES.map(str::to_owned).to_vec(),
                country_database: String::new(),
            },
            rates: RatesConfig {
                events_per_s: 50,
                burst: 3_000,
                site_events_per_s: 1_000,
                all_events_per_s: 5_000,
                exempt: vec!["127.0.0.0/8".into(), "::1".into()],
            },
            sites: SitesConfig { file: "/etc/footfall/sites.toml".into() },
            disk: DiskConfig { folders: Vec::new(), free_mib_min: 512 },
            import: ImportConfig { key: Secret::default(), local: true, past_days_max: 3_653 },
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
    /// The connection parameters, including the password.
    pub(crate) fn parameters(&self) -> Result<tokio_postgres::Config, FieldError> {
        footfall_store::parameters(&self.url, &self.password, "footfall-ingest")
    }
}

impl PrivacyConfig {
    /// The country file, if one is configured.
    pub(crate) fn countries(&self) -> Option<Result<Watched<Countries>, FieldError>> {
        let path = Some(&self.country_database).filter(|path| !path.is_empty())?;
        Some(
            Watched::open(Path::new(path))
                .map_err(|error| FieldError::new("privacy.country_database", format!("{path}: {error}"))),
        )
    }

    /// The proxies as networks; a bare address is a network of one.
    pub(crate) fn networks(&self) -> Result<Vec<IpNet>, FieldError> {
        networks("privacy.trusted_proxies", &self.trusted_proxies)
    }
}

impl RatesConfig {
    pub(crate) fn networks(&self) -> Result<Vec<IpNet>, FieldError> {
        networks("rates.exempt", &self.exempt)
    }
}

impl Configuration for Config {
    fn common(&self) -> Common<'_> {
        Common { admin: &self.admin, log: &self.log, drain_ms_max: self.drain_ms_max }
    }

    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = self.kafka.shared().validate();
        errors.extend(FieldError::unless_filled("instance", &self.instance));
        if self.instance.chars().count() > 100 {
            errors.push(FieldError::new("instance", "is longer than 100 characters"));
        }
        let (http, kafka, database) = (&self.http, &self.kafka, &self.database);
        for (field, value, range) in [
            ("sample_interval_s", self.sample_interval_s.into(), 0..=3_600),
            ("http.connections_max", http.connections_max as u64, 1..=1_000_000),
            ("http.header_ms_max", http.header_ms_max, 100..=3_600_000),
            ("http.body_ms_max", http.body_ms_max, 100..=3_600_000),
            ("http.body_bytes_max", http.body_bytes_max as u64, 1024..=64 * 1024 * 1024),
            ("http.inflated_bytes_max", http.inflated_bytes_max as u64, 1024..=256 * 1024 * 1024),
            ("http.bodies_kib_max", http.bodies_kib_max as u64, 1024..=64 * 1024 * 1024),
            ("kafka.linger_ms", kafka.linger_ms.into(), 0..=1_000),
            ("kafka.acknowledge_ms_max", kafka.acknowledge_ms_max.into(), 500..=600_000),
            ("kafka.queue_kib_max", kafka.queue_kib_max.into(), 1024..=2_097_151),
            ("import.past_days_max", self.import.past_days_max.into(), 1..=20_000),
            ("rates.events_per_s", self.rates.events_per_s.into(), 0..=1_000_000),
            ("rates.site_events_per_s", self.rates.site_events_per_s.into(), 0..=1_000_000),
            ("rates.all_events_per_s", self.rates.all_events_per_s.into(), 0..=1_000_000),
            ("rates.burst", self.rates.burst.into(), 1..=10_000_000),
            ("disk.free_mib_min", self.disk.free_mib_min, 0..=1 << 40),
            ("database.retry_ms_max", database.retry_ms_max, RETRY_MS_MAX_RANGE),
            ("database.commit_ms_max", database.commit_ms_max, 500..=600_000),
            ("database.queue_kib_max", database.queue_kib_max.into(), 1024..=2_097_151),
            ("database.batch_rows_max", database.batch_rows_max as u64, 1..=100_000),
        ] {
            errors.extend(FieldError::unless_within(field, value, range));
        }
        for (field, bytes) in
            [("http.body_bytes_max", http.body_bytes_max), ("http.inflated_bytes_max", http.inflated_bytes_max)]
        {
            if bytes.div_ceil(1024) > http.bodies_kib_max {
                errors.push(FieldError::new(
                    field,
                    "is larger than http.bodies_kib_max, so that no such body would be read",
                ));
            }
        }
        for (field, secret) in
            [("privacy.visitor_secret", &self.privacy.visitor_secret), ("import.key", &self.import.key)]
        {
            if (1..16).contains(&secret.expose().len()) {
                errors.push(FieldError::new(field, "has fewer than 16 bytes"));
            }
        }
        errors.extend(self.database.parameters().err());
        errors.extend(self.privacy.networks().err());
        errors.extend(self.rates.networks().err());
        errors.extend(self.privacy.countries().and_then(Result::err));
        if (self.rates.burst as usize) < self.limits.events_max {
            errors.push(FieldError::new(
                "rates.burst",
                "is less than limits.events_max, so that a full request would never be taken",
            ));
        }
        if let Err(message) = self.limits.validate() {
            errors.push(FieldError::new("limits", message));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    const LOCATIONS: &str = include_str!("../../../nixos/nginx/footfall-locations.conf");
    const UPSTREAMS: &str = include_str!("../../../nixos/nginx/footfall-upstreams.conf");

    /// All values of a directive, converted from seconds to milliseconds.
    fn set_ms(text: &str, directive: &str) -> Vec<u64> {
        let values = text.lines().filter_map(|line| line.trim().strip_prefix(directive)?.trim().strip_suffix("s;"));
        values.map(|seconds| seconds.parse::<u64>().unwrap() * 1_000).collect()
    }

    #[test]
    fn nginx_closes_an_idle_connection_before_ingest_does() {
        let idle = set_ms(UPSTREAMS, "keepalive_timeout");
        assert_eq!(idle.len(), 2);
        assert!(idle.into_iter().all(|ms| ms < Config::default().http.header_ms_max));
    }

    #[test]
    fn nginx_waits_for_longer_than_ingest_waits_for_the_acknowledgement() {
        let config = Config::default();
        let waits = set_ms(LOCATIONS, "proxy_read_timeout").into_iter().min().unwrap();
        assert!(waits > u64::from(config.kafka.acknowledge_ms_max) && waits > config.database.commit_ms_max);
    }
}
