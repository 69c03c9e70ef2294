//! The operator's command as a process.

use std::path::{Path, PathBuf};

use footfall_testkit::{Backends, Pipeline, checkout};

/// Its result.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) code: i32,
    /// Standard output and standard error.
    pub(crate) text: String,
}

impl Answered {
    pub(crate) fn assert(&self, code: i32, holds: &str) {
        assert!(self.code == code && self.text.contains(holds), "wanted {code} and {holds:?}: {self:?}");
    }
}

/// Runs `footfall` with these arguments, without this process's environment.
pub(crate) async fn footfall(arguments: &[&str]) -> Answered {
    let output = footfall_testkit::footfall().args(arguments).output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    Answered { code: output.status.code().unwrap_or(-1), text: String::from_utf8_lossy(&text).into_owned() }
}

/// The name of the pipeline's database.
pub(crate) fn database(pipeline: &Pipeline) -> &str {
    pipeline.events_topic.strip_suffix("-events").unwrap()
}

pub(crate) fn programs() -> String {
    checkout().join(".parts/parts.json").display().to_string()
}

/// A configuration for `footfall backup` of the pipeline, into `dir`.
pub(crate) fn backup_file(backends: &Backends, pipeline: &Pipeline, dir: &Path, lines: &str) -> PathBuf {
    let url = backends.postgres.url("postgres", database(pipeline));
    let text = format!("{lines}\ndir = \"{}\"\nparts = \"{}\"\ndatabase.url = \"{url}\"\n", dir.display(), programs());
    write(pipeline, "backup.toml", &text)
}

/// A configuration for `footfall retain` on the pipeline.
pub(crate) fn retention_file(backends: &Backends, pipeline: &Pipeline, lines: &str) -> PathBuf {
    let url = backends.postgres.url("footfall_owner", database(pipeline));
    write(pipeline, "retention.toml", &format!("{lines}\ndatabase.url = \"{url}\"\n"))
}

fn write(pipeline: &Pipeline, name: &str, text: &str) -> PathBuf {
    let path = pipeline.dir.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

pub(crate) async fn backup(config: &Path) -> Answered {
    footfall(&["backup", "--config", config.to_str().unwrap()]).await
}

pub(crate) async fn retain(config: &Path) -> Answered {
    footfall(&["retain", "--config", config.to_str().unwrap()]).await
}

/// `footfall restore` of a file into a database, with additional arguments.
pub(crate) async fn restore(backends: &Backends, database: &str, dump: &Path, further: &[&str]) -> Answered {
    let (url, parts) = (backends.postgres.url("postgres", database), programs());
    let arguments = ["restore", dump.to_str().unwrap(), "--database", &url, "--parts", &parts];
    footfall(&[&arguments, further].concat()).await
}

/// The finished backups in a folder, the oldest first.
pub(crate) fn dumps(dir: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut dumps: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "dump")).collect();
    dumps.sort();
    dumps
}
