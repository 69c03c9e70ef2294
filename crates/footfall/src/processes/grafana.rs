//! Grafana, if the host has it. Setup cannot install it, because it is in none of the registries that setup uses.

use std::ffi::OsString;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs_err::{File, OpenOptions};
use nix::sys::signal::Signal;

use super::error::{Error, Result};
use super::folders;
use super::launch::Launch;
use super::log_text;
use super::managed::ManagedProcess;
use super::programs::{Program, find_on_path};
use super::ready::Ready;

const SETTINGS: &str = include_str!("../../../../grafana/settings/footfall.env");
/// Resetting the password opens the database and migrates it.
const RESET_S_MAX: u64 = 60;

/// The host's Grafana.
#[derive(Debug, Clone)]
pub struct Grafana {
    program: PathBuf,
    /// Newer versions are started with `grafana server`, older ones with `grafana-server`.
    subcommand: Option<&'static str>,
    home: PathBuf,
}

/// How to start Grafana.
#[derive(Debug, Clone)]
pub struct GrafanaOptions {
    /// The instance's folder; Grafana's data is in its folder `grafana`.
    pub dir: PathBuf,
    /// The folder with `grafana/provisioning` and `grafana/dashboards`.
    pub share: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The folder of PostgreSQL's Unix socket.
    pub socket_dir: PathBuf,
    /// PostgreSQL's port.
    pub postgres_port: u16,
    /// The administrator's password in a new database.
    pub password: String,
}

impl Grafana {
    /// Looks for it on PATH, and where packages install it.
    ///
    /// # Errors
    /// Says why it was not found.
    pub fn find() -> std::result::Result<Self, String> {
        let packaged = &["/usr/sbin", "/usr/share/grafana/bin"];
        let found = ["grafana", "grafana-server"].into_iter().find_map(|name| find_on_path(name, packaged).ok());
        let found = found.ok_or_else(|| "neither grafana nor grafana-server is on PATH".to_owned())?;
        let home =
            home(&found).ok_or_else(|| format!("{} is installed, but its files are missing", found.display()))?;
        let program = program(found, &home);
        let is_old = program.file_name().is_some_and(|name| name == "grafana-server");
        Ok(Self { program, subcommand: (!is_old).then_some("server"), home })
    }

    /// Starts it without waiting.
    ///
    /// # Errors
    /// Fails if it cannot be run.
    pub fn spawn(&self, options: &GrafanaOptions) -> Result<ManagedProcess> {
        let data = folders::make_private(&options.dir, "grafana")?;
        let mut arguments: Vec<OsString> = self.subcommand.map(Into::into).into_iter().collect();
        arguments.extend(["--homepath".into(), self.home.clone().into()]);
        let mut launch = Launch {
            name: "grafana".into(),
            program: Program::of_host(self.program.clone()),
            arguments,
            environment: environment(&data, options).map(|(key, value)| (key.into(), value)).into(),
            user: None,
            binds: Vec::new(),
            stop_signal: Signal::SIGTERM,
            lock_files: Vec::new(),
            log: folders::log(&options.dir, "grafana")?,
        };
        launch.environment.extend(settings().map(|(key, value)| (key.into(), value.into())));
        ManagedProcess::spawn(launch, Ready::Http(options.listen, "/api/health", 200))
    }

    /// Replaces the administrator's password by the contents of a file, if there is a database already. Grafana must
    /// not be running.
    ///
    /// # Errors
    /// Fails if Grafana's tool does.
    pub async fn reset_password(&self, dir: &Path, password_file: &Path) -> Result<()> {
        let data = folders::make_private(dir, "grafana")?;
        if !data.join("grafana.db").exists() {
            return Ok(());
        }
        let log = folders::log(dir, "grafana")?;
        let (from, output) = (log_text::length(&log), OpenOptions::new().create(true).append(true).open(&log)?);
        let old_tool = || self.program.with_file_name("grafana-cli");
        let tool = self.subcommand.map_or_else(old_tool, |_| self.program.clone());
        let mut command = tokio::process::Command::new(tool);
        command
            .args(self.subcommand.map(|_| "cli"))
            .arg("--homepath")
            .arg(&self.home)
            .args(["admin", "reset-admin-password", "--password-from-stdin"])
            .env_clear()
            .envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("LC_ALL", "C.UTF-8")])
            .env("GF_PATHS_DATA", &data)
            .env("GF_PATHS_LOGS", data.join("logs"))
            .env("GF_PATHS_PLUGINS", data.join("plugins"))
            .stdin(File::open(password_file)?.into_file())
            .stdout(output.try_clone()?.into_file())
            .stderr(output.into_file())
            .kill_on_drop(true);
        let ended = tokio::time::timeout(Duration::from_secs(RESET_S_MAX), command.status()).await;
        let status = ended.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Ended { name: "grafana's password reset".into(), status, log: log_text::reason(&log, from) })
    }
}

