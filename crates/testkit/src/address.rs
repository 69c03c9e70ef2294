//! Loopback addresses for each test.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU8, Ordering};

/// A loopback address that no other process uses, so the standard ports are free: 127.0.0.0/8 has room for the process id,
/// so there is no search for a free port, which another process could take in the meantime.
pub fn own_address() -> IpAddr {
    static LAST: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    let last = LAST.fetch_add(1, Ordering::Relaxed);
    assert!(last < u8::MAX, "a test process has 253 addresses");
    Ipv4Addr::new(127, high, low, last + 1).into()
}
