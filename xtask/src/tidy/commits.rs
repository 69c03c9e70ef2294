//! Commit messages must not name folders or registries of one machine.

use std::path::Path;

use anyhow::Result;

use super::finding::Finding;
use super::machine::what_it_names;
use crate::command;

/// Messages up to this commit predate this check.
const SINCE: &str = "4338189";

/// Finds nothing if there is no history, as in a shallow clone or an archive.
pub(super) fn check(checkout: &Path) -> Result<Vec<Finding>> {
    let mut git = command::new("git");
    git.arg("-C").arg(checkout).args(["log", "--format=%h%x00%B%x01"]).arg(format!("{SINCE}..HEAD"));
    let output = git.output()?;
    if !output.status.success() {
        return Ok(Vec::new());
    }
    Ok(in_log(&String::from_utf8_lossy(&output.stdout)))
}

fn in_log(log: &str) -> Vec<Finding> {
    let commits = log.split('\u{1}').filter_map(|commit| commit.trim().split_once('\0'));
    commits
        .flat_map(|(id, message)| {
            message.lines().enumerate().filter_map(move |(index, line)| {
                Some(Finding::new(format!("commit {id}"), index + 1, what_it_names(line)?))
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::in_log;

    #[test]
    fn a_message_that_names_a_folder_is_found() {
        // Joined from pieces, because tidy would find the path in this line.
        let folder = ["", "work", "h", "a"].join("/");
        let log = format!("abc\0One thing\n\nbecause\n\u{1}\ndef\0Merge branch 'a' of {folder}\n\u{1}\n");
        let found: Vec<_> = in_log(&log).into_iter().map(|finding| (finding.path, finding.line)).collect();
        assert_eq!(found, [("commit def".to_owned(), 1)]);
    }
}
