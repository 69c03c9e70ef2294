//! `cargo xtask install`: copies the programs and the plain files to where nixos/install.json says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::progress::Steps;
use crate::{command, kafka_libs};

/// Where Kafka's jars are within the prefix.
const KAFKA_LIBS: &str = "share/footfall/kafka";

/// What to install, and where.
pub(crate) struct Install<'a> {
    pub(crate) prefix: &'a Path,
    /// Builds less optimised programs, fast enough for tests.
    pub(crate) dev_profile: bool,
    /// Also installs Kafka's jars, for a system without Kafka.
    pub(crate) with_kafka: bool,
}

impl Install<'_> {
    /// Builds the programs and copies everything. Existing files are replaced.
    pub(crate) fn run(&self, checkout: &Path, steps: &Steps) -> Result<()> {
        let list = List::read(checkout)?;
        let step = steps.begin("build");
        let targets: &[&str] =
            if self.dev_profile { &command::PROGRAMS } else { &["--workspace", "--bins", "--release"] };
        command::run(command::cargo(checkout).args(["build", "--locked"]).args(targets), &step)?;
        step.done("");
        let step = steps.begin(format!("files into {}", self.prefix.display()));
        let built = checkout.join("target").join(if self.dev_profile { "debug" } else { "release" });
        for program in &list.programs {
            copy(&built.join(program), &self.prefix.join("bin").join(program))?;
        }
        for (from, to) in &list.files {
            copy(&checkout.join(from), &self.prefix.join(to))?;
        }
        if self.with_kafka {
            let parts = checkout.join(".parts/kafka");
            kafka_libs::build_if_stale(&parts, &kafka_libs::pom(checkout), &step)?;
            copy(&parts.join("libs"), &self.prefix.join(KAFKA_LIBS))?;
        }
        step.done("");
        Ok(())
    }
}

struct List {
    programs: Vec<String>,
    files: BTreeMap<PathBuf, PathBuf>,
}

impl List {
    fn read(checkout: &Path) -> Result<Self> {
        let path = checkout.join("nixos/install.json");
        let read = || -> Result<Self> {
            let list: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
            let text = |value: &Value| value.as_str().map(str::to_owned).context("a name is not a string");
            let programs = list["programs"].as_array().context("programs is not a list")?;
            let files = list["files"].as_object().context("files is not an object")?;
            Ok(Self {
                programs: programs.iter().map(text).collect::<Result<_>>()?,
                files: files.iter().map(|(from, to)| Ok((from.into(), text(to)?.into()))).collect::<Result<_>>()?,
            })
        };
        read().with_context(|| path.display().to_string())
    }
}

/// The names of our programs.
pub(crate) fn programs(checkout: &Path) -> Result<Vec<String>> {
    Ok(List::read(checkout)?.programs)
}

/// Copies a file, or a folder with its contents; symbolic links stay links.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    let parent = to.parent().context("nothing can be installed as /")?;
    fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
    let kind = fs::symlink_metadata(from).with_context(|| format!("{} does not exist", from.display()))?;
    let done = if kind.is_dir() {
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        Ok(())
    } else {
        // A running program cannot be overwritten, but it can be removed and replaced.
        match fs::remove_file(to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ if kind.is_symlink() => fs::read_link(from).and_then(|target| std::os::unix::fs::symlink(target, to)),
            _ => fs::copy(from, to).map(drop),
        }
    };
    done.with_context(|| format!("{} cannot be installed as {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::{List, copy};
    use std::fs;
    use std::path::Path;

    #[test]
    fn everything_that_is_listed_is_in_the_checkout() {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let list = List::read(checkout).unwrap();
        assert!(list.programs.contains(&"footfall".to_owned()));
        for from in list.files.keys() {
            assert!(checkout.join(from).is_dir(), "{} is listed in nixos/install.json", from.display());
        }
    }

    #[test]
    fn a_link_stays_a_link_and_an_older_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("a/to"));
        fs::create_dir_all(from.join("inner")).unwrap();
        fs::write(from.join("inner/file"), "new").unwrap();
        std::os::unix::fs::symlink("inner/file", from.join("link")).unwrap();
        fs::create_dir_all(to.join("inner")).unwrap();
        fs::write(to.join("inner/file"), "old").unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("inner/file")).unwrap(), "new");
        assert_eq!(fs::read_link(to.join("link")).unwrap(), Path::new("inner/file"));
    }
}
