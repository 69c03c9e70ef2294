//! pg_dump and pg_restore: where they are, and how they connect without showing the password to `ps`.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;
use tempfile::NamedTempFile;
use tokio_postgres::config::Host;

use crate::processes::{self, Program, Programs};

/// Debian's folder. The `pg_dump` on its PATH is a wrapper that chooses a version by the existing clusters.
const DEBIAN: &str = "/usr/lib/postgresql/17/bin";

/// The folder of PostgreSQL's programs.
#[derive(Debug, Clone)]
pub(crate) struct PostgresTools {
    bin: Program,
}

impl PostgresTools {
    /// Uses the programs that the file names; without a file, Debian's PostgreSQL 17, or else those on PATH.
    pub(crate) fn find(programs_file: Option<&Path>) -> processes::Result<Self> {
        let bin = match programs_file {
            Some(file) => Programs::load(file)?.postgres_bin,
            None if Path::new(DEBIAN).join("pg_dump").is_file() => Program::of_host(DEBIAN.into()),
            None => {
                let pg_dump = processes::find_on_path("pg_dump", &[])?;
                Program::of_host(pg_dump.parent().unwrap_or(Path::new("/")).to_owned())
            }
        };
        Ok(Self { bin })
    }

    /// The command for one of the programs. It is terminated when this thread ends, and sees `shared` at the same path.
    pub(crate) fn command(
        &self,
        name: &str,
        access: Option<&LibpqAccess>,
        shared: Option<&Path>,
    ) -> processes::Result<Command> {
        let mut command = Command::new(processes::own_program("footfall")?);
        command.env_clear().envs([("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"), ("LC_ALL", "C.UTF-8")]);
        let parent_death = ["--parent-death", Signal::SIGTERM.as_str()];
        command.args(["enter", "--parent", &std::process::id().to_string()]).args(parent_death);
        if let Some(access) = access {
            command.envs(access.environment());
        }
        if let Some(root) = &self.bin.root {
            command.arg("--root").arg(root);
            for path in access.into_iter().flat_map(LibpqAccess::paths).chain(shared) {
                command.arg("--bind").arg(path);
            }
        }
        command.arg("--").arg(self.bin.path.join(name));
        Ok(command)
    }
}

/// How libpq connects: its environment variables, and a file with the password, if any.
#[derive(Debug)]
pub(crate) struct LibpqAccess {
    hosts: Vec<String>,
    sockets: Vec<PathBuf>,
    ports: Vec<String>,
    user: Option<String>,
    database: String,
    password_file: Option<NamedTempFile>,
}

impl LibpqAccess {
    /// Like `config`, but for another database.
    pub(crate) fn new(config: &tokio_postgres::Config, database: &str) -> std::io::Result<Self> {
        let hosts = config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        let sockets = config.get_hosts().iter().filter_map(|host| match host {
            Host::Unix(path) => Some(path.clone()),
            Host::Tcp(_) => None,
        });
        let password_file = match config.get_password() {
            None => None,
            Some(password) => {
                // Created with mode 0600, which libpq requires.
                let mut file = NamedTempFile::new()?;
                let password = String::from_utf8_lossy(password).replace('\\', "\\\\").replace(':', "\\:");
                writeln!(file, "*:*:*:*:{password}")?;
                Some(file)
            }
        };
        Ok(Self {
            hosts: hosts.collect(),
            sockets: sockets.collect(),
            ports: config.get_ports().iter().map(u16::to_string).collect(),
            user: config.get_user().map(ToOwned::to_owned),
            database: database.to_owned(),
            password_file,
        })
    }

    fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut variables: Vec<(&'static str, OsString)> =
            vec![("PGDATABASE", self.database.clone().into()), ("PGAPPNAME", "footfall-backup".into())];
        let lists = [("PGHOST", self.hosts.join(",")), ("PGPORT", self.ports.join(","))];
        variables
            .extend(lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(name, list)| (name, list.into())));
        variables.extend(self.user.as_ref().map(|user| ("PGUSER", user.into())));
        variables.extend(self.password_file.as_ref().map(|file| ("PGPASSFILE", file.path().into())));
        variables
    }

    fn paths(&self) -> impl Iterator<Item = &Path> {
        let files = self.password_file.iter().map(NamedTempFile::path);
        self.sockets.iter().map(PathBuf::as_path).chain(files)
    }
}

const SHOWN_LINES_MAX: usize = 10;

/// The end of a tool's error output, for an error message. It omits lines that quote rows, which may contain what a
/// visitor typed, and warnings, which pg_dump prints for every TimescaleDB.
pub(crate) fn stderr_excerpt(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let left_out = ["CONTEXT:", "DETAIL:", "Command was:", ": warning:", ": detail:", ": hint:"];
    let lines: Vec<_> = text.lines().filter(|line| !left_out.iter().any(|pattern| line.contains(pattern))).collect();
    lines.get(lines.len().saturating_sub(SHOWN_LINES_MAX)..).unwrap_or_default().join("; ")
}

#[cfg(test)]
mod tests {
    use super::{LibpqAccess, stderr_excerpt};

    #[test]
    fn a_password_is_in_a_private_file_and_nowhere_else() {
        use std::os::unix::fs::PermissionsExt as _;
        let config = "host=db,/run/p port=5432,5433 user=o password='a:b\\\\c' dbname=x".parse().unwrap();
        let access = LibpqAccess::new(&config, "y").unwrap();
        let variables = access.environment();
        let of = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_str().unwrap());
        assert_eq!(
            (of("PGHOST"), of("PGPORT"), of("PGUSER"), of("PGDATABASE")),
            (Some("db,/run/p"), Some("5432,5433"), Some("o"), Some("y"))
        );
        let file = of("PGPASSFILE").unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap(), "*:*:*:*:a\\:b\\\\c\n");
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!variables.iter().any(|(_, value)| value.to_str().unwrap().contains("a:b")));
    }

    #[test]
    fn what_a_visitor_typed_is_not_repeated() {
        let text = b"pg_restore: error: COPY failed\nCONTEXT:  COPY x, line 1: \"secret\"\nCommand was: COPY";
        assert_eq!(stderr_excerpt(text), "pg_restore: error: COPY failed");
    }
}
