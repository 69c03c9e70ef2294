//! Limits failed logins: by browser if it has logged in before, else by address and in total.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use footfall_daemon::client_network;
use tokio::sync::Semaphore;

const WINDOW: Duration = Duration::from_secs(60);
/// Failures in a window of all unknown browsers, beyond which they take turns.
const ALL_MAX: u32 = 100;
/// How long a turn takes: as many as this in a window, however many addresses an attacker has.
const TURN: Duration = Duration::from_millis(600);
const WAIT_MAX: Duration = Duration::from_secs(30);
/// Expired windows are removed at this size, which exceeds the number of addresses that can fail in a window.
const WINDOWS_MAX: usize = 1_000;

/// Who tries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Device(String),
    Network(IpAddr),
    Everybody,
}

pub(super) struct Attempts {
    each_max: u32,
    windows: Mutex<HashMap<Who, (Instant, u32)>>,
    turns: Semaphore,
    /// One of each network waits, so that one with many attempts gets no more turns than the others.
    waiting: Mutex<HashSet<IpAddr>>,
}

impl Attempts {
    pub(super) fn new(each_max: u32) -> Self {
        Self { each_max, windows: Mutex::default(), turns: Semaphore::new(1), waiting: Mutex::default() }
    }

    /// Whether this attempt may be made, after its turn has come if there are too many. Others cannot use up the attempts of a known
    /// browser. `device`: see `Sessions::device`.
    pub(super) async fn may_try(&self, address: IpAddr, device: Option<&str>) -> bool {
        if device.is_some_and(|device| self.failures(&Who::Device(device.to_owned())) < self.each_max) {
            return true;
        }
        let network = client_network(address);
        if self.failures(&Who::Network(network)) >= self.each_max {
            return false;
        }
        self.failures(&Who::Everybody) < ALL_MAX || self.turn(network).await
    }

    pub(super) fn failed(&self, address: IpAddr, device: Option<&str>) {
        match device {
            Some(device) => self.count(&[Who::Device(device.to_owned()), Who::Network(client_network(address))]),
            None => self.count(&[Who::Network(client_network(address)), Who::Everybody]),
        }
    }

    async fn turn(&self, network: IpAddr) -> bool {
        if !lock(&self.waiting).insert(network) {
            return false;
        }
        let waits = Waits { waiting: &self.waiting, network };
        let turn = async {
            let permit = self.turns.acquire().await;
            tokio::time::sleep(TURN).await;
            drop(permit);
        };
        let has_come = tokio::time::timeout(WAIT_MAX, turn).await.is_ok();
        drop(waits);
        has_come
    }

    fn failures(&self, who: &Who) -> u32 {
        match lock(&self.windows).get(who) {
            Some((began, failures)) if began.elapsed() < WINDOW => *failures,
            _ => 0,
        }
    }

    fn count(&self, failed: &[Who]) {
        let mut windows = lock(&self.windows);
        if windows.len() >= WINDOWS_MAX {
            windows.retain(|_, (began, _)| began.elapsed() < WINDOW);
        }
        for who in failed {
            let (began, failures) = windows.entry(who.clone()).or_insert((Instant::now(), 0));
            if began.elapsed() >= WINDOW {
                (*began, *failures) = (Instant::now(), 0);
            }
            *failures += 1;
        }
    }
}

/// Ends with the attempt, also if the client leaves.
struct Waits<'a> {
    waiting: &'a Mutex<HashSet<IpAddr>>,
    network: IpAddr,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        lock(self.waiting).remove(&self.network);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [198, 51, 100, last].into()
    }

    #[tokio::test(start_paused = true)]
    async fn many_addresses_make_others_wait_and_a_known_browser_does_not() {
        let attempts = Attempts::new(5);
        for last in 0..20 {
            for _ in 0..5 {
                assert!(attempts.may_try(address(last), None).await);
                attempts.failed(address(last), None);
            }
            assert!(!attempts.may_try(address(last), None).await, "{last}");
        }
        let began = tokio::time::Instant::now();
        assert!(attempts.may_try(address(1), Some("known")).await && began.elapsed().is_zero());
        // Nine attackers are before the owner, and one of them tries twice.
        let waiting = (100..109).map(|last| attempts.may_try(address(last), None));
        let (attackers, again, owner) =
            tokio::join!(futures_util::future::join_all(waiting), attempts.may_try(address(100), None), async {
                (attempts.may_try(address(200), None).await, began.elapsed())
            },);
        assert!(attackers.into_iter().all(|may| may) && !again);
        assert_eq!(owner, (true, 10 * TURN));
    }

    #[tokio::test(start_paused = true)]
    async fn a_known_browser_has_no_more_attempts_than_others() {
        let attempts = Attempts::new(5);
        for _ in 0..5 {
            assert!(attempts.may_try(address(1), Some("known")).await);
            attempts.failed(address(1), Some("known"));
        }
        assert!(!attempts.may_try(address(1), Some("known")).await);
        assert!(attempts.may_try(address(2), None).await, "others are not counted with it");
    }
}
