//! Each error has its own reason, and names its field.

use footfall_event::{BodyFormat, CharsMax, Limits};

use crate::{accepted, from_line, line_of, parsed, parsed_as, refused, single, with, with_text};

fn whole(body: impl AsRef<[u8]>) -> (String, &'static str) {
    let rejection = parsed(body).unwrap_err();
    (rejection.field, rejection.reason.as_str())
}

fn at(field: &str, reason: &'static str) -> (String, &'static str) {
    (field.to_owned(), reason)
}

#[test]
fn an_empty_body_is_refused_in_every_format() {
    for body in ["", " \r\n\t "] {
        assert_eq!(whole(body), at("body", "body_empty"));
        let ndjson = parsed_as(body.as_bytes(), BodyFormat::Ndjson).unwrap_err();
        assert_eq!(ndjson.reason.as_str(), "body_empty");
    }
}

#[test]
fn a_body_that_is_not_json_is_refused_as_a_whole() {
    for body in ["{", "[", "[{", "{} {}", "hello", r#"{"a":1,}"#, "[1 2", "{\"a\":\"\u{1}\"}", r#"{"a":"\x"}"#] {
        assert_eq!(whole(body).1, "json_syntax", "{body}");
    }
    assert_eq!(whole(r#"{"events":[{"#).1, "json_syntax");
    assert_eq!(whole(r#"{"sdk":NaN,"events":[{}]}"#).1, "json_syntax");
}

#[test]
fn an_event_must_be_an_object() {
    for body in ["1", "\"text\"", "null", "true", "-1.5"] {
        assert_eq!(refused(body), at("body", "not_an_object"), "{body}");
    }
}

#[test]
fn a_nul_character_is_refused_anywhere() {
    assert_eq!(refused(with("page_title", "a\0b")), at("page_title", "nul_character"));
    assert_eq!(refused(with("event_type", "\0")), at("event_type", "nul_character"));
    assert_eq!(refused(with("timestamp", "\0")), at("timestamp", "nul_character"));
    assert_eq!(refused(with_text(r#""metadata":{"a":{"b":["x\u0000"]}}"#)), at("metadata.a.b.0", "nul_character"));
    assert_eq!(refused(with_text(r#""metadata":{"a":{"\u0000":1}}"#)), at("metadata.a", "nul_character"));
    assert_eq!(refused(with_text(r#""else\u0000":1"#)), at("body", "nul_character"));
    assert_eq!(refused(with_text(r#""else":"\u0000""#)), at("else", "nul_character"));
    assert_eq!(refused(with_text("\"page_title\":\"a\0b\"")), at("body", "nul_character"));
}

#[test]
fn an_escaped_backslash_before_u0000_is_not_a_nul() {
    assert_eq!(accepted(with_text(r#""page_title":"\\u0000""#)).page_title.as_deref(), Some(r"\u0000"));
}

#[test]
fn invalid_utf8_is_refused() {
    let mut body = with("page_title", "a@b").into_bytes();
    let at_sign = body.iter().position(|byte| *byte == b'@').unwrap();
    for bad in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"] {
        let mut broken = body.clone();
        broken.splice(at_sign..=at_sign, bad.iter().copied());
        assert_eq!(whole(broken), at("body", "utf8_invalid"));
    }
    body.truncate(at_sign);
    body.push(0xff);
    assert_eq!(whole(body), at("body", "utf8_invalid"));
}

#[test]
fn a_lone_surrogate_is_refused_but_a_pair_is_not() {
    for half in [r"\ud800", r"\udc00", r"a\udfffb", r"\ud800\ud800", r"\ud800\n", r"\ud800A"] {
        assert_eq!(
            refused(with_text(&format!(r#""page_title":"{half}""#))),
            at("page_title", "lone_surrogate"),
            "{half}"
        );
        let inside = with_text(&format!(r#""metadata":{{"a":["{half}"]}}"#));
        assert_eq!(refused(inside), at("metadata.a.0", "lone_surrogate"));
        assert_eq!(refused(with_text(&format!(r#""metadata":{{"{half}":1}}"#))).1, "lone_surrogate");
    }
    assert_eq!(accepted(with_text(r#""page_title":"\ud83d\ude00""#)).page_title.as_deref(), Some("😀"));
}

#[test]
fn a_duplicate_key_is_refused_on_every_level() {
    assert_eq!(refused(with_text(r#""event_type":"x""#)), at("event_type", "duplicate_key"));
    assert_eq!(refused(with_text(r#""site":null,"site":"a""#)), at("site", "duplicate_key"));
    assert_eq!(refused(with_text(r#""else":1,"else":1"#)), at("else", "duplicate_key"));
    assert_eq!(refused(with_text(r#""metadata":{"a":1,"a":1}"#)), at("metadata.a", "duplicate_key"));
    assert_eq!(refused(with_text(r#""metadata":{"a":[{"b":1,"\u0062":2}]}"#)), at("metadata.a.0.b", "duplicate_key"));
    assert_eq!(refused(with_text(r#""else":{"a":{"b":1,"b":1}}"#)), at("else.a.b", "duplicate_key"));
}

#[test]
fn a_number_beyond_a_float_is_refused() {
    assert_eq!(refused(with_text(r#""metadata":{"n":1e999}"#)), at("metadata.n", "number_out_of_range"));
    assert_eq!(refused(with_text(r#""metadata":{"n":-1e999}"#)), at("metadata.n", "number_out_of_range"));
    assert_eq!(refused(with_text(r#""else":1e999"#)), at("else", "number_out_of_range"));
    assert_eq!(refused(with_text(r#""timestamp":1e999"#)), at("timestamp", "number_out_of_range"));
    let digits = "9".repeat(400);
    assert_eq!(refused(with_text(&format!(r#""metadata":{{"n":{digits}}}"#))), at("metadata.n", "number_out_of_range"));
}

#[test]
fn an_integer_beyond_64_bits_is_kept_as_a_float() {
    let event = accepted(with_text(r#""metadata":{"n":18446744073709551616,"m":-9223372036854775809}"#));
    let metadata = event.metadata.clone().unwrap();
    assert_eq!(metadata["n"].as_f64(), Some(18_446_744_073_709_551_616.0));
    assert_eq!(metadata["m"].as_f64(), Some(-9_223_372_036_854_775_808.0));
    assert_eq!(from_line(event.to_line()).unwrap(), event);
}

#[test]
fn nesting_of_100_levels_is_refused() {
    let objects = format!("{}1{}", r#"{"a":"#.repeat(100), "}".repeat(100));
    let arrays = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let path = |root: &str| format!("{root}{}", ".a".repeat(16));
    assert_eq!(refused(with_text(&format!(r#""metadata":{objects}"#))), (path("metadata"), "nesting_too_deep"));
    assert_eq!(refused(with_text(&format!(r#""else":{objects}"#))), (path("else"), "nesting_too_deep"));
    assert_eq!(refused(with_text(&format!(r#""metadata":{{"a":{arrays}}}"#))).1, "nesting_too_deep");
    assert_eq!(refused(with_text(&format!(r#""else":{arrays}"#))).1, "nesting_too_deep");
    // On its own it is an array whose only event is a nested array.
    let parsed = parsed(arrays).unwrap();
    assert_eq!(parsed.events[0].as_ref().unwrap_err().reason.as_str(), "nesting_too_deep");
    assert_eq!(refused(objects).1, "nesting_too_deep");
}

#[test]
fn nesting_of_a_million_levels_is_refused_too() {
    let deep = "[".repeat(1_000_000);
    assert_eq!(whole(&deep).1, "json_syntax");
    let closed = format!("{deep}{}", "]".repeat(1_000_000));
    assert_eq!(parsed(closed).unwrap().events[0].as_ref().unwrap_err().reason.as_str(), "nesting_too_deep");
}

#[test]
fn required_fields_must_be_present_and_not_empty() {
    assert_eq!(refused(r#"{"page_url":"http://a/"}"#), at("event_type", "field_missing"));
    assert_eq!(refused(r#"{"event_type":"a"}"#), at("page_url", "field_missing"));
    assert_eq!(refused(with("event_type", None::<String>)), at("event_type", "field_missing"));
    assert_eq!(refused(with("event_type", "")), at("event_type", "field_empty"));
    assert_eq!(refused(with("page_url", "")), at("page_url", "field_empty"));
}

#[test]
fn a_field_of_another_type_is_refused_without_repeating_its_value() {
    let texts = [
        "event_id",
        "event_type",
        "page_url",
        "page_title",
        "button_id",
        "session_id",
        "user_agent",
        "user_id",
        "referrer",
        "site",
    ];
    for field in texts {
        for value in ["4242", "true", "[]", "{}", "4.25"] {
            let text = format!(r#"{{"{field}":{value}}}"#);
            let rejection = single(text).unwrap_err();
            assert_eq!((rejection.field.as_str(), rejection.reason.as_str()), (field, "field_type"));
            assert_eq!(rejection.message, "must be a string or null");
        }
    }
    for value in ["4242", "true", "[1]", "[[]]", "\"4242\"", r#""{\"a\":1}""#] {
        assert_eq!(refused(with_text(&format!(r#""metadata":{value}"#))), at("metadata", "field_type"));
    }
    for value in ["true", "[]", "{}"] {
        assert_eq!(refused(with_text(&format!(r#""timestamp":{value}"#))), at("timestamp", "field_type"));
        assert_eq!(refused(with_text(&format!(r#""sent_at":{value}"#))), at("sent_at", "field_type"));
    }
    for value in ["\"1\"", "1.5", "[]"] {
        assert_eq!(refused(with_text(&format!(r#""schema_version":{value}"#))), at("schema_version", "field_type"));
    }
    for value in ["0", "-1", "65536"] {
        let refusal = refused(with_text(&format!(r#""schema_version":{value}"#)));
        assert_eq!(refusal, at("schema_version", "number_out_of_range"));
    }
}

#[test]
fn an_optional_field_that_is_null_or_empty_is_absent() {
    for value in ["null", "\"\""] {
        let fields = [
            "event_id",
            "page_title",
            "button_id",
            "session_id",
            "user_id",
            "referrer",
            "site",
            "timestamp",
            "sent_at",
        ];
        let text: Vec<_> = fields.iter().map(|field| format!(r#""{field}":{value}"#)).collect();
        let event = accepted(with_text(&text.join(",")));
        assert!(event.page_title.is_none() && event.button_id.is_none() && event.session_id.is_none());
        assert!(event.user_id.is_none() && event.referrer.is_none() && event.site.is_none() && event.sent_at.is_none());
    }
    assert!(accepted(with_text(r#""metadata":null,"schema_version":null"#)).metadata.is_none());
    assert!(accepted(with_text(r#""metadata":"","schema_version":"""#)).metadata.is_none());
}

#[test]
fn a_page_url_must_be_an_absolute_http_or_https_url() {
    let bad = [
        "/path",
        "example.com",
        "ftp://example.com/",
        "javascript:alert(1)",
        "http:",
        "http://",
        "https:///path",
        "http:example.com",
        "http://a b/",
        "http://[::1",
        "http://example.com:99999/",
        " http://example.com/",
        "http://exam\nple.com/",
        "http://example.com/\t",
        "http://?",
        "http://#",
        "about:blank",
        "file:///etc/passwd",
        "http",
        "https://\u{e4}\u{301}%/",
    ];
    for page_url in bad {
        assert_eq!(refused(with("page_url", page_url)), at("page_url", "url_invalid"), "{page_url}");
    }
    let good = [
        "http://a",
        "HTTPS://Example.com/",
        "http://localhost:8080/index.html",
        "http://[::1]:3000/",
        "https://münchen.de/ü",
        "https://example.com?q",
        "https://example.com#f",
        "http://192.168.0.1/a b",
    ];
    for page_url in good {
        assert_eq!(accepted(with("page_url", page_url)).page_url, page_url);
    }
}

#[test]
fn an_event_id_must_be_a_uuid_other_than_nil_and_max() {
    let bad = ["1", "not-a-uuid", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"];
    for id in bad {
        assert_eq!(refused(with("event_id", id)), at("event_id", "event_id_invalid"), "{id}");
    }
    let id = "018D0C1A-5B80-4C3E-9D2F-3A4B5C6D7E8F";
    let accepted = single(with("event_id", id)).unwrap();
    assert_eq!(accepted.event.event_id.to_string(), id.to_lowercase());
    assert_eq!(accepted.answer_id, id, "the answer repeats what the client sent");
}

#[test]
fn an_id_is_assigned_if_none_was_sent() {
    let first = single(with_text(r#""site":"a""#)).unwrap();
    let second = single(with_text(r#""site":"a""#)).unwrap();
    assert_eq!(first.event.event_id.get_version_num(), 7);
    assert_ne!(first.event.event_id, second.event.event_id);
    assert_eq!(first.answer_id, first.event.event_id.to_string());
    let (seconds, _) = first.event.event_id.get_timestamp().unwrap().to_unix();
    assert_eq!(i64::try_from(seconds).unwrap(), crate::received_at().as_second());
}

#[test]
fn a_time_must_be_valid() {
    for time in [
        "yesterday",
        "2024-01-15",
        "2024-01-15T10:30:00",
        "20240115",
        "20240115103000",
        "17053146",
        "1705314600.",
        "+1705314600",
        "1e9",
        "2024-13-01T00:00:00Z",
    ] {
        assert_eq!(refused(with("timestamp", time)), at("timestamp", "timestamp_invalid"), "{time}");
        assert_eq!(refused(with("sent_at", time)), at("sent_at", "timestamp_invalid"), "{time}");
    }
}

#[test]
fn a_client_cannot_set_server_side_fields() {
    let spoof = r#""received_at":"1999-01-01T00:00:00Z","visitor_id":"5e2b1d3c-4f6a-8b7c-9d8e-0f1a2b3c4d5e","flags":["page_url_cut"]"#;
    let event = accepted(with_text(spoof));
    assert_eq!(event.received_at, crate::received_at());
    assert!(event.visitor_id.is_none() && event.flags.is_empty());
    accepted(with_text(r#""received_at":{"a":1},"flags":7"#));
}

#[test]
fn a_long_path_of_keys_does_not_cause_a_long_answer() {
    let key = "k".repeat(5_000);
    let rejection = single(with_text(&format!(r#""metadata":{{"{key}":"\u0000"}}"#))).unwrap_err();
    assert_eq!(rejection.field.chars().count(), 200);
}

#[test]
fn a_line_is_checked_by_the_same_rules() {
    let line = line_of(with("page_title", "title"));
    assert!(from_line(&line).is_ok());
    let broken = |from: &str, to: &str| {
        assert!(line.contains(from), "{from} in {line}");
        let rejection = from_line(line.replace(from, to)).unwrap_err();
        (rejection.field, rejection.reason.as_str())
    };
    assert_eq!(broken("\"title\"", "\"a\\u0000\""), at("page_title", "nul_character"));
    assert_eq!(broken("\"title\"", "\"a\0\""), at("body", "nul_character"));
    assert_eq!(broken("\"title\"", "\"\\ud800\""), at("page_title", "lone_surrogate"));
    assert_eq!(broken("\"title\"", "1e999"), at("page_title", "number_out_of_range"));
    assert_eq!(broken("\"title\"", &format!("\"{}\"", "a".repeat(201))), at("page_title", "field_too_long"));
    assert_eq!(
        broken("https://example.com/", &format!("http://a/{}", "a".repeat(500))),
        at("page_url", "field_too_long")
    );
    assert_eq!(broken("\"page_title\"", "\"event_type\""), at("event_type", "duplicate_key"));
    assert_eq!(broken("\"page_title\":\"title\"", "\"flags\":[\"unknown\"]"), at("flags", "field_type"));
    assert_eq!(broken("\"page_title\":\"title\"", "\"visitor_id\":\"x\""), at("visitor_id", "field_type"));
    assert_eq!(broken("event_id", "other"), at("event_id", "field_missing"));
    assert_eq!(broken("\"timestamp\"", "\"other\""), at("timestamp", "field_missing"));
    assert_eq!(broken("received_at", "other"), at("received_at", "field_missing"));
    assert_eq!(broken("\"timestamp\":\"2024", "\"timestamp\":\"-009000"), at("timestamp", "timestamp_invalid"));
    assert_eq!(broken("}", ""), at("body", "json_syntax"));
    let mut bytes = line.clone().into_bytes();
    bytes[3] = 0xff;
    assert_eq!(from_line(bytes).unwrap_err().reason.as_str(), "utf8_invalid");
    assert_eq!(from_line("").unwrap_err().reason.as_str(), "json_syntax");
    assert_eq!(from_line("[]").unwrap_err().reason.as_str(), "not_an_object");
    assert!(from_line(line.replace("\"page_title\"", "\"of_the_future\"")).is_ok(), "unknown keys are ignored");
}

#[test]
fn every_limit_can_be_set_lower() {
    let limits = Limits { chars_max: CharsMax::default().with("page_title", 3), ..Limits::default() };
    let line = line_of(with("page_title", "title"));
    let rejection = footfall_event::Event::from_line(line.as_bytes(), &limits).unwrap_err();
    assert_eq!(rejection.reason.as_str(), "field_too_long");
}
