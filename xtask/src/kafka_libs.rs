//! .parts/kafka: Apache Kafka and its dependencies, the jars that parts/pom.xml names.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::progress::{Step, Steps};
use crate::{build, command, host, stamped};

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

/// Has a broker learn once what each of the many that tests start, and each `up`, would work out anew. Does nothing if that was done
/// since these programs were set up; `parts` is the file that says where they are.
pub(crate) fn learn_classes(parts: &Path, steps: &Steps) -> Result<()> {
    let (kafka, root) = (parts.with_file_name("kafka"), parts.with_file_name("root"));
    let learned = kafka.join("libs/kafka.jsa").metadata().and_then(|file| file.modified());
    if learned.is_ok_and(|learned| Some(learned) > stamped::built(&kafka).max(stamped::built(&root))) {
        return Ok(());
    }
    let step = steps.begin("classes of kafka");
    let learned = command::run(
        command::new(build::footfall()?).args(["kafka-classes", "--listen", "127.92.92.92", "--parts"]).arg(parts),
        &step,
    );
    match &learned {
        Ok(()) => step.done(""),
        Err(_) => step.failed("see below"),
    }
    learned
}
