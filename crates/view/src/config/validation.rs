//! Validates the configuration.

use footfall_daemon::{Common, Configuration, FieldError};

use super::Config;

impl Configuration for Config {
    fn common(&self) -> Common<'_> {
        Common { admin: &self.admin, log: &self.log, drain_ms_max: self.drain_ms_max }
    }

    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let (http, access) = (&self.http, &self.access);
        let mut errors = out_of_range(self);
        let base = &self.base_path;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
        if !(base.starts_with('/') && base.ends_with('/') && base.chars().all(is_plain)) || base.contains("//") {
            errors.push(FieldError::new("base_path", "is not a path with a slash at both ends, such as /live/"));
        }
        if base == "/" && !self.site.dir.is_empty() {
            errors.push(FieldError::new("base_path", "leaves no path for the site of site.dir"));
        }
        if self.live.heartbeat_ms >= http.idle_ms_max {
            errors.push(FieldError::new("http.idle_ms_max", "must be more than live.heartbeat_ms"));
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
                let message = format!("{origin:?} is not an origin, such as https://intranet.example");
                errors.push(FieldError::new("http.cors_origins", message));
            }
        }
        if self.page.funnel.iter().any(|step| step.name.is_empty()) {
            errors.push(FieldError::new("page.funnel", "a step has no name"));
        }
        errors.extend(http.networks().err());
        errors.extend(self.site.files().err());
        errors.extend(self.site.ingest().err());
        errors.extend(self.site.names().err());
        errors.extend(self.page.zone().err());
        errors.extend(self.database.parameters().err());
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

fn out_of_range(config: &Config) -> Vec<FieldError> {
    let Config { http, database, access, live, page, site, .. } = config;
    let fields = [
        ("http.connections_max", http.connections_max as u64, 1..=1_000_000),
        ("http.header_ms_max", http.header_ms_max, 100..=3_600_000),
        ("http.idle_ms_max", http.idle_ms_max, 100..=3_600_000),
        ("database.connections", database.connections as u64, 1..=100),
        ("database.query_ms_max", database.query_ms_max, 10..=600_000),
        ("database.retry_ms_max", database.retry_ms_max, footfall_store::RETRY_MS_MAX_RANGE),
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
        ("page.rows_max", page.rows_max.into(), 1..=1_000),
        ("page.recent_rows_max", page.recent_rows_max.into(), 1..=1_000),
        ("site.bodies_kib_max", site.bodies_kib_max as u64, 1024..=64 * 1024 * 1024),
    ];
    fields.into_iter().filter_map(|(field, value, range)| FieldError::unless_within(field, value, range)).collect()
}
