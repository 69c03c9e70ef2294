//! The process's resource usage, under the standard names of Prometheus client libraries:
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>.

use std::fmt::Error;

use procfs::WithCurrentSystemInfo;
use procfs::process::Process;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Reads `/proc/self` on each scrape and omits what cannot be read.
#[derive(Debug)]
pub(crate) struct ProcessMetrics;

impl Collector for ProcessMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let Ok(process) = Process::myself() else {
            return Ok(());
        };
        let mut write = |name: &str, help: &str, metric: &dyn EncodeMetric| {
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
        };
        if let Ok(stat) = process.stat() {
            let ticks_per_second = procfs::ticks_per_second() as f64;
            let cpu_seconds = (stat.utime + stat.stime) as f64 / ticks_per_second;
            write("process_cpu_seconds", "User and system time spent, in seconds.", &ConstCounter::new(cpu_seconds))?;
            let resident_bytes = f64_of(stat.rss_bytes().get());
            write("process_resident_memory_bytes", "Memory in use, in bytes.", &ConstGauge::new(resident_bytes))?;
            write("process_threads", "Threads.", &ConstGauge::new(stat.num_threads))?;
            if let Ok(boot_seconds) = procfs::boot_time_secs() {
                let start_seconds = f64_of(boot_seconds) + f64_of(stat.starttime) / ticks_per_second;
                let help = "When the process started, in seconds since the epoch.";
                write("process_start_time_seconds", help, &ConstGauge::new(start_seconds))?;
            }
        }
        if let Ok(count) = process.fd_count() {
            write("process_open_fds", "Open file descriptors.", &ConstGauge::new(f64_of(count as u64)))?;
        }
        if let Ok(limits) = process.limits()
            && let procfs::process::LimitValue::Value(max) = limits.max_open_files.soft_limit
        {
            write("process_max_fds", "File descriptors that may be open.", &ConstGauge::new(f64_of(max)))?;
        }
        Ok(())
    }
}

/// Scrapers treat every gauge as floating point; exact up to 2^53.
fn f64_of(value: u64) -> f64 {
    value as f64
}
