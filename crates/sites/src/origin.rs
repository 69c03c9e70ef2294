//! Origins of pages: scheme, host and port. <https://url.spec.whatwg.org/#origin>

use url::{Origin, Url};

/// An origin as browsers write it: `https://blog.example`, of `https://Blog.example:443/`. None if it is no origin of a page.
#[must_use]
pub fn normal_origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    is_bare.then(|| of(&url)).flatten()
}

/// The origin of a page, as browsers write it.
#[must_use]
pub fn origin_of_url(url: &str) -> Option<String> {
    of(&Url::parse(url).ok()?)
}

fn of(url: &Url) -> Option<String> {
    let origin = url.origin();
    let is_of_page = matches!(url.scheme(), "http" | "https") && matches!(origin, Origin::Tuple(..));
    is_of_page.then(|| origin.ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_one_spelling() {
        for (text, wanted) in [
            ("https://blog.example", Some("https://blog.example")),
            ("https://Blog.example:443/", Some("https://blog.example")),
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("https://bücher.example", Some("https://xn--bcher-kva.example")),
            ("https://blog.example/a", None),
            ("https://me@blog.example", None),
            ("file:///a", None),
            ("null", None),
            ("blog.example", None),
        ] {
            assert_eq!(normal_origin(text).as_deref(), wanted, "{text}");
        }
        assert_eq!(origin_of_url("https://blog.example/a?b#c").as_deref(), Some("https://blog.example"));
    }
}
