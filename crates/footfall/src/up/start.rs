//! How each part is started.

use std::ops::DerefMut;
use std::path::{Path, PathBuf};

use super::addresses::Addresses;
use super::daemon_files;
use super::error::UpError;
use super::grafana_login::GrafanaLogin;
use super::part::Part;
use super::password;
use super::plan::Plan;
use super::profile::Profile;
use super::state::State;
use crate::health::HealthCheck;
use crate::processes::{DaemonOptions, Grafana, GrafanaOptions, Kafka, ManagedProcess, Nginx, NginxOptions, Size};
use crate::topics::{self, Topic};

/// A [`ManagedProcess`], or a type such as `Postgres` that wraps one.
pub(crate) type BoxedProcess = Box<dyn DerefMut<Target = ManagedProcess> + Send + Sync>;

/// The database that everything is stored in.
pub(crate) const DATABASE: &str = "analytics";
/// At most this many sinks can share the load.
const EVENTS_PARTITIONS: u16 = 3;

impl Plan {
    /// Creates the secrets that do not exist yet.
    pub(crate) fn make_secrets(&self) -> Result<(), UpError> {
        daemon_files::make_credentials(&self.dir)?;
        daemon_files::make_view_credentials(&self.dir)?;
        if let Some(given) = &self.password {
            password::set(&self.dir, given)?;
        }
        Ok(())
    }

    /// Starts a process without waiting until it is ready. Its files are written first, unless they are as they should
    /// be.
    pub(crate) async fn spawn(&self, part: Part) -> Result<Option<BoxedProcess>, UpError> {
        let Self { programs, dir, at, .. } = self;
        Ok(Some(match part {
            Part::Schema | Part::Topics => return Ok(None),
            Part::Postgres => Box::new(self.postgres.spawn(self.size()).await?),
            Part::Kafka => Box::new(Kafka::spawn(programs, dir, at.ip(), at.kafka().port()).await?),
            Part::Sink => {
                let writer = self.postgres.url("footfall_writer", DATABASE);
                Box::new(Box::new(sink(dir, *at, &writer)?.spawn(dir)?))
            }
            Part::Ingest => Box::new(Box::new(self.ingest()?.spawn(dir)?)),
            Part::View => Box::new(Box::new(self.view()?.spawn(dir)?)),
            Part::Nginx => Box::new(Nginx::spawn(programs, dir, &self.site())?),
            Part::Grafana => match &self.grafana {
                Ok(grafana) => Box::new(Box::new(grafana.spawn(&self.dashboards(grafana).await?)?)),
                Err(_) => return Ok(None),
            },
        }))
    }

    /// Does a step; it may be repeated.
    pub(crate) async fn perform(&self, step: Part) -> Result<(), UpError> {
        match step {
            Part::Schema => Ok(footfall_store::prepare(&self.postgres.admin(DATABASE)).await.map(drop)?),
            Part::Topics => {
                let wanted = [Topic::new(topics::EVENTS, EVENTS_PARTITIONS), Topic::new(topics::OUTCOMES, 1)];
                Ok(topics::create(&self.at.kafka().to_string(), &wanted).await?)
            }
            _ => Ok(()),
        }
    }

    fn size(&self) -> Size {
        match self.profile {
            Profile::Light => Size::Light,
            Profile::Appliance => Size::Full,
        }
    }

    fn ingest(&self) -> Result<DaemonOptions, UpError> {
        let writer = self.postgres.url("footfall_writer", DATABASE);
        Ok(DaemonOptions {
            program: "footfall-ingest",
            name: "ingest".into(),
            config: match self.profile {
                Profile::Light => daemon_files::write_light_ingest(&self.dir, self.at, &writer)?,
                Profile::Appliance => daemon_files::write_ingest(&self.dir, self.at)?,
            },
            credentials: Some(daemon_files::make_credentials(&self.dir)?),
            admin: self.at.ingest_admin(),
            environment: Vec::new(),
        })
    }

    fn view(&self) -> Result<DaemonOptions, UpError> {
        let reader = self.postgres.url("footfall_reader", DATABASE);
        Ok(DaemonOptions {
            program: "footfall-view",
            name: "view".into(),
            config: match self.profile {
                Profile::Light => daemon_files::write_light_view(self, &reader)?,
                Profile::Appliance => daemon_files::write_view(&self.dir, self.at, &reader)?,
            },
            credentials: Some(daemon_files::make_view_credentials(&self.dir)?),
            admin: self.at.view_admin(),
            environment: Vec::new(),
        })
    }

    fn site(&self) -> NginxOptions {
        NginxOptions {
            share: self.share.clone(),
            listen: self.at.site(),
            ingest: self.at.ingest(),
            second_names: self.second_names.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            view: self.at.view(),
        }
    }

    async fn dashboards(&self, grafana: &Grafana) -> Result<GrafanaOptions, UpError> {
        Ok(GrafanaOptions {
            dir: self.dir.clone(),
            share: self.share.clone(),
            listen: self.at.grafana(),
            socket_dir: self.postgres.socket_dir().to_owned(),
            postgres_port: self.at.postgres().port(),
            password: GrafanaLogin::of(&self.dir, self.at).password(&self.dir, grafana).await?,
        })
    }

    pub(crate) fn state(&self) -> Result<State, UpError> {
        Ok(State {
            pid: std::process::id().cast_signed(),
            started_ticks: State::own_start()?,
            dir: self.dir.clone(),
            socket_dir: self.postgres.socket_dir().to_owned(),
            port: self.at.postgres().port(),
            database: DATABASE.to_owned(),
            postgres_bin: self.programs.postgres_bin.clone(),
            site: self.at.site_from_here(),
            health_checks: self.health_checks(),
        })
    }

    /// What `footfall health` checks. That the database and Kafka accept connections is not enough, but if they do not,
    /// this is the cause of all the rest.
    fn health_checks(&self) -> Vec<HealthCheck> {
        let check = |service: &str, url| HealthCheck { service: service.into(), url };
        let ready = |service, admin| check(service, format!("http://{admin}/ready"));
        let connects = |service, address| check(service, format!("tcp://{address}"));
        let at = self.at;
        let mut all = vec![
            ready("ingest", at.ingest_admin()),
            ready("view", at.view_admin()),
            check("site", format!("http://{}/", at.site_from_here())),
            connects("PostgreSQL", at.postgres()),
        ];
        if self.profile == Profile::Appliance {
            all.extend([ready("sink", at.sink_admin()), connects("Kafka", at.kafka())]);
        }
        all
    }
}

/// The sink of an instance in `dir`.
pub(crate) fn sink(dir: &Path, at: Addresses, database: &str) -> Result<DaemonOptions, UpError> {
    let config: PathBuf = daemon_files::write_sink(dir, at, database)?;
    Ok(DaemonOptions {
        program: "footfall-sink",
        name: "sink".into(),
        config,
        credentials: None,
        admin: at.sink_admin(),
        environment: Vec::new(),
    })
}
