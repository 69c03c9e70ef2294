//! Listens for notifications of stored events. Its connection also shows whether PostgreSQL is available.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use footfall_daemon::Condition;
use futures_util::{StreamExt, stream};
use tokio_postgres::AsyncMessage;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::DatabaseConfig;
use crate::live::Views;
use crate::metrics::Metrics;

/// The sink (or ingest, in the light profile) notifies this channel in each transaction that stores events.
const LISTEN: &str = "LISTEN footfall_events";
/// Fails if the schema is too old for this program.
const PROBE: &str = "SELECT FROM footfall.period('today')";
const RETRY_MS_MIN: u64 = 100;

/// Listens until shutdown, and reconnects when necessary.
pub(crate) async fn listen(
    parameters: tokio_postgres::Config,
    config: DatabaseConfig,
    views: Arc<Views>,
    metrics: Arc<Metrics>,
    ready: Condition,
    shutdown: CancellationToken,
) {
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(RETRY_MS_MIN))
        .with_max_delay(Duration::from_millis(config.retry_ms_max))
        .without_max_times();
    let mut parameters = parameters;
    parameters.connect_timeout(Duration::from_millis(config.query_ms_max));
    let mut pauses = backoff.build();
    loop {
        let mut was_up = false;
        let ended = tokio::select! {
            () = shutdown.cancelled() => return,
            ended = listen_once(&parameters, &views, &metrics, &ready, &mut was_up) => ended,
        };
        let why = ended
            .err()
            .map_or_else(|| "the server closed the connection".to_owned(), |error| footfall_store::error_text(&error));
        warn!(why, "not listening to PostgreSQL");
        ready.set_because(false, why);
        // Makes open pages say that their numbers are out of date.
        views.changed();
        if was_up {
            pauses = backoff.build();
        }
        let pause = pauses.next().unwrap_or(Duration::from_millis(config.retry_ms_max));
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Listens until the connection closes.
async fn listen_once(
    parameters: &tokio_postgres::Config,
    views: &Views,
    metrics: &Metrics,
    ready: &Condition,
    was_up: &mut bool,
) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = footfall_store::open(parameters).await?;
    let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
    let asked = async {
        client.batch_execute(LISTEN).await?;
        client.batch_execute(PROBE).await
    };
    tokio::pin!(asked);
    let mut is_asking = true;
    loop {
        tokio::select! {
            answer = &mut asked, if is_asking => {
                answer?;
                (is_asking, *was_up) = (false, true);
                info!("listening to PostgreSQL");
                ready.set(true);
                // Events may have been stored before LISTEN took effect.
                views.changed();
            }
            message = messages.next() => match message {
                Some(Ok(AsyncMessage::Notification(_))) => {
                    metrics.notifications.inc();
                    views.changed();
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            },
        }
    }
}
