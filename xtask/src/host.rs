//! Finds the programs that this machine has in a usable version, on PATH and in Debian's folders.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of PostgreSQL 17's programs, if TimescaleDB is installed too.
pub(crate) fn postgres() -> Option<PathBuf> {
    let debian = PathBuf::from("/usr/lib/postgresql/17/bin");
    let folders = std::iter::once(debian).chain(search_path());
    folders
        .filter(|folder| folder.join("postgres").is_file())
        .filter(|folder| output_of(&folder.join("postgres"), "--version").contains(" 17."))
        .find(|folder| has_timescaledb(folder))
}

fn has_timescaledb(bin: &Path) -> bool {
    let real = bin.join("postgres").canonicalize().unwrap_or_else(|_| bin.join("postgres"));
    let beside = |path: &str| real.parent().map(|folder| folder.join(path));
    [
        Some(PathBuf::from("/usr/share/postgresql/17/extension")),
        beside("../share/postgresql/extension"),
        beside("../share/extension"),
    ]
    .into_iter()
    .flatten()
    .any(|folder| folder.join("timescaledb.control").is_file())
}

/// nginx; any recent version will do.
pub(crate) fn nginx() -> Option<PathBuf> {
    program("nginx")
}

/// Java 21 or later.
pub(crate) fn java() -> Option<PathBuf> {
    let java = program("java")?;
    (java_release(&output_of(&java, "-version"))? >= 21).then_some(java)
}

fn java_release(output: &str) -> Option<u32> {
    let (_, version) = output.split_once("version \"")?;
    let digits = version.split(|letter: char| !letter.is_ascii_digit());
    digits.into_iter().next()?.parse().ok()
}

/// A program on PATH, or in the folders that are only on root's PATH.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let system = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
    search_path().chain(system).map(|folder| folder.join(name)).find(|path| path.is_file())
}

fn search_path() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

/// What a program called with one argument prints to stdout and stderr; empty if it cannot be run.
fn output_of(program: &Path, argument: &str) -> String {
    let Ok(output) = Command::new(program).arg(argument).output() else {
        return String::new();
    };
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    said
}

#[cfg(test)]
mod tests {
    use super::java_release;

    #[test]
    fn the_release_of_a_java_is_read_from_what_it_says() {
        assert_eq!(java_release("openjdk version \"17.0.15\" 2025-04-15"), Some(17));
        assert_eq!(java_release("openjdk version \"21\" 2023-09-19"), Some(21));
        assert_eq!(java_release("java version \"1.8.0_402\""), Some(1));
        assert_eq!(java_release("not found"), None);
    }
}
