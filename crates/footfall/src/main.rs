//! `footfall`: the operator's command.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use footfall::broker;
use footfall::check::{self, Screen, Target};
use footfall::database_server;
use footfall::enter::Enter;
use footfall::health::{self, HealthCheck, Unhealthy};
use footfall::load::{self, LoadOptions};
use footfall::processes::kafka::Listen;
use footfall::processes::{self, SecondName};
use footfall::psql::{self, Role};
use footfall::secrets;
use footfall::topics::{self, Topic};
use footfall::up::password::{self as password_file, Given};
use footfall::up::state::State;
use footfall::up::{self, Ended, Profile, migrate};
use footfall::{backup, restore, retain};
use footfall_daemon::CommandArguments;
use ipnet::IpNet;
use nix::sys::signal::Signal;
use nix::unistd::Pid;

#[derive(Parser)]
#[command(name = "footfall", version, about = "Runs and operates Footfall")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start everything on this machine and stay in the foreground; Ctrl-C stops it all
    Up(UpArguments),
    /// Have what `up --keep` keeps go on as another profile; nothing that is stored changes
    MigrateProfile(MigrateProfileArguments),
    /// Say whether every part of the running instance can do its job; exit 1 unless all can
    Health(HealthArguments),
    /// Print the live page's password
    Password(PasswordArguments),
    /// Open psql on the running instance: `footfall psql -- -c "SELECT ..."`
    Psql(PsqlArguments),
    /// Send one marked event down the whole path and say which stage it got to; exit 1 unless all is well
    Check(CheckArguments),
    /// Post events at a steady rate and account for each; exit 1 unless all were acknowledged
    Load(LoadArguments),
    /// Become one Kafka broker, whose folder is formatted the first time
    Kafka(KafkaArguments),
    /// Become a PostgreSQL server on a Unix socket alone, whose database is made the first time
    Postgres(PostgresArguments),
    /// Make the secrets that are missing; one that is there is never changed
    Secrets {
        /// The folder that holds one file for each
        #[arg(long, value_name = "DIR")]
        dir: PathBuf,
    },
    /// Make the topics that are missing
    Topics(TopicsArguments),
    /// Make roles, database, extension and tables, and bring them up to date
    Migrate(MigrateArguments),
    /// Remove what is older than it is to be kept (what footfall-retention.timer runs)
    Retain(CommandArguments),
    /// Write a backup of the database, check it, and remove the oldest (what footfall-backup.timer runs)
    Backup(CommandArguments),
    /// Make the database anew from a backup; what came later is read from Kafka again
    Restore(restore::Arguments),
    /// Become another program, inside another root (how `up` starts each part)
    #[command(hide = true)]
    Enter(EnterArguments),
}

fn main() -> ExitCode {
    run(Arguments::parse()).unwrap_or_else(|error| {
        // A person reads this: no backtrace, and our errors name their causes in their own words.
        let _ = writeln!(std::io::stderr(), "footfall: {error}");
        ExitCode::FAILURE
    })
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        Command::Up(arguments) => in_runtime(up(arguments)),
        Command::MigrateProfile(arguments) => in_runtime(migrate_profile(arguments)),
        Command::Psql(arguments) => match psql(arguments)? {},
        Command::Health(arguments) => in_runtime(health(arguments)),
        Command::Password(arguments) => password(arguments),
        Command::Check(arguments) => in_runtime(check(arguments)),
        Command::Load(arguments) => in_runtime(load(arguments)),
        Command::Kafka(arguments) => match kafka(arguments)? {},
        Command::Postgres(arguments) => match postgres(&arguments)? {},
        Command::Secrets { dir } => {
            secrets::make(&dir, &[secrets::VISITOR_SECRET, secrets::VIEW_PASSWORD])
                .with_context(|| format!("secrets in {}", dir.display()))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Topics(arguments) => in_runtime(make_topics(arguments)),
        Command::Migrate(arguments) => in_runtime(migrate(arguments)),
        Command::Retain(arguments) => Ok(retain::main(arguments)),
        Command::Backup(arguments) => Ok(backup::main(arguments)),
        Command::Restore(arguments) => Ok(restore::main(&arguments)),
        Command::Enter(arguments) => match enter(arguments)? {},
    }
}

fn in_runtime(doing: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(doing)
}

