//! Samples of the metrics, which reach the database by the same path as events. A sample never queues behind another
//! one, and never takes the place of an event.

use std::sync::Arc;

use footfall_daemon::{Sampler, Shell};
use footfall_event::PipelineSample;
use tracing::debug;

use crate::config::Config;
use crate::delivery::Delivery;
use crate::metrics::Metrics;

/// Sends samples at the configured interval until shutdown begins. One that is not accepted is dropped, since the next
/// one contains everything it said.
pub(crate) async fn report(config: Config, shell: Shell, delivery: Arc<Delivery>, metrics: Arc<Metrics>) {
    let mut sampler = Sampler::new(&shell, config.sample_interval_s.into());
    while let Some(sample) = sampler.next().await {
        let sample = PipelineSample::new(&config.instance, sample.at, sample.started_at, sample.series);
        let sent = shell.shutdown.run_until_cancelled(delivery.send_sample(sample)).await;
        if let Some(Err(error)) = sent {
            debug!(%error, "a sample is dropped");
            metrics.samples_dropped.inc();
        }
    }
}
