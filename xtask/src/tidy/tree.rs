//! The files of the checkout: those that git tracks, and those that it would track after `git add`.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::finding::Finding;
use super::rust::Facts;
use crate::command;

pub(super) struct Tree {
    /// Texts by path, relative to the checkout; `None` if a file is not UTF-8.
    files: BTreeMap<String, Option<String>>,
    rust: BTreeMap<String, Facts>,
}

impl Tree {
    pub(super) fn read(checkout: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        for path in tracked(checkout)? {
            match std::fs::read(checkout.join(&path)) {
                Ok(bytes) => {
                    files.insert(path, String::from_utf8(bytes).ok());
                }
                // Removed and not yet committed, or a link to a folder.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => {}
                Err(error) => return Err(error).with_context(|| format!("{path} cannot be read")),
            }
        }
        Self::of(files)
    }

    fn of(files: BTreeMap<String, Option<String>>) -> Result<Self> {
        let mut rust = BTreeMap::new();
        for (path, text) in &files {
            if let Some(text) = text
                && path.ends_with(".rs")
            {
                rust.insert(path.clone(), Facts::read(text).with_context(|| path.clone())?);
            }
        }
        Ok(Self { files, rust })
    }

    /// A tree with these texts.
    #[cfg(test)]
    pub(super) fn with(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())));
        Self::of(files.collect()).unwrap()
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    pub(super) fn rust(&self) -> impl Iterator<Item = (&str, &Facts)> {
        self.rust.iter().map(|(path, facts)| (path.as_str(), facts))
    }

    pub(super) fn facts(&self, path: &str) -> Option<&Facts> {
        self.rust.get(path)
    }

    /// Whether there is a file or folder with this path.
    pub(super) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let folder = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self.files.range(folder.clone()..).next().is_some_and(|(next, _)| next.starts_with(&folder))
    }

    /// A finding at an entry of one of tidy's own lists.
    pub(super) fn stale_entry(&self, list: &str, entry: &str, message: &str) -> Finding {
        let quoted = format!("\"{entry}\"");
        let line = self.text(list).and_then(|text| text.lines().position(|line| line.contains(&quoted)));
        Finding::new(list, line.map_or(1, |line| line + 1), message)
    }
}

fn tracked(checkout: &Path) -> Result<Vec<String>> {
    let mut git = command::new("git");
    git.arg("-C").arg(checkout).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = git.output().context("git, which knows what belongs to the checkout, cannot be run")?;
    if !output.status.success() {
        bail!("git ls-files ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    let names = String::from_utf8(output.stdout).context("a file's name is not UTF-8")?;
    Ok(names.split_terminator('\0').map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::Tree;

    #[test]
    fn a_folder_is_there_where_a_file_is_in_it() {
        let tree = Tree::with(&[("crates/event/src/lib.rs", "")]);
        assert!(tree.has("crates/event") && tree.has("crates/event/") && tree.has("crates/event/src/lib.rs"));
        assert!(!tree.has("crates/even") && !tree.has("crates/event/lib.rs"));
    }
}
