//! Starts everything, each as soon as what it needs is ready.

use std::fmt::Display;

use tokio::{join, try_join};

use super::addresses::Addresses;
use super::keeper::Running;
use super::state::State;
use super::{Options, UpError, daemon_files};
use crate::parts::{DaemonOptions, Grafana, Kafka, Nginx, NginxOptions, Parts, Postgres};
use crate::progress::Steps;
use crate::topics::{self, Topic};

/// The database that everything is stored in.
const DATABASE: &str = "analytics";
/// As many sinks can share the load.
const EVENTS_PARTITIONS: u16 = 3;

/// What `up` starts, and with what.
pub(crate) struct Plan<'a> {
    pub(crate) options: &'a Options,
    pub(crate) parts: &'a Parts,
    pub(crate) dir: &'a std::path::Path,
    pub(crate) at: Addresses,
    pub(crate) grafana: &'a Result<Grafana, String>,
    pub(crate) steps: &'a Steps,
}

impl Plan<'_> {
    /// Starts all parts and hands each to `running` once it is ready.
    pub(crate) async fn start(&self, running: &mut Running) -> Result<State, UpError> {
        let Self { parts, dir, at, .. } = *self;
        let (postgres, kafka) = join!(
            self.shown("PostgreSQL", Postgres::start(parts, dir, at.ip(), at.postgres().port())),
            self.shown("Kafka", Kafka::start(parts, dir, at.ip(), at.kafka().port())),
        );
        // Whichever did start is kept, so that it is stopped in order where the other did not.
        let postgres = postgres.map(|postgres| {
            let access = Access::to(&postgres);
            running.keep(Box::new(postgres));
            access
        });
        let kafka = kafka.map(|kafka| running.keep(Box::new(kafka)));
        let (access, ()) = (postgres?, kafka?);

        let broker = at.kafka().to_string();
        let wanted = [Topic::new(topics::EVENTS, EVENTS_PARTITIONS), Topic::new(topics::OUTCOMES, 1)];
        try_join!(
            self.shown("database schema", async {
                footfall_store::prepare(&access.admin).await.map(drop).map_err(UpError::from)
            }),
            self.shown("topics", async { topics::create(&broker, &wanted).await.map_err(UpError::from) }),
        )?;

        let sink = self.sink(&access.writer)?;
        let ingest = self.ingest()?;
        let (sink, ingest) = join!(self.shown("sink", sink.start(dir)), self.shown("ingest", ingest.start(dir)),);
        let sink = sink.map(|sink| running.keep(Box::new(Box::new(sink))));
        let ingest = ingest.map(|ingest| running.keep(Box::new(Box::new(ingest))));
        sink.and(ingest)?;

        let site = NginxOptions { share: self.options.share.clone(), listen: at.site(), ingest: at.ingest() };
        let nginx = self.shown("nginx", Nginx::start(parts, dir, &site)).await?;
        running.keep(Box::new(nginx));

        if let Ok(grafana) = self.grafana {
            let started = grafana.start(dir, &self.options.share, at.grafana());
            let grafana = self.shown("Grafana", started).await?;
            running.keep(Box::new(Box::new(grafana)));
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

    fn state(&self, access: Access) -> Result<State, UpError> {
        Ok(State {
            pid: std::process::id().cast_signed(),
            started_ticks: State::own_start()?,
            dir: self.dir.to_owned(),
            socket_dir: access.socket_dir,
            port: self.at.postgres().port(),
            database: DATABASE.to_owned(),
            postgres_bin: self.parts.postgres_bin.clone(),
        })
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
    socket_dir: std::path::PathBuf,
}

impl Access {
    fn to(postgres: &Postgres) -> Self {
        Self {
            admin: postgres.admin(DATABASE),
            writer: postgres.url("footfall_writer", DATABASE),
            socket_dir: postgres.socket_dir().to_owned(),
        }
    }
}
