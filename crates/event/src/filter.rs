//! Filters choose by a page or a host however it is written, because each is stored in one spelling.

use url::Url;

use crate::enrich::page_path;
use crate::spelling;

/// The value of a filter as it is stored. A page may also be given by its URL.
#[must_use]
pub fn spelt(key: &str, value: &str) -> String {
    match key {
        "page" | "entry_page" | "exit_page" | "page_prefix" if is_url(value) => page_path(value),
        "page" | "entry_page" | "exit_page" => spelling::spelt(value, false),
        "page_prefix" => spelling::spelt(value, true),
        "hostname" | "referrer_host" => host(value),
        _ => value.to_owned(),
    }
}

fn is_url(value: &str) -> bool {
    let starts_with = |scheme: &&str| value.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme));
    ["https://", "http://"].iter().any(starts_with)
}

/// In lower case, and an international name in its ASCII form.
fn host(text: &str) -> String {
    let url = Url::parse(&format!("http://{text}/")).ok();
    let host = url.as_ref().filter(|url| url.path() == "/").and_then(Url::host_str);
    host.map_or_else(|| text.to_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_can_be_chosen_by_its_url() {
        for url in ["https://a.b/caf%C3%A9?x#y", "HTTP://user@a.b:80/x/..\\café", "http://a.b\\cafe\u{301}"] {
            for key in ["page", "entry_page", "exit_page", "page_prefix"] {
                assert_eq!(spelt(key, url), "/café", "{key} {url}");
            }
        }
        assert_eq!(spelt("button_id", "http://a.b/%63"), "http://a.b/%63");
    }

    #[test]
    fn a_page_and_a_prefix_have_the_spelling_that_is_stored() {
        assert_eq!(spelt("page", "/caf%c3%a9/."), "/café/");
        assert_eq!(spelt("page_prefix", "/caf%c3%a9/."), "/café/.");
        assert_eq!(spelt("page", ""), "");
        assert_eq!(spelt("site", "caf%c3%a9"), "caf%c3%a9");
    }

    #[test]
    fn a_host_has_the_spelling_that_is_stored() {
        for (spelling, host) in [
            ("münchen.de", "xn--mnchen-3ya.de"),
            ("MU\u{308}NCHEN.DE", "xn--mnchen-3ya.de"),
            ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
            ("WWW.Shop.example", "www.shop.example"),
            ("com.google.android.gm", "com.google.android.gm"),
            ("[2001:db8::7]", "[2001:db8::7]"),
            ("", ""),
            ("a b", "a b"),
            ("a/b", "a/b"),
        ] {
            assert_eq!(spelt("hostname", spelling), host, "{spelling}");
        }
    }
}
