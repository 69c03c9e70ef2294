//! Listens for notifications of stored events. Its connection also shows whether PostgreSQL is available: it asks it a
//! cheap question every second.

use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use footfall_daemon::Condition;
use footfall_store::{Trouble, error_text, keep_asking, within_patience};
use futures_util::{StreamExt, stream};
use tokio::sync::watch;
use tokio_postgres::{AsyncMessage, Client};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::DatabaseConfig;
use crate::live::Views;
use crate::metrics::Metrics;
use crate::zones::Zones;

/// The sink (or ingest, in the light profile) notifies this channel in each transaction that stores events.
const LISTEN: &str = "LISTEN footfall_events";
/// Fails if the schema is too old for this program.
const PROBE: &str = "SELECT FROM footfall.period('today')";
/// It reads all files of the zones, so it is asked only once in a connection.
const ZONES: &str = "SELECT name FROM pg_timezone_names";
const PULSE: &str = include_str!("../../../sql/reader/pulse.sql");
const RETRY_MS_MIN: u64 = 100;

/// What the listener keeps up to date.
pub(crate) struct Listener {
    pub(crate) views: Arc<Views>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) ready: Condition,
    pub(crate) trouble: watch::Sender<Option<Trouble>>,
    pub(crate) zones: Zones,
}

impl Listener {
    /// Listens until shutdown, and reconnects when necessary.
    pub(crate) async fn listen(
        self,
        parameters: tokio_postgres::Config,
        config: DatabaseConfig,
        shutdown: CancellationToken,
    ) {
        let retry_max = Duration::from_millis(config.retry_ms_max);
        let backoff = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(RETRY_MS_MIN))
            .with_max_delay(retry_max)
            .without_max_times();
        let mut pauses = backoff.build();
        let listening = async {
            loop {
                let mut was_up = false;
                let ended = self.listen_once(&parameters, &mut was_up).await;
                self.note(Some(ended));
                if was_up {
                    pauses = backoff.build();
                }
                tokio::time::sleep(pauses.next().unwrap_or(retry_max)).await;
            }
        };
        shutdown.run_until_cancelled(listening).await;
    }

    /// Listens until the connection cannot be used any more. Returns why.
    async fn listen_once(&self, parameters: &tokio_postgres::Config, was_up: &mut bool) -> Trouble {
        let (client, mut connection) = match within_patience(footfall_store::open(parameters)).await {
            Ok(opened) => opened,
            Err(trouble) => return trouble,
        };
        let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
        let asking = self.ask(&client, was_up);
        tokio::pin!(asking);
        loop {
            tokio::select! {
                trouble = &mut asking => return trouble,
                message = messages.next() => match message {
                    Some(Ok(AsyncMessage::Notification(_))) => {
                        self.metrics.notifications.inc();
                        self.views.changed();
                    }
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Trouble::Away(error_text(&error)),
                    None => return Trouble::Away("the server closed the connection".into()),
                },
            }
        }
    }

    async fn ask(&self, client: &Client, was_up: &mut bool) -> Trouble {
        let listening = async {
            client.batch_execute(LISTEN).await?;
            client.batch_execute(PROBE).await
        };
        if let Err(trouble) = within_patience(listening).await {
            return trouble;
        }
        match within_patience(client.query(ZONES, &[])).await {
            Ok(zones) => self.zones.learn(zones.iter().filter_map(|row| row.try_get(0).ok())),
            // One link among its files that leads nowhere is enough. Until the next connection, each question finds out whether
            // PostgreSQL knows its time zone.
            Err(trouble) => warn!(why = %trouble, "PostgreSQL does not list its time zones"),
        }
        *was_up = true;
        info!("listening to PostgreSQL");
        // Events may have been stored before LISTEN took effect.
        self.views.changed();
        keep_asking(client, PULSE, |answer| self.note(answer.err())).await
    }

    fn note(&self, trouble: Option<Trouble>) {
        match &trouble {
            None => self.ready.set(true),
            Some(trouble) => self.ready.set_because(false, trouble.to_string()),
        }
        let mut has_begun_or_ended = false;
        self.trouble.send_if_modified(|known| {
            has_begun_or_ended = known.is_some() != trouble.is_some();
            if has_begun_or_ended && let Some(trouble) = &trouble {
                warn!(why = %trouble, "not listening to PostgreSQL");
            }
            let is_new = *known != trouble;
            *known = trouble;
            is_new
        });
        if has_begun_or_ended {
            // Makes open pages say that their numbers are out of date, or bring them up to date.
            self.views.changed();
        }
    }
}
