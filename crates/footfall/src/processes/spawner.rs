//! The one thread that starts processes.
//!
//! The kernel's parent-death signal fires when the *thread* that made a process ends, not the process that the thread
//! belongs to. A worker of some async runtime ends with its runtime, so children would die with the first test that
//! used them. This thread lives as long as the program.

use std::io;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

type Order = (Command, Sender<io::Result<Child>>);

static SPAWNER: OnceLock<Sender<Order>> = OnceLock::new();

/// Starts a process from the thread that never ends.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    let gone = || io::Error::other("the thread that starts processes is gone");
    let (answer, answered) = channel();
    let spawner = SPAWNER.get_or_init(start);
    spawner.send((command, answer)).map_err(|_| gone())?;
    answered.recv().map_err(|_| gone())?
}

fn start() -> Sender<Order> {
    let (orders, ordered) = channel::<Order>();
    std::thread::spawn(move || {
        for (mut command, answer) in ordered {
            // Whoever ordered it may be gone: then the child must not stay.
            if let Err(unheard) = answer.send(command.spawn())
                && let Ok(mut child) = unheard.0
            {
                let _ = child.kill().and_then(|()| child.wait());
            }
        }
    });
    orders
}
