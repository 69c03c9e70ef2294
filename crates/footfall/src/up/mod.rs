//! `footfall up`: everything on this machine, as child processes of one launcher in the foreground.

mod addresses;
mod daemon_files;
mod deaths;
mod home;
pub mod migrate_profile;
pub mod password;
mod profile;
mod retention;
mod signals;
mod start;
pub mod state;
mod supervisor;

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;

use crate::port_holder::{self, Taken};
use crate::processes::{self, Grafana, Programs, SecondName};
use crate::progress::Steps;
use crate::topics::TopicsError;

use addresses::Addresses;
use home::Home;
pub use profile::Profile;
use signals::Signals;
use start::Plan;
use state::{State, StateError};
use supervisor::Running;

/// What a person may choose.
#[derive(Debug, Clone)]
pub struct Options {
    /// What to start; what the folder remembers where none is named, and for a new one an appliance.
    pub profile: Option<Profile>,
    /// The folder whose data is kept for the next run; a temporary one where none is named.
    pub keep: Option<PathBuf>,
    /// The address that everything listens on, with the standard ports.
    pub listen: IpAddr,
    /// The address that the site listens on where others are to reach it; it may stand for every one.
    pub publish: Option<IpAddr>,
    /// The live page's password, where a person sets it.
    pub password: Option<password::Given>,
    /// Proxies in front of the site that say for whom they ask.
    pub trusted_proxies: Vec<IpNet>,
    /// The file that says where the programs are; without one they are looked up on PATH.
    pub programs_file: Option<PathBuf>,
    /// Further paths for what is served.
    pub second_names: Vec<SecondName>,
    /// The folder that holds `web/`, `nixos/` and `grafana/`.
    pub share: PathBuf,
}

/// How `up` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// A signal asked for it.
    Asked,
    /// A part died again and again.
    GaveUp,
}

