//! Which of our crates may use which: ARCHITECTURE.md's "dependencies point one way".

use super::finding::Finding;
use super::tree::Tree;

const LIST: &str = "xtask/src/tidy/crates.rs";

/// The crates that each crate may depend on, including for tests.
const ALLOWED: [(&str, &[&str]); 11] = [
    // Pure: all that it uses must be libraries without I/O.
    ("crates/event", &[]),
    ("crates/sites", &[]),
    ("crates/daemon", &[]),
    // The loop around the writer updates a daemon's readiness and watchdog.
    ("crates/store", &["daemon", "event"]),
    // Ingest and sink do not know each other: they share only topics and tables.
    ("crates/ingest", &["daemon", "event", "sites", "store"]),
    ("crates/sink", &["daemon", "event", "store"]),
    // Shows what the database answers.
    ("crates/view", &["daemon", "event", "store"]),
    // Runs the daemons as programs instead of linking them.
    ("crates/footfall", &["daemon", "event", "sites", "store"]),
    ("crates/testkit", &["event", "footfall", "store"]),
    // Must compile within seconds on a bare machine.
    ("xtask", &[]),
    ("fuzz", &["event"]),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let manifests = tree.texts().filter(|(path, _)| path.ends_with("/Cargo.toml"));
    let mut findings = Vec::new();
    for (path, text) in manifests {
        let folder = path.trim_end_matches("/Cargo.toml");
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == folder) else {
            findings.push(Finding::new(
                path,
                1,
                format!("this crate is not in {LIST}: add it with the crates that it may use"),
            ));
            continue;
        };
        for (line, used) in ours(text) {
            if !allowed.contains(&used) {
                let message = format!("{folder} must not use crates/{used} (ARCHITECTURE.md, {LIST})");
                findings.push(Finding::new(path, line, message));
            }
        }
    }
    findings.extend(
        ALLOWED
            .iter()
            .filter(|(folder, _)| !tree.has(folder))
            .map(|(folder, _)| tree.stale_entry(LIST, folder, "this crate no longer exists: remove it from the list")),
    );
    findings
}

/// Our crates among a manifest's dependencies of any kind, with line numbers.
fn ours(manifest: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut in_dependencies = false;
    manifest.lines().enumerate().filter_map(move |(index, line)| {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        }
        let name = line.split(['.', '=', ' ']).next()?;
        let name = if name == "footfall" { name } else { name.strip_prefix("footfall-")? };
        in_dependencies.then_some((index + 1, name))
    })
}

#[cfg(test)]
mod tests {
    use super::{ALLOWED, check};
    use crate::tidy::tree::Tree;

    /// The findings if one manifest is added to those of the list.
    fn found(path: &str, manifest: &str) -> Vec<String> {
        let all: Vec<_> = ALLOWED.iter().map(|(folder, _)| format!("{folder}/Cargo.toml")).collect();
        let mut files: Vec<_> = all.iter().map(|path| (path.as_str(), "")).collect();
        files.push((path, manifest));
        check(&Tree::with(&files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn ingest_cannot_use_the_sink() {
        let manifest = "[package]\nname = \"footfall-ingest\"\n[dependencies]\nfootfall-store.workspace = true\nfootfall-sink.workspace = true\n";
        let found = found("crates/ingest/Cargo.toml", manifest);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("crates/ingest/Cargo.toml:5: crates/ingest must not use crates/sink"),
            "{found:?}"
        );
    }

    #[test]
    fn a_dependency_of_tests_counts_too() {
        let manifest = "[dev-dependencies]\nfootfall-testkit = { path = \"../testkit\" }\n";
        assert_eq!(found("crates/event/Cargo.toml", manifest).len(), 1);
    }

    #[test]
    fn a_new_crate_has_to_be_placed() {
        assert!(found("crates/new/Cargo.toml", "")[0].contains("is not in"));
    }

    #[test]
    fn a_crate_that_is_gone_leaves_the_list() {
        assert_eq!(check(&Tree::with(&[])).len(), ALLOWED.len());
    }
}
