//! Looks up the country of an address in a file provided by the operator. Done here and not downstream, because no
//! address leaves this process.

use std::net::IpAddr;

use maxminddb::{LookupResult, MaxMindDbError, PathElement, Reader, WithinOptions};
use serde_json::Value;
use thiserror::Error;

use crate::watched::Contents;

/// Why a file cannot be used.
#[derive(Debug, Error)]
pub(crate) enum NoCountries {
    #[error("is no MMDB file: {0}")]
    Malformed(#[from] MaxMindDbError),
    #[error("holds no networks")]
    Empty,
    #[error("holds no country where one is known to be ({known}); its keys are: {found}")]
    UnknownLayout { known: String, found: String },
}

/// Where a record holds the code of its country. IPinfo Lite has the country's name in `country`, so that comes last.
const LAYOUTS: [&[PathElement<'static>]; 3] = [
    // MaxMind, DB-IP, IP2Location.
    &[PathElement::Key("country"), PathElement::Key("iso_code")],
    // IPinfo Lite, IPLocate, ip-location-db.
    &[PathElement::Key("country_code")],
    // IPinfo.
    &[PathElement::Key("country")],
];

/// Records that are read to find out the layout; some may have no country.
const RECORDS_READ_MAX: usize = 100_000;
/// Keys that the error for an unknown layout names.
const KEYS_NAMED_MAX: usize = 20;

/// A country file in MaxMind's format (MaxMind DB 2.0).
pub(crate) struct Countries {
    reader: Reader<Vec<u8>>,
    layout: &'static [PathElement<'static>],
}

impl Countries {
    /// ISO 3166-1 alpha-2 code; None if the file does not know the address.
    pub(crate) fn of(&self, address: IpAddr) -> Option<String> {
        code(&self.reader.lookup(address).ok()?, self.layout)
    }
}

impl Contents for Countries {
    const NAME: &'static str = "the file of countries";
    /// Larger than any published file; the file is held in memory.
    const BYTES_MAX: u64 = 512 * 1024 * 1024;
    type Error = NoCountries;

    /// A file whose records hold no country where it is looked for would answer nothing, silently.
    fn parse(bytes: Vec<u8>) -> Result<Self, NoCountries> {
        let reader = Reader::from_source(bytes)?;
        let mut keys = None;
        let mut found = None;
        for record in reader.networks(WithinOptions::default())?.take(RECORDS_READ_MAX) {
            let record = record?;
            found = LAYOUTS.into_iter().find(|layout| code(&record, layout).is_some());
            if found.is_some() {
                break;
            }
            keys = keys.or_else(|| keys_of(&record));
        }
        match (found, keys) {
            (Some(layout), _) => Ok(Self { reader, layout }),
            (None, Some(found)) => Err(NoCountries::UnknownLayout { known: places(), found }),
            (None, None) => Err(NoCountries::Empty),
        }
    }
}

fn code(record: &LookupResult<'_, Vec<u8>>, layout: &[PathElement<'_>]) -> Option<String> {
    let code: &str = record.decode_path(layout).ok()??;
    let code =
        (code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic())).then(|| code.to_ascii_uppercase());
    // ISO 3166-1 leaves both to users, who write them where the country is unknown.
    code.filter(|code| code != "ZZ" && code != "XX")
}

/// `country.iso_code, country_code, country`
fn places() -> String {
    let place = |layout: &[PathElement<'_>]| {
        let keys = layout.iter().map(|element| match element {
            PathElement::Key(key) => *key,
            PathElement::Index(_) | PathElement::IndexFromEnd(_) => "",
        });
        keys.collect::<Vec<_>>().join(".")
    };
    LAYOUTS.map(place).join(", ")
}

/// The keys of a record, those of objects in it as `outer.inner`.
fn keys_of(record: &LookupResult<'_, Vec<u8>>) -> Option<String> {
    let Value::Object(record) = record.decode().ok()?? else { return Some("no keys".to_owned()) };
    let keys = record.into_iter().flat_map(|(outer, value)| match value {
        Value::Object(inner) => inner.into_iter().map(|(inner, _)| format!("{outer}.{inner}")).collect(),
        _ => vec![outer],
    });
    Some(keys.take(KEYS_NAMED_MAX).collect::<Vec<_>>().join(", "))
}
