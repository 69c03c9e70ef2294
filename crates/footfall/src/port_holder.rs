//! Which of the wanted ports are taken, and by which process.

use std::fmt;
use std::net::SocketAddr;

use procfs::net::{TcpState, tcp, tcp6};
use procfs::process::{FDTarget, Process, all_processes};

/// A port that one of Footfall's processes will listen on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What the port is for.
    pub what: &'static str,
    /// The address.
    pub address: SocketAddr,
}

/// A port that another process listens on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The port that was wanted.
    pub wanted: Wanted,
    /// The process that holds it, if this user may see it.
    pub holder: Option<Holder>,
}

/// A process that holds a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: i32,
    /// Its command line.
    pub command: String,
    /// Whether the process that started it is gone.
    pub is_orphan: bool,
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Wanted { what, address } = &self.wanted;
        write!(f, "port {} ({what} on {}) is taken by ", address.port(), address.ip())?;
        match &self.holder {
            Some(holder) => write!(f, "process {}: {}", holder.pid, beginning(&holder.command)),
            None => write!(f, "a process of another user"),
        }
    }
}

/// The wanted ports that are taken, with the processes that hold them.
///
/// # Errors
/// Fails if /proc/net cannot be read.
pub fn taken(wanted: &[Wanted]) -> Result<Vec<Taken>, procfs::ProcError> {
    let listening: Vec<_> = tcp()?
        .into_iter()
        // A kernel without IPv6 does not have this file.
        .chain(tcp6().unwrap_or_default())
        .filter(|entry| entry.state == TcpState::Listen)
        .collect();
    let mut found = Vec::new();
    for wanted in wanted {
        let entry = listening.iter().find(|entry| conflict(entry.local_address, wanted.address));
        if let Some(entry) = entry {
            found.push(Taken { wanted: wanted.clone(), holder: holder(entry.inode) });
        }
    }
    Ok(found)
}

/// Whether a listener on the first address prevents one on the second.
fn conflict(taken: SocketAddr, wanted: SocketAddr) -> bool {
    let (one, other) = (taken.ip().to_canonical(), wanted.ip().to_canonical());
    let same_place = one == other || one.is_unspecified() || other.is_unspecified();
    taken.port() == wanted.port() && same_place
}

fn holder(inode: u64) -> Option<Holder> {
    let process = all_processes().ok()?.flatten().find(|process| holds(process, inode))?;
    Some(Holder { pid: process.pid, command: command(&process), is_orphan: is_orphan(&process) })
}

fn holds(process: &Process, inode: u64) -> bool {
    process.fd().is_ok_and(|descriptors| {
        descriptors.flatten().any(|descriptor| matches!(descriptor.target, FDTarget::Socket(of) if of == inode))
    })
}

/// Whether neither its parent nor that one's parent (nginx's workers have a master) is a launcher.
fn is_orphan(process: &Process) -> bool {
    let is_launcher = |process: &Process| {
        process.cmdline().is_ok_and(|line| line.first().is_some_and(|program| program.ends_with("footfall")))
    };
    let above = std::iter::successors(parent(process), parent).take(2);
    !above.into_iter().any(|process| is_launcher(&process))
}

fn parent(process: &Process) -> Option<Process> {
    Process::new(process.stat().ok()?.ppid).ok()
}

fn command(process: &Process) -> String {
    let line = process.cmdline().unwrap_or_default().join(" ");
    if line.is_empty() { process.stat().map(|stat| stat.comm).unwrap_or_default() } else { line }
}

/// The beginning of a command line, which may be very long.
fn beginning(command: &str) -> String {
    const CHARS_MAX: usize = 120;
    match command.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}...", command.get(..end).unwrap_or_default()),
        None => command.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Wanted, conflict, taken};

    #[test]
    fn a_taken_port_is_reported_with_its_process() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let wanted = Wanted { what: "site", address: listener.local_addr().unwrap() };
        let found = taken(std::slice::from_ref(&wanted)).unwrap();
        let holder = found[0].holder.as_ref().unwrap();
        assert_eq!(holder.pid, std::process::id().cast_signed());
        assert!(holder.command.contains("footfall"), "{}", holder.command);
        let words = found[0].to_string();
        assert!(words.contains(&wanted.address.port().to_string()) && words.contains("site"));

        drop(listener);
        assert_eq!(taken(&[wanted]).unwrap(), []);
    }

    #[test]
    fn only_addresses_that_overlap_conflict() {
        let conflict = |one: &str, other: &str| conflict(one.parse().unwrap(), other.parse().unwrap());
        assert!(conflict("0.0.0.0:80", "127.0.0.1:80"));
        assert!(conflict("[::]:80", "127.0.0.1:80"));
        assert!(conflict("[::ffff:127.0.0.1]:80", "127.0.0.1:80"));
        assert!(!conflict("127.0.0.2:80", "127.0.0.1:80"));
        assert!(!conflict("127.0.0.1:81", "127.0.0.1:80"));
    }
}
