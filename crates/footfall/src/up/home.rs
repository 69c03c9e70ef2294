//! The folder of one instance: kept for the next run where a person named it, else gone at the end.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use tempfile::TempDir;

/// An instance's folder, held by this process alone.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
    _lock: File,
    temporary: Option<TempDir>,
}

impl Home {
    pub(crate) fn open(keep: Option<&Path>) -> std::io::Result<Self> {
        let (path, temporary) = match keep {
            Some(folder) => (std::path::absolute(folder)?, None),
            None => {
                let folder = tempfile::Builder::new().prefix("footfall-").tempdir()?;
                (folder.path().to_owned(), Some(folder))
            }
        };
        std::fs::create_dir_all(&path)?;
        if geteuid().is_root() {
            // The database's and the web server's users pass through it to folders of their own.
            std::fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        }
        let lock = File::create(path.join("lock"))?;
        lock.try_lock()
            .map_err(|_| std::io::Error::other(format!("{} is used by another footfall up", path.display())))?;
        Ok(Self { path, _lock: lock, temporary })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }
}
