//! Where a partition's next record is, in the database and in a writer's memory.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use tokio_postgres::{Row, Transaction};
use uuid::Uuid;

use crate::statements::Statements;
use crate::{NOTHING_READ, Position, Record, WriterError};

/// How far a partition is stored, and in which log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The first offset that is not stored.
    pub next_offset: i64,
    /// The [`fingerprint()`](crate::fingerprint()) of the record before it, [`NOTHING_READ`], or `None` if something that
    /// keeps no fingerprints moved the offset.
    pub fingerprint: Option<Uuid>,
    /// Records written before this time may have been counted when they were read before.
    pub read_before: Option<Timestamp>,
}

impl Place {
    pub(crate) fn new(next_offset: i64, fingerprint: Uuid) -> Self {
        Self { next_offset, fingerprint: Some(fingerprint), read_before: None }
    }

    pub(crate) fn of(row: &Row) -> Self {
        Self { next_offset: row.get(0), fingerprint: row.get(1), read_before: row.get(2) }
    }

    /// The last record before this place: its offset and fingerprint, if known.
    #[must_use]
    pub fn last_read(&self) -> Option<(i64, Uuid)> {
        let fingerprint = self.fingerprint.filter(|fingerprint| *fingerprint != NOTHING_READ)?;
        Some((self.next_offset - 1, fingerprint))
    }

    fn after(&self, record: &Record) -> Self {
        let fingerprint = Some(record.fingerprint());
        Self { next_offset: record.position.offset + 1, fingerprint, read_before: self.read_before }
    }
}

/// The places of a writer's partitions, by topic and partition.
pub(crate) type Places = HashMap<(Arc<str>, i32), Place>;

/// Each partition's place before and after a batch.
pub(crate) type Moves<'a> = BTreeMap<(&'a Arc<str>, i32), (&'a Place, Place)>;

/// Fails if an offset would move backwards, or if a partition is not held: it was taken away, so its records must not be
/// stored.
pub(crate) fn moves<'a>(held: &'a Places, records: &'a [Record]) -> Result<Moves<'a>, WriterError> {
    let mut lasts: BTreeMap<(&Arc<str>, i32), (&Place, &Record)> = BTreeMap::new();
    for record in records {
        let Position { topic, partition, offset } = &record.position;
        let next = match lasts.entry((topic, *partition)) {
            Entry::Occupied(mut known) => {
                let next = known.get().1.position.offset + 1;
                known.get_mut().1 = record;
                next
            }
            Entry::Vacant(new) => {
                let from = held.get(&(topic.clone(), *partition)).ok_or(WriterError::Fenced)?;
                new.insert((from, record));
                from.next_offset
            }
        };
        if *offset < next {
            return Err(WriterError::OutOfOrder { topic: topic.clone(), partition: *partition, offset: *offset, next });
        }
    }
    Ok(lasts.into_iter().map(|(at, (from, last))| (at, (from, from.after(last)))).collect())
}

/// Moves the offsets. Fails if another consumer has moved one of them.
pub(crate) async fn advance(
    transaction: &Transaction<'_>,
    statements: &Statements,
    moves: &Moves<'_>,
) -> Result<(), WriterError> {
    let topics: Vec<&str> = moves.keys().map(|(topic, _)| &***topic).collect();
    let partitions: Vec<i32> = moves.keys().map(|(_, partition)| *partition).collect();
    let from: Vec<i64> = moves.values().map(|(from, _)| from.next_offset).collect();
    let from_fingerprints: Vec<Option<Uuid>> = moves.values().map(|(from, _)| from.fingerprint).collect();
    let to: Vec<i64> = moves.values().map(|(_, to)| to.next_offset).collect();
    let to_fingerprints: Vec<Option<Uuid>> = moves.values().map(|(_, to)| to.fingerprint).collect();
    let moved = transaction
        .execute(&statements.advance_offsets, &[&topics, &partitions, &from, &from_fingerprints, &to, &to_fingerprints])
        .await?;
    if usize::try_from(moved) == Ok(moves.len()) { Ok(()) } else { Err(WriterError::Fenced) }
}

/// Whether a record may have been counted when it was read before, from a log that has been replaced.
pub(crate) fn may_be_counted(held: &Places, record: &Record) -> bool {
    let Position { topic, partition, .. } = &record.position;
    let read_before = held.get(&(topic.clone(), *partition)).and_then(|place| place.read_before);
    read_before.is_some_and(|time| record.written_ms <= time.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Content;

    fn records(offsets: &[(i32, i64)]) -> Vec<Record> {
        let record = |(partition, offset): &(i32, i64)| Record {
            position: Position { topic: "t".into(), partition: *partition, offset: *offset },
            content: Content::Unknown,
            written_ms: 7,
            line: Vec::new(),
        };
        offsets.iter().map(record).collect()
    }

    fn held() -> Places {
        let place = |next_offset| Place::new(next_offset, NOTHING_READ);
        HashMap::from([(("t".into(), 0), place(5)), (("t".into(), 1), place(0))])
    }

    #[test]
    fn each_partition_moves_from_what_is_held_to_behind_its_last_record() {
        // Kafka's offsets have gaps, for example at transaction markers.
        let records = records(&[(0, 5), (1, 3), (0, 8)]);
        let held = held();
        let moves = moves(&held, &records).unwrap();
        assert_eq!(
            moves.values().map(|(from, to)| (from.next_offset, to.next_offset)).collect::<Vec<_>>(),
            [(5, 9), (0, 4)]
        );
        let last: Vec<_> = moves.values().map(|(_, to)| to.last_read()).collect();
        assert_eq!(last, [Some((8, records[2].fingerprint())), Some((3, records[1].fingerprint()))]);
    }

    #[test]
    fn no_offset_moves_backwards_and_nothing_of_a_lost_partition_is_stored() {
        let cases: [&[(i32, i64)]; 3] = [&[(0, 4)], &[(0, 6), (0, 5)], &[(0, 5), (1, 0), (0, 5)]];
        for backwards in cases {
            let (held, records) = (held(), records(backwards));
            let error = moves(&held, &records).unwrap_err();
            assert!(matches!(error, WriterError::OutOfOrder { partition: 0, .. }), "{error}");
        }
        assert!(matches!(moves(&held(), &records(&[(0, 5), (2, 0)])), Err(WriterError::Fenced)));
    }

    #[test]
    fn only_records_written_before_a_log_was_replaced_may_be_counted_already() {
        let mut held = held();
        let records = records(&[(0, 5), (1, 0)]);
        let counted = |held: &Places| records.iter().map(|record| may_be_counted(held, record)).collect::<Vec<_>>();
        assert_eq!(counted(&held), [false, false]);
        for (ms, expected) in [(6, [false, false]), (7, [false, true])] {
            let place = held.get_mut(&("t".into(), 1)).unwrap();
            place.read_before = Some(Timestamp::from_millisecond(ms).unwrap());
            assert_eq!(counted(&held), expected);
        }
    }
}
