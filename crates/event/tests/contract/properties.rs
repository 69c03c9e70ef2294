//! What holds for every input.

use std::sync::Arc;

use footfall_event::enrich::{ClientHints, agent, enrich};
use footfall_event::{Accepted, BodyFormat, Event, Field, Limits, Parsed, Rejection};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Map, Value, json};

use crate::{from_line, parsed_as};

/// Text with every character that has a special meaning somewhere.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => "[a-z0-9-]{0,20}",
        6 => "\\PC{0,40}",
        1 => any::<String>(),
        1 => ("[a-zü😀\n\"\\\\]{1,3}", 0_usize..1_200).prop_map(|(part, times)| part.repeat(times)),
        1 => Just("nul \0 here".to_owned()),
    ]
}

fn number() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from)
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf =
        prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), number(), text().prop_map(Value::from)];
    leaf.prop_recursive(20, 60, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..4)
                .prop_map(|it| it.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

fn page_url() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => ("https?", "([a-z]{1,20}|[a-z.:@\\[\\]0-9]{1,20})", "(/\\PC{0,300})?", "(\\?\\PC{0,300})?", "(#\\PC{0,300})?")
            .prop_map(|(scheme, host, path, query, fragment)| format!("{scheme}://{host}{path}{query}{fragment}")),
        3 => "\\PC{0,600}".prop_map(|path| format!("https://example.com/{path}")),
        1 => text(),
    ]
}

/// A known field, mostly with a valid value.
fn field() -> impl Strategy<Value = (&'static str, Value)> {
    let name = |names: &[&'static str]| prop::sample::select(names.to_vec());
    let texts = name(&["page_title", "button_id", "session_id", "user_agent", "user_id", "referrer", "site"]);
    let times = name(&["timestamp", "sent_at"]);
    let all = name(&[
        "event_id",
        "page_title",
        "button_id",
        "session_id",
        "user_agent",
        "timestamp",
        "metadata",
        "sent_at",
        "user_id",
        "referrer",
        "site",
        "schema_version",
        "events",
        "received_at",
        "visitor_id",
        "flags",
        "language",
        "screen_width",
        "country",
        "sec_ch_ua",
        "else",
    ]);
    let time = prop_oneof![Just(json!("2024-01-15T10:30:00.123456789+02:00")), number()];
    prop_oneof![
        10 => (texts, text().prop_map(Value::from)),
        6 => (times, time),
        1 => (all, value()),
        1 => (name(&["language", "screen_width"]), prop_oneof![number(), text().prop_map(Value::from), Just(json!("de"))]),
        1 => (Just("page_url"), "\\PC{0,300}".prop_map(|query| format!("http://a.b/?utm_source={query}&utm_medium=%00").into())),
    ]
}

/// Objects that are events, or nearly so.
fn event() -> impl Strategy<Value = Value> {
    let fields = prop::collection::vec(field(), 0..6);
    let metadata = prop::option::of(prop::collection::btree_map(text(), value(), 0..6));
    ("[a-z_]{1,20}", page_url(), metadata, fields).prop_map(|(event_type, page_url, metadata, fields)| {
        let mut event = json!({"event_type": event_type, "page_url": page_url});
        if let Some(metadata) = metadata {
            event["metadata"] = metadata.into_iter().collect::<Map<_, _>>().into();
        }
        for (key, value) in fields {
            event[key] = value;
        }
        event
    })
}

/// Valid JSON with some bytes replaced, removed or inserted.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        &b"\0"[..],
        b"\xff",
        b"\"",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\\u0000",
        b"\\ud800",
        b"1e999",
        b"\n",
        b"{\"events\":[",
        b"\"event_type\":1,",
        b"",
        b"\xed\xa0\x80",
        b"\xef\xbb\xbf",
        b"NaN,",
        b"'",
        b"//",
        b"/*",
    ]);
    let cuts = prop::collection::vec((any::<prop::sample::Index>(), 0_usize..4, pieces), 0..4);
    (prop::collection::vec(event(), 1..4), 0..4, cuts).prop_map(|(events, shape, cuts)| {
        let events: Vec<_> = events.iter().map(Value::to_string).collect();
        let mut body = match shape {
            0 => events[0].clone(),
            1 => format!("[{}]", events.join(",")),
            2 => format!(r#"{{"events":[{}]}}"#, events.join(",")),
            _ => events.join("\n"),
        }
        .into_bytes();
        for (at, length, piece) in cuts {
            let start = at.index(body.len() + 1);
            let end = (start + length).min(body.len());
            body.splice(start..end, piece.iter().copied());
        }
        body
    })
}

