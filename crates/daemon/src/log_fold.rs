//! Folds a burst of equal warnings or errors: the first few are written, and one line counts the others.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};

const WINDOW_S: u64 = 10;
/// The windows of a failure that goes on double up to this.
const WINDOW_S_MAX: u64 = 600;
/// Lines written before the others of the window are counted.
const WRITTEN_MAX: u64 = 3;
/// Different lines that are remembered; further ones are always written.
const REMEMBERED_MAX: usize = 1_000;
/// Fields that tell lines of one place in the program apart. In a burst, others such as a question's name differ although
/// the news is the same.
const TELLING_FIELDS: [&str; 6] = ["message", "error", "reason", "why", "status", "cause"];

/// Lines that are equal: from the same place, with the same telling fields.
type Key = (Identifier, String);

struct Burst {
    began: Instant,
    window_s: u64,
    lines: u64,
    metadata: &'static Metadata<'static>,
}

/// The bursts of one process. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct LogFold(Arc<Mutex<HashMap<Key, Burst>>>);

/// How many lines were not written.
#[derive(Debug, PartialEq, Eq)]
struct Folded {
    text: String,
    level: Level,
    lines: u64,
    window_s: u64,
}

impl LogFold {
    /// Reports what was folded, until the process exits.
    pub(crate) fn keep_reporting(self) -> std::io::Result<()> {
        std::thread::Builder::new().name("log fold".into()).spawn(move || {
            loop {
                std::thread::sleep(Duration::from_secs(1));
                self.take_ended(Instant::now()).into_iter().for_each(report);
            }
        })?;
        Ok(())
    }

    /// Whether a line is to be written.
    fn is_written(&self, key: Key, metadata: &'static Metadata<'static>, now: Instant) -> bool {
        let mut bursts = self.lock();
        let is_full = bursts.len() >= REMEMBERED_MAX;
        match bursts.entry(key) {
            Entry::Occupied(mut known) => {
                let burst = known.get_mut();
                burst.lines += 1;
                burst.lines <= WRITTEN_MAX
            }
            Entry::Vacant(new) => {
                if !is_full {
                    new.insert(Burst { began: now, window_s: WINDOW_S, lines: 1, metadata });
                }
                true
            }
        }
    }

    fn take_ended(&self, now: Instant) -> Vec<Folded> {
        let mut folded = Vec::new();
        self.lock().retain(|(_, text), burst| {
            if now.saturating_duration_since(burst.began) < Duration::from_secs(burst.window_s) {
                return true;
            }
            let lines = burst.lines.saturating_sub(WRITTEN_MAX);
            if lines == 0 {
                return false;
            }
            let level = *burst.metadata.level();
            folded.push(Folded { text: text.clone(), level, lines, window_s: burst.window_s });
            // As long as it goes on, only the counts are written.
            *burst = Burst {
                began: now,
                window_s: (burst.window_s * 2).min(WINDOW_S_MAX),
                lines: WRITTEN_MAX,
                metadata: burst.metadata,
            };
            true
        });
        folded
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Burst>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn report(Folded { text, level, lines, window_s }: Folded) {
    let message = format!("{text}: {lines} more in {window_s} s");
    match level {
        Level::ERROR => tracing::error!(target: module_path!(), "{message}"),
        _ => tracing::warn!(target: module_path!(), "{message}"),
    }
}

impl<S: Subscriber> Filter<S> for LogFold {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let metadata = event.metadata();
        // What is not a failure is news each time, such as what a command did with each table.
        if metadata.target() == module_path!() || *metadata.level() > Level::WARN {
            return true;
        }
        let mut text = Telling(String::new());
        event.record(&mut text);
        self.is_written((metadata.callsite(), text.0), metadata, Instant::now())
    }
}

/// Collects the telling fields as one text.
struct Telling(String);

impl Visit for Telling {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if !TELLING_FIELDS.contains(&field.name()) {
            return;
        }
        // Writing to a String cannot fail.
        let _ = match (self.0.is_empty(), field.name()) {
            (true, "message") => write!(self.0, "{value:?}"),
            (true, name) => write!(self.0, "{name}={value:?}"),
            (false, "message") => write!(self.0, " {value:?}"),
            (false, name) => write!(self.0, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tracing_subscriber::Layer as _;
    use tracing_subscriber::fmt;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        fn count(&self, text: &str) -> usize {
            let written = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            written.lines().filter(|line| line.contains(text)).count()
        }
    }

    #[test]
    fn a_burst_of_equal_lines_is_a_few_lines_and_a_count() {
        let (fold, written) = (LogFold::default(), Written::default());
        let writer = written.clone();
        let layer = fmt::layer().with_ansi(false).with_writer(move || writer.clone()).with_filter(fold.clone());
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(layer));
        let refused = |question: u32| tracing::warn!(question, error = "refused", "no answer");
        (0..70).for_each(refused);
        tracing::warn!(question = 1, error = "too slow", "no answer");
        assert_eq!(written.count("refused"), 3);
        assert_eq!(written.count("too slow"), 1, "another error is other news");
        (0..70).for_each(|table: u32| tracing::info!(table, "removed"));
        assert_eq!(written.count("removed"), 70);
        assert!(fold.take_ended(Instant::now()).is_empty(), "the window is not over");

        let mut now = Instant::now() + Duration::from_secs(WINDOW_S);
        let ended = fold.take_ended(now);
        let folded = |lines, window_s| Folded {
            text: "no answer error=\"refused\"".into(),
            level: Level::WARN,
            lines,
            window_s,
        };
        assert_eq!(ended, [folded(67, 10)]);
        ended.into_iter().for_each(report);
        assert_eq!(written.count("67 more in 10 s"), 1);

        refused(99);
        now += Duration::from_secs(WINDOW_S);
        assert!(fold.take_ended(now).is_empty(), "the second window is longer");
        now += Duration::from_secs(WINDOW_S);
        assert_eq!(fold.take_ended(now), [folded(1, 20)]);
        assert!(fold.take_ended(now + Duration::from_secs(4 * WINDOW_S)).is_empty());
        assert_eq!(written.count("question=99"), 0);
        refused(99);
        assert_eq!(written.count("question=99"), 1, "after a quiet window it is news again");
    }
}
