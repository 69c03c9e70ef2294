//! The configuration and the secret that our daemons are started with.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::UpError;
use super::addresses::Addresses;
use crate::topics;

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
            "access": { "public": at.are_private() },
            "http": { "trusted_proxies": [at.ip()] },
        }),
    )
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
    make_secret(dir, "credentials/ingest", "privacy.visitor_secret")
}

/// Makes the live page's password the first time.
pub(crate) fn make_view_credentials(dir: &Path) -> Result<PathBuf, UpError> {
    make_secret(dir, "credentials/view", VIEW_PASSWORD)
}

/// The file of the live page's password within its folder of secrets.
pub(crate) const VIEW_PASSWORD: &str = "access.password";

fn make_secret(dir: &Path, folder: &str, name: &str) -> Result<PathBuf, UpError> {
    let folder = dir.join(folder);
    let secret = folder.join(name);
    let made = std::fs::create_dir_all(&folder).and_then(|()| write_once(&secret));
    made.map_err(|source| UpError::file(&secret, source))?;
    Ok(folder)
}

fn write_once(secret: &Path) -> std::io::Result<()> {
    if secret.exists() {
        return Ok(());
    }
    let partial = secret.with_extension("partial");
    let key: [u8; 32] = rand::random();
    let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options.open(&partial)?.write_all(text.as_bytes())?;
    std::fs::rename(partial, secret)
}

#[cfg(test)]
mod tests {
    use super::make_credentials;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_secret_is_made_once_and_closed_to_others() {
        let dir = tempfile::tempdir().unwrap();
        let read = || {
            let folder = make_credentials(dir.path()).unwrap();
            let file = folder.join("privacy.visitor_secret");
            let mode = std::fs::metadata(&file).unwrap().permissions().mode();
            (std::fs::read_to_string(&file).unwrap(), mode & 0o777)
        };
        let (secret, mode) = read();
        assert_eq!((secret.len(), mode), (64, 0o600));
        assert_eq!(read().0, secret);
    }
}
