//! The configuration and the secret that our daemons are started with.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::UpError;
use super::addresses::Addresses;
use crate::{secrets, topics};

/// The consumer group of the sinks.
const SINK_GROUP: &str = "footfall-sink";

/// Writes `dir`/ingest.toml.
pub(crate) fn write_ingest(dir: &Path, at: Addresses) -> Result<PathBuf, UpError> {
    write(
        dir,
        "ingest.toml",
        &json!({
            "listen": at.ingest(),
            "admin": { "address": at.ingest_admin() },
            "kafka": {
                "bootstrap_servers": at.kafka().to_string(),
                "events_topic": topics::EVENTS,
                "outcomes_topic": topics::OUTCOMES,
            },
            // nginx on this machine says for whom it asks.
            "privacy": { "trusted_proxies": [at.ip()] },
        }),
    )
}

/// Writes `dir`/sink.toml.
pub(crate) fn write_sink(dir: &Path, at: Addresses, database: &str) -> Result<PathBuf, UpError> {
    write(
        dir,
        "sink.toml",
        &json!({
            "admin": { "address": at.sink_admin() },
            "kafka": {
                "bootstrap_servers": at.kafka().to_string(),
                "group_id": SINK_GROUP,
                "group_instance_id": "sink",
                "events_topic": topics::EVENTS,
                "outcomes_topic": topics::OUTCOMES,
            },
            "database": { "url": database },
        }),
    )
}

/// Writes `dir`/view.toml. On an address that others reach the page wants a password; see [`make_view_credentials`].
pub(crate) fn write_view(dir: &Path, at: Addresses, database: &str) -> Result<PathBuf, UpError> {
    write(
        dir,
        "view.toml",
        &json!({
            "listen": at.view(),
            "admin": { "address": at.view_admin() },
            "state_dir": dir.join("view"),
            "database": { "url": database },
            "access": { "public": is_public(at) },
            "http": { "trusted_proxies": [at.ip()] },
        }),
    )
}

/// Whether the live page is open to whoever reaches it: only this machine does.
pub(crate) fn is_public(at: Addresses) -> bool {
    at.ip().is_loopback()
}

fn write(dir: &Path, name: &str, settings: &Value) -> Result<PathBuf, UpError> {
    let path = dir.join(name);
    let text = toml::to_string(settings).map_err(std::io::Error::other);
    let written = text.and_then(|text| std::fs::write(&path, text));
    written.map_err(|source| UpError::file(&path, source))?;
    Ok(path)
}

/// Makes ingest's folder of secrets the first time: the key of the visitor hashes lasts as long as the data.
pub(crate) fn make_credentials(dir: &Path) -> Result<PathBuf, UpError> {
    make_secret(dir, "credentials/ingest", secrets::VISITOR_SECRET)
}

/// Makes the live page's password the first time.
pub(crate) fn make_view_credentials(dir: &Path) -> Result<PathBuf, UpError> {
    make_secret(dir, "credentials/view", secrets::VIEW_PASSWORD)
}

fn make_secret(dir: &Path, folder: &str, name: &str) -> Result<PathBuf, UpError> {
    let folder = dir.join(folder);
    secrets::make(&folder, &[name]).map_err(|source| UpError::file(&folder.join(name), source))?;
    Ok(folder)
}
