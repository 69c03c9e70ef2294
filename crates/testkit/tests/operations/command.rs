//! The operator's command as a process.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use footfall_testkit::{Kit, Stack, checkout};
use tokio::process::Command;

/// What it answered.
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

/// Runs `footfall` with these arguments, and nothing of this process's environment.
pub(crate) async fn footfall(arguments: &[&str]) -> Answered {
    let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("footfall");
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    Answered { code: output.status.code().unwrap_or(-1), text: String::from_utf8_lossy(&text).into_owned() }
}

/// The stack's database, by its name.
pub(crate) fn database(stack: &Stack) -> &str {
    stack.events_topic.strip_suffix("-events").unwrap()
}

pub(crate) fn parts() -> String {
    checkout().join(".parts/parts.json").display().to_string()
}

/// A configuration for `footfall backup` of the stack, into `dir`.
pub(crate) fn backup_file(kit: &Kit, stack: &Stack, dir: &Path, lines: &str) -> PathBuf {
    let url = kit.postgres.url("postgres", database(stack));
    let text = format!("{lines}\ndir = \"{}\"\nparts = \"{}\"\ndatabase.url = \"{url}\"\n", dir.display(), parts());
    write(stack, "backup.toml", &text)
}

/// A configuration for `footfall retain` on the stack.
pub(crate) fn retention_file(kit: &Kit, stack: &Stack, lines: &str) -> PathBuf {
    let url = kit.postgres.url("footfall_owner", database(stack));
    write(stack, "retention.toml", &format!("{lines}\ndatabase.url = \"{url}\"\n"))
}

fn write(stack: &Stack, name: &str, text: &str) -> PathBuf {
    let path = stack.dir.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

pub(crate) async fn backup(config: &Path) -> Answered {
    footfall(&["backup", "--config", config.to_str().unwrap()]).await
}

pub(crate) async fn retain(config: &Path) -> Answered {
    footfall(&["retain", "--config", config.to_str().unwrap()]).await
}

/// `footfall restore` of a file into a database, with further arguments.
pub(crate) async fn restore(kit: &Kit, database: &str, dump: &Path, further: &[&str]) -> Answered {
    let (url, parts) = (kit.postgres.url("postgres", database), parts());
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
