//! The folders of one instance, each owned by the user that needs it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::chown;
use nix::unistd::geteuid;

use super::error::Result;
use super::programs::Program;
use crate::{files, users};

/// Creates `dir`/`name`, owned by the launcher's user and readable by all, and returns its path.
pub(crate) fn make(dir: &Path, name: &str) -> Result<PathBuf> {
    let folder = dir.join(name);
    files::create_folder(&folder, 0o755)?;
    Ok(folder)
}

/// Creates `dir`/`name`, or takes one that is there, for the launcher's user alone.
pub(crate) fn make_private(dir: &Path, name: &str) -> Result<PathBuf> {
    let folder = make(dir, name)?;
    fs_err::set_permissions(&folder, Permissions::from_mode(0o700))?;
    Ok(folder)
}

/// Creates `dir`/`name` for a user in the program's root, inaccessible to all others. If the launcher is not root, it
/// remains the owner.
pub(crate) fn make_for(dir: &Path, name: &str, program: &Program, user: &str) -> Result<PathBuf> {
    let folder = make(dir, name)?;
    give_to(&folder, program, user)?;
    Ok(folder)
}

/// Gives an existing folder to the user.
pub(crate) fn give_to(folder: &Path, program: &Program, user: &str) -> Result<()> {
    fs_err::set_permissions(folder, Permissions::from_mode(0o700))?;
    if geteuid().is_root() {
        let root = program.root.as_deref().unwrap_or(Path::new("/"));
        let user = users::look_up(root, user)?;
        chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
    }
    Ok(())
}

/// The log of a process: `dir`/logs/`name`.log.
pub(crate) fn log(dir: &Path, name: &str) -> Result<PathBuf> {
    Ok(make(dir, "logs")?.join(format!("{name}.log")))
}
