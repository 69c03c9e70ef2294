//! Removes old data at startup and then daily, as footfall-retention.timer does under systemd.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::UpError;
use super::state::State;
use crate::processes::run_to_end;
use crate::progress::Steps;

const EVERY_S: u64 = 24 * 3600;

/// Copies the packaged retention.toml into the instance's folder if there is none; users may edit the copy.
fn write_once(state: &State, share: &Path) -> Result<PathBuf, UpError> {
    let path = state.dir.join("retention.toml");
    if path.exists() {
        return Ok(path);
    }
    let installed = share.join("nixos/footfall/retention.toml");
    let text = fs_err::read_to_string(&installed)?;
    fs_err::write(&path, text)?;
    Ok(path)
}

/// Never returns. A failure is printed, and the next attempt is a day later.
pub(crate) async fn remove_daily(state: &State, share: &Path, steps: &Steps) -> Infallible {
    loop {
        match write_once(state, share) {
            Ok(config) => remove(state, &config, steps).await,
            Err(error) => steps.say(&format!("old data is not removed: {error}")),
        }
        tokio::time::sleep(Duration::from_secs(EVERY_S)).await;
    }
}

async fn remove(state: &State, config: &Path, steps: &Steps) {
    // Overrides the file, because the socket's folder may differ from run to run.
    let url = format!(
        "host='{}' port={} user=footfall_owner dbname={}",
        state.socket_dir.display(),
        state.port,
        state.database
    );
    let arguments = vec!["retain".into(), "--config".into(), config.into()];
    let environment = vec![("FOOTFALL_DATABASE__URL".into(), url.into())];
    let why = match run_to_end(&state.dir, "retention", arguments, environment).await {
        Ok(status) if status.success() => return,
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    steps.say(&format!("not all old data was removed ({why}); see {}/logs/retention.log", state.dir.display()));
}
