//! Imports of history: requests with `?import`, whose events may be older than `limits.past_ms_max`.

use std::collections::HashSet;
use std::net::IpAddr;

use footfall_event::{Parsed, Reason, Rejection};
use hyper::HeaderMap;
use hyper::header::{HOST, ORIGIN, REFERER};
use url::form_urlencoded;

use crate::config::ImportConfig;
use crate::header::bearer;

/// Different days in one request. Each may be a new chunk of several tables, which takes PostgreSQL some 50 ms, and in
/// the light profile the client waits for the commit (`database.commit_ms_max`).
const DAYS_MAX: usize = 31;
const DAY_S: i64 = 24 * 3_600;
const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// Set by proxies. The names are not all there are, so each that begins like one counts too.
const OF_PROXIES: [&str; 8] = [
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "x-cluster-client-ip",
];
const PREFIXES: [&str; 3] = ["x-forwarded", "x-original", "sec-"];

/// Who may import.
pub(crate) struct Importers {
    /// Only hashes are compared, which blake3 does in constant time.
    key: Option<blake3::Hash>,
    local: bool,
    past_ms_max: u64,
}

impl Importers {
    pub(crate) fn new(config: &ImportConfig) -> Self {
        let key = config.key.expose();
        Self {
            key: (!key.is_empty()).then(|| blake3::hash(key.as_bytes())),
            local: config.local,
            past_ms_max: u64::from(config.past_days_max) * DAY_MS,
        }
    }

    /// How old the events of this request may be, in milliseconds, if it is an import.
    pub(crate) fn past_ms_max(
        &self,
        query: Option<&str>,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> Result<Option<u64>, Rejection> {
        if !is_requested(query) {
            return Ok(None);
        }
        if self.has_key(headers) || (self.local && is_local(headers, peer)) {
            return Ok(Some(self.past_ms_max));
        }
        let text = "needs the header `Authorization: Bearer KEY` with the key in import.key, or a request straight from \
                    this machine";
        Err(Rejection::new("import", Reason::ImportRefused, text))
    }

    fn has_key(&self, headers: &HeaderMap) -> bool {
        bearer(headers).is_some_and(|given| self.key == Some(blake3::hash(given.as_bytes())))
    }
}

/// Refuses an import whose events are of too many different days.
pub(crate) fn check_days(parsed: &Parsed) -> Result<(), Rejection> {
    let accepted = parsed.events.iter().flatten();
    let days: HashSet<i64> = accepted.map(|it| it.event.timestamp.as_second().div_euclid(DAY_S)).collect();
    if days.len() > DAYS_MAX {
        let text = format!("has events of more than {DAYS_MAX} days: send fewer lines of an import at a time");
        return Err(Rejection::body(Reason::TooManyEvents, text));
    }
    Ok(())
}

fn is_requested(query: Option<&str>) -> bool {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .any(|(name, value)| name == "import" && !matches!(&*value, "0" | "false"))
}

/// Whether a program on this machine connected by itself. A proxy on this machine connects from the same address, but
/// says in a header for whom; a page in a browser on this machine says which page it is.
fn is_local(headers: &HeaderMap, peer: IpAddr) -> bool {
    let is_passed_on = headers
        .keys()
        .map(hyper::header::HeaderName::as_str)
        .any(|name| OF_PROXIES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix)));
    let is_of_page = headers.contains_key(ORIGIN) || headers.contains_key(REFERER);
    // A page can have its own name lead to this machine, but cannot choose another one for the header.
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let host =
        host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|it| it.is_ascii_digit())).map_or(host, |it| it.0);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback());
    peer.to_canonical().is_loopback() && is_here && !is_passed_on && !is_of_page
}

#[cfg(test)]
mod tests {
    use footfall_daemon::Secret;
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    const KEY: &str = "a key of at least sixteen bytes";
    const HOUR_MS: u64 = 3_600 * 1_000;

    fn asked(key: &str, query: &str, peer: &str, headers: &[(&'static str, &str)]) -> Result<Option<u64>, Reason> {
        let config = ImportConfig { key: Secret::new(key), local: true, past_days_max: 2 };
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let headers = headers.iter().map(pair).collect();
        let importers = Importers::new(&config);
        importers.past_ms_max(Some(query), &headers, peer.parse().unwrap()).map_err(|rejection| rejection.reason)
    }

    #[test]
    fn only_a_request_that_says_so_is_an_import() {
        for query in ["", "x=import", "import=0", "import=false", "imports"] {
            assert_eq!(asked(KEY, query, "127.0.0.1", &[("host", "localhost")]), Ok(None), "{query}");
        }
        for query in ["import", "import=1", "a=b&import=true"] {
            let allowed = asked("", query, "127.0.0.1", &[("host", "localhost:3001")]);
            assert_eq!(allowed, Ok(Some(48 * HOUR_MS)), "{query}");
        }
    }

    #[test]
    fn the_key_allows_from_anywhere_and_no_other_text_does() {
        let with = |key, sent: &str| asked(key, "import", "203.0.113.7", &[("authorization", sent)]);
        assert_eq!(with(KEY, &format!("Bearer {KEY}")), Ok(Some(48 * HOUR_MS)));
        assert_eq!(with(KEY, &format!("bearer  {KEY} ")), Ok(Some(48 * HOUR_MS)));
        for sent in [
            format!("Bearer {KEY}x"),
            format!("Basic {KEY}"),
            KEY.to_owned(),
            "Bearer ".to_owned(),
            "Bearer".to_owned(),
        ] {
            assert_eq!(with(KEY, &sent), Err(Reason::ImportRefused), "{sent}");
            assert_eq!(with("", &sent), Err(Reason::ImportRefused), "{sent}");
        }
    }

    #[test]
    fn a_request_that_a_proxy_or_a_page_sent_is_not_local() {
        let from = |peer, headers: &[(&'static str, &str)]| asked("", "import", peer, headers);
        for host in ["localhost", "localhost:3001", "127.0.0.1:3001", "127.0.0.7", "[::1]:3001", "[::1]"] {
            assert_eq!(from("127.0.0.1", &[("host", host)]), Ok(Some(48 * HOUR_MS)), "{host}");
        }
        assert!(from("::ffff:127.0.0.1", &[("host", "localhost")]).is_ok());
        assert!(from("203.0.113.7", &[("host", "localhost")]).is_err());
        for host in ["", "shop.example", "127.0.0.1.example", "localhost.example:3001"] {
            assert_eq!(from("127.0.0.1", &[("host", host)]), Err(Reason::ImportRefused), "{host}");
        }
        let local = ("host", "localhost");
        for header in [
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-for", ""),
            ("x-forwarded-proto", "https"),
            ("forwarded", "for=203.0.113.7"),
            ("x-real-ip", "203.0.113.7"),
            ("via", "1.1 proxy"),
            ("origin", "http://localhost"),
            ("origin", "null"),
            ("referer", "http://localhost/"),
            ("sec-fetch-site", "none"),
        ] {
            assert_eq!(from("127.0.0.1", &[local, header]), Err(Reason::ImportRefused), "{header:?}");
        }
    }
}
