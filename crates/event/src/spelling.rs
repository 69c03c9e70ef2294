//! One spelling for each page, however its URL was written: `/caf%C3%A9`, `/caf%c3%a9`, `/café` and `/a/../café` are one.
//!
//! sql/functions/page_spelling.sql follows the same rules, for filters that are written in SQL; a test compares them.

use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization as _;

/// A path, with or without a route (`/app#/about`), as it is stored. The last segment of a prefix may be half a name, so
/// `.` and `..` are not resolved there.
pub(crate) fn spelt(text: &str, is_prefix: bool) -> String {
    // As the WHATWG URL standard does before it reads a URL.
    let text = text.replace(['\t', '\n', '\r'], "");
    let (path, route) = text.split_at(text.find('#').unwrap_or(text.len()));
    let path = readable(&path.replace('\\', "/"));
    let is_cut = is_prefix && route.is_empty();
    [resolved(&path, is_cut), readable(route)].concat()
}

/// Resolves `.` and `..`, as the WHATWG URL standard does.
fn resolved(path: &str, is_cut: bool) -> String {
    let Some(segments) = path.strip_prefix('/') else { return path.to_owned() };
    let mut kept = Vec::new();
    let mut segments = segments.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." if !(is_last && is_cut) => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

/// Decodes what is percent-encoded, as far as it says the same when decoded and can be seen. Everything else that must be
/// encoded is, in upper case. What is no encoding, or not UTF-8, stays.
fn readable(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('%') {
        decoded.push_str(&rest[..start]);
        rest = &rest[start..];
        let bytes: Vec<u8> = escapes(rest).collect();
        if bytes.is_empty() {
            rest = &rest[1..];
            decoded.push_str(if begins_with_decoded_digit(rest) { "%25" } else { "%" });
        }
        for chunk in bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                push_unless(is_reserved, character, &mut decoded);
            }
            chunk.invalid().iter().for_each(|byte| push_escape(*byte, &mut decoded));
        }
        rest = &rest[3 * bytes.len()..];
    }
    decoded.push_str(rest);
    let mut shown = String::with_capacity(decoded.len());
    decoded.chars().for_each(|character| push_unless(is_hidden, character, &mut shown));
    shown.nfc().collect()
}

/// Whether a percent sign before this would become an encoding once what follows is decoded: `%61%30` after it, or `a%30`.
fn begins_with_decoded_digit(text: &str) -> bool {
    let after_digit = text.strip_prefix(|first: char| first.is_ascii_hexdigit()).unwrap_or(text);
    [text, after_digit].iter().any(|text| escapes(text).next().is_some_and(|byte| byte.is_ascii_hexdigit()))
}

/// The bytes that are percent-encoded at the beginning, one after the other.
fn escapes(text: &str) -> impl Iterator<Item = u8> {
    text.as_bytes().chunks(3).map_while(|escape| match escape {
        [b'%', high, low] => {
            let [high, low] = [high, low].map(|digit| char::from(*digit).to_digit(16));
            u8::try_from(high? * 16 + low?).ok()
        }
        _ => None,
    })
}

fn push_unless(is_encoded: fn(char) -> bool, character: char, to: &mut String) {
    if is_encoded(character) {
        character.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_escape(byte, to));
    } else {
        to.push(character);
    }
}

fn push_escape(byte: u8, to: &mut String) {
    let _ = write!(to, "%{byte:02X}");
}

/// What would mean something else in a path if it were decoded.
fn is_reserved(character: char) -> bool {
    matches!(character, '\0'..='\x1f' | '\x7f' | '#' | '%' | '/' | '?' | '\\')
}

/// What cannot be seen, or changes the direction of what is around it: two pages would look alike. Joiners stay, because
/// Persian and Indic words need them.
fn is_hidden(character: char) -> bool {
    matches!(character,
        '\0'..='\x1f' | '\x7f'..='\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{1680}' | '\u{180e}' | '\u{2000}'..='\u{200b}'
        | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{205f}'..='\u{206f}' | '\u{3000}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_has_one_spelling() {
        for (page, spellings) in [
            (
                "/café",
                &[
                    "/caf%C3%A9",
                    "/caf%c3%a9",
                    "/café",
                    "/%63afé",
                    "/cafe\u{301}",
                    "/cafe%CC%81",
                    "/x/../café",
                    "/./caf%c3%A9",
                    "\\café",
                    "/caf\té",
                    "/x/%2e%2E/café",
                ][..],
            ),
            ("/a b", &["/a b", "/a%20b"]),
            ("/日本/語", &["/%E6%97%A5%E6%9C%AC/%e8%aa%9e", "/日本/語"]),
            ("/😀", &["/%F0%9F%98%80"]),
            ("/~user/(x)!*'", &["/%7euser/%28x%29%21%2A%27"]),
            ("/<b>\"[1]", &["/%3Cb%3E%22%5B1%5D"]),
            // What would say something else, or is no UTF-8, stays; and nothing is lost.
            ("/a%2Fb", &["/a%2fb", "/a%2Fb"]),
            ("/%3F%23%25%5C", &["/%3f%23%25%5c"]),
            ("/100%", &["/100%"]),
            ("/%25a0", &["/%%61%30", "/%25a0"]),
            ("/%25a0", &["/%a%30"]),
            ("/%zz%4", &["/%zz%4"]),
            ("/%FFé%E2%82x", &["/%ff%C3%A9%e2%82x"]),
            ("/%C0%AF%ED%A0%80", &["/%c0%af%ed%a0%80"]),
            ("/%2541", &["/%2541"]),
            ("/%00%0A", &["/%00%0a"]),
            // What cannot be seen is shown by its encoding.
            ("/a%E2%80%AEb%C2%A0%E2%80%8B", &["/a\u{202e}b\u{a0}\u{200b}", "/a%e2%80%aeb%c2%a0%e2%80%8b"]),
            ("/می\u{200c}خواهم", &["/می%E2%80%8Cخواهم"]),
            ("/a/", &["/a/", "/a/.", "/a/b/.."]),
            ("/", &["/", "/..", "/./", "/a/../.."]),
            ("/a//b", &["/a//b"]),
            ("/.well-known/...", &["/%2Ewell-known/..."]),
            ("/app#/über?y=1", &["/app#/%C3%BCber?y=1", "/x/../app#/u\u{308}ber?y=%31"]),
            ("", &[""]),
            ("caf%", &["caf%"]),
        ] {
            assert_eq!(spelt(page, false), page, "spelt once, it stays");
            for spelling in spellings {
                assert_eq!(spelt(spelling, false), page, "{spelling}");
            }
        }
    }

    #[test]
    fn the_end_of_a_prefix_may_be_half_a_name() {
        for (prefix, spelt) in [
            ("/blog/%C3%BC", "/blog/ü"),
            ("/.", "/."),
            ("/a/../..", "/.."),
            ("/a/./b", "/a/b"),
            ("/a#/%C3%BC", "/a#/ü"),
            ("%", "%"),
        ] {
            assert_eq!(super::spelt(prefix, true), spelt);
        }
    }

    proptest! {
        #[test]
        fn spelling_a_page_again_changes_nothing(path in "/([a-z./%\\\\éë\u{301}\u{200b} ]|%[0-9A-Fa-f]{2}|\\PC){0,40}") {
            let once = spelt(&path, false);
            prop_assert_eq!(spelt(&once, false), once);
        }
    }
}
