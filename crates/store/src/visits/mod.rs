//! The visits: `analytics_visits`, kept in the transaction that stores the events.
//!
//! An event changes the visits of its site and key around it, which are loaded, changed by [`Timeline`] and stored again. One
//! consumer stores all events of a key, so no two change the same visit at the same time.

mod dictionary;
mod lists;
mod measures;
mod rows;
mod seen;
mod timeline;
mod visit;

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::Transaction;

pub(crate) use self::dictionary::Dictionary;
use self::lists::KindTexts;
use self::rows::{Changed, Held};
pub(crate) use self::seen::Seen;
use self::timeline::{MustBeRecounted, REACH, Timeline};
use self::visit::{First, Happening, Origin, Visit, Visitor, bounds};
use crate::WriterError;
use crate::statements::Statements;
use crate::tally::bucket;

const MINUTE_S: i64 = 60;

/// Adds events to the visits. They have to be in `analytics_events` already, in the same transaction.
pub(crate) async fn add_to_visits(
    transaction: &Transaction<'_>,
    statements: &Statements,
    dictionary: &mut Dictionary,
    events: &[Seen<'_>],
) -> Result<(), WriterError> {
    if events.is_empty() {
        return Ok(());
    }
    let adding = Adding { transaction, statements };
    let happenings = adding.happenings(dictionary, events).await?;
    let mut changed = Changed::default();
    adding.add_keyed(dictionary, events, &happenings, &mut changed).await?;
    adding.add_without_key(dictionary, events, &happenings, &mut changed).await?;
    rows::store(transaction, statements, &changed).await
}

#[derive(Clone, Copy)]
struct Adding<'a> {
    transaction: &'a Transaction<'a>,
    statements: &'a Statements,
}

