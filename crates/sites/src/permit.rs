//! Whether a request may write, and for which site.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use url::{Host, Url};

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
    /// Its header Host: the name by which it reached us.
    pub host: Option<&'a str>,
    /// Whether it comes from a loopback address.
    pub from_loopback: bool,
}

impl Given<'_> {
    /// The host of the page that sent it. The port is left out: a proxy in front may use another one.
    fn page_host(&self) -> Option<Host> {
        host_of(self.origin.or(self.referer)?)
    }

    /// The host that it was sent to.
    fn own_host(&self) -> Option<Host> {
        host_of(&format!("http://{}", self.host?))
    }

    /// What it may write without a key, if anything.
    fn keyless(&self) -> Option<Permit> {
        let own = self.own_host()?;
        let page = self.page_host();
        let is_of_page = self.origin.is_some() || self.referer.is_some();
        // Of a foreign page, a browser on this machine names the origin. A proxy on this machine that tells nothing of its clients passes
        // on, mostly, the name that they asked for.
        if self.from_loopback && is_loopback(&own) && page.as_ref().map_or(!is_of_page, is_loopback) {
            return Some(Permit::AnySite);
        }
        // A program can pretend to be a page of the same host, and must not get around the keys of a site.
        (page? == own).then_some(Permit::UnlistedSites)
    }
}

fn host_of(url: &str) -> Option<Host> {
    Some(Url::parse(url).ok()?.host()?.to_owned())
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.to_canonical().is_loopback(),
    }
}

/// What a request may write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permit {
    /// Events of any site.
    AnySite,
    /// Events of sites that are not in the file, and such that name none.
    UnlistedSites,
    /// Events of one site, which becomes that of events that name none.
    Site {
        /// Its name.
        site: String,
        /// Whether the key is a secret one: a server of the owner's sends for many people.
        is_secret: bool,
    },
}

/// Why a request may not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It has no key, and is not of this host.
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
    keys: HashMap<[u8; blake3::OUT_LEN], KeyOf>,
    sites: HashMap<String, Site>,
    origins: HashSet<String>,
}

#[derive(Debug)]
struct KeyOf {
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
                    let key_of = KeyOf { site: name.clone(), is_public: key.is_public(), until: key.until };
                    permits.keys.extend(key.hash().map(|hash| (*hash.as_bytes(), key_of)));
                }
            }
            permits.sites.insert(name, site);
        }
        permits
    }
}

impl Permits {
    /// What a request may write.
    ///
    /// # Errors
    /// If it may write nothing.
    pub fn permit(&self, given: Given<'_>, now: Timestamp) -> Result<Permit, Refused> {
        // A proxy in front of a page may add a header of its own.
        let Some(text) = given.url_key.or(given.header_key) else {
            return self.keyless(given).ok_or(Refused::NoKey);
        };
        // Who knows a hash, or how one begins, does not know a key that has it: the table may answer in different times.
        let key = self.keys.get(hash(text).as_bytes()).filter(|key| key.until.is_none_or(|until| now < until));
        let key = key.ok_or(Refused::UnknownKey)?;
        if key.is_public {
            let site = self.sites.get(&key.site);
            let origin = given.origin.map(str::to_owned).or_else(|| origin_of_url(given.referer?));
            if !site.zip(origin).is_some_and(|(site, origin)| site.origins.contains(&origin)) {
                return Err(Refused::Origin);
            }
        } else if given.url_key.is_some() {
            return Err(Refused::SecretInUrl);
        }
        Ok(Permit::Site { site: key.site.clone(), is_secret: !key.is_public })
    }

    /// What a request may write without a key, if anything.
    fn keyless(&self, given: Given<'_>) -> Option<Permit> {
        if self.anyone { Some(Permit::AnySite) } else { given.keyless() }
    }

    /// Whether the file has this site.
    #[must_use]
    pub fn lists(&self, site: &str) -> bool {
        self.sites.contains_key(site)
    }

    /// Events that a site may have in a day; none: any number.
    #[must_use]
    pub fn events_per_day_max(&self, site: &str) -> Option<u64> {
        self.sites.get(site)?.events_per_day_max
    }

