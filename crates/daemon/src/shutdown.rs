//! SIGTERM and SIGINT start the drain, and the process exits if the drain takes too long.
//!
//! A SIGINT during the drain ends the process at once: a person pressed Ctrl-C. A SIGTERM does not: when a launcher is
//! killed, the kernel sends its children's parent-death signal once for each thread of the launcher.

use std::future::pending;
use std::time::{Duration, Instant};
use std::{io, process, thread};

use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::Shell;

/// Exit code of a daemon that did not drain in time, or was told to end at once.
const EXIT_UNDRAINED: i32 = 1;

/// Handles signals on a separate thread and runtime, which keep working even if the daemon blocks all its workers. Once
/// this function has returned, signals no longer end the process by themselves.
pub(crate) fn handle_signals(shell: Shell, drain_ms_max: u64) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let mut signals = {
        let _entered = runtime.enter();
        Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? }
    };
    let drain_max = Duration::from_millis(drain_ms_max);
    thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async {
            let first = signals.next().await;
            // None: the deadline is beyond the clock's range.
            let deadline = Instant::now().checked_add(drain_max);
            shell.begin_shutdown(deadline);
            tracing::info!(signal = first, drain_ms_max, "draining");
            let passed = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                    None => pending().await,
                }
            };
            tokio::select! {
                _ = signals.interrupt.recv() => {
                    tracing::error!(signal = "SIGINT", "a second signal; ended before the drain was done");
                }
                () = passed => tracing::error!(drain_ms_max, "not drained in time; ended"),
            }
        });
        process::exit(EXIT_UNDRAINED);
    })?;
    Ok(())
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
