//! How much one address may send: a bucket of tokens, one for each event, which fills again at a steady rate.
//!
//! An address whose bucket is full is forgotten, so what is held is bounded by how fast events can arrive at all, and not by how
//! many addresses there are.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use footfall_daemon::{FieldError, client_network};
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use ipnet::IpNet;
use tokio_util::sync::CancellationToken;

use crate::config::RatesConfig;

const FORGET_EVERY_MS: u64 = 1_000;

/// Its bucket is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limited {
    /// Until there is a token again for each event, and for the request, which takes its first one before its body is read.
    pub(crate) wait: Duration,
    /// The size of a bucket, and how long an empty one takes to fill.
    pub(crate) burst: u32,
    pub(crate) fills_in_s: u32,
}

pub(crate) struct Rates {
    /// None: any number of events.
    buckets: Option<RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>>,
    burst: NonZeroU32,
    /// How long a token takes to come.
    token: Duration,
    fills_in_s: u32,
    exempt: Vec<IpNet>,
    clock: DefaultClock,
}

impl Rates {
    pub(crate) fn new(config: &RatesConfig) -> Result<Self, FieldError> {
        let burst = NonZeroU32::new(config.burst).unwrap_or(NonZeroU32::MIN);
        let rate = NonZeroU32::new(config.events_per_s);
        Ok(Self {
            buckets: rate.map(|rate| RateLimiter::hashmap(Quota::per_second(rate).allow_burst(burst))),
            burst,
            token: Duration::from_secs(1) / config.events_per_s.max(1),
            fills_in_s: burst.get().div_ceil(config.events_per_s.max(1)),
            exempt: config.networks()?,
            clock: DefaultClock::default(),
        })
    }

    /// Takes a token for each event, or none if there are too few.
    pub(crate) fn take(&self, address: IpAddr, events: usize) -> Result<(), Limited> {
        let (Some(buckets), Some(events)) = (&self.buckets, NonZeroU32::new(u32::try_from(events).unwrap_or(u32::MAX)))
        else {
            return Ok(());
        };
        if self.exempt.iter().any(|network| network.contains(&address)) {
            return Ok(());
        }
        // More than a bucket holds could never be sent.
        match buckets.check_key_n(&client_network(address), events.min(self.burst)) {
            Ok(Err(until)) => Err(Limited {
                wait: until.wait_time_from(self.clock.now()) + self.token,
                burst: self.burst.get(),
                fills_in_s: self.fills_in_s,
            }),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }

    /// Forgets addresses with full buckets until shutdown.
    pub(crate) async fn keep_small(&self, shutdown: CancellationToken) {
        let Some(buckets) = &self.buckets else { return };
        while shutdown.run_until_cancelled(tokio::time::sleep(Duration::from_millis(FORGET_EVERY_MS))).await.is_some() {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn rates(events_per_s: u32, burst: u32) -> Rates {
        Rates::new(&RatesConfig { events_per_s, burst, exempt: vec!["127.0.0.0/8".into()] }).unwrap()
    }

    fn of(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn each_address_has_a_bucket_of_its_own() {
        let rates = rates(1, 10);
        assert_eq!(rates.take(of("203.0.113.1"), 8), Ok(()));
        let limited = rates.take(of("203.0.113.1"), 8).unwrap_err();
        assert!(limited.wait > Duration::from_secs(6) && limited.wait <= Duration::from_secs(7), "{limited:?}");
        assert_eq!((limited.burst, limited.fills_in_s), (10, 10));
        assert_eq!(rates.take(of("203.0.113.1"), 2), Ok(()), "a refused request takes nothing");
        assert_eq!(rates.take(of("203.0.113.2"), 8), Ok(()));
        assert_eq!(rates.take(of("203.0.113.3"), 0), Ok(()));
    }

    #[test]
    fn a_64_of_ipv6_is_one_client_and_mapped_addresses_are_ipv4() {
        let rates = rates(1, 10);
        assert_eq!(rates.take(of("2001:db8::1"), 10), Ok(()));
        assert!(rates.take(of("2001:db8::ffff:1"), 1).is_err());
        assert_eq!(rates.take(of("2001:db8:0:1::1"), 10), Ok(()));
        assert_eq!(rates.take(of("203.0.113.1"), 10), Ok(()));
        assert!(rates.take(of("::ffff:203.0.113.1"), 1).is_err());
    }

    #[test]
    fn this_machine_is_exempt_and_0_is_no_limit() {
        let limited = rates(1, 1);
        let unlimited = rates(0, 1);
        for _ in 0..100 {
            assert_eq!(limited.take(of("127.0.0.9"), 1), Ok(()));
            assert_eq!(unlimited.take(of("203.0.113.1"), 1_000), Ok(()));
        }
    }

    #[test]
    fn a_request_larger_than_a_bucket_needs_a_full_one() {
        let rates = rates(1, 10);
        assert_eq!(rates.take(of("203.0.113.1"), 1_000), Ok(()));
        assert!(rates.take(of("203.0.113.1"), 1_000).is_err());
    }

    #[test]
    fn a_million_addresses_are_forgotten_once_their_buckets_are_full() {
        let rates = rates(1_000_000, 10);
        for number in 0..1_000_000 {
            assert_eq!(rates.take(IpAddr::V4(Ipv4Addr::from_bits(0xcb00_0000 + number)), 1), Ok(()));
        }
        std::thread::sleep(Duration::from_millis(1));
        let buckets = rates.buckets.as_ref().unwrap();
        buckets.retain_recent();
        assert_eq!(buckets.len(), 0);
    }
}
