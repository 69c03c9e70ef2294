//! The folder of backups: their names, the free space, and the removal of old ones.

use std::io;
use std::path::{Path, PathBuf};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use fs_err::{File, OpenOptions};
use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use nix::sys::statvfs::statvfs;

use crate::files::about;

const EXTENSION: &str = ".dump";
const PARTIAL: &str = ".partial";
/// For example 20261124T143000Z.
const STAMP: &str = "%Y%m%dT%H%M%SZ";
const STAMP_CHARS: usize = 16;

/// The backups of one database: `footfall-DATABASE-TIME.dump`, each with a `.json`. The time is in UTC, so sorting by
/// name sorts by time.
#[derive(Debug)]
pub(crate) struct Folder {
    dir: PathBuf,
    prefix: String,
}

impl Folder {
    pub(crate) fn new(dir: &Path, database: &str) -> Self {
        Self { dir: dir.to_owned(), prefix: format!("footfall-{database}-") }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.dir
    }

    /// The path of a backup made at this time.
    pub(crate) fn dump_at(&self, at: Timestamp) -> PathBuf {
        let stamp = strtime::format(STAMP, &at.to_zoned(TimeZone::UTC)).unwrap_or_default();
        self.dir.join(format!("{}{stamp}{EXTENSION}", self.prefix))
    }

    /// The complete backups, oldest first.
    pub(crate) fn dumps(&self) -> io::Result<Vec<PathBuf>> {
        let mut dumps = Vec::new();
        for entry in fs_err::read_dir(&self.dir)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.strip_suffix(EXTENSION).is_some_and(|name| self.is_stamped(name)) {
                dumps.push(path);
            }
        }
        dumps.sort();
        Ok(dumps)
    }

    /// The name of another database may begin with this one's, so the rest must be a time and nothing else.
    fn is_stamped(&self, name: &str) -> bool {
        name.strip_prefix(&self.prefix)
            .is_some_and(|stamp| stamp.len() == STAMP_CHARS && strtime::parse(STAMP, stamp).is_ok())
    }

    /// Removes the partial files of an interrupted run.
    pub(crate) fn remove_partial(&self) -> io::Result<()> {
        for entry in fs_err::read_dir(&self.dir)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let stem = name.strip_suffix(PARTIAL).and_then(|name| name.split_once('.'));
            if stem.is_some_and(|(stem, _)| self.is_stamped(stem)) {
                fs_err::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Bytes that this process can still write to the folder's disk.
    pub(crate) fn free_bytes(&self) -> io::Result<u64> {
        let disk = statvfs(&self.dir).map_err(|errno| about(&self.dir, io::Error::from(errno).kind(), errno))?;
        Ok(disk.blocks_available().saturating_mul(disk.fragment_size()))
    }

    /// Makes renames in the folder survive a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }

    /// Removes the oldest backups until `keep` (at least one) are left, and returns the removed ones.
    pub(crate) fn prune(&self, keep: u16) -> io::Result<Vec<PathBuf>> {
        let dumps = self.dumps()?;
        let surplus = dumps.len().saturating_sub(keep.max(1).into());
        let mut removed = Vec::new();
        for dump in dumps.into_iter().take(surplus) {
            fs_err::remove_file(&dump)?;
            match fs_err::remove_file(manifest_of(&dump)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => removed.push(dump),
            }
        }
        Ok(removed)
    }
}

/// The file that describes a backup.
pub(crate) fn manifest_of(dump: &Path) -> PathBuf {
    dump.with_extension("json")
}

/// Creates a file that only its owner can read, because it contains visitors' data.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Folder, manifest_of};
    use crate::files::partial_of;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn pruning_removes_the_oldest_with_their_manifests_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path(), "analytics");
        let dump = folder.dump_at("2026-11-24T14:30:00Z".parse().unwrap());
        assert!(dump.ends_with("footfall-analytics-20261124T143000Z.dump"));
        let others = ["footfall-analytics-test-20261101T000000Z.dump", "footfall-analytics-x.dump", "notes"];
        for name in others {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        for day in 1..=4 {
            let dump = folder.dump_at(format!("2026-11-0{day}T00:00:00Z").parse().unwrap());
            std::fs::write(manifest_of(&dump), "").unwrap();
            std::fs::write(dump, "").unwrap();
        }
        std::fs::write(partial_of(&dump), "").unwrap();
        std::fs::write(partial_of(&manifest_of(&dump)), "").unwrap();
        folder.remove_partial().unwrap();
        assert_eq!(folder.prune(2).unwrap().len(), 2);
        let mut wanted: Vec<String> = others.into_iter().map(Into::into).collect();
        for day in ["03", "04"] {
            wanted.extend(["dump", "json"].map(|end| format!("footfall-analytics-202611{day}T000000Z.{end}")));
        }
        wanted.sort();
        assert_eq!(names(dir.path()), wanted);
        // The newest is always kept.
        folder.prune(0).unwrap();
        assert_eq!(folder.dumps().unwrap().len(), 1);
    }
}
