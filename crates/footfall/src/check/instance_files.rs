//! Reads addresses from the configuration files of a running instance.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::files;

#[derive(Deserialize)]
pub(crate) struct IngestFile {
    pub(crate) listen: SocketAddr,
    pub(crate) admin: AdminTable,
    pub(crate) kafka: Option<KafkaTable>,
}

#[derive(Default, Deserialize)]
pub(crate) struct KafkaTable {
    pub(crate) bootstrap_servers: String,
    pub(crate) events_topic: String,
}

#[derive(Deserialize)]
pub(crate) struct SinkFile {
    pub(crate) admin: AdminTable,
}

#[derive(Deserialize)]
pub(crate) struct AdminTable {
    pub(crate) address: SocketAddr,
}

pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    let text = fs_err::read_to_string(path)?;
    toml::from_str(&text).map_err(|error| files::invalid(path, error))
}
