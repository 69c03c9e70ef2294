use std::fmt;

/// Why events were not taken now, though they may be when they are sent again. A bounded set: each name is a metric
/// label and is in the answer to the client, so a name never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Deferral {
    /// The bodies of other requests fill the memory that there is for them.
    BodiesFull,
    /// The body came too slowly, or broke off.
    BodyIncomplete,
    /// As many events wait to become durable as may wait.
    QueueFull,
    /// No broker of Kafka answers.
    BrokerAway,
    /// Kafka did not acknowledge in time that every in-sync replica has the events.
    NotAcknowledged,
    /// In the light profile: PostgreSQL does not answer.
    DatabaseAway,
    /// In the light profile: PostgreSQL did not commit in time.
    NotCommitted,
    /// The web server in front does not reach footfall-ingest.
    Unavailable,
}

impl Deferral {
    /// Every deferral there is.
    pub const ALL: &[Self] = &[
        Self::BodiesFull,
        Self::BodyIncomplete,
        Self::QueueFull,
        Self::BrokerAway,
        Self::NotAcknowledged,
        Self::DatabaseAway,
        Self::NotCommitted,
        Self::Unavailable,
    ];

    /// The stable name, in snake_case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BodiesFull => "bodies_full",
            Self::BodyIncomplete => "body_incomplete",
            Self::QueueFull => "queue_full",
            Self::BrokerAway => "broker_away",
            Self::NotAcknowledged => "not_acknowledged",
            Self::DatabaseAway => "database_away",
            Self::NotCommitted => "not_committed",
            Self::Unavailable => "unavailable",
        }
    }

    /// The status of the answer. With 503 comes Retry-After.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::BodyIncomplete => 408,
            Self::BodiesFull
            | Self::QueueFull
            | Self::BrokerAway
            | Self::NotAcknowledged
            | Self::DatabaseAway
            | Self::NotCommitted
            | Self::Unavailable => 503,
        }
    }

    /// What the client is told: what happened, and what to do.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::BodiesFull => "There is no memory left for this body. Keep the event and send it again.",
            Self::BodyIncomplete => "The body did not arrive whole in time.",
            Self::QueueFull => "Too many events wait to be made durable. Keep the event and send it again.",
            Self::BrokerAway | Self::DatabaseAway => {
                "The event cannot be made durable at the moment. Keep it and send it again."
            }
            Self::NotAcknowledged | Self::NotCommitted => {
                "The event was not made durable in time. Keep it and send it again with the same event_id."
            }
            Self::Unavailable => "The collector cannot be reached. Keep the event and send it again.",
        }
    }

    /// What leads to it, for the operator.
    #[must_use]
    pub const fn cause(self) -> &'static str {
        match self {
            Self::BodiesFull => {
                "The bodies that are being read or handed over fill `http.bodies_kib_max` of footfall-ingest (in the \
                 light profile also `site.bodies_kib_max` of footfall-view). Many large batches came at once, or bodies \
                 wait because Kafka or PostgreSQL is slow."
            }
            Self::BodyIncomplete => {
                "The body took longer than `http.body_ms_max`, or the client closed the connection before its end: a \
                 slow network, a visitor who left the page, or a client that announces more bytes than it sends."
            }
            Self::QueueFull => {
                "Events come faster than they become durable, and those that wait fill `kafka.queue_kib_max` (in the \
                 light profile `database.queue_kib_max`). Mostly Kafka or PostgreSQL is slow or stuck: a full or slow \
                 disk, a lock, replicas out of sync."
            }
            Self::BrokerAway => {
                "No broker of `kafka.bootstrap_servers` answers, the topic is missing, or one of its partitions has no \
                 leader. /ready of footfall-ingest says which."
            }
            Self::NotAcknowledged => {
                "Kafka took the events and did not acknowledge them within `kafka.acknowledge_ms_max`, or refused them: \
                 its disk is slow or full, fewer replicas are in sync than `min.insync.replicas`, or the broker went \
                 away meanwhile. The events may have been stored all the same; the ledger removes what comes twice \
                 under one `event_id`."
            }
            Self::DatabaseAway => {
                "PostgreSQL of `database.url` does not answer, refuses the login, or lacks the tables. /ready of \
                 footfall-ingest says which."
            }
            Self::NotCommitted => {
                "PostgreSQL did not commit within `database.commit_ms_max`: its disk is slow or full, or a lock on \
                 `analytics_events` is held for long, such as by a migration or by hand."
            }
            Self::Unavailable => {
                "nginx, or footfall-view in the light profile, got no answer from footfall-ingest: it is not running, is \
                 overloaded, or is configured at another address."
            }
        }
    }

    /// What the operator can do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::BodiesFull => {
                "Look at `footfall_ingest_queue_bytes` first: while it is high, treat it as `queue_full`. Otherwise \
                 raise `http.bodies_kib_max`, or have clients send smaller batches."
            }
            Self::BodyIncomplete => {
                "Nothing, as long as it is rare: the tracker sends again. If it is not, look for one client that is slow \
                 or broken, or raise `http.body_ms_max`."
            }
            Self::QueueFull => {
                "Mend what is slow: look at the logs of Kafka or PostgreSQL and at their disks. Raise the queue only \
                 where short peaks fill it, since all of it is memory of footfall-ingest."
            }
            Self::BrokerAway => {
                "Start Kafka, or correct `kafka.bootstrap_servers`; `footfall topics` makes missing topics. Ingest goes \
                 on by itself as soon as a broker answers."
            }
            Self::NotAcknowledged => {
                "Look at the broker's log and disk and at its under-replicated partitions. Raise \
                 `kafka.acknowledge_ms_max` only where a slow acknowledgement is normal."
            }
            Self::DatabaseAway => {
                "Start PostgreSQL, correct `database.url`, or run `footfall migrate`. Ingest goes on by itself as soon \
                 as the database answers."
            }
            Self::NotCommitted => {
                "Look at `pg_stat_activity` for the lock, and at the disk. Raise `database.commit_ms_max` only where a \
                 slow commit is normal."
            }
            Self::Unavailable => {
                "Start footfall-ingest, or look why it does not answer: `footfall check` says how far an event gets. \
                 Compare its `listen` with the upstream of nginx, or with `site.ingest` of footfall-view."
            }
        }
    }
}

impl fmt::Display for Deferral {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;

    #[test]
    fn each_deferral_has_a_name_of_its_own_that_no_reason_has() {
        for deferral in Deferral::ALL {
            let name = deferral.to_string();
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert_eq!(Deferral::ALL.iter().filter(|it| it.as_str() == name).count(), 1, "{name}");
            assert!(name.parse::<Reason>().is_err(), "{name}");
        }
    }

    #[test]
    fn no_deferral_is_missing_from_all() {
        for (number, deferral) in Deferral::ALL.iter().enumerate() {
            assert_eq!(*deferral as usize, number);
        }
        assert_eq!(Deferral::ALL.len(), Deferral::Unavailable as usize + 1);
    }
}
