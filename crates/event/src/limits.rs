use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an event and a request may hold. Where a client stays within these, nothing is refused for its size.
///
/// Characters are Unicode code points, as PostgreSQL's `varchar(n)` counts them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Events in one request.
    pub events_max: usize,
    /// Characters of `event_type`; a longer one is refused.
    pub event_type_chars_max: usize,
    /// Characters of `page_url`; a longer one loses its fragment, then its query, then its tail.
    pub page_url_chars_max: usize,
    /// Characters of `page_title`; a longer one is cut.
    pub page_title_chars_max: usize,
    /// Characters of `button_id`; a longer one is refused.
    pub button_id_chars_max: usize,
    /// Characters of `session_id`; a longer one is refused.
    pub session_id_chars_max: usize,
    /// Characters of `user_agent`; a longer one is cut.
    pub user_agent_chars_max: usize,
    /// Characters of `referrer`; a longer one is cut.
    pub referrer_chars_max: usize,
    /// Characters of `user_id`; a longer one is refused.
    pub user_id_chars_max: usize,
    /// Characters of `site`; a longer one is refused.
    pub site_chars_max: usize,
    /// Levels of objects and arrays in `metadata`, itself included. Holds for ignored fields too.
    pub metadata_levels_max: usize,
    /// Keys in `metadata`, those of all its levels together.
    pub metadata_keys_max: usize,
    /// Bytes of `metadata` as compact JSON.
    pub metadata_bytes_max: usize,
    /// Milliseconds between sending and receipt from which on the client's clock is taken to be wrong.
    pub clock_offset_ms_min: u64,
    /// Milliseconds that an event's time may lie after its receipt; beyond, the time of receipt is taken.
    pub future_ms_max: u64,
    /// Milliseconds that an event's time may lie before its receipt; beyond, the time of receipt is taken.
    pub past_ms_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            events_max: 1_000,
            event_type_chars_max: 100,
            page_url_chars_max: 500,
            page_title_chars_max: 200,
            button_id_chars_max: 100,
            session_id_chars_max: 100,
            user_agent_chars_max: 1_000,
            referrer_chars_max: 1_000,
            user_id_chars_max: 200,
            site_chars_max: 100,
            metadata_levels_max: 16,
            metadata_keys_max: 256,
            metadata_bytes_max: 32_768,
            clock_offset_ms_min: 2_000,
            future_ms_max: 24 * 3_600 * 1_000,
            past_ms_max: 30 * 24 * 3_600 * 1_000,
        }
    }
}

/// Kept well below serde_json's own recursion limit of 128, so that ours is the one that speaks.
const LEVELS_MAX: usize = 64;

impl Limits {
    /// Refuses a limit of nothing, a text limit above the width of its database column (the default), and more levels
    /// than the reader can go down. The error names the field.
    pub fn validate(&self) -> Result<(), String> {
        let widths = Self::default();
        let columns = [
            ("event_type_chars_max", self.event_type_chars_max, widths.event_type_chars_max),
            ("page_url_chars_max", self.page_url_chars_max, widths.page_url_chars_max),
            ("page_title_chars_max", self.page_title_chars_max, widths.page_title_chars_max),
            ("button_id_chars_max", self.button_id_chars_max, widths.button_id_chars_max),
            ("session_id_chars_max", self.session_id_chars_max, widths.session_id_chars_max),
            ("user_agent_chars_max", self.user_agent_chars_max, widths.user_agent_chars_max),
            ("referrer_chars_max", self.referrer_chars_max, widths.referrer_chars_max),
            ("user_id_chars_max", self.user_id_chars_max, widths.user_id_chars_max),
            ("site_chars_max", self.site_chars_max, widths.site_chars_max),
            ("metadata_levels_max", self.metadata_levels_max, LEVELS_MAX),
            ("metadata_keys_max", self.metadata_keys_max, usize::MAX),
            ("metadata_bytes_max", self.metadata_bytes_max, usize::MAX),
            ("events_max", self.events_max, usize::MAX),
        ];
        for (name, value, most) in columns {
            if value == 0 {
                return Err(format!("{name} must be at least 1"));
            }
            if value > most {
                return Err(format!("{name} must be at most {most}, but is {value}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_allowed_and_a_wider_column_is_not() {
        assert_eq!(Limits::default().validate(), Ok(()));
        let wide = Limits { page_url_chars_max: 501, ..Limits::default() };
        assert_eq!(wide.validate(), Err("page_url_chars_max must be at most 500, but is 501".to_owned()));
        let narrow = Limits { site_chars_max: 0, ..Limits::default() };
        assert_eq!(narrow.validate(), Err("site_chars_max must be at least 1".to_owned()));
        let deep = Limits { metadata_levels_max: 65, ..Limits::default() };
        assert!(deep.validate().is_err());
    }

    #[test]
    fn one_limit_can_be_named_alone_and_an_unknown_one_is_an_error() {
        let limits: Limits = serde_json::from_str(r#"{"events_max":5}"#).unwrap();
        assert_eq!(limits, Limits { events_max: 5, ..Limits::default() });
        assert!(serde_json::from_str::<Limits>(r#"{"event_max":5}"#).is_err());
    }
}
