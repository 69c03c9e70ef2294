//! Keeps the logs of what `up` starts bounded, as logrotate's copytruncate does: the processes go on writing to the same file.

use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;

use fs_err as fs;

use crate::progress::Steps;

/// A log that is longer is kept as `<name>.log.1`, in the place of an earlier one, and begins anew.
const BYTES_MAX: u64 = 16 * 1024 * 1024;
const LOOK_S: u64 = 10;

/// Never returns. Lines written in the moment between the copy and the new beginning are lost.
pub(crate) async fn keep_bounded(dir: &Path, steps: &Steps) -> Infallible {
    let folder = dir.join("logs");
    loop {
        tokio::time::sleep(Duration::from_secs(LOOK_S)).await;
        let looked = folder.clone();
        let bounded = tokio::task::spawn_blocking(move || bound(&looked, BYTES_MAX)).await;
        if let Ok(Err(error)) = bounded {
            steps.say(&format!("a log is longer than {BYTES_MAX} bytes: {error}"));
        }
    }
}

fn bound(folder: &Path, bytes_max: u64) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "log") || entry.metadata()?.len() <= bytes_max {
            continue;
        }
        fs::copy(&path, path.with_extension("log.1"))?;
        // All open it for appending, so what they write next is its first line.
        fs::OpenOptions::new().write(true).open(&path)?.set_len(0)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_long_log_begins_anew_and_its_end_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kafka.log");
        let mut log = fs::OpenOptions::new().create(true).append(true).open(&path).unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        for round in 0..5 {
            writeln!(log, "round {round}").unwrap();
            bound(folder.path(), 16).unwrap();
        }
        assert_eq!(
            (read("kafka.log").as_str(), read("kafka.log.1").as_str()),
            ("round 3\nround 4\n", "round 0\nround 1\nround 2\n")
        );
        bound(folder.path(), 100).unwrap();
        assert_eq!(read("kafka.log"), "round 3\nround 4\n");
    }
}
