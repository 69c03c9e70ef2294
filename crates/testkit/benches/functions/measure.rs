//! Times of questions, and their limits.

use std::fmt;
use std::time::{Duration, Instant};

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// `timestamptz '...', timestamptz '...'`.
#[derive(Debug, Clone)]
pub(crate) struct Range(pub(crate) String);

impl Range {
    pub(crate) fn new(since: jiff::Timestamp, until: jiff::Timestamp) -> Self {
        Self(format!("timestamptz '{since}', timestamptz '{until}'"))
    }

    /// The question with this range in the place of `RANGE`, or of `SINCE` and `UNTIL`.
    pub(crate) fn put_into(&self, question: &str) -> String {
        let (since, until) = self.0.split_once(", ").unwrap();
        question.replace("RANGE", &self.0).replace("SINCE", since).replace("UNTIL", until)
    }
}

/// The times of several runs.
#[derive(Debug, Clone)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(crate) fn median_ms(&self) -> f64 {
        self.quantile_ms(0.5)
    }

    pub(crate) fn quantile_ms(&self, part: f64) -> f64 {
        self.0[((self.0.len() - 1) as f64 * part).round() as usize].as_secs_f64() * 1e3
    }
}

/// The median, and the fastest and the slowest run.
impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} to {})", ms(self.median_ms()), ms(self.quantile_ms(0.0)), ms(self.quantile_ms(1.0)))
    }
}

/// A time in milliseconds with two or three digits.
pub(crate) fn ms(time: f64) -> String {
    if time < 10.0 { format!("{time:.1}") } else { format!("{time:.0}") }
}

/// How long a `SELECT` takes once the caches are warm, or until PostgreSQL gives it up.
pub(crate) async fn ask(client: &Client, question: &str, runs: usize) -> Times {
    let question = format!("SELECT {question}");
    let mut times = Vec::new();
    for _ in 0..=runs {
        let began = Instant::now();
        let answered = client.query(&question, &[]).await;
        times.push(began.elapsed());
        if let Err(error) = answered {
            assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED), "{question}: {error:?}");
            return Times::new(vec![began.elapsed()]);
        }
        // A slow one is not asked as often: what matters is that it is slow.
        if times.len() > 1 && times.iter().sum::<Duration>() > Duration::from_secs(10) {
            break;
        }
    }
    times.remove(0);
    Times::new(times)
}

/// The only number that a query returns.
pub(crate) async fn count(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.unwrap_or_else(|error| panic!("{query}: {error:?}")).get(0)
}

/// Executes statements.
pub(crate) async fn execute(client: &Client, statements: &str) {
    client.batch_execute(statements).await.unwrap_or_else(|error| panic!("{statements}: {error:?}"));
}
