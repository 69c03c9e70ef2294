//! Messages to the service manager: sd_notify(3). Without `NOTIFY_SOCKET` they go nowhere.

use std::io;
use std::sync::Arc;

use sd_notify::NotifyState;

type Send = dyn Fn(&[NotifyState<'_>]) -> io::Result<()> + std::marker::Send + Sync;

/// Sends messages to the service manager. Tests put a recorder in its place.
#[derive(Clone)]
pub(crate) struct Notify(Arc<Send>);

impl Notify {
    /// To the socket that the environment names, if it names one.
    pub(crate) fn service_manager() -> Self {
        Self(Arc::new(sd_notify::notify))
    }

    /// To nobody.
    pub(crate) fn nobody() -> Self {
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

    /// One datagram. A service manager that cannot be reached is logged and otherwise ignored: the work goes on.
    pub(crate) fn send(&self, states: &[NotifyState<'_>]) {
        if let Err(error) = (self.0)(states) {
            tracing::warn!(%error, "the service manager could not be notified");
        }
    }
}
