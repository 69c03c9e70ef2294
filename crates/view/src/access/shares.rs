//! Shared links. Each has an id and a secret, of which only the hash is stored. Because footfall-view must not be able
//! to write to the database, they are stored in a file, which is replaced as a whole.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use blake3::Hash;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracing::info;

use crate::selection::Filters;

const FILE: &str = "view.json";
const NAME_CHARACTERS_MAX: usize = 100;
const DAYS_MAX: u32 = 3_650;

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Share {
    pub(crate) id: String,
    /// BLAKE3 of the secret, in hexadecimal: a random 192-bit secret needs no slow hash.
    secret: String,
    pub(crate) name: String,
    /// Applied to everything that the link shows.
    pub(crate) filters: Filters,
    pub(crate) expires_at: Timestamp,
}

impl Share {
    /// The filters. One that is not known any more is refused by PostgreSQL, rather than left out here.
    pub(crate) fn fixed(&self) -> Filters {
        self.filters.clone()
    }
}

pub(crate) struct ShareRequest {
    pub(crate) name: String,
    pub(crate) days: u32,
    pub(crate) filters: Filters,
}

/// Why a link was not created or withdrawn.
#[derive(Debug, Error)]
pub(crate) enum ShareError {
    #[error("{0}: {1}")]
    Field(&'static str, String),
    #[error("access.shares_max links exist already. Withdraw one first.")]
    TooMany,
    #[error("The shared links cannot be written.")]
    Write(#[from] std::io::Error),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    session_key: String,
    shares: Vec<Share>,
    /// The claims of sessions that ended before their time.
    #[serde(default)]
    ended_sessions: Vec<String>,
}

pub(crate) struct Shares {
    file: PathBuf,
    shares_max: usize,
    state: Mutex<State>,
}

impl Shares {
    /// Reads the file, or creates it.
    pub(super) fn open(dir: &Path, shares_max: usize) -> anyhow::Result<Self> {
        fs::create_dir_all(dir)?;
        let file = dir.join(FILE);
        let state = match fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).with_context(|| format!("{} cannot be read", file.display()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let session_key = Hash::from_bytes(rand::random()).to_hex().to_string();
                let state = State { session_key, shares: Vec::new(), ended_sessions: Vec::new() };
                write(&file, &state)?;
                state
            }
            Err(error) => return Err(error.into()),
        };
        Hash::from_hex(&state.session_key).context("session_key is not 32 bytes in hexadecimal")?;
        Ok(Self { file, shares_max, state: Mutex::new(state) })
    }

    /// The session key. It is in the same file, so that sessions survive a restart.
    pub(super) fn session_key(&self) -> [u8; 32] {
        // `open` has checked that it parses.
        Hash::from_hex(&self.lock().session_key).map_or_else(|_| rand::random(), Into::into)
    }

    pub(super) fn ended_sessions(&self) -> Vec<String> {
        self.lock().ended_sessions.clone()
    }

    /// Stores these in place of the former ones.
    pub(super) fn end_sessions(&self, ended: Vec<String>) -> Result<(), ShareError> {
        self.change(|state| {
            state.ended_sessions = ended;
            Ok(())
        })
    }

    /// All links, including expired ones.
    pub(crate) fn list(&self) -> Vec<Share> {
        self.lock().shares.clone()
    }

    /// The link with this token, if it has not expired.
    pub(crate) fn find(&self, token: &str) -> Option<Share> {
        let (id, secret) = token.split_once('-')?;
        let given = blake3::hash(secret.as_bytes());
        let state = self.lock();
        let share = state.shares.iter().find(|share| share.id == id)?;
        let is_right = Hash::from_hex(&share.secret).is_ok_and(|secret| secret == given);
        (is_right && Timestamp::now() < share.expires_at).then(|| share.clone())
    }

    /// Creates a link, and returns its token, which is not stored.
    pub(crate) fn create(&self, request: ShareRequest) -> Result<String, ShareError> {
        let name = request.name.trim();
        if name.is_empty() || name.chars().count() > NAME_CHARACTERS_MAX {
            return Err(ShareError::Field("name", format!("must have 1 to {NAME_CHARACTERS_MAX} characters")));
        }
        if !(1..=DAYS_MAX).contains(&request.days) {
            return Err(ShareError::Field("days", format!("must be within 1..={DAYS_MAX}")));
        }
        let expires_at = Timestamp::now()
            .checked_add(SignedDuration::from_hours(24 * i64::from(request.days)))
            .map_err(|_| ShareError::Field("days", "is too far in the future".into()))?;
        let id = hex(&rand::random::<[u8; 6]>());
        let secret = hex(&rand::random::<[u8; 24]>());
        let share = Share {
            id: id.clone(),
            secret: blake3::hash(secret.as_bytes()).to_hex().to_string(),
            name: name.to_owned(),
            filters: request.filters,
            expires_at,
        };
        self.change(|state| {
            let now = Timestamp::now();
            state.shares.retain(|share| share.expires_at > now);
            if state.shares.len() >= self.shares_max {
                return Err(ShareError::TooMany);
            }
            state.shares.push(share);
            Ok(())
        })?;
        info!(id, "shared a link");
        Ok(format!("{id}-{secret}"))
    }

    pub(crate) fn withdraw(&self, id: &str) -> Result<(), ShareError> {
        self.change(|state| {
            state.shares.retain(|share| share.id != id);
            Ok(())
        })?;
        info!(id, "withdrew a link");
        Ok(())
    }

    /// Writes the file first, so that a change that cannot be written is not made.
    fn change(&self, change: impl FnOnce(&mut State) -> Result<(), ShareError>) -> Result<(), ShareError> {
        let mut state = self.lock();
        let mut changed = state.clone();
        change(&mut changed)?;
        write(&self.file, &changed)?;
        *state = changed;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replaces the file atomically, readable only by the daemon.
fn write(file: &Path, state: &State) -> std::io::Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    let mut partial = tempfile::NamedTempFile::new_in(dir)?;
    partial.write_all(&serde_json::to_vec_pretty(state)?)?;
    partial.as_file().sync_all()?;
    partial.persist(file)?;
    fs::File::open(dir)?.sync_all()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(name: &str) -> ShareRequest {
        ShareRequest { name: name.into(), days: 1, filters: Filters::from([("site".into(), vec!["a".into()])]) }
    }

    #[test]
    fn a_link_is_valid_until_it_is_withdrawn_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let shares = Shares::open(dir.path(), 2).unwrap();
        let token = shares.create(request("for the board")).unwrap();
        let key = shares.session_key();
        drop(shares);

        let shares = Shares::open(dir.path(), 2).unwrap();
        assert_eq!(shares.session_key(), key);
        let share = shares.find(&token).unwrap();
        assert_eq!(share.fixed(), Filters::from([("site".to_owned(), vec!["a".to_owned()])]));
        let (id, secret) = token.split_once('-').unwrap();
        assert!(shares.find(&format!("{id}-{}", &secret[1..])).is_none() && shares.find(id).is_none());
        let text = fs::read_to_string(dir.path().join(FILE)).unwrap();
        assert!(!text.contains(secret), "the secret is on the disk");

        shares.withdraw(id).unwrap();
        assert!(shares.find(&token).is_none());
        assert!(Shares::open(dir.path(), 2).unwrap().find(&token).is_none());
    }

    #[test]
    fn an_expired_link_is_not_valid_and_frees_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let shares = Shares::open(dir.path(), 1).unwrap();
        let token = shares.create(request("one")).unwrap();
        assert!(matches!(shares.create(request("two")), Err(ShareError::TooMany)));
        shares
            .change(|state| {
                state.shares[0].expires_at = Timestamp::now();
                Ok(())
            })
            .unwrap();
        assert!(shares.find(&token).is_none());
        shares.create(request("two")).unwrap();
    }

    #[test]
    fn a_refused_request_names_its_field() {
        let dir = tempfile::tempdir().unwrap();
        let shares = Shares::open(dir.path(), 1).unwrap();
        assert!(matches!(shares.create(request(" ")), Err(ShareError::Field("name", _))));
        assert!(matches!(shares.create(ShareRequest { days: 0, ..request("x") }), Err(ShareError::Field("days", _))));
    }
}
