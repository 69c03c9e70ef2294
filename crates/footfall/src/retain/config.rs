//! The configuration of `footfall retain`, with units and defaults.

use footfall_daemon::{CommandConfiguration, FieldError, LogConfig, Secret};
use footfall_store::{Pace, Table};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many days a tracker retries an event. If the ledger forgets its id earlier, the event is stored twice.
const TRACKER_KEEPS_DAYS: u16 = 7;
const DAYS_MAX: u16 = 36_500;

/// Configuration of `footfall retain`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What is logged, and how.
    pub log: LogConfig,
    /// The database.
    pub database: DatabaseConfig,
    /// How long each table is kept.
    pub keep_days: KeepDays,
    /// Whether old events are compressed.
    pub columnstore: ColumnstoreConfig,
    /// How much is removed at a time.
    pub batch: BatchConfig,
}

/// The database to remove old data from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// PostgreSQL connection string, with the owner of the tables: `host=/run/postgresql user=footfall_owner
    /// dbname=analytics`, or a postgresql:// URL.
    #[serde(serialize_with = "footfall_store::mask_password")]
    pub url: String,
    /// Password, if the server requires one.
    pub password: Secret,
    /// How long to wait for a running backup, in seconds.
    pub turn_s_max: u32,
}

/// Days to keep each table; 0 keeps it for ever. These are whole days in UTC: 1 keeps today and yesterday.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepDays {
    /// Days to keep events; 0 keeps them for ever. docs/backup-and-restore.md lists the questions that older days can
    /// still answer.
    pub analytics_events: u16,
    /// Days to keep visits, at least as long as events; 0 keeps them for ever.
    #[schemars(extend("x-former-name" = "analytics_visit_parts"))]
    pub analytics_visits: u16,
    /// Days to keep the sums of closed days, at least as long as visits; 0 keeps them for ever.
    pub analytics_rollup: u16,
    /// Days to keep the roll-up by minute, at least as long as events; 0 keeps it for ever.
    pub analytics_summary: u16,
    /// Days to keep the counts of outcomes; 0 keeps them for ever.
    pub analytics_outcomes: u16,
    /// Days to keep events that could not be stored; 0 keeps them for ever.
    pub analytics_quarantine: u16,
    /// Days to keep the ids of events to recognise duplicates, at least 8; 0 keeps them for ever. Set it to at least
    /// twice Kafka's retention: otherwise re-reading a topic from the beginning stores some events twice.
    pub analytics_ledger: u16,
    /// Days to keep the daemons' metrics; 0 keeps them for ever.
    pub pipeline_samples: u16,
}

/// The columnstore of TimescaleDB's community edition.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnstoreConfig {
    /// Days after which a day's events are compressed by column; 0 never compresses them. It needs TimescaleDB's community
    /// edition (`timescaledb.license = 'timescale'`); with the Apache edition a warning is logged, and nothing is
    /// compressed.
    pub after_days: u16,
}

/// How much is removed at a time.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchConfig {
    /// Maximum rows that one transaction removes; a minute with more rows is removed as a whole.
    pub rows_max: u32,
    /// Pages (8 KiB) of the ledger that one transaction searches.
    pub pages_max: u32,
    /// How long a transaction waits for a lock, in milliseconds; meanwhile the sink may have to wait too.
    pub lock_ms_max: u32,
    /// Attempts for a batch that cannot get its lock before it is left to the next run.
    pub attempts_max: u32,
    /// Milliseconds between two attempts.
    pub retry_ms: u64,
    /// Milliseconds between two batches, to leave the database to other clients.
    pub pause_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            log: LogConfig::default(),
            database: DatabaseConfig {
                url: "host=/run/postgresql user=footfall_owner dbname=analytics".into(),
                password: Secret::default(),
                turn_s_max: 4 * 3600,
            },
            keep_days: KeepDays {
                analytics_events: 0,
                analytics_visits: 0,
                analytics_rollup: 0,
                analytics_summary: 0,
                analytics_outcomes: 400,
                analytics_quarantine: 30,
                analytics_ledger: 30,
                pipeline_samples: 7,
            },
            columnstore: ColumnstoreConfig { after_days: 0 },
            batch: BatchConfig {
                rows_max: 10_000,
                pages_max: 500,
                // Less than PostgreSQL's deadlock_timeout of one second, so that a deadlock never aborts the sink.
                lock_ms_max: 500,
                attempts_max: 20,
                retry_ms: 3_000,
                pause_ms: 20,
            },
        }
    }
}

impl KeepDays {
    /// Days to keep a table; 0 keeps it for ever.
    #[must_use]
    pub fn of(&self, table: Table) -> u16 {
        match table {
            Table::Events => self.analytics_events,
            Table::Visits => self.analytics_visits,
            Table::Rollup => self.analytics_rollup,
            Table::Summary => self.analytics_summary,
            Table::Outcomes => self.analytics_outcomes,
            Table::Quarantine => self.analytics_quarantine,
            Table::Ledger => self.analytics_ledger,
            Table::Samples => self.pipeline_samples,
        }
    }

    /// Whether days without events are to stay in `analytics_summary`.
    pub(crate) fn summary_outlives_events(&self) -> bool {
        self.analytics_summary == 0 || self.analytics_summary > self.analytics_events
    }

