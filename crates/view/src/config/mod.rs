//! The configuration. docs/footfall-view.md is generated from the doc comments on its fields.

mod defaults;
mod validation;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use footfall_daemon::{AdminConfig, FieldError, LogConfig, Secret, networks};
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
    /// Address and port of the page. A socket that systemd passes (footfall-view.socket) takes precedence.
    pub listen: SocketAddr,
    /// Path of the page, with a slash at both ends. Everything that belongs to the page is served below it.
    pub base_path: String,
    /// Folder for state that must survive a restart: shared links and the session key. If empty, systemd's
    /// StateDirectory is used; without either, links cannot be shared and a restart ends all sessions.
    pub state_dir: String,
    /// Where /live, /ready and /metrics are served.
    pub admin: AdminConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// How long a shutdown may take, in milliseconds.
    pub drain_ms_max: u64,
    /// Connection limits, allowed origins and trusted proxies.
    pub http: HttpConfig,
    /// The database that answers all questions.
    pub database: DatabaseConfig,
    /// Who may see the page.
    pub access: AccessConfig,
    /// How open pages are kept up to date.
    pub live: LiveConfig,
    /// What the page shows.
    pub page: PageConfig,
    /// What is served besides the page, if there is no web server (the light profile).
    pub site: SiteConfig,
}

/// What is served besides the page, if there is no web server (the light profile).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteConfig {
    /// Folder with `site/` and `tracker/dist/`, at most 32 MiB, which is read once, at startup. If empty, no site is
    /// served.
    pub dir: String,
    /// Address of footfall-ingest, such as `127.0.0.1:3001`, to which /analytics, /pixel.gif and /health are forwarded.
    /// If empty, nothing is forwarded. Ingest must trust this host (`privacy.trusted_proxies`), or it treats this
    /// host as the visitor.
    pub ingest: String,
    /// Memory for all request bodies being forwarded to ingest, in KiB. Requests beyond it are answered with 503.
    pub bodies_kib_max: usize,
    /// Aliases of paths, because ad blockers know the usual paths: `["/s.js=/analytics.js"]`.
    pub second_names: Vec<String>,
}

/// Connection limits, allowed origins and trusted proxies.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Maximum number of open connections; further ones wait to be accepted.
    pub connections_max: usize,
    /// Time limit for receiving a request's head, in milliseconds.
    pub header_ms_max: u64,
    /// Time after which an idle connection is closed, in milliseconds; must exceed `live.heartbeat_ms`.
    pub idle_ms_max: u64,
    /// Origins whose pages may read the API, such as `https://intranet.example`.
    pub cors_origins: Vec<String>,
    /// Addresses or networks of proxies whose X-Forwarded-For is trusted, for counting login attempts and for
    /// forwarding events to ingest.
    pub trusted_proxies: Vec<String>,
}

/// The database that answers all questions.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// PostgreSQL connection string, such as `host=/run/postgresql user=footfall_reader dbname=analytics`, or a
    /// postgresql:// URL.
    #[serde(serialize_with = "footfall_store::mask_password")]
    pub url: String,
    /// Password, if the server requires one.
    pub password: Secret,
    /// Connections for questions; one more listens for changes. At most half of them work on heavy questions, those
    /// with filters, and one client never has all.
    pub connections: usize,
    /// Time limit for one question, in milliseconds.
    pub query_ms_max: u64,
    /// Longest pause between attempts to reconnect to the database, in milliseconds.
    pub retry_ms_max: u64,
}

/// Who may see the page: no one, unless `public`, `password` or `tokens` is set.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessConfig {
    /// Whether everyone who can reach the page may see it.
    pub public: bool,
    /// The names and addresses in `Host` that the page answers to; empty: all. Where the page is public on a private address, name
    /// them: otherwise a foreign web site could point its own name at that address, and read the page through a visitor's browser.
    pub hosts: Vec<String>,
    /// Password for the login form, at least 8 characters. Logging in also allows sharing links.
    pub password: Secret,
    /// Bearer tokens for the API, each at least 16 characters, separated by whitespace.
    pub tokens: Secret,
    /// Whether single events, with all that they carry, are also shown to who has no password: through shared links and tokens, and on a
    /// public page. They are always shown to who has logged in.
    pub readers_see_events: bool,
    /// How long a login lasts, in seconds.
    pub session_s_max: u64,
    /// Whether the session cookie is always restricted to HTTPS, even if the reverse proxy does not say that a request
    /// used it.
    pub https_only: bool,
    /// Maximum number of failed logins per address and minute.
    pub attempts_per_minute_max: u32,
    /// Maximum number of shared links.
    pub shares_max: usize,
}

