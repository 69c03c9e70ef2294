//! The addresses of everything that an event passes through.

use std::path::{Path, PathBuf};

use super::instance_files::{IngestFile, SinkFile, read};
use crate::WriteKey;
use crate::topics;
use crate::up::state::{State, StateError};

/// Exists if Footfall runs as system services.
const HOST_CONFIGURATION: &str = "/etc/footfall/ingest.toml";

/// Addresses to use instead of the running instance's.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TargetOverrides {
    /// The site
    #[arg(long, value_name = "URL")]
    pub site: Option<String>,
    /// Ingest itself
    #[arg(long, value_name = "URL")]
    pub ingest: Option<String>,
    /// Ingest's admin server, which says why ingest is not ready
    #[arg(long, value_name = "URL")]
    pub ingest_admin: Option<String>,
    /// The sink's admin server
    #[arg(long, value_name = "URL")]
    pub sink_admin: Option<String>,
    /// HOST:PORT of one or more brokers, separated by commas
    #[arg(long, value_name = "BROKERS")]
    pub kafka: Option<String>,
    /// The events topic
    #[arg(long, value_name = "TOPIC")]
    pub events_topic: Option<String>,
    /// The database with the reader role, as a libpq string: "host=/run/postgresql user=footfall_reader
    /// dbname=analytics"
    #[arg(long, value_name = "URL")]
    pub database: Option<tokio_postgres::Config>,
    /// The secret key of a site, if only who has one may write (`footfall key add SITE --secret`)
    #[arg(long, value_name = "KEY", env = "FOOTFALL_KEY", hide_env_values = true)]
    pub key: Option<WriteKey>,
}

/// The addresses of everything that an event passes through.
#[derive(Debug, Clone)]
pub struct Target {
    /// `http://HOST:PORT`, without a path.
    pub site: String,
    /// `http://HOST:PORT`, without a path.
    pub ingest: String,
    /// `http://HOST:PORT`, without a path, if known.
    pub ingest_admin: Option<String>,
    /// `http://HOST:PORT`, without a path.
    pub sink_admin: String,
    /// HOST:PORT of one or more brokers, separated by commas; empty in the light profile, whose ingest stores events
    /// itself.
    pub kafka: String,
    /// The events topic.
    pub events_topic: String,
    /// The database, with the reader role.
    pub database: tokio_postgres::Config,
    /// The secret key of a site, if only who has one may write.
    pub key: Option<WriteKey>,
    /// The folder of the logs, if `footfall up` started the services.
    pub logs: Option<PathBuf>,
}

