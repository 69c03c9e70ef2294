//! .parts/root: a Debian root file system with the programs that the host lacks.

use std::path::Path;

use anyhow::{Result, bail};

use crate::progress::Step;
use crate::{apt, command, host, stamped};

/// A Debian release, and the day of its packages: see parts/debian.txt.
#[derive(Clone, Copy)]
pub(crate) struct Release<'a> {
    pub(crate) name: &'a str,
    pub(crate) day: &'a str,
}

/// Whether `root` is complete, of this release, and holds at least these packages.
pub(crate) fn is_current(root: &Path, release: Release<'_>, packages: &[&str]) -> bool {
    let recipe = stamped::recipe(root).unwrap_or_default();
    let mut words = recipe.split(' ');
    let same_release = words.next() == Some(release.name) && words.next() == Some(release.day);
    let installed: Vec<_> = words.collect();
    same_release && packages.iter().all(|package| installed.contains(package))
}

/// Marks the recipe of a root that includes the packages' copyright files, which only an image needs.
pub(crate) const COPYRIGHT: &str = "+copyright";

fn recipe(release: Release<'_>, packages: &[&str]) -> String {
    format!("{} {} {COPYRIGHT} {}", release.name, release.day, packages.join(" "))
}

pub(crate) fn build(
    root: &Path,
    release: Release<'_>,
    packages: &[&str],
    mmdebstrap: &[&str],
    step: &Step,
) -> Result<()> {
    if !apt::is_root() {
        bail!(
            "this machine lacks the programs of {}. Install these packages, or run this as root: \
             it then makes a Debian {} with them under {}",
            packages.join(", "),
            release.name,
            root.display()
        );
    }
    if host::program("mmdebstrap").is_none() {
        step.note("installing mmdebstrap on this machine");
        apt::install(mmdebstrap, "to make a Debian root", step)?;
    }
    let sources = apt::sources(release.name)?;
    stamped::build(root, &recipe(release, packages), |partial| {
        command::run(
            // What it mounts in the root (/proc, /sys) goes with it, also if it is killed.
            command::new("unshare")
                .args(["--mount", "mmdebstrap", "--variant=minbase", "--mode=root"])
                .arg(format!("--include={}", packages.join(",")))
                // Manuals are left out, but Java's package creates links in their folder, so a hook below creates it.
                // Another disables Debian's own PostgreSQL cluster, which is never used.
                .arg("--dpkgopt=path-exclude=/usr/share/man/*")
                .arg("--dpkgopt=path-exclude=/usr/share/doc/*")
                // An image redistributes the packages, so it must include their licences.
                .arg("--dpkgopt=path-include=/usr/share/doc/*/copyright")
                .arg("--dpkgopt=path-exclude=/usr/share/locale/*")
                .arg("--aptopt=Acquire::Languages \"none\"")
                .arg("--essential-hook=mkdir -p \"$1/etc/postgresql-common\" \"$1/usr/share/man/man1\"")
                .arg(
                    "--essential-hook=echo create_main_cluster=false > \"$1/etc/postgresql-common/createcluster.conf\"",
                )
                .arg(release.name)
                .arg(partial)
                .args(&sources),
            step,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{Release, is_current, recipe};
    use crate::stamped;

    #[test]
    fn a_root_is_current_for_a_subset_of_its_packages() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("root");
        let trixie = Release { name: "trixie", day: "2026-11-29" };
        assert!(!is_current(&root, trixie, &[]));
        stamped::build(&root, &recipe(trixie, &["a", "b"]), |folder| Ok(std::fs::create_dir_all(folder)?)).unwrap();
        assert!(is_current(&root, trixie, &["a", "b"]));
        assert!(is_current(&root, trixie, &["b"]));
        assert!(!is_current(&root, trixie, &["a", "c"]));
        assert!(!is_current(&root, Release { name: "forky", ..trixie }, &["a"]));
        assert!(!is_current(&root, Release { day: "2026-12-01", ..trixie }, &["a"]));
    }
}
