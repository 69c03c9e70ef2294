//! Limits failed logins, per address and in total.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);
/// Failures in a window from all addresses together, so that an attacker with many addresses does not get many guesses.
const ALL_MAX: u32 = 100;
/// Expired windows are removed at this size, which exceeds the number of addresses that can fail in a window.
const ADDRESSES_MAX: usize = 1_000;

pub(super) struct Attempts {
    each_max: u32,
    windows: Mutex<HashMap<Option<IpAddr>, (Instant, u32)>>,
}

impl Attempts {
    pub(super) fn new(each_max: u32) -> Self {
        Self { each_max, windows: Mutex::default() }
    }

    pub(super) fn may_try(&self, address: IpAddr) -> bool {
        let windows = self.lock();
        let failures = |key: Option<IpAddr>| match windows.get(&key) {
            Some((began, failures)) if began.elapsed() < WINDOW => *failures,
            _ => 0,
        };
        failures(Some(network(address))) < self.each_max && failures(None) < ALL_MAX
    }

    pub(super) fn failed(&self, address: IpAddr) {
        let mut windows = self.lock();
        if windows.len() >= ADDRESSES_MAX {
            windows.retain(|_, (began, _)| began.elapsed() < WINDOW);
        }
        for key in [Some(network(address)), None] {
            let (began, failures) = windows.entry(key).or_insert((Instant::now(), 0));
            if began.elapsed() >= WINDOW {
                (*began, *failures) = (Instant::now(), 0);
            }
            *failures += 1;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Option<IpAddr>, (Instant, u32)>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The /64 of an IPv6 address, because a client can choose any address within its own.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => IpAddr::V6((u128::from(six) & (u128::MAX << 64)).into()),
        four @ IpAddr::V4(_) => four,
    }
}
