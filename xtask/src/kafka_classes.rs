//! .parts/kafka/libs.jsa: what Java works out about Kafka's classes.

use std::path::Path;

use anyhow::Result;

use crate::progress::Steps;
use crate::{build, command, setup, stamped};

/// Has a broker learn once what each of the many that tests start would work out anew. Does nothing if that was done since these
/// programs were set up; `parts` is the file that says where they are.
pub(crate) fn learn(parts: &Path, steps: &Steps) -> Result<()> {
    let _lock = setup::lock(parts)?;
    let (kafka, root) = (parts.with_file_name("kafka"), parts.with_file_name("root"));
    let learned = kafka.join("libs.jsa").metadata().and_then(|file| file.modified());
    if learned.is_ok_and(|learned| Some(learned) > stamped::built(&kafka).max(stamped::built(&root))) {
        return Ok(());
    }
    command::step(steps, "classes of kafka", |step| {
        let mut learning = command::new(build::footfall()?);
        learning.args(["kafka-classes", "--listen", "127.92.92.92", "--parts"]).arg(parts);
        command::run(&mut learning, step)
    })
}
