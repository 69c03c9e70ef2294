//! Reads the page's forms.

use std::collections::BTreeMap;

use footfall_daemon::{BodyLimits, read_body};
use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use url::form_urlencoded;

use crate::access::{ShareError, ShareRequest};
use crate::answer::{self, Answer};
use crate::selection::{PROPERTY_PREFIX, is_filter};

/// Far more than any of the page's forms sends.
const FORM_LIMITS: BodyLimits = BodyLimits { bytes_max: 8 * 1024, ms_max: 10_000 };

/// The choice of a property in the form that creates a shared link.
pub(crate) const PROPERTY: &str = "property";

pub(crate) type Form = BTreeMap<String, String>;

pub(crate) async fn read_form(request: Request<Incoming>) -> Result<Form, Answer> {
    match read_body(&mut request.into_body(), FORM_LIMITS).await {
        Ok(body) => Ok(form_urlencoded::parse(&body).into_owned().collect()),
        Err(_) => Err(answer::problem(StatusCode::BAD_REQUEST, Some("body"), "is incomplete or too large")),
    }
}

/// Reads the form that creates a shared link.
pub(crate) fn share_request(form: &Form) -> Result<ShareRequest, ShareError> {
    let refuse = |field, message: &str| Err(ShareError::Field(field, message.into()));
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let Ok(days) = field("days").parse() else { return refuse("days", "is not a whole number") };
    let (key, value) = (field("filter"), field("value"));
    let mut filters = BTreeMap::new();
    if !key.is_empty() {
        if value.is_empty() {
            return refuse("value", "is empty, but a filter is chosen");
        }
        // The form has one field for the property and its value.
        let (key, value) = match value.split_once('=').filter(|_| key == PROPERTY) {
            Some((property, value)) => (format!("{PROPERTY_PREFIX}{property}"), value),
            None if key == PROPERTY => return refuse("value", "is not a property and its value, such as plan=large"),
            None => (key.to_owned(), value),
        };
        if !is_filter(&key) {
            return refuse("filter", "is not known");
        }
        filters.insert(key, vec![value.to_owned()]);
    } else if !value.is_empty() {
        return refuse("filter", "is not chosen, but there is a value for it");
    }
    Ok(ShareRequest { name: field("name").to_owned(), days, filters })
}
