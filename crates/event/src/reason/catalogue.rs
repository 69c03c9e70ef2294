//! What an operator wants to know of a reason: what the client was answered, what leads to it, what to change.

use super::Reason;

impl Reason {
    /// The status of the answer to a single event. None: no request is answered with it.
    #[must_use]
    pub const fn http_status(self) -> Option<u16> {
        match self {
            Self::BodyTooLarge | Self::TooManyEvents => Some(413),
            Self::ContentTypeUnsupported | Self::ContentEncodingUnsupported => Some(415),
            Self::PrivacySignal => Some(403),
            Self::BodyEmpty
            | Self::ContentEncodingInvalid
            | Self::JsonSyntax
            | Self::Utf8Invalid
            | Self::NulCharacter
            | Self::LoneSurrogate
            | Self::DuplicateKey
            | Self::NumberOutOfRange
            | Self::NestingTooDeep
            | Self::NotAnObject
            | Self::FieldMissing
            | Self::FieldType
            | Self::FieldEmpty
            | Self::FieldTooLong
            | Self::UrlInvalid
            | Self::TimestampInvalid
            | Self::EventIdInvalid
            | Self::MetadataTooLarge
            | Self::MetadataTooManyKeys
            | Self::BatchEmpty => Some(400),
            Self::DatabaseRefused => None,
        }
    }

