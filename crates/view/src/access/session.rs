//! Sessions. Each is a signed cookie that contains its expiry; the server stores only those that ended before it.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use blake3::Hasher;
use hyper::HeaderMap;
use hyper::header::COOKIE;
use jiff::Timestamp;

use crate::config::AccessConfig;

const NAME: &str = "footfall_session";
const DEVICE: &str = "footfall_device";
const DEVICE_S_MAX: i64 = 365 * 86_400;

pub(super) struct Sessions {
    key: [u8; 32],
    device_key: [u8; 32],
    /// The claims of sessions whose users have logged out.
    ended: Mutex<HashSet<String>>,
    path: String,
    seconds: i64,
    https_only: bool,
}

impl Sessions {
    /// The key depends on the password, so changing the password ends every session. A browser stays known.
    pub(super) fn new(
        key: &[u8; 32],
        password: &str,
        path: &str,
        config: &AccessConfig,
        ended: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut hasher = Hasher::new_derive_key("footfall-view 2026 session cookie");
        hasher.update(key).update(password.as_bytes());
        Self {
            key: hasher.finalize().into(),
            device_key: blake3::derive_key("footfall-view 2026 device cookie", key),
            ended: Mutex::new(ended.into_iter().collect()),
            path: path.to_owned(),
            seconds: i64::try_from(config.session_s_max).unwrap_or(i64::MAX),
            https_only: config.https_only,
        }
    }

    /// A cookie for this session, and one by which the browser is known the next time.
    pub(super) fn cookies(&self, is_https: bool) -> [String; 2] {
        let cookie = |name, key: &[u8; 32], seconds: i64| {
            let expires = Timestamp::now().as_second().saturating_add(seconds);
            let nonce: u128 = rand::random();
            let claim = format!("{expires}.{nonce:032x}");
            let proof = blake3::keyed_hash(key, claim.as_bytes());
            let secure = if is_https || self.https_only { "; Secure" } else { "" };
            format!("{name}={claim}.{proof}; Path={}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", self.path)
        };
        [cookie(NAME, &self.key, self.seconds), cookie(DEVICE, &self.device_key, DEVICE_S_MAX)]
    }

    pub(super) fn no_cookie(&self) -> String {
        format!("{NAME}=; Path={}; Max-Age=0; HttpOnly; SameSite=Lax", self.path)
    }

    pub(super) fn has_session(&self, headers: &HeaderMap) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        claims(headers, NAME, &self.key).any(|claim| !ended.contains(claim))
    }

    /// Ends the sessions of these headers. Returns what all ended sessions are known by that have not expired, so that they stay ended
    /// after a restart; `None` if there was no session.
    pub(super) fn end(&self, headers: &HeaderMap) -> Option<Vec<String>> {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let before = ended.len();
        ended.extend(claims(headers, NAME, &self.key).map(str::to_owned));
        if ended.len() == before {
            return None;
        }
        ended.retain(|claim| has_time(claim));
        Some(ended.iter().cloned().collect())
    }

    /// The browser, if it has logged in before.
    pub(super) fn device(&self, headers: &HeaderMap) -> Option<String> {
        claims(headers, DEVICE, &self.device_key).next().map(str::to_owned)
    }
}

/// What our cookies of this name claim, if the proof is right and the time has not come.
fn claims<'a>(headers: &'a HeaderMap, name: &'static str, key: &'a [u8; 32]) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(move |(other, _)| *other == name).filter_map(move |(_, value)| {
        let (claim, proof) = value.rsplit_once('.')?;
        let proof = blake3::Hash::from_hex(proof).ok()?;
        // Hashes are compared in constant time.
        (blake3::keyed_hash(key, claim.as_bytes()) == proof && has_time(claim)).then_some(claim)
    })
}

fn has_time(claim: &str) -> bool {
    let expires = claim.split('.').next().and_then(|text| text.parse().ok());
    expires.is_some_and(|expires: i64| Timestamp::now().as_second() < expires)
}
