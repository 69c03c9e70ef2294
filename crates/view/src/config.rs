//! What can be set, with its unit and its default.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use footfall_daemon::{AdminConfig, Common, Configuration, FieldError, LogConfig, Secret, networks};
use hyper::http::uri::Authority;
use ipnet::IpNet;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::site::Site;

/// Configuration of footfall-view.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port that the page is served on; where systemd passes a socket (footfall-view.socket), that one.
    pub listen: SocketAddr,
    /// Path that everything lies under, with a slash at both ends.
    pub base_path: String,
    /// Folder of what lasts over a restart: shared links, and the key of the sessions. Empty takes systemd's
    /// StateDirectory; where there is none either, links cannot be shared and a restart ends every session.
    pub state_dir: String,
    /// Where /live, /ready and /metrics are served.
    pub admin: AdminConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// How long a stop may take, in milliseconds.
    pub drain_ms_max: u64,
    /// What a connection may take.
    pub http: HttpConfig,
    /// Where the numbers come from.
    pub database: DatabaseConfig,
    /// Who may look.
    pub access: AccessConfig,
    /// How the page stays up to date.
    pub live: LiveConfig,
    /// What the page shows.
    pub page: PageConfig,
    /// What is served beside the page where there is no web server (the light profile).
    pub site: SiteConfig,
}

/// What is served beside the page where there is no web server (the light profile).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteConfig {
    /// Folder with `site/` and `tracker/dist/`. It is read once, at the start, and holds at most 32 MiB. Empty serves no
    /// site.
    pub dir: String,
    /// Address of footfall-ingest, such as `127.0.0.1:3001`, which /analytics, /pixel.gif and /health are passed on to.
    /// Empty passes nothing on. Ingest has to trust this host (`privacy.trusted_proxies`), or it takes it for the visitor.
    pub ingest: String,
    /// KiB that bodies on their way to ingest may fill together; beyond that clients are asked to come again.
    pub bodies_kib_max: usize,
    /// Further paths for what is served, as blockers know the first ones by name: `["/s.js=/analytics.js"]`.
    pub second_names: Vec<String>,
}

/// What a connection may take.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Connections at once; further ones wait to be accepted.
    pub connections_max: usize,
    /// Time for a request's head, in milliseconds.
    pub header_ms_max: u64,
    /// Time after which a connection on which nothing moves is cut, in milliseconds; more than `live.heartbeat_ms`.
    pub idle_ms_max: u64,
    /// Origins whose pages may read the API, such as `https://intranet.example`; none by default.
    pub cors_origins: Vec<String>,
    /// Proxies whose X-Forwarded-For is believed, when attempts to log in are counted and when events are passed on to
    /// ingest: addresses or networks.
    pub trusted_proxies: Vec<String>,
}

/// Where the numbers come from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Connection string of PostgreSQL: `host=/run/postgresql user=footfall_reader dbname=analytics`, or a
    /// postgresql:// URL.
    pub url: String,
    /// Password, where the server wants one.
    pub password: Secret,
    /// Connections that answer questions; one more listens for changes.
    pub connections: usize,
    /// Time for one question, in milliseconds.
    pub query_ms_max: u64,
    /// The longest pause between two attempts to reach a database that is away, in milliseconds.
    pub retry_ms_max: u64,
}

/// Who may look. Nobody, unless one of `public`, `password` and `tokens` is set.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessConfig {
    /// Whether everybody who reaches the page may look.
    pub public: bool,
    /// Password of the login form, at least 8 characters. Who has it may also share links.
    pub password: Secret,
    /// Bearer tokens of the API, each at least 16 characters, separated by white space.
    pub tokens: Secret,
    /// How long a login lasts, in seconds.
    pub session_s_max: u64,
    /// Whether the session's cookie is sent over https only, also where the proxy in front does not say that it
    /// speaks https.
    pub https_only: bool,
    /// Failed attempts to log in that one address has in a minute.
    pub attempts_per_minute_max: u32,
    /// Shared links that may exist at once.
    pub shares_max: usize,
}

/// How the page stays up to date.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveConfig {
    /// Least time between two rounds of questions for one view (a period with filters), in milliseconds.
    pub round_ms_min: u64,
    /// How many times as long as its answer took a question rests: 19 bounds it to a twentieth of a connection's time.
    pub rest_factor: u32,
    /// The same for the few questions whose answers a click changes before a person's eyes.
    pub quick_rest_factor: u32,
    /// Time between two looks at what changes without an event, such as a visitor who has left, in milliseconds.
    pub tick_ms: u64,
    /// Time between two signs of life to an open page, in milliseconds.
    pub heartbeat_ms: u64,
    /// How long a view is kept when nobody looks at it any more, in milliseconds.
    pub linger_ms: u64,
    /// Views at once; further ones are asked to come again.
    pub views_max: usize,
    /// Open pages at once; further ones show what was when they were loaded.
    pub watchers_max: usize,
    /// How long an open page is served before it has to ask anew, in seconds.
    pub watch_s_max: u64,
}

