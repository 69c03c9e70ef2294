//! The configuration files and secrets of Footfall's daemons.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::addresses::Addresses;
use super::error::UpError;
use super::plan::Plan;
use crate::processes::SecondName;
use crate::{files, secrets, sites, topics};

/// The consumer group of the sinks.
const SINK_GROUP: &str = "footfall-sink";

/// Memory in the light profile for all request bodies, and for events that wait for their commit. It holds a few of the
/// largest requests, or thousands of typical ones.
const LIGHT_QUEUE_KIB_MAX: u32 = 8 * 1024;
/// User agents that the light profile caches, each about half a KiB.
const LIGHT_USER_AGENTS_MAX: u32 = 2_000;
/// Connections of the light profile's live page; each needs a PostgreSQL process.
const LIGHT_VIEW_CONNECTIONS: u32 = 2;

/// Writes `dir`/ingest.toml for an ingest that sends to Kafka.
pub(crate) fn write_ingest(dir: &Path, at: Addresses) -> Result<PathBuf, UpError> {
    let kafka = json!({
        "bootstrap_servers": at.kafka().to_string(),
        "events_topic": topics::EVENTS,
        "outcomes_topic": topics::OUTCOMES,
    });
    let mut settings = ingest(dir, at);
    settings["kafka"] = kafka;
    write(dir, "ingest.toml", &settings)
}

/// Writes `dir`/ingest.toml for an ingest that stores events itself.
pub(crate) fn write_light_ingest(dir: &Path, at: Addresses, database: &str) -> Result<PathBuf, UpError> {
    let mut settings = ingest(dir, at);
    settings["store"] = "postgresql".into();
    settings["database"] = json!({
        "url": database,
        "queue_kib_max": LIGHT_QUEUE_KIB_MAX,
        "user_agents_max": LIGHT_USER_AGENTS_MAX,
    });
    settings["http"] = json!({ "bodies_kib_max": LIGHT_QUEUE_KIB_MAX });
    write(dir, "ingest.toml", &settings)
}

fn ingest(dir: &Path, at: Addresses) -> Value {
    json!({
        "disk": { "folders": [dir] },
        "sites": { "file": sites::file(dir) },
        "listen": at.ingest(),
        "admin": { "address": at.ingest_admin() },
        // nginx or view on this machine passes the client's address on.
        "privacy": { "trusted_proxies": at.callers() },
    })
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

/// Writes `dir`/view.toml. If other machines can reach the page, it asks for a password; see [`make_view_credentials`].
pub(crate) fn write_view(dir: &Path, at: Addresses, database: &str) -> Result<PathBuf, UpError> {
    write(dir, "view.toml", &view(dir, at, database))
}

/// Writes `dir`/view.toml for a view that also serves the site.
pub(crate) fn write_light_view(plan: &Plan, database: &str) -> Result<PathBuf, UpError> {
    let Plan { dir, at, share, second_names, trusted_proxies, .. } = plan;
    let mut settings = view(dir, *at, database);
    settings["listen"] = at.site().to_string().into();
    settings["database"]["connections"] = LIGHT_VIEW_CONNECTIONS.into();
    if !trusted_proxies.is_empty() {
        settings["http"]["trusted_proxies"] = json!(trusted_proxies);
    }
    settings["site"] = json!({
        "dir": share.join("web"),
        "ingest": at.ingest().to_string(),
        "bodies_kib_max": LIGHT_QUEUE_KIB_MAX,
        "second_names": second_names.iter().map(SecondName::as_given).collect::<Vec<_>>(),
    });
    write(dir, "view.toml", &settings)
}

fn view(dir: &Path, at: Addresses, database: &str) -> Value {
    // Without a password, only by names that lead to this machine. Otherwise the password protects it, and a proxy may use any name.
    let private = ["localhost".to_owned(), at.ip().to_string(), at.site().ip().to_string()];
    let hosts = if at.are_private() { &private[..] } else { &[] };
    json!({
        "listen": at.view(),
        "admin": { "address": at.view_admin() },
        "state_dir": dir.join("view"),
        "database": { "url": database },
        "access": { "public": at.are_private(), "readers_see_events": at.are_private(), "hosts": hosts },
        "http": { "trusted_proxies": at.callers() },
        "page": { "funnel": demo_funnel() },
    })
}

/// Of the demo site.
fn demo_funnel() -> Value {
    json!([
        { "name": "Saw a page", "event_type": "page_view" },
        { "name": "Clicked a button", "event_type": "button_click" },
        { "name": "Read the path of a click", "event_type": "page_view", "page_prefix": "/page2" },
        { "name": "Clicked there too", "event_type": "button_click", "page_prefix": "/page2" },
    ])
}

fn write(dir: &Path, name: &str, settings: &Value) -> Result<PathBuf, UpError> {
    let path = dir.join(name);
    let text = toml::to_string(settings).map_err(|error| files::invalid(&path, error))?;
    files::update(&path, text.as_bytes(), 0o644)?;
    Ok(path)
}

/// Creates ingest's folder of secrets if missing. The key of the visitor hashes must last as long as the data.
pub(crate) fn make_credentials(dir: &Path) -> Result<PathBuf, UpError> {
    make_secret(dir, "credentials/ingest", secrets::VISITOR_SECRET)
}

/// Creates the live page's password if missing.
pub(crate) fn make_view_credentials(dir: &Path) -> Result<PathBuf, UpError> {
    make_secret(dir, "credentials/view", secrets::VIEW_PASSWORD)
}

fn make_secret(dir: &Path, folder: &str, name: &str) -> Result<PathBuf, UpError> {
    let folder = dir.join(folder);
    secrets::make(&folder, &[name])?;
    Ok(folder)
}
