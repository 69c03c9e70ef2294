//! `footfall up`: runs everything on this machine, as child processes of one launcher in the foreground.

mod addresses;
mod daemon_files;
mod error;
mod instance_dir;
pub mod migrate_profile;
pub mod password;
mod plan;
mod profile;
mod restart_backoff;
mod retention;
mod signals;
mod start;
pub mod state;
mod summary;
mod supervisor;

use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;

use crate::port_holder;
use crate::processes::{Grafana, Programs, SecondName};
use crate::progress::Steps;

use addresses::Addresses;
pub use error::UpError;
use instance_dir::InstanceDir;
use password::PasswordSource;
use plan::Plan;
pub use profile::Profile;
use signals::Signals;
use summary::summary;
use supervisor::Supervisor;

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

/// How `up` ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// A signal asked for it.
    Asked,
    /// A process died too often.
    GaveUp,
}

/// Starts everything, prints the addresses, and runs until a signal arrives; then stops everything in order.
///
/// # Errors
/// Fails if something could not be started; everything that was started is then stopped.
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
    let programs = Programs::find(options.programs_file.as_deref())?;
    // nginx may run in its own root, where a relative path would lead elsewhere.
    let share = std::path::absolute(&options.share)?;
    let instance_dir = InstanceDir::open(options.keep.as_deref())?;
    profile.remember(instance_dir.path())?;
    let mut signals = Signals::listen().map_err(UpError::Signals)?;
    let steps = Steps::new();
    let supervisor = Supervisor::new(steps.clone());
    let plan = Plan {
        profile,
        programs: &programs,
        dir: instance_dir.path(),
        share: &share,
        at,
        grafana: &grafana,
        second_names: &options.second_names,
        password: options.password.as_ref(),
        trusted_proxies: &options.trusted_proxies,
        steps: &steps,
    };
    let ended = tokio::select! {
        ended = run(&plan, &supervisor, &instance_dir) => ended,
        () = signals.next() => Ok(Ended::Asked),
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

/// Starts everything and waits. Returns only when something goes wrong.
async fn run(plan: &Plan<'_>, supervisor: &Supervisor, instance_dir: &InstanceDir) -> Result<Ended, UpError> {
    let state = plan.start(supervisor).await?;
    let _announced = state.announce()?;
    plan.steps.say(&summary(plan, &state, instance_dir));
    tokio::select! {
        () = supervisor.gave_up() => Ok(Ended::GaveUp),
        never = retention::remove_daily(&state, plan.share, plan.steps) => match never {},
    }
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
