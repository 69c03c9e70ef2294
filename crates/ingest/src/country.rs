//! Looks up the country of an address in a file provided by the operator. Done here and not downstream, because no
//! address leaves this process.

use std::fs::Metadata;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use maxminddb::{MaxMindDbError, PathElement, Reader};
use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Larger than any published file; the file is held in memory.
const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// How often to check whether the file was replaced.
const LOOK_MS: u64 = 1_000;

/// Why a file cannot be used.
#[derive(Debug, Error)]
pub(crate) enum Unusable {
    #[error("{0}")]
    Unreadable(#[from] std::io::Error),
    #[error("has more than {FILE_BYTES_MAX} bytes")]
    TooLarge,
    #[error("is no MMDB file: {0}")]
    Malformed(#[from] MaxMindDbError),
}

/// Tells a file from the one it replaced.
type Stamp = (Option<SystemTime>, u64);

/// A country file in MaxMind's format (MaxMind DB 2.0).
pub(crate) struct Countries {
    path: PathBuf,
    reader: RwLock<Reader<Vec<u8>>>,
    stamp: Stamp,
}

impl Countries {
    pub(crate) fn open(path: &Path) -> Result<Self, Unusable> {
        let stamp = stamp(path)?;
        Ok(Self { path: path.to_owned(), reader: RwLock::new(read(path)?), stamp })
    }

    /// ISO 3166-1 alpha-2 code; None if the file does not know the address.
    pub(crate) fn of(&self, address: IpAddr) -> Option<String> {
        const PATH: [PathElement<'_>; 2] = [PathElement::Key("country"), PathElement::Key("iso_code")];
        let reader = self.reader.read().unwrap_or_else(PoisonError::into_inner);
        let code: &str = reader.lookup(address).ok()?.decode_path(&PATH).ok()??;
        (code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic())).then(|| code.to_ascii_uppercase())
    }

    fn replace(&self) -> Result<(), Unusable> {
        let reader = read(&self.path)?;
        *self.reader.write().unwrap_or_else(PoisonError::into_inner) = reader;
        Ok(())
    }
}

fn read(path: &Path) -> Result<Reader<Vec<u8>>, Unusable> {
    Ok(Reader::open_readfile(path)?)
}

fn stamp(path: &Path) -> Result<Stamp, Unusable> {
    let file: Metadata = std::fs::metadata(path)?;
    if file.len() > FILE_BYTES_MAX {
        return Err(Unusable::TooLarge);
    }
    Ok((file.modified().ok(), file.len()))
}

/// Reloads the file when it is replaced. If the new one is unusable, the old one stays in use.
pub(crate) async fn keep_fresh(countries: Arc<Countries>, shutdown: CancellationToken) {
    let mut known = countries.stamp;
    let mut every = tokio::time::interval(Duration::from_millis(LOOK_MS));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(every.tick()).await.is_some() {
        let (looking, path) = (countries.clone(), countries.path.display().to_string());
        let look = tokio::task::spawn_blocking(move || match stamp(&looking.path) {
            Ok(stamp) if stamp != known => (stamp, Some(looking.replace())),
            // It may be missing for a moment while it is being replaced.
            Ok(_) | Err(_) => (known, None),
        });
        let Ok((stamp, replaced)) = look.await else { return };
        known = stamp;
        match replaced {
            Some(Ok(())) => info!(path, "the file of countries was replaced"),
            Some(Err(error)) => warn!(path, %error, "the new file of countries cannot be used; the old one serves on"),
            None => {}
        }
    }
}
