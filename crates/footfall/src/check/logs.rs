//! Where each service's log is.

use super::target::Target;

/// A service with a log.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Log {
    Nginx,
    View,
    Ingest,
    Kafka,
    Sink,
    Postgres,
}

impl Target {
    /// The log of a service: a file, or a command that prints it.
    pub(crate) fn log_of(&self, log: Log) -> String {
        // In the light profile, other services do the work of these.
        let log = match log {
            Log::Nginx if self.is_light() => Log::View,
            Log::Kafka if self.is_light() => Log::Postgres,
            Log::Sink if self.is_light() => Log::Ingest,
            other => other,
        };
        let (name, unit) = match log {
            Log::Nginx => ("nginx", "nginx"),
            Log::View => ("view", "footfall-view"),
            Log::Ingest => ("ingest", "footfall-ingest"),
            Log::Kafka => ("kafka", "apache-kafka"),
            Log::Sink => ("sink", "footfall-sink"),
            Log::Postgres => ("postgres", "postgresql"),
        };
        match &self.logs {
            Some(folder) => format!("{}/{name}.log", folder.display()),
            None => format!("`journalctl -u {unit}`"),
        }
    }
}
