//! A folder that is rebuilt unless it is complete and was built from the same recipe.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};

const STAMP: &str = "footfall.stamp";

/// The recipe that a complete `folder` was built from.
pub(crate) fn recipe(folder: &Path) -> Option<String> {
    std::fs::read_to_string(folder.join(STAMP)).ok()
}

/// When `folder` was built.
pub(crate) fn built(folder: &Path) -> Option<SystemTime> {
    folder.join(STAMP).metadata().and_then(|stamp| stamp.modified()).ok()
}

/// Whether `folder` is complete and was built from exactly this `recipe`.
pub(crate) fn is_current(folder: &Path, recipe: &str) -> bool {
    self::recipe(folder).is_some_and(|stamp| stamp == recipe)
}

/// Builds `folder` under a temporary name and renames it when it is complete. The remains of an interrupted run or of
/// an older recipe are removed first.
pub(crate) fn build(folder: &Path, recipe: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let partial = partial(folder);
    remove(&partial)?;
    fill(&partial)?;
    std::fs::write(partial.join(STAMP), recipe)?;
    remove(folder)?;
    std::fs::rename(&partial, folder).with_context(|| format!("{} cannot be moved into place", folder.display()))
}

fn partial(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// Removes a folder, unless something is mounted in it.
fn remove(folder: &Path) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let mounts = std::fs::read_to_string("/proc/self/mountinfo")?;
    let below =
        mounts.lines().filter_map(|line| line.split(' ').nth(4)).find(|target| Path::new(target).starts_with(folder));
    if let Some(target) = below {
        bail!("{target} is a mount: unmount it, then try again");
    }
    std::fs::remove_dir_all(folder).with_context(|| format!("{} cannot be removed", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::{build, is_current, partial};

    #[test]
    fn an_incomplete_folder_is_rebuilt_from_scratch() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("root");

        let interrupted = build(&root, "trixie a b", |folder| {
            std::fs::create_dir_all(folder)?;
            std::fs::write(folder.join("half"), "")?;
            anyhow::bail!("killed")
        });
        assert!(interrupted.is_err());
        assert!(!is_current(&root, "trixie a b"));
        assert!(partial(&root).join("half").exists());

        build(&root, "trixie a b", |folder| {
            assert!(!folder.exists(), "the half-built folder is still there");
            std::fs::create_dir_all(folder)?;
            Ok(std::fs::write(folder.join("whole"), "")?)
        })
        .unwrap();
        assert!(is_current(&root, "trixie a b"));
        assert!(root.join("whole").exists() && !root.join("half").exists());
        assert!(!partial(&root).exists());
    }

    #[test]
    fn a_folder_without_its_stamp_is_not_current() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("root");
        std::fs::create_dir_all(root.join("usr")).unwrap();
        assert!(!is_current(&root, ""));
    }

    #[test]
    fn another_recipe_replaces_the_folder() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("root");
        for recipe in ["a", "a b"] {
            assert!(!is_current(&root, recipe));
            build(&root, recipe, |folder| Ok(std::fs::create_dir_all(folder)?)).unwrap();
            assert!(is_current(&root, recipe));
        }
    }
}
