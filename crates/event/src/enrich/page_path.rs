use std::borrow::Cow;

/// The path of an absolute URL, without query and fragment, except that a fragment that is a route (`#/about`) is kept. `/`
/// if there is none. The same rule as in sql/functions/page_path.sql, which is for rows that were stored without it.
#[must_use]
pub fn page_path(page_url: &str) -> Cow<'_, str> {
    let after_scheme = page_url.split_once("://").map_or("", |(_, rest)| rest);
    let path = &after_scheme[after_scheme.find(['/', '?', '#']).unwrap_or(after_scheme.len())..];
    let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
    let path = if path.is_empty() { "/" } else { path };
    match page_url.find("#/") {
        Some(route) => Cow::Owned([path, &page_url[route..]].concat()),
        None => Cow::Borrowed(path),
    }
}

#[cfg(test)]
mod tests {
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
            ("http://a.b/ü ä%20?q", "/ü ä%20"),
            ("http://a.b/#/about", "/#/about"),
            ("http://a.b/app?x=1#/about?y=2", "/app#/about?y=2"),
            ("http://a.b/x#y#/z", "/x#/z"),
            ("http://a.b/c://d/e", "/c://d/e"),
            ("http://user:pass@a.b/c", "/c"),
            ("nonsense", "/"),
            ("", "/"),
        ] {
            assert_eq!(page_path(url), path, "{url}");
        }
    }
}
