//! A small disk, to be filled.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};

/// A file system in memory, unmounted on drop.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one, which requires root.
    pub fn mount(at: &Path, mib: u32) -> Self {
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        mount(Some("tmpfs"), at, Some("tmpfs"), flags, Some(format!("size={mib}m").as_str())).unwrap();
        Self(at.to_owned())
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Fills it with a file, which is returned.
    pub fn fill(&self) -> PathBuf {
        let filler = self.0.join("filler");
        let zeros = vec![0; 64 * 1024];
        let mut file = std::fs::File::create(&filler).unwrap();
        while file.write(&zeros).is_ok_and(|written| written > 0) {}
        filler
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A drop cannot report an error; a mount that stays is visible anyway.
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
    }
}
