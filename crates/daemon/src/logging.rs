//! Logging: its destination, its format, and panics, which are logged before they abort the process.

use std::backtrace::Backtrace;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::{env, panic, process};

use anyhow::Context;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::log_filter::log_filter;
use crate::log_fold::LogFold;
use crate::{LogConfig, LogFormat};

/// Sends this process's log, including panics, where the configuration says.
pub(crate) fn start(config: &LogConfig, name: &'static str) -> anyhow::Result<()> {
    let filter = log_filter(&config.level).map_err(anyhow::Error::msg)?;
    let subscriber = tracing_subscriber::registry().with(filter);
    let fold = LogFold::default();
    let format = choose(config.format, stderr_is_journal(), io::stderr().is_terminal());
    match (format, journald(name)) {
        (LogFormat::Journald, Ok(layer)) => subscriber.with(layer.with_filter(fold.clone())).try_init()?,
        (LogFormat::Journald, Err(error)) if config.format == LogFormat::Journald => {
            return Err(error).context("log.format is journald, but the journal cannot be reached");
        }
        (LogFormat::Human, _) => subscriber.with(human().with_filter(fold.clone())).try_init()?,
        _ => {
            let json = fmt::layer().json().flatten_event(true).with_writer(io::stderr);
            subscriber.with(json.with_filter(fold.clone())).try_init()?;
        }
    }
    fold.keep_reporting()?;
    abort_on_panic();
    Ok(())
}

fn human<S>() -> fmt::Layer<S, fmt::format::DefaultFields, fmt::format::Format, fn() -> io::Stderr> {
    let is_coloured = io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    fmt::layer().with_ansi(is_coloured).with_writer(io::stderr as fn() -> io::Stderr)
}

fn journald(name: &str) -> io::Result<tracing_journald::Layer> {
    Ok(tracing_journald::layer()?.with_syslog_identifier(name.to_owned()))
}

fn choose(wanted: LogFormat, stderr_is_journal: bool, stderr_is_terminal: bool) -> LogFormat {
    match wanted {
        LogFormat::Auto if stderr_is_journal => LogFormat::Journald,
        LogFormat::Auto if stderr_is_terminal => LogFormat::Human,
        LogFormat::Auto => LogFormat::Json,
        wanted => wanted,
    }
}

/// systemd.exec(5): JOURNAL_STREAM alone proves nothing, since a child inherits it even if its output goes elsewhere.
fn stderr_is_journal() -> bool {
    let Ok(stream) = env::var("JOURNAL_STREAM") else {
        return false;
    };
    let Ok(stderr) = io::stderr().as_fd().try_clone_to_owned() else {
        return false;
    };
    File::from(stderr).metadata().is_ok_and(|metadata| names_file(&stream, metadata.dev(), metadata.ino()))
}

fn names_file(stream: &str, device: u64, inode: u64) -> bool {
    stream.split_once(':').is_some_and(|(dev, ino)| dev.parse() == Ok(device) && ino.parse() == Ok(inode))
}

/// After a panic the other tasks would work on half-changed state, so the process aborts and its supervisor restarts
/// it. Done here rather than with `panic = "abort"`, so that it applies in every profile and is logged.
fn abort_on_panic() {
    panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("(a panic without a text)");
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        let backtrace = Backtrace::capture();
        tracing::error!(location, %backtrace, "panic: {message}");
        process::abort();
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_follows_where_standard_error_goes() {
        assert_eq!(choose(LogFormat::Auto, true, false), LogFormat::Journald);
        assert_eq!(choose(LogFormat::Auto, false, true), LogFormat::Human);
        assert_eq!(choose(LogFormat::Auto, false, false), LogFormat::Json);
        assert_eq!(choose(LogFormat::Human, true, false), LogFormat::Human);
    }

    #[test]
    fn the_journal_stream_must_be_standard_error_itself() {
        assert!(names_file("8:4711", 8, 4711));
        for other in ["8:4712", "9:4711", "8", "", "8:4711:1"] {
            assert!(!names_file(other, 8, 4711), "{other}");
        }
    }
}
