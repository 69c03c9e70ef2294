//! What footfall-retention.timer does elsewhere: removes what is too old, at the start and then every day.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::UpError;
use super::state::State;
use crate::processes::run_once;
use crate::progress::Steps;

const EVERY_S: u64 = 24 * 3600;

/// Writes `dir`/retention.toml the first time, from the one that packages install: from then on it is the person's.
fn write_once(state: &State, share: &Path) -> Result<PathBuf, UpError> {
    let path = state.dir.join("retention.toml");
    if path.exists() {
        return Ok(path);
    }
    let installed = share.join("nixos/footfall/retention.toml");
    let text = std::fs::read_to_string(&installed).map_err(|source| UpError::file(&installed, source))?;
    std::fs::write(&path, text).map_err(|source| UpError::file(&path, source))?;
    Ok(path)
}

/// Never returns by itself. What goes wrong is said, and tried again the next day.
pub(crate) async fn remove_daily(state: &State, share: &Path, steps: &Steps) -> Infallible {
    loop {
        match write_once(state, share) {
            Ok(config) => remove(state, &config, steps).await,
            Err(error) => steps.say(&format!("what is too old stays: {error}")),
        }
        tokio::time::sleep(Duration::from_secs(EVERY_S)).await;
    }
}

async fn remove(state: &State, config: &Path, steps: &Steps) {
    // The address of this run's database, whatever the file says.
    let url = format!(
        "host='{}' port={} user=footfall_owner dbname={}",
        state.socket_dir.display(),
        state.port,
        state.database
    );
    let arguments = vec!["retain".into(), "--config".into(), config.into()];
    let environment = vec![("FOOTFALL_DATABASE__URL".into(), url.into())];
    let why = match run_once(&state.dir, "retention", arguments, environment).await {
        Ok(status) if status.success() => return,
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    };
    steps.say(&format!("not all that is too old was removed ({why}); see {}/logs/retention.log", state.dir.display()));
}
