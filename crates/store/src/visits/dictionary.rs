//! The numbers of texts, of kinds of events and of what they count in: `analytics_values`, `analytics_kinds`, `analytics_entries`.
//!
//! What a transaction has learnt is known to the next ones only after it has committed: see [`Dictionary::ended`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::num::NonZeroUsize;

use lru::LruCache;
use tokio_postgres::{Row, Transaction};

use super::lists::{Entry, KindTexts, lists};
use crate::WriterError;
use crate::statements::Statements;

/// Entries of each kind that are kept in memory: at most about 20 MB of texts.
const CACHED_MAX: NonZeroUsize = NonZeroUsize::new(100_000).unwrap();

/// Ids of the event type, the page and the detail.
pub(crate) type Kind = (i32, i32, i32);

struct Cache<K> {
    known: LruCache<K, i32>,
    /// What the transaction in progress has met; entries of `known` may be evicted meanwhile.
    met: HashMap<K, i32>,
}

impl<K: Hash + Eq + Clone> Cache<K> {
    fn new() -> Self {
        Self { known: LruCache::new(CACHED_MAX), met: HashMap::new() }
    }

    /// Whether the number is known from now on until the transaction ends.
    fn recall<Q>(&mut self, key: &Q) -> bool
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if self.met.contains_key(key) {
            return true;
        }
        let Some(id) = self.known.get(key) else { return false };
        self.met.insert(key.to_owned(), *id);
        true
    }

    fn committed(&mut self) {
        for (key, id) in self.met.drain() {
            self.known.put(key, id);
        }
    }
}

pub(crate) struct Dictionary {
    values: Cache<String>,
    kinds: Cache<Kind>,
}

impl Dictionary {
    pub(crate) fn new() -> Self {
        Self { values: Cache::new(), kinds: Cache::new() }
    }

    /// The transaction has ended. If it was rolled back, so were its new entries.
    pub(crate) fn ended(&mut self, has_committed: bool) {
        if has_committed {
            self.values.committed();
            self.kinds.committed();
        } else {
            self.values.met.clear();
            self.kinds.met.clear();
        }
    }

    /// The number of a text that [`Self::learn_values`] was given; `None` for the empty text.
    pub(crate) fn value(&self, text: &str) -> Option<i32> {
        self.values.met.get(text).copied()
    }

    /// The number of a kind that [`Self::learn_kinds`] was given.
    pub(crate) fn kind(&self, kind: Kind) -> i32 {
        self.kinds.met.get(&kind).copied().unwrap_or_default()
    }

    /// Gives each text a number.
    pub(crate) async fn learn_values(
        &mut self,
        transaction: &Transaction<'_>,
        statements: &Statements,
        texts: Vec<&str>,
    ) -> Result<(), WriterError> {
        let mut unknown = BTreeSet::new();
        for text in texts {
            if !text.is_empty() && !unknown.contains(text) && !self.values.recall(text) {
                unknown.insert(text);
            }
        }
        // Looking comes first, because an insert that finds a row uses up a number. It comes again for those that another
        // writer added meanwhile.
        for statement in [&statements.find_values, &statements.add_values, &statements.find_values] {
            if unknown.is_empty() {
                break;
            }
            // Sorted, so that two writers cannot deadlock.
            let wanted: Vec<&str> = unknown.iter().copied().collect();
            for row in transaction.query(statement, &[&wanted]).await? {
                let text: String = row.get(1);
                unknown.remove(text.as_str());
                self.values.met.insert(text, row.get(0));
            }
        }
        Ok(())
    }

