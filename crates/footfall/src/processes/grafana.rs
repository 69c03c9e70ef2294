//! Grafana, if the host has it. Setup cannot install it, because it is in none of the registries that setup uses.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use super::error::Result;
use super::folders;
use super::launch::Launch;
use super::managed::ManagedProcess;
use super::programs::{Program, find_on_path};
use super::ready::Ready;

const SETTINGS: &str = include_str!("../../../../grafana/settings/footfall.env");

/// The host's Grafana.
#[derive(Debug, Clone)]
pub struct Grafana {
    program: PathBuf,
    /// Newer versions are started with `grafana server`, older ones with `grafana-server`.
    subcommand: Option<&'static str>,
    home: PathBuf,
}

impl Grafana {
    /// Looks for it on PATH.
    ///
    /// # Errors
    /// Says why it was not found.
    pub fn find() -> std::result::Result<Self, String> {
        let (program, subcommand) = find_on_path("grafana", &[])
            .map(|program| (program, Some("server")))
            .or_else(|_| find_on_path("grafana-server", &[]).map(|program| (program, None)))
            .map_err(|_| "neither grafana nor grafana-server is on PATH".to_owned())?;
        let home =
            home(&program).ok_or_else(|| format!("{} is installed, but its files are missing", program.display()))?;
        Ok(Self { program, subcommand, home })
    }

    /// Starts it with its data in `dir`/grafana and the provisioning files in `share`/grafana. It uses the database at
    /// the Unix socket of `port` in `socket_dir`.
    ///
    /// # Errors
    /// Fails if it cannot be run.
    pub fn spawn(
        &self,
        dir: &Path,
        share: &Path,
        listen: SocketAddr,
        socket_dir: &Path,
        port: u16,
    ) -> Result<ManagedProcess> {
        let data = folders::make(dir, "grafana")?;
        let mut arguments: Vec<OsString> = self.subcommand.map(Into::into).into_iter().collect();
        arguments.extend(["--homepath".into(), self.home.clone().into()]);
        let environment = environment(&data, &share.join("grafana"), listen, socket_dir, port);
        let mut launch = Launch {
            name: "grafana".into(),
            program: Program::of_host(self.program.clone()),
            arguments,
            environment: environment.map(|(key, value)| (key.into(), value)).into(),
            user: None,
            binds: Vec::new(),
            stop_signal: Signal::SIGTERM,
            lock_files: Vec::new(),
            log: folders::log(dir, "grafana")?,
        };
        launch.environment.extend(settings().map(|(key, value)| (key.into(), value.into())));
        ManagedProcess::spawn(launch, Ready::Http(listen, "/api/health", 200))
    }
}

/// The settings that every installation has.
fn settings() -> impl Iterator<Item = (&'static str, &'static str)> {
    SETTINGS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='))
}

/// This instance's settings, and the variables that grafana/README.md lists.
fn environment(
    data: &Path,
    files: &Path,
    listen: SocketAddr,
    socket_dir: &Path,
    port: u16,
) -> [(&'static str, OsString); 12] {
    [
        ("GF_SERVER_HTTP_ADDR", listen.ip().to_string().into()),
        ("GF_SERVER_HTTP_PORT", listen.port().to_string().into()),
        ("GF_PATHS_DATA", data.into()),
        ("GF_PATHS_LOGS", data.join("logs").into()),
        ("GF_PATHS_PLUGINS", data.join("plugins").into()),
        ("GF_PATHS_PROVISIONING", files.join("provisioning").into()),
        ("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", files.join("dashboards/analytics-platform.json").into()),
        // The data source has no field for the port of a Unix socket; its driver reads this variable.
        ("PGPORT", port.to_string().into()),
        ("GRAFANA_FOOTFALL_POSTGRES", socket_dir.into()),
        ("GRAFANA_FOOTFALL_SSLMODE", "disable".into()),
        ("GRAFANA_FOOTFALL_DASHBOARDS", files.join("dashboards").into()),
        ("HOME", data.into()),
    ]
}

/// The folder with Grafana's `conf` and `public`.
fn home(program: &Path) -> Option<PathBuf> {
    let real = program.canonicalize().ok()?;
    let beside = real.parent()?.parent()?;
    [beside.to_owned(), beside.join("share/grafana"), "/usr/share/grafana".into()]
        .into_iter()
        .find(|folder| folder.join("conf/defaults.ini").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_loaded_from_other_servers() {
        let settings: Vec<_> = settings().collect();
        for wanted in [
            ("GF_SECURITY_DISABLE_GRAVATAR", "true"),
            ("GF_NEWS_NEWS_FEED_ENABLED", "false"),
            ("GF_PLUGINS_PREINSTALL_DISABLED", "true"),
        ] {
            assert!(settings.contains(&wanted), "{wanted:?}: {settings:?}");
        }
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        assert!(settings.iter().all(|(key, value)| plain(key) && ["true", "false"].contains(value)), "{settings:?}");
    }

    #[test]
    fn every_variable_in_the_provisioning_files_is_set() {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../grafana");
        let listen = SocketAddr::from(([127, 0, 0, 1], 3000));
        let environment = environment(Path::new("/data"), &files, listen, Path::new("/run/postgresql"), 5432);
        for (key, value) in &environment {
            let file =
                ["GF_PATHS_PROVISIONING", "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", "GRAFANA_FOOTFALL_DASHBOARDS"];
            assert!(!file.contains(key) || Path::new(value).exists(), "{key}: {}", value.display());
        }
        // A Unix socket needs neither a password nor a certificate.
        let without = ["GRAFANA_FOOTFALL_PASSWORD", "GRAFANA_FOOTFALL_CA_FILE"];
        for file in ["datasources/footfall.yaml", "dashboards/footfall.yaml"] {
            let text = std::fs::read_to_string(files.join("provisioning").join(file)).unwrap();
            for name in text
                .split('$')
                .skip(1)
                .filter_map(|rest| rest.split(|end: char| !end.is_ascii_alphanumeric() && end != '_').next())
            {
                let known = environment.iter().any(|(key, _)| *key == name) || without.contains(&name);
                assert!(known || !name.starts_with("GRAFANA_"), "{name}");
            }
        }
    }
}
