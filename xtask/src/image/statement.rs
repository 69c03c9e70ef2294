//! nixos/image.json: the settings of every Footfall image, however it is built.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statement {
    pub(crate) name: String,
    /// The program's name on PATH, and its fixed arguments.
    pub(crate) entry_point: Vec<String>,
    pub(crate) user: User,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) working_directory: String,
    /// All folders that are written to; the rest may be read-only.
    pub(crate) volumes: Vec<String>,
    /// More folders that the user owns, so that it also owns a volume mounted there.
    pub(crate) folders: Vec<String>,
    pub(crate) ports: Vec<String>,
    pub(crate) health: Health,
    pub(crate) stop_signal: String,
    pub(crate) labels: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Health {
    pub(crate) command: Vec<String>,
    pub(crate) interval_s: u32,
    pub(crate) time_out_s: u32,
    /// Long enough for a first start, which creates a database and formats a broker's folder.
    pub(crate) start_period_s: u32,
    pub(crate) retries: u32,
}

impl Statement {
    pub(crate) fn read(checkout: &Path) -> Result<Self> {
        let path = checkout.join("nixos/image.json");
        let read = || Ok::<_, anyhow::Error>(serde_json::from_str(&std::fs::read_to_string(&path)?)?);
        read().with_context(|| path.display().to_string())
    }
}
