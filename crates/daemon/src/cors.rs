//! Lets pages of every origin send to ingest and read its answers.
//! <https://fetch.spec.whatwg.org/#http-cors-protocol>
//!
//! The answer names the origin, because a browser accepts no `*` for a request with credentials, and sendBeacon sends all
//! of its requests with them. Nothing here depends on a cookie, so a page learns and does nothing that it could not
//! without them.

use hyper::HeaderMap;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, HeaderName, HeaderValue,
    ORIGIN, VARY,
};

const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");
const ANYONE: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");
/// For how long a browser need not ask again.
const PREFLIGHT_S: HeaderValue = HeaderValue::from_static("86400");
/// Far more than a page with tracing asks for.
const REQUEST_HEADERS_BYTES_MAX: usize = 1_024;

/// Lets the page that sent the request read the answer.
pub fn allow_origin(answer: &mut HeaderMap, origin: Option<&HeaderValue>) {
    let Some(origin) = origin else {
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, ANYONE);
        return;
    };
    answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    answer.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
    answer.insert(VARY, HeaderValue::from_static("Origin"));
}

/// Adds to the answer to a preflight what the request may contain: these methods, and the headers that it asks for
/// (`traceparent` and others are added by libraries that know nothing of the tracker).
pub fn allow_request(answer: &mut HeaderMap, request: &HeaderMap, methods: &'static str) {
    answer.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    let headers = requested_headers(request);
    answer.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        headers.unwrap_or(HeaderValue::from_static("content-type, content-encoding")),
    );
    answer.insert(ACCESS_CONTROL_MAX_AGE, PREFLIGHT_S);
    if request.contains_key(REQUEST_PRIVATE_NETWORK) {
        answer.insert(ALLOW_PRIVATE_NETWORK, TRUE);
    }
}

/// The origin of the page that sent the request.
pub fn origin(request: &HeaderMap) -> Option<&HeaderValue> {
    request.get(ORIGIN)
}

/// The headers that a preflight asks for, if it is a list of names.
pub fn requested_headers(request: &HeaderMap) -> Option<HeaderValue> {
    let value = request.get(ACCESS_CONTROL_REQUEST_HEADERS)?;
    let is_name = |name: &str| name.trim().parse::<HeaderName>().is_ok();
    let is_list = value.len() <= REQUEST_HEADERS_BYTES_MAX && value.to_str().ok()?.split(',').all(is_name);
    is_list.then(|| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn the_origin_is_named_and_only_if_there_is_one() {
        for (origin, allowed) in [(Some("https://a.example"), "https://a.example"), (Some("null"), "null"), (None, "*")]
        {
            let value = origin.map(HeaderValue::from_static);
            let mut answer = HeaderMap::new();
            allow_origin(&mut answer, value.as_ref());
            assert_eq!(answer[ACCESS_CONTROL_ALLOW_ORIGIN], allowed);
            assert_eq!(answer.get(VARY).is_some(), origin.is_some());
            assert_eq!(answer.get(ACCESS_CONTROL_ALLOW_CREDENTIALS).is_some(), origin.is_some());
        }
    }

    #[test]
    fn every_header_that_is_asked_for_is_allowed_if_the_list_is_one() {
        let long = vec!["x-a"; 300].join(",");
        for (asked, allowed) in [
            ("content-type,traceparent, baggage,sentry-trace", "content-type,traceparent, baggage,sentry-trace"),
            ("x-request-id", "x-request-id"),
            ("a b", "content-type, content-encoding"),
            ("a:b", "content-type, content-encoding"),
            ("x,", "content-type, content-encoding"),
            (&long, "content-type, content-encoding"),
        ] {
            let mut answer = HeaderMap::new();
            allow_request(&mut answer, &headers(&[("access-control-request-headers", asked)]), "POST");
            assert_eq!(answer[ACCESS_CONTROL_ALLOW_HEADERS], allowed, "{asked}");
            assert!(!answer.contains_key(ALLOW_PRIVATE_NETWORK));
        }
        let mut answer = HeaderMap::new();
        allow_request(&mut answer, &headers(&[("access-control-request-private-network", "true")]), "POST");
        assert_eq!(answer[ALLOW_PRIVATE_NETWORK], "true");
        assert_eq!(answer[ACCESS_CONTROL_ALLOW_METHODS], "POST");
    }
}
