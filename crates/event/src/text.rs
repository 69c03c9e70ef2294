//! Text: its length in characters, as PostgreSQL's `varchar(n)` counts them.

/// U+FEFF, which some programs write at the start of a file.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

pub(crate) fn fits(text: &str, chars_max: usize) -> bool {
    // A character has at least one byte, so for nearly every text the first comparison suffices.
    text.len() <= chars_max || text.chars().count() <= chars_max
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
    fn text_is_cut_between_characters() {
        assert_eq!(head("aäö", 2), "aä");
        assert_eq!(head("😀😀", 1), "😀");
        assert_eq!(head("ab", 2), "ab");
        assert_eq!(head("ab", 3), "ab");
    }
}
