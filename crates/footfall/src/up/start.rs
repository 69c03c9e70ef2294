//! Starts everything, each process as soon as those that it depends on are ready.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use tokio::try_join;

use super::addresses::Addresses;
use super::error::UpError;
use super::plan::Plan;
use super::profile::Profile;
use super::state::State;
use super::supervisor::Supervisor;
use super::{daemon_files, password};
use crate::health::HealthCheck;
use crate::processes::{self, DaemonOptions, Kafka, Nginx, NginxOptions, Postgres, Size};
use crate::topics::{self, Topic};

/// The database that everything is stored in.
pub(crate) const DATABASE: &str = "analytics";
/// At most this many sinks can share the load.
const EVENTS_PARTITIONS: u16 = 3;

impl Plan<'_> {
    /// Starts everything; the supervisor takes over each process as soon as it is spawned.
    pub(crate) async fn start(&self, supervisor: &Supervisor) -> Result<State, UpError> {
        match self.profile {
            Profile::Light => self.start_light(supervisor).await,
            Profile::Appliance => self.start_appliance(supervisor).await,
        }
    }

    async fn start_light(&self, supervisor: &Supervisor) -> Result<State, UpError> {
        let dir = self.dir;
        let access = self.postgres(supervisor, Size::Light).await?;
        self.shown("database schema", async { footfall_store::prepare(&access.admin).await.map(drop) }).await?;
        let config = daemon_files::write_light_ingest(dir, self.at, &access.writer)?;
        let ingest = supervisor.watch(Box::new(Box::new(self.ingest(config)?.spawn(dir)?)));
        self.shown("ingest", ingest).await?;
        // Clients connect to view, so it is started last and stopped first.
        let config = daemon_files::write_light_view(self, &access.reader)?;
        let view = supervisor.watch(Box::new(Box::new(self.view(config)?.spawn(dir)?)));
        self.shown("site and live page", view).await?;
        self.state(access)
    }

    async fn postgres(&self, supervisor: &Supervisor, size: Size) -> Result<DatabaseAccess, UpError> {
        let Self { programs, dir, at, .. } = *self;
        self.shown("PostgreSQL", async {
            let postgres = Postgres::spawn(programs, dir, at.ip(), at.postgres().port(), size).await?;
            let access = DatabaseAccess::to(&postgres);
            supervisor.watch(Box::new(postgres)).await?;
            Ok::<_, processes::Error>(access)
        })
        .await
    }

    async fn start_appliance(&self, supervisor: &Supervisor) -> Result<State, UpError> {
        let Self { programs, dir, at, .. } = *self;
        let (access, ()) = try_join!(
            self.postgres(supervisor, Size::Full),
            self.shown("Kafka", async {
                let kafka = Kafka::spawn(programs, dir, at.ip(), at.kafka().port()).await?;
                supervisor.watch(Box::new(kafka)).await
            }),
        )?;

        let broker = at.kafka().to_string();
        let wanted = [Topic::new(topics::EVENTS, EVENTS_PARTITIONS), Topic::new(topics::OUTCOMES, 1)];
        try_join!(
            self.shown("database schema", async { footfall_store::prepare(&access.admin).await.map(drop) }),
            self.shown("topics", topics::create(&broker, &wanted)),
        )?;

        // The sink is started before ingest, so that it is stopped after it and stores what ingest sent last.
        let sink = supervisor.watch(Box::new(Box::new(sink(dir, at, &access.writer)?.spawn(dir)?)));
        let config = daemon_files::write_ingest(dir, at)?;
        let ingest = supervisor.watch(Box::new(Box::new(self.ingest(config)?.spawn(dir)?)));
        try_join!(self.shown("sink", sink), self.shown("ingest", ingest))?;

        let config = daemon_files::write_view(dir, at, &access.reader)?;
        let view = supervisor.watch(Box::new(Box::new(self.view(config)?.spawn(dir)?)));
        self.shown("live page", view).await?;

        let site = NginxOptions {
            share: self.share.to_owned(),
            listen: at.site(),
            ingest: at.ingest(),
            second_names: self.second_names.to_vec(),
            trusted_proxies: self.trusted_proxies.to_vec(),
            view: at.view(),
        };
        let nginx = supervisor.watch(Box::new(Nginx::spawn(programs, dir, &site)?));
        self.shown("nginx", nginx).await?;

        if let Ok(grafana) = self.grafana {
            let port = at.postgres().port();
            let grafana = grafana.spawn(dir, self.share, at.grafana(), &access.socket_dir, port)?;
            let grafana = supervisor.watch(Box::new(Box::new(grafana)));
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

    fn state(&self, access: DatabaseAccess) -> Result<State, UpError> {
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

    /// What `footfall health` checks. Kafka and the database are left out: the daemons report whether they reach them.
    fn health_checks(&self) -> Vec<HealthCheck> {
        let ready =
            |service: &str, admin| HealthCheck { service: service.into(), url: format!("http://{admin}/ready") };
        let site = HealthCheck { service: "site".into(), url: format!("http://{}/", self.at.site_from_here()) };
        let sink = (self.profile == Profile::Appliance).then(|| ready("sink", self.at.sink_admin()));
        let daemons = [ready("ingest", self.at.ingest_admin()), ready("view", self.at.view_admin()), site];
        daemons.into_iter().chain(sink).collect()
    }

    /// Waits for a step while showing its name and how long it takes.
    async fn shown<T, E: Display + Into<UpError>>(
        &self,
        name: &str,
        step: impl Future<Output = Result<T, E>>,
    ) -> Result<T, UpError> {
        let shown = self.steps.begin(name);
        match step.await {
            Ok(done) => {
                shown.done("");
                Ok(done)
            }
            Err(error) => {
                shown.failed("see below");
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

/// How to reach the database, kept because the supervisor takes over the server itself.
struct DatabaseAccess {
    admin: tokio_postgres::Config,
    writer: String,
    reader: String,
    socket_dir: PathBuf,
}

impl DatabaseAccess {
    fn to(postgres: &Postgres) -> Self {
        Self {
            admin: postgres.admin(DATABASE),
            writer: postgres.url("footfall_writer", DATABASE),
            reader: postgres.url("footfall_reader", DATABASE),
            socket_dir: postgres.socket_dir().to_owned(),
        }
    }
}
