//! What one transaction does: offsets, ledger, rows, roll-ups, quarantine, counts, and the notification of listeners.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use footfall_event::enrich::Enriched;
use footfall_event::{Event, Outcome, Rejection};
use futures_util::pin_mut;
use jiff::Timestamp;
use tokio_postgres::Transaction;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

use crate::columns::COLUMNS;
use crate::samples::add_samples;
use crate::statements::Statements;
use crate::tally::{Tally, minute};
use crate::visits::Visits;
use crate::{Content, Enricher, Position, Record, WriterError};

/// An event that is stored for the first time.
struct Fresh<'a> {
    event: &'a Event,
    enriched: Enriched,
    partition: i32,
}

pub(crate) type Moves<'a> = BTreeMap<(&'a Arc<str>, i32), (i64, i64)>;

/// Each partition's offset before and after the batch. Fails if one would move backwards, or if a partition is not
/// held: it was taken away, so its records must not be stored.
pub(crate) fn moves<'a>(held: &HashMap<(Arc<str>, i32), i64>, records: &'a [Record]) -> Result<Moves<'a>, WriterError> {
    let mut moves = Moves::new();
    for Record { position, .. } in records {
        let Position { topic, partition, offset } = position;
        let (_, next) = match moves.entry((topic, *partition)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let from = *held.get(&(topic.clone(), *partition)).ok_or(WriterError::Fenced)?;
                new.insert((from, from))
            }
        };
        if offset < next {
            return Err(WriterError::OutOfOrder {
                topic: topic.clone(),
                partition: *partition,
                offset: *offset,
                next: *next,
            });
        }
        *next = offset + 1;
    }
    Ok(moves)
}

/// Moves the offsets. Fails if another consumer has moved one of them.
pub(crate) async fn advance(
    transaction: &Transaction<'_>,
    statements: &Statements,
    moves: &Moves<'_>,
) -> Result<(), WriterError> {
    let topics: Vec<&str> = moves.keys().map(|(topic, _)| &***topic).collect();
    let partitions: Vec<i32> = moves.keys().map(|(_, partition)| *partition).collect();
    let from: Vec<i64> = moves.values().map(|(from, _)| *from).collect();
    let to: Vec<i64> = moves.values().map(|(_, to)| *to).collect();
    let moved = transaction.execute(&statements.advance_offsets, &[&topics, &partitions, &from, &to]).await?;
    if usize::try_from(moved) == Ok(moves.len()) { Ok(()) } else { Err(WriterError::Fenced) }
}

/// Stores everything in a batch except its offsets. Returns how often each outcome occurred.
pub(crate) async fn store(
    transaction: &Transaction<'_>,
    statements: &Statements,
    enricher: &mut Enricher,
    records: &[Record],
) -> Result<HashMap<Outcome, u64>, WriterError> {
    let mut tally = Tally::default();
    let mut unknown = enter_ledger(transaction, statements, records).await?;
    let mut fresh = Vec::with_capacity(unknown.len());
    for record in records {
        let partition = record.position.partition;
        match &record.content {
            Content::Event(event) if unknown.remove(&event.event_id) => {
                fresh.push(Fresh { event, enriched: enricher.enrich(event), partition });
                tally.count(Outcome::Stored, partition);
            }
            Content::Event(_) => tally.count(Outcome::Duplicate, partition),
            Content::Unreadable(rejection) => {
                quarantine(transaction, statements, record, rejection).await?;
                tally.count(Outcome::Quarantined(rejection.reason), partition);
            }
            Content::Counts(counts) if unknown.remove(&counts.id) => tally.count_others(counts, partition),
            Content::Counts(_) | Content::Sample(_) | Content::Unknown => {}
        }
    }
    copy_events(transaction, statements, &fresh).await?;
    add_to_summary(transaction, statements, &fresh).await?;
    add_samples(transaction, &statements.add_samples, records).await?;
    add_to_visits(transaction, statements, &fresh).await?;
    notify(transaction, statements, fresh.len()).await?;
    tally.add_to_outcomes(transaction, statements).await
}

