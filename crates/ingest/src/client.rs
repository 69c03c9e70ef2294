//! Who sends: the address, for the visitor's hash and for nothing else, and what the person asked for.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use ipnet::IpNet;

/// The client's address. X-Forwarded-For is believed from the right as far as the proxies are known ones: what stands
/// further left was written by the client.
pub(crate) fn address(peer: IpAddr, headers: &HeaderMap, trusted_proxies: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted_proxies.iter().any(|network| network.contains(&address.to_canonical()));
    let mut client = peer;
    let forwarded = headers.get_all("x-forwarded-for");
    let hops = forwarded.iter().rev().filter_map(|value| value.to_str().ok()).flat_map(|value| value.rsplit(','));
    for hop in hops {
        if !is_trusted(&client) {
            break;
        }
        // Some proxies add the port.
        let (text, with_port) = (hop.trim(), hop.trim().parse().map(|hop: SocketAddr| hop.ip()));
        let Ok(address) = text.parse().or(with_port) else { break };
        client = address;
    }
    client.to_canonical()
}

/// Whether the person's browser says Do Not Track or Global Privacy Control.
pub(crate) fn asks_for_privacy(headers: &HeaderMap) -> Option<&'static str> {
    let says = |name: &str| headers.get(name).is_some_and(|value| value.as_bytes() == b"1");
    ["Sec-GPC", "DNT"].into_iter().find(|name| says(name))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn address_of(peer: &str, forwarded: &[&'static str]) -> String {
        let trusted = ["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        address(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_cannot_choose_its_address() {
        assert_eq!(address_of("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
    }

    #[test]
    fn the_last_address_that_a_known_proxy_saw_is_the_clients() {
        assert_eq!(address_of("127.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(address_of("127.0.0.1", &["192.0.2.66, 198.51.100.1, 10.1.2.3"]), "198.51.100.1");
        assert_eq!(address_of("127.0.0.1", &["192.0.2.66", "198.51.100.1"]), "198.51.100.1");
        assert_eq!(address_of("127.0.0.1", &["192.0.2.66, 198.51.100.1:5678"]), "198.51.100.1");
        assert_eq!(address_of("127.0.0.1", &["[2001:db8::7]:5678"]), "2001:db8::7");
        assert_eq!(address_of("::ffff:127.0.0.1", &["::ffff:198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn what_is_no_address_is_not_followed() {
        assert_eq!(address_of("127.0.0.1", &["198.51.100.1, unknown"]), "127.0.0.1");
        assert_eq!(address_of("127.0.0.1", &[]), "127.0.0.1");
    }
}
