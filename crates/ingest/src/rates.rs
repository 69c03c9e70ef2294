//! How much one address may send, one site, and all together: buckets of tokens, one token for each event, which fill again at a
//! steady rate.
//!
//! An address whose bucket is full is forgotten, so what is held is bounded by how fast events can arrive at all, and not by how
//! many addresses there are.

use std::hash::Hash;
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
/// What a site, and what all may send at once, if nothing came before: as much as in a minute, or one address at least.
const SHARED_BURST_S: u32 = 60;

/// A bucket is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limited {
    /// Whose: the name of the policy in headers.
    pub(crate) of: &'static str,
    /// Until there is a token again for each event, and for the request, which takes its first one before its body is read.
    pub(crate) wait: Duration,
    /// The size of a bucket, and how long an empty one takes to fill.
    pub(crate) burst: u32,
    pub(crate) fills_in_s: u32,
}

/// A bucket for each key.
struct Buckets<K: Hash + Eq + Clone> {
    limiter: RateLimiter<K, HashMapStateStore<K>, DefaultClock>,
    of: &'static str,
    burst: NonZeroU32,
    /// How long a token takes to come.
    token: Duration,
    fills_in_s: u32,
    clock: DefaultClock,
}

impl<K: Hash + Eq + Clone> Buckets<K> {
    /// None if there is no limit.
    fn new(of: &'static str, events_per_s: u32, burst: u32) -> Option<Self> {
        let rate = NonZeroU32::new(events_per_s)?;
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        Some(Self {
            limiter: RateLimiter::hashmap(Quota::per_second(rate).allow_burst(burst)),
            of,
            burst,
            token: Duration::from_secs(1) / events_per_s,
            fills_in_s: burst.get().div_ceil(events_per_s),
            clock: DefaultClock::default(),
        })
    }

