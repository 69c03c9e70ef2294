//! Daemons on top of [`Backends`]: ingest, any number of sinks, and nginx for tests with a browser; or, in the light
//! profile, on PostgreSQL alone.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use footfall::processes::{DaemonOptions, Kafka, ManagedProcess, Nginx, NginxOptions, Postgres, SecondName};
use footfall::topics::{Topic, create};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use tokio_postgres::Client;

use crate::backends::{checkout, programs, run_dir};
use crate::{Answer, Backends, Http, SitesFile, new_database, own_address};

const EVENTS_PARTITIONS: u16 = 3;
const CREDENTIAL: &str = "a secret of the tests, longer than 16 bytes";

/// The options of a pipeline.
#[derive(Debug, Clone, Default)]
pub struct PipelineOptions {
    /// Lines added to ingest's configuration file, before its tables.
    pub ingest: String,
    /// Who may write; by default everybody.
    pub sites: Option<SitesFile>,
    /// Lines added to the sinks' configuration file, before its tables.
    pub sink: String,
    /// Seconds between two samples of the daemons' metrics; 0, the default, disables them.
    pub sample_interval_s: u16,
    /// Starts nginx with the demo site; in the light profile view serves it, on its own port.
    pub site: bool,
    /// Second names for paths that nginx serves.
    pub second_names: Vec<SecondName>,
    /// Starts no sink.
    pub no_sink: bool,
    /// Starts the live page, with these lines in its configuration file, before its tables.
    pub view: Option<String>,
}

/// Daemons with their own database and topics.
pub struct Pipeline {
    /// The address of its ports.
    pub address: IpAddr,
    /// Its files.
    pub dir: PathBuf,
    /// footfall-ingest.
    pub ingest: ManagedProcess,
    /// The sinks.
    pub sinks: Vec<ManagedProcess>,
    /// footfall-view, if requested.
    pub view: Option<ManagedProcess>,
    /// nginx, if requested.
    pub nginx: Option<Nginx>,
    /// Topic of the events.
    pub events_topic: String,
    /// Topic of ingest's counts.
    pub outcomes_topic: String,
    /// bootstrap.servers of the broker; empty in the light profile.
    pub kafka: String,
    /// A connection that may read and write everything.
    pub database: Client,
    /// An HTTP client.
    pub http: Http,
    /// The connection string of the reader role.
    pub reader_url: String,
    admin: tokio_postgres::Config,
    writer_url: String,
    sink_options: String,
    sample_interval_s: u16,
}

impl Pipeline {
    /// Starts a pipeline and waits until it is ready.
    pub async fn start(backends: &Backends) -> Self {
        Self::start_with(backends, PipelineOptions::default()).await
    }

    /// Starts a pipeline with options.
    pub async fn start_with(backends: &Backends, options: PipelineOptions) -> Self {
        Self::start_on(&backends.postgres, Some(&backends.kafka), options).await
    }

    /// Starts a pipeline in the light profile, without broker and sink: ingest itself stores the events.
    pub async fn start_light(postgres: &Postgres, options: PipelineOptions) -> Self {
        Self::start_on(postgres, None, options).await
    }

    async fn start_on(postgres: &Postgres, broker: Option<&Kafka>, options: PipelineOptions) -> Self {
        let address = own_address();
        let name = new_database(postgres).await;
        let dir = run_dir("pipeline");
        let admin = postgres.admin(&name);
        let (reader_url, writer_url) = (postgres.url("footfall_reader", &name), postgres.url("footfall_writer", &name));
        let (events_topic, outcomes_topic) = (format!("{name}-events"), format!("{name}-outcomes"));
        let kafka = broker.map(|broker| broker.address().to_string()).unwrap_or_default();
        let topics = [Topic::new(&events_topic, EVENTS_PARTITIONS), Topic::new(&outcomes_topic, 1)];
        if broker.is_some() {
            create(&kafka, &topics).await.unwrap();
        }

        let ingest_port = SocketAddr::new(address, 3001);
        let store = match broker {
            Some(_) => kafka_settings(&kafka, &events_topic, &outcomes_topic),
            None => format!("store = \"postgresql\"\ndatabase.url = \"{writer_url}\"\ndatabase.retry_ms_max = 500\n"),
        };
        // View connects from 127.0.0.1.
        let trusted = if broker.is_some() { vec![address] } else { vec![address, Ipv4Addr::LOCALHOST.into()] };
        let ingest = start_ingest(&dir, ingest_port, &store, &trusted, &options).await;
        let view_port = SocketAddr::new(address, 3003);
        let is_served_by_view = options.site && broker.is_none();
        let site = if is_served_by_view {
            let web = checkout().join("web");
            let names: Vec<_> = options.second_names.iter().map(SecondName::as_given).collect();
            format!(
                "site.dir = \"{}\"\nsite.ingest = \"{ingest_port}\"\nsite.second_names = {names:?}\n",
                web.display()
            )
        } else {
            String::new()
        };
        let view = match &options.view {
            None => None,
            Some(lines) => Some(start_view(&dir, view_port, &format!("{lines}\n{site}"), &reader_url).await),
        };
        let nginx = if options.site && !is_served_by_view {
            let options = NginxOptions {
                share: checkout().into(),
                listen: SocketAddr::new(address, 8080),
                ingest: ingest_port,
                second_names: options.second_names,
                trusted_proxies: Vec::new(),
                view: view_port,
            };
            Some(Nginx::start(programs(), &dir, &options).await.unwrap())
        } else {
            None
        };
        let database = connect(&admin).await;
        let mut pipeline = Self {
            address,
            dir,
            ingest,
            sinks: Vec::new(),
            view,
            nginx,
            events_topic,
            outcomes_topic,
            kafka,
            database,
            http: Http::default(),
            reader_url,
            writer_url,
            admin,
            sink_options: options.sink,
            sample_interval_s: options.sample_interval_s,
        };
        if broker.is_some() && !options.no_sink {
            pipeline.add_sink().await;
        }
        pipeline
    }

