//! Grafana, where the host has it: it is in no registry that setup uses.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use super::error::Result;
use super::folders;
use super::launch::Launch;
use super::locations::{self, Program};
use super::part::Part;
use super::ready::Ready;

/// A Grafana of the host.
#[derive(Debug, Clone)]
pub struct Grafana {
    program: PathBuf,
    /// `grafana server` of today, or `grafana-server` of before.
    subcommand: Option<&'static str>,
    home: PathBuf,
}

impl Grafana {
    /// Looks for it on PATH.
    ///
    /// # Errors
    /// Why there is none, in words for a person.
    pub fn find() -> std::result::Result<Self, String> {
        let (program, subcommand) = locations::find("grafana", &[])
            .map(|program| (program, Some("server")))
            .or_else(|_| locations::find("grafana-server", &[]).map(|program| (program, None)))
            .map_err(|_| "neither grafana nor grafana-server is on PATH".to_owned())?;
        let home = home(&program).ok_or_else(|| format!("{} is there, but not its files", program.display()))?;
        Ok(Self { program, subcommand, home })
    }

    /// Starts it with its data in `dir`/grafana and what `share`/grafana provides.
    ///
    /// # Errors
    /// It cannot be run.
    pub fn spawn(&self, dir: &Path, share: &Path, listen: SocketAddr) -> Result<Part> {
        let data = folders::make(dir, "grafana")?;
        let mut arguments: Vec<OsString> = self.subcommand.map(Into::into).into_iter().collect();
        arguments.extend(["--homepath".into(), self.home.clone().into()]);
        let mut environment: Vec<(OsString, OsString)> = vec![
            ("GF_SERVER_HTTP_ADDR".into(), listen.ip().to_string().into()),
            ("GF_SERVER_HTTP_PORT".into(), listen.port().to_string().into()),
            ("GF_PATHS_DATA".into(), data.clone().into()),
            ("GF_PATHS_LOGS".into(), data.join("logs").into()),
            ("GF_ANALYTICS_REPORTING_ENABLED".into(), "false".into()),
            ("GF_ANALYTICS_CHECK_FOR_UPDATES".into(), "false".into()),
        ];
        let provisioning = share.join("grafana");
        if provisioning.is_dir() {
            environment.push(("GF_PATHS_PROVISIONING".into(), provisioning.into()));
        }
        let launch = Launch {
            name: "grafana".into(),
            program: Program { root: None, path: self.program.clone() },
            arguments,
            environment,
            user: None,
            binds: Vec::new(),
            stop_signal: Signal::SIGTERM,
            lock_file: None,
            log: folders::log(dir, "grafana")?,
        };
        Part::spawn(launch, Ready::Http(listen, "/api/health", 200))
    }
}

/// The folder with Grafana's `conf` and `public`.
fn home(program: &Path) -> Option<PathBuf> {
    let real = program.canonicalize().ok()?;
    let beside = real.parent()?.parent()?;
    [beside.to_owned(), beside.join("share/grafana"), "/usr/share/grafana".into()]
        .into_iter()
        .find(|folder| folder.join("conf/defaults.ini").is_file())
}
