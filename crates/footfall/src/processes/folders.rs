//! The folders of one instance, each made with the owner that its user needs.

use std::fs::{DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;

use super::error::{At as _, Result};
use super::locations::Program;
use crate::users;

/// Makes `dir`/`name` for the launcher's own user, readable by all, and returns its path.
pub(crate) fn make(dir: &Path, name: &str) -> Result<PathBuf> {
    let folder = dir.join(name);
    DirBuilder::new().recursive(true).mode(0o755).create(&folder).at(&folder)?;
    Ok(folder)
}

/// Makes `dir`/`name` for a user of the program's root and no other. Without root's rights it stays the launcher's.
pub(crate) fn make_for(dir: &Path, name: &str, program: &Program, user: &str) -> Result<PathBuf> {
    let folder = make(dir, name)?;
    give_to(&folder, program, user)?;
    Ok(folder)
}

/// Makes an existing folder the user's own.
pub(crate) fn give_to(folder: &Path, program: &Program, user: &str) -> Result<()> {
    std::fs::set_permissions(folder, Permissions::from_mode(0o700)).at(folder)?;
    if geteuid().is_root() {
        let root = program.root.as_deref().unwrap_or(Path::new("/"));
        let user = users::look_up(root, user).at(root)?;
        chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).at(folder)?;
    }
    Ok(())
}

/// The log of a part: `dir`/logs/`name`.log.
pub(crate) fn log(dir: &Path, name: &str) -> Result<PathBuf> {
    Ok(make(dir, "logs")?.join(format!("{name}.log")))
}
