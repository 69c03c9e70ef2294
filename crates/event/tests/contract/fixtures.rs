//! What was once accepted is accepted forever.

use footfall_event::{Event, Flag, Limits};
use serde_json::Value;

use crate::{accepted, from_line, parsed, single};

const FIRST_GENERATION: [(&str, &str); 5] = [
    ("page_view", include_str!("../../testdata/first-generation/page_view.json")),
    ("button_click", include_str!("../../testdata/first-generation/button_click.json")),
    ("navigation_click", include_str!("../../testdata/first-generation/navigation_click.json")),
    ("page_unload", include_str!("../../testdata/first-generation/page_unload.json")),
    ("button_click", include_str!("../../testdata/first-generation/curl.json")),
];

#[test]
fn first_generation_events_are_accepted_as_they_were_sent() {
    for (event_type, body) in FIRST_GENERATION {
        let sent: Value = serde_json::from_str(body).unwrap();
        let event = accepted(body);
        assert_eq!(event.event_type, event_type);
        assert!(event.flags.is_empty());
        let line: Value = serde_json::from_slice(&event.to_line()).unwrap();
        for (field, value) in sent.as_object().unwrap() {
            if field == "timestamp" {
                let sent: jiff::Timestamp = value.as_str().unwrap().parse().unwrap();
                assert_eq!(event.timestamp, sent);
            } else {
                assert_eq!(&line[field], value, "{field} of {event_type}");
            }
        }
        assert_eq!(from_line(event.to_line()).unwrap(), event);
    }
}

#[test]
fn the_answer_names_the_session_if_the_client_sent_no_event_id() {
    let curl = FIRST_GENERATION[4].1;
    assert_eq!(single(curl).unwrap().answer_id, "test-session-123");
}

#[test]
fn first_generation_events_are_accepted_in_a_batch() {
    let bodies: Vec<_> = FIRST_GENERATION.iter().map(|(_, body)| *body).collect();
    let events = parsed(format!("[{}]", bodies.join(","))).unwrap().events;
    assert!(events.len() == 5 && events.iter().all(Result::is_ok));
}

#[test]
fn a_line_of_version_1_is_read_and_written_again_as_the_same_json() {
    for line in [include_str!("../../testdata/lines/v1.json"), include_str!("../../testdata/lines/v1-headers.json")] {
        let event = Event::from_line(line.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(event.flags.iter().collect::<Vec<_>>(), [Flag::PageTitleCut, Flag::TimestampReplaced]);
        let [read, written]: [Value; 2] =
            [line.as_bytes(), &event.to_line()].map(|line| serde_json::from_slice(line).unwrap());
        assert_eq!(read, written);
    }
}