/// The program itself: a package's wrapper script would use the settings of the system's Grafana, and one that waits for
/// the program instead of becoming it would leave it running.
fn program(found: PathBuf, home: &Path) -> PathBuf {
    let packaged = ["grafana", "grafana-server"].map(|name| home.join("bin").join(name));
    if !is_script(&found) {
        return found;
    }
    packaged.into_iter().find(|program| program.is_file() && !is_script(program)).unwrap_or(found)
}

fn is_script(program: &Path) -> bool {
    let mut start = [0; 2];
    File::open(program).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"#!"
}

/// The settings that every installation has.
fn settings() -> impl Iterator<Item = (&'static str, &'static str)> {
    SETTINGS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='))
}

/// This instance's settings, and the variables that grafana/README.md lists.
fn environment(data: &Path, options: &GrafanaOptions) -> [(&'static str, OsString); 14] {
    let GrafanaOptions { share, listen, socket_dir, postgres_port, password, .. } = options;
    let files = share.join("grafana");
    [
        ("GF_SERVER_HTTP_ADDR", listen.ip().to_string().into()),
        ("GF_SERVER_HTTP_PORT", listen.port().to_string().into()),
        ("GF_SECURITY_ADMIN_USER", "admin".into()),
        ("GF_SECURITY_ADMIN_PASSWORD", password.into()),
        ("GF_PATHS_DATA", data.into()),
        ("GF_PATHS_LOGS", data.join("logs").into()),
        ("GF_PATHS_PLUGINS", data.join("plugins").into()),
        ("GF_PATHS_PROVISIONING", files.join("provisioning").into()),
        ("GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", files.join("dashboards/analytics-platform.json").into()),
        // The data source has no field for the port of a Unix socket; its driver reads this variable.
        ("PGPORT", postgres_port.to_string().into()),
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
    fn the_program_is_run_instead_of_a_wrapper_script() {
        let home = tempfile::tempdir().unwrap();
        let (wrapper, binary) = (home.path().join("wrapper"), home.path().join("bin/grafana"));
        std::fs::create_dir(home.path().join("bin")).unwrap();
        std::fs::write(&wrapper, "#! /usr/bin/env bash\n").unwrap();
        assert_eq!(program(wrapper.clone(), home.path()), wrapper, "there is nothing else");
        std::fs::write(&binary, b"\x7fELF").unwrap();
        assert_eq!(program(wrapper, home.path()), binary);
        assert_eq!(program(binary.clone(), Path::new("/elsewhere")), binary);
    }

    #[tokio::test]
    async fn a_password_is_set_in_a_database_that_exists_and_appears_in_no_command_line() {
        let dir = tempfile::tempdir().unwrap();
        let (script, given) = (dir.path().join("grafana.sh"), dir.path().join("given"));
        std::fs::write(&given, "a phrase").unwrap();
        let text = "#!/bin/sh\necho \"$@\" > \"$GF_PATHS_DATA/arguments\"; cat > \"$GF_PATHS_DATA/set\"; exit ${#1}";
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let grafana = Grafana { program: script, subcommand: Some("server"), home: "/home".into() };
        let data = dir.path().join("grafana");

        grafana.reset_password(dir.path(), &given).await.unwrap();
        assert!(!data.join("set").exists(), "a new database gets it from the environment");
        std::fs::write(data.join("grafana.db"), "").unwrap();
        let failed = grafana.reset_password(dir.path(), &given).await;
        assert!(matches!(failed, Err(Error::Ended { .. })), "{failed:?}");
        assert_eq!(std::fs::read_to_string(data.join("set")).unwrap(), "a phrase");
        let arguments = std::fs::read_to_string(data.join("arguments")).unwrap();
        assert_eq!(arguments, "cli --homepath /home admin reset-admin-password --password-from-stdin\n");
    }

    #[test]
    fn every_variable_in_the_provisioning_files_is_set() {
        let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../grafana");
        let options = GrafanaOptions {
            dir: "/instance".into(),
            share: Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."),
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            socket_dir: "/run/postgresql".into(),
            postgres_port: 5432,
            password: "admin".into(),
        };
        let environment = environment(Path::new("/data"), &options);
        for (key, value) in &environment {
            let file =
                ["GF_PATHS_PROVISIONING", "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH", "GRAFANA_FOOTFALL_DASHBOARDS"];
            assert!(!file.contains(key) || Path::new(value).exists(), "{key}: {}", value.display());
        }
        // A Unix socket needs neither a password nor a certificate.
        let without = ["GRAFANA_FOOTFALL_PASSWORD", "GRAFANA_FOOTFALL_CA_FILE"];
        for file in ["datasources/footfall.yaml", "dashboards/footfall.yaml"] {
            let text = std::fs::read_to_string(files.join("provisioning").join(file)).unwrap();
            let end = |character: char| !character.is_ascii_alphanumeric() && character != '_';
            for name in text.split('$').skip(1).filter_map(|rest| rest.split(end).next()) {
                let known = environment.iter().any(|(key, _)| *key == name) || without.contains(&name);
                assert!(known || !name.starts_with("GRAFANA_"), "{name}");
            }
        }
    }
}