    /// Whether the page that sent a request may read the answer. One whose key is refused because of its origin may not: to the tracker
    /// this is an outage, so it keeps its events until the site has the origin.
    #[must_use]
    pub fn may_read_answer(&self, given: Given<'_>) -> bool {
        given.origin.is_some_and(|origin| self.origins.contains(origin))
            || (given.url_key.is_none() && self.keyless(given).is_some())
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

    fn blog(is_secret: bool) -> Permit {
        Permit::Site { site: "blog".into(), is_secret }
    }

    fn permits(anyone_may_write: bool, site: Site) -> Permits {
        Sites { anyone_may_write, sites: [("blog".to_owned(), site)].into() }.into()
    }

    #[test]
    fn a_public_key_is_taken_from_pages_of_its_site_only() {
        let new = NewKey::public(NOW);
        let permits = permits(false, site(vec![new.key]));
        let asked = |origin, referer| {
            permits.permit(Given { url_key: Some(&new.text), origin, referer, ..Given::default() }, NOW)
        };
        assert_eq!(asked(Some(PAGE), None), Ok(blog(false)));
        assert_eq!(asked(None, Some("https://blog.example/a?b")), Ok(blog(false)));
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
        let given =
            Given { header_key: Some("eyJ0"), url_key: Some(&new.text), origin: Some(PAGE), ..Given::default() };
        assert_eq!(permits.permit(given, NOW), Ok(blog(false)));
    }

    #[test]
    fn a_secret_key_is_taken_from_the_header_only() {
        let new = NewKey::secret(NOW);
        let permits = permits(false, site(vec![new.key]));
        let given = Given { header_key: Some(&new.text), ..Given::default() };
        assert_eq!(permits.permit(given, NOW), Ok(blog(true)));
        let given = Given { url_key: Some(&new.text), origin: Some(PAGE), ..Given::default() };
        assert_eq!(permits.permit(given, NOW), Err(Refused::SecretInUrl));
    }

    #[test]
    fn a_key_ends_when_it_says_and_with_its_site() {
        let new = NewKey::secret(NOW);
        let given = Given { header_key: Some(&new.text), ..Given::default() };
        let until = NOW + jiff::SignedDuration::from_secs(1);
        let ending = permits(false, site(vec![Key { until: Some(until), ..new.key.clone() }]));
        assert_eq!(ending.permit(given, NOW), Ok(blog(true)));
        assert_eq!(ending.permit(given, until), Err(Refused::UnknownKey));
        let disabled = permits(true, Site { disabled: true, ..site(vec![new.key]) });
        assert_eq!(disabled.permit(given, NOW), Err(Refused::UnknownKey));
    }

    #[test]
    fn without_a_key_anyone_may_write_only_if_the_file_says_so() {
        let open = permits(true, site(Vec::new()));
        let closed = permits(false, site(Vec::new()));
        assert_eq!(open.permit(Given::default(), NOW), Ok(Permit::AnySite));
        assert_eq!(closed.permit(Given::default(), NOW), Err(Refused::NoKey));
        let wrong = Given { url_key: Some("pk_0"), ..Given::default() };
        assert_eq!(open.permit(wrong, NOW), Err(Refused::UnknownKey));
        let of = |origin| Given { origin: Some(origin), ..Given::default() };
        assert!(
            open.may_read_answer(of("https://evil.example")) && !closed.may_read_answer(of("https://evil.example"))
        );
        assert!(closed.may_read_answer(of(PAGE)));
        let own = Given { host: Some("evil.example"), ..of("https://evil.example") };
        assert!(closed.may_read_answer(own) && !closed.may_read_answer(Given { url_key: Some("pk_0"), ..own }));
    }

    #[test]
    fn pages_of_the_same_host_and_what_comes_from_this_machine_need_no_key() {
        let permits = Permits::default();
        let asked = |from_loopback, host, origin, referer| {
            let given = Given { host, origin, referer, from_loopback, ..Given::default() };
            let permit = permits.permit(given, NOW);
            assert_eq!(permits.may_read_answer(given), permit.is_ok());
            permit
        };
        let (any, unlisted, refused) = (Ok(Permit::AnySite), Ok(Permit::UnlistedSites), Err(Refused::NoKey));
        for (from_loopback, host, origin, referer, wanted) in [
            (false, Some("stats.example"), Some("https://stats.example"), None, &unlisted),
            (false, Some("stats.example:8080"), Some("http://stats.example:8080"), None, &unlisted),
            (false, Some("Stats.example"), Some("https://stats.example:444"), None, &unlisted),
            (false, Some("192.0.2.1:8080"), None, Some("http://192.0.2.1:8080/a?b"), &unlisted),
            (false, Some("stats.example"), Some("https://stats.example.evil.example"), None, &refused),
            (false, Some("stats.example"), Some("https://evil.example"), Some("https://stats.example/"), &refused),
            (false, Some("stats.example"), Some("null"), Some("https://stats.example/"), &refused),
            (false, Some("stats.example"), None, None, &refused),
            (false, None, None, None, &refused),
            (false, Some("localhost"), None, None, &refused),
            (false, Some(""), Some(""), None, &refused),
            (true, Some("localhost:3001"), None, None, &any),
            (true, Some("127.0.0.7:3001"), None, None, &any),
            (true, Some("[::1]:3001"), None, None, &any),
            (true, Some("localhost"), Some("http://127.0.0.1:3000"), None, &any),
            (true, Some("localhost"), Some("https://evil.example"), None, &refused),
            (true, Some("localhost"), Some("null"), None, &refused),
            (true, Some("localhost"), None, Some("https://evil.example/"), &refused),
            // A proxy on this machine that does not name its clients.
            (true, Some("stats.example"), None, None, &refused),
            (true, Some("localhost.evil.example"), None, None, &refused),
            (true, None, None, None, &refused),
        ] {
            assert_eq!(
                &asked(from_loopback, host, origin, referer),
                wanted,
                "{from_loopback} {host:?} {origin:?} {referer:?}"
            );
        }
    }
}
