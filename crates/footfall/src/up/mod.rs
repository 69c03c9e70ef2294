//! `footfall up`: runs everything on this machine, as child processes of one launcher in the foreground.

mod addresses;
mod board;
mod daemon_files;
mod error;
pub mod grafana_login;
mod instance_dir;
mod logs;
pub mod migrate_profile;
mod part;
pub mod password;
mod plan;
mod ports;
mod profile;
mod restart_backoff;
mod retention;
mod signals;
mod start;
pub mod state;
mod summary;
mod supervisor;
mod watcher;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;

use crate::processes::{Grafana, PostgresPlace, Programs, SecondName};
use crate::progress::Steps;

use addresses::Addresses;
use board::Standing;
pub use error::UpError;
use instance_dir::InstanceDir;
use part::Part;
use password::PasswordSource;
use plan::Plan;
pub use profile::Profile;
use signals::Signals;
use summary::{READY, summary};
use supervisor::Supervisor;
use watcher::Patience;

/// What `up` starts, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// What to start: by default the profile that the folder remembers, or the appliance for a new one.
    pub profile: Option<Profile>,
    /// The folder whose data is kept for the next run; without one, the folder is temporary.
    pub keep: Option<PathBuf>,
    /// The address that everything listens on, with the standard ports.
    pub listen: IpAddr,
    /// The address that the site listens on for other machines, if any; it may be unspecified (0.0.0.0).
    pub publish: Option<IpAddr>,
    /// The live page's password; generated if not given.
    pub password: Option<PasswordSource>,
    /// Proxies in front of the site whose X-Forwarded-For is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// The file with the programs' paths; without one, they are looked up on PATH.
    pub programs_file: Option<PathBuf>,
    /// Second paths for files of the site.
    pub second_names: Vec<SecondName>,
    /// The folder that holds `web/`, `nixos/` and `grafana/`.
    pub share: PathBuf,
}

/// Starts everything, prints the addresses, and runs until a signal arrives; then stops everything in order.
///
/// # Errors
/// Fails if something could not be started in a folder where it has never worked, or if trying again would not help.
/// Everything that was started is then stopped.
pub async fn up(options: &Options) -> Result<(), UpError> {
    let at = Addresses::on(options.listen, options.publish);
    if options.listen.is_unspecified() {
        return Err(UpError::NoOneAddress(options.listen));
    }
    if let Some(foreign) = at.foreign() {
        return Err(UpError::ForeignAddress(foreign));
    }
    let profile = profile(options)?;
    let grafana = match profile {
        Profile::Light => Err("not part of the light profile".to_owned()),
        Profile::Appliance => Grafana::find(),
    };
    ports::wait_until_free(&at.wanted(profile, grafana.is_ok()), options.keep.as_deref()).await?;
    let programs = Programs::find(options.programs_file.as_deref())?;
    // nginx may run in its own root, where a relative path would lead elsewhere.
    let share = std::path::absolute(&options.share)?;
    let instance_dir = InstanceDir::open(options.keep.as_deref())?;
    let dir = instance_dir.path();
    profile.remember(dir)?;
    let mut signals = Signals::listen().map_err(UpError::Signals)?;
    let plan = Arc::new(Plan {
        profile,
        postgres: PostgresPlace::new(&programs, dir, at.ip(), at.postgres().port())?,
        programs,
        dir: dir.to_owned(),
        share,
        at,
        grafana,
        second_names: options.second_names.clone(),
        password: options.password.clone(),
        trusted_proxies: options.trusted_proxies.clone(),
        steps: Steps::new(),
    });
    plan.make_secrets()?;
    let patience = if instance_dir.has_worked() { Patience::Endless } else { Patience::None };
    let mut supervisor = Supervisor::start(&plan, patience);
    let ended = tokio::select! {
        error = run(&plan, &mut supervisor, &instance_dir) => Err(error),
        () = signals.next() => Ok(()),
    };
    stop(supervisor, &mut signals).await;
    ended
}

/// The profile that the folder remembers, which must match the requested one, if any.
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

/// Returns only when something goes wrong that another attempt would not mend.
async fn run(plan: &Plan, supervisor: &mut Supervisor, instance_dir: &InstanceDir) -> UpError {
    let announced = plan.state().and_then(|state| Ok((state.announce()?, state)));
    let (_announced, state) = match announced {
        Ok(announced) => announced,
        Err(error) => return error,
    };
    let board = supervisor.board.clone();
    let told = async {
        board.settled().await;
        let failing = board.failing();
        plan.steps.say(&summary(plan, &state, instance_dir, &failing));
        board.all_ready().await;
        if !failing.is_empty() {
            plan.steps.say(READY);
        }
    };
    let remembered = async {
        board.wait_until(all_but_grafana_are_ready).await;
        if let Err(error) = instance_dir.remember_that_it_worked() {
            plan.steps.say(&error.to_string());
        }
    };
    let removed = async {
        board.wait_until(|standings| standings.get(&Part::Schema) == Some(&Standing::Ready)).await;
        retention::remove_daily(&state, &plan.share, &plan.steps).await
    };
    tokio::select! {
        error = supervisor.failed() => error,
        never = logs::keep_bounded(&plan.dir, &plan.steps) => match never {},
        ((), (), never) = async { tokio::join!(told, remembered, removed) } => match never {},
    }
}

fn all_but_grafana_are_ready(standings: &BTreeMap<Part, Standing>) -> bool {
    standings.iter().all(|(part, standing)| *part == Part::Grafana || *standing == Standing::Ready)
}

/// Stops everything; a second signal kills what is still running.
async fn stop(supervisor: Supervisor, signals: &mut Signals) {
    let kill = supervisor.kill_token();
    let stopping = supervisor.stop();
    tokio::pin!(stopping);
    tokio::select! {
        () = &mut stopping => {}
        () = signals.next() => {
            kill.cancel();
            stopping.await;
        }
    }
}
