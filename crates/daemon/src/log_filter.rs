//! Which log lines are written.

use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, Targets};

/// Parses directives such as `info` or `info,rdkafka=debug`.
pub(crate) fn log_filter(directives: &str) -> Result<Targets, String> {
    for directive in directives.split(',') {
        // A bare word that is not a level would parse as a target, and an empty directive as a level; either would
        // silence everything else.
        let level = directive.rsplit_once('=').map_or(directive, |(_, level)| level).trim();
        if level.is_empty() || level.parse::<LevelFilter>().is_err() {
            return Err(format!(
                "{directive:?} is neither a level (error, warn, info, debug, trace, off) nor TARGET=LEVEL"
            ));
        }
    }
    let targets = directives.parse::<Targets>().map_err(|error| error.to_string())?;
    // At debug, tokio_postgres logs the parameters of each statement, which hold visitors' data.
    let logs_parameters =
        targets.would_enable("tokio_postgres", &Level::DEBUG) && !directives.contains("tokio_postgres");
    Ok(if logs_parameters { targets.with_target("tokio_postgres", LevelFilter::INFO) } else { targets })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_level_is_refused() {
        for good in ["info", "WARN", "off", "info,rdkafka=debug,footfall_ingest::http=trace"] {
            assert!(log_filter(good).is_ok(), "{good}");
        }
        for bad in ["debg", "info,rdkafka", "info,rdkafka=loud", "info,rdkafka=", "info,", ""] {
            assert!(log_filter(bad).is_err(), "{bad}");
        }
    }
}
