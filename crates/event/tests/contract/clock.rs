//! The error of a client's clock is corrected, and an implausible time is replaced.

use footfall_event::{Arrival, BodyFormat, Flag, Hints, Limits, parse};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{accepted, minimal, received_at, with, with_text};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// The largest difference that counts as network delay.
const WAY: SignedDuration = SignedDuration::from_secs(2);
const MICRO: SignedDuration = SignedDuration::from_micros(1);

fn timed(timestamp: Option<Timestamp>, sent_at: Option<Timestamp>) -> (Timestamp, bool) {
    let mut event = minimal();
    event["timestamp"] = json!(timestamp);
    event["sent_at"] = json!(sent_at);
    let event = accepted(event.to_string());
    assert_eq!(event.sent_at, sent_at);
    (event.timestamp, event.flags.contains(Flag::TimestampReplaced))
}

#[test]
fn a_missing_time_is_the_time_of_receipt() {
    assert_eq!(timed(None, None), (received_at(), false));
    assert_eq!(timed(None, Some(received_at() - DAY)), (received_at(), false));
}

#[test]
fn without_sent_at_a_time_is_kept_as_it_is() {
    let time = received_at() - SignedDuration::from_secs(90);
    assert_eq!(timed(Some(time), None), (time, false));
}

#[test]
fn the_offset_of_the_clients_clock_is_corrected() {
    for wrong in
        [-400 * DAY, -DAY, SignedDuration::from_mins(-7), -WAY, SignedDuration::ZERO, WAY, 3 * DAY, 5_000 * DAY]
    {
        let happened = received_at() - SignedDuration::from_secs(40);
        assert_eq!(timed(Some(happened + wrong), Some(received_at() + wrong)), (happened, false), "{wrong}");
    }
}

#[test]
fn network_delay_is_not_an_error_of_the_clock() {
    for way in [MICRO, WAY - MICRO, -(WAY - MICRO)] {
        let happened = received_at() - way;
        assert_eq!(timed(Some(happened), Some(received_at() - way)), (happened, false), "{way}");
    }
}

#[test]
fn a_time_more_than_24_hours_ahead_is_replaced() {
    let edge = received_at() + DAY;
    assert_eq!(timed(Some(edge - MICRO), None), (edge - MICRO, false));
    assert_eq!(timed(Some(edge), None), (edge, false));
    assert_eq!(timed(Some(edge + MICRO), None), (received_at(), true));
    // Judged by the corrected time, not by the sent one.
    assert_eq!(timed(Some(edge + DAY), Some(received_at() + DAY)), (edge, false));
    assert_eq!(timed(Some(edge), Some(received_at() - WAY)), (received_at(), true));
}

#[test]
fn a_time_more_than_30_days_ago_is_replaced() {
    let edge = received_at() - 30 * DAY;
    assert_eq!(timed(Some(edge + MICRO), None), (edge + MICRO, false));
    assert_eq!(timed(Some(edge), None), (edge, false));
    assert_eq!(timed(Some(edge - MICRO), None), (received_at(), true));
}

