//! What a page URL must be, and how one that is too long is shortened.

use url::Url;

use crate::{Reason, text};

/// The URL, or as much of it as is allowed: it loses its fragment, then its query, then its tail.
///
/// The rules are those of the WHATWG URL standard, by which only scheme and authority can make an http or https URL
/// invalid: path, query and fragment may hold anything. Control characters, which that standard would drop, are
/// refused, since the URL is stored as it was sent.
pub(crate) fn shortened(page_url: &str, chars_max: usize) -> Result<&str, Reason> {
    let end = authority_end(page_url).ok_or(Reason::UrlInvalid)?;
    let origin = &page_url[..end];
    // Half a host name is another host, so nothing is cut there; nor is time spent on what is refused anyway, for
    // international names take the square of their length.
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

/// Where scheme and authority end; none where either is not there.
fn authority_end(page_url: &str) -> Option<usize> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        let head = page_url.as_bytes().get(..scheme.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(scheme.as_bytes()))
    })?;
    let rest = &page_url[scheme.len()..];
    let authority = &rest[..rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())];
    (!authority.is_empty() && !authority.contains(' ')).then_some(scheme.len() + authority.len())
}
