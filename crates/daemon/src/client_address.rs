//! Who sent a request, according to the proxies in front, as far as they are trusted.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::HeaderName;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
/// Our own name: proxies pass X-Request-Id on from clients, and some reuse one for several requests.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-footfall-request-id");

/// The client's address. Walks X-Forwarded-For from the right while each hop is a trusted proxy; anything further left
/// was written by the client itself.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted_proxies: &[IpNet]) -> IpAddr {
    let mut client = peer;
    for line in headers.get_all(FORWARDED_FOR).iter().rev() {
        let Ok(line) = line.to_str() else { break };
        // RFC 9110, section 5.6.1: empty list elements are ignored.
        for hop in line.rsplit(',').map(str::trim).filter(|hop| !hop.is_empty()) {
            if !is_trusted(client, trusted_proxies) {
                return client.to_canonical();
            }
            let Some(address) = parse(hop) else { return client.to_canonical() };
            client = address;
        }
    }
    client.to_canonical()
}

/// What one client has for itself: its IPv4 address, or its /64 of IPv6.
#[must_use]
pub fn client_network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6((u128::from(six) & (u128::MAX << 64)).into()),
        four @ IpAddr::V4(_) => four,
    }
}

/// The id that a trusted proxy gave this request. It is the same if the proxy repeats the request, as nginx does with a
/// GET whose connection closed before the answer.
pub fn request_id<'a>(peer: IpAddr, headers: &'a HeaderMap, trusted_proxies: &[IpNet]) -> Option<&'a str> {
    let id = headers.get(REQUEST_ID).filter(|_| is_trusted(peer, trusted_proxies))?;
    id.to_str().ok().filter(|id| !id.is_empty())
}

fn is_trusted(address: IpAddr, trusted_proxies: &[IpNet]) -> bool {
    trusted_proxies.iter().any(|network| network.contains(&address.to_canonical()))
}

/// Parses an address as proxies write it: bare, with a port, or IPv6 in brackets with or without a port.
fn parse(hop: &str) -> Option<IpAddr> {
    if let Ok(address) = hop.parse::<IpAddr>() {
        return Some(address);
    }
    if let Ok(with_port) = hop.parse::<SocketAddr>() {
        return Some(with_port.ip());
    }
    let bare = hop.strip_prefix('[')?.strip_suffix(']')?;
    bare.parse::<Ipv6Addr>().ok().map(IpAddr::from)
}

/// Whether the browser used HTTPS, according to the outermost proxy. Good enough for cookies and links, where a lying
/// client harms only itself, but not for access decisions.
pub fn is_https(headers: &HeaderMap) -> bool {
    let protocol = headers.get(FORWARDED_PROTO).and_then(|value| value.to_str().ok());
    let outermost = protocol.and_then(|list| list.split(',').map(str::trim).find(|element| !element.is_empty()));
    outermost.is_some_and(|protocol| protocol.eq_ignore_ascii_case("https"))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn headers(name: &'static str, lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name, HeaderValue::from_static(line));
        }
        headers
    }

    fn address_of(peer: &str, lines: &[&'static str]) -> String {
        let trusted = ["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        client_address(peer.parse().unwrap(), &headers(FORWARDED_FOR, lines), &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_can_name_a_request() {
        let trusted = ["127.0.0.1/32".parse().unwrap()];
        let of = |peer: &str, id| {
            request_id(peer.parse().unwrap(), &headers("x-footfall-request-id", &[id]), &trusted).map(str::to_owned)
        };
        assert_eq!(of("127.0.0.1", "4f1c").as_deref(), Some("4f1c"));
        assert_eq!(of("::ffff:127.0.0.1", "4f1c").as_deref(), Some("4f1c"));
        assert_eq!((of("203.0.113.9", "4f1c"), of("127.0.0.1", "")), (None, None));
    }

    #[test]
    fn a_64_of_ipv6_is_one_client_and_mapped_addresses_are_ipv4() {
        let of = |address: &str| client_network(address.parse().unwrap()).to_string();
        assert_eq!((of("2001:db8::1"), of("2001:db8:0:1::1")), ("2001:db8::".to_owned(), "2001:db8:0:1::".to_owned()));
        assert_eq!((of("203.0.113.1"), of("::ffff:203.0.113.1")), ("203.0.113.1".to_owned(), "203.0.113.1".to_owned()));
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
        assert_eq!(address_of("127.0.0.1", &["192.0.2.66, 198.51.100.1", "10.1.2.3"]), "198.51.100.1");
        assert_eq!(address_of("127.0.0.1", &["10.1.2.3"]), "10.1.2.3");
    }

    #[test]
    fn an_address_is_read_in_each_form_that_proxies_write() {
        for (hop, address) in [
            ("192.0.2.66, 198.51.100.1:5678", "198.51.100.1"),
            ("[2001:db8::7]:5678", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("2001:db8::7", "2001:db8::7"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
        ] {
            assert_eq!(address_of("127.0.0.1", &[hop]), address, "{hop}");
            assert_eq!(address_of("::ffff:127.0.0.1", &[hop]), address, "{hop}");
        }
    }

    #[test]
    fn an_empty_element_is_passed_over() {
        assert_eq!(address_of("127.0.0.1", &["198.51.100.1, ,10.1.2.3,"]), "198.51.100.1");
        assert_eq!(address_of("127.0.0.1", &["198.51.100.1", ""]), "198.51.100.1");
        assert_eq!(address_of("127.0.0.1", &[" , "]), "127.0.0.1");
    }

    #[test]
    fn what_is_no_address_is_not_followed() {
        for line in ["198.51.100.1, unknown", "198.51.100.1, [198.51.100.2]", "198.51.100.1, [2001:db8::7"] {
            assert_eq!(address_of("127.0.0.1", &[line]), "127.0.0.1", "{line}");
        }
        assert_eq!(address_of("127.0.0.1", &["198.51.100.1, unknown, 10.1.2.3"]), "10.1.2.3");
        assert_eq!(address_of("127.0.0.1", &[]), "127.0.0.1");
        let mut not_text = headers(FORWARDED_FOR, &["198.51.100.1"]);
        not_text.append(FORWARDED_FOR, HeaderValue::from_bytes(b"\xff").unwrap());
        let peer = "127.0.0.1".parse().unwrap();
        assert_eq!(client_address(peer, &not_text, &["127.0.0.1/32".parse().unwrap()]), peer);
    }

    #[test]
    fn the_protocol_is_the_one_that_the_browser_used() {
        for (lines, expected) in [
            (&["https"][..], true),
            (&["HTTPS, http"], true),
            (&["http, https"], false),
            (&["http"], false),
            (&["httpsx"], false),
            (&[], false),
        ] {
            assert_eq!(is_https(&headers(FORWARDED_PROTO, lines)), expected, "{lines:?}");
        }
    }
}
