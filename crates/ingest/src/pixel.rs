//! The image whose request is a page view without JavaScript: `<noscript><img src="/pixel.gif"></noscript>`.

use serde_json::json;
use url::form_urlencoded;

/// One transparent pixel, GIF89a.
pub(crate) const GIF: &[u8; 43] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\
    \x21\xf9\x04\x01\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";

/// The event as a client would have posted it. Query parameters: `u`, the page's URL (by default the Referer header,
/// which names only the origin if the image is on another one); `r`, its referrer; `t`, its title; `s`, the site.
/// Others, such as cache busters, are ignored.
pub(crate) fn event(query: &str, referer: Option<&str>) -> Vec<u8> {
    let of_query = |name| {
        let pairs = form_urlencoded::parse(query.as_bytes());
        pairs.into_iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value)
    };
    let event = json!({
        "event_type": "page_view",
        "page_url": of_query("u").or(referer.map(Into::into)),
        "page_title": of_query("t"),
        "referrer": of_query("r"),
        "site": of_query("s"),
        "metadata": { "noscript": true },
    });
    event.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{GIF, event};

    #[test]
    fn the_picture_is_a_whole_gif_of_one_pixel() {
        assert!(GIF.starts_with(b"GIF89a\x01\x00\x01\x00") && GIF.ends_with(b"\x3b"));
    }

    #[test]
    fn the_query_says_more_than_the_referer_header() {
        let read = |query, referer| -> Value { serde_json::from_slice(&event(query, referer)).unwrap() };
        let told = read("u=https%3A%2F%2Fa.b%2F%3Fx%3D1%26y&t=A+b&r=http://c.d/&s=shop&cache=7", Some("https://e.f/"));
        assert_eq!(
            told,
            json!({
                "event_type": "page_view",
                "page_url": "https://a.b/?x=1&y",
                "page_title": "A b",
                "referrer": "http://c.d/",
                "site": "shop",
                "metadata": { "noscript": true },
            })
        );
        assert_eq!(read("u=", Some("https://e.f/g"))["page_url"], "https://e.f/g");
        assert_eq!(read("", None)["page_url"], Value::Null);
    }
}
