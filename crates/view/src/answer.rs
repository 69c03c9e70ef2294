//! Builds the responses, with the security headers that all of them carry.

use std::io;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    LOCATION, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use maud::Markup;
use serde::Serialize;
use serde_json::json;

use crate::assets::Asset;

/// A body that fails breaks the connection off, so that the client does not take a part for the whole.
pub(crate) type Body = UnsyncBoxBody<Bytes, io::Error>;
pub(crate) type Answer = Response<Body>;

/// Allows nothing from other origins, and no inline styles or scripts.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Without it nginx would hold events back until a buffer is full.
/// <https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering>
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
const RETRY_AFTER_S: u16 = 2;

/// A body that is there already.
pub(crate) fn whole(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}

fn answer(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(whole(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // With no-referrer, browsers would send forms with `Origin: null`, so the origin could not be checked.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

pub(crate) fn page(status: StatusCode, markup: Markup) -> Answer {
    answer(status, HeaderValue::from_static("text/html; charset=utf-8"), markup.into_string())
}

pub(crate) fn json<T: Serialize>(status: StatusCode, value: &T) -> Answer {
    // All values are maps with string keys, which always serialise.
    let body = serde_json::to_vec(value).unwrap_or_default();
    answer(status, HeaderValue::from_static("application/json"), body)
}

/// An API error. `field` is the invalid field, if the error is about one.
pub(crate) fn problem(status: StatusCode, field: Option<&str>, message: &str) -> Answer {
    let mut answer = json(status, &json!({ "error": { "field": field, "message": message } }));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        answer.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S.into());
    }
    if status == StatusCode::UNAUTHORIZED {
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    answer
}

pub(crate) fn csv(name: &str, table: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Answer {
    let content_type = HeaderValue::from_static("text/csv; charset=utf-8; header=present");
    let mut answer = answer(StatusCode::OK, content_type, Bytes::new());
    answer.headers_mut().insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    *answer.body_mut() = StreamBody::new(table.map(|part| part.map(Frame::data))).boxed_unsync();
    let disposition = format!("attachment; filename=\"footfall-{name}.csv\"");
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        answer.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    answer
}

pub(crate) fn asset(asset: &Asset) -> Answer {
    let mut answer = answer(StatusCode::OK, asset.content_type.clone(), asset.content);
    // The name changes with the content.
    let for_ever = HeaderValue::from_static("public, max-age=31536000, immutable");
    answer.headers_mut().insert(CACHE_CONTROL, for_ever);
    answer
}

pub(crate) fn events(stream: impl Stream<Item = Bytes> + Send + 'static) -> Answer {
    let mut answer = answer(StatusCode::OK, HeaderValue::from_static("text/event-stream"), Bytes::new());
    answer.headers_mut().insert(ACCEL_BUFFERING, HeaderValue::from_static("no"));
    *answer.body_mut() = StreamBody::new(stream.map(|bytes| Ok(Frame::data(bytes)))).boxed_unsync();
    answer
}

/// Redirects a browser, which follows with GET.
pub(crate) fn see_other(location: &str) -> Answer {
    let mut answer = answer(StatusCode::SEE_OTHER, HeaderValue::from_static("text/plain"), Bytes::new());
    if let Ok(value) = HeaderValue::from_str(location) {
        answer.headers_mut().insert(LOCATION, value);
    }
    answer
}

pub(crate) fn with_cookie(mut answer: Answer, cookie: &str) -> Answer {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        answer.headers_mut().append(SET_COOKIE, value);
    }
    answer
}

pub(crate) fn method_not_allowed(allow: &'static str) -> Answer {
    let mut answer = problem(StatusCode::METHOD_NOT_ALLOWED, None, &format!("This path takes {allow}."));
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    answer
}
