//! Who may write: the sites of a file and their keys; and how many events each site had today.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use footfall_event::{Parsed, Reason, Rejection};
use footfall_sites::{Given, Invalid, Permit, Permits, Refused};
use hyper::HeaderMap;
use hyper::header::{HOST, ORIGIN, REFERER};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use url::form_urlencoded;

use crate::config::SitesConfig;
use crate::header;
use crate::watched::{Contents, Watched};

const DAY_S: i64 = 24 * 3_600;

/// A site has had as many events today as it may have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct QuotaReached {
    /// Until the next day begins.
    pub(crate) seconds: u64,
}

/// Who may write.
pub(crate) struct Sites {
    permits: Arc<Watched<Permits>>,
    today: Mutex<Today>,
}

/// What a request says of itself, apart from `Authorization`, which a preflight does not have.
struct Asked<'a> {
    url_key: Option<Cow<'a, str>>,
    origin: Option<Cow<'a, str>>,
    referer: Option<Cow<'a, str>>,
    host: Option<Cow<'a, str>>,
}

impl<'a> Asked<'a> {
    fn of(query: Option<&'a str>, headers: &'a HeaderMap) -> Self {
        let url_key = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .find_map(|(name, value)| (name == "key" && !value.is_empty()).then_some(value));
        let text = |name| header::text(headers, name);
        Self { url_key, origin: text(&ORIGIN), referer: text(&REFERER), host: text(&HOST) }
    }

    fn given(&self, client: IpAddr) -> Given<'_> {
        Given {
            url_key: self.url_key.as_deref(),
            origin: self.origin.as_deref(),
            referer: self.referer.as_deref(),
            host: self.host.as_deref(),
            from_loopback: client.is_loopback(),
            ..Given::default()
        }
    }
}

/// The events of sites that have a limit.
#[derive(Default)]
struct Today {
    /// Since 1970, in UTC.
    day: i64,
    events: HashMap<String, u64>,
}

impl Sites {
    /// Reads the file, if it is there yet.
    pub(crate) fn open(config: &SitesConfig) -> anyhow::Result<Self> {
        let path = Path::new(&config.file);
        let permits = Watched::open_once_there(path).with_context(|| format!("sites.file: {}", config.file))?;
        Ok(Self { permits: Arc::new(permits), today: Mutex::default() })
    }

    /// Notices changes until shutdown.
    pub(crate) fn watch(&self, shutdown: CancellationToken) {
        tokio::spawn(self.permits.clone().keep_fresh(shutdown));
    }

    /// What a client may write.
    pub(crate) fn permit(&self, query: Option<&str>, headers: &HeaderMap, client: IpAddr) -> Result<Permit, Rejection> {
        let asked = Asked::of(query, headers);
        let given = Given { header_key: header::bearer(headers), ..asked.given(client) };
        self.permits.contents().permit(given, Timestamp::now()).map_err(rejection)
    }

    /// Refuses the events of sites that are in the file: only their keys may write for them.
    pub(crate) fn refuse_listed(&self, parsed: &mut Parsed) {
        let permits = self.permits.contents();
        for event in &mut parsed.events {
            let site = event.as_ref().ok().and_then(|accepted| accepted.event.site.as_deref());
            if site.is_some_and(|site| permits.lists(site)) {
                let text = "needs a key of its own: pages of Footfall's host write without one for other sites only";
                *event = Err(Rejection::new("site", Reason::SiteMismatch, text));
            }
        }
    }

    /// Whether the page that sent a request may read the answer.
    pub(crate) fn may_read_answer(&self, query: Option<&str>, headers: &HeaderMap, client: IpAddr) -> bool {
        self.permits.contents().may_read_answer(Asked::of(query, headers).given(client))
    }

    /// Whether a site may have more events today.
    pub(crate) fn check_quota(&self, site: &str, now: Timestamp) -> Result<(), QuotaReached> {
        let Some(max) = self.permits.contents().events_per_day_max(site) else { return Ok(()) };
        if self.today(now).events.get(site).is_none_or(|had| *had < max) {
            return Ok(());
        }
        Err(QuotaReached { seconds: (DAY_S - now.as_second().rem_euclid(DAY_S)).unsigned_abs() })
    }

    /// Counts events that were taken.
    pub(crate) fn count(&self, site: &str, events: u64, now: Timestamp) {
        // Others are not counted, so that what is held is bounded by the file.
        if self.permits.contents().events_per_day_max(site).is_some() {
            *self.today(now).events.entry(site.to_owned()).or_default() += events;
        }
    }

    fn today(&self, now: Timestamp) -> std::sync::MutexGuard<'_, Today> {
        let day = now.as_second().div_euclid(DAY_S);
        let mut today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        if today.day != day {
            *today = Today { day, events: HashMap::new() };
        }
        today
    }
}

impl Contents for Permits {
    const NAME: &'static str = "the file of sites";
    /// More than ten thousand sites with keys have.
    const BYTES_MAX: u64 = 16 * 1024 * 1024;
    type Error = Invalid;

    fn parse(bytes: Vec<u8>) -> Result<Self, Invalid> {
        let text = String::from_utf8(bytes).map_err(|error| Invalid::Layout(error.to_string()))?;
        Ok(footfall_sites::Sites::parse(&text)?.into())
    }
}

fn rejection(refused: Refused) -> Rejection {
    let (field, reason, text) = match refused {
        Refused::NoKey => (
            "key",
            Reason::KeyMissing,
            "is missing: send it as `?key=KEY` in the URL (from pages of another host), or in the header `Authorization: Bearer KEY` (from \
             servers); `footfall key add SITE` makes one",
        ),
        Refused::UnknownKey => ("key", Reason::KeyRefused, "is not known, or not valid any more"),
        Refused::SecretInUrl => (
            "key",
            Reason::KeyRefused,
            "is secret and stands in the URL, where others may read it: send it in the header `Authorization: Bearer KEY`",
        ),
        Refused::Origin => (
            "origin",
            Reason::OriginRefused,
            "is none of the site that the public key is for; a program that is no page needs a secret key",
        ),
    };
    Rejection::new(field, reason, text)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn sites(text: &str) -> Sites {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Sites::open(&SitesConfig { file: file.path().display().to_string() }).unwrap()
    }

    #[test]
    fn a_site_has_its_events_again_on_the_next_day() {
        let sites = sites("[sites.a]\nevents_per_day_max = 10\n[sites.b]");
        let now: Timestamp = "2026-11-30T23:59:30Z".parse().unwrap();
        for _ in 0..3 {
            assert_eq!(sites.check_quota("a", now), Ok(()));
            sites.count("a", 4, now);
            sites.count("b", 4, now);
        }
        assert_eq!(sites.check_quota("a", now), Err(QuotaReached { seconds: 30 }));
        assert_eq!(sites.check_quota("b", now), Ok(()));
        assert_eq!(sites.check_quota("a", now + SignedDuration::from_secs(30)), Ok(()));
    }

    #[test]
    fn a_file_that_is_wrong_or_cannot_be_read_is_an_error() {
        let open = |path: &str| Sites::open(&SitesConfig { file: path.into() }).map(|_| ()).unwrap_err();
        assert!(format!("{:#}", open("/")).contains("sites.file: /: Is a directory"));
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "sites = 1").unwrap();
        assert!(format!("{:#}", open(&file.path().display().to_string())).contains("invalid type: integer `1`"));
    }
}
