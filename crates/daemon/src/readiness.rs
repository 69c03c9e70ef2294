//! Whether the daemon can do its job: named conditions, all of which must hold.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sd_notify::NotifyState;
use serde::Serialize;
use tokio::sync::watch;

use crate::notify::Notify;

/// The daemon's conditions. It is ready if there is at least one, all hold, and it is not stopping.
///
/// READY=1 is sent to the service manager when the daemon first becomes ready, and STATUS= on every change.
#[derive(Clone)]
pub struct Readiness(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    ready: watch::Sender<bool>,
    notify: Notify,
}

#[derive(Default)]
struct State {
    /// Each has one or more parts, all of which must hold.
    conditions: BTreeMap<&'static str, Vec<ConditionState>>,
    is_stopping: bool,
    was_ready: bool,
    status: String,
}

#[derive(Clone, Default, Serialize)]
pub(crate) struct ConditionState {
    pub(crate) ok: bool,
    pub(crate) detail: String,
}

/// What `/ready` returns.
#[derive(Serialize)]
pub(crate) struct Snapshot {
    pub(crate) ready: bool,
    pub(crate) stopping: bool,
    pub(crate) conditions: BTreeMap<&'static str, ConditionState>,
}

impl Readiness {
    pub(crate) fn new(notify: Notify) -> Self {
        Self(Arc::new(Inner { state: Mutex::default(), ready: watch::Sender::new(false), notify }))
    }

    /// Adds a condition, which does not hold yet. Create all conditions before setting any: READY=1 is sent as soon as
    /// all that exist hold.
    pub fn condition(&self, name: &'static str) -> Condition {
        self.change(|state| {
            state.conditions.insert(name, vec![ConditionState { ok: false, detail: "not yet known".into() }]);
        });
        Condition { readiness: self.clone(), name, part: 0 }
    }

    /// Whether the daemon can do its job now.
    pub fn is_ready(&self) -> bool {
        *self.0.ready.borrow()
    }

    /// Watches [`Readiness::is_ready`] for changes.
    pub fn watch(&self) -> watch::Receiver<bool> {
        self.0.ready.subscribe()
    }

    /// Sends STOPPING=1, once; from now on the daemon is not ready.
    pub(crate) fn stop(&self) {
        self.change(|state| state.is_stopping = true);
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let state = self.lock();
        let conditions = state.conditions.iter().map(|(name, parts)| (*name, whole(parts)));
        Snapshot { ready: state.is_ready(), stopping: state.is_stopping, conditions: conditions.collect() }
    }

    /// Sends messages under the lock, so that they go out in the order of the changes.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        let was_stopping = state.is_stopping;
        change(&mut state);
        let ready = state.is_ready();
        let status = state.describe();
        if status == state.status {
            return;
        }
        let mut messages = Vec::with_capacity(2);
        if state.is_stopping && !was_stopping {
            messages.push(NotifyState::Stopping);
        }
        if ready && !state.was_ready {
            messages.push(NotifyState::Ready);
        }
        messages.push(NotifyState::Status(&status));
        self.0.notify.send(&messages);

        let changed = self.0.ready.send_if_modified(|value| std::mem::replace(value, ready) != ready);
        if changed && ready {
            tracing::info!("ready");
        } else if changed && !state.is_stopping {
            tracing::warn!(status, "no longer ready");
        }
        state.was_ready |= ready;
        state.status = status;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_ready(&self) -> bool {
        let mut parts = self.conditions.values().flatten();
        !self.is_stopping && !self.conditions.is_empty() && parts.all(|part| part.ok)
    }