    fn errors(&self) -> Vec<FieldError> {
        let field = |table: Table| format!("keep_days.{}", table.name());
        let mut errors: Vec<_> = Table::ALL
            .into_iter()
            .filter_map(|table| FieldError::unless_within(&field(table), self.of(table).into(), 0..=DAYS_MAX.into()))
            .collect();
        if (1..=TRACKER_KEEPS_DAYS).contains(&self.analytics_ledger) {
            let message = format!(
                "{} is not more than {TRACKER_KEEPS_DAYS}: a tracker retries an event for that many days, and it would \
                 be stored twice",
                self.analytics_ledger
            );
            errors.push(FieldError::new(field(Table::Ledger), message));
        }
        // Functions answer whole minutes from the summary and whole days from their sums. If these were removed before what they add
        // up, a total would miss what a filter still finds.
        for (roll_up, of) in
            [(Table::Visits, Table::Events), (Table::Summary, Table::Events), (Table::Rollup, Table::Visits)]
        {
            let (days, added_up) = (self.of(roll_up), self.of(of));
            if days != 0 && (added_up == 0 || days < added_up) {
                let kept = if added_up == 0 { "which are kept for ever".into() } else { format!("{added_up}") };
                let message = format!("{days} is less than keep_days.{}, {kept}: it adds them up", of.name());
                errors.push(FieldError::new(field(roll_up), message));
            }
        }
        errors
    }
}

impl DatabaseConfig {
    /// The connection's parameters, including the password.
    pub(crate) fn parameters(&self) -> Result<tokio_postgres::Config, FieldError> {
        footfall_store::parameters(&self.url, &self.password, "footfall-retention")
    }
}

impl BatchConfig {
    pub(crate) fn pace(&self) -> Pace {
        let Self { rows_max, pages_max, lock_ms_max, attempts_max, retry_ms, pause_ms } = *self;
        Pace { rows_max, pages_max, lock_ms_max, attempts_max, retry_ms, pause_ms }
    }
}

impl CommandConfiguration for Config {
    fn log(&self) -> &LogConfig {
        &self.log
    }

    fn validate(&self) -> Result<(), Vec<FieldError>> {
        let mut errors = self.keep_days.errors();
        for (field, value, range) in [
            ("columnstore.after_days", self.columnstore.after_days.into(), 0..=DAYS_MAX.into()),
            ("batch.rows_max", u64::from(self.batch.rows_max), 1..=1_000_000),
            ("batch.pages_max", self.batch.pages_max.into(), 1..=100_000),
            ("batch.lock_ms_max", self.batch.lock_ms_max.into(), 1..=60_000),
            ("batch.attempts_max", self.batch.attempts_max.into(), 1..=1_000),
            ("batch.retry_ms", self.batch.retry_ms, 0..=600_000),
            ("batch.pause_ms", self.batch.pause_ms, 0..=60_000),
            ("database.turn_s_max", self.database.turn_s_max.into(), 1..=86_400),
        ] {
            errors.extend(FieldError::unless_within(field, value, range));
        }
        errors.extend(self.database.parameters().err());
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use footfall_daemon::CommandConfiguration as _;

    use super::{Config, TRACKER_KEEPS_DAYS};

    #[test]
    fn the_tracker_keeps_events_for_as_long_as_is_reckoned_with() {
        let tracker = include_str!("../../../../web/tracker/src/queue.js");
        assert!(tracker.contains(&format!("const AGE_MS_MAX = {TRACKER_KEEPS_DAYS} * 864e5;")));
    }

    fn refused(set: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = Config::default();
        set(&mut config);
        let errors = config.validate().err().unwrap_or_default();
        errors.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn the_ledger_outlives_the_retries_of_a_tracker() {
        assert!(refused(|_| ()).is_empty());
        for days in [1, 7] {
            assert_eq!(refused(|config| config.keep_days.analytics_ledger = days), ["keep_days.analytics_ledger"]);
        }
        for days in [0, 8] {
            assert!(refused(|config| config.keep_days.analytics_ledger = days).is_empty(), "{days}");
        }
    }

    #[test]
    fn a_roll_up_is_not_removed_before_its_events() {
        assert_eq!(refused(|config| config.keep_days.analytics_summary = 400), ["keep_days.analytics_summary"]);
        let both = ["keep_days.analytics_visits", "keep_days.analytics_summary"];
        let set = |events, roll_ups| {
            refused(|config| {
                config.keep_days.analytics_events = events;
                config.keep_days.analytics_visits = roll_ups;
                config.keep_days.analytics_summary = roll_ups;
            })
        };
        assert_eq!(set(31, 30), both);
        assert!(set(30, 30).is_empty() && set(30, 0).is_empty() && set(30, 31).is_empty());
        let set = |visits, sums| {
            refused(|config| {
                config.keep_days.analytics_events = 1;
                (config.keep_days.analytics_visits, config.keep_days.analytics_rollup) = (visits, sums);
            })
        };
        assert_eq!(set(31, 30), ["keep_days.analytics_rollup"]);
        assert_eq!(set(0, 30), ["keep_days.analytics_rollup"]);
        assert!(set(30, 30).is_empty() && set(30, 0).is_empty() && set(0, 0).is_empty());
    }
}
