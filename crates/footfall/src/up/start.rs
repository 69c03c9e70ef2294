//! Starts everything, each as soon as what it needs is ready.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use tokio::try_join;

use super::addresses::Addresses;
use super::profile::Profile;
use super::state::State;
use super::supervisor::Running;
use super::{UpError, daemon_files, password};
use crate::health::HealthCheck;
use crate::processes::{
    self, DaemonOptions, Grafana, Kafka, Nginx, NginxOptions, Postgres, Programs, SecondName, Size,
};
use crate::progress::Steps;
use crate::topics::{self, Topic};

/// The database that everything is stored in.
pub(crate) const DATABASE: &str = "analytics";
/// As many sinks can share the load.
const EVENTS_PARTITIONS: u16 = 3;

/// What `up` starts, and with what.
pub(crate) struct Plan<'a> {
    pub(crate) profile: Profile,
    pub(crate) programs: &'a Programs,
    pub(crate) dir: &'a Path,
    pub(crate) share: &'a Path,
    pub(crate) at: Addresses,
    pub(crate) grafana: &'a Result<Grafana, String>,
    pub(crate) second_names: &'a [SecondName],
    pub(crate) password: Option<&'a password::Given>,
    pub(crate) trusted_proxies: &'a [IpNet],
    pub(crate) steps: &'a Steps,
}

