//! A second path for a file of the site, because ad blockers block the first one.

use std::fmt;
use std::str::FromStr;

const OF_INGEST: [&str; 3] = ["/analytics", "/pixel.gif", "/health"];

/// `/s.js=/analytics.js`: /s.js serves the same as /analytics.js, which still works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondName {
    second: String,
    first: String,
}

/// The text is not a second name.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not two paths as in /s.js=/analytics.js, of letters, digits and /._~-")]
pub struct NoSecondName(String);

impl FromStr for SecondName {
    type Err = NoSecondName;

    fn from_str(text: &str) -> Result<Self, NoSecondName> {
        let paths = text.split_once('=').filter(|(second, first)| is_path(second) && is_path(first));
        let (second, first) = paths.ok_or_else(|| NoSecondName(text.into()))?;
        Ok(Self { second: second.into(), first: first.into() })
    }
}

/// Allows no character that ends a word or has a meaning in nginx's configuration, and no `..`.
fn is_path(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._~-".contains(&byte);
    text.len() > 1 && text.starts_with('/') && text.bytes().all(is_plain) && !text.contains("..")
}

impl SecondName {
    /// In the command line's syntax, which footfall-view also accepts.
    #[must_use]
    pub fn as_given(&self) -> String {
        format!("{}={}", self.second, self.first)
    }
}

/// As a location in nginx's configuration.
impl fmt::Display for SecondName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { second, first } = self;
        write!(f, "location = {second} {{ rewrite ^ {first} last; }}")?;
        // Ingest's paths are the same with a slash at their end.
        if OF_INGEST.contains(&first.as_str()) && !second.ends_with('/') {
            write!(f, " location = {second}/ {{ rewrite ^ {first} last; }}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::SecondName;

    #[test]
    fn two_paths_become_a_location() {
        let name: SecondName = "/s.js=/analytics.js".parse().unwrap();
        assert_eq!(name.to_string(), "location = /s.js { rewrite ^ /analytics.js last; }");
    }

    #[test]
    fn nothing_else_gets_into_the_configuration() {
        for text in ["", "/s", "s=/a", "/s=a", "/=/a", "/s={", "/s=/a; }", "/s=/a b", "/s=/a$b", "/s=/../a", "/s=/a=b"]
        {
            assert!(text.parse::<SecondName>().is_err(), "{text}");
        }
    }
}
