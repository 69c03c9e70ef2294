//! What the `database` sections of several programs share: defaults, ranges and parsing. Each program declares the keys
//! itself, for the reason given at [`footfall_daemon::KafkaKeys`].

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;

use footfall_daemon::{FieldError, Secret};
use tokio_postgres::Config;

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

/// Connection parameters from the keys `database.url` (a connection string or a postgresql:// URL) and
/// `database.password` (overrides the URL's unless empty). `application` is shown in `pg_stat_activity`.
///
/// # Errors
/// Says what is wrong with `database.url`.
pub fn parameters(url: &str, password: &Secret, application: &str) -> Result<Config, FieldError> {
    let mut parameters: Config = url.parse().map_err(|error| FieldError::new("database.url", error_text(&error)))?;
    if !password.is_empty() {
        parameters.password(password.expose());
    }
    parameters.application_name(application);
    Ok(parameters)
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
    fn a_password_of_its_own_replaces_that_of_the_string() {
        let password = |secret: &str| {
            let parameters = parameters("host=a password=x", &Secret::new(secret), "test").unwrap();
            String::from_utf8(parameters.get_password().unwrap().to_vec()).unwrap()
        };
        assert_eq!((password(""), password("y")), ("x".to_owned(), "y".to_owned()));
    }
}
