//! Where each program is: from the file that `cargo xtask setup` writes, or found on PATH.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{Error, Result};
use crate::files;

/// A program or a folder of programs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The root file system that it is installed in; `None` for the host's own.
    pub root: Option<PathBuf>,
    /// Its path inside that root.
    pub path: PathBuf,
}

impl Program {
    pub(crate) fn of_host(path: PathBuf) -> Self {
        Self { root: None, path }
    }

    /// One of Footfall's programs.
    pub(crate) fn own(name: &str) -> Result<Self> {
        own_program(name).map(Self::of_host)
    }

    /// A program in this folder.
    pub(crate) fn join(&self, name: &str) -> Self {
        Self { root: self.root.clone(), path: self.path.join(name) }
    }
}

/// Where each program is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programs {
    /// The folder with `postgres`, `initdb` and `psql` of PostgreSQL 17.
    pub postgres_bin: Program,
    /// The program nginx; the light profile does not need it.
    nginx: Option<Program>,
    /// The program java, 21 or later; the light profile does not need it.
    java: Option<Program>,
    /// The folder with Kafka's jars, on the host; the light profile does not need it.
    kafka_libs: Option<PathBuf>,
}

impl Programs {
    /// Reads the given file, or looks the programs up on PATH.
    ///
    /// # Errors
    /// As [`Programs::load`] and [`Programs::on_path`].
    pub fn find(file: Option<&Path>) -> Result<Self> {
        file.map_or_else(Self::on_path, Self::load)
    }

    /// Reads the file that `cargo xtask setup` wrote: CHECKOUT/.parts/parts.json.
    ///
    /// # Errors
    /// Fails if the file cannot be read or parsed.
    pub fn load(path: &Path) -> Result<Self> {
        let text = fs_err::read(path)?;
        serde_json::from_slice(&text).map_err(|error| files::invalid(path, error).into())
    }

    /// Finds the programs on PATH, and Kafka's jars in $FOOTFALL_KAFKA_LIBS or where a package installs them.
    ///
    /// # Errors
    /// Fails if there is no PostgreSQL. Other programs may be missing until they are needed.
    pub fn on_path() -> Result<Self> {
        let postgres = find_on_path("postgres", &["/usr/lib/postgresql/17/bin"])?;
        let bin = postgres.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(Self {
            postgres_bin: Program::of_host(bin),
            nginx: find_on_path("nginx", &["/usr/sbin"]).ok().map(Program::of_host),
            java: java().ok().map(Program::of_host),
            kafka_libs: std::env::var_os("FOOTFALL_KAFKA_LIBS").map(Into::into).or_else(installed_kafka_libs),
        })
    }

    /// The program nginx.
    ///
    /// # Errors
    /// Fails if it was not found.
    pub fn nginx(&self) -> Result<&Program> {
        self.nginx.as_ref().ok_or_else(|| missing("nginx"))
    }

    /// The program java.
    ///
    /// # Errors
    /// Fails if it was not found.
    pub fn java(&self) -> Result<&Program> {
        self.java.as_ref().ok_or_else(|| missing("java"))
    }

    /// The folder with Kafka's jars.
    ///
    /// # Errors
    /// Fails if it was not found.
    pub fn kafka_libs(&self) -> Result<&Path> {
        self.kafka_libs.as_deref().ok_or_else(|| missing("the folder of Kafka's jars (FOOTFALL_KAFKA_LIBS)"))
    }
}

fn missing(what: &str) -> Error {
    Error::Missing(what.to_owned())
}

/// Where a package with Kafka installs its jars: PREFIX/share/footfall/kafka if this program is PREFIX/bin/footfall.
fn installed_kafka_libs() -> Option<PathBuf> {
    let libs = std::env::current_exe().ok()?.parent()?.parent()?.join("share/footfall/kafka");
    libs.is_dir().then_some(libs)
}

/// The program java on PATH.
///
/// # Errors
/// Fails if there is none.
pub fn java() -> Result<PathBuf> {
    find_on_path("java", &["/usr/bin"])
}

/// A program on PATH, or else in one of these folders.
pub(crate) fn find_on_path(name: &str, folders: &[&str]) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(folders.iter().map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| Error::Missing(name.to_owned()))
}

/// One of Footfall's programs: beside the running one, or one folder up, because cargo builds tests into target/*/deps.
pub(crate) fn own_program(name: &str) -> Result<PathBuf> {
    let current = std::env::current_exe()?;
    current
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| Error::Missing(format!("{name} (beside {})", current.display())))
}

#[cfg(test)]
mod tests {
    use super::Programs;

    #[test]
    fn the_file_that_xtask_writes_can_be_read() {
        let text = r#"{
            "java": { "path": "/usr/bin/java", "root": "/c/.parts/root" },
            "kafka_libs": "/c/.parts/kafka/libs",
            "nginx": { "path": "/usr/sbin/nginx" },
            "postgres_bin": { "path": "/usr/lib/postgresql/17/bin", "root": "/c/.parts/root" }
        }"#;
        let programs: Programs = serde_json::from_str(text).unwrap();
        assert_eq!(programs.nginx().unwrap().root, None);
        assert_eq!(programs.java().unwrap().root.as_ref().unwrap().to_str(), Some("/c/.parts/root"));
    }

    #[test]
    fn only_postgresql_is_required_before_another_program_is_needed() {
        let programs: Programs = serde_json::from_str(r#"{ "postgres_bin": { "path": "/usr/bin" } }"#).unwrap();
        for error in [programs.nginx().unwrap_err(), programs.java().unwrap_err(), programs.kafka_libs().unwrap_err()] {
            assert!(error.to_string().contains("was not found"), "{error}");
        }
    }
}
