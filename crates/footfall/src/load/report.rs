//! The result of a run.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;
use uuid::Uuid;

/// Longer latencies count as one hour.
const LATENCY_US_MAX: u64 = 3_600_000_000;

/// The result of a run. Its Display is a small table.
#[derive(Debug, Clone)]
pub struct LoadReport {
    /// Events that were sent, not counting retries.
    pub sent: u64,
    /// The ids of the events answered with 2xx, in the order of the answers.
    pub acknowledged: Vec<Uuid>,
    /// Requests by result, including retries: an HTTP status, or "refused", "reset", "timeout" or "unreachable".
    pub by_status: BTreeMap<String, u64>,
    /// Microseconds from when an event was due until it was acknowledged. Unacknowledged events are left out.
    pub latency_us: Histogram<u64>,
    /// From the first event to the last answer.
    pub elapsed: Duration,
}

impl Default for LoadReport {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "these bounds and this precision are ones that a histogram can have")]
        let latency_us = Histogram::new_with_bounds(1, LATENCY_US_MAX, 3).expect("a histogram");
        let (acknowledged, by_status) = (Vec::new(), BTreeMap::new());
        Self { sent: 0, acknowledged, by_status, latency_us, elapsed: Duration::ZERO }
    }
}

impl LoadReport {
    /// Whether every event was acknowledged.
    #[must_use]
    pub fn is_all_acknowledged(&self) -> bool {
        self.acknowledged.len() as u64 == self.sent
    }

    /// Counts a request and, if it was acknowledged, its event with the latency.
    pub(crate) fn note(&mut self, status: &str, acknowledged: Option<(Uuid, Duration)>) {
        match self.by_status.get_mut(status) {
            Some(requests) => *requests += 1,
            None => drop(self.by_status.insert(status.to_owned(), 1)),
        }
        if let Some((id, latency)) = acknowledged {
            self.acknowledged.push(id);
            self.latency_us.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
        }
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.elapsed.as_secs_f64();
        let per_s = if seconds > 0.0 { self.acknowledged.len() as f64 / seconds } else { 0.0 };
        writeln!(out, "sent          {}", self.sent)?;
        writeln!(out, "acknowledged  {}", self.acknowledged.len())?;
        let counts: Vec<_> = self.by_status.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        writeln!(out, "requests      {}", counts.join("  "))?;
        if !self.latency_us.is_empty() {
            let ms = |quantile| self.latency_us.value_at_quantile(quantile) as f64 / 1000.0;
            writeln!(
                out,
                "latency ms    p50 {:.2}  p90 {:.2}  p99 {:.2}  p99.9 {:.2}  max {:.2}",
                ms(0.5),
                ms(0.9),
                ms(0.99),
                ms(0.999),
                ms(1.0)
            )?;
        }
        write!(out, "rate          {per_s:.1} acknowledged/s in {seconds:.1} s")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::LoadReport;

    #[test]
    fn requests_are_counted_and_only_acknowledged_events_have_a_latency() {
        let mut report = LoadReport { sent: 3, ..LoadReport::default() };
        report.note("503", None);
        report.note("refused", None);
        assert!(report.latency_us.is_empty() && !report.to_string().contains("p50"));
        for ms in [1, 20, 300] {
            report.note("200", Some((Uuid::now_v7(), Duration::from_millis(ms))));
        }
        report.elapsed = Duration::from_secs(2);
        assert!(report.is_all_acknowledged());
        let table = report.to_string();
        for expected in ["200: 3  503: 1  refused: 1", "p50 20.0", "max 300", "1.5 acknowledged/s"] {
            assert!(table.contains(expected), "{expected} in {table}");
        }
    }
}
