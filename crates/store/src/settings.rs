//! What the `database` sections of several programs share: defaults, ranges and parsing. Each program declares the keys
//! itself, for the reason given at [`footfall_daemon::KafkaKeys`].

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;

use footfall_daemon::{FieldError, Secret};
use serde::Serializer;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::error_text;

/// Default of `database.url` for programs that store events.
pub const WRITER_URL: &str = "host=/run/postgresql user=footfall_writer dbname=analytics";
/// Default of `database.retry_ms_max`: the longest pause between attempts to reach the database. An attempt costs little, and
/// rows should come soon after the database is back.
pub const RETRY_MS_MAX: u64 = 500;
/// Valid range of `database.retry_ms_max`.
pub const RETRY_MS_MAX_RANGE: RangeInclusive<u64> = 100..=3_600_000;
/// Default of `user_agents_max`: distinct user agents that an [`Enricher`](crate::Enricher) caches.
pub const USER_AGENTS_MAX: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();

/// Shown in the place of a password.
const MASK: &str = "***";

/// Connection parameters from the keys `database.url` (a connection string or a postgresql:// URL) and
/// `database.password` (overrides the URL's unless empty). `application` is shown in `pg_stat_activity`.
///
/// # Errors
/// Says what is wrong with `database.url`.
pub fn parameters(url: &str, password: &Secret, application: &str) -> Result<Config, FieldError> {
    let mut parameters: Config = url.parse().map_err(|error| FieldError::new("database.url", error_text(&error)))?;
    if parameters.get_ssl_mode() == SslMode::Require {
        let message = "sslmode=require: connections to PostgreSQL are not encrypted yet. Leave sslmode out, and use a Unix socket or a \
                       network of its own";
        return Err(FieldError::new("database.url", message));
    }
    if !password.is_empty() {
        parameters.password(password.expose());
    }
    parameters.application_name(application);
    Ok(parameters)
}

/// Serialises `database.url` for `print-config`: with `***` in the place of its password.
///
/// # Errors
/// The serializer's.
pub fn mask_password<S: Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&masked(url))
}

fn masked(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", masked_url(rest)),
        None => masked_pairs(url),
    }
}

fn masked_url(rest: &str) -> String {
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let login = authority.rsplit_once('@').and_then(|(login, hosts)| Some((login.split_once(':')?.0, hosts)));
    let authority = login.map_or(authority.into(), |(user, hosts)| format!("{user}:{MASK}@{hosts}"));
    let Some((path, query)) = tail.split_once('?') else { return authority + tail };
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((key @ "password", _)) => format!("{key}={MASK}"),
        _ => pair.to_owned(),
    });
    format!("{authority}{path}?{}", pairs.collect::<Vec<_>>().join("&"))
}

fn masked_pairs(mut rest: &str) -> String {
    let mut masked = String::new();
    while let Some((key, after)) = rest.split_once('=') {
        let value = after.trim_start();
        let (value, left) = value.split_at(value_end(value));
        masked.extend([key, "=", if key.trim() == "password" { MASK } else { value }]);
        rest = left;
    }
    masked + rest
}

/// Where a value ends: at its second quote, or else at the next space. A backslash takes the meaning of what follows.
fn value_end(value: &str) -> usize {
    let is_quoted = value.starts_with('\'');
    let mut is_escaped = false;
    for (at, letter) in value.char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '\'' if is_quoted && at > 0 => return at + 1,
            _ if !is_quoted && letter.is_whitespace() => return at,
            _ => {}
        }
    }
    value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_that_cannot_be_read_names_its_key_and_no_password() {
        let error = parameters("host=a port=x password=hunter2", &Secret::new("hunter3"), "test").unwrap_err();
        assert_eq!(error.field, "database.url");
        assert!(!error.message.contains("hunter"), "{error:?}");
    }

    #[test]
    fn encryption_that_there_is_not_is_refused_by_name() {
        for url in ["host=a sslmode=require", "postgresql://a/b?sslmode=require"] {
            let error = parameters(url, &Secret::default(), "test").unwrap_err();
            assert!(error.field == "database.url" && error.message.contains("sslmode=require"), "{error:?}");
        }
        assert!(parameters("host=a sslmode=prefer", &Secret::default(), "test").is_ok());
    }

    #[test]
    fn a_password_is_not_printed_however_it_is_written() {
        for (url, printed) in [
            ("host=a user=b dbname=c", "host=a user=b dbname=c"),
            ("host=a password=hunter2 user=b", "host=a password=*** user=b"),
            ("password = hunter2", "password =***"),
            (r"host=a password='hunter\' 2' user=b", "host=a password=*** user=b"),
            (r"password=hunter\ 2 user=b", "password=*** user=b"),
            ("host=a password='hunter 2", "host=a password=***"),
            ("postgresql://b:hunter2@a:5432/c?sslmode=require", "postgresql://b:***@a:5432/c?sslmode=require"),
            ("postgresql://b@a/c?password=hunter2&user=d", "postgresql://b@a/c?password=***&user=d"),
            ("postgresql://b:hunter@2@a", "postgresql://b:***@a"),
        ] {
            assert_eq!(masked(url), printed);
        }
    }

    #[test]
    fn a_password_of_its_own_replaces_that_of_the_string() {
        let password = |secret: &str| {
            let parameters = parameters("host=a password=x", &Secret::new(secret), "test").unwrap();
            String::from_utf8(parameters.get_password().unwrap().to_vec()).unwrap()
        };
        assert_eq!((password(""), password("y")), ("x".to_owned(), "y".to_owned()));
    }
}
