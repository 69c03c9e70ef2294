//! The handle through which a daemon's `run` reports and is told to stop.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::metrics::{MetricType, info::Info};
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;

use crate::notify::Notify;
use crate::process_metrics::ProcessMetrics;
use crate::{Progress, Readiness};

/// The prefix of every metric except those of the process.
const METRICS_PREFIX: &str = "footfall";

/// One per daemon; clones share everything.
#[derive(Clone)]
pub struct Shell {
    /// Whether the daemon can do its job.
    pub readiness: Readiness,
    /// Whether its loops make progress.
    pub progress: Progress,
    /// Cancelled by the first SIGTERM or SIGINT, once STOPPING=1 has been sent: drain, then return.
    pub shutdown: CancellationToken,
    started_at: Timestamp,
    registry: Arc<Mutex<Registry>>,
    drain_deadline: Arc<OnceLock<Instant>>,
}

impl Shell {
    pub(crate) fn new(name: &'static str, version: &'static str, notify: Notify) -> Self {
        let shell = Self {
            readiness: Readiness::new(notify),
            progress: Progress::default(),
            shutdown: CancellationToken::new(),
            started_at: Timestamp::now(),
            registry: Arc::default(),
            drain_deadline: Arc::default(),
        };
        shell.lock().register_collector(Box::new(ProcessMetrics));
        shell.register(|registry| {
            let build = Info::new(vec![("name", name), ("version", version)]);
            registry.register("build", "Name and version of the program", build);
            registry.register_collector(Box::new(ReadinessMetrics(shell.readiness.clone())));
        });
        shell
    }

    /// A shell without signals, service manager or admin server, for tests and for calling `run` from another program.
    /// Cancelling `shutdown` acts like a SIGTERM.
    pub fn detached(name: &'static str, version: &'static str) -> Self {
        Self::new(name, version, Notify::detached())
    }

    /// Registers metrics under the prefix `footfall_`. Call it once, for all of them.
    pub fn register<T>(&self, register: impl FnOnce(&mut Registry) -> T) -> T {
        register(self.lock().sub_registry_with_prefix(METRICS_PREFIX))
    }

    /// When the daemon started, read from the clock once; `process_start_time_seconds` shifts if the clock is adjusted.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// When the process exits even if `run` has not returned. None until shutdown has begun.
    pub fn drain_deadline(&self) -> Option<Instant> {
        self.drain_deadline.get().copied()
    }

    /// All metrics in the OpenMetrics text format, as served by `/metrics`.
    pub fn metrics_text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail, but a collector can; anything written before that is kept.
        if text::encode(&mut text, &self.lock()).is_err() {
            tracing::error!("a metric could not be written");
        }
        text
    }

    /// Sends STOPPING=1 first, so that the service manager stops sending work before the daemon starts to refuse it.
    pub(crate) fn begin_shutdown(&self, drain_deadline: Option<Instant>) {
        self.readiness.stop();
        if let Some(deadline) = drain_deadline {
            self.drain_deadline.get_or_init(|| deadline);
        }
        self.shutdown.cancel();
    }

    fn lock(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Readiness as metrics, for alerts.
struct ReadinessMetrics(Readiness);

impl fmt::Debug for ReadinessMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ReadinessMetrics")
    }
}

impl Collector for ReadinessMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let gauge = |ok: bool| ConstGauge::new(i64::from(ok));
        let snapshot = self.0.snapshot();
        let help = "1 while the daemon can do its job.";
        gauge(snapshot.ready).encode(encoder.encode_descriptor("ready", help, None, MetricType::Gauge)?)?;
        let help = "1 while this condition of being ready holds.";
        let mut family = encoder.encode_descriptor("condition", help, None, MetricType::Gauge)?;
        for (name, condition) in &snapshot.conditions {
            gauge(condition.ok).encode(family.encode_family(&[("condition", *name)])?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::metrics::counter::Counter;

    #[test]
    fn the_metrics_tell_the_build_the_process_and_the_conditions() {
        let shell = Shell::detached("probe", "1.2.3");
        shell.readiness.condition("kafka").set(true);
        shell.readiness.condition("database");
        let counter: Counter = Counter::default();
        shell.register(|registry| registry.register("probe_events", "Events", counter.clone()));
        counter.inc();
        let text = shell.metrics_text();
        for line in [
            "footfall_build_info{name=\"probe\",version=\"1.2.3\"} 1",
            "footfall_ready 0",
            "footfall_condition{condition=\"kafka\"} 1",
            "footfall_condition{condition=\"database\"} 0",
            "footfall_probe_events_total 1",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is missing from\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn the_process_metrics_are_plausible() {
        let text = Shell::detached("probe", "1").metrics_text();
        let value = |name: &str| -> f64 {
            let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {text}"));
            line.rsplit_once(' ').unwrap().1.parse().unwrap()
        };
        assert!(value("process_resident_memory_bytes ") > 100_000.0);
        assert!(value("process_open_fds ") >= 3.0 && value("process_max_fds ") > 3.0);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        let age_seconds = now - value("process_start_time_seconds ");
        assert!((-5.0..3600.0).contains(&age_seconds), "{age_seconds}");
        assert!(value("process_cpu_seconds_total ") >= 0.0);
    }
}
