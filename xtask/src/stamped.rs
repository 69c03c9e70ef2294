//! A folder that is either whole and what was asked for, or is built anew.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

const STAMP: &str = "footfall.stamp";

/// The recipe that `folder` was built to the end for, if it was.
pub(crate) fn recipe(folder: &Path) -> Option<String> {
    std::fs::read_to_string(folder.join(STAMP)).ok()
}

/// Whether `folder` was built to the end for exactly this `recipe`.
pub(crate) fn is_current(folder: &Path, recipe: &str) -> bool {
    self::recipe(folder).is_some_and(|stamp| stamp == recipe)
}

/// Builds `folder` by way of a neighbour that gets its name only when it is complete. Whatever an interrupted run
/// or an older recipe left behind is removed first.
pub(crate) fn build(folder: &Path, recipe: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let partial = partial(folder);
    remove(&partial)?;
    fill(&partial)?;
    std::fs::write(partial.join(STAMP), recipe)?;
    remove(folder)?;
    std::fs::rename(&partial, folder).with_context(|| format!("{} cannot be put in place", folder.display()))
}

fn partial(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}

/// Removes a folder, but never what is mounted into it.
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
    fn a_half_built_folder_is_rebuilt_from_nothing() {
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
