//! Whether PostgreSQL answers: a cheap question every second, on a connection that has nothing else to do. A batch or a
//! question that takes long is therefore not mistaken for a server that hangs.

use std::pin::pin;
use std::time::{Duration, Instant};

use footfall_daemon::Condition;
use thiserror::Error;
use tokio::time::{sleep, timeout};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};
use tokio_util::sync::CancellationToken;

use crate::connect::connect;
use crate::error_text;
use crate::statements::PULSE;

const EVERY_MS: u64 = 1_000;
/// With the second between two questions, a server that hangs is reported within five.
const ANSWER_MS_MAX: u64 = 4_000;
/// A session that has not answered for this long is given up: it may be the only one that hangs.
const SESSION_S_MAX: u64 = 90;
const RECONNECT_MS: u64 = 500;

/// Why PostgreSQL cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Trouble {
    /// It accepts a connection or a question, and does not answer.
    #[error("PostgreSQL has not answered for {0} s")]
    Silent(u64),
    /// It answers, but another session holds a lock that every question, or every batch, waits for.
    #[error("a table of the events is locked by another session: {0}")]
    Locked(String),
    /// It cannot be reached, or refuses the question.
    #[error("{0}")]
    Away(String),
}

/// Asks `question` every second and reports each answer, until the session cannot be used any more. Returns why.
pub async fn keep_asking(client: &Client, question: &str, mut report: impl FnMut(Result<(), Trouble>)) -> Trouble {
    loop {
        match ask(client, question, &mut report).await {
            Ok(()) => report(Ok(())),
            Err(Trouble::Locked(text)) => {
                report(Err(Trouble::Locked(text)));
                if let Err(trouble) = ask(client, "ROLLBACK", &mut report).await {
                    return trouble;
                }
            }
            Err(trouble) => return trouble,
        }
        sleep(Duration::from_millis(EVERY_MS)).await;
    }
}

/// Reports silence while it lasts.
async fn ask(client: &Client, question: &str, report: &mut impl FnMut(Result<(), Trouble>)) -> Result<(), Trouble> {
    let began = Instant::now();
    let mut answer = pin!(client.batch_execute(question));
    let mut patience = Duration::from_millis(ANSWER_MS_MAX);
    loop {
        if let Ok(answer) = timeout(patience, &mut answer).await {
            return answer.map_err(|error| trouble(&error));
        }
        // The question before it was answered up to a second earlier.
        let silent = Trouble::Silent(began.elapsed().as_secs() + 1);
        if began.elapsed() > Duration::from_secs(SESSION_S_MAX) {
            return Err(silent);
        }
        report(Err(silent));
        patience = Duration::from_secs(5);
    }
}

fn trouble(error: &tokio_postgres::Error) -> Trouble {
    if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) {
        let message = error.as_db_error().map(|db| db.message().to_owned()).unwrap_or_default();
        return Trouble::Locked(message);
    }
    Trouble::Away(error_text(error))
}

/// Connects within the time after which a server counts as hanging.
///
/// # Errors
/// Says why there is no connection.
pub async fn within_patience<T>(
    connecting: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Trouble> {
    match timeout(Duration::from_millis(ANSWER_MS_MAX), connecting).await {
        Ok(connected) => connected.map_err(|error| trouble(&error)),
        Err(_) => Err(Trouble::Silent(ANSWER_MS_MAX / 1_000)),
    }
}

/// Keeps `ready` up to date for a program that stores, over a connection of its own.
pub async fn watch_writer(parameters: Config, ready: Condition, shutdown: CancellationToken) {
    let watching = async {
        loop {
            let trouble = match within_patience(connect(&parameters)).await {
                Ok(client) => {
                    keep_asking(&client, PULSE, |answer| match answer {
                        Ok(()) => ready.set(true),
                        Err(trouble) => ready.set_because(false, trouble.to_string()),
                    })
                    .await
                }
                Err(trouble) => trouble,
            };
            ready.set_because(false, trouble.to_string());
            sleep(Duration::from_millis(RECONNECT_MS)).await;
        }
    };
    shutdown.run_until_cancelled(watching).await;
}
