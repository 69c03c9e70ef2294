use std::fmt;

/// Why events cannot be accepted now, but may be if they are sent again. A fixed set: each name is a metric label and
/// part of the answer to the client, so its meaning never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Deferral {
    /// The bodies of other requests fill the memory for bodies.
    BodiesFull,
    /// The body arrived too slowly, or was cut off.
    BodyIncomplete,
    /// The queue of events that are not yet durable is full.
    QueueFull,
    /// No Kafka broker answers.
    BrokerAway,
    /// The Kafka producer has failed for good; a new one takes its place.
    ProducerFailed,
    /// Kafka did not acknowledge in time that every in-sync replica has the events.
    NotAcknowledged,
    /// Light profile only: PostgreSQL does not answer.
    DatabaseAway,
    /// Light profile only: PostgreSQL did not commit in time.
    NotCommitted,
    /// The web server in front cannot reach footfall-ingest.
    Unavailable,
    /// The client has too many requests open at once, says the web server in front.
    TooManyAtOnce,
    /// The client has sent too many events in a short time.
    RateLimited,
    /// The site has had as many events today as it may have.
    QuotaReached,
    /// The disk that the events would go to is nearly full.
    DiskFull,
}

impl Deferral {
    /// Every deferral.
    pub const ALL: &[Self] = &[
        Self::BodiesFull,
        Self::BodyIncomplete,
        Self::QueueFull,
        Self::BrokerAway,
        Self::ProducerFailed,
        Self::NotAcknowledged,
        Self::DatabaseAway,
        Self::NotCommitted,
        Self::Unavailable,
        Self::TooManyAtOnce,
        Self::RateLimited,
        Self::QuotaReached,
        Self::DiskFull,
    ];

