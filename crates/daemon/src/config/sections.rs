//! The sections that every daemon's configuration has.

use std::net::{Ipv4Addr, SocketAddr};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::FieldError;
use crate::log_filter::log_filter;

/// A borrowed view of the fields `admin`, `log` and `drain_ms_max`, which are at the top level of each daemon's
/// configuration (`#[serde(flatten)]` would disable `deny_unknown_fields`).
#[derive(Clone, Copy, Debug)]
pub struct Common<'a> {
    /// `admin`
    pub admin: &'a AdminConfig,
    /// `log`
    pub log: &'a LogConfig,
    /// `drain_ms_max`: maximum time from the first SIGTERM to the exit of the process, in milliseconds.
    pub drain_ms_max: u64,
}

impl Common<'_> {
    pub(crate) fn validate(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let limits = [
            ("admin.connections_max", self.admin.connections_max as u64),
            ("admin.request_ms_max", self.admin.request_ms_max),
            ("drain_ms_max", self.drain_ms_max),
        ];
        for (field, value) in limits {
            if value == 0 {
                errors.push(FieldError::new(field, "must be at least 1"));
            }
        }
        if let Err(message) = log_filter(&self.log.level) {
            errors.push(FieldError::new("log.level", message));
        }
        errors
    }
}

/// The admin server: `/live`, `/ready` and `/metrics`, for operators and monitoring, not for the public.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdminConfig {
    /// Address and port of /live, /ready and /metrics. Port 0 picks a free port, which is then logged.
    pub address: SocketAddr,
    /// Maximum number of concurrent connections; further ones wait.
    pub connections_max: usize,
    /// Maximum duration of a whole connection, in milliseconds: reading the request and writing the response.
    pub request_ms_max: u64,
}

impl AdminConfig {
    /// The defaults, with this port on the loopback address.
    pub fn on_port(port: u16) -> Self {
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), connections_max: 64, request_ms_max: 5_000 }
    }
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Lowest level to log (error, warn, info, debug, trace), or directives such as info,rdkafka=debug.
    pub level: String,
    /// Log format: auto selects journald under systemd, human-readable text on a terminal, JSON lines elsewhere.
    pub format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: "info".into(), format: LogFormat::Auto }
    }
}

/// The log format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Journald if standard error is the journal, else human-readable text on a terminal, else JSON lines.
    Auto,
    /// Coloured, human-readable text.
    Human,
    /// One JSON object per line on standard error.
    Json,
    /// The journal's native protocol, with fields.
    Journald,
}
