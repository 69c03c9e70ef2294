//! File operations that fs-err lacks, with errors that name the path.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use fs_err::OpenOptions;
use fs_err::os::unix::fs::OpenOptionsExt as _;

/// Creates a folder and its missing parents with this mode.
pub(crate) fn create_folder(path: &Path, mode: u32) -> io::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(mode).create(path);
    made.map_err(|error| about(path, error.kind(), error))
}

/// Replaces a file atomically: it is complete at any time, even after a power cut.
pub(crate) fn replace(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    let partial = partial_of(path);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&partial)?;
    file.write_all(contents)?;
    file.sync_all()?;
    fs_err::rename(partial, path)
}

/// Replaces a file unless it has these contents already: on a full disk, a start that changes nothing must not fail.
pub(crate) fn update(path: &Path, contents: &[u8], mode: u32) -> io::Result<()> {
    if std::fs::read(path).is_ok_and(|current| current == contents) {
        return Ok(());
    }
    replace(path, contents, mode)
}

/// The name of a file until it is complete.
pub(crate) fn partial_of(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".partial");
    name.into()
}

/// An error about a file with invalid contents.
pub(crate) fn invalid(path: &Path, why: impl Display) -> io::Error {
    about(path, io::ErrorKind::InvalidData, why)
}

/// An error about a path.
pub(crate) fn about(path: &Path, kind: io::ErrorKind, why: impl Display) -> io::Error {
    io::Error::new(kind, format!("{}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{create_folder, replace, update};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    #[test]
    fn a_replaced_file_has_its_mode_and_leaves_no_partial_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        for text in ["one", "two"] {
            replace(&file, text.as_bytes(), 0o600).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_unchanged_file_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let inode_after = |text: &str| {
            update(&file, text.as_bytes(), 0o644).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
            std::fs::metadata(&file).unwrap().ino()
        };
        let first = inode_after("one");
        assert_eq!(inode_after("one"), first);
        assert_ne!(inode_after("two"), first);
    }

    #[test]
    fn errors_name_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing/file");
        assert!(replace(&missing, b"", 0o600).unwrap_err().to_string().contains("missing/file"));
        std::fs::write(folder.path().join("file"), "").unwrap();
        let below_file = folder.path().join("file/below");
        assert!(create_folder(&below_file, 0o700).unwrap_err().to_string().contains("file/below"));
    }
}
