use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Something that is stored differently from how it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flag {
    /// `page_url` lost its fragment or its query, or was cut.
    PageUrlCut,
    /// `page_title` was cut.
    PageTitleCut,
    /// `user_agent` was cut.
    UserAgentCut,
    /// `referrer` was cut.
    ReferrerCut,
    /// The time was too far from the time of receipt, which is stored instead.
    TimestampReplaced,
    /// The time was a number of seconds, microseconds or nanoseconds, and was read as that.
    TimestampUnit,
    /// A number in `metadata` has another value than the one that was sent.
    MetadataNumberChanged,
    /// `screen_width` was not a whole number.
    ScreenWidthRounded,
    /// `metadata.scroll_percent` was impossible.
    ScrollPercentLeftOut,
    /// `metadata.engaged_ms` was impossible.
    EngagedMsLeftOut,
    /// `metadata.lcp_ms` was impossible.
    LcpMsLeftOut,
    /// `metadata.inp_ms` was impossible.
    InpMsLeftOut,
    /// `metadata.fcp_ms` was impossible.
    FcpMsLeftOut,
    /// `metadata.ttfb_ms` was impossible.
    TtfbMsLeftOut,
    /// `metadata.cls` was impossible.
    ClsLeftOut,
    /// `page_url` had a user name or a password.
    PageUrlLoginLeftOut,
    /// `referrer` had a user name or a password.
    ReferrerLoginLeftOut,
    /// The query of `page_url` had a secret.
    PageUrlMasked,
    /// The query of `referrer` had a secret.
    ReferrerMasked,
}

impl Flag {
    /// Every flag there is.
    pub const ALL: [Self; 19] = [
        Self::PageUrlCut,
        Self::PageTitleCut,
        Self::UserAgentCut,
        Self::ReferrerCut,
        Self::TimestampReplaced,
        Self::TimestampUnit,
        Self::MetadataNumberChanged,
        Self::ScreenWidthRounded,
        Self::ScrollPercentLeftOut,
        Self::EngagedMsLeftOut,
        Self::LcpMsLeftOut,
        Self::InpMsLeftOut,
        Self::FcpMsLeftOut,
        Self::TtfbMsLeftOut,
        Self::ClsLeftOut,
        Self::PageUrlLoginLeftOut,
        Self::ReferrerLoginLeftOut,
        Self::PageUrlMasked,
        Self::ReferrerMasked,
    ];

