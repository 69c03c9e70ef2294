//! Privacy signals sent by the browser.

use hyper::HeaderMap;

/// The header that signals Global Privacy Control or Do Not Track, if there is one.
pub(crate) fn asks_for_privacy(headers: &HeaderMap) -> Option<&'static str> {
    let says = |name: &str| headers.get(name).is_some_and(|value| value.as_bytes() == b"1");
    ["Sec-GPC", "DNT"].into_iter().find(|name| says(name))
}