fn strings_of<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(array) => array.iter().for_each(|value| strings_of(value, found)),
        Value::Object(object) => object.iter().for_each(|(key, value)| {
            found.push(key);
            strings_of(value, found);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn levels(value: &Value) -> usize {
    match value {
        Value::Array(array) => 1 + array.iter().map(levels).max().unwrap_or(0),
        Value::Object(object) => 1 + object.values().map(levels).max().unwrap_or(0),
        _ => 0,
    }
}

fn keys(value: &Value) -> usize {
    match value {
        Value::Array(array) => array.iter().map(keys).sum(),
        Value::Object(object) => object.len() + object.values().map(keys).sum::<usize>(),
        _ => 0,
    }
}

/// PostgreSQL can store every part of the event.
fn assert_storable(event: &Event) {
    let limits = Limits::default();
    for (name, text) in Field::text_columns() {
        let Some(text) = text(event) else { continue };
        let chars_max = limits.chars_max.of(name);
        assert!(!text.is_empty() && text.chars().count() <= chars_max && !text.contains('\0'), "{name}");
    }
    let page_url = url::Url::parse(&event.page_url).unwrap();
    assert!(matches!(page_url.scheme(), "http" | "https") && page_url.has_host());
    if let Some(metadata) = event.metadata.clone().map(Value::Object) {
        let mut strings = Vec::new();
        strings_of(&metadata, &mut strings);
        assert!(strings.iter().all(|text| !text.contains('\0')));
        assert!(levels(&metadata) <= limits.metadata_levels_max);
        assert!(keys(&metadata) <= limits.metadata_keys_max);
        assert!(metadata.to_string().len() <= limits.metadata_bytes_max);
    }
    assert_enriched(event);
    let first_of_postgresql = "-004713-11-24T00:00:00Z".parse().unwrap();
    for time in [Some(event.timestamp), event.sent_at, Some(event.received_at)].into_iter().flatten() {
        assert!(time >= first_of_postgresql && time.subsec_nanosecond() % 1_000 == 0);
    }
}

/// What is derived from an event is storable too.
fn assert_enriched(event: &Event) {
    let enriched = enrich(event, Arc::new(agent(&ClientHints::by(event))));
    let host = 253;
    let texts = [
        // What cannot be seen is stored percent-encoded.
        (Some(&enriched.page_path), 9 * event.page_url.chars().count() + 1),
        (enriched.hostname.as_ref(), host),
        (enriched.referrer_host.as_ref(), host),
        (enriched.utm_source.as_ref(), 200),
        (enriched.utm_medium.as_ref(), 200),
        (enriched.utm_campaign.as_ref(), 200),
        (enriched.utm_term.as_ref(), 200),
        (enriched.utm_content.as_ref(), 200),
        (enriched.agent.browser.as_ref(), 60),
        (enriched.agent.os.as_ref(), 60),
        (enriched.language.as_ref(), 3),
        (enriched.country.as_ref(), 2),
    ];
    for (text, chars_max) in texts {
        let Some(text) = text else { continue };
        assert!(!text.is_empty() && text.chars().count() <= chars_max && !text.contains('\0'), "{text:?}");
    }
    assert!(enriched.page_path.starts_with('/'));
}

/// What holds for every result of parse.
fn assert_contract(parsed: Result<Parsed, Rejection>) -> usize {
    let assert_rejection = |rejection: &Rejection| {
        assert!(!rejection.field.is_empty() && rejection.field.chars().count() <= 200);
        assert!(!rejection.message.is_empty());
    };
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(rejection) => {
            assert_rejection(&rejection);
            return 0;
        }
    };
    assert!(!parsed.events.is_empty() && parsed.events.len() <= Limits::default().events_max);
    let mut accepted = 0;
    for event in parsed.events {
        match event {
            Ok(Accepted { event, answer_id }) => {
                accepted += 1;
                assert!(!answer_id.is_empty());
                assert_storable(&event);
                let line = event.to_line();
                assert!(!line.contains(&b'\n') && !line.contains(&0));
                assert_eq!(from_line(line).unwrap(), event);
            }
            Err(rejection) => assert_rejection(&rejection),
        }
    }
    accepted
}

fn format() -> impl Strategy<Value = BodyFormat> {
    prop_oneof![Just(BodyFormat::Json), Just(BodyFormat::Ndjson)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..300), format in format()) {
        assert_contract(parsed_as(&body, format));
        let _ = from_line(&body);
    }

    #[test]
    fn mutated_json_never_panics_and_what_is_accepted_is_storable(body in mutated(), format in format()) {
        assert_contract(parsed_as(&body, format));
        if let Ok(event) = from_line(&body) {
            assert_storable(&event);
        }
    }

    #[test]
    fn from_line_returns_what_parse_accepted(event in event()) {
        assert_contract(parsed_as(event.to_string().as_bytes(), BodyFormat::Json));
    }

    #[test]
    fn numbers_are_kept_to_the_last_bit(number in any::<f64>().prop_filter("JSON has only finite numbers", |it| it.is_finite())) {
        let body = crate::with("metadata", json!({"n": number}));
        let event = crate::accepted(body);
        prop_assert_eq!(event.metadata.as_ref().unwrap()["n"].as_f64().unwrap().to_bits(), number.to_bits());
        prop_assert_eq!(from_line(event.to_line()).unwrap(), event);
    }

    #[test]
    fn a_mutated_line_is_refused_or_storable(event in event(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let parsed = parsed_as(event.to_string().as_bytes(), BodyFormat::Json);
        if let Ok(Ok(accepted)) = parsed.map(|mut parsed| parsed.events.remove(0)) {
            let mut line = accepted.event.to_line();
            let at = at.index(line.len());
            line[at] = byte;
            if let Ok(event) = from_line(&line) {
                assert_storable(&event);
                prop_assert_eq!(from_line(event.to_line()).unwrap(), event);
            }
        }
    }
}

#[test]
fn enough_generated_events_are_accepted_for_the_tests_to_mean_something() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let accepted = (0..500).filter(|_| {
        let event = event().new_tree(&mut runner).unwrap().current();
        assert_contract(parsed_as(event.to_string().as_bytes(), BodyFormat::Json)) > 0
    });
    assert!(accepted.count() > 100);
}