    /// Starts another sink in the same group.
    pub async fn add_sink(&mut self) {
        let (group, name) = (self.sinks_group(), format!("sink-{}", self.sinks.len()));
        self.start_sink(&group, &name).await;
    }

    /// Starts another sink in the same group, with this name in it.
    pub async fn add_sink_named(&mut self, name: &str) {
        let group = self.sinks_group();
        self.start_sink(&group, name).await;
    }

    /// Starts another sink in a group of its own, so that it reads the same partitions as the others.
    pub async fn add_sink_of_group(&mut self, group: &str) {
        let name = format!("sink-{}", self.sinks.len());
        self.start_sink(group, &name).await;
    }

    fn sinks_group(&self) -> String {
        format!("{}-sink", self.events_topic)
    }

    async fn start_sink(&mut self, group: &str, group_name: &str) {
        let number = self.sinks.len();
        // Each sink has its own admin port: 4195, 4196, ...
        let admin = SocketAddr::new(self.address, 4195 + u16::try_from(number).unwrap());
        let config = self.dir.join(format!("sink-{number}.toml"));
        let text = format!(
            "{}\nsample_interval_s = {}\nadmin.address = \"{admin}\"\nkafka.bootstrap_servers = \"{}\"\nkafka.group_id = \"{group}\"\n\
             kafka.group_instance_id = \"{group_name}\"\nkafka.events_topic = \"{}\"\nkafka.outcomes_topic = \"{}\"\nkafka.session_ms_max = 6000\n\
             database.url = \"{}\"\n",
            self.sink_options,
            self.sample_interval_s,
            self.kafka,
            self.events_topic,
            self.outcomes_topic,
            self.writer_url
        );
        std::fs::write(&config, text).unwrap();
        let options = DaemonOptions {
            program: "footfall-sink",
            name: format!("sink-{number}"),
            config,
            credentials: None,
            admin,
            environment: Vec::new(),
        };
        self.sinks.push(options.start(&self.dir).await.unwrap());
    }

    /// Starts a second ingest on the ports 3011 and 3012, configured like the first.
    pub async fn another_ingest(&self) -> ManagedProcess {
        let text = std::fs::read_to_string(self.dir.join("ingest.toml")).unwrap();
        let text = text.replace(":3001", ":3011").replace(":3002", ":3012");
        let config = self.dir.join("ingest-2.toml");
        std::fs::write(&config, format!("instance = \"ingest-2\"\n{text}")).unwrap();
        let options = DaemonOptions {
            program: "footfall-ingest",
            name: "ingest-2".into(),
            config,
            credentials: Some(self.dir.join("credentials")),
            admin: SocketAddr::new(self.address, 3012),
            environment: Vec::new(),
        };
        options.start(&self.dir).await.unwrap()
    }

    /// http://ADDRESS:PORT/PATH
    pub fn url(&self, port: u16, path: &str) -> String {
        format!("http://{}:{port}{path}", self.address)
    }

    /// Its database, as the superuser.
    #[must_use]
    pub fn admin(&self) -> &tokio_postgres::Config {
        &self.admin
    }

    /// Posts JSON to /analytics; panics if no answer comes.
    pub async fn post(&self, body: impl Into<Bytes>) -> Answer {
        let headers = [("content-type", "application/json")];
        self.http.send("POST", &self.url(3001, "/analytics"), &headers, body).await.expect("an answer")
    }

    /// Gets a path on the port; panics if no answer comes.
    pub async fn get(&self, port: u16, path: &str) -> Answer {
        self.http.send("GET", &self.url(port, path), &[], "").await.expect("an answer")
    }

