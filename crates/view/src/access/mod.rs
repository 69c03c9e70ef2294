//! Who may see the page: no one, until the operator sets a password, tokens or `public`.

mod attempts;
mod session;
mod shares;

pub(crate) use shares::{Share, ShareError, ShareRequest};

use std::net::IpAddr;

use anyhow::{Context, anyhow};
use blake3::Hash;
use footfall_daemon::{client_address, is_https, request_id};
use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, ORIGIN};
use hyper::http::uri::Authority;
use ipnet::IpNet;
use tracing::warn;

use crate::config::Config;
use attempts::Attempts;
use session::Sessions;
use shares::Shares;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who sent a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Viewer {
    /// Logged in with the password.
    Owner,
    /// Sent a valid token, or the page is public.
    Reader,
}

/// Why a request is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Neither a password nor tokens nor `public` is set.
    NotConfigured,
    /// A password is set, and the request has no session.
    NeedsPassword,
    /// Only tokens are set, and the request has no valid one.
    NeedsToken,
}

/// Outcome of a login.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// The cookies to set.
    Accepted([String; 2]),
    Wrong,
    TooManyAttempts,
}

pub(crate) struct Access {
    public: bool,
    readers_see_events: bool,
    hosts: Vec<String>,
    password: Option<Hash>,
    tokens: Vec<Hash>,
    sessions: Sessions,
    shares: Option<Shares>,
    attempts: Attempts,
    trusted_proxies: Vec<IpNet>,
}

impl Access {
    pub(crate) fn new(config: &Config) -> anyhow::Result<Self> {
        let access = &config.access;
        let shares = match config.state_dir() {
            Some(dir) => {
                Some(Shares::open(&dir, access.shares_max).with_context(|| format!("state in {}", dir.display()))?)
            }
            None => None,
        };
        let key = shares.as_ref().map_or_else(rand::random, Shares::session_key);
        // Only hashes are compared, which blake3 does in constant time.
        let password = access.password.expose();
        let networks = config.http.networks().map_err(|error| anyhow!("{}: {}", error.field, error.message))?;
        Ok(Self {
            public: access.public,
            readers_see_events: access.readers_see_events,
            hosts: access.hosts.clone(),
            password: (!password.is_empty()).then(|| blake3::hash(password.as_bytes())),
            tokens: access.tokens().map(|token| blake3::hash(token.as_bytes())).collect(),
            sessions: Sessions::new(
                &key,
                password,
                &config.base_path,
                access,
                shares.as_ref().map(Shares::ended_sessions).unwrap_or_default(),
            ),
            shares,
            attempts: Attempts::new(access.attempts_per_minute_max),
            trusted_proxies: networks,
        })
    }

