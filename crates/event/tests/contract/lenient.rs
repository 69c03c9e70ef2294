//! An unreadable element of an array costs its neighbours nothing.

use std::time::{Duration, Instant};

use footfall_event::{BodyFormat, Reason, RequestKind};
use proptest::prelude::*;

use crate::{parsed, parsed_as, with};

/// What clients send for one event, and is not JSON.
const UNREADABLE: [&str; 42] = [
    "NaN",
    "-Infinity",
    "undefined",
    "None",
    "01",
    "+1",
    ".5",
    "1.",
    "0x1F",
    "1 2",
    "'a'",
    "hello",
    r#"{"a":NaN}"#,
    r#"{"a":undefined,"b":[{"c":1},{"c":2}]}"#,
    r#"{"a":[NaN,{"b":Infinity}],"c":{"d":01}}"#,
    r#"{'a':'b'}"#,
    r#"{'a':'b, {c'}"#,
    r#"{a:1}"#,
    r#"{"a":1,}"#,
    r#"{"a":[1,2,]}"#,
    r#"{"a":1 "b":2}"#,
    r#"{"a" 1}"#,
    r#"{"a":1,,"b":2}"#,
    r#"{"a":"\x41"}"#,
    r#"{"a":"\u12"}"#,
    "{\"a\":\"line\nbreak, {\"}",
    "{\"a\":\"tab\t\"}",
    r#"{"a":1 // a comment
    }"#,
    r#"{"a":1 /* {, */}"#,
    r#"{"a":"say "hi" to them"}"#,
    r#"{"a":"say "hi, you" and {"}"#,
    r#"{"a":"no end}"#,
    r#"{"a":no start"}"#,
    r#"{"a":"C:\dir\"}"#,
    r#"{"a":http://a.b/}"#,
    r#"{"a":{"b":1}"#,
    r#"{"a":[1,2}"#,
    r#"{"a":1]"#,
    r#"{"a":1}}"#,
    r#"{"a":"b"]}"#,
    r#"{"a":"b"#,
    "{",
];

