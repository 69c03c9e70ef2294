//! Keys. Only their hashes are stored: a key is random enough that a hash cannot be turned back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const PUBLIC: &str = "pk_";
const SECRET: &str = "sk_";
/// The part of a key by which a person tells it from others.
const ID_CHARS: usize = PUBLIC.len() + 8;
const RANDOM_BYTES: usize = 24;

/// A key, as far as a file knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// How it begins: `pk_` and 8 characters if it is public, for pages; `sk_` and 8 characters if it is secret, for servers.
    pub id: String,
    /// BLAKE3 of the whole key, in hexadecimal.
    pub hash: String,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is refused; none: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// A key that was just made. Its text is stored nowhere.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What a client sends.
    pub text: String,
    /// What a file stores.
    pub key: Key,
}

impl NewKey {
    /// For pages: everybody who opens one can read it, so it is taken from the site's origins only.
    #[must_use]
    pub fn public(now: Timestamp) -> Self {
        Self::of(PUBLIC, now)
    }

    /// For servers.
    #[must_use]
    pub fn secret(now: Timestamp) -> Self {
        Self::of(SECRET, now)
    }

    fn of(prefix: &str, now: Timestamp) -> Self {
        let random = rand::random::<[u8; RANDOM_BYTES]>();
        let text = random.iter().fold(prefix.to_owned(), |text, byte| format!("{text}{byte:02x}"));
        let id = text[..ID_CHARS].to_owned();
        let hash = hash(&text).to_hex().to_string();
        Self { text, key: Key { id, hash, created: now, until: None } }
    }

    /// Of the same kind as another.
    #[must_use]
    pub fn like(other: &Key, now: Timestamp) -> Self {
        if other.is_public() { Self::public(now) } else { Self::secret(now) }
    }
}

impl Key {
    /// Whether it is for pages, where everybody can read it.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.id.starts_with(PUBLIC)
    }

    pub(crate) fn hash(&self) -> Option<blake3::Hash> {
        blake3::Hash::from_hex(&self.hash).ok()
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        let begins = self.id.starts_with(PUBLIC) || self.id.starts_with(SECRET);
        if !begins || self.id.len() != ID_CHARS {
            return Err(format!("has the id `{}`: one is pk_ or sk_ and 8 characters", self.id));
        }
        if self.hash().is_none() {
            return Err(format!("has for {} a hash that is not one: 64 hexadecimal digits", self.id));
        }
        Ok(())
    }
}

pub(crate) fn hash(text: &str) -> blake3::Hash {
    blake3::hash(text.as_bytes())
}