    /// The stable name, in snake_case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PageUrlCut => "page_url_cut",
            Self::PageTitleCut => "page_title_cut",
            Self::UserAgentCut => "user_agent_cut",
            Self::ReferrerCut => "referrer_cut",
            Self::TimestampReplaced => "timestamp_replaced",
            Self::TimestampUnit => "timestamp_unit",
            Self::MetadataNumberChanged => "metadata_number_changed",
            Self::ScreenWidthRounded => "screen_width_rounded",
            Self::ScrollPercentLeftOut => "scroll_percent_left_out",
            Self::EngagedMsLeftOut => "engaged_ms_left_out",
            Self::LcpMsLeftOut => "lcp_ms_left_out",
            Self::InpMsLeftOut => "inp_ms_left_out",
            Self::FcpMsLeftOut => "fcp_ms_left_out",
            Self::TtfbMsLeftOut => "ttfb_ms_left_out",
            Self::ClsLeftOut => "cls_left_out",
            Self::PageUrlLoginLeftOut => "page_url_login_left_out",
            Self::ReferrerLoginLeftOut => "referrer_login_left_out",
            Self::PageUrlMasked => "page_url_masked",
            Self::ReferrerMasked => "referrer_masked",
        }
    }

    /// The field that it is about.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::PageUrlCut | Self::PageUrlLoginLeftOut | Self::PageUrlMasked => "page_url",
            Self::PageTitleCut => "page_title",
            Self::UserAgentCut => "user_agent",
            Self::ReferrerCut | Self::ReferrerLoginLeftOut | Self::ReferrerMasked => "referrer",
            Self::TimestampReplaced | Self::TimestampUnit => "timestamp",
            Self::MetadataNumberChanged => "metadata",
            Self::ScreenWidthRounded => "screen_width",
            Self::ScrollPercentLeftOut => "metadata.scroll_percent",
            Self::EngagedMsLeftOut => "metadata.engaged_ms",
            Self::LcpMsLeftOut => "metadata.lcp_ms",
            Self::InpMsLeftOut => "metadata.inp_ms",
            Self::FcpMsLeftOut => "metadata.fcp_ms",
            Self::TtfbMsLeftOut => "metadata.ttfb_ms",
            Self::ClsLeftOut => "metadata.cls",
        }
    }

    /// What was done, and what to do about it, for the client.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::PageUrlCut => "is too long: it was stored without its fragment, without its query, or cut",
            Self::PageTitleCut | Self::UserAgentCut | Self::ReferrerCut => "is too long: it was cut",
            Self::TimestampReplaced => {
                "is too long ago, or in the future: the time of receipt was stored instead. To keep old times, import \
                 them (README.md, Importing history)"
            }
            Self::TimestampUnit => {
                "was read as seconds, microseconds or nanoseconds, by its size: send milliseconds or RFC 3339"
            }
            Self::MetadataNumberChanged => {
                "has a number that a 64-bit float cannot hold: the nearest one was stored. Send it as a string"
            }
            Self::ScreenWidthRounded => "is not a whole number: it was rounded",
            Self::ScrollPercentLeftOut => "is not a number from 0 to 100: it was left out",
            Self::EngagedMsLeftOut => {
                "is not a number from 0 to 259200000 (three days in milliseconds): it was left out"
            }
            Self::LcpMsLeftOut | Self::InpMsLeftOut | Self::FcpMsLeftOut | Self::TtfbMsLeftOut => {
                "is not a number from 0 to 86400000 (a day in milliseconds): it was left out"
            }
            Self::ClsLeftOut => "is not a number from 0 to 1000: it was left out",
            Self::PageUrlLoginLeftOut | Self::ReferrerLoginLeftOut => {
                "has a user name or a password before its host: they were left out"
            }
            Self::PageUrlMasked | Self::ReferrerMasked => {
                "has a password, a token or an e-mail address in its query: asterisks were stored instead"
            }
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

// Each flag is a bit of a u32.
const _: () = assert!(Flag::ALL.len() <= u32::BITS as usize);

/// A set of [`Flag`]s. As JSON: an array of their names, in a fixed order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(u32);

impl Flags {
    /// Adds a flag.
    pub fn insert(&mut self, flag: Flag) {
        self.0 |= flag.bit();
    }

    /// Whether the flag is set.
    #[must_use]
    pub const fn contains(self, flag: Flag) -> bool {
        self.0 & flag.bit() != 0
    }

    /// Whether no flag is set.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// The flags that are set.
    pub fn iter(self) -> impl Iterator<Item = Flag> {
        Flag::ALL.into_iter().filter(move |flag| self.contains(*flag))
    }
}

impl FromIterator<Flag> for Flags {
    fn from_iter<I: IntoIterator<Item = Flag>>(flags: I) -> Self {
        let mut set = Self::default();
        flags.into_iter().for_each(|flag| set.insert(flag));
        set
    }
}

impl Serialize for Flags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Flag::as_str))
    }
}

impl<'de> Deserialize<'de> for Flags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let flag = |name: &String| Flag::ALL.into_iter().find(|flag| flag.as_str() == name);
        names.iter().map(flag).collect::<Option<Self>>().ok_or_else(|| D::Error::custom("a flag that is not known"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_a_set_written_in_a_fixed_order() {
        let flags: Flags = [Flag::ReferrerCut, Flag::PageUrlCut, Flag::ReferrerCut].into_iter().collect();
        let json = serde_json::to_string(&flags).unwrap();
        assert_eq!(json, r#"["page_url_cut","referrer_cut"]"#);
        assert_eq!(serde_json::from_str::<Flags>(&json).unwrap(), flags);
        assert!(flags.contains(Flag::PageUrlCut) && !flags.contains(Flag::UserAgentCut) && !flags.is_empty());
        assert!(serde_json::from_str::<Flags>(r#"["other"]"#).is_err());
    }

    #[test]
    fn all_flags_fit_and_come_back() {
        let all: Flags = Flag::ALL.into_iter().collect();
        assert_eq!(all.iter().collect::<Vec<_>>(), Flag::ALL);
    }
}