/// What the page shows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageConfig {
    /// Name at the top.
    pub title: String,
    /// Time zone of days and clock times, by its IANA name, where a page's address names none.
    pub time_zone: String,
    /// Rows of a table.
    pub rows_max: u16,
    /// Rows of the recent events.
    pub recent_rows_max: u16,
    /// Steps of the funnel, in order; none hides it.
    pub funnel: Vec<FunnelStep>,
}

/// A step of the funnel: an event that has all that is named.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FunnelStep {
    /// What it is called on the page.
    pub name: String,
    /// Type of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// What the page's path begins with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_prefix: Option<String>,
    /// Id of the button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub button_id: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        let step = |name: &str, event_type: &str, page_prefix: Option<&str>| FunnelStep {
            name: name.into(),
            event_type: Some(event_type.into()),
            page_prefix: page_prefix.map(Into::into),
            button_id: None,
        };
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3003)),
            base_path: "/live/".into(),
            state_dir: String::new(),
            admin: AdminConfig::on_port(3004),
            log: LogConfig::default(),
            drain_ms_max: 20_000,
            http: HttpConfig {
                connections_max: 10_000,
                header_ms_max: 10_000,
                idle_ms_max: 60_000,
                cors_origins: Vec::new(),
                trusted_proxies: vec!["127.0.0.1".into(), "::1".into()],
            },
            database: DatabaseConfig {
                url: "host=/run/postgresql user=footfall_reader dbname=analytics".into(),
                password: Secret::default(),
                connections: 4,
                query_ms_max: 10_000,
                retry_ms_max: 5_000,
            },
            access: AccessConfig {
                public: false,
                password: Secret::default(),
                tokens: Secret::default(),
                session_s_max: 7 * 24 * 3_600,
                https_only: false,
                attempts_per_minute_max: 5,
                shares_max: 100,
            },
            live: LiveConfig {
                round_ms_min: 250,
                rest_factor: 19,
                quick_rest_factor: 3,
                tick_ms: 5_000,
                heartbeat_ms: 15_000,
                linger_ms: 5_000,
                views_max: 200,
                watchers_max: 5_000,
                watch_s_max: 3_600,
            },
            page: PageConfig {
                title: "Footfall".into(),
                time_zone: "UTC".into(),
                rows_max: 10,
                recent_rows_max: 20,
                funnel: vec![
                    step("Saw a page", "page_view", None),
                    step("Clicked a button", "button_click", None),
                    step("Read the path of a click", "page_view", Some("/page2")),
                    step("Clicked there too", "button_click", Some("/page2")),
                ],
            },
            site: SiteConfig {
                dir: String::new(),
                ingest: String::new(),
                bodies_kib_max: 64 * 1024,
                second_names: Vec::new(),
            },
        }
    }
}

impl DatabaseConfig {
    /// The connection's parameters, the password put in.
    pub(crate) fn parameters(&self) -> Result<tokio_postgres::Config, FieldError> {
        footfall_store::parameters(&self.url, self.password.expose(), "footfall-view")
            .map_err(|message| FieldError::new("database.url", message))
    }
}

impl SiteConfig {
    /// The site's files, where a folder is named.
    pub(crate) fn files(&self) -> Result<Option<Site>, FieldError> {
        let dir = Some(&self.dir).filter(|dir| !dir.is_empty());
        let site = dir.map(|dir| Site::read(Path::new(dir)));
        site.transpose().map_err(|error| FieldError::new("site.dir", error.to_string()))
    }

    /// Where ingest is, where something is passed on to it.
    pub(crate) fn ingest(&self) -> Result<Option<Authority>, FieldError> {
        let ingest = Some(&self.ingest).filter(|ingest| !ingest.is_empty());
        let ingest =
            ingest.map(|ingest| ingest.parse::<Authority>().ok().filter(|given| given.port().is_some()).ok_or(ingest));
        ingest.transpose().map_err(|given| {
            FieldError::new("site.ingest", format!("{given:?} is no address with a port, such as 127.0.0.1:3001"))
        })
    }

    /// Second names, and the first ones that they stand for.
    pub(crate) fn names(&self) -> Result<HashMap<String, String>, FieldError> {
        let is_path = |path: &str| path.len() > 1 && path.starts_with('/') && !path.contains(['?', '#', '%', ' ']);
        let names = self.second_names.iter().map(|pair| {
            let paths = pair.split_once('=').filter(|(second, first)| is_path(second) && is_path(first));
            paths.map(|(second, first)| (second.to_owned(), first.to_owned())).ok_or_else(|| {
                FieldError::new("site.second_names", format!("{pair:?} is not two paths as in /s.js=/analytics.js"))
            })
        });
        names.collect()
    }
}

