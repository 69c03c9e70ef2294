//! Each limit at, below and above its edge.

use footfall_event::{BodyFormat, Flag, Reason};
use serde_json::{Map, Value, json};

use crate::{accepted, minimal, parsed, parsed_as, refused, single, with, with_text};

/// Characters of one, two and four bytes: a limit counts characters.
const ALPHABETS: [&str; 3] = ["a", "ü", "😀"];

#[test]
fn ids_that_are_too_long_are_refused() {
    let fields = [
        ("event_type", 100),
        ("button_id", 100),
        ("session_id", 100),
        ("user_id", 200),
        ("site", 100),
        ("app_version", 100),
    ];
    for (field, chars_max) in fields {
        for letter in ALPHABETS {
            for chars in [1, chars_max - 1, chars_max] {
                let text = letter.repeat(chars);
                let line = accepted(with(field, text.clone())).to_line();
                let line: Value = serde_json::from_slice(&line).unwrap();
                assert_eq!(line[field], text, "{field} of {chars}");
            }
            let long = refused(with(field, letter.repeat(chars_max + 1)));
            assert_eq!(long, (field.to_owned(), "field_too_long"));
        }
    }
}

#[test]
fn text_that_is_too_long_is_cut_and_flagged() {
    let fields = [
        ("page_title", 200, Flag::PageTitleCut),
        ("user_agent", 1_000, Flag::UserAgentCut),
        ("referrer", 1_000, Flag::ReferrerCut),
    ];
    for (field, chars_max, flag) in fields {
        for letter in ALPHABETS {
            for chars in [1, chars_max - 1, chars_max, chars_max + 1, 3 * chars_max] {
                let event = accepted(with(field, letter.repeat(chars)));
                let line: Value = serde_json::from_slice(&event.to_line()).unwrap();
                assert_eq!(line[field], letter.repeat(chars.min(chars_max)));
                let flags: Vec<_> = event.flags.iter().collect();
                assert_eq!(flags, if chars > chars_max { vec![flag] } else { vec![] }, "{field} of {chars}");
            }
        }
    }
}

#[test]
fn a_user_agent_from_the_header_is_cut_as_well() {
    let limits = footfall_event::Limits::default();
    let header = "a".repeat(1_001);
    let arrival = footfall_event::Arrival {
        received_at: crate::received_at(),
        user_agent: Some(&header),
        hints: footfall_event::Hints::default(),
        site: None,
        country: None,
        visitor: &|_, _| None,
        limits: &limits,
        masked_names: &[],
        import_past_ms_max: None,
    };
    let body = minimal().to_string();
    let parsed = footfall_event::parse(body.as_bytes(), BodyFormat::Json, &arrival).unwrap();
    let event = &parsed.events[0].as_ref().unwrap().event;
    assert_eq!(event.user_agent.as_ref().unwrap().len(), 1_000);
    assert!(event.flags.contains(Flag::UserAgentCut));
}

#[test]
fn the_user_agent_of_the_event_takes_precedence_over_the_header() {
    assert_eq!(accepted(with("user_agent", "own")).user_agent.as_deref(), Some("own"));
    assert_eq!(accepted(with("user_agent", "")).user_agent.as_deref(), Some("header/1.0"));
    assert_eq!(accepted(minimal().to_string()).user_agent.as_deref(), Some("header/1.0"));
}

#[test]
fn a_page_url_at_its_limit_is_kept() {
    for letter in ALPHABETS {
        for chars in [499, 500] {
            let page_url = format!("https://a.example/{}", letter.repeat(chars - 18));
            let event = accepted(with("page_url", page_url.clone()));
            assert_eq!(event.page_url, page_url);
            assert!(event.flags.is_empty());
        }
    }
}

