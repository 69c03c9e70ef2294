//! The file of sites and keys that footfall-ingest reads.

use std::io;
use std::path::{Path, PathBuf};

use footfall_sites::{Invalid, Sites};
use fs_err::File;

use crate::files;

/// Its name in the folder of an instance.
const FILE: &str = "sites.toml";
/// It holds no secret, and ingest is another user.
const MODE: u32 = 0o644;

/// Why a file of sites cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum SitesError {
    /// It cannot be read or written.
    #[error(transparent)]
    File(#[from] io::Error),
    /// It is, or would be, no valid file of sites.
    #[error("{}: {why}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: Invalid,
    },
}

/// The file in the folder of an instance.
#[must_use]
pub fn file(dir: &Path) -> PathBuf {
    dir.join(FILE)
}

/// Whether everybody who can reach the instance may write.
#[must_use]
pub fn is_open(path: &Path) -> bool {
    read(path).is_ok_and(|sites| sites.anyone_may_write)
}

/// Reads a file. One that is not there has no site.
///
/// # Errors
/// If it cannot be read.
pub fn read(path: &Path) -> Result<Sites, SitesError> {
    let text = match fs_err::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Sites::default()),
        other => other?,
    };
    Sites::parse(&text).map_err(|why| SitesError::Invalid { path: path.to_owned(), why })
}

/// Changes a file, or creates it. Only one process does so at a time.
///
/// # Errors
/// If it cannot be read or written, or `change` fails: then nothing has changed.
pub fn change<T>(path: &Path, change: impl FnOnce(&mut Sites) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Not the file itself: another one takes its place.
    let lock = File::open(folder)?;
    lock.lock()?;
    let mut sites = read(path)?;
    let changed = change(&mut sites)?;
    write(path, &sites)?;
    Ok(changed)
}

fn write(path: &Path, sites: &Sites) -> Result<(), SitesError> {
    let text = sites.to_text().map_err(|why| SitesError::Invalid { path: path.to_owned(), why })?;
    Ok(files::replace(path, text.as_bytes(), MODE)?)
}

#[cfg(test)]
mod tests {
    use footfall_sites::Site;

    use super::*;

    #[test]
    fn two_who_change_it_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        std::thread::scope(|threads| {
            for number in 0..8 {
                let path = &path;
                threads.spawn(move || {
                    change(path, |sites| Ok(sites.sites.insert(format!("site{number}"), Site::default()))).unwrap();
                });
            }
        });
        assert_eq!(read(&path).unwrap().sites.len(), 8);
    }

    #[test]
    fn a_change_that_fails_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        change(&path, |sites| {
            sites.anyone_may_write = true;
            Ok(())
        })
        .unwrap();
        let before = fs_err::read(&path).unwrap();
        let bad = |sites: &mut Sites| {
            sites.sites.insert("a".into(), Site { origins: vec!["a".into()], ..Site::default() });
            Ok(())
        };
        assert!(change(&path, bad).unwrap_err().to_string().contains("sites.a.origins"));
        assert_eq!(fs_err::read(&path).unwrap(), before);
        assert!(is_open(&path));
    }
}
