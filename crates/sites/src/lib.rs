//! The sites that events are taken for, and the keys that may write for each: one TOML file. `footfall site` and `footfall key`
//! change it, or a person, or a program that generates it. It holds no key, only their hashes.
//!
//! ```toml
//! anyone_may_write = false
//!
//! [sites.blog]
//! origins = ["https://blog.example"]
//! events_per_day_max = 100000
//!
//! [[sites.blog.keys]]
//! id = "pk_9f8e7d6c"
//! hash = "6f1e…"
//! created = "2026-11-30T12:00:00Z"
//! ```

mod key;
mod origin;
mod permit;

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use key::{Key, NewKey};
pub use origin::{normal_origin, origin_of_url};
pub use permit::{Given, Permit, Permits, Refused};

/// As long as an event's `site` may be.
const NAME_CHARS_MAX: usize = 100;

/// All sites of an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sites {
    /// Whether events without a key are taken from everybody, for any site, and not only from this host. What comes with a key is checked
    /// all the same.
    #[serde(default)]
    pub anyone_may_write: bool,
    /// By their names, which events have as their `site`.
    #[serde(default)]
    pub sites: BTreeMap<String, Site>,
}

/// A site, and who may write for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// Where its pages are: `https://blog.example`, with the port if it is not the usual one. Its public keys are taken from pages of
    /// these origins only.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Events that each ingest takes for it in a day (UTC); none: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_per_day_max: Option<u64>,
    /// Whether its keys are refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// The keys that may write for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Key>,
}

/// What is wrong with a file of sites.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Invalid {
    /// It is not TOML, or has another layout.
    #[error("{0}")]
    Layout(String),
    /// A value cannot be.
    #[error("{field} {message}")]
    Value {
        /// Where it stands.
        field: String,
        /// What is wrong with it.
        message: String,
    },
}

impl Invalid {
    fn value(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Value { field: field.into(), message: message.into() }
    }
}

impl Sites {
    /// Reads a file's text.
    ///
    /// # Errors
    /// If it is no valid file of sites.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let sites: Self = toml::from_str(text).map_err(|error| Invalid::Layout(error.to_string()))?;
        sites.check()?;
        Ok(sites)
    }

    /// The text of a file.
    ///
    /// # Errors
    /// If that would be no valid file of sites.
    pub fn to_text(&self) -> Result<String, Invalid> {
        self.check()?;
        let text = toml::to_string(self).map_err(|error| Invalid::Layout(error.to_string()))?;
        Ok(format!(
            "# The sites that events are taken for, and the keys that may write for each. `footfall site` and `footfall key` change\n\
             # it (comments are lost then), or you do. Footfall notices within a second.\n\n{text}"
        ))
    }

    fn check(&self) -> Result<(), Invalid> {
        let mut ids = HashSet::new();
        for (name, site) in &self.sites {
            let field = |what: &str| format!("sites.{name}{what}");
            if name.trim() != name || name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
                let text =
                    format!("is no name of a site: 1 to {NAME_CHARS_MAX} characters, without blanks around them");
                return Err(Invalid::value(field(""), text));
            }
            for origin in &site.origins {
                if normal_origin(origin).as_deref() != Some(origin) {
                    let text = format!("has `{origin}`, which is no origin: write it as https://blog.example");
                    return Err(Invalid::value(field(".origins"), text));
                }
            }
            for key in &site.keys {
                key.check().map_err(|text| Invalid::value(field(".keys"), text))?;
                if !ids.insert(&key.id) {
                    return Err(Invalid::value(field(".keys"), format!("has the id {} a second time", key.id)));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut site = Site { origins: vec!["https://blog.example".into()], ..Site::default() };
        site.keys.push(NewKey::public(Timestamp::UNIX_EPOCH).key);
        site.keys.push(Key { until: Some(Timestamp::UNIX_EPOCH), ..NewKey::secret(Timestamp::UNIX_EPOCH).key });
        let sites = Sites { anyone_may_write: false, sites: [("blog".to_owned(), site)].into() };
        assert_eq!(Sites::parse(&sites.to_text().unwrap()), Ok(sites));
        assert_eq!(Sites::parse(""), Ok(Sites::default()));
    }

    #[test]
    fn an_error_names_the_field() {
        for (text, wanted) in [
            ("sites = 1", "sites"),
            ("[sites.blog]\norigin = []", "unknown field `origin`"),
            ("[sites.blog]\norigins = ['blog.example']", "sites.blog.origins has `blog.example`, which is no origin"),
            ("[sites.blog]\norigins = ['https://blog.example/']", "sites.blog.origins has `https://blog.example/`"),
            ("[sites.blog]\norigins = ['null']", "sites.blog.origins has `null`"),
            ("[sites.' ']", "sites.  is no name of a site"),
            ("[[sites.a.keys]]\nid = 'x'\nhash = ''\ncreated = '2026-01-01T00:00:00Z'", "sites.a.keys has the id `x`"),
        ] {
            let error = Sites::parse(text).unwrap_err().to_string();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }

    #[test]
    fn no_two_keys_have_one_id() {
        let key = NewKey::secret(Timestamp::UNIX_EPOCH).key;
        let site = Site { keys: vec![key], ..Site::default() };
        let sites =
            Sites { sites: [("a".to_owned(), site.clone()), ("b".to_owned(), site)].into(), ..Sites::default() };
        assert!(sites.to_text().unwrap_err().to_string().contains("a second time"));
    }
}