impl AccessConfig {
    /// The tokens, apart.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.expose().split_whitespace()
    }
}

impl PageConfig {
    pub(crate) fn zone(&self) -> Result<TimeZone, FieldError> {
        TimeZone::get(&self.time_zone)
            .map_err(|_| FieldError::new("page.time_zone", format!("{:?} is no time zone", self.time_zone)))
    }
}

impl Config {
    /// The folder of what lasts, if there is one.
    pub(crate) fn state_dir(&self) -> Option<PathBuf> {
        if !self.state_dir.is_empty() {
            return Some(PathBuf::from(&self.state_dir));
        }
        let given = std::env::var_os("STATE_DIRECTORY").filter(|list| !list.is_empty())?;
        std::env::split_paths(&given).next()
    }
}

impl HttpConfig {
    /// The proxies as networks.
    pub(crate) fn networks(&self) -> Result<Vec<IpNet>, FieldError> {
        networks("http.trusted_proxies", &self.trusted_proxies)
    }
}

impl Configuration for Config {
    fn common(&self) -> Common<'_> {
        Common { admin: &self.admin, log: &self.log, drain_ms_max: self.drain_ms_max }
    }

    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        let base = &self.base_path;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
        if !(base.starts_with('/') && base.ends_with('/') && base.chars().all(is_plain)) || base.contains("//") {
            errors.push(FieldError::new("base_path", "is no path with a slash at both ends, such as /live/"));
        }
        errors.extend(self.http.networks().err());
        let (http, database, access, live) = (&self.http, &self.database, &self.access, &self.live);
        for (field, value, range) in [
            ("http.connections_max", http.connections_max as u64, 1..=1_000_000),
            ("http.header_ms_max", http.header_ms_max, 100..=3_600_000),
            ("http.idle_ms_max", http.idle_ms_max, 100..=3_600_000),
            ("database.connections", database.connections as u64, 1..=100),
            ("database.query_ms_max", database.query_ms_max, 10..=600_000),
            ("database.retry_ms_max", database.retry_ms_max, 100..=3_600_000),
            ("access.session_s_max", access.session_s_max, 60..=400 * 24 * 3_600),
            ("access.attempts_per_minute_max", access.attempts_per_minute_max.into(), 1..=1_000),
            ("access.shares_max", access.shares_max as u64, 0..=10_000),
            ("live.round_ms_min", live.round_ms_min, 10..=60_000),
            ("live.rest_factor", live.rest_factor.into(), 0..=1_000),
            ("live.quick_rest_factor", live.quick_rest_factor.into(), 0..=1_000),
            ("live.tick_ms", live.tick_ms, 100..=600_000),
            ("live.heartbeat_ms", live.heartbeat_ms, 100..=600_000),
            ("live.linger_ms", live.linger_ms, 0..=3_600_000),
            ("live.views_max", live.views_max as u64, 1..=100_000),
            ("live.watchers_max", live.watchers_max as u64, 0..=1_000_000),
            ("live.watch_s_max", live.watch_s_max, 1..=30 * 24 * 3_600),
            ("page.rows_max", self.page.rows_max.into(), 1..=1_000),
            ("page.recent_rows_max", self.page.recent_rows_max.into(), 1..=1_000),
        ] {
            errors.extend(FieldError::unless_within(field, value, range));
        }
        if live.heartbeat_ms >= http.idle_ms_max {
            errors.push(FieldError::new("http.idle_ms_max", "is not more than live.heartbeat_ms"));
        }
        let password_length = access.password.expose().chars().count();
        if (1..8).contains(&password_length) {
            errors.push(FieldError::new("access.password", "has fewer than 8 characters"));
        }
        if access.tokens().any(|token| token.chars().count() < 16) {
            errors.push(FieldError::new("access.tokens", "one of them has fewer than 16 characters"));
        }
        for origin in &http.cors_origins {
            let is_origin = url::Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == *origin);
            if !is_origin {
                let message = format!("{origin:?} is no origin, such as https://intranet.example");
                errors.push(FieldError::new("http.cors_origins", message));
            }
        }
        if self.page.funnel.iter().any(|step| step.name.is_empty()) {
            errors.push(FieldError::new("page.funnel", "a step has no name"));
        }
        let site = &self.site;
        errors.extend(FieldError::unless_within(
            "site.bodies_kib_max",
            site.bodies_kib_max as u64,
            1024..=64 * 1024 * 1024,
        ));
        errors.extend(site.files().err());
        errors.extend(site.ingest().err());
        errors.extend(site.names().err());
        if base == "/" && !site.dir.is_empty() {
            errors.push(FieldError::new("base_path", "leaves no place for the site of site.dir"));
        }
        errors.extend(self.page.zone().err());
        errors.extend(database.parameters().err());
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}