/// Why not everything could be started.
#[derive(Debug, thiserror::Error)]
pub enum UpError {
    /// Other processes have the ports.
    #[error("{}", lines(.0))]
    PortsTaken(Vec<Taken>),
    /// There is no one address to tell the clients of Kafka.
    #[error("{0} stands for every address: name one that this machine has")]
    NoOneAddress(IpAddr),
    /// The folder is another profile's.
    #[error(
        "{} holds the data of the profile {remembered}: start it with --profile {remembered}, or have it go on as the other \
         with `footfall migrate-profile --keep {} {asked}`", dir.display(), dir.display()
    )]
    OtherProfile {
        /// The instance's folder.
        dir: PathBuf,
        /// What it is.
        remembered: Profile,
        /// What was asked for.
        asked: Profile,
    },
    /// There is nothing to change.
    #[error("{} holds no data of a `footfall up --keep`", .0.display())]
    NoInstance(PathBuf),
    /// Kafka holds what a profile without it would never see.
    #[error(
        "Kafka still holds {messages} messages that are not stored, so the instance stays an appliance: {} says why; \
         --wait-s waits for longer", log.display()
    )]
    NotAllStored {
        /// How many.
        messages: i64,
        /// The sink's log.
        log: PathBuf,
    },
    /// The database does not say how far it has stored.
    #[error("the database does not say how far it has stored: {}", footfall_store::error_text(.0))]
    Ask(tokio_postgres::Error),
    /// A part did not start.
    #[error(transparent)]
    Part(#[from] processes::Error),
    /// The database could not be set up.
    #[error(transparent)]
    Database(#[from] footfall_store::PrepareError),
    /// The topics could not be made.
    #[error(transparent)]
    Topics(#[from] TopicsError),
    /// The instance could not be announced.
    #[error(transparent)]
    State(#[from] StateError),
    /// /proc could not be read.
    #[error("/proc cannot be read: {0}")]
    Proc(#[from] procfs::ProcError),
    /// A file of the instance cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
}

impl UpError {
    fn file(path: &Path, source: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }
}

fn lines(taken: &[Taken]) -> String {
    let lines: Vec<_> = taken.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Starts everything, says where it is, and stays until a signal comes; then stops everything, in order.
///
/// # Errors
/// Something could not be started; whatever was is stopped again.
pub async fn up(options: &Options) -> Result<Ended, UpError> {
    let at = Addresses::on(options.listen, options.publish);
    if options.listen.is_unspecified() {
        return Err(UpError::NoOneAddress(options.listen));
    }
    let profile = profile(options)?;
    let grafana = match profile {
        Profile::Light => Err("not part of the light profile".to_owned()),
        Profile::Appliance => Grafana::find(),
    };
    let taken = port_holder::taken(&at.wanted(profile, grafana.is_ok()))?;
    if !taken.is_empty() {
        return Err(UpError::PortsTaken(taken));
    }
    let programs = load_programs(options.programs_file.as_deref())?;
    // nginx sees the files from inside its root, where this process's own folder means nothing.
    let share = std::path::absolute(&options.share).map_err(|source| UpError::file(&options.share, source))?;
    let keep = options.keep.as_deref();
    let home = Home::open(keep).map_err(|source| UpError::file(keep.unwrap_or(&std::env::temp_dir()), source))?;
    profile.remember(home.path())?;
    let mut signals =
        Signals::listen().map_err(|source| UpError::file(Path::new("the signals of this process"), source))?;
    let steps = Steps::new();
    let running = Running::new(steps.clone());
    let plan = Plan {
        profile,
        programs: &programs,
        dir: home.path(),
        share: &share,
        at,
        grafana: &grafana,
        second_names: &options.second_names,
        password: options.password.as_ref(),
        trusted_proxies: &options.trusted_proxies,
        steps: &steps,
    };
    let ended = tokio::select! {
        ended = run(&plan, &running, &home) => ended,
        () = signals.next() => Ok(Ended::Asked),
    };

    // A second signal, while everything is being stopped, kills what is left.
    let kill = running.kill_token();
    let stopping = running.stop();
    tokio::pin!(stopping);
    tokio::select! {
        () = &mut stopping => {}
        () = signals.next() => {
            kill.cancel();
            stopping.await;
        }
    }
    ended
}

/// What the folder remembers; what is asked for must not differ.
fn profile(options: &Options) -> Result<Profile, UpError> {
    let remembered = match &options.keep {
        Some(dir) => Profile::of(dir)?,
        None => None,
    };
    match (remembered, options.profile, &options.keep) {
        (Some(remembered), Some(asked), Some(dir)) if remembered != asked => {
            Err(UpError::OtherProfile { dir: dir.clone(), remembered, asked })
        }
        (remembered, asked, _) => Ok(remembered.or(asked).unwrap_or(Profile::Appliance)),
    }
}

fn load_programs(file: Option<&Path>) -> Result<Programs, processes::Error> {
    file.map_or_else(Programs::on_path, Programs::load)
}

/// Starts everything and waits; returns by itself only where something goes wrong.
async fn run(plan: &Plan<'_>, running: &Running, home: &Home) -> Result<Ended, UpError> {
    let state = plan.start(running).await?;
    let _announced = state.announce()?;
    plan.steps.say(&addresses(plan, &state, home));
    tokio::select! {
        () = running.gave_up() => Ok(Ended::GaveUp),
        never = retention::remove_daily(&state, plan.share, plan.steps) => match never {},
    }
}

fn addresses(plan: &Plan<'_>, state: &State, home: &Home) -> String {
    let Plan { at, grafana, .. } = plan;
    let dir = state.dir.display();
    let data = if home.is_kept() {
        format!("{dir} (kept)")
    } else {
        format!("{dir} (removed at the end; --keep DIR keeps it)")
    };
    let grafana = match grafana {
        Ok(_) => format!("http://{}/", at.grafana()),
        Err(why) => format!("not started: {why}"),
    };
    let password = password::file(&state.dir);
    let login = if at.are_private() { "to share links" } else { "to log in" };
    let (site, ingest) = (at.site_from_here(), at.ingest());
    let metrics = |name: &str, at| format!("   {name} http://{at}/metrics");
    let (sink, further) = match plan.profile {
        Profile::Light => (String::new(), String::new()),
        Profile::Appliance => {
            (metrics("sink", at.sink_admin()), format!("kafka     {}\ngrafana   {grafana}\n", at.kafka()))
        }
    };
    format!(
        "\n\
         site      http://{site}/\n\
         live page http://{site}/live/   password {login}: `footfall password`, which reads {password}\n\
         ingest    http://{ingest}/analytics   health http://{ingest}/health\n\
         database  cargo xtask psql   or: psql -h {socket} -p {port} -U footfall_reader {database}\n\
         metrics{ingest_metrics}{sink}{view}\n\
         {further}\
         data      {data}\n\
         logs      {dir}/logs\n\
         \n\
         Everything is ready. Ctrl-C stops it.",
        password = password.display(),
        socket = state.socket_dir.display(),
        port = state.port,
        database = state.database,
        ingest_metrics = metrics("ingest", at.ingest_admin()),
        view = metrics("live page", at.view_admin()),
    )
}
