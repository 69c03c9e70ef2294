//! `cargo xtask tidy`: checks conventions of this repository that the compiler does not check.
//!
//! Each check is a function from the tree's files to findings. It reads only files and git's history, and so finishes
//! within a second.

mod circles;
mod commits;
mod crates;
mod dependencies;
mod docs;
mod finding;
mod lengths;
mod machine;
mod markdown;
mod module_tree;
mod runbooks;
mod rust;
mod sql;
mod test_names;
mod tree;
mod words;

use std::io::Write as _;
use std::path::Path;

use anyhow::{Result, bail};

use finding::Finding;
use tree::Tree;

const CHECKS: [fn(&Tree) -> Vec<Finding>; 11] = [
    module_tree::check,
    circles::check,
    crates::check,
    lengths::check,
    test_names::check,
    words::check,
    machine::check,
    docs::paths_exist,
    docs::index_is_whole,
    runbooks::check,
    sql::check,
];

/// Prints every finding.
///
/// # Errors
/// Fails if there is a finding or the tree cannot be read. With `with_dependencies`, also if cargo has not fetched all
/// packages in Cargo.lock.
pub(crate) fn check(checkout: &Path, with_dependencies: bool) -> Result<()> {
    let tree = Tree::read(checkout)?;
    let mut findings: Vec<_> = CHECKS.iter().flat_map(|check| check(&tree)).collect();
    findings.extend(commits::check(checkout)?);
    if with_dependencies {
        findings.extend(dependencies::check(checkout)?);
    }
    findings.sort();
    let mut out = std::io::stdout().lock();
    for finding in &findings {
        writeln!(out, "{finding}")?;
    }
    match findings.len() {
        0 => Ok(()),
        1 => bail!("one thing is untidy"),
        count => bail!("{count} things are untidy"),
    }
}
