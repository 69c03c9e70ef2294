use crate::{Reason, Rejection};

/// The format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFormat {
    /// One event, an array of events, or `{"events":[...]}`.
    Json,
    /// One event per line; blank lines are skipped.
    Ndjson,
}

impl BodyFormat {
    /// Reads a Content-Type header. JSON is also accepted without a header, and as text/plain, which sendBeacon can
    /// send without a preflight. A charset other than UTF-8 is refused; other parameters are ignored.
    pub fn from_content_type(header: Option<&str>) -> Result<Self, Rejection> {
        let mut parts = header.unwrap_or_default().split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        let charset = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
        });
        if charset.is_some_and(|it| !it.eq_ignore_ascii_case("utf-8") && !it.eq_ignore_ascii_case("utf8")) {
            return Err(unsupported("the charset must be UTF-8"));
        }
        let is = |names: &[&str]| names.iter().any(|name| media_type.eq_ignore_ascii_case(name));
        if is(&["", "application/json", "text/plain"]) {
            Ok(Self::Json)
        } else if is(&[
            "application/x-ndjson",
            "application/ndjson",
            "application/jsonl",
            "application/x-jsonl",
            "application/jsonlines",
        ]) {
            Ok(Self::Ndjson)
        } else {
            Err(unsupported("send application/json, text/plain (holding JSON) or application/x-ndjson"))
        }
    }
}

fn unsupported(message: &str) -> Rejection {
    Rejection::new("content_type", Reason::ContentTypeUnsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_plain_and_a_missing_header_mean_json() {
        let json = [
            None,
            Some(""),
            Some("application/json"),
            Some("Application/JSON ; charset=UTF-8"),
            Some("text/plain;charset=utf-8"),
            Some("text/plain; charset=\"utf-8\""),
            Some("application/json; version=1; charset=utf8"),
        ];
        for header in json {
            assert_eq!(BodyFormat::from_content_type(header), Ok(BodyFormat::Json), "{header:?}");
        }
        for header in ["application/x-ndjson", "application/ndjson", "application/jsonl; charset=utf-8"] {
            assert_eq!(BodyFormat::from_content_type(Some(header)), Ok(BodyFormat::Ndjson));
        }
    }

    #[test]
    fn other_formats_and_other_charsets_are_refused() {
        let others = [
            "text/html",
            "application/x-www-form-urlencoded",
            "application/jsonx",
            "application/json; charset=latin1",
            "text/plain; x=1; charset=utf-16",
        ];
        for header in others {
            let rejection = BodyFormat::from_content_type(Some(header)).unwrap_err();
            assert_eq!(rejection.reason, Reason::ContentTypeUnsupported, "{header}");
        }
    }
}