    /// Takes a token for each event, or none if there are too few.
    fn take(&self, key: &K, events: NonZeroU32) -> Result<(), Limited> {
        // More than a bucket holds could never be sent.
        match self.limiter.check_key_n(key, events.min(self.burst)) {
            Ok(Err(until)) => Err(Limited {
                of: self.of,
                wait: until.wait_time_from(self.clock.now()) + self.token,
                burst: self.burst.get(),
                fills_in_s: self.fills_in_s,
            }),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

pub(crate) struct Rates {
    addresses: Option<Buckets<IpAddr>>,
    /// Of the file of sites only.
    sites: Option<Buckets<String>>,
    all: Option<Buckets<()>>,
    exempt: Vec<IpNet>,
}

impl Rates {
    pub(crate) fn new(config: &RatesConfig) -> Result<Self, FieldError> {
        let shared = |events_per_s: u32| events_per_s.saturating_mul(SHARED_BURST_S).max(config.burst);
        Ok(Self {
            addresses: Buckets::new("address", config.events_per_s, config.burst),
            sites: Buckets::new("site", config.site_events_per_s, shared(config.site_events_per_s)),
            all: Buckets::new("all", config.all_events_per_s, shared(config.all_events_per_s)),
            exempt: config.networks()?,
        })
    }

    /// Takes a token of the address for each event, or none if there are too few.
    pub(crate) fn take_of_address(&self, address: IpAddr, events: usize) -> Result<(), Limited> {
        let Some(events) = self.counted(address, events) else { return Ok(()) };
        self.addresses.as_ref().map_or(Ok(()), |buckets| buckets.take(&client_network(address), events))
    }

    /// Takes tokens that an address shares with others: those of its site, and of all.
    pub(crate) fn take_of_all(&self, address: IpAddr, site: Option<&str>, events: usize) -> Result<(), Limited> {
        let Some(events) = self.counted(address, events) else { return Ok(()) };
        if let Some((buckets, site)) = self.sites.as_ref().zip(site) {
            buckets.take(&site.to_owned(), events)?;
        }
        self.all.as_ref().map_or(Ok(()), |buckets| buckets.take(&(), events))
    }

    fn counted(&self, address: IpAddr, events: usize) -> Option<NonZeroU32> {
        let events = NonZeroU32::new(u32::try_from(events).unwrap_or(u32::MAX))?;
        (!self.exempt.iter().any(|network| network.contains(&address))).then_some(events)
    }

    /// Forgets addresses with full buckets until shutdown.
    pub(crate) async fn keep_small(&self, shutdown: CancellationToken) {
        let Some(Buckets { limiter, .. }) = &self.addresses else { return };
        while shutdown.run_until_cancelled(tokio::time::sleep(Duration::from_millis(FORGET_EVERY_MS))).await.is_some() {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn rates(events_per_s: u32, burst: u32) -> Rates {
        let exempt = vec!["127.0.0.0/8".into()];
        Rates::new(&RatesConfig { events_per_s, burst, site_events_per_s: 0, all_events_per_s: 0, exempt }).unwrap()
    }

    fn of(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[test]
    fn each_address_has_a_bucket_of_its_own() {
        let rates = rates(1, 10);
        assert_eq!(rates.take_of_address(of("203.0.113.1"), 8), Ok(()));
        let limited = rates.take_of_address(of("203.0.113.1"), 8).unwrap_err();
        assert!(limited.wait > Duration::from_secs(6) && limited.wait <= Duration::from_secs(7), "{limited:?}");
        assert_eq!((limited.burst, limited.fills_in_s), (10, 10));
        assert_eq!(rates.take_of_address(of("203.0.113.1"), 2), Ok(()), "a refused request takes nothing");
        assert_eq!(rates.take_of_address(of("203.0.113.2"), 8), Ok(()));
        assert_eq!(rates.take_of_address(of("203.0.113.3"), 0), Ok(()));
    }

    #[test]
    fn a_64_of_ipv6_is_one_client_and_mapped_addresses_are_ipv4() {
        let rates = rates(1, 10);
        assert_eq!(rates.take_of_address(of("2001:db8::1"), 10), Ok(()));
        assert!(rates.take_of_address(of("2001:db8::ffff:1"), 1).is_err());
        assert_eq!(rates.take_of_address(of("2001:db8:0:1::1"), 10), Ok(()));
        assert_eq!(rates.take_of_address(of("203.0.113.1"), 10), Ok(()));
        assert!(rates.take_of_address(of("::ffff:203.0.113.1"), 1).is_err());
    }

    #[test]
    fn this_machine_is_exempt_and_0_is_no_limit() {
        let limited = rates(1, 1);
        let unlimited = rates(0, 1);
        for _ in 0..100 {
            assert_eq!(limited.take_of_address(of("127.0.0.9"), 1), Ok(()));
            assert_eq!(unlimited.take_of_address(of("203.0.113.1"), 1_000), Ok(()));
        }
    }

    #[test]
    fn a_request_larger_than_a_bucket_needs_a_full_one() {
        let rates = rates(1, 10);
        assert_eq!(rates.take_of_address(of("203.0.113.1"), 1_000), Ok(()));
        assert!(rates.take_of_address(of("203.0.113.1"), 1_000).is_err());
    }

    #[test]
    fn a_million_addresses_are_forgotten_once_their_buckets_are_full() {
        let rates = rates(1_000_000, 10);
        for number in 0..1_000_000 {
            assert_eq!(rates.take_of_address(IpAddr::V4(Ipv4Addr::from_bits(0xcb00_0000 + number)), 1), Ok(()));
        }
        std::thread::sleep(Duration::from_millis(1));
        let buckets = &rates.addresses.as_ref().unwrap().limiter;
        buckets.retain_recent();
        assert_eq!(buckets.len(), 0);
    }

    #[test]
    fn a_site_and_all_together_have_a_minute_of_their_rate_at_once() {
        let config =
            RatesConfig { events_per_s: 1, burst: 10, site_events_per_s: 1, all_events_per_s: 2, exempt: Vec::new() };
        let rates = Rates::new(&config).unwrap();
        let take = |address, site, events| rates.take_of_all(of(address), site, events).map_err(|limited| limited.of);
        assert_eq!(take("203.0.113.1", Some("a"), 40), Ok(()));
        assert_eq!(take("203.0.113.2", Some("a"), 40), Err("site"), "from another address too");
        assert_eq!(take("203.0.113.3", Some("b"), 60), Ok(()));
        assert_eq!(take("203.0.113.4", None, 20), Ok(()), "of 120, 40 and 60 are gone");
        assert_eq!(take("203.0.113.5", None, 1), Err("all"));
    }
}