#[derive(Args)]
struct UpArguments {
    /// What to start: light is PostgreSQL, ingest and view alone (default: what DIR holds, else appliance)
    #[arg(long, value_enum, env = "FOOTFALL_UP_PROFILE")]
    profile: Option<Profile>,
    // An image says this and `publish`; whoever runs it may say otherwise after that.
    /// Keep the data in this folder for the next run (default: a temporary folder)
    #[arg(long, value_name = "DIR", overrides_with = "keep")]
    keep: Option<PathBuf>,
    /// The address that everything listens on, with the standard ports
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// The address where others reach the site, and nothing but the site; 0.0.0.0 stands for every one
    #[arg(long, value_name = "ADDRESS", overrides_with = "publish")]
    publish: Option<IpAddr>,
    /// A file with the live page's password (or set FOOTFALL_UP_PASSWORD; default: one is made)
    #[arg(long, value_name = "FILE", env = "FOOTFALL_UP_PASSWORD_FILE")]
    password_file: Option<PathBuf>,
    /// A proxy in front of the site whose X-Forwarded-For is believed: 172.16.0.0/12
    #[arg(
        long = "trusted-proxy",
        value_name = "NETWORK",
        env = "FOOTFALL_UP_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_parser = network
    )]
    trusted_proxies: Vec<IpNet>,
    /// The file that says where the programs are (default: they are on PATH)
    #[arg(long, value_name = "FILE")]
    parts: Option<PathBuf>,
    /// A second path for something that the site serves, as blockers know the first: /s.js=/analytics.js
    #[arg(long = "second-name", value_name = "SECOND=FIRST")]
    second_names: Vec<SecondName>,
    /// The folder with web/, nixos/ and grafana/ (default: share/footfall beside this program's folder)
    #[arg(long, value_name = "DIR")]
    share: Option<PathBuf>,
}

async fn up(arguments: UpArguments) -> anyhow::Result<ExitCode> {
    let options = up::Options {
        profile: arguments.profile,
        keep: arguments.keep,
        listen: arguments.listen,
        publish: arguments.publish,
        password: arguments
            .password_file
            .map(Given::File)
            .or_else(|| std::env::var("FOOTFALL_UP_PASSWORD").ok().map(Given::Word)),
        trusted_proxies: arguments.trusted_proxies,
        parts: arguments.parts,
        second_names: arguments.second_names,
        share: arguments.share.map_or_else(installed_share, Ok)?,
    };
    Ok(match up::up(&options).await? {
        Ended::Asked => ExitCode::SUCCESS,
        Ended::GaveUp => ExitCode::FAILURE,
    })
}

#[derive(Args)]
struct MigrateProfileArguments {
    /// The folder that `up --keep` keeps
    #[arg(long, value_name = "DIR")]
    keep: PathBuf,
    /// What it is to be
    #[arg(value_enum)]
    to: Profile,
    /// The address that the parts listen on meanwhile, with the standard ports
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// The file that says where the programs are (default: they are on PATH)
    #[arg(long, value_name = "FILE")]
    parts: Option<PathBuf>,
    /// How long it may take to store what Kafka holds, in seconds
    #[arg(long, default_value_t = 600)]
    wait_s: u64,
}

async fn migrate_profile(arguments: MigrateProfileArguments) -> anyhow::Result<ExitCode> {
    let MigrateProfileArguments { keep, to, listen, parts, wait_s } = arguments;
    let options = migrate::Options { keep, to, listen, parts, wait_max: Duration::from_secs(wait_s) };
    let from = migrate::migrate_profile(&options).await?;
    let (keep, mut out) = (options.keep.display(), std::io::stdout());
    if from == to {
        writeln!(out, "{keep} is of the profile {to} already.")?;
    } else {
        writeln!(out, "{keep} was of the profile {from} and is {to} now: `footfall up --keep {keep}`")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| "neither an address nor a network such as 172.16.0.0/12".into())
}

/// Where the package puts the plain files: bin/footfall has them in share/footfall.
fn installed_share() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let prefix = program.parent().and_then(|bin| bin.parent());
    let prefix = prefix.context("this program lies in no folder")?;
    Ok(prefix.join("share/footfall"))
}

#[derive(Args)]
struct OfInstance {
    /// The folder of the instance (default: the one that was started last)
    #[arg(long, value_name = "DIR")]
    instance: Option<PathBuf>,
}

impl OfInstance {
    fn state(&self) -> anyhow::Result<State> {
        Ok(self.instance.as_deref().map_or_else(State::latest, State::of_instance)?)
    }
}

#[derive(Args)]
struct HealthArguments {
    #[command(flatten)]
    of: OfInstance,
    /// Ask these addresses, and no instance: http://127.0.0.1:3002/ready
    #[arg(long, value_name = "URL", conflicts_with = "instance")]
    ready: Vec<String>,
}

