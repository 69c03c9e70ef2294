//! Lists of networks, as administrators write them.

use std::net::IpAddr;

use ipnet::IpNet;

use super::FieldError;

/// Parses a field's list of networks, such as `172.16.0.0/12`; a bare address is a network of one.
///
/// # Errors
/// Names the field and the entry that is neither a network nor an address.
pub fn networks(field: &str, entries: &[String]) -> Result<Vec<IpNet>, FieldError> {
    let network = |entry: &String| {
        let address = || entry.parse().map(|address: IpAddr| IpNet::from(address));
        let error = |_| FieldError::new(field, format!("{entry:?} is no address and no network"));
        entry.parse().or_else(|_| address()).map_err(error)
    };
    entries.iter().map(network).collect()
}