    /// The stable name, in snake_case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BodiesFull => "bodies_full",
            Self::BodyIncomplete => "body_incomplete",
            Self::QueueFull => "queue_full",
            Self::BrokerAway => "broker_away",
            Self::ProducerFailed => "producer_failed",
            Self::NotAcknowledged => "not_acknowledged",
            Self::DatabaseAway => "database_away",
            Self::NotCommitted => "not_committed",
            Self::Unavailable => "unavailable",
            Self::TooManyAtOnce => "too_many_at_once",
            Self::RateLimited => "rate_limited",
            Self::QuotaReached => "quota_reached",
            Self::DiskFull => "disk_full",
        }
    }

    /// The status of the answer. A 429, a 503 and a 507 have a Retry-After header.
    #[must_use]
    pub const fn http_status(self) -> u16 {
        match self {
            Self::BodyIncomplete => 408,
            Self::TooManyAtOnce | Self::RateLimited | Self::QuotaReached => 429,
            Self::DiskFull => 507,
            Self::BodiesFull
            | Self::QueueFull
            | Self::BrokerAway
            | Self::ProducerFailed
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
            Self::BrokerAway | Self::ProducerFailed | Self::DatabaseAway => {
                "The event cannot be made durable at the moment. Keep it and send it again."
            }
            Self::NotAcknowledged | Self::NotCommitted => {
                "The event was not made durable in time. Keep it and send it again with the same event_id."
            }
            Self::Unavailable => "The collector cannot be reached. Keep the event and send it again.",
            Self::TooManyAtOnce => "This address has 200 requests open at once. Keep the event and send it again.",
            Self::RateLimited => {
                "This address has sent too many events. Keep the event and send it again after Retry-After."
            }
            Self::QuotaReached => {
                "The site has had as many events as it may have in a day. Keep the event and send it again after Retry-After."
            }
            Self::DiskFull => "There is no room left for events. Keep the event and send it again later.",
        }
    }

    /// What causes it, for the operator.
    #[must_use]
    pub const fn cause(self) -> &'static str {
        match self {
            Self::BodiesFull => {
                "Bodies that are being read or passed on fill `http.bodies_kib_max` of footfall-ingest (in the light \
                 profile also `site.bodies_kib_max` of footfall-view). Many large batches arrived at once, or bodies \
                 are waiting because Kafka or PostgreSQL is slow."
            }
            Self::BodyIncomplete => {
                "The body took longer than `http.body_ms_max`, or the client closed the connection before the body was \
                 complete: a slow network, a visitor who left the page, or a client that announces more bytes than it \
                 sends."
            }
            Self::QueueFull => {
                "Events arrive faster than they become durable, and those waiting fill `kafka.queue_kib_max` (in the \
                 light profile `database.queue_kib_max`). Usually Kafka or PostgreSQL is slow or stuck: a full or slow \
                 disk, a lock, or replicas out of sync."
            }
            Self::BrokerAway => {
                "No broker in `kafka.bootstrap_servers` answers, the topic is missing, or one of its partitions has no \
                 leader. /ready of footfall-ingest says which."
            }
            Self::ProducerFailed => {
                "The producer of footfall-ingest has failed for good: Kafka came back with an older copy of its data, \
                 or no longer lets this producer write; or it delivered nothing although the broker answered. Ingest \
                 makes a new one within a second; /ready says why the old one failed."
            }
            Self::NotAcknowledged => {
                "Kafka received the events but did not acknowledge them within `kafka.acknowledge_ms_max`, or refused \
                 them: its disk is slow or full, fewer replicas are in sync than `min.insync.replicas`, or the broker \
                 went down in the meantime. The events may have been stored all the same; the ledger removes \
                 duplicates with the same `event_id`."
            }
            Self::DatabaseAway => {
                "PostgreSQL at `database.url` does not answer, refuses the login, or lacks the tables. /ready of \
                 footfall-ingest says which."
            }
            Self::NotCommitted => {
                "PostgreSQL did not commit within `database.commit_ms_max`: its disk is slow or full, or a migration \
                 or a manual transaction holds a lock on `analytics_events` for too long."
            }
            Self::Unavailable => {
                "nginx, or footfall-view in the light profile, got no answer from footfall-ingest: it is not running, \
                 is overloaded, or listens on a different address."
            }
            Self::TooManyAtOnce => {
                "200 requests from one address (of IPv6, from one /64) are open at nginx: a client tries to take all its \
                 connections, or many people share an address, or another proxy stands in front and nginx does not know \
                 (`set_real_ip_from`), so that all clients look like one."
            }
            Self::RateLimited => {
                "The header RateLimit says whose limit it is. `address`: one address (of IPv6, one /64) has sent more than \
                 `rates.burst` events at once, or more than `rates.events_per_s` for longer: a program that sends a backlog, \
                 an attack, or many people behind one address. Behind a proxy that `privacy.trusted_proxies` does not name, \
                 all clients have its address. `site`: the clients with a key of this site together have sent more than \
                 `rates.site_events_per_s`. `all`: all clients have sent more than `rates.all_events_per_s`."
            }
            Self::QuotaReached => {
                "A site has had `events_per_day_max` of the file in `sites.file` since midnight UTC (or since ingest was \
                 started): it is visited more than was thought, or a program makes events up."
            }
            Self::DiskFull => {
                "Less than `disk.free_mib_min` is free on the disk of a folder in `disk.folders`. /ready of \
                 footfall-ingest says which."
            }
        }
    }

    /// What the operator can do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::BodiesFull => {
                "Check `footfall_ingest_queue_bytes` first: if it is high, treat this as `queue_full`. Otherwise raise \
                 `http.bodies_kib_max`, or make clients send smaller batches."
            }
            Self::BodyIncomplete => {
                "None needed if it is rare: the tracker retries. Otherwise look for a single slow or broken client, or \
                 raise `http.body_ms_max`."
            }
            Self::QueueFull => {
                "Fix what is slow: check the logs and disks of Kafka or PostgreSQL. Raise the limit only if short \
                 peaks reach it, because the whole queue is held in footfall-ingest's memory."
            }
            Self::BrokerAway => {
                "Start Kafka, or correct `kafka.bootstrap_servers`; `footfall topics` creates missing topics. Ingest \
                 resumes by itself as soon as a broker answers."
            }
            Self::ProducerFailed => {
                "None needed if it passes. If `footfall_ingest_producers_replaced` keeps rising, check Kafka's log and \
                 whether it lets this user write (ACLs for the topic and for IdempotentWrite)."
            }
            Self::NotAcknowledged => {
                "Check the broker's log, its disk and its under-replicated partitions. Raise \
                 `kafka.acknowledge_ms_max` only if slow acknowledgements are normal."
            }
            Self::DatabaseAway => {
                "Start PostgreSQL, correct `database.url`, or run `footfall migrate`. Ingest resumes by itself as soon \
                 as the database answers."
            }
            Self::NotCommitted => {
                "Look for the lock in `pg_stat_activity`, and check the disk. Raise `database.commit_ms_max` only if \
                 slow commits are normal."
            }
            Self::Unavailable => {
                "Start footfall-ingest, or find out why it does not answer: `footfall check` shows how far an event \
                 gets. Compare its `listen` with nginx's upstream, or with `site.ingest` of footfall-view."
            }
            Self::TooManyAtOnce => {
                "Behind another proxy, name it with `set_real_ip_from` and `real_ip_header`. Otherwise none: others are \
                 served meanwhile. `limit_conn footfall_clients` in a location of your own replaces the limit."
            }
            Self::RateLimited => {
                "Name the proxy in `privacy.trusted_proxies`. Give a server of your own that sends for many people a secret key \
                 (`footfall key add SITE --secret`): the limit of its address does not apply then. Otherwise none: trackers keep \
                 their events and send them later, and others are served meanwhile."
            }
            Self::QuotaReached => {
                "Look at the site's numbers for what is new. Raise the limit with `footfall site add SITE --events-per-day`; \
                 ingest knows within a second. If a key is misused, `footfall key rotate` replaces it."
            }
            Self::DiskFull => {
                "Make room: shorten `keep_days` of `footfall retain`, remove old backups, or enlarge the disk. Ingest \
                 resumes within a second."
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
        assert_eq!(Deferral::ALL.len(), Deferral::DiskFull as usize + 1);
    }
}