impl Adding<'_> {
    /// What decides about each event's place, with its kind's number.
    async fn happenings(self, dictionary: &mut Dictionary, events: &[Seen<'_>]) -> Result<Vec<Happening>, WriterError> {
        let details: Vec<String> = events.iter().map(|event| event.detail().unwrap_or_default()).collect();
        let texts =
            events.iter().zip(&details).flat_map(|(event, detail)| [event.event_type, event.page, detail]).collect();
        dictionary.learn_values(self.transaction, self.statements, texts).await?;
        let number = |dictionary: &Dictionary, text: &str| dictionary.value(text).unwrap_or_default();
        let mut kinds = BTreeMap::new();
        let mut kind_of = Vec::with_capacity(events.len());
        for (event, detail) in events.iter().zip(&details) {
            let kind = [event.event_type, event.page, detail].map(|text| number(dictionary, text));
            let kind = (kind[0], kind[1], kind[2]);
            kinds.entry(kind).or_insert(KindTexts { event_type: event.event_type, page: event.page, detail });
            kind_of.push(kind);
        }
        dictionary.learn_kinds(self.transaction, self.statements, kinds).await?;
        let happenings = events.iter().zip(kind_of).enumerate().map(|(index, (event, kind))| Happening {
            moment: (event.at, event.id),
            is_report: event.is_report(),
            is_view: event.is_view(),
            kind: dictionary.kind(kind),
            page: kind.1,
            measures: event.measures(),
            index,
        });
        Ok(happenings.collect())
    }

    async fn add_keyed(
        self,
        dictionary: &mut Dictionary,
        events: &[Seen<'_>],
        happenings: &[Happening],
        changed: &mut Changed,
    ) -> Result<(), WriterError> {
        let mut groups: BTreeMap<(&str, &str), Vec<&Happening>> = BTreeMap::new();
        for (event, happening) in events.iter().zip(happenings) {
            if let Some(key) = &event.key {
                groups.entry((event.site, key)).or_default().push(happening);
            }
        }
        let keys: Vec<(&str, &str)> = groups.keys().copied().collect();
        let moments = groups.values().flatten().map(|happening| happening.moment.0);
        let Some((first, last)) = bounds(moments) else { return Ok(()) };
        let held = rows::load(self.transaction, self.statements, &keys, before(first), after(last)).await?;
        let mut timelines = Vec::with_capacity(groups.len());
        for (((site, key), mut group), Held { hash, visits }) in groups.into_iter().zip(held) {
            group.sort_unstable_by_key(|happening| happening.order());
            let mut timeline = Timeline::new(visits);
            let failed = group.iter().position(|happening| timeline.add(happening) == Err(MustBeRecounted));
            if let Some(failed) = failed {
                let session = events[group[0].index].is_session();
                match self.recounted(dictionary, (site, key, session), &timeline, &group[failed..]).await? {
                    Some(recounted) => timeline = recounted,
                    None => group[failed..].iter().for_each(|happening| timeline.add_without_recount(happening)),
                }
            }
            timelines.push((hash, timeline));
        }
        let unknown = timelines.iter_mut().flat_map(|(_, timeline)| &mut timeline.visits).collect();
        self.make_known(dictionary, events, unknown).await?;
        for (hash, timeline) in timelines {
            changed.take(hash, timeline);
        }
        Ok(())
    }

    /// The visits of a key with `further` events, counted from all of them; `None` if retention has removed some.
    async fn recounted(
        self,
        dictionary: &mut Dictionary,
        (site, key, is_session): (&str, &str, bool),
        known: &Timeline,
        further: &[&Happening],
    ) -> Result<Option<Timeline>, WriterError> {
        let times = known.visits.iter().flat_map(|visit| [visit.first.0, visit.last_at]);
        let Some((from, to)) = bounds(times.chain(further.iter().map(|happening| happening.moment.0))) else {
            return Ok(None);
        };
        let wanted: i64 = known.visits.iter().map(|visit| i64::from(visit.events)).sum();
        let wanted = wanted + i64::try_from(further.len()).unwrap_or(i64::MAX);
        let statement = &self.statements.events_of_key;
        let rows = self.transaction.query(statement, &[&site, &key, &from, &to, &is_session]).await?;
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) < wanted {
            return Ok(None);
        }
        let events: Vec<Seen<'_>> = rows.iter().map(Seen::stored).collect();
        let mut happenings = Box::pin(self.happenings(dictionary, &events)).await?;
        happenings.sort_unstable_by_key(Happening::order);
        let mut timeline = Timeline::default();
        happenings.iter().for_each(|happening| timeline.add_without_recount(happening));
        self.make_known(dictionary, &events, timeline.visits.iter_mut().collect()).await?;
        timeline.gone = known.visits.iter().flat_map(|visit| visit.rows.iter().copied()).collect();
        Ok(Some(timeline))
    }

    /// Events that belong to no visit, those of one minute that are the same in one row. They count at the beginning of the minute,
    /// so that it makes no difference in which batches they came.
    async fn add_without_key(
        self,
        dictionary: &mut Dictionary,
        events: &[Seen<'_>],
        happenings: &[Happening],
        changed: &mut Changed,
    ) -> Result<(), WriterError> {
        let without_key = events.iter().zip(happenings).filter(|(event, _)| event.key.is_none());
        let mut rows: Vec<Visit> = without_key
            .map(|(_, happening)| Visit {
                is_visit: false,
                first: (bucket(happening.moment.0, MINUTE_S), happening.moment.1),
                ..Visit::of(happening)
            })
            .collect();
        self.make_known(dictionary, events, rows.iter_mut().collect()).await?;
        rows.sort_by_key(|row| row.first);
        let mut merged: Vec<Visit> = Vec::new();
        for row in rows {
            let minute = row.first.0;
            let same = |other: &&mut Visit| other.origin == row.origin && other.kinds.keys().eq(row.kinds.keys());
            match merged.iter_mut().rev().take_while(|other| other.first.0 == minute).find(same) {
                Some(other) => other.absorb(row),
                None => merged.push(row),
            }
        }
        for row in merged {
            // No two events have the same id, so no two rows have the same key.
            #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "the half of an id")]
            let hash = row.first.1.as_u128() as i64;
            changed.take(hash, Timeline::new(vec![row]));
        }
        Ok(())
    }

    /// Gives what the first events say its numbers.
    async fn make_known(
        self,
        dictionary: &mut Dictionary,
        events: &[Seen<'_>],
        visits: Vec<&mut Visit>,
    ) -> Result<(), WriterError> {
        let mut unknown: Vec<(&mut Visit, &Seen<'_>, Vec<Option<&str>>)> = visits
            .into_iter()
            .filter_map(|visit| match visit.origin {
                First::Known(_) => None,
                First::Added(index) => Some((visit, &events[index], events[index].attributes())),
            })
            .collect();
        let texts = unknown
            .iter()
            .flat_map(|(_, event, attributes)| attributes.iter().copied().flatten().chain([event.site, event.page]));
        let texts = texts.collect();
        dictionary.learn_values(self.transaction, self.statements, texts).await?;
        for (visit, event, values) in &mut unknown {
            let who = event.visitor.map(|id| id.to_string()).or_else(|| event.key.as_deref().map(str::to_owned));
            visit.origin = First::Known(Box::new(Origin {
                visitor: Visitor::Named { who, site: event.site.to_owned() },
                site: dictionary.value(event.site),
                entry_page: dictionary.value(event.page),
                attributes: values.iter().map(|value| dictionary.value((*value)?)).collect(),
                bot: event.bot,
            }));
        }
        Ok(())
    }
}

fn before(time: Timestamp) -> Timestamp {
    time.saturating_sub(REACH).unwrap_or(Timestamp::MIN)
}

fn after(time: Timestamp) -> Timestamp {
    time.saturating_add(REACH).unwrap_or(Timestamp::MAX)
}