#[test]
fn a_page_url_loses_its_fragment_then_its_query_then_its_tail() {
    let cases = [
        (format!("https://a.example/p?q#{}", "f".repeat(500)), "https://a.example/p?q".to_owned()),
        (format!("https://a.example/p?{}#f", "q".repeat(500)), "https://a.example/p".to_owned()),
        (format!("https://a.example/{}?q#f", "p".repeat(482)), format!("https://a.example/{}", "p".repeat(482))),
        (format!("https://a.example/{}", "p".repeat(483)), format!("https://a.example/{}", "p".repeat(482))),
        (format!("https://a.example/{}?q#f", "ü".repeat(600)), format!("https://a.example/{}", "ü".repeat(482))),
        (format!("https://a.example#{}", "?".repeat(500)), "https://a.example".to_owned()),
    ];
    for (sent, kept) in cases {
        let event = accepted(with("page_url", sent));
        assert_eq!(event.page_url, kept);
        assert_eq!(event.flags.iter().collect::<Vec<_>>(), [Flag::PageUrlCut]);
    }
}

#[test]
fn a_host_is_never_cut() {
    let host = "a".repeat(600);
    assert_eq!(refused(with("page_url", format!("http://{host}/"))), ("page_url".to_owned(), "field_too_long"));
}

#[test]
fn a_user_name_and_a_password_are_left_out_of_urls() {
    let long = format!("http://{}@example.com/", "a".repeat(600));
    for (sent, kept) in [
        ("https://me:secret@a.example/p?q", "https://a.example/p?q"),
        ("HTTP://me@a.example:8080", "HTTP://a.example:8080"),
        ("https://me:p@ss@a.example/@b", "https://a.example/@b"),
        ("https://@a.example/", "https://a.example/"),
        (long.as_str(), "http://example.com/"),
    ] {
        for (field, flag) in [("page_url", Flag::PageUrlLoginLeftOut), ("referrer", Flag::ReferrerLoginLeftOut)] {
            let event = accepted(with(field, sent));
            let stored = if field == "page_url" { Some(event.page_url.as_str()) } else { event.referrer.as_deref() };
            assert_eq!((stored, event.flags.iter().collect::<Vec<_>>()), (Some(kept), vec![flag]), "{sent}");
        }
    }
    for kept in ["https://a.example/@b", "https://a.example/?to=me:secret@b"] {
        assert!(accepted(with("page_url", kept)).flags.is_empty(), "{kept}");
    }
    assert_eq!(refused(with("page_url", "https://me:secret@/")), ("page_url".to_owned(), "url_invalid"));
}

#[test]
fn secrets_in_a_query_are_masked_and_the_campaign_of_a_long_url_has_none() {
    for (field, flag) in [("page_url", Flag::PageUrlMasked), ("referrer", Flag::ReferrerMasked)] {
        let event = accepted(with(field, "https://a.example/p?token=abc&q=1"));
        let stored = if field == "page_url" { Some(event.page_url.as_str()) } else { event.referrer.as_deref() };
        assert_eq!(
            (stored, event.flags.iter().collect::<Vec<_>>()),
            (Some("https://a.example/p?token=***&q=1"), vec![flag])
        );
    }
    let long = format!("https://a.example/p?x={}&utm_source=mail&utm_content=jane@example.org", "x".repeat(500));
    let event = accepted(with("page_url", long));
    assert_eq!(event.page_url, "https://a.example/p");
    let campaign = event.campaign.unwrap();
    assert!(campaign.contains("mail") && !campaign.contains("jane"), "{campaign}");
}

#[test]
fn a_host_name_of_a_megabyte_is_refused_quickly() {
    let start = std::time::Instant::now();
    let labels = format!("http://{}/", "ü".repeat(500_000));
    assert_eq!(refused(with("page_url", labels)).1, "field_too_long");
    assert!(start.elapsed().as_secs() < 2);
}

