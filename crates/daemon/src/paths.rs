//! Spellings of a path, read as nginx reads them, so that both profiles know the same ones.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// The path with each run of slashes as one.
pub fn merged_slashes(path: &str) -> Cow<'_, str> {
    if !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let mut merged = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    Cow::Owned(merged)
}

/// The one of these paths that is meant: with or without a slash at its end, doubled slashes and percent-encodings.
pub fn known_path<'k>(path: &str, known: &[&'k str]) -> Option<&'k str> {
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let path = merged_slashes(&path);
    let path = path.strip_suffix('/').unwrap_or(&path);
    known.iter().copied().find(|known| *known == path)
}

#[cfg(test)]
mod tests {
    use super::known_path;

    #[test]
    fn a_path_is_known_in_each_spelling_and_no_other_path_is() {
        let known = |path| known_path(path, &["/analytics", "/pixel.gif"]);
        for path in ["/analytics", "/analytics/", "//analytics", "/analytics//", "/%61nalytics", "/analytics%2F"] {
            assert_eq!(known(path), Some("/analytics"), "{path}");
        }
        assert_eq!(known("/pixel%2egif/"), Some("/pixel.gif"));
        for path in ["/", "", "/analytics/x", "/Analytics", "/analytics.js", "/%ff", "analytics", "/analytics%20"] {
            assert_eq!(known(path), None, "{path}");
        }
    }
}
