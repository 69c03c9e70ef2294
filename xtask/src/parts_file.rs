//! .parts/parts.json: where each program is. `footfall` reads it (crates/footfall/src/processes/programs.rs).

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

/// A program of the host, or one in a chroot.
pub(crate) enum Place {
    Host(PathBuf),
    Root { root: PathBuf, path: &'static str },
}

impl Place {
    fn to_json(&self) -> Value {
        match self {
            Self::Host(path) => json!({ "path": path }),
            Self::Root { root, path } => json!({ "root": root, "path": path }),
        }
    }
}

pub(crate) struct Places {
    pub(crate) postgres_bin: Place,
    pub(crate) nginx: Place,
    pub(crate) java: Place,
    pub(crate) kafka_libs: PathBuf,
}

pub(crate) fn write(path: &Path, places: &Places) -> Result<()> {
    let text = serde_json::to_string_pretty(&json!({
        "postgres_bin": places.postgres_bin.to_json(),
        "nginx": places.nginx.to_json(),
        "java": places.java.to_json(),
        "kafka_libs": places.kafka_libs,
    }))?;
    let partial = path.with_extension("partial");
    std::fs::write(&partial, text + "\n")?;
    Ok(std::fs::rename(partial, path)?)
}