fn nest(levels: usize) -> String {
    format!("{}{}", r#"{"a":"#.repeat(levels - 1) + "{}", "}".repeat(levels - 1))
}

#[test]
fn metadata_has_at_most_16_levels() {
    for levels in [1, 15, 16] {
        accepted(with_text(&format!(r#""metadata":{}"#, nest(levels))));
    }
    assert_eq!(refused(with_text(&format!(r#""metadata":{}"#, nest(17)))).1, "nesting_too_deep");
    let arrays = |levels| format!(r#""metadata":{{"a":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    accepted(with_text(&arrays(15)));
    assert_eq!(refused(with_text(&arrays(16))).1, "nesting_too_deep");
}

fn keys(count: usize) -> Map<String, Value> {
    (0..count).map(|key| (format!("k{key}"), Value::Null)).collect()
}

#[test]
fn metadata_has_at_most_256_keys_on_all_levels_together() {
    for count in [0, 255, 256] {
        assert_eq!(accepted(with("metadata", keys(count))).metadata.unwrap().len(), count);
    }
    assert_eq!(refused(with("metadata", keys(257))), ("metadata".to_owned(), "metadata_too_many_keys"));
    accepted(with("metadata", json!({"a": keys(127), "b": [keys(127)]})));
    assert_eq!(refused(with("metadata", json!({"a": keys(127), "b": [keys(128)]}))).1, "metadata_too_many_keys");
}

#[test]
fn metadata_has_at_most_32_kib_as_compact_json() {
    // {"a":"..."} is 8 bytes plus the text.
    for letter in ALPHABETS {
        let fill = |bytes: usize| json!({"a": letter.repeat((bytes - 8) / letter.len())});
        for bytes in [32_764, 32_768] {
            accepted(with("metadata", fill(bytes)));
        }
        assert_eq!(refused(with("metadata", fill(32_768 + 4))), ("metadata".to_owned(), "metadata_too_large"));
    }
    assert_eq!(refused(with("metadata", json!({"a": "x".repeat(32_761)}))).1, "metadata_too_large");
}

#[test]
fn escapes_numbers_and_white_space_count_as_in_compact_json() {
    let spaced = format!(r#""metadata":{{ {} "a" : 1 }}"#, " ".repeat(40_000));
    accepted(with_text(&spaced));
    let escapes = |count| format!(r#""metadata":{{"a":"{}"}}"#, r"\n".repeat(count));
    accepted(with_text(&escapes(16_380)));
    assert_eq!(refused(with_text(&escapes(16_381))).1, "metadata_too_large");
    // 9e15 is written as 9000000000000000.0: {"a":[]} is 8 bytes, each number 18 and a comma.
    let numbers = |count: usize| format!(r#""metadata":{{"a":[{}]}}"#, vec!["9e15"; count].join(","));
    accepted(with_text(&numbers(1_724)));
    assert_eq!(refused(with_text(&numbers(1_725))).1, "metadata_too_large");
    // Elements without a key are limited too, before they use memory.
    let many = format!(r#""metadata":{{"a":[{}0]}}"#, "0,".repeat(200_000));
    assert_eq!(refused(with_text(&many)).1, "metadata_too_large");
}

#[test]
fn a_request_has_at_most_1000_events() {
    let event = minimal().to_string();
    for count in [1, 999, 1_000] {
        let array = format!("[{}]", vec![event.as_str(); count].join(","));
        assert_eq!(parsed(&array).unwrap().events.len(), count);
        let lines = vec![event.as_str(); count].join("\n");
        assert_eq!(parsed_as(lines.as_bytes(), BodyFormat::Ndjson).unwrap().events.len(), count);
    }
    let array = format!("[{}]", vec![event.as_str(); 1_001].join(","));
    assert_eq!(parsed(&array).unwrap_err().reason, Reason::TooManyEvents);
    assert_eq!(parsed(format!(r#"{{"events":{array}}}"#)).unwrap_err().reason, Reason::TooManyEvents);
    let lines = vec![event.as_str(); 1_001].join("\n");
    assert_eq!(parsed_as(lines.as_bytes(), BodyFormat::Ndjson).unwrap_err().reason, Reason::TooManyEvents);
    assert_eq!(parsed(format!("[{}", "1,".repeat(2_000))).unwrap_err().reason, Reason::TooManyEvents);
}

#[test]
fn schema_version_goes_from_1_to_65535() {
    for version in [1_u32, 2, 65_534, 65_535] {
        assert_eq!(u32::from(accepted(with("schema_version", version)).schema_version), version);
    }
    assert_eq!(accepted(minimal().to_string()).schema_version, 1);
    assert_eq!(single(with("schema_version", 65_536)).unwrap_err().reason, Reason::NumberOutOfRange);
}