fn good() -> String {
    with("page_title", r#"a \" quoted, {text} [x]"#)
}

/// Which events of the body are refused as unreadable; all others are accepted.
fn unreadable(body: &str) -> Vec<bool> {
    let parsed = parsed(body).unwrap_or_else(|rejection| panic!("{body}: {rejection}"));
    assert_eq!(parsed.kind, RequestKind::Batch);
    let refused = |event: &Result<_, footfall_event::Rejection>| match event {
        Ok(_) => false,
        Err(rejection) => {
            let reasons = [Reason::JsonSyntax, Reason::NotAnObject, Reason::FieldMissing];
            assert!(reasons.contains(&rejection.reason) && !rejection.message.is_empty(), "{body}: {rejection}");
            true
        }
    };
    parsed.events.iter().map(refused).collect()
}

#[test]
fn each_unreadable_element_costs_only_itself() {
    let good = good();
    for bad in UNREADABLE {
        for (begin, end) in [("[", "]"), (r#"{"events":["#, "]}"), (r#"{"a":"]","events" : [ "#, r#"],"tags":["x"]}"#)]
        {
            let body = |elements: &[&str]| format!("{begin}{}{end}", elements.join(","));
            assert_eq!(unreadable(&body(&[&good, bad, &good])), [false, true, false], "{bad} in {begin}");
            assert_eq!(unreadable(&body(&[bad, &good, &good])), [true, false, false], "{bad} in {begin}");
            assert_eq!(unreadable(&body(&[&good, &good, bad])), [false, false, true], "{bad} in {begin}");
            let pretty = format!("{begin}\n  {good},\r\n  {bad},\n  {good}\n{end}");
            assert_eq!(unreadable(&pretty), [false, true, false], "{bad} in {begin}");
        }
    }
}

#[test]
fn commas_and_comments_are_no_events() {
    let good = good();
    for (body, expected) in [
        (format!("[{good},{good},]"), &[false, false][..]),
        (format!("[{good},,{good}]"), &[false, true, false]),
        (format!("[,{good}]"), &[true, false]),
        (format!("[{good} {good}]"), &[false, false]),
        (format!("[// first\n{good}, /* second, */ {good} // last\n]"), &[false, false]),
        (format!("[\u{feff}{good},\u{feff}{good}\u{feff}]"), &[false, false]),
        (format!("{{\"events\":[{good},{good},],\"sent_at\":null}}"), &[false, false]),
    ] {
        assert_eq!(unreadable(&body), expected, "{body}");
    }
}

#[test]
fn an_array_that_is_cut_off_keeps_the_events_before() {
    let good = good();
    for begin in ["[", r#"{"events":["#, r#"{"sdk":{"a":[1]},"events":["#] {
        for (rest, expected) in [
            ("", &[false, false, true][..]),
            (",", &[false, false, true]),
            (r#",{"event_ty"#, &[false, false, true]),
            (r#",{"a":[{"b":1},{"c"#, &[false, false, true]),
        ] {
            let body = format!("{begin}{good},{good}{rest}");
            assert_eq!(unreadable(&body), expected, "{body}");
        }
    }
}

#[test]
fn text_behind_the_array_is_refused_and_the_events_are_not() {
    let good = good();
    for rest in ["x", "]", "[]", ",", "{}"] {
        assert_eq!(unreadable(&format!("[{good}]{rest}")), [false, true], "{rest}");
    }
    for rest in ["", "}}", r#","a":NaN}"#, r#","sent_at"#] {
        assert_eq!(unreadable(&format!(r#"{{"events":[{good}]{rest}"#)), [false, true], "{rest}");
    }
}

#[test]
fn the_sent_at_of_a_broken_envelope_still_applies() {
    let event = r#"{"event_type":"a","page_url":"http://a/","timestamp":"2024-01-15T10:00:00Z"}"#;
    for body in [
        format!(r#"{{"events":[{event},NaN],"sent_at":"2024-01-15T10:01:00Z"}}"#),
        format!(r#"{{"sent_at":"2024-01-15T10:01:00Z","events":[{event},{{"#),
    ] {
        let event = parsed(body).unwrap().events.remove(0).unwrap().event;
        assert_eq!(event.timestamp.to_string(), "2024-01-15T10:30:00Z");
    }
}

#[test]
fn an_event_is_no_envelope_because_its_events_are_broken() {
    let body = r#"{"event_type":"x","page_url":"http://a/","events":[{},NaN]}"#;
    assert_eq!(parsed(body).unwrap_err().reason, Reason::JsonSyntax);
    let twice = r#"{"events":[NaN],"events":[{}]}"#;
    assert!(parsed(twice).map(|parsed| parsed.events.iter().all(Result::is_err)).unwrap_or(true));
}

#[test]
fn no_body_takes_long() {
    let event = good();
    let times = |text: &str| text.repeat(1024 * 1024 / text.len());
    let pieces = [
        "[",
        "]",
        "{",
        "}",
        "\"",
        "\\",
        ",",
        "'",
        "/",
        "[,",
        ",{",
        ",{,",
        ",{\"a\":[",
        ",{}",
        "/*",
        ",/*",
        ",//",
        "[[,{}",
        "],",
        "},{",
        "\"},{\"",
        ",{\"event_type\":",
        ",{\"a\":\"",
        "[{\"a\":1,",
        "\u{feff}",
        ", ",
        "NaN,",
        "]}",
        ",[",
        "{\"\":",
    ];
    for piece in pieces {
        for head in
            [String::from("["), format!("[{event},"), String::from(r#"{"events":["#), format!(r#"[{{"a":"x,{event},"#)]
        {
            for tail in ["", "]", "\"]", "}]}"] {
                let body = format!("{head}{}{tail}", times(piece));
                let began = Instant::now();
                let _ = parsed_as(body.as_bytes(), BodyFormat::Json);
                assert!(began.elapsed() < Duration::from_secs(5), "{head} {piece} {tail}: {:?}", began.elapsed());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_good_element_is_found_among_bad_ones(picks in prop::collection::vec(prop::option::of(0..UNREADABLE.len()), 1..8)) {
        let good = good();
        let texts: Vec<&str> = picks.iter().map(|pick| pick.map_or(good.as_str(), |at| UNREADABLE[at])).collect();
        let body = format!("[{}]", texts.join(","));
        if let Ok(parsed) = parsed(&body) {
            let accepted = parsed.events.iter().filter(|event| event.is_ok()).count();
            prop_assert_eq!(accepted, picks.iter().filter(|pick| pick.is_none()).count(), "{}", body);
        } else {
            prop_assert!(picks.iter().all(Option::is_some), "{}", body);
        }
    }
}
