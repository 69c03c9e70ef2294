//! The folder of one instance: the one that --keep names, otherwise a temporary one that is removed at the end.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use fs_err::File;
use nix::unistd::geteuid;
use tempfile::TempDir;

use crate::files;

/// Exists once everything has been ready.
const HAS_WORKED: &str = "has-worked";

/// An instance's folder, locked by this process.
#[derive(Debug)]
pub(crate) struct InstanceDir {
    path: PathBuf,
    _lock: File,
    temporary: Option<TempDir>,
}

impl InstanceDir {
    pub(crate) fn open(keep: Option<&Path>) -> io::Result<Self> {
        let (path, temporary) = match keep {
            Some(folder) => (std::path::absolute(folder)?, None),
            None => {
                let folder = tempfile::Builder::new().prefix("footfall-").tempdir()?;
                (folder.path().to_owned(), Some(folder))
            }
        };
        fs_err::create_dir_all(&path)?;
        if geteuid().is_root() {
            // PostgreSQL and nginx run as other users and have their own folders below it.
            fs_err::set_permissions(&path, Permissions::from_mode(0o755))?;
        }
        let lock = File::create(path.join("lock"))?;
        lock.try_lock().map_err(|_| io::Error::other(format!("{} is used by another footfall up", path.display())))?;
        Ok(Self { path, _lock: lock, temporary })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether everything has been ready at least once, by an earlier run or this one.
    pub(crate) fn has_worked(&self) -> bool {
        self.path.join(HAS_WORKED).exists()
    }

    pub(crate) fn remember_that_it_worked(&self) -> io::Result<()> {
        files::update(&self.path.join(HAS_WORKED), b"", 0o644)
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }
}
