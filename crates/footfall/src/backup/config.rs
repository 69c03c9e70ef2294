//! The configuration of `footfall backup`, with units and defaults.

use std::path::PathBuf;

use footfall_daemon::{CommandConfiguration, FieldError, LogConfig, Secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Configuration of `footfall backup`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What is logged, and how.
    pub log: LogConfig,
    /// The database.
    pub database: DatabaseConfig,
    /// Folder for the backups, which must exist. It should be on a different disk from the database.
    pub dir: PathBuf,
    /// How many backups of this database to keep, at least 1. The oldest is removed once a new one is verified.
    pub keep: u16,
    /// MiB that a backup must leave free on the disk; otherwise it is not started, or is aborted.
    pub free_mib_min: u64,
    /// pg_dump's compression: METHOD or METHOD:LEVEL, where METHOD is gzip, lz4, zstd or none.
    pub compression: String,
    /// File with the paths of PostgreSQL's programs, as written by `cargo xtask setup`. If empty, Debian's PostgreSQL
    /// 17 is used, or else the programs on PATH.
    pub parts: String,
}

/// The database to back up.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// PostgreSQL connection string, with a role that may read everything: `host=/run/postgresql user=postgres
    /// dbname=analytics`, or a postgresql:// URL.
    #[serde(serialize_with = "footfall_store::mask_password")]
    pub url: String,
    /// Password, if the server requires one.
    pub password: Secret,
    /// How long to wait for a running `footfall retain` or another backup, in seconds.
    pub turn_s_max: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            log: LogConfig::default(),
            database: DatabaseConfig {
                url: "host=/run/postgresql user=postgres dbname=analytics".into(),
                password: Secret::default(),
                turn_s_max: 4 * 3600,
            },
            dir: "/var/lib/footfall-backup".into(),
            keep: 7,
            free_mib_min: 1024,
            compression: "zstd:3".into(),
            parts: String::new(),
        }
    }
}

impl DatabaseConfig {
    /// The connection's parameters, including the password.
    pub(crate) fn parameters(&self) -> Result<tokio_postgres::Config, FieldError> {
        let parameters = footfall_store::parameters(&self.url, &self.password, "footfall-backup")?;
        if parameters.get_dbname().is_none() {
            return Err(FieldError::new("database.url", "names no database"));
        }
        Ok(parameters)
    }
}

/// Whether it is a known method, optionally with a level, so that pg_dump cannot take it for another option.
fn is_compression(text: &str) -> bool {
    let (method, level) = text.split_once(':').unwrap_or((text, "0"));
    ["gzip", "lz4", "zstd", "none"].contains(&method) && level.parse::<u8>().is_ok()
}

impl CommandConfiguration for Config {
    fn log(&self) -> &LogConfig {
        &self.log
    }

    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = Vec::new();
        if !self.dir.is_absolute() {
            errors.push(FieldError::new("dir", "is not an absolute path"));
        }
        errors.extend(FieldError::unless_within("keep", self.keep.into(), 1..=10_000));
        errors.extend(FieldError::unless_within("database.turn_s_max", self.database.turn_s_max.into(), 1..=86_400));
        if !is_compression(&self.compression) {
            errors.push(FieldError::new("compression", "is none of gzip, lz4, zstd, none, with or without :LEVEL"));
        }
        errors.extend(self.database.parameters().err());
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::is_compression;

    #[test]
    fn a_compression_cannot_smuggle_in_another_option() {
        assert!(["gzip", "zstd:3", "none", "lz4:1"].into_iter().all(is_compression));
        assert!(!["", "zip", "zstd:x", "zstd:3 --file=/etc/passwd", "-1"].into_iter().any(is_compression));
    }
}
