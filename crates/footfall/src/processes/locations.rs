//! Where each program is: read from the file that `cargo xtask setup` writes, or found on PATH.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{At as _, Error, Result};

/// A program or a folder of programs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// The root that it lives in; the host itself where none is named.
    pub root: Option<PathBuf>,
    /// Its path inside that root.
    pub path: PathBuf,
}

/// Where each program is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programs {
    /// The folder with `postgres`, `initdb` and `psql` of PostgreSQL 17.
    pub postgres_bin: Program,
    /// The program nginx; the light profile needs none.
    nginx: Option<Program>,
    /// The program java, 21 or later; the light profile needs none.
    java: Option<Program>,
    /// The folder with Kafka's jars, on the host; the light profile needs none.
    kafka_libs: Option<PathBuf>,
}

impl Programs {
    /// Reads the file that `cargo xtask setup` wrote: CHECKOUT/.parts/parts.json.
    ///
    /// # Errors
    /// The file is not there, or is not such a file.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read(path).at(path)?;
        serde_json::from_slice(&text).map_err(|source| Error::PartsFile { path: path.to_owned(), source })
    }

    /// Finds the programs on PATH, and Kafka's jars in the folder that $FOOTFALL_KAFKA_LIBS names, or where
    /// a package installs them.
    ///
    /// # Errors
    /// There is no PostgreSQL. That another one is missing is told by whoever needs it.
    pub fn on_path() -> Result<Self> {
        let host = |path| Program { root: None, path };
        let postgres = find("postgres", &["/usr/lib/postgresql/17/bin"])?;
        let bin = postgres.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(Self {
            postgres_bin: host(bin),
            nginx: find("nginx", &["/usr/sbin"]).ok().map(host),
            java: java().ok().map(host),
            kafka_libs: std::env::var_os("FOOTFALL_KAFKA_LIBS").map(Into::into).or_else(installed_kafka_libs),
        })
    }

    /// The program nginx.
    ///
    /// # Errors
    /// It was not found.
    pub fn nginx(&self) -> Result<&Program> {
        self.nginx.as_ref().ok_or_else(|| missing("nginx"))
    }

    /// The program java.
    ///
    /// # Errors
    /// It was not found.
    pub fn java(&self) -> Result<&Program> {
        self.java.as_ref().ok_or_else(|| missing("java"))
    }

    /// The folder with Kafka's jars.
    ///
    /// # Errors
    /// It was not named.
    pub fn kafka_libs(&self) -> Result<&Path> {
        self.kafka_libs.as_deref().ok_or_else(|| missing("the folder of Kafka's jars (FOOTFALL_KAFKA_LIBS)"))
    }
}

fn missing(what: &str) -> Error {
    Error::Missing(what.to_owned())
}

/// Where a package that brings Kafka has its jars: bin/footfall has them in share/footfall/kafka.
fn installed_kafka_libs() -> Option<PathBuf> {
    let libs = std::env::current_exe().ok()?.parent()?.parent()?.join("share/footfall/kafka");
    libs.is_dir().then_some(libs)
}

/// The program java on PATH.
///
/// # Errors
/// It is not there.
pub fn java() -> Result<PathBuf> {
    find("java", &["/usr/bin"])
}

/// A program on PATH or in one of the folders named.
pub(crate) fn find(name: &str, folders: &[&str]) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(folders.iter().map(PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| Error::Missing(name.to_owned()))
}

/// One of our own programs: beside the one that runs, or a folder above it, where cargo keeps tests.
pub(crate) fn ours(name: &str) -> Result<PathBuf> {
    let running = std::env::current_exe().at(Path::new("/proc/self/exe"))?;
    running
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
        .ok_or_else(|| Error::Missing(format!("{name} (beside {})", running.display())))
}

#[cfg(test)]
mod tests {
    use super::Programs;

    #[test]
    fn the_file_that_xtask_writes_is_understood() {
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
    fn postgresql_alone_is_enough_until_another_is_needed() {
        let programs: Programs = serde_json::from_str(r#"{ "postgres_bin": { "path": "/usr/bin" } }"#).unwrap();
        for error in [programs.nginx().unwrap_err(), programs.java().unwrap_err(), programs.kafka_libs().unwrap_err()] {
            assert!(error.to_string().contains("is not to be found"), "{error}");
        }
    }
}
