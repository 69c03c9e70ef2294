mod catalogue;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

// One table, so that the enum, its names and ALL cannot disagree.
macro_rules! reasons {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal,)+) => {
        /// Why an event, or a whole body, was not stored. A bounded set: each name is a metric label and a value in
        /// the database, so a name never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Reason {
            $($(#[$doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The stable name, in snake_case.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

reasons! {
    /// The body is empty, or only white space.
    BodyEmpty = "body_empty",
    /// The body is larger than allowed, before or after inflation.
    BodyTooLarge = "body_too_large",
    /// The content type is not one of a known format, or its charset is not UTF-8.
    ContentTypeUnsupported = "content_type_unsupported",
    /// The content encoding is not supported.
    ContentEncodingUnsupported = "content_encoding_unsupported",
    /// The body is not valid in its content encoding.
    ContentEncodingInvalid = "content_encoding_invalid",
    /// Not JSON (RFC 8259).
    JsonSyntax = "json_syntax",
    /// Not UTF-8.
    Utf8Invalid = "utf8_invalid",
    /// A NUL character, escaped or raw, which PostgreSQL cannot store in text or jsonb.
    NulCharacter = "nul_character",
    /// Half of a surrogate pair, which is not a character.
    LoneSurrogate = "lone_surrogate",
    /// The same key twice in one object.
    DuplicateKey = "duplicate_key",
    /// A number that its field, or a 64-bit float, cannot hold.
    NumberOutOfRange = "number_out_of_range",
    /// More levels of objects and arrays than allowed.
    NestingTooDeep = "nesting_too_deep",
    /// The event is not a JSON object.
    NotAnObject = "not_an_object",
    /// A required field is absent or null.
    FieldMissing = "field_missing",
    /// A field has the wrong JSON type.
    FieldType = "field_type",
    /// A required field is the empty string.
    FieldEmpty = "field_empty",
    /// A field that must not be cut is longer than allowed.
    FieldTooLong = "field_too_long",
    /// Not an absolute http or https URL.
    UrlInvalid = "url_invalid",
    /// Not a time.
    TimestampInvalid = "timestamp_invalid",
    /// Not a UUID, or one that identifies nothing (all bits 0 or all 1).
    EventIdInvalid = "event_id_invalid",
    /// `metadata` has more bytes than allowed.
    MetadataTooLarge = "metadata_too_large",
    /// `metadata` has more keys than allowed.
    MetadataTooManyKeys = "metadata_too_many_keys",
    /// More events in one request than allowed.
    TooManyEvents = "too_many_events",
    /// A batch without an event.
    BatchEmpty = "batch_empty",
    /// The visitor asked not to be tracked (Do Not Track, Global Privacy Control).
    PrivacySignal = "privacy_signal",
    /// An import of history was asked for without permission.
    ImportRefused = "import_refused",
    /// The request has no key, and only who has one may write.
    KeyMissing = "key_missing",
    /// The request's key is none of ours, or is not valid any more, or must not be sent in this way.
    KeyRefused = "key_refused",
    /// The request has a site's public key, but comes from no page of that site.
    OriginRefused = "origin_refused",
    /// The event names another site than the one that the request's key is for.
    SiteMismatch = "site_mismatch",
    /// PostgreSQL refused the row.
    DatabaseRefused = "database_refused",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name is not one of [`Reason::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a reason")]
pub struct UnknownReason;

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(name: &str) -> Result<Self, UnknownReason> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == name).ok_or(UnknownReason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_name_of_its_own_that_leads_back_to_it() {
        for reason in Reason::ALL {
            let name = reason.as_str();
            assert_eq!(name.parse(), Ok(*reason));
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'));
            assert_eq!(serde_json::to_string(reason).unwrap(), format!("\"{name}\""));
            assert_eq!(Reason::ALL.iter().filter(|it| it.as_str() == name).count(), 1);
        }
        assert_eq!("other".parse::<Reason>(), Err(UnknownReason));
    }

    #[test]
    fn no_reason_is_missing_from_all() {
        // ALL is in the order of the variants, so the last variant is the last element.
        assert_eq!(Reason::ALL.len(), Reason::DatabaseRefused as usize + 1);
    }
}