    /// Whether the request names a host that the page answers to (`access.hosts`).
    pub(crate) fn answers_to(&self, headers: &HeaderMap) -> bool {
        let authority = headers.get(HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
        let name = authority.as_ref().map(|it| it.host().trim_matches(['[', ']'])).unwrap_or_default();
        self.hosts.is_empty() || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    }

    /// Returns who sent a request, or why it is denied.
    pub(crate) fn viewer(&self, headers: &HeaderMap) -> Result<Viewer, Denied> {
        if self.has_password() && self.sessions.has_session(headers) {
            return Ok(Viewer::Owner);
        }
        if self.public || self.has_token(headers) {
            return Ok(Viewer::Reader);
        }
        Err(match (self.has_password(), self.tokens.is_empty()) {
            (true, _) => Denied::NeedsPassword,
            (false, false) => Denied::NeedsToken,
            (false, true) => Denied::NotConfigured,
        })
    }

    /// Whether single events are shown to others than the owner.
    pub(crate) fn readers_see_events(&self) -> bool {
        self.readers_see_events
    }

    pub(crate) fn has_password(&self) -> bool {
        self.password.is_some()
    }

    fn has_token(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token =
            value.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        token.is_some_and(|(_, token)| {
            let given = blake3::hash(token.trim().as_bytes());
            // Compares every token, so that the time does not reveal which one matched.
            self.tokens.iter().filter(|token| **token == given).count() > 0
        })
    }

    /// Checks a password, unless the client's address or browser has failed too often.
    pub(crate) async fn log_in(&self, given: &str, peer: IpAddr, headers: &HeaderMap) -> Login {
        let (address, device) = (self.client_address(peer, headers), self.sessions.device(headers));
        if !self.attempts.may_try(address, device.as_deref()).await {
            return Login::TooManyAttempts;
        }
        if self.password != Some(blake3::hash(given.as_bytes())) {
            self.attempts.failed(address, device.as_deref());
            return Login::Wrong;
        }
        Login::Accepted(self.sessions.cookies(is_https(headers)))
    }

    /// Ends the session, also for others that have its cookie. Returns a cookie that deletes it from the browser.
    pub(crate) fn log_out(&self, headers: &HeaderMap) -> String {
        if let (Some(ended), Some(shares)) = (self.sessions.end(headers), &self.shares)
            && let Err(error) = shares.end_sessions(ended)
        {
            warn!(why = %error, "a session that was logged out would open again after a restart");
        }
        self.sessions.no_cookie()
    }

    /// The client's address, as trusted proxies report it.
    pub(crate) fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        client_address(peer, headers, &self.trusted_proxies)
    }

    /// The id that a trusted proxy gave the request.
    pub(crate) fn request_id(&self, peer: IpAddr, headers: &HeaderMap) -> Option<HeaderValue> {
        request_id(peer, headers, &self.trusted_proxies).and_then(|id| HeaderValue::from_str(id).ok())
    }

    /// The shared links, if there is a folder to store them in.
    pub(crate) fn shares(&self) -> Option<&Shares> {
        self.shares.as_ref()
    }
}