async fn health(arguments: HealthArguments) -> anyhow::Result<ExitCode> {
    let health_checks = if arguments.ready.is_empty() {
        arguments.of.state()?.health_checks
    } else {
        arguments.ready.into_iter().map(|url| HealthCheck { part: "asked".into(), url }).collect()
    };
    let unhealthy = health::unhealthy(&health_checks).await;
    let words: Vec<_> = unhealthy.iter().map(Unhealthy::to_string).collect();
    writeln!(
        std::io::stdout(),
        "{}",
        if unhealthy.is_empty() { "all parts are ready".into() } else { words.join("\n") }
    )?;
    Ok(if unhealthy.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Args)]
struct PasswordArguments {
    #[command(flatten)]
    of: OfInstance,
    /// The folder of view's secrets, where it is no part of an instance
    #[arg(long, value_name = "DIR", env = "CREDENTIALS_DIRECTORY", conflicts_with = "instance")]
    credentials: Option<PathBuf>,
}

fn password(arguments: PasswordArguments) -> anyhow::Result<ExitCode> {
    let file = match arguments.credentials {
        Some(folder) => folder.join(secrets::VIEW_PASSWORD),
        None => password_file::file(&arguments.of.state()?.dir),
    };
    let word = std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    writeln!(std::io::stdout(), "{word}")?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Args)]
struct PsqlArguments {
    /// As whom
    #[arg(long, value_enum, default_value = "reader")]
    role: Role,
    /// The folder of the instance (default: the one that was started last)
    #[arg(long, value_name = "DIR")]
    instance: Option<PathBuf>,
    /// Passed on to psql
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

fn psql(arguments: PsqlArguments) -> anyhow::Result<Infallible> {
    Ok(psql::exec(arguments.instance.as_deref(), arguments.role, arguments.arguments)?)
}

#[derive(Args)]
struct CheckArguments {
    /// The folder of the instance (default: the one that was started last)
    #[arg(long, value_name = "DIR")]
    instance: Option<PathBuf>,
    #[command(flatten)]
    given: check::Given,
    /// How long the event may take to become a row, in milliseconds
    #[arg(long, default_value_t = 10_000)]
    visible_ms_max: u64,
    /// Print one JSON object, for machines
    #[arg(long)]
    json: bool,
}

async fn check(arguments: CheckArguments) -> anyhow::Result<ExitCode> {
    let target = Target::find(arguments.instance.as_deref(), arguments.given)?;
    let mut out = std::io::stdout();
    let screen = if out.is_terminal() { Screen::Terminal } else { Screen::Plain };
    let report = check::run(&target, Duration::from_millis(arguments.visible_ms_max), |stage| {
        if !arguments.json {
            // A closed standard output must not stop the check: its exit status still tells.
            let _ = writeln!(std::io::stdout(), "{}", screen.stage(stage));
        }
    })
    .await;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        writeln!(out, "{report}")?;
    }
    Ok(if report.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Args)]
struct LoadArguments {
    /// Where events are posted to
    #[arg(long, default_value = "http://127.0.0.1:3001/analytics")]
    url: String,
    /// Events in each second, whatever becomes of them
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    /// How many events
    #[arg(long, default_value_t = 1_000)]
    events: u64,
    /// Over how many sessions they spread
    #[arg(long, default_value_t = 100)]
    sessions: u32,
    /// Send an event again, with the same id, after 503, a failed connection or a timeout
    #[arg(long)]
    retry: bool,
    /// Add the id of each acknowledged event to this file at once
    #[arg(long, value_name = "FILE")]
    acknowledged: Option<PathBuf>,
    /// Where each event's page_url begins
    #[arg(long, value_name = "URL")]
    page_url_prefix: Option<String>,
}

