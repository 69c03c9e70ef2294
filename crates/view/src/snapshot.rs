//! What a view shows at one moment: the fragments of the page, and the version in which each last changed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::answers::Key;

/// The content of an element, which is replaced when it changes. `id` is the element's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fragment {
    pub(crate) id: Key,
    pub(crate) html: String,
}

#[derive(Debug)]
struct Versioned {
    fragment: Fragment,
    changed_in: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// Increases with every change to any view, even across restarts.
    pub(crate) version: u64,
    fragments: Vec<Versioned>,
    /// Whether every question has been answered at least once, or cannot be.
    pub(crate) is_complete: bool,
    /// The answers include all events up to this value of `live::Changes::events`, as was known at this time.
    pub(crate) as_of: Option<(u64, Instant)>,
    /// The previous version, and the update from it to this one. Nearly every open page needs this update, so it is
    /// built only once.
    update: Option<(u64, Bytes)>,
}

impl Snapshot {
    /// Returns the snapshot after this one, with the same version if no fragment has changed.
    pub(crate) fn next(&self, fragments: Vec<Fragment>, is_complete: bool, as_of: Option<(u64, Instant)>) -> Self {
        let version = next_version();
        let mut has_changed = false;
        let fragments: Vec<_> = fragments
            .into_iter()
            .map(|fragment| {
                let same = self.fragments.iter().find(|old| old.fragment == fragment);
                has_changed |= same.is_none();
                Versioned { changed_in: same.map_or(version, |old| old.changed_in), fragment }
            })
            .collect();
        let (version, update) = if has_changed {
            (version, message(&fragments, self.version, version).map(|message| (self.version, message)))
        } else {
            (self.version, self.update.clone())
        };
        Self { version, fragments, is_complete, as_of, update }
    }

    /// The content of the element with this id.
    pub(crate) fn html(&self, id: &str) -> &str {
        let found = self.fragments.iter().find(|versioned| versioned.fragment.id == id);
        found.map_or("", |versioned| versioned.fragment.html.as_str())
    }

    /// The fragments that have changed since `version`, as a server-sent event.
    pub(crate) fn update_since(&self, version: u64) -> Option<Bytes> {
        match &self.update {
            _ if self.version <= version => None,
            Some((from, message)) if *from == version => Some(message.clone()),
            _ => message(&self.fragments, version, self.version),
        }
    }
}

/// JSON contains no raw line breaks, so one `data:` line is enough.
fn message(fragments: &[Versioned], since: u64, version: u64) -> Option<Bytes> {
    let changed: Map<String, Value> = fragments
        .iter()
        .filter(|versioned| versioned.changed_in > since)
        .map(|Versioned { fragment, .. }| (fragment.id.to_owned(), fragment.html.clone().into()))
        .collect();
    if changed.is_empty() {
        return None;
    }
    Some(format!("id: {version}\ndata: {}\n\n", Value::Object(changed)).into())
}

/// Versions are based on the clock, so that they are greater than those of earlier processes.
fn next_version() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = u64::try_from(Timestamp::now().as_microsecond()).unwrap_or_default();
    let later = |last: u64| Some(now.max(last + 1));
    // `later` never returns None, so this is never an error.
    LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later).map_or(now, |last| now.max(last + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragments(totals: &str, curve: &str) -> Vec<Fragment> {
        [("totals", totals), ("curve", curve)].map(|(id, html)| Fragment { id, html: html.into() }).into()
    }

    fn ids(update: Option<Bytes>) -> Vec<String> {
        let update = String::from_utf8(update.unwrap().to_vec()).unwrap();
        let data = update.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        serde_json::from_str::<Map<String, Value>>(data).unwrap().into_iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn an_update_holds_only_what_changed_since_the_page_s_version() {
        let first = Snapshot::default().next(fragments("1", "a"), true, None);
        let second = first.next(fragments("2", "a"), true, None);
        let third = second.next(fragments("2", "b"), true, None);
        assert!(first.version < second.version && second.version < third.version);
        assert_eq!(ids(third.update_since(0)), ["curve", "totals"]);
        assert_eq!(ids(third.update_since(first.version)), ["curve", "totals"]);
        assert_eq!(ids(third.update_since(second.version)), ["curve"]);
        assert!(third.update_since(third.version).is_none());
    }

    #[test]
    fn a_snapshot_without_a_change_keeps_the_version_and_is_newer() {
        let first = Snapshot::default().next(fragments("1", "a"), false, None);
        let second = first.next(fragments("1", "a"), true, Some((2, Instant::now())));
        assert_eq!((second.version, second.as_of.unwrap().0, second.is_complete), (first.version, 2, true));
        assert_eq!(second.update_since(0), first.update_since(0));
    }
}