impl Plan<'_> {
    /// Starts all parts; each is in the hands of `running` from its first moment.
    pub(crate) async fn start(&self, running: &Running) -> Result<State, UpError> {
        match self.profile {
            Profile::Light => self.start_light(running).await,
            Profile::Appliance => self.start_appliance(running).await,
        }
    }

    async fn start_light(&self, running: &Running) -> Result<State, UpError> {
        let dir = self.dir;
        let access = self.postgres(running, Size::Light).await?;
        self.shown("database schema", async { footfall_store::prepare(&access.admin).await.map(drop) }).await?;
        let config = daemon_files::write_light_ingest(dir, self.at, &access.writer)?;
        let ingest = running.keep(Box::new(Box::new(self.ingest(config)?.spawn(dir)?)));
        self.shown("ingest", ingest).await?;
        // What clients reach comes last, and so goes first.
        let config = daemon_files::write_light_view(self, &access.reader)?;
        let view = running.keep(Box::new(Box::new(self.view(config)?.spawn(dir)?)));
        self.shown("site and live page", view).await?;
        self.state(access)
    }

    async fn postgres(&self, running: &Running, size: Size) -> Result<Access, UpError> {
        let Self { programs, dir, at, .. } = *self;
        self.shown("PostgreSQL", async {
            let postgres = Postgres::spawn(programs, dir, at.ip(), at.postgres().port(), size).await?;
            let access = Access::to(&postgres);
            running.keep(Box::new(postgres)).await?;
            Ok::<_, processes::Error>(access)
        })
        .await
    }

    async fn start_appliance(&self, running: &Running) -> Result<State, UpError> {
        let Self { programs, dir, at, .. } = *self;
        let (access, ()) = try_join!(
            self.postgres(running, Size::Full),
            self.shown("Kafka", async {
                let kafka = Kafka::spawn(programs, dir, at.ip(), at.kafka().port()).await?;
                running.keep(Box::new(kafka)).await
            }),
        )?;

        let broker = at.kafka().to_string();
        let wanted = [Topic::new(topics::EVENTS, EVENTS_PARTITIONS), Topic::new(topics::OUTCOMES, 1)];
        try_join!(
            self.shown("database schema", async { footfall_store::prepare(&access.admin).await.map(drop) }),
            self.shown("topics", topics::create(&broker, &wanted)),
        )?;

        // The sink first: what stops last has stored what the others left.
        let sink = running.keep(Box::new(Box::new(sink(dir, at, &access.writer)?.spawn(dir)?)));
        let config = daemon_files::write_ingest(dir, at)?;
        let ingest = running.keep(Box::new(Box::new(self.ingest(config)?.spawn(dir)?)));
        try_join!(self.shown("sink", sink), self.shown("ingest", ingest))?;

        let config = daemon_files::write_view(dir, at, &access.reader)?;
        let view = running.keep(Box::new(Box::new(self.view(config)?.spawn(dir)?)));
        self.shown("live page", view).await?;

        let site = NginxOptions {
            share: self.share.to_owned(),
            listen: at.site(),
            ingest: at.ingest(),
            second_names: self.second_names.to_vec(),
            trusted_proxies: self.trusted_proxies.to_vec(),
            view: at.view(),
        };
        let nginx = running.keep(Box::new(Nginx::spawn(programs, dir, &site)?));
        self.shown("nginx", nginx).await?;

        if let Ok(grafana) = self.grafana {
            let port = at.postgres().port();
            let grafana = grafana.spawn(dir, self.share, at.grafana(), &access.socket_dir, port)?;
            let grafana = running.keep(Box::new(Box::new(grafana)));
            self.shown("Grafana", grafana).await?;
        }
        self.state(access)
    }

    fn ingest(&self, config: PathBuf) -> Result<DaemonOptions, UpError> {
        Ok(DaemonOptions {
            program: "footfall-ingest",
            name: "ingest".into(),
            config,
            credentials: Some(daemon_files::make_credentials(self.dir)?),
            admin: self.at.ingest_admin(),
            environment: Vec::new(),
        })
    }

    fn view(&self, config: PathBuf) -> Result<DaemonOptions, UpError> {
        let credentials = daemon_files::make_view_credentials(self.dir)?;
        if let Some(given) = self.password {
            password::set(self.dir, given)?;
        }
        Ok(DaemonOptions {
            program: "footfall-view",
            name: "view".into(),
            config,
            credentials: Some(credentials),
            admin: self.at.view_admin(),
            environment: Vec::new(),
        })
    }

    fn state(&self, access: Access) -> Result<State, UpError> {
        Ok(State {
            pid: std::process::id().cast_signed(),
            started_ticks: State::own_start()?,
            dir: self.dir.to_owned(),
            socket_dir: access.socket_dir,
            port: self.at.postgres().port(),
            database: DATABASE.to_owned(),
            postgres_bin: self.programs.postgres_bin.clone(),
            site: self.at.site_from_here(),
            health_checks: self.health_checks(),
        })
    }

    /// What `footfall health` asks: the daemons say whether Kafka and the database serve them.
    fn health_checks(&self) -> Vec<HealthCheck> {
        let ready =
            |service: &str, admin| HealthCheck { service: service.into(), url: format!("http://{admin}/ready") };
        let site = HealthCheck { service: "site".into(), url: format!("http://{}/", self.at.site_from_here()) };
        let sink = (self.profile == Profile::Appliance).then(|| ready("sink", self.at.sink_admin()));
        let daemons = [ready("ingest", self.at.ingest_admin()), ready("view", self.at.view_admin()), site];
        daemons.into_iter().chain(sink).collect()
    }

    /// Waits for something while its name and seconds are shown.
    async fn shown<T, E: Display + Into<UpError>>(
        &self,
        name: &str,
        doing: impl Future<Output = Result<T, E>>,
    ) -> Result<T, UpError> {
        let step = self.steps.begin(name);
        match doing.await {
            Ok(done) => {
                step.done("");
                Ok(done)
            }
            Err(error) => {
                step.failed("see below");
                Err(error.into())
            }
        }
    }
}

/// The sink of an instance in `dir`.
pub(crate) fn sink(dir: &Path, at: Addresses, database: &str) -> Result<DaemonOptions, UpError> {
    Ok(DaemonOptions {
        program: "footfall-sink",
        name: "sink".into(),
        config: daemon_files::write_sink(dir, at, database)?,
        credentials: None,
        admin: at.sink_admin(),
        environment: Vec::new(),
    })
}

/// How the database is reached, kept when its server is handed to its keeper.
struct Access {
    admin: tokio_postgres::Config,
    writer: String,
    reader: String,
    socket_dir: PathBuf,
}

impl Access {
    fn to(postgres: &Postgres) -> Self {
        Self {
            admin: postgres.admin(DATABASE),
            writer: postgres.url("footfall_writer", DATABASE),
            reader: postgres.url("footfall_reader", DATABASE),
            socket_dir: postgres.socket_dir().to_owned(),
        }
    }
}