/// How open pages are kept up to date.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveConfig {
    /// Shortest time between two rounds of questions for one view (a period with filters), in milliseconds.
    pub round_ms_min: u64,
    /// How long a question pauses after an answer, as a multiple of the time the answer took: with 19 it uses at most a
    /// twentieth of a connection.
    pub rest_factor: u32,
    /// The same for the few questions whose answers change with every click on the site.
    pub quick_rest_factor: u32,
    /// Time between updates of the numbers that change even without new events, such as the visitors of the last five
    /// minutes, in milliseconds.
    pub tick_ms: u64,
    /// Time between heartbeats to an open page, in milliseconds.
    pub heartbeat_ms: u64,
    /// How long a view is kept after the last page showing it was closed, in milliseconds.
    pub linger_ms: u64,
    /// Maximum number of views that pages show; requests for further ones are answered with 503. A tenth is kept for views
    /// without filters.
    pub views_max: usize,
    /// Maximum number of open pages that are kept up to date; further ones are not updated after they have loaded.
    pub watchers_max: usize,
    /// How long an open page receives updates before it has to reconnect, in seconds.
    pub watch_s_max: u64,
}

/// What the page shows.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageConfig {
    /// Name at the top of the page.
    pub title: String,
    /// IANA time zone of days and times, unless the page's address names another.
    pub time_zone: String,
    /// Maximum number of rows in a table.
    pub rows_max: u16,
    /// Maximum number of recent events.
    pub recent_rows_max: u16,
    /// Steps of the funnel, in order. Without steps, the funnel is hidden.
    pub funnel: Vec<FunnelStep>,
}

/// A step of the funnel: an event that matches all fields that are set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FunnelStep {
    /// Name on the page.
    pub name: String,
    /// Type of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// Prefix of the page's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_prefix: Option<String>,
    /// Id of the button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub button_id: Option<String>,
}

impl DatabaseConfig {
    /// The connection parameters, including the password.
    pub(crate) fn parameters(&self) -> Result<tokio_postgres::Config, FieldError> {
        footfall_store::parameters(&self.url, &self.password, "footfall-view")
    }
}

impl SiteConfig {
    /// The files of the site, if a folder is configured.
    pub(crate) fn files(&self) -> Result<Option<Site>, FieldError> {
        let dir = Some(&self.dir).filter(|dir| !dir.is_empty());
        let site = dir.map(|dir| Site::read(Path::new(dir)));
        site.transpose().map_err(|error| FieldError::new("site.dir", error.to_string()))
    }

    /// The address of ingest, if it is configured.
    pub(crate) fn ingest(&self) -> Result<Option<Authority>, FieldError> {
        let ingest = Some(&self.ingest).filter(|ingest| !ingest.is_empty());
        let ingest =
            ingest.map(|ingest| ingest.parse::<Authority>().ok().filter(|given| given.port().is_some()).ok_or(ingest));
        ingest.transpose().map_err(|given| {
            FieldError::new("site.ingest", format!("{given:?} is not an address with a port, such as 127.0.0.1:3001"))
        })
    }

    /// `second_names`, parsed: from alias to path.
    pub(crate) fn names(&self) -> Result<HashMap<String, String>, FieldError> {
        let is_path = |path: &str| path.len() > 1 && path.starts_with('/') && !path.contains(['?', '#', '%', ' ']);
        let names = self.second_names.iter().map(|pair| {
            let paths = pair.split_once('=').filter(|(second, first)| is_path(second) && is_path(first));
            paths.map(|(second, first)| (second.to_owned(), first.to_owned())).ok_or_else(|| {
                FieldError::new(
                    "site.second_names",
                    format!("{pair:?} is not a pair of paths such as /s.js=/analytics.js"),
                )
            })
        });
        names.collect()
    }
}

impl AccessConfig {
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.expose().split_whitespace()
    }
}

impl PageConfig {
    pub(crate) fn zone(&self) -> Result<TimeZone, FieldError> {
        TimeZone::get(&self.time_zone)
            .map_err(|_| FieldError::new("page.time_zone", format!("{:?} is not a time zone", self.time_zone)))
    }
}

impl Config {
    /// `state_dir`, or else systemd's StateDirectory, if there is one.
    pub(crate) fn state_dir(&self) -> Option<PathBuf> {
        if !self.state_dir.is_empty() {
            return Some(PathBuf::from(&self.state_dir));
        }
        let given = std::env::var_os("STATE_DIRECTORY").filter(|list| !list.is_empty())?;
        std::env::split_paths(&given).next()
    }
}

impl HttpConfig {
    /// `trusted_proxies`, parsed.
    pub(crate) fn networks(&self) -> Result<Vec<IpNet>, FieldError> {
        networks("http.trusted_proxies", &self.trusted_proxies)
    }
}
