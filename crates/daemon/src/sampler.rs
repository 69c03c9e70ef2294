//! Periodic samples of the metrics, to be stored for installations without a metrics server.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Number;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::Shell;

/// All metrics at one point in time.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// When it was taken.
    pub at: Timestamp,
    /// When the process started, and its counters with it.
    pub started_at: Timestamp,
    /// Keyed by name and labels as in `/metrics`, with histograms as `_bucket`, `_sum` and `_count`. Non-finite values
    /// are omitted.
    pub series: BTreeMap<String, Number>,
}

/// How soon after a sample a change of readiness may make another.
const CHANGE_MS_MIN: u64 = 1_000;

/// Takes a sample every interval, the first one after the first interval, and whenever the daemon becomes ready or no
/// longer is, so that its readers learn of it at once.
pub struct Sampler {
    shell: Shell,
    every: Option<Interval>,
    ready: watch::Receiver<bool>,
    taken_at: Instant,
}

impl Sampler {
    /// An `interval_s` of 0 disables samples.
    pub fn new(shell: &Shell, interval_s: u64) -> Self {
        let every = (interval_s > 0).then(|| {
            let period = Duration::from_secs(interval_s);
            let mut every = interval_at(Instant::now() + period, period);
            every.set_missed_tick_behavior(MissedTickBehavior::Delay);
            every
        });
        Self { shell: shell.clone(), every, ready: shell.readiness.watch(), taken_at: Instant::now() }
    }

    /// Waits for the next sample. Returns None once shutdown has begun, or if samples are disabled.
    pub async fn next(&mut self) -> Option<Sample> {
        let every = self.every.as_mut()?;
        let changed = async {
            tokio::time::sleep_until(self.taken_at + Duration::from_millis(CHANGE_MS_MIN)).await;
            // The sender lives as long as the shell.
            if self.ready.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let due = async {
            tokio::select! {
                _ = every.tick() => {}
                () = changed => {}
            }
        };
        self.shell.shutdown.run_until_cancelled(due).await?;
        self.ready.mark_unchanged();
        self.taken_at = Instant::now();
        Some(Sample {
            at: Timestamp::now(),
            started_at: self.shell.started_at(),
            series: series(&self.shell.metrics_text()),
        })
    }
}

/// Parses the series of the text format. They have no timestamps or exemplars here, so the value comes last.
fn series(text: &str) -> BTreeMap<String, Number> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.rsplit_once(' '));
    pairs.filter_map(|(series, value)| Some((series.to_owned(), serde_json::from_str(value).ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::metrics::counter::Counter;
    use prometheus_client::metrics::family::Family;
    use prometheus_client::metrics::gauge::Gauge;
    use prometheus_client::metrics::histogram::Histogram;
    use std::sync::atomic::AtomicU64;

    fn shell_with_metrics() -> Shell {
        let shell = Shell::detached("probe", "1");
        let requests: Family<[(&str, &str); 2], Counter> = Family::default();
        requests.get_or_create(&[("status", "200"), ("path", "a \"b\" c")]).inc_by(u64::MAX);
        let seconds = Histogram::new([0.5, 1.0]);
        seconds.observe(0.25);
        seconds.observe(7.0);
        let gauge: Gauge<f64, AtomicU64> = Gauge::default();
        gauge.set(f64::NAN);
        shell.register(|registry| {
            registry.register("probe_requests", "Requests", requests);
            registry.register("probe_seconds", "Seconds", seconds);
            registry.register("probe_unknown", "Not a number", gauge);
        });
        shell
    }

    #[tokio::test(start_paused = true)]
    async fn a_sample_holds_every_metric_by_its_name_and_labels() {
        let shell = shell_with_metrics();
        let sample = Sampler::new(&shell, 15).next().await.unwrap();
        let value = |series: &str| sample.series.get(series).unwrap_or_else(|| panic!("{series} in {sample:?}"));
        let whole = |series: &str| value(series).as_u64().unwrap_or_else(|| panic!("{series} in {sample:?}"));
        assert_eq!(whole(r#"footfall_probe_requests_total{status="200",path="a \"b\" c"}"#), u64::MAX);
        assert_eq!(whole(r#"footfall_probe_seconds_bucket{le="0.5"}"#), 1);
        assert_eq!(whole(r#"footfall_probe_seconds_bucket{le="1.0"}"#), 1);
        assert_eq!(whole(r#"footfall_probe_seconds_bucket{le="+Inf"}"#), 2);
        assert_eq!(whole("footfall_probe_seconds_count"), 2);
        assert_eq!(value("footfall_probe_seconds_sum").as_f64(), Some(7.25));
        assert_eq!(whole(r#"footfall_build_info{name="probe",version="1"}"#), 1);
        for process in ["resident_memory_bytes", "start_time_seconds", "cpu_seconds_total", "open_fds"] {
            assert!(value(&format!("process_{process}")).as_f64().unwrap() >= 0.0);
        }
        assert!(!sample.series.contains_key("footfall_probe_unknown"));
        assert!(sample.started_at <= sample.at);
    }

    #[tokio::test(start_paused = true)]
    async fn samples_come_as_often_as_asked_for_until_the_shutdown() {
        let shell = shell_with_metrics();
        let began = Instant::now();
        let mut sampler = Sampler::new(&shell, 15);
        for number in 1..=3 {
            let sample = sampler.next().await.unwrap();
            assert_eq!(began.elapsed().as_secs(), number * 15);
            assert_eq!(sample.started_at, shell.started_at());
        }
        // A caller that is slow to store one does not get two at once.
        tokio::time::sleep(Duration::from_secs(50)).await;
        sampler.next().await.unwrap();
        let behind = Instant::now();
        sampler.next().await.unwrap();
        assert_eq!(behind.elapsed().as_secs(), 15);
        shell.shutdown.cancel();
        assert_eq!(sampler.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_of_readiness_is_sampled_at_once() {
        let shell = shell_with_metrics();
        let kafka = shell.readiness.condition("kafka");
        let mut sampler = Sampler::new(&shell, 15);
        sampler.next().await.unwrap();
        let began = Instant::now();
        tokio::time::sleep(Duration::from_secs(3)).await;
        kafka.set(true);
        let sample = sampler.next().await.unwrap();
        assert_eq!((began.elapsed().as_secs(), sample.series["footfall_ready"].as_u64()), (3, Some(1)));
        kafka.set(false);
        sampler.next().await.unwrap();
        assert_eq!(began.elapsed().as_secs(), 4, "but not twice in a second");
        sampler.next().await.unwrap();
        assert_eq!(began.elapsed().as_secs(), 15, "and the interval stays as it is");
    }

    #[tokio::test(start_paused = true)]
    async fn none_are_taken_where_none_are_asked_for() {
        assert_eq!(Sampler::new(&shell_with_metrics(), 0).next().await, None);
    }
}
