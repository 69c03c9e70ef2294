//! A daemon's metrics.

use footfall_testkit::Pipeline;

/// Admin port of ingest.
pub(crate) const INGEST: u16 = 3002;
/// Admin port of the first sink.
pub(crate) const SINK: u16 = 4195;

/// The sum of a metric over all series that have each of these labels, written `name="value"`.
pub(crate) async fn metric(pipeline: &Pipeline, port: u16, name: &str, labels: &[&str]) -> u64 {
    let answer = pipeline.get(port, "/metrics").await;
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let lines = text.lines().filter(|line| {
        let rest = line.strip_prefix(name).unwrap_or_default();
        rest.starts_with(['{', ' ']) && labels.iter().all(|label| rest.contains(label))
    });
    let values: Vec<u64> = lines.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    assert!(!values.is_empty() || !labels.is_empty(), "there is no metric {name}:\n{text}");
    values.into_iter().sum()
}
