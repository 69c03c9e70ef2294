//! An event as a line of JSON: the message in the Kafka topic.

use crate::raw_event::{self, Source};
use crate::{Event, Limits, Rejection, body, normalise};

impl Event {
    /// One line of JSON without its newline, for a Kafka message that a person can read. Absent fields are left out.
    #[must_use]
    pub fn to_line(&self) -> Vec<u8> {
        let mut line = Vec::with_capacity(768);
        #[expect(clippy::expect_used, reason = "keys are strings and a Vec takes every byte: there is no way to fail")]
        serde_json::to_writer(&mut line, self).expect("an event is JSON");
        line
    }

    /// Reads what [`Event::to_line`] wrote, and makes every check that [`parse`](crate::parse) makes; nothing is cut
    /// or corrected here, except that impossible measures are left out, which older ingests let through. Unknown keys are ignored, so that an older sink reads what a newer ingest writes.
    pub fn from_line(line: &[u8], limits: &Limits) -> Result<Self, Rejection> {
        normalise::restored(raw_event::read(body::sound(line)?, Source::Line, limits)?, limits)
    }
}
