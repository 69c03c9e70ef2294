//! What the database's place in a partition means, given what Kafka holds.

use footfall_store::{NOTHING_READ, Place};

use crate::history::Mark;

/// What Kafka holds of a partition: its first offset, and the one after its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: i64,
    pub(crate) end: i64,
}

/// Where to read on, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finding {
    /// At Kafka's first message: this partition has never been read.
    New,
    /// At the place in the database.
    Continue,
    /// At Kafka's first message: it deleted this many messages before they were stored.
    Deleted(u64),
    /// At the beginning: this is not the log that was read.
    Replaced,
}

impl Range {
    /// `differs`: Kafka holds another record where a mark is.
    pub(crate) fn finding(self, place: Option<&Place>, differs: bool) -> Finding {
        let Some(place) = place else { return Finding::New };
        // A log's first offset never decreases.
        let began_later = place.fingerprint == Some(NOTHING_READ) && self.first < place.next_offset;
        if differs || began_later || place.next_offset > self.end {
            Finding::Replaced
        } else if place.next_offset < self.first {
            Finding::Deleted(self.first.abs_diff(place.next_offset))
        } else {
            Finding::Continue
        }
    }

    /// Whether Kafka should still have the marked record. If it has deleted the record, the mark says nothing.
    pub(crate) fn has(self, mark: Mark) -> bool {
        (self.first..self.end).contains(&mark.0)
    }

    /// Whether the log is too short to be the one in which the marked record was.
    pub(crate) fn ends_before(self, mark: Mark) -> bool {
        self.end <= mark.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(next_offset: i64, fingerprint: Option<u128>) -> Place {
        Place { next_offset, fingerprint: fingerprint.map(uuid::Uuid::from_u128), read_before: None }
    }

    #[test]
    fn a_place_is_read_on_from_unless_the_log_is_another_or_its_messages_are_gone() {
        let range = Range { first: 10, end: 20 };
        let known = |next| range.finding(Some(&place(next, Some(7))), false);
        assert_eq!(range.finding(None, false), Finding::New);
        for next in [10, 15, 20] {
            assert_eq!(known(next), Finding::Continue, "{next}");
        }
        assert_eq!((known(9), known(3)), (Finding::Deleted(1), Finding::Deleted(7)));
        assert_eq!(known(21), Finding::Replaced);
        assert_eq!(range.finding(Some(&place(15, Some(7))), true), Finding::Replaced);
    }

    #[test]
    fn a_place_before_which_nothing_was_read_is_the_logs_first_or_deleted() {
        let range = Range { first: 10, end: 20 };
        let unread = |next| range.finding(Some(&place(next, Some(0))), false);
        assert_eq!((unread(10), unread(9), unread(11)), (Finding::Continue, Finding::Deleted(1), Finding::Replaced));
    }

    #[test]
    fn a_place_of_an_older_version_is_read_on_from() {
        let range = Range { first: 10, end: 20 };
        assert_eq!(range.finding(Some(&place(15, None)), false), Finding::Continue);
    }

    #[test]
    fn a_deleted_mark_says_nothing_and_one_beyond_the_end_says_that_the_log_is_another() {
        let range = Range { first: 10, end: 20 };
        let of = |offset| (range.has((offset, NOTHING_READ)), range.ends_before((offset, NOTHING_READ)));
        assert_eq!((of(9), of(10), of(19), of(20)), ((false, false), (true, false), (true, false), (false, true)));
    }
}
