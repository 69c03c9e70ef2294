//! A bad event does not affect the others in its batch.

use std::cell::RefCell;

use footfall_event::{Arrival, BodyFormat, Hints, Limits, Parsed, Reason, Rejection, RequestKind, parse};
use uuid::Uuid;

use crate::{minimal, parsed, parsed_as, received_at, with, with_text};

/// One event for each way in which an event in a batch can be bad, with its reason.
fn bad() -> Vec<(Vec<u8>, Reason)> {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let mut bad: Vec<(Vec<u8>, Reason)> = vec![
        ("1".into(), Reason::NotAnObject),
        ("null".into(), Reason::NotAnObject),
        ("[]".into(), Reason::NotAnObject),
        ("\"\\ud800\"".into(), Reason::LoneSurrogate),
        ("{}".into(), Reason::FieldMissing),
        (deep.clone().into(), Reason::NestingTooDeep),
        (with_text(r#""page_title":"\u0000""#).into(), Reason::NulCharacter),
        (with_text("\"page_title\":\"\0\"").into(), Reason::NulCharacter),
        (with_text(r#""page_title":"\ud800""#).into(), Reason::LoneSurrogate),
        (with_text(r#""site":"a","site":"a""#).into(), Reason::DuplicateKey),
        (with_text(r#""metadata":{"a":1,"a":1}"#).into(), Reason::DuplicateKey),
        (with_text(r#""metadata":{"a":1e999}"#).into(), Reason::NumberOutOfRange),
        (with_text(&format!(r#""metadata":{{"a":{deep}}}"#)).into(), Reason::NestingTooDeep),
        (with("event_type", "x".repeat(101)).into(), Reason::FieldTooLong),
        (with("page_url", "nowhere").into(), Reason::UrlInvalid),
    ];
    let mut broken = with("page_title", "@@").into_bytes();
    broken.iter_mut().filter(|byte| **byte == b'@').for_each(|byte| *byte = 0xff);
    bad.push((broken, Reason::Utf8Invalid));
    bad
}

/// Good events around and between the bad ones.
fn mixed(separator: &[u8]) -> (Vec<u8>, Vec<Option<Reason>>) {
    let good = with("page_title", "ü?\\\"]}[{😀");
    let mut body = good.clone().into_bytes();
    let mut expected = vec![None];
    for (event, reason) in bad() {
        for (event, reason) in [(event.as_slice(), Some(reason)), (good.as_bytes(), None)] {
            body.extend_from_slice(separator);
            body.extend_from_slice(event);
            expected.push(reason);
        }
    }
    (body, expected)
}

fn assert_each_has_its_own(parsed: Result<Parsed, Rejection>, expected: &[Option<Reason>]) {
    let parsed = parsed.unwrap();
    assert_eq!(parsed.kind, RequestKind::Batch);
    let found: Vec<_> = parsed.events.iter().map(|event| event.as_ref().err().map(|it| it.reason)).collect();
    assert_eq!(found, expected);
    for event in parsed.events.iter().flatten() {
        assert_eq!(event.event.page_title.as_deref(), Some("ü?\\\"]}[{😀"));
    }
}

#[test]
fn in_an_array_a_bad_event_does_not_affect_the_others() {
    let (events, expected) = mixed(b" ,\n ");
    let body = [b" [ ", events.as_slice(), b" ]\n"].concat();
    assert_each_has_its_own(parsed(body), &expected);
}

#[test]
fn in_an_envelope_a_bad_event_does_not_affect_the_others() {
    let (events, expected) = mixed(b",");
    let body = [br#"{"sdk":{"a":1},"events":["#, events.as_slice(), br#"],"sent_at":null}"#].concat();
    assert_each_has_its_own(parsed(body), &expected);
}

#[test]
fn in_ndjson_a_bad_line_does_not_affect_the_others() {
    let (mut lines, mut expected) = mixed(b"\r\n\n \n");
    for text in ["\n{", "\n{} {}", "\nhello", "\n[1"] {
        lines.extend_from_slice(text.as_bytes());
        expected.push(Some(Reason::JsonSyntax));
    }
    assert_each_has_its_own(parsed_as(&lines, BodyFormat::Ndjson), &expected);
}

#[test]
fn an_array_without_a_whole_event_is_refused_with_the_cause() {
    let reason = |body: &[u8]| parsed(body).unwrap_err().reason;
    assert_eq!(reason(b"[\xff"), Reason::Utf8Invalid);
    assert_eq!(reason(b"[\0"), Reason::NulCharacter);
    assert_eq!(reason(b"[?"), Reason::JsonSyntax);
    assert_eq!(reason(b"[{"), Reason::JsonSyntax);
    assert_eq!(reason(b"{\"events\":[\xff"), Reason::Utf8Invalid);
    assert_eq!(reason(b"{\"events\":[{"), Reason::JsonSyntax);
}

#[test]
fn an_empty_batch_is_refused() {
    for body in ["[]", " [ ] ", r#"{"events":[]}"#] {
        assert_eq!(parsed(body).unwrap_err().reason, Reason::BatchEmpty);
    }
}

#[test]
fn the_events_of_an_envelope_must_be_an_array() {
    for events in ["1", "null", "{}", "\"[]\""] {
        let rejection = parsed(format!(r#"{{"events":{events}}}"#)).unwrap_err();
        assert_eq!((rejection.field.as_str(), rejection.reason), ("events", Reason::FieldType));
    }
}

#[test]
fn an_event_that_has_events_is_an_event() {
    let parsed = parsed(with_text(r#""events":[1,2,3]"#)).unwrap();
    assert_eq!(parsed.kind, RequestKind::Single);
    assert!(parsed.events[0].is_ok());
}

#[test]
fn the_sent_at_of_an_envelope_applies_to_events_that_have_none() {
    let event = r#"{"event_type":"a","page_url":"http://a/","timestamp":"2024-01-15T10:00:00Z"}"#;
    let own = event.replace('}', r#","sent_at":"2024-01-15T10:00:30Z"}"#);
    let body = format!(r#"{{"events":[{event},{own}],"sent_at":"2024-01-15T10:01:00Z"}}"#);
    let times: Vec<_> =
        parsed(body).unwrap().events.into_iter().map(|it| it.unwrap().event.timestamp.to_string()).collect();
    assert_eq!(times, ["2024-01-15T10:30:00Z", "2024-01-15T10:30:30Z"]);
}

#[test]
fn an_array_of_one_is_a_batch() {
    assert_eq!(parsed(format!("[{}]", minimal())).unwrap().kind, RequestKind::Batch);
    assert_eq!(parsed_as(minimal().to_string().as_bytes(), BodyFormat::Ndjson).unwrap().kind, RequestKind::Batch);
}

#[test]
fn the_visitor_is_identified_by_the_events_site_and_user_agent() {
    let asked = RefCell::new(Vec::new());
    let limits = Limits::default();
    let visitor = |site: Option<&str>, user_agent: Option<&str>| {
        asked.borrow_mut().push((site.map(str::to_owned), user_agent.map(str::to_owned)));
        Some(Uuid::from_u128(7))
    };
    let arrival = Arrival {
        received_at: received_at(),
        user_agent: None,
        hints: Hints::default(),
        site: None,
        country: None,
        visitor: &visitor,
        limits: &limits,
        masked_names: &[],
        import_past_ms_max: None,
    };
    let body = format!("[{},{}]", minimal(), with_text(r#""site":"s","user_agent":"u""#));
    let parsed = parse(body.as_bytes(), BodyFormat::Json, &arrival).unwrap();
    for event in parsed.events {
        let event = event.unwrap().event;
        assert_eq!(event.visitor_id, Some(Uuid::from_u128(7)));
        assert_eq!(event.kafka_key(), Some(Uuid::from_u128(7).to_string()));
    }
    assert_eq!(*asked.borrow(), [(None, None), (Some("s".to_owned()), Some("u".to_owned()))]);

    // Who may write for one site only.
    asked.borrow_mut().clear();
    let other = with_text(r#""site":"other""#);
    let parsed =
        parse(format!("[{other},{}", &body[1..]).as_bytes(), BodyFormat::Json, &Arrival { site: Some("s"), ..arrival });
    let events = parsed.unwrap().events;
    let refused = events[0].as_ref().unwrap_err();
    assert_eq!((refused.field.as_str(), refused.reason), ("site", Reason::SiteMismatch));
    for event in &events[1..] {
        assert_eq!(event.as_ref().unwrap().event.site.as_deref(), Some("s"));
    }
    let of_site = |agent: Option<&str>| (Some("s".to_owned()), agent.map(str::to_owned));
    assert_eq!(*asked.borrow(), [of_site(None), of_site(Some("u"))]);
}

#[test]
fn the_kafka_key_is_the_session_if_there_is_one() {
    assert_eq!(crate::accepted(with("session_id", "s")).kafka_key().as_deref(), Some("s"));
    assert_eq!(crate::accepted(minimal().to_string()).kafka_key(), None);
}
