use std::fmt;
use std::net::IpAddr;

use jiff::civil::Date;
use uuid::Uuid;

/// The key that turns visitors into ids that do not reveal who they are.
///
/// Each UTC day has its own key, derived from the secret (BLAKE3's key derivation and keyed hash), so ids of different
/// days cannot be linked. The secret should have at least 32 random bytes; it is not kept.
#[derive(Clone)]
pub struct VisitorKey([u8; blake3::KEY_LEN]);

impl VisitorKey {
    /// A key from a secret of any length.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(blake3::derive_key("footfall 2026 visitor id v1", secret))
    }

    /// The visitor with this address and user agent on this site on this UTC day, as a UUID of version 8 (RFC 9562).
    ///
    /// An IPv4 address and the same address mapped into IPv6 are the same visitor.
    #[must_use]
    pub fn visitor_id(&self, day: Date, site: &str, ip: IpAddr, user_agent: &str) -> Uuid {
        let day_key = blake3::keyed_hash(&self.0, day.to_string().as_bytes());
        let ip = match ip {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        let mut hasher = blake3::Hasher::new_keyed(day_key.as_bytes());
        hasher.update(&ip.octets());
        // The length separates the fields: ("ab", "c") is not ("a", "bc").
        hasher.update(&(site.len() as u64).to_le_bytes());
        hasher.update(site.as_bytes());
        hasher.update(user_agent.as_bytes());
        let mut id = [0; 16];
        hasher.finalize_xof().fill(&mut id);
        Uuid::new_v8(id)
    }
}

impl fmt::Debug for VisitorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VisitorKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use jiff::civil::date;

    fn id(day: Date, site: &str, ip: &str, user_agent: &str) -> Uuid {
        VisitorKey::new(b"secret").visitor_id(day, site, ip.parse().unwrap(), user_agent)
    }

    #[test]
    fn a_visitor_keeps_its_id_for_a_day_and_has_another_if_anything_differs() {
        let day = date(2024, 1, 15);
        let visitor = id(day, "site", "192.0.2.1", "agent");
        assert_eq!(visitor, id(day, "site", "192.0.2.1", "agent"));
        assert_eq!(visitor, id(day, "site", "::ffff:192.0.2.1", "agent"));
        let others = [
            id(date(2024, 1, 16), "site", "192.0.2.1", "agent"),
            id(day, "site2", "192.0.2.1", "agent"),
            id(day, "site", "192.0.2.2", "agent"),
            id(day, "site", "192.0.2.1", "agent2"),
            id(day, "sitea", "192.0.2.1", "gent"),
            VisitorKey::new(b"other").visitor_id(day, "site", "192.0.2.1".parse().unwrap(), "agent"),
        ];
        assert!(others.iter().all(|other| *other != visitor));
    }

    #[test]
    fn a_visitor_id_is_a_uuid_of_version_8_and_never_changes_between_releases() {
        let visitor = id(date(2024, 1, 15), "site", "2001:db8::1", "agent");
        assert_eq!(visitor.get_version_num(), 8);
        assert_eq!(visitor.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(visitor.to_string(), "dc74df5c-f3d3-8766-ab80-87e50625dbad");
    }

    #[test]
    fn debug_output_does_not_reveal_the_key() {
        assert_eq!(format!("{:?}", VisitorKey::new(b"secret")), "VisitorKey(***)");
    }
}
