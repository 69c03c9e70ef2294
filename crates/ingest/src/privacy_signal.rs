//! Privacy signals sent by the browser.

use hyper::HeaderMap;

/// The header that signals Global Privacy Control or Do Not Track, if there is one.
pub(crate) fn asks_for_privacy(headers: &HeaderMap) -> Option<&'static str> {
    let says = |name: &str| headers.get_all(name).iter().any(|value| value.as_bytes().trim_ascii() == b"1");
    ["Sec-GPC", "DNT"].into_iter().find(|name| says(name))
}
