//! The image whose request is a page view without JavaScript: `<noscript><img src="/pixel.gif"></noscript>`.

use serde_json::json;
use url::form_urlencoded;
use uuid::Uuid;

/// One transparent pixel, GIF89a.
pub(crate) const GIF: &[u8; 43] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff\
    \x21\xf9\x04\x01\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00\x3b";

/// The event as a client would have posted it. Query parameters: `u`, the page's URL (by default the Referer header,
/// which names only the origin if the image is on another one); `r`, its referrer; `t`, its title; `s`, the site.
/// Others, such as cache busters, are ignored. `request_id` is the proxy's, so that a request that the proxy repeats is
/// the same event.
pub(crate) fn event(query: &str, referer: Option<&str>, request_id: Option<&str>) -> Vec<u8> {
    let of_query = |name| {
        let pairs = form_urlencoded::parse(query.as_bytes());
        pairs.into_iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value)
    };
    let event = json!({
        "event_id": request_id.map(|request_id| event_id(request_id, query, referer)),
        "event_type": "page_view",
        "page_url": of_query("u").or(referer.map(Into::into)),
        "page_title": of_query("t"),
        "referrer": of_query("r"),
        "site": of_query("s"),
        "metadata": { "noscript": true },
    });
    event.to_string().into_bytes()
}

/// Also made of what was asked for, so that a proxy that gives several requests one id merges no different views.
fn event_id(request_id: &str, query: &str, referer: Option<&str>) -> Uuid {
    let mut hash = blake3::Hasher::new_derive_key("footfall 2026-11 event_id of a pixel's request");
    for part in [request_id, query, referer.unwrap_or_default()] {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    hash.finalize_xof().fill(&mut bytes);
    Uuid::new_v8(bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{GIF, event, event_id};

    #[test]
    fn the_picture_is_a_whole_gif_of_one_pixel() {
        assert!(GIF.starts_with(b"GIF89a\x01\x00\x01\x00") && GIF.ends_with(b"\x3b"));
    }

    #[test]
    fn the_query_says_more_than_the_referer_header() {
        let read = |query, referer| -> Value { serde_json::from_slice(&event(query, referer, None)).unwrap() };
        let told = read("u=https%3A%2F%2Fa.b%2F%3Fx%3D1%26y&t=A+b&r=http://c.d/&s=shop&cache=7", Some("https://e.f/"));
        assert_eq!(
            told,
            json!({
                "event_id": null,
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

    #[test]
    fn a_repeated_request_is_the_same_event_and_no_other_is() {
        let id = |request_id| event_id(request_id, "u=http://a.b/", Some("http://a.b/"));
        assert_eq!(id("4f1c"), id("4f1c"));
        let others = [id("4f1d"), event_id("4f1c", "u=http://a.b/2", Some("http://a.b/")), event_id("4f1c", "", None)];
        assert!(others.iter().all(|other| *other != id("4f1c")));
    }
}
