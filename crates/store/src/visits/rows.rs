//! Rows of `analytics_visits`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use tokio_postgres::types::{FromSql, ToSql};
use tokio_postgres::{Row, Transaction};
use uuid::Uuid;

use super::seen::attributes;
use super::timeline::Timeline;
use super::visit::{First, Origin, Visit, Visitor, bounds};
use crate::WriterError;
use crate::statements::Statements;

/// What is stored for a key.
pub(crate) struct Held {
    /// The hash of site and key.
    pub(crate) hash: i64,
    pub(crate) visits: Vec<Visit>,
}

/// What is stored for each site and key, in their order, as far as it begins between the two times.
pub(crate) async fn load(
    transaction: &Transaction<'_>,
    statements: &Statements,
    keys: &[(&str, &str)],
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Held>, WriterError> {
    let sites: Vec<&str> = keys.iter().map(|(site, _)| *site).collect();
    let names: Vec<&str> = keys.iter().map(|(_, key)| *key).collect();
    let rows = transaction.query(&statements.visits_of_keys, &[&sites, &names, &from, &to]).await?;
    let mut held: BTreeMap<i64, Held> = BTreeMap::new();
    for row in rows {
        let mut cells = Cells { row: &row, read: 0 };
        let place: i64 = cells.next();
        let hash = cells.next();
        let key = held.entry(place).or_insert_with(|| Held { hash, visits: Vec::new() });
        if let Some(first_at) = cells.next() {
            key.visits.push(visit(first_at, &mut cells));
        }
    }
    Ok(held.into_values().collect())
}

/// The columns of a row, one after the other: to look up each by its name takes longer than to read it.
struct Cells<'a> {
    row: &'a Row,
    read: usize,
}

impl<'a> Cells<'a> {
    fn next<T: FromSql<'a>>(&mut self) -> T {
        self.read += 1;
        self.row.get(self.read - 1)
    }
}