    /// What leads to it, for the operator.
    #[must_use]
    pub const fn cause(self) -> &'static str {
        match self {
            Self::BodyEmpty => {
                "A POST without a body, or with white space alone: a health check or a scanner that posts to /analytics, \
                 or a client that serialised nothing."
            }
            Self::BodyTooLarge => {
                "The body has more bytes than `http.body_bytes_max`, or more than `http.inflated_bytes_max` once it is \
                 inflated; nginx and footfall-view refuse more than 1 MiB by themselves. A client that gathers events for \
                 too long, or an attempt to fill the memory."
            }
            Self::ContentTypeUnsupported => {
                "The Content-Type is neither JSON, nor text/plain (as sendBeacon sends it), nor NDJSON, or it names a \
                 charset other than UTF-8. Often an HTML form, or a library whose default is \
                 application/x-www-form-urlencoded."
            }
            Self::ContentEncodingUnsupported => {
                "The Content-Encoding is none of gzip, deflate, br and zstd, or names several."
            }
            Self::ContentEncodingInvalid => {
                "The body cannot be inflated by the encoding that its header names. The client compresses in another \
                 format than it says, sets the header without compressing, or a proxy inflated the body and kept the \
                 header."
            }
            Self::JsonSyntax => {
                "The body, or one line of NDJSON, is not JSON (RFC 8259). JSON built by joining strings, a body that was \
                 cut off, single quotes, a trailing comma, or NaN."
            }
            Self::Utf8Invalid => {
                "The text is not UTF-8: Latin-1 or UTF-16 sent without conversion, or text cut within a character."
            }
            Self::NulCharacter => {
                "A text or a key holds a NUL character (U+0000), raw or as \\u0000, which PostgreSQL stores neither in \
                 text nor in jsonb. Mostly a scanner, or a C string passed on with its end."
            }
            Self::LoneSurrogate => {
                "A text holds half of a surrogate pair, such as \\ud83d. JavaScript that cuts a text by its length \
                 (`slice`, `substring`) cuts through an emoji."
            }
            Self::DuplicateKey => {
                "An object has the same key twice, so which value is meant cannot be known. JSON built by hand, or two \
                 libraries that each add the field."
            }
            Self::NumberOutOfRange => {
                "A number that its field, or a 64-bit float, does not hold: 1e999, or a `schema_version` outside of 1 to \
                 65535."
            }
            Self::NestingTooDeep => {
                "Objects and arrays lie deeper than `limits.metadata_levels_max`: a whole application state or a cyclic \
                 structure sent as `metadata`."
            }
            Self::NotAnObject => "The event is a number, a string, null or an array. An event is a JSON object.",
            Self::FieldMissing => {
                "`event_type` or `page_url` is absent or null. Mostly a client that was never tested, or one that names \
                 the field differently (`eventType`, `url`)."
            }
            Self::FieldType => {
                "A field has another JSON type than it must have: a number where a text is expected (a numeric `user_id` \
                 or `session_id`), or `metadata` as a string of JSON."
            }
            Self::FieldEmpty => "`event_type` or `page_url` is the empty string.",
            Self::FieldTooLong => {
                "A field that must not be cut has more characters than its limit: `event_type`, `button_id`, \
                 `session_id`, `user_id` or `site`, or the scheme and host of `page_url`. Half an id would be another id. \
                 Mostly a token, or a whole text, sent as an id."
            }
            Self::UrlInvalid => {
                "`page_url` is no absolute http or https URL: a path alone (`location.pathname`), another scheme \
                 (`file:`, `about:`, an app's own), no host, or a control character in it."
            }
            Self::TimestampInvalid => {
                "`timestamp` or `sent_at` is neither RFC 3339 with its offset nor a number of milliseconds since 1970: a \
                 date without a time, a time without an offset, or milliseconds sent as a string."
            }
            Self::EventIdInvalid => "`event_id` is no UUID, or one that identifies nothing (all bits 0 or all 1).",
            Self::MetadataTooLarge => "`metadata` has more bytes than `limits.metadata_bytes_max` as compact JSON.",
            Self::MetadataTooManyKeys => {
                "`metadata` has more keys than `limits.metadata_keys_max`, on all of its levels together."
            }
            Self::TooManyEvents => "One request holds more events than `limits.events_max`.",
            Self::BatchEmpty => "The array, or `events`, has no element; or NDJSON has blank lines alone.",
            Self::PrivacySignal => {
                "The browser sends Global Privacy Control or Do Not Track (the `field` of the answer says which), and \
                 `privacy.honour_signals` is on. This is no error: it is what the visitor asked for."
            }
            Self::DatabaseRefused => {
                "The event was accepted, and PostgreSQL refused its row: a constraint or trigger that was added by hand, \
                 or a fault in Footfall. The client was answered 200, and the row is in `analytics_quarantine` with its \
                 bytes and PostgreSQL's message."
            }
        }
    }

    /// What to change.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::BodyEmpty => "Find the client by the access log of nginx. A health check belongs at /health.",
            Self::BodyTooLarge => {
                "Have the client send smaller batches. Where larger ones are right, raise both limits, and \
                 `client_max_body_size` of nginx."
            }
            Self::ContentTypeUnsupported => {
                "Send application/json, text/plain with JSON in it, or application/x-ndjson, in UTF-8."
            }
            Self::ContentEncodingUnsupported => "Compress once, by one of the four, or not at all.",
            Self::ContentEncodingInvalid => {
                "Compare the header with what the client really sends (`curl --data-binary` of a saved body shows it)."
            }
            Self::JsonSyntax => {
                "Have a JSON library write the body (`JSON.stringify`). The message says where the reading ended."
            }
            Self::Utf8Invalid => "Encode the body as UTF-8 before it is sent.",
            Self::NulCharacter => "Remove the character where the text is read. From a scanner, nothing is lost.",
            Self::LoneSurrogate => "Cut by characters: `Array.from(text).slice(0, n).join(\"\")`, or `toWellFormed()`.",
            Self::DuplicateKey => "Set each key once. The answer's `field` names it.",
            Self::NumberOutOfRange => "Send a number that fits, or send it as a string within `metadata`.",
            Self::NestingTooDeep => {
                "Send the few values that a question will be asked of. Where the depth is right, raise the limit."
            }
            Self::NotAnObject => {
                "Send one object, an array of objects, `{\"events\":[...]}`, or one object for each line."
            }
            Self::FieldMissing => "Send the field that the answer names. README.md lists all of them.",
            Self::FieldType => "Send the type that the message names: `String(id)`, or the object itself.",
            Self::FieldEmpty => "Give it a value; where there is none, there is nothing to count.",
            Self::FieldTooLong => {
                "Send the id alone, or a hash of it. The limits are `limits.*_chars_max` of ingest and sink; a higher one \
                 also needs a wider column."
            }
            Self::UrlInvalid => {
                "Send `location.href`. An app without web pages can name its screens under a host of its own, such as \
                 https://app.example/settings."
            }
            Self::TimestampInvalid => "Send `new Date().toISOString()`, or `Date.now()` as a number.",
            Self::EventIdInvalid => "Send `crypto.randomUUID()`, or leave the field out: then the event is given one.",
            Self::MetadataTooLarge | Self::MetadataTooManyKeys => {
                "Send the few values that a question will be asked of. Where more is right, raise the limit for ingest \
                 and sink alike."
            }
            Self::TooManyEvents => "Send smaller batches, or raise the limit.",
            Self::BatchEmpty => "Send nothing where there is nothing to send.",
            Self::PrivacySignal => {
                "Nothing. To count these visitors is a decision about privacy: `privacy.honour_signals = false`."
            }
            Self::DatabaseRefused => {
                "Read `field` and `message` of the row in `analytics_quarantine`, and remove the constraint or report \
                 the fault. Its bytes are kept as long as `keep_days.analytics_quarantine` of `footfall retain` says."
            }
        }
    }
}