    /// The single number that a query returns. Reconnects if the server was restarted.
    pub async fn number(&mut self, query: &str) -> i64 {
        if self.database.is_closed() {
            self.database = connect(&self.admin).await;
        }
        self.database.query_one(query, &[]).await.unwrap_or_else(|error| panic!("{query}: {error:?}")).get(0)
    }

    /// Waits until a query returns this number; panics with its last result.
    pub async fn wait_for(&mut self, query: &str, wanted: i64, within: Duration) {
        let began = Instant::now();
        loop {
            let answered = self.number(query).await;
            if answered == wanted {
                return;
            }
            assert!(
                began.elapsed() < within,
                "{query}: {answered} instead of {wanted} after {within:?}\n{}",
                self.logs()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the database has every offset that Kafka has assigned. In the light profile it always does.
    pub async fn wait_until_all_is_read(&mut self, within: Duration) {
        if self.kafka.is_empty() {
            return;
        }
        let topics = [(self.events_topic.clone(), i32::from(EVENTS_PARTITIONS)), (self.outcomes_topic.clone(), 1)];
        let kafka = self.kafka.clone();
        let ends = tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer = ClientConfig::new().set("bootstrap.servers", &kafka).create().unwrap();
            let of_topic = |(topic, partitions): &(String, i32)| -> i64 {
                (0..*partitions).map(|p| consumer.fetch_watermarks(topic, p, Duration::from_secs(10)).unwrap().1).sum()
            };
            topics.iter().map(of_topic).sum()
        });
        let ends: i64 = ends.await.unwrap();
        let behind = format!("SELECT {ends} - sum(next_offset)::bigint FROM kafka_offsets");
        let began = Instant::now();
        while self.number(&behind).await > 0 {
            assert!(began.elapsed() < within, "not everything was read after {within:?}\n{}", self.logs());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The ends of the daemons' logs, for failure messages.
    pub fn logs(&self) -> String {
        let ends = self
            .sinks
            .iter()
            .chain([&self.ingest])
            .map(|process| format!("--- {}\n{}", process.name(), process.log_end()));
        ends.collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Pipeline {
    /// Prints what the daemons said if the test has failed.
    #[allow(clippy::print_stderr, reason = "it is part of the test's output")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.logs());
        }
    }
}

fn kafka_settings(brokers: &str, events_topic: &str, outcomes_topic: &str) -> String {
    format!(
        "kafka.bootstrap_servers = \"{brokers}\"\nkafka.events_topic = \"{events_topic}\"\n\
         kafka.outcomes_topic = \"{outcomes_topic}\"\n"
    )
}

async fn start_ingest(
    dir: &Path,
    listen: SocketAddr,
    store: &str,
    trusted_proxies: &[IpAddr],
    options: &PipelineOptions,
) -> ManagedProcess {
    let credentials = dir.join("credentials");
    std::fs::create_dir_all(&credentials).unwrap();
    std::fs::write(credentials.join("privacy.visitor_secret"), CREDENTIAL).unwrap();
    let config = dir.join("ingest.toml");
    let admin = SocketAddr::new(listen.ip(), 3002);
    let trusted: Vec<_> = trusted_proxies.iter().map(ToString::to_string).collect();
    let sites = options.sites.clone().unwrap_or_else(SitesFile::open).path;
    let text = format!(
        "{}\nsample_interval_s = {}\nlisten = \"{listen}\"\nadmin.address = \"{admin}\"\nsites.file = {sites:?}\n{store}\
         privacy.trusted_proxies = {trusted:?}\n",
        options.ingest, options.sample_interval_s
    );
    std::fs::write(&config, text).unwrap();
    let ingest = DaemonOptions {
        program: "footfall-ingest",
        name: "ingest".into(),
        config,
        credentials: Some(credentials),
        admin,
        environment: Vec::new(),
    };
    ingest.start(dir).await.unwrap()
}

/// Starts footfall-view with these lines of configuration, on `listen` and its admin port.
pub async fn start_view(dir: &Path, listen: SocketAddr, lines: &str, database: &str) -> ManagedProcess {
    let (config, admin) = (dir.join("view.toml"), SocketAddr::new(listen.ip(), 3004));
    let text = format!(
        "{lines}\nlisten = \"{listen}\"\nadmin.address = \"{admin}\"\nstate_dir = \"{}\"\ndatabase.url = \"{database}\"\n",
        dir.join("view").display()
    );
    std::fs::write(&config, text).unwrap();
    let options = DaemonOptions {
        program: "footfall-view",
        name: "view".into(),
        config,
        credentials: None,
        admin,
        environment: Vec::new(),
    };
    options.start(dir).await.unwrap()
}

async fn connect(config: &tokio_postgres::Config) -> Client {
    let mut attempts = 0;
    loop {
        match footfall_store::connect(config).await {
            Ok(client) => return client,
            // The test is restarting the server.
            Err(_) if attempts < 200 => attempts += 1,
            Err(error) => panic!("{error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