async fn load(arguments: LoadArguments) -> anyhow::Result<ExitCode> {
    let defaults = LoadOptions::new(&arguments.url, arguments.rate, arguments.events);
    let options = LoadOptions {
        sessions: arguments.sessions,
        retry: arguments.retry,
        acknowledged: arguments.acknowledged,
        page_url_prefix: arguments.page_url_prefix.unwrap_or(defaults.page_url_prefix),
        ..defaults
    };
    let report = load::run(&options).await?;
    writeln!(std::io::stdout(), "{report}")?;
    Ok(if report.is_all_acknowledged() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[derive(Args)]
struct KafkaArguments {
    /// The broker's folder
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The address that it listens on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    listen: IpAddr,
    /// Its port; the controller has the next one
    #[arg(long, default_value_t = 9092)]
    port: u16,
    /// The host name that clients on other machines know it by (default: the address)
    #[arg(long, value_name = "NAME")]
    advertise: Option<String>,
    /// Java's heap, in MiB
    #[arg(long, default_value_t = processes::kafka::HEAP_MIB)]
    heap_mib: u32,
    /// The folder with Kafka's jars (default: share/footfall/kafka beside this program's folder)
    #[arg(long, value_name = "DIR", env = "FOOTFALL_KAFKA_LIBS")]
    libs: Option<PathBuf>,
}

fn kafka(arguments: KafkaArguments) -> anyhow::Result<Infallible> {
    let libs = arguments.libs.map_or_else(|| Ok(installed_share()?.join("kafka")), anyhow::Ok)?;
    let address = SocketAddr::new(arguments.listen, arguments.port);
    let listen = Listen { address, advertise: arguments.advertise };
    Ok(broker::exec(&processes::java()?, &libs, &arguments.dir, &listen, arguments.heap_mib)?)
}

#[derive(Args)]
struct PostgresArguments {
    /// The server's folder
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The folder of its socket: who reaches that may be any of its users
    #[arg(long, value_name = "DIR", default_value = "/run/postgresql")]
    socket_dir: PathBuf,
}

fn postgres(arguments: &PostgresArguments) -> anyhow::Result<Infallible> {
    let bin = processes::Programs::on_path()?.postgres_bin.path;
    Ok(database_server::exec(&bin, &arguments.dir, &arguments.socket_dir)?)
}

#[derive(Args)]
struct TopicsArguments {
    /// HOST:PORT of one or more brokers, separated by commas
    #[arg(long, env = "FOOTFALL_BOOTSTRAP_SERVERS")]
    bootstrap_servers: String,
    /// The topic of events
    #[arg(long, default_value = topics::EVENTS)]
    events_topic: String,
    /// Its partitions: as many sinks can share the load
    #[arg(long, default_value_t = 3)]
    events_partitions: u16,
    /// The topic of ingest's counts
    #[arg(long, default_value = topics::OUTCOMES)]
    outcomes_topic: String,
    /// How many brokers hold each message
    #[arg(long, default_value_t = 1)]
    replication: u16,
    /// How long messages are kept
    #[arg(long, default_value_t = 7 * 24)]
    retention_hours: u32,
    /// How long to ask again while no broker answers, in seconds
    #[arg(long, default_value_t = 0)]
    wait_s: u32,
}

async fn make_topics(arguments: TopicsArguments) -> anyhow::Result<ExitCode> {
    let topic = |name, partitions| Topic {
        name,
        partitions,
        replication: arguments.replication,
        retention: Duration::from_secs(u64::from(arguments.retention_hours) * 3600),
    };
    let topics = [topic(arguments.events_topic, arguments.events_partitions), topic(arguments.outcomes_topic, 1)];
    let wait_max = Duration::from_secs(arguments.wait_s.into());
    topics::create_within(&arguments.bootstrap_servers, &topics, wait_max).await?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Args)]
struct MigrateArguments {
    /// The database and who may set it up, as libpq takes it: "host=/run/postgresql user=postgres dbname=analytics"
    #[arg(long, value_name = "URL", env = "FOOTFALL_DATABASE_URL")]
    database: tokio_postgres::Config,
}

async fn migrate(arguments: MigrateArguments) -> anyhow::Result<ExitCode> {
    footfall_store::prepare(&arguments.database).await?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Args)]
struct EnterArguments {
    /// The folder that becomes /
    #[arg(long)]
    root: Option<PathBuf>,
    /// The user to become, as the root's /etc/passwd knows it
    #[arg(long)]
    user: Option<String>,
    /// An absolute path that is seen at the same place inside
    #[arg(long)]
    bind: Vec<PathBuf>,
    /// The process whose end is the program's end too
    #[arg(long, requires = "parent_death")]
    parent: Option<i32>,
    /// The signal that the program then gets, such as SIGTERM
    #[arg(long, requires = "parent")]
    parent_death: Option<Signal>,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    program: Vec<OsString>,
}

fn enter(arguments: EnterArguments) -> anyhow::Result<Infallible> {
    let enter = Enter {
        root: arguments.root,
        user: arguments.user,
        binds: arguments.bind,
        parent: arguments.parent.map(Pid::from_raw).zip(arguments.parent_death),
    };
    Ok(enter.exec(&arguments.program)?)
}