/// Whether a form was sent from a page of this origin. The cookie does not prove that: a browser also sends it with
/// forms from other origins.
pub(crate) fn is_same_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text(ORIGIN), text(HOST)) else { return false };
    origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;
    use footfall_daemon::Secret;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn access(change: impl FnOnce(&mut Config)) -> Access {
        let mut config = Config::default();
        change(&mut config);
        Access::new(&config).unwrap()
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn access_is_denied_until_the_operator_configures_it() {
        assert_eq!(access(|_| {}).viewer(&HeaderMap::new()), Err(Denied::NotConfigured));
        assert_eq!(access(|config| config.access.public = true).viewer(&HeaderMap::new()), Ok(Viewer::Reader));
    }

    #[test]
    fn the_page_answers_to_its_own_names_only() {
        let access = access(|config| config.access.hosts = ["localhost", "::1", "127.0.0.1"].map(str::to_owned).into());
        for (host, answers) in [
            ("localhost", true),
            ("LOCALHOST:8080", true),
            ("[::1]:8080", true),
            ("127.0.0.1", true),
            ("127.0.0.1.evil.example", false),
            ("evil.example:8080", false),
            ("localhost@evil.example", false),
        ] {
            assert_eq!(access.answers_to(&headers(&[("host", host)])), answers, "{host}");
        }
        assert!(!access.answers_to(&HeaderMap::new()));
    }

    #[test]
    fn a_whole_token_gives_access_and_a_part_of_it_does_not() {
        let access = access(|config| config.access.tokens = Secret::new("0123456789abcdef fedcba9876543210"));
        assert_eq!(access.viewer(&HeaderMap::new()), Err(Denied::NeedsToken));
        for (value, is_allowed) in [
            ("Bearer fedcba9876543210", true),
            ("bearer 0123456789abcdef", true),
            ("Bearer 0123456789abcde", false),
            ("Bearer 0123456789abcdef fedcba9876543210", false),
            ("Bearer ", false),
            ("Basic 0123456789abcdef", false),
        ] {
            assert_eq!(access.viewer(&headers(&[("authorization", value)])).is_ok(), is_allowed, "{value}");
        }
    }

    #[tokio::test]
    async fn a_login_gives_a_session_and_a_changed_password_ends_it() {
        let with = |password: &str| access(|config| config.access.password = Secret::new(password));
        let access = with("correct horse");
        assert_eq!(access.viewer(&HeaderMap::new()), Err(Denied::NeedsPassword));
        assert_eq!(access.log_in("correct hors", PEER, &HeaderMap::new()).await, Login::Wrong);
        let https = headers(&[("x-forwarded-proto", "https")]);
        let Login::Accepted([cookie, device]) = access.log_in("correct horse", PEER, &https).await else {
            panic!("the password is right")
        };
        for cookie in [&cookie, &device] {
            let is_safe = ["; HttpOnly", "; SameSite=Lax", "; Secure"].iter().all(|part| cookie.contains(part));
            assert!(is_safe, "{cookie}");
        }
        let device = device.split(';').next().unwrap();
        assert_eq!(access.viewer(&headers(&[("cookie", device)])), Err(Denied::NeedsPassword));
        let pair = cookie.split(';').next().unwrap().to_owned();
        assert_eq!(access.viewer(&headers(&[("cookie", &format!("a=b; {pair}"))])), Ok(Viewer::Owner));
        let last = if pair.ends_with('0') { '1' } else { '0' };
        let forged = format!("{}{last}", &pair[..pair.len() - 1]);
        assert_eq!(access.viewer(&headers(&[("cookie", &forged)])), Err(Denied::NeedsPassword));
        assert_eq!(with("another horse").viewer(&headers(&[("cookie", &pair)])), Err(Denied::NeedsPassword));
    }

    #[tokio::test]
    async fn a_session_ends_with_the_log_out_also_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let open = || {
            access(|config| {
                config.access.password = Secret::new("correct horse");
                config.state_dir = dir.path().display().to_string();
            })
        };
        let access = open();
        let mut pairs = Vec::new();
        for _ in 0..2 {
            let Login::Accepted([cookie, _]) = access.log_in("correct horse", PEER, &HeaderMap::new()).await else {
                panic!("the password is right")
            };
            pairs.push(headers(&[("cookie", cookie.split(';').next().unwrap())]));
        }
        assert_eq!(access.viewer(&pairs[0]), Ok(Viewer::Owner));
        assert!(access.log_out(&pairs[0]).contains("Max-Age=0"));
        for access in [&access, &open()] {
            assert_eq!(access.viewer(&pairs[0]), Err(Denied::NeedsPassword));
            assert_eq!(access.viewer(&pairs[1]), Ok(Viewer::Owner), "the other session goes on");
        }
    }

    #[tokio::test]
    async fn attempts_are_limited_by_client_address() {
        let access = access(|config| {
            config.access.password = Secret::new("correct horse");
            config.http.trusted_proxies = vec![PEER.to_string()];
        });
        let from = |address: &str| headers(&[("x-forwarded-for", &format!("10.9.9.9, {address}"))]);
        for _ in 0..5 {
            assert_eq!(access.log_in("guess", PEER, &from("198.51.100.1")).await, Login::Wrong);
        }
        assert_eq!(access.log_in("correct horse", PEER, &from("198.51.100.1")).await, Login::TooManyAttempts);
        assert!(matches!(access.log_in("correct horse", PEER, &from("198.51.100.2")).await, Login::Accepted(_)));
    }

    #[test]
    fn only_forms_of_the_same_origin_are_accepted() {
        for (pairs, is_same) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "same-site"), ("origin", "http://a"), ("host", "a")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("origin", "https://a:8080"), ("host", "a:8080")], true),
            (vec![("origin", "https://b"), ("host", "a")], false),
            (vec![("origin", "null"), ("host", "a")], false),
            (vec![("host", "a")], false),
        ] {
            assert_eq!(is_same_origin(&headers(&pairs)), is_same, "{pairs:?}");
        }
    }
}
