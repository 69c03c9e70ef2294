//! The producer, which is replaced once it is of no more use: after an error that librdkafka calls fatal, from which on
//! it refuses everything, and if it gives up messages while the broker answers. Both happen if Kafka comes back with an
//! older copy of its data: this producer's last messages are missing there, and librdkafka takes what the broker says
//! about a partition's leader for outdated, as the older copy counts fewer elections (`leader_epoch`).
//! <https://github.com/confluentinc/librdkafka/blob/v2.12.1/INTRODUCTION.md#fatal-errors>

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use footfall_daemon::Condition;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext as _, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::producer::{FutureProducer, Producer as _};
use rdkafka::util::TokioRuntime;
use rdkafka::{ClientContext, Statistics};
use tokio::sync::Notify;
use tracing::{debug, error, warn};

use crate::metrics::Metrics;

/// A producer that fails as soon as it is made is not replaced more often than this.
const REPLACE_MS_MIN: u64 = 1_000;
const GIVEN_UP: &str = "messages are not delivered although the broker answers";

pub(super) type Client = FutureProducer<Context, TokioRuntime>;

/// What librdkafka's threads report.
#[derive(Clone)]
pub(super) struct Context {
    ready: Condition,
    metrics: Arc<Metrics>,
    /// Wakes the probe, so that a failed producer is replaced at once.
    failed: Arc<Notify>,
    last_warning: Arc<Mutex<String>>,
}

impl Context {
    pub(super) fn new(ready: Condition, metrics: Arc<Metrics>, failed: Arc<Notify>) -> Self {
        Self { ready, metrics, failed, last_warning: Arc::default() }
    }

    fn fail(&self, reason: &str) {
        self.ready.set_because(false, failure(reason));
        self.failed.notify_one();
    }

    /// Logs a warning, unless it is the last one again: rdkafka reports each error of a producer twice, and librdkafka a
    /// broker that stays down every few seconds.
    fn warn(&self, reason: &str) {
        let text = without_count(reason);
        let mut last = self.last_warning.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != text {
            text.clone_into(&mut last);
            warn!(reason, "kafka");
        }
    }
}

/// The reason without the time and the number of repetitions, which differ each time: `... failed: Connection refused
/// (after 0ms in state CONNECT, 11 identical error(s) suppressed)`.
fn without_count(reason: &str) -> &str {
    reason.split_once(" (after ").map_or(reason, |(text, _)| text)
}

impl ClientContext for Context {
    fn stats(&self, statistics: Statistics) {
        self.metrics.queued(statistics.msg_cnt, statistics.msg_size);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            // The reason counts the bootstrap address as a broker of its own. Readiness logs this one.
            Some(RDKafkaErrorCode::AllBrokersDown) => self.ready.set_because(false, "no Kafka broker answers"),
            Some(RDKafkaErrorCode::Fatal) => self.fail(reason),
            _ => self.warn(reason),
        }
    }

    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(facility, message, "librdkafka");
    }
}

pub(super) struct Producer {
    settings: ClientConfig,
    context: Context,
    current: RwLock<Client>,
    made_at: Mutex<Instant>,
    given_up: AtomicBool,
}

impl Producer {
    pub(super) fn new(settings: ClientConfig, context: Context) -> KafkaResult<Self> {
        let current = FutureProducer::from_config_and_context(&settings, context.clone())?;
        let made_at = Mutex::new(Instant::now());
        Ok(Self { settings, context, current: RwLock::new(current), made_at, given_up: AtomicBool::new(false) })
    }

    /// The producer to use now. Keep it only while enqueueing: a failed one ends with its last copy.
    pub(super) fn current(&self) -> Client {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why the current producer is of no more use.
    pub(super) fn failure(&self) -> Option<String> {
        let fatal = self.current().client().fatal_error();
        let given_up = || self.given_up.load(Ordering::Acquire).then(|| GIVEN_UP.to_owned());
        fatal.map(|(_, reason)| reason).or_else(given_up)
    }

    /// A message that was sent `age` ago was not delivered, and the broker is not the reason. The current producer is
    /// replaced, unless it is younger than the message.
    pub(super) fn give_up_if_older_than(&self, age: Duration) {
        let made_at = self.made_at.lock().unwrap_or_else(PoisonError::into_inner);
        if made_at.elapsed() >= age && !self.given_up.swap(true, Ordering::AcqRel) {
            self.context.fail(GIVEN_UP);
        }
    }

    /// Replaces the producer if it has failed; messages still waiting in it are reported as not acknowledged. Returns
    /// why it cannot be used if it was replaced only just now, or if no new one can be made. Blocks for up to a second.
    pub(super) fn replace_if_failed(&self) -> Result<(), String> {
        let Some(reason) = self.failure() else { return Ok(()) };
        let mut made_at = self.made_at.lock().unwrap_or_else(PoisonError::into_inner);
        if made_at.elapsed() < Duration::from_millis(REPLACE_MS_MIN) {
            return Err(failure(&reason));
        }
        let new = FutureProducer::from_config_and_context(&self.settings, self.context.clone())
            .map_err(|error| format!("no new producer can be made: {error}"))?;
        *made_at = Instant::now();
        error!(reason, "the Kafka producer has failed and is replaced; clients send again what it has not delivered");
        self.context.metrics.producers_replaced.inc();
        let old = std::mem::replace(&mut *self.current.write().unwrap_or_else(PoisonError::into_inner), new);
        self.given_up.store(false, Ordering::Release);
        drop(made_at);
        // Purges what still waits in it.
        drop(old);
        Ok(())
    }
}

fn failure(reason: &str) -> String {
    format!("the producer has failed and is being replaced: {reason}")
}

#[cfg(test)]
mod tests {
    use super::without_count;

    #[test]
    fn the_same_failure_of_a_broker_is_recognised() {
        let text = "a:9092/1: Connect to ipv4#127.0.0.1:9092 failed: Connection refused";
        for count in
            ["", " (after 0ms in state CONNECT)", " (after 3ms in state CONNECT, 11 identical error(s) suppressed)"]
        {
            assert_eq!(without_count(&format!("{text}{count}")), text);
        }
    }
}
