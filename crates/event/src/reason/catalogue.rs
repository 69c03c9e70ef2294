//! What an operator needs to know about a reason: the answer to the client, the cause, and the remedy.

use super::Reason;

impl Reason {
    /// The status of the answer to a single event; `None` if no request is answered with it.
    #[must_use]
    pub const fn http_status(self) -> Option<u16> {
        match self {
            Self::BodyTooLarge | Self::TooManyEvents => Some(413),
            Self::ContentTypeUnsupported | Self::ContentEncodingUnsupported => Some(415),
            Self::KeyMissing | Self::KeyRefused => Some(401),
            Self::PrivacySignal | Self::ImportRefused | Self::OriginRefused | Self::SiteMismatch => Some(403),
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

    /// What causes it, for the operator.
    #[must_use]
    pub const fn cause(self) -> &'static str {
        match self {
            Self::BodyEmpty => {
                "A POST with an empty body or only white space: a health check or scanner that posts to /analytics, or \
                 a client that serialised nothing."
            }
            Self::BodyTooLarge => {
                "The body is larger than `http.body_bytes_max`, or than `http.inflated_bytes_max` once decompressed; \
                 nginx and footfall-view themselves refuse more than 1 MiB. A client collects events for too long, or \
                 tries to exhaust memory."
            }
            Self::ContentTypeUnsupported => {
                "The Content-Type is not JSON, text/plain (as sent by sendBeacon) or NDJSON, or it names a charset \
                 other than UTF-8. Often an HTML form, or a library that defaults to application/x-www-form-urlencoded."
            }
            Self::ContentEncodingUnsupported => {
                "The Content-Encoding is not gzip, deflate, br or zstd, or it names more than one."
            }
            Self::ContentEncodingInvalid => {
                "The body cannot be decompressed with the encoding in its header. The client uses a different format \
                 than it says, or sets the header without compressing, or a proxy decompressed the body and kept the \
                 header."
            }
            Self::JsonSyntax => {
                "The body, an element of an array, or a line of NDJSON is not valid JSON (RFC 8259): JSON built by \
                 joining strings, a truncated body, single quotes, or NaN. In an array, the elements around a broken \
                 one are taken."
            }
            Self::Utf8Invalid => {
                "The text is not UTF-8: Latin-1, UTF-16 or UTF-32 sent without conversion, or text cut in the middle of a \
                 character."
            }
            Self::NulCharacter => {
                "A string or key contains a NUL character (U+0000), raw or as \\u0000, which PostgreSQL can store \
                 neither in text nor in jsonb. Usually a scanner, or a C string sent with its terminator."
            }
            Self::LoneSurrogate => {
                "A string contains half of a surrogate pair, such as \\ud83d: JavaScript that truncates text by length \
                 (`slice`, `substring`) can split an emoji."
            }
            Self::DuplicateKey => {
                "An object has the same key twice, so it is unclear which value is meant: JSON built by hand, or two \
                 libraries that each add the field."
            }
            Self::NumberOutOfRange => {
                "A number does not fit its field or a 64-bit float: 1e999, or a `schema_version` outside 1 to 65535."
            }
            Self::NestingTooDeep => {
                "Objects and arrays are nested deeper than `limits.metadata_levels_max`: an entire application state \
                 or a cyclic structure sent as `metadata`."
            }
            Self::NotAnObject => "The event is a number, a string, null or an array. An event must be a JSON object.",
            Self::FieldMissing => {
                "`event_type` or `page_url` is missing or null. Usually a client that was never tested, or one that \
                 uses another name for the field (`eventType`, `url`)."
            }
            Self::FieldType => {
                "A field has the wrong JSON type: a number instead of a string (a numeric `user_id` or `session_id`), \
                 or `metadata` as a string of JSON."
            }
            Self::FieldEmpty => "`event_type` or `page_url` is an empty string.",
            Self::FieldTooLong => {
                "A field that must not be truncated has more characters than its limit: `event_type`, `button_id`, \
                 `session_id`, `user_id` or `site`, or the scheme and host of `page_url`. Half an id would be a \
                 different id. Usually a token, or an entire text, sent as an id."
            }
            Self::UrlInvalid => {
                "`page_url` is not an absolute http or https URL: only a path (`location.pathname`), another scheme \
                 (`file:`, `about:`, an app's own), no host, or a control character in it."
            }
            Self::TimestampInvalid => {
                "`timestamp` or `sent_at` is neither RFC 3339 with an offset nor a number since 1970: a date without a \
                 time, a time without an offset, or digits such as 20240115."
            }
            Self::EventIdInvalid => {
                "`event_id` is not a UUID, or is one that identifies nothing (all bits 0 or all bits 1)."
            }
            Self::MetadataTooLarge => "`metadata` has more than `limits.metadata_bytes_max` bytes as compact JSON.",
            Self::MetadataTooManyKeys => {
                "`metadata` has more than `limits.metadata_keys_max` keys, counted across all levels."
            }
            Self::TooManyEvents => "A request contains more than `limits.events_max` events.",
            Self::BatchEmpty => "The array, or `events`, is empty, or the NDJSON has only blank lines.",
            Self::PrivacySignal => {
                "The browser sends Global Privacy Control or Do Not Track (`field` in the answer says which), and \
                 `privacy.honour_signals` is on. This is not an error: it is what the visitor asked for."
            }
            Self::ImportRefused => {
                "The request says `?import`, but has neither the key in `import.key` nor comes straight from this \
                 machine: a wrong key, or no key configured, or a request through nginx or another proxy, or from a \
                 page in a browser."
            }
            Self::KeyMissing => {
                "The request has no key, and is neither of a page of the host that it was sent to nor of a program on this \
                 machine: a page of another host, a server or an app, or a program that has found the address. Behind a proxy \
                 that does not pass on the header Host, the host's own pages look like those of another one."
            }
            Self::KeyRefused => {
                "The request's key is in no site of the file in `sites.file`, or it was withdrawn, or its site is \
                 disabled; or it is a secret key in a URL, where servers and proxies log it."
            }
            Self::OriginRefused => {
                "The request has a public key, but its Origin (of an image: its Referer) is none of `origins` of the \
                 key's site: the site is open under another name, or another site has copied the snippet, or a program \
                 uses a key that is for pages. An image has no Referer if its page says `no-referrer`."
            }
            Self::SiteMismatch => {
                "The event names a site, and the key of its request is for another one, or it has none and the site is in \
                 `sites.file`: a wrong key, or a client tries to write for a site that is not its own."
            }
            Self::DatabaseRefused => {
                "The event was accepted, but PostgreSQL refused its row: a constraint or trigger that was added by \
                 hand, or a bug in Footfall. The client was answered 200, and the row is in `analytics_quarantine` \
                 with its bytes and PostgreSQL's message."
            }
        }
    }

    /// What to change, for the operator.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::BodyEmpty => "Find the client in nginx's access log. Health checks should use /health.",
            Self::BodyTooLarge => {
                "Make the client send smaller batches. If larger ones are justified, raise both limits and nginx's \
                 `client_max_body_size`."
            }
            Self::ContentTypeUnsupported => {
                "Send JSON as application/json or text/plain, or NDJSON as application/x-ndjson, in UTF-8."
            }
            Self::ContentEncodingUnsupported => "Compress once, with one of these four, or not at all.",
            Self::ContentEncodingInvalid => {
                "Compare the header with what the client really sends (save a body and send it with `curl \
                 --data-binary`)."
            }
            Self::JsonSyntax => {
                "Let a JSON library write the body (`JSON.stringify`). The message says where parsing stopped."
            }
            Self::Utf8Invalid => "Encode the body as UTF-8 before sending it.",
            Self::NulCharacter => {
                "Remove the character where the text is read. If the client is a scanner, nothing is lost."
            }
            Self::LoneSurrogate => {
                "Truncate by characters, `Array.from(text).slice(0, n).join(\"\")`, or call `toWellFormed()`."
            }
            Self::DuplicateKey => "Set each key once. `field` in the answer names it.",
            Self::NumberOutOfRange => "Send a number that fits, or send it as a string in `metadata`.",
            Self::NestingTooDeep => {
                "Send only the values that you will query. If the depth is justified, raise the limit."
            }
            Self::NotAnObject => "Send one object, an array of objects, `{\"events\":[...]}`, or one object per line.",
            Self::FieldMissing => "Send the field that the answer names. README.md lists all of them.",
            Self::FieldType => "Send the type that the message names: `String(id)`, or the object itself.",
            Self::FieldEmpty => "Give it a value. Without one, there is nothing to count.",
            Self::FieldTooLong => {
                "Send only the id, or a hash of it. The limits are `limits.*_chars_max` of ingest and sink; a higher \
                 one also needs a wider column."
            }
            Self::UrlInvalid => {
                "Send `location.href`. An app without web pages can give its screens URLs on a host of its choice, \
                 such as https://app.example/settings."
            }
            Self::TimestampInvalid => "Send `new Date().toISOString()`, or `Date.now()` as a number.",
            Self::EventIdInvalid => "Send `crypto.randomUUID()`, or omit the field: ingest then assigns an id.",
            Self::MetadataTooLarge | Self::MetadataTooManyKeys => {
                "Send only the values that you will query. If more is justified, raise the limit for both ingest and \
                 sink."
            }
            Self::TooManyEvents => "Send smaller batches, or raise the limit.",
            Self::BatchEmpty => "If there are no events, do not send a request.",
            Self::PrivacySignal => {
                "None needed. Whether to count these visitors is a privacy decision: `privacy.honour_signals = false`."
            }
            Self::ImportRefused => {
                "Send `Authorization: Bearer KEY` with the key in `import.key`, or post to ingest's own port on its \
                 machine. Without `?import`, old events are stored with the time of receipt."
            }
            Self::KeyMissing => {
                "Make a key with `footfall key add SITE --origin ORIGIN`, and put it into the address that events are sent to: \
                 `data-endpoint=\"/analytics?key=KEY\"`; for a server, into its header `Authorization: Bearer KEY`. \
                 `footfall site open` takes events without a key from everybody."
            }
            Self::KeyRefused => {
                "`footfall site list` shows which keys there are: compare the first 11 characters. Send a secret key in the \
                 header `Authorization: Bearer KEY`; if it was in a URL, replace it with `footfall key rotate`."
            }
            Self::OriginRefused => {
                "If the pages are yours, `footfall site add SITE --origin ORIGIN` adds their origin. A program needs a key \
                 of its own: `footfall key add SITE --secret`. An image can say `referrerpolicy=\"origin\"`."
            }
            Self::SiteMismatch => {
                "Leave `site` out, since the key says it, or use a key of the site that the event names. Pages of Footfall's own host \
                 need a key, too, to write for a site that has keys."
            }
            Self::DatabaseRefused => {
                "Read `field` and `message` of the row in `analytics_quarantine`, then remove the constraint or report \
                 the bug. The bytes are kept for as long as `keep_days.analytics_quarantine` of `footfall retain` says."
            }
        }
    }
}
