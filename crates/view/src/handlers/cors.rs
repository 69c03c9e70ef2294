//! Lets pages of the configured origins read the API.
//! <https://fetch.spec.whatwg.org/#http-cors-protocol>

use footfall_daemon::cors::requested_headers;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    HeaderValue, ORIGIN, VARY,
};
use hyper::{HeaderMap, StatusCode};

use crate::answer::{self, Answer};

pub(crate) struct Cors {
    origins: Vec<String>,
}

impl Cors {
    pub(crate) fn new(origins: &[String]) -> Self {
        Self { origins: origins.to_vec() }
    }

    /// Adds the headers that let the request's origin read the answer, if that origin is configured.
    pub(crate) fn allow(&self, mut answer: Answer, request: &HeaderMap) -> Answer {
        let Some(origin) = request.get(ORIGIN).filter(|_| !self.origins.is_empty()) else { return answer };
        answer.headers_mut().insert(VARY, HeaderValue::from_static("origin"));
        if self.origins.iter().any(|known| origin == known.as_str()) {
            answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
        answer
    }

    pub(crate) fn preflight(&self, request: &HeaderMap, methods: &'static str) -> Answer {
        let mut answer = self.allow(answer::json(StatusCode::OK, &serde_json::json!({})), request);
        if answer.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            let headers = answer.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
            // Libraries for tracing add headers of their own.
            let requested = requested_headers(request).unwrap_or(HeaderValue::from_static("authorization"));
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, requested);
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
        }
        answer
    }
}
