//! Files that are read again when they are replaced.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// How often to check whether a file was replaced.
const LOOK_MS: u64 = 1_000;

/// Tells a file from the one it replaced; `None`: there is none yet.
type Stamp = Option<(Option<SystemTime>, u64)>;

/// What a file holds.
pub(crate) trait Contents: Sized + Send + Sync + 'static {
    /// What the log calls the file.
    const NAME: &'static str;
    /// A larger file is not read.
    const BYTES_MAX: u64;
    /// Why a file cannot be used.
    type Error: Display + Send;

    fn parse(bytes: Vec<u8>) -> Result<Self, Self::Error>;
}

/// Why a file cannot be used.
#[derive(Debug, Error)]
pub(crate) enum Unusable<E> {
    #[error("{0}")]
    Unreadable(#[from] io::Error),
    #[error("has more than {0} bytes")]
    TooLarge(u64),
    #[error("{0}")]
    Contents(E),
}

/// A file, and what it holds now.
pub(crate) struct Watched<T> {
    path: PathBuf,
    /// When it was read first.
    stamp: Stamp,
    contents: RwLock<Arc<T>>,
}

impl<T: Contents> Watched<T> {
    pub(crate) fn open(path: &Path) -> Result<Self, Unusable<T::Error>> {
        let stamp = stamp(path)?;
        Ok(Self { path: path.to_owned(), stamp, contents: RwLock::new(Arc::new(read(path)?)) })
    }

    /// If there is no such file, it holds nothing until there is.
    pub(crate) fn open_once_there(path: &Path) -> Result<Self, Unusable<T::Error>>
    where
        T: Default,
    {
        match Self::open(path) {
            Err(Unusable::Unreadable(error)) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Self { path: path.to_owned(), stamp: None, contents: RwLock::default() })
            }
            other => other,
        }
    }

    pub(crate) fn contents(&self) -> Arc<T> {
        self.contents.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self) -> Result<(), Unusable<T::Error>> {
        let contents = Arc::new(read(&self.path)?);
        *self.contents.write().unwrap_or_else(PoisonError::into_inner) = contents;
        Ok(())
    }

    /// Reads the file again if it is another one than the known one; returns which is known now, and how that went.
    fn look(&self, known: Stamp) -> (Stamp, Option<Result<(), String>>) {
        match stamp(&self.path) {
            Ok(stamp) if stamp != known => (stamp, Some(self.replace().map_err(|error| error.to_string()))),
            // It may be missing for a moment while it is being replaced.
            Ok(_) | Err(_) => (known, None),
        }
    }

    /// Reads the file again whenever it is replaced. If the new one cannot be used, the old one stays in use.
    pub(crate) async fn keep_fresh(self: Arc<Self>, shutdown: CancellationToken) {
        let mut known = self.stamp;
        let path = self.path.display().to_string();
        let mut every = tokio::time::interval(Duration::from_millis(LOOK_MS));
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(every.tick()).await.is_some() {
            let looking = self.clone();
            let look = tokio::task::spawn_blocking(move || looking.look(known));
            let Ok((stamp, replaced)) = look.await else { return };
            known = stamp;
            match replaced {
                Some(Ok(())) => info!(path, "{} was replaced", T::NAME),
                Some(Err(error)) => {
                    warn!(path, error, "{}: the new one cannot be used; the old one serves on", T::NAME);
                }
                None => {}
            }
        }
    }
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let file = std::fs::metadata(path)?;
    Ok(Some((file.modified().ok(), file.len())))
}

fn read<T: Contents>(path: &Path) -> Result<T, Unusable<T::Error>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(T::BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > T::BYTES_MAX {
        return Err(Unusable::TooLarge(T::BYTES_MAX));
    }
    T::parse(bytes).map_err(Unusable::Contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Text(String);

    impl Contents for Text {
        const NAME: &'static str = "a text";
        const BYTES_MAX: u64 = 4;
        type Error = std::string::FromUtf8Error;

        fn parse(bytes: Vec<u8>) -> Result<Self, Self::Error> {
            String::from_utf8(bytes).map(Self)
        }
    }

    #[test]
    fn what_a_file_said_last_holds_while_it_is_damaged_too_long_or_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        std::fs::write(&path, "a").unwrap();
        let file: Watched<Text> = Watched::open(&path).unwrap();
        let first = file.stamp;
        assert_eq!(file.look(first), (first, None), "the same file");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(file.look(first), (first, None), "gone");
        std::fs::write(&path, b"\xff\xff").unwrap();
        let (second, damaged) = file.look(first);
        assert!(second != first && damaged.unwrap().unwrap_err().contains("utf-8"));
        std::fs::write(&path, "12345").unwrap();
        let (third, long) = file.look(second);
        assert_eq!(long, Some(Err("has more than 4 bytes".to_owned())));
        assert_eq!(file.contents().0, "a");
        std::fs::write(&path, "bcd").unwrap();
        let (fourth, replaced) = file.look(third);
        assert_eq!((replaced, file.look(fourth)), (Some(Ok(())), (fourth, None)));
        assert_eq!(file.contents().0, "bcd");
    }

    #[test]
    fn a_file_that_may_come_later_is_empty_until_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        let file: Watched<Text> = Watched::open_once_there(&path).unwrap();
        assert_eq!((file.stamp, &*file.contents().0, file.look(None)), (None, "", (None, None)));
        std::fs::write(&path, "a").unwrap();
        let (stamp, read) = file.look(None);
        assert!(stamp.is_some() && read == Some(Ok(())));
        assert_eq!(file.contents().0, "a");
        std::fs::write(&path, "12345").unwrap();
        assert!(Watched::<Text>::open_once_there(&path).is_err(), "one that is there has to be right");
    }
}