/// Returns the ids, of events and of counts, that were new.
async fn enter_ledger(
    transaction: &Transaction<'_>,
    statements: &Statements,
    records: &[Record],
) -> Result<HashSet<Uuid>, WriterError> {
    let ids = records.iter().filter_map(|record| match &record.content {
        Content::Event(event) => Some((event.event_id, event.received_at)),
        Content::Counts(counts) => Some((counts.id, counts.at)),
        Content::Unreadable(_) | Content::Sample(_) | Content::Unknown => None,
    });
    // The first of duplicates wins, as it does across batches: the ledger must not depend on how records are batched.
    let ids = ids.fold(BTreeMap::new(), |mut first: BTreeMap<Uuid, Timestamp>, (id, at)| {
        first.entry(id).or_insert(at);
        first
    });
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let (ids, received): (Vec<Uuid>, Vec<Timestamp>) = ids.into_iter().unzip();
    let rows = transaction.query(&statements.enter_ledger, &[&ids, &received]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn copy_events(
    transaction: &Transaction<'_>,
    statements: &Statements,
    fresh: &[Fresh<'_>],
) -> Result<(), WriterError> {
    if fresh.is_empty() {
        return Ok(());
    }
    let types: Vec<Type> = COLUMNS.iter().map(|column| column.sql_type.clone()).collect();
    let copy = BinaryCopyInWriter::new(transaction.copy_in(&statements.copy_events).await?, &types);
    pin_mut!(copy);
    let mut row = Vec::with_capacity(COLUMNS.len());
    for Fresh { event, enriched, .. } in fresh {
        row.clear();
        row.extend(COLUMNS.iter().map(|column| column.cell(event, enriched)));
        copy.as_mut().write_raw(&row).await?;
    }
    copy.finish().await?;
    Ok(())
}

async fn add_to_summary(
    transaction: &Transaction<'_>,
    statements: &Statements,
    fresh: &[Fresh<'_>],
) -> Result<(), WriterError> {
    let mut counts: BTreeMap<(Timestamp, &str, &str, &str, bool, i32), i64> = BTreeMap::new();
    for Fresh { event, enriched, partition } in fresh {
        let (minute, site) = (minute(event.timestamp), event.site.as_deref().unwrap_or_default());
        let key = (minute, &*event.event_type, &*event.page_url, site, enriched.agent.bot, *partition);
        *counts.entry(key).or_default() += 1;
    }
    if counts.is_empty() {
        return Ok(());
    }
    let buckets: Vec<Timestamp> = counts.keys().map(|key| key.0).collect();
    let types: Vec<&str> = counts.keys().map(|key| key.1).collect();
    let pages: Vec<&str> = counts.keys().map(|key| key.2).collect();
    let sites: Vec<&str> = counts.keys().map(|key| key.3).collect();
    let bots: Vec<bool> = counts.keys().map(|key| key.4).collect();
    let partitions: Vec<i32> = counts.keys().map(|key| key.5).collect();
    let events: Vec<i64> = counts.into_values().collect();
    let columns: [&(dyn ToSql + Sync); 7] = [&buckets, &types, &pages, &sites, &bots, &partitions, &events];
    transaction.execute(&statements.add_to_summary, &columns).await?;
    Ok(())
}

async fn add_to_visits(
    transaction: &Transaction<'_>,
    statements: &Statements,
    fresh: &[Fresh<'_>],
) -> Result<(), WriterError> {
    let mut visits = Visits::default();
    for Fresh { event, enriched, partition } in fresh {
        visits.add(event, enriched, *partition);
    }
    visits.add_to_visits(transaction, statements).await
}

async fn notify(transaction: &Transaction<'_>, statements: &Statements, stored: usize) -> Result<(), WriterError> {
    if stored > 0 {
        let stored = i64::try_from(stored).unwrap_or(i64::MAX);
        transaction.execute(&statements.notify, &[&stored]).await?;
    }
    Ok(())
}

async fn quarantine(
    transaction: &Transaction<'_>,
    statements: &Statements,
    record: &Record,
    rejection: &Rejection,
) -> Result<(), WriterError> {
    let position = &record.position;
    let reason = rejection.reason.as_str();
    // Both may quote the refused input, and PostgreSQL's `text` cannot hold NUL.
    let message = rejection.message.replace('\0', "\u{fffd}");
    let field = rejection.field.replace('\0', "\u{fffd}");
    transaction
        .execute(
            &statements.quarantine,
            &[&&*position.topic, &position.partition, &position.offset, &reason, &field, &message, &record.line],
        )
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(offsets: &[(i32, i64)]) -> Vec<Record> {
        let record = |(partition, offset): &(i32, i64)| Record {
            position: Position { topic: "t".into(), partition: *partition, offset: *offset },
            content: Content::Unknown,
            line: Vec::new(),
        };
        offsets.iter().map(record).collect()
    }

    fn held() -> HashMap<(Arc<str>, i32), i64> {
        HashMap::from([(("t".into(), 0), 5), (("t".into(), 1), 0)])
    }

    #[test]
    fn each_partition_moves_from_what_is_held_to_behind_its_last_record() {
        // Kafka's offsets have gaps, for example at transaction markers.
        let records = records(&[(0, 5), (1, 3), (0, 8)]);
        let held = held();
        let moves = moves(&held, &records).unwrap();
        assert_eq!(
            moves.into_iter().map(|((_, at), moved)| (at, moved)).collect::<Vec<_>>(),
            [(0, (5, 9)), (1, (0, 4))]
        );
    }

    #[test]
    fn no_offset_moves_backwards_and_nothing_of_a_lost_partition_is_stored() {
        let cases: [&[(i32, i64)]; 3] = [&[(0, 4)], &[(0, 6), (0, 5)], &[(0, 5), (1, 0), (0, 5)]];
        for backwards in cases {
            let error = moves(&held(), &records(backwards)).unwrap_err();
            assert!(matches!(error, WriterError::OutOfOrder { partition: 0, .. }), "{error}");
        }
        assert!(matches!(moves(&held(), &records(&[(0, 5), (2, 0)])), Err(WriterError::Fenced)));
    }
}
