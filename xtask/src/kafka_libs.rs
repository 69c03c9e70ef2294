//! .parts/kafka: Apache Kafka and its dependencies, the jars that parts/pom.xml names.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::progress::Step;
use crate::{command, host, stamped};

pub(crate) fn pom(checkout: &Path) -> PathBuf {
    checkout.join("parts/pom.xml")
}

/// Like [`build`], but does nothing if the folder is current.
pub(crate) fn build_if_stale(folder: &Path, pom: &Path, step: &Step) -> Result<()> {
    if stamped::is_current(folder, &std::fs::read_to_string(pom)?) { Ok(()) } else { build(folder, pom, step) }
}

pub(crate) fn build(folder: &Path, pom: &Path, step: &Step) -> Result<()> {
    if host::program("mvn").is_none() {
        bail!("mvn is not on PATH: install Apache Maven (Debian: apt-get install maven)");
    }
    stamped::build(folder, &std::fs::read_to_string(pom)?, |partial| {
        command::run(
            command::new("mvn")
                .args(["-q", "-B", "-f"])
                .arg(pom)
                .arg("dependency:copy-dependencies")
                .arg("-DincludeScope=runtime")
                .arg(format!("-DoutputDirectory={}", partial.join("libs").display())),
            step,
        )
    })
}
