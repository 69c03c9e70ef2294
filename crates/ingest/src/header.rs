//! Reads what a request's headers say about the browser.

use std::borrow::Cow;

use footfall_event::Hints;
use hyper::HeaderMap;
use hyper::header::{ACCEPT_LANGUAGE, AUTHORIZATION, HeaderName, USER_AGENT};

/// What browsers say about themselves by default; other client hints would need Accept-CH.
#[derive(Default)]
pub(crate) struct Told<'a> {
    user_agent: Option<Cow<'a, str>>,
    accept_language: Option<Cow<'a, str>>,
    sec_ch_ua: Option<Cow<'a, str>>,
    sec_ch_ua_mobile: Option<Cow<'a, str>>,
    sec_ch_ua_platform: Option<Cow<'a, str>>,
    is_prefetch: bool,
}

impl<'a> Told<'a> {
    pub(crate) fn by(headers: &'a HeaderMap) -> Self {
        let named = |name| text(headers, &HeaderName::from_static(name));
        Self {
            user_agent: text(headers, &USER_AGENT),
            accept_language: text(headers, &ACCEPT_LANGUAGE),
            sec_ch_ua: named("sec-ch-ua"),
            sec_ch_ua_mobile: named("sec-ch-ua-mobile"),
            sec_ch_ua_platform: named("sec-ch-ua-platform"),
            is_prefetch: is_prefetch(headers),
        }
    }

    pub(crate) fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    pub(crate) fn hints(&self) -> Hints<'_> {
        Hints {
            accept_language: self.accept_language.as_deref(),
            sec_ch_ua: self.sec_ch_ua.as_deref(),
            sec_ch_ua_mobile: self.sec_ch_ua_mobile.as_deref(),
            sec_ch_ua_platform: self.sec_ch_ua_platform.as_deref(),
            is_prefetch: self.is_prefetch,
        }
    }
}

/// A header's value as text. Its bytes are UTF-8, or else Latin-1, as browsers of both kinds send what is beyond ASCII
/// (RFC 9110, 5.5).
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Cow<'a, str>> {
    let bytes = headers.get(name)?.as_bytes();
    Some(match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        // Each byte of Latin-1 is the character of its number.
        Err(_) => bytes.iter().copied().map(char::from).collect::<String>().into(),
    })
}

/// The key of `Authorization: Bearer KEY`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// Whether the page is only fetched ahead, by Sec-Purpose (Fetch, 2.2.7), or as older browsers say it.
fn is_prefetch(headers: &HeaderMap) -> bool {
    let says = |name: &str, word: &[u8]| {
        headers.get_all(name).iter().any(|value| {
            let first = value.as_bytes().split(|byte| matches!(byte, b';' | b',' | b' ')).next();
            first.is_some_and(|first| first.eq_ignore_ascii_case(word))
        })
    };
    ["sec-purpose", "purpose", "x-purpose", "x-moz"].into_iter().any(|name| says(name, b"prefetch"))
        || says("x-purpose", b"preview")
        || says("purpose", b"preview")
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn headers(name: &'static str, value: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap())])
    }

    #[test]
    fn bytes_beyond_ascii_are_utf_8_or_else_latin_1() {
        for (bytes, read) in [
            (&b"Acme/1"[..], "Acme/1"),
            ("Поиск/1".as_bytes(), "Поиск/1"),
            (b"Caf\xe9/1", "Café/1"),
            (b"Caf\xc3\xa9 \xe9", "CafÃ© é"),
            (b"", ""),
        ] {
            assert_eq!(text(&headers("user-agent", bytes), &USER_AGENT).as_deref(), Some(read), "{bytes:?}");
        }
        assert_eq!(text(&HeaderMap::new(), &USER_AGENT), None);
    }

    #[test]
    fn a_prefetch_is_known_by_each_header_that_says_so() {
        for (name, value, expected) in [
            ("sec-purpose", "prefetch", true),
            ("sec-purpose", "prefetch;prerender", true),
            ("sec-purpose", "prefetch;anonymous-client-ip", true),
            ("purpose", "prefetch", true),
            ("purpose", "Prefetch", true),
            ("x-purpose", "preview", true),
            ("x-moz", "prefetch", true),
            ("sec-purpose", "none", false),
            ("x-moz", "", false),
            ("sec-fetch-dest", "prefetch", false),
        ] {
            assert_eq!(Told::by(&headers(name, value.as_bytes())).hints().is_prefetch, expected, "{name}: {value}");
        }
    }
}
