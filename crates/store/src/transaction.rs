//! What one transaction does beside moving the offsets: ledger, rows, roll-ups, quarantine, counts, and the notification of listeners.

use std::collections::{BTreeMap, HashMap, HashSet};

use footfall_event::enrich::Enriched;
use footfall_event::{Event, Outcome, Rejection};
use futures_util::pin_mut;
use jiff::Timestamp;
use tokio_postgres::Transaction;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::columns::COLUMNS;
use crate::place::{Places, may_be_counted};
use crate::samples::add_samples;
use crate::statements::Statements;
use crate::summary::{Counted, Summary};
use crate::tally::Tally;
use crate::visits::{Dictionary, Seen, add_to_visits};
use crate::{Content, Enricher, Record, WriterError};

/// An event that is stored for the first time.
struct Fresh<'a> {
    event: &'a Event,
    enriched: Enriched,
    partition: i32,
}

/// Stores everything in a batch except its offsets. Returns how often each outcome occurred.
///
/// A record that is read again, from a log that has replaced another, is counted only if it was not stored before.
pub(crate) async fn store(
    transaction: &Transaction<'_>,
    statements: &Statements,
    enricher: &mut Enricher,
    dictionary: &mut Dictionary,
    held: &Places,
    records: &[Record],
) -> Result<HashMap<Outcome, u64>, WriterError> {
    let mut tally = Tally::default();
    let mut unknown = enter_ledger(transaction, statements, records).await?;
    let mut fresh = Vec::with_capacity(unknown.len());
    let mut samples = Vec::new();
    for record in records {
        let partition = record.position.partition;
        match &record.content {
            Content::Event(event) if unknown.remove(&event.event_id) => {
                fresh.push(Fresh { event, enriched: enricher.enrich(event), partition });
                tally.count(Outcome::Stored, partition);
            }
            Content::Event(_) if may_be_counted(held, record) => {}
            Content::Event(_) => tally.count(Outcome::Duplicate, partition),
            Content::Unreadable(rejection) if unknown.remove(&record.fingerprint()) => {
                quarantine(transaction, statements, record, rejection).await?;
                tally.count(Outcome::Quarantined(rejection.reason), partition);
            }
            Content::Counts(counts) if unknown.remove(&counts.id) => tally.count_others(counts, partition),
            Content::Sample(sample) if !may_be_counted(held, record) => samples.push(sample),
            Content::Unreadable(_) | Content::Counts(_) | Content::Sample(_) | Content::Unknown => {}
        }
    }
    copy_events(transaction, statements, &fresh).await?;
    add_to_summary(transaction, statements, &fresh).await?;
    add_samples(transaction, &statements.add_samples, &samples).await?;
    let seen: Vec<Seen<'_>> = fresh.iter().map(|it| Seen::of(it.event, &it.enriched)).collect();
    add_to_visits(transaction, statements, dictionary, &seen).await?;
    notify(transaction, statements, fresh.len()).await?;
    tally.add_to_outcomes(transaction, statements).await
}

/// Returns the ids that were new: of events, of counts, and, as they have no other, the fingerprints of unreadable records.
async fn enter_ledger(
    transaction: &Transaction<'_>,
    statements: &Statements,
    records: &[Record],
) -> Result<HashSet<Uuid>, WriterError> {
    let now = Timestamp::now();
    let ids = records.iter().filter_map(|record| match &record.content {
        Content::Event(event) => Some((event.event_id, event.received_at)),
        Content::Counts(counts) => Some((counts.id, counts.at)),
        Content::Unreadable(_) => Some((record.fingerprint(), record.written_at().map_or(now, |at| at.min(now)))),
        Content::Sample(_) | Content::Unknown => None,
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
    if fresh.is_empty() {
        return Ok(());
    }
    let mut summary = Summary::begin(transaction, statements).await?;
    for Fresh { event, enriched, partition } in fresh {
        summary.add(&Counted {
            timestamp: event.timestamp,
            event_type: &event.event_type,
            page_url: &event.page_url,
            site: event.site.as_deref().unwrap_or_default(),
            bot: enriched.agent.bot,
            partition: *partition,
        });
    }
    summary.store(transaction, statements).await
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
