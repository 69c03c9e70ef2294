//! Checks that files name neither folders of the machine they were written on nor the hosts it fetches packages from.

use super::finding::Finding;
use super::tree::Tree;

/// This file must contain what no other may.
const HERE: &str = "xtask/src/tidy/machine.rs";

const FOLDERS: [&str; 4] = ["/work/", "/home/", "/Users/", "/tmp/wt/"];

/// How the hosts of package registries and their mirrors begin. A package's name and version are enough: each registry's
/// client knows where to fetch it.
const REGISTRY_LABELS: [&str; 13] = [
    "crates",
    "deb",
    "files",
    "ftp",
    "index",
    "mirror",
    "proxy",
    "pypi",
    "registry",
    "registry-1",
    "repo",
    "repo1",
    "security",
];

/// What cargo writes for every crates.io package, even if it was fetched from a mirror.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let texts = tree.texts().filter(|(path, _)| *path != HERE);
    texts.flat_map(|(path, text)| in_text(path, text).chain(in_lock_file(path, text)).collect::<Vec<_>>()).collect()
}

fn in_text(path: &str, text: &str) -> impl Iterator<Item = Finding> {
    text.lines().enumerate().filter_map(move |(index, line)| {
        let message = what_it_names(line)?;
        Some(Finding::new(path, index + 1, message))
    })
}

/// The folder or host that a line names, and what to write instead.
pub(super) fn what_it_names(line: &str) -> Option<String> {
    let folder = FOLDERS.iter().find(|folder| {
        line.match_indices(*folder).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + folder.len()..].chars().next();
            before.is_none_or(|c| !c.is_alphanumeric() && !"._-}$".contains(c))
                && after.is_some_and(char::is_alphanumeric)
        })
    });
    if let Some(folder) = folder {
        return Some(format!("names {folder}, a folder of one machine: use the path within the checkout"));
    }
    let host = line.split("://").skip(1).find(|rest| {
        let (label, domain) = rest.split_once('.').unwrap_or((rest, ""));
        REGISTRY_LABELS.contains(&label) && domain.starts_with(|first: char| first.is_ascii_alphabetic())
    })?;
    let host = host.split(['/', '"', ' ', ')']).next().unwrap_or_default();
    Some(format!("names {host}, the host of a package registry: name the package instead"))
}

/// Finds a mirror's address, which npm and cargo write if the machine is configured to use one.
fn in_lock_file(path: &str, text: &str) -> impl Iterator<Item = Finding> {
    let (key, allowed) = match path.rsplit('/').next() {
        Some("Cargo.lock") => ("source = \"", CRATES_IO),
        // npm can leave them out: omit-lockfile-registry-resolved.
        Some("package-lock.json") => ("\"resolved\": \"", "none"),
        _ => ("\0", ""),
    };
    text.lines().enumerate().filter_map(move |(index, line)| {
        let source = line.trim().strip_prefix(key)?.trim_end_matches(['"', ',']);
        let message = format!("is fetched from {source}: the only source allowed is {allowed}");
        (source != allowed).then(|| Finding::new(path, index + 1, message))
    })
}

#[cfg(test)]
mod tests {
    use super::{CRATES_IO, HERE, check, what_it_names};
    use crate::tidy::tree::Tree;

    #[test]
    fn a_folder_of_a_machine_is_found() {
        for line in ["cd /work/main", "Merge branch 'a' of /work/h/a", "(/home/ada/footfall)", "\"/Users/ada\""] {
            assert!(what_it_names(line).is_some(), "{line}");
        }
        for line in ["target/work/x", "https://a.example/home/x", "/home/ of a page", "/home", "$dir/work/x"] {
            assert_eq!(what_it_names(line), None, "{line}");
        }
    }

    #[test]
    fn the_host_of_a_registry_is_found() {
        assert!(what_it_names("curl https://registry.packages.example/crates/a").is_some());
        assert!(what_it_names("deb http://deb.linux.example/debian trixie").is_some());
        assert_eq!(what_it_names("https://www.shop.example/index.html"), None);
        assert_eq!(what_it_names("from crates.io"), None);
    }

    #[test]
    fn a_lock_file_names_one_source() {
        let lock = format!("source = \"{CRATES_IO}\"\nsource = \"sparse+https://packages.example/\"\n");
        let package_lock = "      \"resolved\": \"https://packages.example/a.tgz\",\n";
        let tree = Tree::with(&[("Cargo.lock", &lock), ("web/package-lock.json", package_lock), ("a.md", &lock)]);
        let found: Vec<_> = check(&tree).into_iter().map(|finding| (finding.path, finding.line)).collect();
        assert_eq!(found, [("Cargo.lock".to_owned(), 2), ("web/package-lock.json".to_owned(), 1)]);
    }

    #[test]
    fn this_file_is_the_only_one_left_out() {
        let host = "https://registry.packages.example/";
        let found = check(&Tree::with(&[(HERE, host), ("xtask/src/tidy/mod.rs", host)]));
        assert_eq!(found.len(), 1);
    }
}
