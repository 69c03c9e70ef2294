//! Where the parts of the path are.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::up::state::{State, StateError};
use crate::{files, topics};

/// There where Footfall's services are the system's own.
const HOST_CONFIGURATION: &str = "/etc/footfall/ingest.toml";

/// Addresses that take the place of the running instance's.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Given {
    /// The site
    #[arg(long, value_name = "URL")]
    pub site: Option<String>,
    /// Ingest itself
    #[arg(long, value_name = "URL")]
    pub ingest: Option<String>,
    /// The sink's admin server
    #[arg(long, value_name = "URL")]
    pub sink_admin: Option<String>,
    /// HOST:PORT of one or more brokers, separated by commas
    #[arg(long, value_name = "BROKERS")]
    pub kafka: Option<String>,
    /// The topic of events
    #[arg(long, value_name = "TOPIC")]
    pub events_topic: Option<String>,
    /// The database as its reader, as libpq takes it: "host=/run/postgresql user=footfall_reader dbname=analytics"
    #[arg(long, value_name = "URL")]
    pub database: Option<tokio_postgres::Config>,
}

/// Where the parts of the path are.
#[derive(Debug, Clone)]
pub struct Target {
    /// `http://HOST:PORT`, without a path.
    pub site: String,
    /// `http://HOST:PORT`, without a path.
    pub ingest: String,
    /// `http://HOST:PORT`, without a path.
    pub sink_admin: String,
    /// HOST:PORT of one or more brokers, separated by commas; empty in the light profile, whose ingest stores by itself.
    pub kafka: String,
    /// The topic of events.
    pub events_topic: String,
    /// The database, as its reader.
    pub database: tokio_postgres::Config,
    /// The folder of the parts' logs, where a launcher keeps them.
    pub logs: Option<PathBuf>,
}

