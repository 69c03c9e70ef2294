//! What is read from a URL, and what is left of one that is too long.

use std::sync::Arc;

use footfall_event::Flag;
use footfall_event::enrich::enrich;
use serde_json::json;

use crate::{accepted, from_line, with};

#[test]
fn a_page_url_keeps_its_route_longer_than_its_query() {
    let long = |letter: &str| letter.repeat(500);
    let route = "#/settings/profile";
    let cases = [
        (format!("https://a.example/app?{}{route}?tab=1", long("q")), format!("https://a.example/app{route}?tab=1")),
        (format!("https://a.example/app?x=1{route}?{}", long("q")), format!("https://a.example/app{route}")),
        (format!("https://a.example/app?{}#!/about", long("q")), "https://a.example/app#!/about".to_owned()),
        (format!("https://a.example/app?x=1#/{}?y", long("r")), format!("https://a.example/app#/{}", "r".repeat(477))),
        (
            format!("https://a.example/?x=1#/{}", "%C3%A9".repeat(99)),
            format!("https://a.example/#/{}", "%C3%A9".repeat(80)),
        ),
        (format!("https://a.example/{}#/about", long("p")), format!("https://a.example/{}", "p".repeat(482))),
    ];
    for (sent, kept) in cases {
        let event = accepted(with("page_url", sent));
        assert_eq!(event.page_url, kept);
        assert_eq!(event.flags.iter().collect::<Vec<_>>(), [Flag::PageUrlCut]);
        assert_eq!(from_line(event.to_line()).unwrap(), event);
    }
}

#[test]
fn a_url_is_cut_between_percent_encoded_characters() {
    // 18 characters before the path: 80 times six fit into 500, and two characters are left.
    for (escaped, times) in [("%C3%A9", 80), ("%E6%97%A5", 53), ("%F0%9F%98%80", 40), ("%20", 160)] {
        let event = accepted(with("page_url", format!("https://a.example/{}", escaped.repeat(200))));
        assert_eq!(event.page_url, format!("https://a.example/{}", escaped.repeat(times)));
        let event = accepted(with("referrer", format!("https://a.example/{}", escaped.repeat(400))));
        let (kept, flags) = (event.referrer.unwrap(), event.flags.iter().collect::<Vec<_>>());
        assert_eq!(kept, format!("https://a.example/{}", escaped.repeat((1_000 - 18) / escaped.len())));
        assert_eq!(flags, [Flag::ReferrerCut]);
    }
}

#[test]
fn a_campaign_is_read_before_its_url_is_shortened() {
    let medium = "utm_source=news+letter&utm_medium=paid&utm_campaign=%C3%BC&utm_term=t&utm_content=c";
    let long = "x".repeat(500);
    for page_url in [
        format!("https://a.example/p?q={long}&{medium}"),
        format!("https://a.example/p?{medium}&q={long}"),
        format!("https://a.example/{long}?{medium}"),
        format!("https://a.example/p#/{long}?{medium}"),
        format!("https://a.example/p?q={long}#{medium}"),
        format!("https://a.example/p?gclid={long}&{medium}"),
    ] {
        let event = accepted(with("page_url", page_url));
        let event = from_line(event.to_line()).unwrap();
        let enriched = enrich(&event, Arc::default());
        let told =
            [enriched.utm_source, enriched.utm_medium, enriched.utm_campaign, enriched.utm_term, enriched.utm_content];
        assert_eq!(told.map(Option::unwrap), ["news letter", "paid", "ü", "t", "c"], "{}", event.page_url);
        assert_eq!(enriched.channel, Some("paid"));
        assert!(!enriched.page_path.contains("utm_"));
    }
    for (id, channel) in [("gclid", "paid"), ("gad_source", "paid"), ("fbclid", "social"), ("mc_eid", "mail")] {
        let event = accepted(with("page_url", format!("https://a.example/p?{id}={long}")));
        let enriched = enrich(&from_line(event.to_line()).unwrap(), Arc::default());
        assert_eq!(enriched.channel, Some(channel), "{id}");
        assert!(!event.campaign.unwrap().contains(&long), "who clicked is not kept");
    }
    let short = accepted(with("page_url", "https://a.example/?utm_source=x"));
    assert_eq!(short.campaign, None, "a short URL says it itself");
    let body = json!({"event_type": "x", "page_url": "https://a.example/", "campaign": "utm_medium=paid"});
    assert_eq!(accepted(body.to_string()).campaign, None, "a client cannot set it");
}