    /// Gives each kind a number.
    pub(crate) async fn learn_kinds(
        &mut self,
        transaction: &Transaction<'_>,
        statements: &Statements,
        kinds: BTreeMap<Kind, KindTexts<'_>>,
    ) -> Result<(), WriterError> {
        let mut unknown = kinds;
        unknown.retain(|kind, _| !self.kinds.recall(kind));
        self.find_kinds(transaction, statements, &mut unknown).await?;
        if unknown.is_empty() {
            return Ok(());
        }
        let of_kinds: Vec<Vec<Entry>> = unknown.values().map(lists).collect();
        let numbers = self.entries(transaction, statements, &of_kinds).await?;
        let entries: Vec<String> = numbers.iter().map(|numbers| array(numbers)).collect();
        let own: Vec<Option<i32>> = of_kinds
            .iter()
            .zip(&numbers)
            .map(|(entries, numbers)| {
                entries.iter().position(Entry::is_own).and_then(|place| numbers.get(place).copied())
            })
            .collect();
        let [types, pages, details] = columns(unknown.keys().copied());
        for row in transaction.query(&statements.add_kinds, &[&types, &pages, &details, &entries, &own]).await? {
            self.meet_kind(&row, &mut unknown);
        }
        // What another writer added meanwhile.
        self.find_kinds(transaction, statements, &mut unknown).await
    }

    async fn find_kinds(
        &mut self,
        transaction: &Transaction<'_>,
        statements: &Statements,
        unknown: &mut BTreeMap<Kind, KindTexts<'_>>,
    ) -> Result<(), WriterError> {
        if unknown.is_empty() {
            return Ok(());
        }
        let [types, pages, details] = columns(unknown.keys().copied());
        for row in transaction.query(&statements.find_kinds, &[&types, &pages, &details]).await? {
            self.meet_kind(&row, unknown);
        }
        Ok(())
    }

    fn meet_kind(&mut self, row: &Row, unknown: &mut BTreeMap<Kind, KindTexts<'_>>) {
        let kind = (row.get(1), row.get(2), row.get(3));
        self.kinds.met.insert(kind, row.get(0));
        unknown.remove(&kind);
    }

    /// The numbers of the entries of each kind, in their order.
    async fn entries(
        &mut self,
        transaction: &Transaction<'_>,
        statements: &Statements,
        of_kinds: &[Vec<Entry>],
    ) -> Result<Vec<Vec<i32>>, WriterError> {
        let texts = of_kinds.iter().flatten().flat_map(|entry| [&*entry.subject, &*entry.property, &*entry.value]);
        self.learn_values(transaction, statements, texts.collect()).await?;
        let parts = |entry: &Entry| {
            let number = |text: &str| self.value(text).unwrap_or_default();
            (entry.list, number(&entry.subject), number(&entry.property), number(&entry.value))
        };
        let mut unknown: BTreeSet<_> = of_kinds.iter().flatten().map(parts).collect();
        let mut known = HashMap::new();
        for statement in [&statements.find_entries, &statements.add_entries, &statements.find_entries] {
            if unknown.is_empty() {
                break;
            }
            let lists: Vec<&str> = unknown.iter().map(|entry| entry.0).collect();
            let [subjects, properties, values] =
                columns(unknown.iter().map(|(_, subject, property, value)| (*subject, *property, *value)));
            for row in transaction.query(statement, &[&lists, &subjects, &properties, &values]).await? {
                let list: String = row.get(1);
                if let Some(list) = lists.iter().find(|name| **name == list) {
                    let entry = (*list, row.get(2), row.get(3), row.get(4));
                    unknown.remove(&entry);
                    known.insert(entry, row.get::<_, i32>(0));
                }
            }
        }
        let numbers = |entries: &Vec<Entry>| {
            entries.iter().map(|entry| known.get(&parts(entry)).copied().unwrap_or_default()).collect()
        };
        Ok(of_kinds.iter().map(numbers).collect())
    }
}

/// As PostgreSQL writes it, each number once.
fn array(numbers: &[i32]) -> String {
    let mut seen = BTreeSet::new();
    let each = numbers.iter().filter(|number| seen.insert(**number)).map(ToString::to_string);
    format!("{{{}}}", each.collect::<Vec<_>>().join(","))
}

fn columns(rows: impl Iterator<Item = (i32, i32, i32)>) -> [Vec<i32>; 3] {
    let mut columns = [const { Vec::new() }; 3];
    for (first, second, third) in rows {
        columns[0].push(first);
        columns[1].push(second);
        columns[2].push(third);
    }
    columns
}