/// Why it is not known where the parts are.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// There is no instance to ask.
    #[error(
        "{0}\n\
         To check one that was not started so, name all of its parts: \
         --site URL --ingest URL --sink-admin URL --kafka BROKERS --database URL"
    )]
    State(#[from] StateError),
    /// A file of the instance cannot be read.
    #[error(transparent)]
    File(#[from] std::io::Error),
}

impl Target {
    /// What is given, and for the rest the instance in `instance`, else the one that was started last, else this host's
    /// own services.
    ///
    /// # Errors
    /// Something is not given, and there is no such instance.
    pub fn find(instance: Option<&Path>, given: Given) -> Result<Self, TargetError> {
        match given {
            Given {
                site: Some(site),
                ingest: Some(ingest),
                sink_admin: Some(sink_admin),
                kafka: Some(kafka),
                events_topic,
                database: Some(database),
            } if instance.is_none() => {
                let events_topic = events_topic.unwrap_or_else(|| topics::EVENTS.to_owned());
                Ok(Self { site, ingest, sink_admin, kafka, events_topic, database, logs: None }.trimmed())
            }
            given => {
                let of_host = || instance.is_none() && Path::new(HOST_CONFIGURATION).exists();
                match State::find(instance) {
                    Ok(state) => Ok(Self::of_instance(&state)?.with(given).trimmed()),
                    Err(_) if of_host() => Ok(Self::of_host().with(given).trimmed()),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// The system's own services, where they are unless an administrator has moved them.
    fn of_host() -> Self {
        let mut database = tokio_postgres::Config::new();
        database.host_path("/run/postgresql").user("footfall_reader").dbname("analytics");
        Self {
            site: "http://127.0.0.1".into(),
            ingest: "http://127.0.0.1:3001".into(),
            sink_admin: "http://127.0.0.1:4195".into(),
            kafka: "127.0.0.1:9092".into(),
            events_topic: topics::EVENTS.into(),
            database,
            logs: None,
        }
    }

    /// The parts of a running instance, as its daemons were told of them.
    fn of_instance(state: &State) -> Result<Self, TargetError> {
        let ingest: IngestFile = read(&state.dir.join("ingest.toml"))?;
        let sink_admin = match &ingest.kafka {
            Some(_) => read::<SinkFile>(&state.dir.join("sink.toml"))?.admin.address,
            // What stores is ingest itself.
            None => ingest.admin.address,
        };
        let kafka = ingest.kafka.unwrap_or_default();
        let mut database = tokio_postgres::Config::new();
        database.host_path(&state.socket_dir).port(state.port).user("footfall_reader").dbname(&state.database);
        Ok(Self {
            site: format!("http://{}", state.site),
            ingest: format!("http://{}", ingest.listen),
            sink_admin: format!("http://{sink_admin}"),
            kafka: kafka.bootstrap_servers,
            events_topic: kafka.events_topic,
            database,
            logs: Some(state.dir.join("logs")),
        })
    }

    fn with(self, given: Given) -> Self {
        Self {
            site: given.site.unwrap_or(self.site),
            ingest: given.ingest.unwrap_or(self.ingest),
            sink_admin: given.sink_admin.unwrap_or(self.sink_admin),
            kafka: given.kafka.unwrap_or(self.kafka),
            events_topic: given.events_topic.unwrap_or(self.events_topic),
            database: given.database.unwrap_or(self.database),
            logs: self.logs,
        }
    }

    /// A URL is as often given with its last slash as without.
    fn trimmed(mut self) -> Self {
        for url in [&mut self.site, &mut self.ingest, &mut self.sink_admin] {
            url.truncate(url.trim_end_matches('/').len());
        }
        self
    }

    /// Whether it is the light profile: ingest stores by itself, and view serves the site.
    pub(crate) fn is_light(&self) -> bool {
        self.kafka.is_empty()
    }

    /// Where `part` says what ails it.
    pub(crate) fn log_of(&self, part: LogOf) -> String {
        let part = match part {
            LogOf::Nginx if self.is_light() => LogOf::View,
            LogOf::Kafka if self.is_light() => LogOf::Postgres,
            LogOf::Sink if self.is_light() => LogOf::Ingest,
            other => other,
        };
        let (name, unit) = match part {
            LogOf::Nginx => ("nginx", "nginx"),
            LogOf::View => ("view", "footfall-view"),
            LogOf::Ingest => ("ingest", "footfall-ingest"),
            LogOf::Kafka => ("kafka", "apache-kafka"),
            LogOf::Sink => ("sink", "footfall-sink"),
            LogOf::Postgres => ("postgres", "postgresql"),
        };
        match &self.logs {
            Some(folder) => format!("{}/{name}.log", folder.display()),
            None => format!("`journalctl -u {unit}`"),
        }
    }
}

/// A part with a log.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LogOf {
    Nginx,
    View,
    Ingest,
    Kafka,
    Sink,
    Postgres,
}

#[derive(Deserialize)]
struct IngestFile {
    listen: SocketAddr,
    admin: AdminTable,
    kafka: Option<KafkaTable>,
}

#[derive(Default, Deserialize)]
struct KafkaTable {
    bootstrap_servers: String,
    events_topic: String,
}

#[derive(Deserialize)]
struct SinkFile {
    admin: AdminTable,
}

#[derive(Deserialize)]
struct AdminTable {
    address: SocketAddr,
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, TargetError> {
    let text = fs_err::read_to_string(path)?;
    toml::from_str(&text).map_err(|error| files::invalid(path, error).into())
}

#[cfg(test)]
mod tests {
    use super::{Given, Target};

    fn all() -> Given {
        Given {
            site: Some("http://a:1/".into()),
            ingest: Some("http://b:2".into()),
            sink_admin: Some("http://c:3//".into()),
            kafka: Some("d:4".into()),
            events_topic: None,
            database: Some("host=/e user=f".parse().unwrap()),
        }
    }

    #[test]
    fn with_everything_given_no_instance_is_needed() {
        let target = Target::find(None, all()).unwrap();
        assert_eq!((target.site.as_str(), target.sink_admin.as_str()), ("http://a:1", "http://c:3"));
        assert_eq!(target.events_topic, "analytics-events");
    }

    #[test]
    fn what_is_given_counts_more_than_what_the_instance_says() {
        let given = Given { kafka: Some("x:9".into()), events_topic: Some("other".into()), ..Given::default() };
        let target = Target::find(None, all()).unwrap().with(given);
        assert_eq!((target.kafka.as_str(), target.events_topic.as_str()), ("x:9", "other"));
        assert_eq!(target.ingest, "http://b:2");
    }

    #[test]
    fn an_instance_that_does_not_run_is_an_error_that_says_what_to_name() {
        let folder = tempfile::tempdir().unwrap();
        let error = Target::find(Some(folder.path()), all()).unwrap_err().to_string();
        assert!(error.contains("not running") && error.contains("--sink-admin URL"), "{error}");
    }
}
