//! .parts/root: a Debian of its own with the programs that the host lacks.

use std::path::Path;

use anyhow::{Result, bail};

use crate::progress::Step;
use crate::{apt, command, host, stamped};

/// Whether `root` is whole, of this release, and holds at least these packages.
pub(crate) fn is_current(root: &Path, release: &str, packages: &[&str]) -> bool {
    let recipe = stamped::recipe(root).unwrap_or_default();
    let mut words = recipe.split(' ');
    let same_release = words.next() == Some(release);
    let there: Vec<_> = words.collect();
    same_release && packages.iter().all(|package| there.contains(package))
}

/// Stands in the recipe beside the packages of a root that has their copyright files: only an image asks for them.
pub(crate) const COPYRIGHT: &str = "+copyright";

fn recipe(release: &str, packages: &[&str]) -> String {
    format!("{release} {COPYRIGHT} {}", packages.join(" "))
}

pub(crate) fn build(root: &Path, release: &str, packages: &[&str], mmdebstrap: &[&str], step: &Step) -> Result<()> {
    if !apt::is_root() {
        bail!(
            "this machine lacks what {} would bring. Install that here, or run this as root: \
             it makes a Debian {release} with it under {}",
            packages.join(", "),
            root.display()
        );
    }
    if host::program("mmdebstrap").is_none() {
        step.note("installing mmdebstrap on this machine");
        apt::install(mmdebstrap, "to make a Debian root", step)?;
    }
    let mirror = apt::mirror()?;
    stamped::build(root, &recipe(release, packages), |partial| {
        command::run(
            command::new("mmdebstrap")
                .args(["--variant=minbase", "--mode=root"])
                .arg(format!("--include={}", packages.join(",")))
                // Nobody reads manuals in there (but java's package makes links in that folder), and a cluster of
                // Debian's own is never started.
                .arg("--dpkgopt=path-exclude=/usr/share/man/*")
                .arg("--dpkgopt=path-exclude=/usr/share/doc/*")
                // Who passes the packages on, as an image does, passes their licences on.
                .arg("--dpkgopt=path-include=/usr/share/doc/*/copyright")
                .arg("--dpkgopt=path-exclude=/usr/share/locale/*")
                .arg("--aptopt=Acquire::Languages \"none\"")
                .arg("--essential-hook=mkdir -p \"$1/etc/postgresql-common\" \"$1/usr/share/man/man1\"")
                .arg(
                    "--essential-hook=echo create_main_cluster=false > \"$1/etc/postgresql-common/createcluster.conf\"",
                )
                .arg(release)
                .arg(partial)
                .arg(&mirror),
            step,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{is_current, recipe};
    use crate::stamped;

    #[test]
    fn a_root_serves_whoever_needs_no_more_than_it_holds() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("root");
        assert!(!is_current(&root, "trixie", &[]));
        stamped::build(&root, &recipe("trixie", &["a", "b"]), |folder| Ok(std::fs::create_dir_all(folder)?)).unwrap();
        assert!(is_current(&root, "trixie", &["a", "b"]));
        assert!(is_current(&root, "trixie", &["b"]));
        assert!(!is_current(&root, "trixie", &["a", "c"]));
        assert!(!is_current(&root, "forky", &["a"]));
    }
}
