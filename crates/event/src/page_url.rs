//! Validates page URLs and shortens those that are too long.

use std::borrow::Cow;

use url::Url;

use crate::{Reason, text};

/// The URL, shortened to the limit: its fragment is dropped, then its query, then its end is cut. A fragment that is a
/// route (`#/settings?tab=1`) names the page, so it outlives the query, and loses its own query before it is cut.
///
/// By the WHATWG URL standard only scheme and authority can make an http or https URL invalid: path, query and fragment
/// may contain anything. Control characters, which that standard would strip, are refused, because the URL is stored as
/// sent.
pub(crate) fn shortened(page_url: &str, chars_max: usize) -> Result<Cow<'_, str>, Reason> {
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
    if text::fits(page_url, chars_max) {
        return Ok(page_url.into());
    }
    let without_fragment = before(page_url, '#');
    let without_query = before(without_fragment, '?');
    let shorter: [Cow<'_, str>; 2] = match route(page_url) {
        Some(route) => [[without_query, route].concat().into(), [without_query, before(route, '?')].concat().into()],
        None => [without_fragment.into(), without_query.into()],
    };
    let [_, shortest] = &shorter;
    let cut = text::head_of_url(shortest, chars_max).to_owned();
    Ok(shorter.into_iter().find(|url| text::fits(url, chars_max)).unwrap_or_else(|| cut.into()))
}

/// The URL without the user name and the password that may stand before its host; `None` if there are none.
pub(crate) fn without_login(url: &str) -> Option<String> {
    let end = authority_end(url)?;
    let (login, _) = url[..end].rsplit_once('@')?;
    let scheme = &login[..login.find("://")? + 3];
    Some([scheme, &url[login.len() + 1..]].concat())
}

/// The fragment that names a page of a site without paths of its own, such as `#/about` and `#!/about`.
pub(crate) fn route(page_url: &str) -> Option<&str> {
    let starts = ["#/", "#!/"].into_iter().filter_map(|start| page_url.find(start));
    starts.min().map(|start| &page_url[start..])
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

fn before(text: &str, separator: char) -> &str {
    text.split_once(separator).map_or(text, |(head, _)| head)
}
