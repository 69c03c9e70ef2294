//! Whether a request may write, and for which site.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::key::hash;
use crate::{Site, Sites, origin_of_url};

/// What a request says of itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a> {
    /// The key in its header.
    pub header_key: Option<&'a str>,
    /// The key in its URL.
    pub url_key: Option<&'a str>,
    /// Its header Origin.
    pub origin: Option<&'a str>,
    /// Its header Referer, which is looked at if there is no Origin: images are asked for without one.
    pub referer: Option<&'a str>,
}

/// Why a request may not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It has no key.
    NoKey,
    /// Its key is none of ours, or is not valid any more.
    UnknownKey,
    /// It has a secret key in its URL, which proxies and servers log.
    SecretInUrl,
    /// It has a public key, but comes from no page of its site.
    Origin,
}

/// Who may write: the sites, looked up by their keys.
#[derive(Debug, Default)]
pub struct Permits {
    anyone: bool,
    /// By the hashes of their keys.
    keys: HashMap<[u8; blake3::OUT_LEN], Permit>,
    sites: HashMap<String, Site>,
    origins: HashSet<String>,
}

#[derive(Debug)]
struct Permit {
    site: String,
    is_public: bool,
    until: Option<Timestamp>,
}

impl From<Sites> for Permits {
    fn from(sites: Sites) -> Self {
        let mut permits = Self { anyone: sites.anyone_may_write, ..Self::default() };
        for (name, site) in sites.sites {
            if !site.disabled {
                permits.origins.extend(site.origins.iter().cloned());
                for key in &site.keys {
                    let permit = Permit { site: name.clone(), is_public: key.is_public(), until: key.until };
                    permits.keys.extend(key.hash().map(|hash| (*hash.as_bytes(), permit)));
                }
            }
            permits.sites.insert(name, site);
        }
        permits
    }
}

impl Permits {
    /// The site that a request may write for; none: any.
    ///
    /// # Errors
    /// If it may not write.
    pub fn site_of(&self, given: Given<'_>, now: Timestamp) -> Result<Option<&str>, Refused> {
        // A proxy in front of a page may add a header of its own.
        let Some(text) = given.url_key.or(given.header_key) else {
            return if self.anyone { Ok(None) } else { Err(Refused::NoKey) };
        };
        // Who knows a hash, or how one begins, does not know a key that has it: the table may answer in different times.
        let permit = self.keys.get(hash(text).as_bytes()).filter(|permit| permit.until.is_none_or(|until| now < until));
        let permit = permit.ok_or(Refused::UnknownKey)?;
        if permit.is_public {
            let site = self.sites.get(&permit.site);
            let origin = given.origin.map(str::to_owned).or_else(|| origin_of_url(given.referer?));
            if !site.zip(origin).is_some_and(|(site, origin)| site.origins.contains(&origin)) {
                return Err(Refused::Origin);
            }
        } else if given.url_key.is_some() {
            return Err(Refused::SecretInUrl);
        }
        Ok(Some(&permit.site))
    }

    /// Events that a site may have in a day; none: any number.
    #[must_use]
    pub fn events_per_day_max(&self, site: &str) -> Option<u64> {
        self.sites.get(site)?.events_per_day_max
    }

    /// Whether pages of an origin may read answers.
    #[must_use]
    pub fn allows_origin(&self, origin: &str) -> bool {
        self.anyone || self.origins.contains(origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Key, NewKey};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const PAGE: &str = "https://blog.example";

    fn site(keys: Vec<Key>) -> Site {
        Site { origins: vec![PAGE.into()], keys, ..Site::default() }
    }

    fn permits(anyone_may_write: bool, site: Site) -> Permits {
        Sites { anyone_may_write, sites: [("blog".to_owned(), site)].into() }.into()
    }

    #[test]
    fn a_public_key_is_taken_from_pages_of_its_site_only() {
        let new = NewKey::public(NOW);
        let permits = permits(false, site(vec![new.key]));
        let asked = |origin, referer| {
            permits.site_of(Given { url_key: Some(&new.text), origin, referer, ..Given::default() }, NOW)
        };
        assert_eq!(asked(Some(PAGE), None), Ok(Some("blog")));
        assert_eq!(asked(None, Some("https://blog.example/a?b")), Ok(Some("blog")));
        for (origin, referer) in [
            (None, None),
            (Some("https://evil.example"), None),
            (Some("https://evil.example"), Some("https://blog.example/")),
            (Some("null"), Some("https://blog.example/")),
            (Some("https://blog.example.evil.example"), None),
            (None, Some("https://evil.example/https://blog.example")),
        ] {
            assert_eq!(asked(origin, referer), Err(Refused::Origin), "{origin:?} {referer:?}");
        }
    }

    #[test]
    fn another_programs_header_does_not_hide_the_key_of_a_page() {
        let new = NewKey::public(NOW);
        let permits = permits(false, site(vec![new.key]));
        let given = Given { header_key: Some("eyJ0"), url_key: Some(&new.text), origin: Some(PAGE), referer: None };
        assert_eq!(permits.site_of(given, NOW), Ok(Some("blog")));
    }

    #[test]
    fn a_secret_key_is_taken_from_the_header_only() {
        let new = NewKey::secret(NOW);
        let permits = permits(false, site(vec![new.key]));
        let given = Given { header_key: Some(&new.text), ..Given::default() };
        assert_eq!(permits.site_of(given, NOW), Ok(Some("blog")));
        let given = Given { url_key: Some(&new.text), origin: Some(PAGE), ..Given::default() };
        assert_eq!(permits.site_of(given, NOW), Err(Refused::SecretInUrl));
    }

    #[test]
    fn a_key_ends_when_it_says_and_with_its_site() {
        let new = NewKey::secret(NOW);
        let given = Given { header_key: Some(&new.text), ..Given::default() };
        let until = NOW + jiff::SignedDuration::from_secs(1);
        let ending = permits(false, site(vec![Key { until: Some(until), ..new.key.clone() }]));
        assert_eq!(ending.site_of(given, NOW), Ok(Some("blog")));
        assert_eq!(ending.site_of(given, until), Err(Refused::UnknownKey));
        let disabled = permits(true, Site { disabled: true, ..site(vec![new.key]) });
        assert_eq!(disabled.site_of(given, NOW), Err(Refused::UnknownKey));
    }

    #[test]
    fn without_a_key_anyone_may_write_only_if_the_file_says_so() {
        let open = permits(true, site(Vec::new()));
        let closed = permits(false, site(Vec::new()));
        assert_eq!(open.site_of(Given::default(), NOW), Ok(None));
        assert_eq!(closed.site_of(Given::default(), NOW), Err(Refused::NoKey));
        let wrong = Given { url_key: Some("pk_0"), ..Given::default() };
        assert_eq!(open.site_of(wrong, NOW), Err(Refused::UnknownKey));
        assert!(open.allows_origin("https://evil.example") && !closed.allows_origin("https://evil.example"));
        assert!(closed.allows_origin(PAGE));
    }
}
