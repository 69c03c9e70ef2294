//! Messages to the service manager, via sd_notify(3). Dropped if `NOTIFY_SOCKET` is not set.

use std::io;
use std::sync::Arc;

use sd_notify::NotifyState;

type Send = dyn Fn(&[NotifyState<'_>]) -> io::Result<()> + std::marker::Send + Sync;

/// Sends messages to the service manager. Tests use a recorder instead.
#[derive(Clone)]
pub(crate) struct Notify(Arc<Send>);

impl Notify {
    /// Sends to the socket that the environment names, if any.
    pub(crate) fn service_manager() -> Self {
        Self(Arc::new(sd_notify::notify))
    }

    /// Drops everything.
    pub(crate) fn detached() -> Self {
        Self(Arc::new(|_| Ok(())))
    }

    #[cfg(test)]
    pub(crate) fn recorder() -> (Self, Arc<std::sync::Mutex<Vec<String>>>) {
        let sent = Arc::new(std::sync::Mutex::new(Vec::new()));
        let record = sent.clone();
        let notify = Self(Arc::new(move |states: &[NotifyState<'_>]| {
            record.lock().unwrap().extend(states.iter().map(ToString::to_string));
            Ok(())
        }));
        (notify, sent)
    }

    /// Sends one datagram. A failure is logged and otherwise ignored.
    pub(crate) fn send(&self, states: &[NotifyState<'_>]) {
        if let Err(error) = (self.0)(states) {
            tracing::warn!(%error, "the service manager could not be notified");
        }
    }
}
