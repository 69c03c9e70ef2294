//! Lengths of text, counted in characters as PostgreSQL's `varchar(n)` counts them, and what is printable.

use std::borrow::Cow;

/// U+FEFF, which some programs write at the start of a file.
pub(crate) const BYTE_ORDER_MARK: char = '\u{feff}';

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

/// The first characters of a URL, without the half of a percent-encoded character at their end.
pub(crate) fn head_of_url(url: &str, chars_max: usize) -> &str {
    const ESCAPE_BYTES: usize = "%C3".len();
    // UTF-8 has at most three bytes after the first one of a character.
    const CONTINUATIONS_MAX: usize = 3;
    let end = head(url, chars_max).len();
    let bytes = url.as_bytes();
    let inside = (1..ESCAPE_BYTES).filter_map(|back| end.checked_sub(back)).find(|at| escaped(bytes, *at).is_some());
    let whole = inside.unwrap_or(end);
    let mut at = whole;
    for _ in 0..CONTINUATIONS_MAX {
        let previous = at.checked_sub(ESCAPE_BYTES).filter(|previous| escaped(bytes, *previous).is_some());
        match (escaped(bytes, at), previous) {
            (Some(0x80..0xc0), Some(previous)) => at = previous,
            _ => break,
        }
    }
    let character_bytes = match escaped(bytes, at) {
        Some(0xc2..0xe0) => 2,
        Some(0xe0..0xf0) => 3,
        Some(0xf0..0xf5) => 4,
        // No UTF-8: each byte stands alone.
        _ => 1,
    };
    let is_cut = whole - at < character_bytes * ESCAPE_BYTES;
    &url[..if is_cut { at } else { whole }]
}

/// The byte that is percent-encoded here.
fn escaped(url: &[u8], at: usize) -> Option<u8> {
    match url.get(at..at + 3)? {
        [b'%', high, low] => {
            let [high, low] = [high, low].map(|digit| char::from(*digit).to_digit(16));
            u8::try_from(high? * 16 + low?).ok()
        }
        _ => None,
    }
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

    #[test]
    fn a_url_is_cut_between_percent_encoded_characters() {
        for (url, lengths, kept) in [
            ("/a%20b", 2..5, "/a"),
            ("/a%20b", 5..6, "/a%20"),
            ("/%C3%A9t", 1..7, "/"),
            ("/%C3%A9t", 7..8, "/%C3%A9"),
            ("/é%c3%a9", 2..8, "/é"),
            ("/%E2%82%AC", 1..10, "/"),
            ("/%F0%9F%98%80/", 1..13, "/"),
            ("/%F0%9F%98%80/", 13..14, "/%F0%9F%98%80"),
            ("/%C3%A9%C3%A9", 7..13, "/%C3%A9"),
            // No UTF-8: no character to keep whole, and nothing more is lost.
            ("/%82%82%82%82%82", 13..16, "/%82%82%82%82"),
            ("/%C3%A9%A9", 7..10, "/%C3%A9"),
            ("/%E9%E9", 4..7, "/%E9"),
            ("/%zz%zz", 3..4, "/%z"),
            ("/100%", 5..6, "/100%"),
            ("/100%%41", 5..8, "/100%"),
            ("%41", 0..3, ""),
        ] {
            for chars_max in lengths {
                assert_eq!(head_of_url(url, chars_max), kept, "{url} cut to {chars_max}");
            }
        }
    }
}