/// Why the addresses could not be found.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No instance is running.
    #[error(
        "{0}\n\
         To check one that was started in another way, give all of its addresses: \
         --site URL --ingest URL --sink-admin URL --kafka BROKERS --database URL"
    )]
    State(#[from] StateError),
    /// A file of the instance cannot be read.
    #[error(transparent)]
    File(#[from] std::io::Error),
}

impl Target {
    /// Uses the given addresses. The others come from the instance in `instance`, or else the one that was started
    /// last, or else this host's own services.
    ///
    /// # Errors
    /// Fails if an address is not given and there is no such instance.
    pub fn find(instance: Option<&Path>, overrides: TargetOverrides) -> Result<Self, TargetError> {
        match overrides {
            TargetOverrides {
                site: Some(site),
                ingest: Some(ingest),
                ingest_admin,
                sink_admin: Some(sink_admin),
                kafka: Some(kafka),
                events_topic,
                database: Some(database),
                key,
            } if instance.is_none() => {
                let events_topic = events_topic.unwrap_or_else(|| topics::EVENTS.to_owned());
                Ok(Self { site, ingest, ingest_admin, sink_admin, kafka, events_topic, database, key, logs: None }
                    .trimmed())
            }
            overrides => {
                let of_host = || instance.is_none() && Path::new(HOST_CONFIGURATION).exists();
                match State::find(instance) {
                    Ok(state) => Ok(Self::of_instance(&state)?.with(overrides).trimmed()),
                    Err(_) if of_host() => Ok(Self::of_host().with(overrides).trimmed()),
                    Err(error) => Err(error.into()),
                }
            }
        }
    }

    /// This host's own services, at their default addresses.
    fn of_host() -> Self {
        let mut database = tokio_postgres::Config::new();
        database.host_path("/run/postgresql").user("footfall_reader").dbname("analytics");
        Self {
            site: "http://127.0.0.1".into(),
            ingest: "http://127.0.0.1:3001".into(),
            ingest_admin: Some("http://127.0.0.1:3002".into()),
            sink_admin: "http://127.0.0.1:4195".into(),
            kafka: "127.0.0.1:9092".into(),
            events_topic: topics::EVENTS.into(),
            database,
            key: None,
            logs: None,
        }
    }

    /// The services of a running instance, from the configuration of its daemons.
    fn of_instance(state: &State) -> Result<Self, TargetError> {
        let ingest: IngestFile = read(&state.dir.join("ingest.toml"))?;
        let sink_admin = match &ingest.kafka {
            Some(_) => read::<SinkFile>(&state.dir.join("sink.toml"))?.admin.address,
            // Without a sink, ingest stores the events.
            None => ingest.admin.address,
        };
        let kafka = ingest.kafka.unwrap_or_default();
        let mut database = tokio_postgres::Config::new();
        database.host_path(&state.socket_dir).port(state.port).user("footfall_reader").dbname(&state.database);
        Ok(Self {
            site: format!("http://{}", state.site),
            ingest: format!("http://{}", ingest.listen),
            ingest_admin: Some(format!("http://{}", ingest.admin.address)),
            sink_admin: format!("http://{sink_admin}"),
            kafka: kafka.bootstrap_servers,
            events_topic: kafka.events_topic,
            database,
            key: None,
            logs: Some(state.dir.join("logs")),
        })
    }

    fn with(self, overrides: TargetOverrides) -> Self {
        Self {
            site: overrides.site.unwrap_or(self.site),
            ingest: overrides.ingest.unwrap_or(self.ingest),
            ingest_admin: overrides.ingest_admin.or(self.ingest_admin),
            sink_admin: overrides.sink_admin.unwrap_or(self.sink_admin),
            kafka: overrides.kafka.unwrap_or(self.kafka),
            events_topic: overrides.events_topic.unwrap_or(self.events_topic),
            database: overrides.database.unwrap_or(self.database),
            key: overrides.key,
            logs: self.logs,
        }
    }

    /// Removes trailing slashes from the URLs.
    fn trimmed(mut self) -> Self {
        let ingest_admin = self.ingest_admin.as_mut();
        for url in [&mut self.site, &mut self.ingest, &mut self.sink_admin].into_iter().chain(ingest_admin) {
            url.truncate(url.trim_end_matches('/').len());
        }
        self
    }

    /// Whether this is the light profile: ingest stores events itself, and view serves the site.
    pub(crate) fn is_light(&self) -> bool {
        self.kafka.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, TargetOverrides};

    fn all() -> TargetOverrides {
        TargetOverrides {
            site: Some("http://a:1/".into()),
            ingest: Some("http://b:2".into()),
            ingest_admin: None,
            sink_admin: Some("http://c:3//".into()),
            kafka: Some("d:4".into()),
            events_topic: None,
            database: Some("host=/e user=f".parse().unwrap()),
            key: None,
        }
    }

    #[test]
    fn no_instance_is_needed_if_everything_is_given() {
        let target = Target::find(None, all()).unwrap();
        assert_eq!((target.site.as_str(), target.sink_admin.as_str()), ("http://a:1", "http://c:3"));
        assert_eq!(target.events_topic, "analytics-events");
    }

    #[test]
    fn given_addresses_override_those_of_the_instance() {
        let overrides = TargetOverrides {
            kafka: Some("x:9".into()),
            events_topic: Some("other".into()),
            ..TargetOverrides::default()
        };
        let target = Target::find(None, all()).unwrap().with(overrides);
        assert_eq!((target.kafka.as_str(), target.events_topic.as_str()), ("x:9", "other"));
        assert_eq!(target.ingest, "http://b:2");
    }

    #[test]
    fn without_a_running_instance_the_error_lists_the_options_to_give() {
        let folder = tempfile::tempdir().unwrap();
        let error = Target::find(Some(folder.path()), all()).unwrap_err().to_string();
        assert!(error.contains("not running") && error.contains("--sink-admin URL"), "{error}");
    }
}
