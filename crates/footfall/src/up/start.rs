//! Starts everything, each as soon as what it needs is ready.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use tokio::try_join;

use super::addresses::Addresses;
use super::keeper::Running;
use super::state::State;
use super::{UpError, daemon_files, password};
use crate::health::Sign;
use crate::parts::{self, DaemonOptions, Grafana, Kafka, Nginx, NginxOptions, Parts, Postgres, SecondName};
use crate::progress::Steps;
use crate::topics::{self, Topic};

/// The database that everything is stored in.
const DATABASE: &str = "analytics";
/// As many sinks can share the load.
const EVENTS_PARTITIONS: u16 = 3;

/// What `up` starts, and with what.
pub(crate) struct Plan<'a> {
    pub(crate) parts: &'a Parts,
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
        let Self { parts, dir, at, .. } = *self;
        let (access, ()) = try_join!(
            self.shown("PostgreSQL", async {
                let postgres = Postgres::spawn(parts, dir, at.ip(), at.postgres().port()).await?;
                let access = Access::to(&postgres);
                running.keep(Box::new(postgres)).await?;
                Ok::<_, parts::Error>(access)
            }),
            self.shown("Kafka", async {
                let kafka = Kafka::spawn(parts, dir, at.ip(), at.kafka().port()).await?;
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
        let sink = running.keep(Box::new(Box::new(self.sink(&access.writer)?.spawn(dir)?)));
        let ingest = running.keep(Box::new(Box::new(self.ingest()?.spawn(dir)?)));
        try_join!(self.shown("sink", sink), self.shown("ingest", ingest))?;

        let view = running.keep(Box::new(Box::new(self.view(&access.reader)?.spawn(dir)?)));
        self.shown("live page", view).await?;

        let site = NginxOptions {
            share: self.share.to_owned(),
            listen: at.site(),
            ingest: at.ingest(),
            second_names: self.second_names.to_vec(),
            trusted_proxies: self.trusted_proxies.to_vec(),
            view: at.view(),
        };
        let nginx = running.keep(Box::new(Nginx::spawn(parts, dir, &site)?));
        self.shown("nginx", nginx).await?;

        if let Ok(grafana) = self.grafana {
            let port = at.postgres().port();
            let grafana = grafana.spawn(dir, self.share, at.grafana(), &access.socket_dir, port)?;
            let grafana = running.keep(Box::new(Box::new(grafana)));
            self.shown("Grafana", grafana).await?;
        }
        self.state(access)
    }

    fn sink(&self, database: &str) -> Result<DaemonOptions, UpError> {
        Ok(DaemonOptions {
            program: "footfall-sink",
            name: "sink".into(),
            config: daemon_files::write_sink(self.dir, self.at, database)?,
            credentials: None,
            admin: self.at.sink_admin(),
            environment: Vec::new(),
        })
    }

    fn ingest(&self) -> Result<DaemonOptions, UpError> {
        Ok(DaemonOptions {
            program: "footfall-ingest",
            name: "ingest".into(),
            config: daemon_files::write_ingest(self.dir, self.at)?,
            credentials: Some(daemon_files::make_credentials(self.dir)?),
            admin: self.at.ingest_admin(),
            environment: Vec::new(),
        })
    }

    fn view(&self, database: &str) -> Result<DaemonOptions, UpError> {
        let credentials = daemon_files::make_view_credentials(self.dir)?;
        if let Some(given) = self.password {
            password::set(self.dir, given)?;
        }
        Ok(DaemonOptions {
            program: "footfall-view",
            name: "view".into(),
            config: daemon_files::write_view(self.dir, self.at, database)?,
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
            postgres_bin: self.parts.postgres_bin.clone(),
            site: self.at.site_from_here(),
            signs: self.signs(),
        })
    }

    /// What `footfall health` asks: the daemons say whether Kafka and the database serve them.
    fn signs(&self) -> Vec<Sign> {
        let ready = |part: &str, admin| Sign { part: part.into(), url: format!("http://{admin}/ready") };
        vec![
            ready("ingest", self.at.ingest_admin()),
            ready("sink", self.at.sink_admin()),
            ready("view", self.at.view_admin()),
            Sign { part: "nginx".into(), url: format!("http://{}/", self.at.site_from_here()) },
        ]
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
