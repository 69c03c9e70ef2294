//! The one thread that starts processes.
//!
//! The kernel sends the parent-death signal when the *thread* that forked ends, not when its process does. A worker of
//! an async runtime ends with the runtime, so the children of one test would die while another still uses them. This
//! thread lives as long as the program.

use std::io;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

type Request = (Command, Sender<io::Result<Child>>);

static SPAWNER: OnceLock<Sender<Request>> = OnceLock::new();

/// Starts a process on that thread.
pub(crate) fn spawn(command: Command) -> io::Result<Child> {
    let gone = || io::Error::other("the thread that starts processes is gone");
    let (answer, answered) = channel();
    let spawner = SPAWNER.get_or_init(start);
    spawner.send((command, answer)).map_err(|_| gone())?;
    answered.recv().map_err(|_| gone())?
}

fn start() -> Sender<Request> {
    let (requests, received) = channel::<Request>();
    std::thread::spawn(move || {
        for (mut command, answer) in received {
            // If the caller is gone, the child must not keep running.
            if let Err(unheard) = answer.send(command.spawn())
                && let Ok(mut child) = unheard.0
            {
                let _ = child.kill().and_then(|()| child.wait());
            }
        }
    });
    requests
}
