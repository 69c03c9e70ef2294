//! Lengths of text, counted in characters as PostgreSQL's `varchar(n)` counts them, and what is printable.

use std::borrow::Cow;

pub(crate) fn fits(text: &str, chars_max: usize) -> bool {
    // A character has at least one byte, so for nearly every text the first comparison suffices.
    text.len() <= chars_max || text.chars().count() <= chars_max
}

/// The text with each run of control characters as one space, and none at its ends.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    if !text.contains(char::is_control) {
        return text.into();
    }
    text.split(char::is_control).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ").into()
}

/// The first characters.
pub(crate) fn head(text: &str, chars_max: usize) -> &str {
    text.char_indices().nth(chars_max).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_counted_in_characters_not_bytes() {
        assert!(fits("äöü", 3));
        assert!(!fits("äöüß", 3));
        assert!(fits("", 0));
    }

    #[test]
    fn control_characters_become_spaces() {
        for (text, printed) in
            [("A/1\t\u{7}(é)\u{85}", "A/1 (é)"), ("\n", ""), (" a  b ", "a  b"), ("Ж", "Ж"), ("a\r\nb", "a b")]
        {
            assert_eq!(printable(text), printed, "{text:?}");
        }
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(head("aäö", 2), "aä");
        assert_eq!(head("😀😀", 1), "😀");
        assert_eq!(head("ab", 2), "ab");
        assert_eq!(head("ab", 3), "ab");
    }
}
