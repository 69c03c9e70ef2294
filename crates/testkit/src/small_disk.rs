//! A disk of a few MiB.

use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

/// A file system in memory, unmounted on drop.
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one, which requires root.
    pub(crate) fn mount(at: &Path, mib: u32) -> Self {
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(Some("tmpfs"), at, Some("tmpfs"), flags, Some(format!("size={mib}m").as_str())).unwrap();
        Self(at.to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A drop cannot report an error; a mount that stays is visible anyway.
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
    }
}
