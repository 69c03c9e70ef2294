//! Asks Kafka every second whether it answers. A broker that hangs keeps its connections open, and the consumer would
//! notice only after a minute.

use std::sync::Weak;
use std::time::{Duration, Instant};

use footfall_daemon::Condition;
use rdkafka::consumer::Consumer as _;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::consumer::Consumer;

const EVERY_MS: u64 = 1_000;
const ANSWER_MS_MAX: u64 = 2_000;
/// With the question that is not answered, a broker that hangs is reported within five seconds. A single late answer is
/// not.
const SILENCE_MS_MAX: u64 = 4_000;

/// Keeps `ready` up to date until the shutdown. The pipeline owns the consumer, and closes it when it replaces it or ends.
pub(crate) async fn keep_asking(
    consumer: watch::Receiver<Weak<Consumer>>,
    topic: String,
    ready: Condition,
    shutdown: CancellationToken,
) {
    let mut answered_at = Instant::now();
    let mut every = tokio::time::interval(Duration::from_millis(EVERY_MS));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(every.tick()).await.is_some() {
        // Between two consumers there is none to ask; the pipeline says why.
        let Some(asked) = consumer.borrow().upgrade() else { continue };
        let topic = topic.clone();
        let answer = tokio::task::spawn_blocking(move || {
            asked.fetch_metadata(Some(&topic), Duration::from_millis(ANSWER_MS_MAX)).map(drop)
        });
        match answer.await {
            Ok(Ok(())) => {
                answered_at = Instant::now();
                ready.set(true);
            }
            Ok(Err(_)) if answered_at.elapsed() < Duration::from_millis(SILENCE_MS_MAX) => {}
            Ok(Err(_)) => {
                let seconds = answered_at.elapsed().as_secs();
                ready.set_because(false, format!("no Kafka broker has answered for {seconds} s"));
            }
            // The runtime is ending.
            Err(_) => return,
        }
    }
}