/// Reads the columns of sql/writer/visits_of_keys.sql that follow `first_at`.
fn visit(first_at: Timestamp, cells: &mut Cells<'_>) -> Visit {
    let (last_active_at, last_at) = (cells.next(), cells.next());
    let (first_id, last_id) = (cells.next(), cells.next());
    let visitor = Visitor::Hash(cells.next());
    let (events, views, actions) = (cells.next(), cells.next(), cells.next());
    let (is_visit, bot) = (cells.next(), cells.next());
    let (kinds, measures): (Vec<i64>, Option<Vec<i64>>) = (cells.next(), cells.next());
    let (site, entry_page, exit_page) = (cells.next(), cells.next(), cells.next());
    let attributes = attributes().map(|_| cells.next()).collect();
    Visit {
        is_visit,
        first: (first_at, first_id),
        last: (last_active_at, last_id),
        last_at,
        origin: First::Known(Box::new(Origin { visitor, site, entry_page, attributes, bot })),
        exit_page,
        events,
        views,
        actions,
        kinds: kinds.into_iter().map(kind_and_count).collect(),
        measures: measures.unwrap_or_default(),
        rows: vec![first_at],
        has_changed: false,
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the two halves")]
fn kind_and_count(both: i64) -> (i32, u32) {
    ((both >> 32) as i32, both as u32)
}

/// What is to be stored.
#[derive(Default)]
pub(crate) struct Changed {
    /// With the hash of site and key.
    visits: Vec<(i64, Visit)>,
    gone: Vec<(i64, Timestamp)>,
}

impl Changed {
    pub(crate) fn take(&mut self, hash: i64, timeline: Timeline) {
        self.gone.extend(timeline.rows_to_delete().into_iter().map(|row| (hash, row)));
        let changed = timeline.visits.into_iter().filter(|visit| visit.has_changed);
        self.visits.extend(changed.map(|visit| (hash, visit)));
    }

    /// The rows that are about to change: those that go, and those that are stored.
    fn rows(&self) -> (Vec<i64>, Vec<Timestamp>) {
        let stored = self.visits.iter().map(|(hash, visit)| (*hash, visit.first.0));
        self.gone.iter().copied().chain(stored).unzip()
    }
}

/// Stores what has changed.
pub(crate) async fn store(
    transaction: &Transaction<'_>,
    statements: &Statements,
    changed: &Changed,
) -> Result<(), WriterError> {
    let (hashes, rows) = changed.rows();
    let Some((from, to)) = bounds(rows.iter().copied()) else { return Ok(()) };
    transaction.execute(&statements.note_changes, &[&hashes, &rows, &from, &to]).await?;
    if let Some((from, to)) = bounds(changed.gone.iter().map(|(_, row)| *row)) {
        let hashes: Vec<i64> = changed.gone.iter().map(|(hash, _)| *hash).collect();
        let rows: Vec<Timestamp> = changed.gone.iter().map(|(_, row)| *row).collect();
        transaction.execute(&statements.remove_visits, &[&hashes, &rows, &from, &to]).await?;
    }
    if changed.visits.is_empty() {
        return Ok(());
    }
    fn column<T>(changed: &Changed, of: impl Fn(&Visit) -> T) -> Vec<T> {
        changed.visits.iter().map(|(_, visit)| of(visit)).collect()
    }
    fn known(visit: &Visit) -> Option<&Origin> {
        match &visit.origin {
            First::Known(origin) => Some(origin),
            First::Added(_) => None,
        }
    }
    let number = |of: fn(&Origin) -> Option<i32>| column(changed, |visit| known(visit).and_then(of));
    let hashes: Vec<i64> = changed.visits.iter().map(|(hash, _)| *hash).collect();
    let visitors: Vec<Option<i64>> = column(changed, |visit| match known(visit).map(|origin| &origin.visitor) {
        Some(Visitor::Hash(hash)) => *hash,
        _ => None,
    });
    let (who, sites): (Vec<Option<String>>, Vec<Option<String>>) = changed
        .visits
        .iter()
        .map(|(_, visit)| match known(visit).map(|origin| &origin.visitor) {
            Some(Visitor::Named { who, site }) => (who.clone(), Some(site.clone())),
            _ => (None, None),
        })
        .unzip();
    let attributes: Vec<Vec<Option<i32>>> = (0..attributes().count())
        .map(|place| column(changed, |visit| known(visit).and_then(|origin| *origin.attributes.get(place)?)))
        .collect();
    let own: [&(dyn ToSql + Sync); 19] = [
        &column(changed, |visit| visit.first.0),
        &hashes,
        &column(changed, |visit| visit.last.0),
        &column(changed, |visit| visit.last_at),
        &visitors,
        &who,
        &sites,
        &column(changed, |visit| visit.first.1),
        &column::<Uuid>(changed, |visit| visit.last.1),
        &column(changed, |visit| visit.events),
        &column(changed, |visit| visit.views),
        &column(changed, |visit| visit.actions),
        &column(changed, |visit| visit.is_visit),
        &column(changed, |visit| known(visit).is_some_and(|origin| origin.bot)),
        &column(changed, |visit| {
            array(visit.kinds.iter().map(|(kind, count)| i64::from(*kind) << 32 | i64::from(*count)))
        }),
        &column(changed, |visit| (!visit.measures.is_empty()).then(|| array(visit.measures.iter().copied()))),
        &number(|origin| origin.site),
        &number(|origin| origin.entry_page),
        &column(changed, |visit| visit.exit_page.filter(|page| *page != 0)),
    ];
    let attributes = attributes.iter().map(|column| column as &(dyn ToSql + Sync));
    let columns: Vec<_> = own.into_iter().chain(attributes).collect();
    transaction.execute(&statements.put_visits, &columns).await?;
    Ok(())
}

/// As PostgreSQL writes an array: an array of arrays of different lengths cannot be passed.
fn array(numbers: impl Iterator<Item = i64>) -> String {
    let mut text = String::from("{");
    for (place, number) in numbers.enumerate() {
        let _ = write!(text, "{}{number}", if place == 0 { "" } else { "," });
    }
    text.push('}');
    text
}
