//! Validates page URLs and shortens those that are too long.

use url::Url;

use crate::{Reason, text};

/// The URL, shortened to the limit: its fragment is dropped, then its query, then its end is cut.
///
/// By the WHATWG URL standard only scheme and authority can make an http or https URL invalid: path, query and fragment
/// may contain anything. Control characters, which that standard would strip, are refused, because the URL is stored as
/// sent.
pub(crate) fn shortened(page_url: &str, chars_max: usize) -> Result<&str, Reason> {
    let end = authority_end(page_url).ok_or(Reason::UrlInvalid)?;
    let origin = &page_url[..end];
    // Half a host name would be another host, so it is never cut; a host beyond the limit is refused before it is
    // validated, because that takes quadratic time for international names.
    if !text::fits(origin, chars_max) {
        return Err(Reason::FieldTooLong);
    }
    if Url::parse(origin).is_err() || page_url.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(Reason::UrlInvalid);
    }
    let without_fragment = page_url.split_once('#').map_or(page_url, |(head, _)| head);
    let without_query = without_fragment.split_once('?').map_or(without_fragment, |(head, _)| head);
    let short = [page_url, without_fragment].into_iter().find(|url| text::fits(url, chars_max));
    Ok(short.unwrap_or_else(|| text::head(without_query, chars_max)))
}

/// Where scheme and authority end; none if either is missing.
fn authority_end(page_url: &str) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        let head = page_url.as_bytes().get(..scheme.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(scheme.as_bytes()))
    })?;
    let rest = &page_url[scheme.len()..];
    let authority = &rest[..rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())];
    (!authority.is_empty() && !authority.contains(' ')).then_some(scheme.len() + authority.len())
}
