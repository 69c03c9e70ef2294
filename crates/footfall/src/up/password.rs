//! The live page's password: made by `up`, or set by a person.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::UpError;
use crate::secrets::VIEW_PASSWORD;

/// Where a person's own password comes from.
#[derive(Clone)]
pub enum Given {
    /// A file that holds it, such as a mounted secret.
    File(PathBuf),
    /// The word itself.
    Word(String),
}

/// The word is for nobody's log.
impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "File({})", path.display()),
            Self::Word(_) => write!(f, "Word(...)"),
        }
    }
}

/// The file of the password in an instance's folder.
#[must_use]
pub fn file(dir: &Path) -> PathBuf {
    dir.join("credentials/view").join(VIEW_PASSWORD)
}

/// Puts the given password in the place of the one that is there; view itself says whether it serves.
pub(crate) fn set(dir: &Path, given: &Given) -> Result<(), UpError> {
    let word = match given {
        Given::File(path) => std::fs::read_to_string(path).map_err(|source| UpError::file(path, source))?,
        Given::Word(word) => word.clone(),
    };
    let (secret, partial) = (file(dir), file(dir).with_extension("given"));
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options
        .open(&partial)
        .and_then(|mut file| file.write_all(word.trim_end_matches(['\r', '\n']).as_bytes()))
        .and_then(|()| std::fs::rename(&partial, &secret));
    written.map_err(|source| UpError::file(&secret, source))
}

#[cfg(test)]
mod tests {
    use super::{Given, file, set};
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_given_password_takes_the_place_of_the_one_that_was_made() {
        let dir = tempfile::tempdir().unwrap();
        super::super::daemon_files::make_view_credentials(dir.path()).unwrap();
        let mounted = dir.path().join("mounted");
        std::fs::write(&mounted, "from a file\n").unwrap();
        let read = || std::fs::read_to_string(file(dir.path())).unwrap();
        assert_eq!(read().len(), 64);
        set(dir.path(), &Given::File(mounted)).unwrap();
        assert_eq!(read(), "from a file");
        set(dir.path(), &Given::Word("a word".into())).unwrap();
        assert_eq!(read(), "a word");
        assert_eq!(std::fs::metadata(file(dir.path())).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!format!("{:?}", Given::Word("a word".into())).contains("word\""));
    }
}
