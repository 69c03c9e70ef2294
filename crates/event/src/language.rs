//! Language tags (RFC 5646).

/// The length that the standard requires every program to support.
pub(crate) const TAG_CHARS_MAX: usize = 35;

/// Returns the trimmed text if it can be a language tag.
pub(crate) fn tag(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_tag = (2..=TAG_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    is_tag.then_some(text)
}

/// The preferred language in an Accept-Language header (RFC 9110, 12.5.4).
pub(crate) fn preferred(accept_language: &str) -> Option<&str> {
    let weighted = accept_language.split(',').filter_map(|range| {
        let (range, weight) = range.split_once(';').map_or((range, "q=1"), |(range, weight)| (range, weight));
        let weight: f32 = weight.trim().strip_prefix("q=")?.trim().parse().ok()?;
        tag(range).filter(|_| weight > 0.0).map(|tag| (tag, weight))
    });
    // Of equal weights, the first wins.
    weighted.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(tag, _)| tag)
}

/// The primary subtag in lower case.
pub(crate) fn primary(tag: &str) -> Option<String> {
    let primary = tag.split(['-', '_']).next().unwrap_or_default();
    let is_language = (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_language.then(|| primary.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_language_is_chosen() {
        for (header, best) in [
            ("de-CH,de;q=0.9,en;q=0.8", Some("de-CH")),
            ("en;q=0.5, fr ; q=0.7,*;q=0.9", Some("fr")),
            ("en;q=0.5,de;q=0.5", Some("en")),
            ("*", None),
            ("en;q=0", None),
            ("en;q=NaN", None),
            ("en;level=1", None),
            ("", None),
            (",,;;,", None),
            ("zh-Hans-CN", Some("zh-Hans-CN")),
        ] {
            assert_eq!(preferred(header), best, "{header}");
        }
        assert_eq!(preferred(&"x".repeat(10_000)), None);
    }

    #[test]
    fn a_primary_subtag_is_two_or_three_letters() {
        for (tag, language) in [
            ("de", Some("de")),
            ("DE-ch", Some("de")),
            ("pt_BR", Some("pt")),
            ("gsw-CH", Some("gsw")),
            ("i-klingon", None),
            ("english", None),
            ("d3", None),
            ("-de", None),
            ("", None),
        ] {
            assert_eq!(primary(tag).as_deref(), language, "{tag}");
        }
    }
}