    /// A single line: a line break would start another message to the service manager.
    fn describe(&self) -> String {
        if self.is_stopping {
            return "draining".into();
        }
        let mut text = String::new();
        let conditions = self.conditions.iter().map(|(name, parts)| (name, whole(parts)));
        for (name, condition) in conditions.filter(|(_, condition)| !condition.ok) {
            let before = if text.is_empty() { "waiting for " } else { ", " };
            // Writing to a String cannot fail.
            let _ = write!(text, "{before}{name}");
            if !condition.detail.is_empty() {
                let _ = write!(text, " ({})", condition.detail.split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
        match (text.is_empty(), self.is_ready()) {
            (true, true) => "ready".into(),
            (true, false) => "starting".into(),
            (false, _) => text,
        }
    }
}

/// The first part that does not hold, or else the first.
fn whole(parts: &[ConditionState]) -> ConditionState {
    parts.iter().find(|part| !part.ok).or(parts.first()).cloned().unwrap_or_default()
}

/// Something the daemon needs, for example "kafka".
#[derive(Clone)]
pub struct Condition {
    readiness: Readiness,
    name: &'static str,
    part: usize,
}

impl Condition {
    /// Sets whether it holds.
    pub fn set(&self, ok: bool) {
        self.set_because(ok, "");
    }

    /// Sets whether it holds, and why, for `/ready` and `systemctl status`. The reason must not contain a secret.
    pub fn set_because(&self, ok: bool, why: impl Into<String>) {
        let detail = why.into();
        self.readiness.change(|state| {
            if let Some(part) = state.conditions.get_mut(self.name).and_then(|parts| parts.get_mut(self.part)) {
                *part = ConditionState { ok, detail };
            }
        });
    }

    /// Another part of the condition, for a second observer: the condition holds only while all parts do. It holds until
    /// it is set otherwise.
    #[must_use]
    pub fn part(&self) -> Self {
        let mut part = 0;
        self.readiness.change(|state| {
            let parts = state.conditions.entry(self.name).or_default();
            part = parts.len();
            parts.push(ConditionState { ok: true, detail: String::new() });
        });
        Self { readiness: self.readiness.clone(), name: self.name, part }
    }

    /// Whether all its parts hold now.
    pub fn is_ok(&self) -> bool {
        self.readiness.lock().conditions.get(self.name).is_some_and(|parts| parts.iter().all(|part| part.ok))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_is_sent_once_and_only_when_all_conditions_hold() {
        let (notify, sent) = Notify::recorder();
        let readiness = Readiness::new(notify);
        assert!(!readiness.is_ready(), "without conditions nothing is known to work");
        let (kafka, database) = (readiness.condition("kafka"), readiness.condition("database"));
        kafka.set(true);
        assert!(!readiness.is_ready());
        assert!(!sent.lock().unwrap().contains(&"READY=1".into()));

        database.set(true);
        assert!(readiness.is_ready());
        kafka.set_because(false, "broker\naway");
        assert!(!readiness.is_ready() && !kafka.is_ok() && database.is_ok());
        kafka.set(true);
        kafka.set(true);

        let sent = sent.lock().unwrap();
        assert_eq!(sent.iter().filter(|message| *message == "READY=1").count(), 1);
        assert_eq!(sent[sent.len() - 2..], ["STATUS=waiting for kafka (broker away)", "STATUS=ready"]);
    }

    #[test]
    fn a_stopping_daemon_is_never_ready_and_says_so_once() {
        let (notify, sent) = Notify::recorder();
        let readiness = Readiness::new(notify);
        let kafka = readiness.condition("kafka");
        readiness.stop();
        readiness.stop();
        kafka.set(true);
        assert!(!readiness.is_ready());
        let sent = sent.lock().unwrap();
        assert_eq!(sent[sent.len() - 2..], ["STOPPING=1", "STATUS=draining"]);
        assert!(!sent.contains(&"READY=1".into()));
    }

    #[test]
    fn what_one_observer_says_does_not_hide_the_other() {
        let readiness = Readiness::new(Notify::detached());
        let writer = readiness.condition("database");
        let pulse = writer.part();
        writer.set(true);
        assert!(readiness.is_ready() && writer.is_ok(), "a part holds until it is set otherwise");
        pulse.set_because(false, "silent for 5 s");
        writer.set(true);
        assert!(!readiness.is_ready() && !writer.is_ok());
        assert_eq!(readiness.snapshot().conditions["database"].detail, "silent for 5 s");
        pulse.set(true);
        assert!(readiness.is_ready());
    }

    #[test]
    fn a_watcher_sees_the_change() {
        let readiness = Readiness::new(Notify::detached());
        let watcher = readiness.watch();
        readiness.condition("kafka").set(true);
        assert!(watcher.has_changed().unwrap() && *watcher.borrow());
    }
}
