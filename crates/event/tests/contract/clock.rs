//! The error of a client's clock is corrected, and an implausible time is replaced.

use footfall_event::Flag;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

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
fn a_number_that_is_not_a_time_is_replaced_not_refused() {
    for number in ["0", "-1", "1e300", "-1e300", "18446744073709551615", "-9223372036854775808", "1705314600"] {
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