#[test]
fn times_are_read_as_rfc_3339_and_as_milliseconds() {
    let expected: Timestamp = "2024-01-15T10:30:00.25Z".parse().unwrap();
    let forms: [Value; 7] = [
        json!("2024-01-15T10:30:00.250Z"),
        json!("2024-01-15T10:30:00.25+00:00"),
        json!("2024-01-15T11:30:00.25+01:00"),
        json!("2024-01-15t10:30:00.250z"),
        json!(1_705_314_600_250_u64),
        json!(1_705_314_600_250.0),
        json!("2024-01-15T10:30:00.250000999Z"),
    ];
    for form in forms {
        assert_eq!(accepted(with("timestamp", form.clone())).timestamp, expected, "{form}");
    }
    let micros = accepted(with_text(r#""timestamp":1705314600250.125"#)).timestamp;
    assert_eq!(micros, expected + SignedDuration::from_micros(125));
}

#[test]
fn a_number_in_another_unit_is_read_in_that_and_flagged() {
    let expected: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
    for number in ["1705314600", "1705314600.0", "1705314600000000", "1705314600000000000", "1.7053146e9"] {
        for text in [number.to_owned(), format!("\"{number}\"")] {
            if text.contains("e9\"") {
                continue;
            }
            let event = accepted(with_text(&format!(r#""timestamp":{text}"#)));
            assert_eq!(event.timestamp, expected, "{text}");
            assert_eq!(event.flags.iter().collect::<Vec<_>>(), [Flag::TimestampUnit], "{text}");
        }
    }
    let quarter = accepted(with_text(r#""timestamp":1705314600.25"#)).timestamp;
    assert_eq!(quarter, expected + SignedDuration::from_millis(250));
    for millis in ["1705314600000", "\"1705314600000\"", "\"1705314600000.0\""] {
        let event = accepted(with_text(&format!(r#""timestamp":{millis}"#)));
        assert_eq!((event.timestamp, event.flags.is_empty()), (expected, true), "{millis}");
    }
    // Sent in seconds, a clock that is an hour fast is corrected too.
    let event = accepted(with_text(r#""timestamp":1705318200,"sent_at":1705318260"#));
    assert_eq!(event.timestamp, expected);
}

fn imported(body: &str) -> footfall_event::Event {
    let limits = Limits::default();
    let visitor = |site: Option<&str>, name: Option<&str>| {
        Some(Uuid::new_v8([u8::try_from(format!("{site:?}{name:?}").len()).unwrap(); 16]))
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
        import_past_ms_max: Some(366 * 24 * 3_600 * 1_000),
    };
    parse(body.as_bytes(), BodyFormat::Json, &arrival).unwrap().events.remove(0).unwrap().event
}

#[test]
fn an_imported_event_keeps_its_time_within_the_limit_of_imports() {
    let edge = received_at() - 366 * DAY;
    for (time, kept) in
        [(edge, true), (edge - MICRO, false), (received_at() + DAY, true), (received_at() + 2 * DAY, false)]
    {
        // When it was sent to another program says nothing about a clock.
        for sent_at in ["2019-01-01T00:00:00Z".to_owned(), received_at().to_string()] {
            let event = imported(&with_text(&format!(r#""timestamp":"{time}","sent_at":"{sent_at}""#)));
            assert_eq!(event.timestamp, if kept { time } else { received_at() });
            assert_eq!(event.flags.contains(Flag::TimestampReplaced), !kept, "{time}");
        }
    }
}

#[test]
fn imported_visitors_are_told_apart_by_their_ids() {
    let visitor = |text: &str| imported(&with_text(text)).visitor_id.unwrap();
    let user = visitor(r#""user_id":"12345","session_id":"1","user_agent":"x""#);
    assert_eq!(user, visitor(r#""user_id":"12345","session_id":"22","user_agent":"yyy""#));
    assert_ne!(user, visitor(r#""session_id":"22""#));
    assert_eq!(visitor(r#""session_id":"22""#), visitor(r#""session_id":"22","user_agent":"yyy""#));
    assert_ne!(visitor(r#""user_agent":"x""#), visitor(r#""user_agent":"yyy""#));
}

#[test]
fn a_number_that_is_not_a_time_is_replaced_not_refused() {
    for number in
        ["0", "-1", "1e300", "-1e300", "18446744073709551615", "-9223372036854775808", "20240115103000", "99999999"]
    {
        let event = accepted(with_text(&format!(r#""timestamp":{number}"#)));
        assert_eq!(event.timestamp, received_at(), "{number}");
        assert!(event.flags.contains(Flag::TimestampReplaced));
        let event = accepted(with_text(&format!(r#""timestamp":1705314600250,"sent_at":{number}"#)));
        assert_eq!(event.timestamp, received_at(), "{number}");
        assert_eq!(crate::from_line(event.to_line()).unwrap(), event);
    }
}

#[test]
fn a_year_before_postgresqls_first_is_raised_to_it() {
    let event = accepted(with_text(r#""timestamp":"-009000-01-01T00:00:00Z","sent_at":"-009000-01-01T00:00:00Z""#));
    assert_eq!(event.sent_at.unwrap(), "-004713-11-24T00:00:00Z".parse().unwrap());
    assert_eq!(crate::from_line(event.to_line()).unwrap(), event);
}
