use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Something that was changed in an event when it was received.
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
}

impl Flag {
    /// Every flag there is.
    pub const ALL: [Self; 5] =
        [Self::PageUrlCut, Self::PageTitleCut, Self::UserAgentCut, Self::ReferrerCut, Self::TimestampReplaced];

    /// The stable name, in snake_case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PageUrlCut => "page_url_cut",
            Self::PageTitleCut => "page_title_cut",
            Self::UserAgentCut => "user_agent_cut",
            Self::ReferrerCut => "referrer_cut",
            Self::TimestampReplaced => "timestamp_replaced",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

// Each flag is a bit of a u8.
const _: () = assert!(Flag::ALL.len() <= u8::BITS as usize);

/// A set of [`Flag`]s. As JSON: an array of their names, in a fixed order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(u8);

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
