//! `footfall load`: sends events at a steady rate, and reports which were acknowledged.
//!
//! The loop is open: only the clock decides when an event is due, and its latency counts from then. A slow server
//! therefore shows in the latency of every event that it delays, not just in one.

mod error;
mod event;
mod report;
mod retry;
mod schedule;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fs_err::File;
use hyper::Uri;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use crate::WriteKey;
use crate::http::{Answer, Failure, Http};

use event::{Event, Template};
use schedule::{Due, Schedule};

pub use error::LoadError;
pub use report::LoadReport;

/// What to send, and how.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// The URL to post events to, such as `http://127.0.0.1:3001/analytics`.
    pub url: String,
    /// Events per second.
    pub rate_per_s: f64,
    /// The number of events.
    pub events: u64,
    /// The number of sessions. Events of one session stay in order on one partition.
    pub sessions: u32,
    /// Retry an event, with the same id, after 503, a failed connection or a timeout, as a good client does.
    pub retry: bool,
    /// With `retry`: how long after it was due an event is abandoned.
    pub give_up_ms_max: u64,
    /// Concurrent requests. Further ones wait, and the wait counts as latency.
    pub in_flight_max: usize,
    /// How long one request may take.
    pub timeout_ms_max: u64,
    /// The prefix of each event's page_url, so that the rows of one run can be recognised.
    pub page_url_prefix: String,
    /// A file to which the id of each event is appended as soon as it is acknowledged, one per line.
    pub acknowledged: Option<PathBuf>,
    /// The secret key of a site, if only who has one may write.
    pub key: Option<WriteKey>,
}

impl LoadOptions {
    /// This many events at this rate, each sent once.
    #[must_use]
    pub fn new(url: &str, rate_per_s: f64, events: u64) -> Self {
        Self {
            url: url.to_owned(),
            rate_per_s,
            events,
            sessions: 100,
            retry: false,
            give_up_ms_max: 120_000,
            in_flight_max: 1_000,
            timeout_ms_max: 30_000,
            page_url_prefix: "http://footfall.invalid/load/".to_owned(),
            acknowledged: None,
            key: None,
        }
    }
}

/// Sends all events and waits for the last answer.
///
/// # Errors
/// See [`LoadError`].
pub async fn run(options: &LoadOptions) -> Result<LoadReport, LoadError> {
    let schedule = Schedule::new(options.rate_per_s, options.events)?;
    let sender = Arc::new(Sender {
        uri: uri(&options.url)?,
        http: Http::new(Duration::from_millis(options.timeout_ms_max)).with_key(options.key.as_ref()),
        template: Template::new(&options.page_url_prefix, options.sessions),
        in_flight: Arc::new(Semaphore::new(options.in_flight_max.clamp(1, Semaphore::MAX_PERMITS))),
        give_up: options.retry.then(|| Duration::from_millis(options.give_up_ms_max)),
        account: Mutex::new(Account::open(options.acknowledged.as_deref())?),
    });
    let started = Instant::now();
    let mut due = schedule.keep(started).map_err(LoadError::Thread)?;
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            Some(ended) = tasks.join_next() => match ended {
                Ok(delivered) => delivered?,
                Err(error) => {
                    if let Ok(panic) = error.try_into_panic() {
                        std::panic::resume_unwind(panic);
                    }
                }
            },
            Some(event) = due.recv() => {
                let sender = sender.clone();
                let permit = sender.in_flight.clone().acquire_owned().await;
                tasks.spawn(async move { sender.deliver(event, permit).await });
            }
            else => break,
        }
    }
    let mut report = std::mem::take(&mut sender.account().report);
    report.elapsed = started.elapsed();
    Ok(report)
}

fn uri(url: &str) -> Result<Uri, LoadError> {
    let error = |why: String| LoadError::Option { option: "url", why };
    let uri: Uri = url.parse().map_err(|cause| error(format!("{url} is none: {cause}")))?;
    // Nothing may be sent to an https URL in plain text.
    if uri.scheme_str() == Some("http") { Ok(uri) } else { Err(error(format!("{url} does not begin with http://"))) }
}

struct Sender {
    uri: Uri,
    http: Http,
    template: Template,
    in_flight: Arc<Semaphore>,
    give_up: Option<Duration>,
    account: Mutex<Account>,
}

impl Sender {
    /// Sends one event, with retries if enabled. `permit` is for the first request.
    async fn deliver(&self, due: Due, permit: Result<OwnedSemaphorePermit, AcquireError>) -> Result<(), LoadError> {
        let event = self.template.event(due.number);
        self.account().report.sent += 1;
        let mut permit = Some(permit);
        for attempt in 0.. {
            let answer = self.http.post_json(&self.uri, event.body()).await;
            drop(permit.take());
            self.account().note(&answer, &event, due.at)?;
            let Some(wait) = self.give_up.and_then(|_| retry::wait(&answer, attempt, rand::random())) else { break };
            if self.give_up.is_some_and(|give_up| due.at.elapsed() + wait > give_up) {
                break;
            }
            tokio::time::sleep(wait).await;
            permit = Some(self.in_flight.clone().acquire_owned().await);
        }
        Ok(())
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The report so far, and the file of acknowledged ids.
struct Account {
    report: LoadReport,
    file: Option<File>,
}

impl Account {
    fn open(path: Option<&Path>) -> Result<Self, LoadError> {
        let file = path.map(|path| File::options().append(true).create(true).open(path)).transpose()?;
        Ok(Self { report: LoadReport::default(), file })
    }

    fn note(&mut self, answer: &Result<Answer, Failure>, event: &Event, due: Instant) -> Result<(), LoadError> {
        let acknowledged = answer.as_ref().is_ok_and(|answer| answer.status.is_success());
        if acknowledged && let Some(file) = &mut self.file {
            // Unbuffered, so that the line is in the file even if this process is killed now.
            file.write_all(format!("{}\n", event.id).as_bytes())?;
        }
        let status = match answer {
            Ok(answer) => answer.status.as_str(),
            Err(failure) => failure.as_str(),
        };
        self.report.note(status, acknowledged.then(|| (event.id, due.elapsed())));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
