use crate::{campaign, page_url, spelling};

/// The path of an absolute URL, without query and fragment, except that a fragment that is a route (`#/about`) is kept,
/// without a campaign. `/` if there is none. Spelt in one way: see `spelling`. The same rule as in
/// sql/functions/page_path.sql, which is for rows that were stored without it.
#[must_use]
pub fn page_path(page_url: &str) -> String {
    let after_scheme = page_url.split_once("://").map_or("", |(_, rest)| rest);
    let path = &after_scheme[after_scheme.find(['/', '\\', '?', '#']).unwrap_or(after_scheme.len())..];
    let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
    let path = if path.is_empty() { "/" } else { path };
    let route = page_url::route(page_url).map(campaign::removed).unwrap_or_default();
    spelling::spelt(&[path, &route].concat(), false)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn a_path_is_what_is_between_host_and_query() {
        for (url, path) in [
            ("https://a.b", "/"),
            ("https://a.b/", "/"),
            ("https://a.b?x=/y", "/"),
            ("https://a.b#top", "/"),
            ("https://a.b:8080/c/d.html?e=f#g", "/c/d.html"),
            ("HTTPS://A.B/C", "/C"),
            ("http://a.b/c/", "/c/"),
            ("http://a.b//c", "//c"),
            ("http://a.b/ü ä%20?q", "/ü ä "),
            ("http://a.b\\c?d", "/c"),
            ("http://a.b/c/../d/./e", "/d/e"),
            ("http://a.b/x/%2e%2e?y", "/"),
            ("http://a.b/#/about", "/#/about"),
            ("http://a.b/#!/about", "/#!/about"),
            ("http://a.b/app?x=1#/about?y=2", "/app#/about?y=2"),
            ("http://a.b/app#/%C3%BCber?utm_source=x&y=2&GCLID=z", "/app#/über?y=2"),
            ("http://a.b/app#/about?utm_source=x&fbclid=1", "/app#/about"),
            ("http://a.b/x#y#/z", "/x#/z"),
            ("http://a.b/c://d/e", "/c://d/e"),
            ("http://user:pass@a.b/c", "/c"),
            ("nonsense", "/"),
            ("", "/"),
        ] {
            assert_eq!(page_path(url), path, "{url}");
        }
    }

    proptest! {
        /// What the WHATWG parser makes of a URL is the same page.
        #[test]
        fn a_url_as_a_browser_writes_it_is_the_same_page(path in "/([a-z./%\\\\éë\u{301}\u{200b} ]|%[0-9A-Fa-f]{2}|[^?#\\pC]){0,40}") {
            let written = format!("http://a.b{path}");
            let parsed = Url::parse(&written).unwrap();
            // The parser takes spaces off the end.
            prop_assert_eq!(page_path(written.trim_end_matches(' ')), page_path(parsed.as_str()));
        }
    }
}
