//! Byte order marks, other encodings, and numbers that change.

use footfall_event::{BodyFormat, Flag, Reason};
use serde_json::json;

use crate::{accepted, minimal, parsed, parsed_as, with_text};

const MARK: &[u8] = b"\xef\xbb\xbf";

#[test]
fn a_byte_order_mark_is_passed_over() {
    let event = minimal().to_string();
    for before in [MARK.to_vec(), [MARK, MARK].concat(), [b" \r\n", MARK, b"\n"].concat()] {
        let with = |text: &str| [&before, text.as_bytes()].concat();
        assert!(parsed(with(&event)).unwrap().events[0].is_ok());
        let array = parsed(with(&format!("[{event},{event}]"))).unwrap();
        let envelope = parsed(with(&format!(r#"{{"events":[{event},{event}]}}"#))).unwrap();
        let lines = parsed_as(&with(&format!("{event}\r\n{event}\r\n")), BodyFormat::Ndjson).unwrap();
        for parsed in [array, envelope, lines] {
            assert!(parsed.events.len() == 2 && parsed.events.iter().all(Result::is_ok), "{parsed:?}");
        }
        for format in [BodyFormat::Json, BodyFormat::Ndjson] {
            assert_eq!(parsed_as(&before, format).unwrap_err().reason, Reason::BodyEmpty);
        }
    }
}

#[test]
fn lines_may_begin_with_a_mark_or_a_record_separator() {
    let event = minimal().to_string();
    let body = format!("{event}\n\u{feff}{event}\n\x1e{event}\n \t\r\n\u{feff}\r\n\n\u{feff} {event}");
    let parsed = parsed_as(body.as_bytes(), BodyFormat::Ndjson).unwrap();
    assert!(parsed.events.len() == 4 && parsed.events.iter().all(Result::is_ok), "{parsed:?}");
    let title = "a\u{feff}b\u{2028}c";
    let event = accepted(crate::with("page_title", title));
    assert_eq!(event.page_title.as_deref(), Some(title));
}

#[test]
fn another_encoding_is_refused_by_its_name() {
    let text = format!("\u{feff}{}", minimal());
    let utf16: Vec<u16> = text.encode_utf16().collect();
    let utf32: Vec<u32> = text.chars().map(u32::from).collect();
    let encoded: [(&str, Vec<u8>, usize); 4] = [
        ("UTF-16 (little-endian)", utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect(), 2),
        ("UTF-16 (big-endian)", utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect(), 2),
        ("UTF-32 (little-endian)", utf32.iter().flat_map(|unit| unit.to_le_bytes()).collect(), 4),
        ("UTF-32 (big-endian)", utf32.iter().flat_map(|unit| unit.to_be_bytes()).collect(), 4),
    ];
    for (name, body, mark_bytes) in encoded {
        for body in [&body[..], &body[mark_bytes..]] {
            for format in [BodyFormat::Json, BodyFormat::Ndjson] {
                let rejection = parsed_as(body, format).unwrap_err();
                assert_eq!(rejection.reason, Reason::Utf8Invalid);
                assert!(rejection.message.contains(name), "{rejection}");
            }
        }
    }
}

#[test]
fn an_empty_array_is_empty_metadata() {
    for text in ["[]", "[ ]", "{}"] {
        let event = accepted(with_text(&format!(r#""metadata":{text}"#)));
        assert_eq!(event.metadata, Some(serde_json::Map::new()), "{text}");
        assert_eq!(crate::from_line(event.to_line()).unwrap(), event);
    }
    let inner = accepted(with_text(r#""metadata":{"a":[]}"#)).metadata.unwrap();
    assert_eq!(inner["a"], json!([]));
}

#[test]
fn a_number_that_changes_is_flagged() {
    let flags = |text: &str| accepted(with_text(text)).flags.iter().collect::<Vec<_>>();
    for number in ["123456789012345678901234567890", "0.1234567890123456789", "-0", "1e-400", "18446744073709551617"] {
        assert_eq!(
            flags(&format!(r#""metadata":{{"a":[{{"b":{number}}}]}}"#)),
            [Flag::MetadataNumberChanged],
            "{number}"
        );
        assert_eq!(flags(&format!(r#""metadata":{{"a":"{number}"}},"else":{number}"#)), [], "{number}");
    }
    for number in ["9007199254740993", "18446744073709551615", "0.1", "1.50", "1e300", "-1", "1E2"] {
        assert_eq!(flags(&format!(r#""metadata":{{"a":{number}}}"#)), [], "{number}");
    }
    assert_eq!(flags(r#""screen_width":1440.5"#), [Flag::ScreenWidthRounded]);
    assert_eq!(flags(r#""screen_width":1440.0"#), []);
}

#[test]
fn a_measure_that_an_older_ingest_let_through_is_left_out_when_its_line_is_read() {
    let line = |metadata: &str| {
        let sound =
            accepted(r#"{"event_type":"engagement","page_url":"https://example.com/","metadata":{"engaged_ms":1}}"#);
        String::from_utf8(sound.to_line()).unwrap().replace(r#"{"engaged_ms":1}"#, metadata)
    };
    assert_eq!(crate::from_line(line(r#"{"engaged_ms":1}"#)).unwrap().flags.iter().count(), 0);
    let event = crate::from_line(line(r#"{"engaged_ms":1.7e308,"scroll_percent":101,"a":1}"#)).unwrap();
    assert_eq!(event.flags.iter().collect::<Vec<_>>(), [Flag::ScrollPercentLeftOut, Flag::EngagedMsLeftOut]);
    assert_eq!(event.metadata.as_ref().unwrap(), json!({"a": 1}).as_object().unwrap());
    assert_eq!(crate::from_line(event.to_line()).unwrap(), event);
}
