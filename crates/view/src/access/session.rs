//! Sessions. Each is a signed cookie that contains its expiry; the server stores nothing.

use blake3::Hasher;
use hyper::HeaderMap;
use hyper::header::COOKIE;
use jiff::Timestamp;

use crate::config::AccessConfig;

const NAME: &str = "footfall_session";

pub(super) struct Sessions {
    key: [u8; 32],
    path: String,
    seconds: i64,
    https_only: bool,
}

impl Sessions {
    /// The key depends on the password, so changing the password ends every session.
    pub(super) fn new(key: &[u8; 32], password: &str, path: &str, config: &AccessConfig) -> Self {
        let mut hasher = Hasher::new_derive_key("footfall-view 2026 session cookie");
        hasher.update(key).update(password.as_bytes());
        Self {
            key: hasher.finalize().into(),
            path: path.to_owned(),
            seconds: i64::try_from(config.session_s_max).unwrap_or(i64::MAX),
            https_only: config.https_only,
        }
    }

    pub(super) fn cookie(&self, is_https: bool) -> String {
        let expires = Timestamp::now().as_second().saturating_add(self.seconds);
        let nonce: u128 = rand::random();
        let claim = format!("{expires}.{nonce:032x}");
        let proof = blake3::keyed_hash(&self.key, claim.as_bytes());
        let secure = if is_https || self.https_only { "; Secure" } else { "" };
        let Self { path, seconds, .. } = self;
        format!("{NAME}={claim}.{proof}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }

    pub(super) fn no_cookie(&self) -> String {
        format!("{NAME}=; Path={}; Max-Age=0; HttpOnly; SameSite=Lax", self.path)
    }

    pub(super) fn has_session(&self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(name, _)| *name == NAME).any(|(_, value)| self.holds(value))
    }

    fn holds(&self, value: &str) -> bool {
        let Some((claim, proof)) = value.rsplit_once('.') else { return false };
        let Ok(proof) = blake3::Hash::from_hex(proof) else { return false };
        // Hashes are compared in constant time.
        let is_ours = blake3::keyed_hash(&self.key, claim.as_bytes()) == proof;
        let expires = claim.split('.').next().and_then(|text| text.parse().ok());
        is_ours && expires.is_some_and(|expires: i64| Timestamp::now().as_second() < expires)
    }
}
