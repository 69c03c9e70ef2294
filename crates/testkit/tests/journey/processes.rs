//! Inspects the processes of this machine.

use std::path::Path;

/// A process as it was seen; the kernel may reuse its id later.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) pid: u32,
    pub(crate) command: String,
    parent: u32,
    started_ticks: u64,
}

impl Seen {
    /// Whether this same process is still running; a zombie is not.
    pub(crate) fn runs(&self) -> bool {
        see(self.pid).is_some_and(|now| now.started_ticks == self.started_ticks)
    }
}

/// Every process except zombies.
fn all() -> Vec<Seen> {
    let entries = std::fs::read_dir("/proc").unwrap();
    entries.filter_map(|entry| see(entry.unwrap().file_name().to_str()?.parse().ok()?)).collect()
}

fn see(pid: u32) -> Option<Seen> {
    let folder = Path::new("/proc").join(pid.to_string());
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    // The name may contain anything, so fields are counted after it.
    let fields: Vec<_> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let command = std::fs::read(folder.join("cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command).replace('\0', " ");
    (fields[0] != "Z").then(|| Seen {
        pid,
        command,
        parent: fields[1].parse().unwrap(),
        started_ticks: fields[19].parse().unwrap(),
    })
}

/// All processes below `pid`.
pub(crate) fn descendants(pid: u32) -> Vec<Seen> {
    let all = all();
    let mut found: Vec<Seen> = Vec::new();
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        for child in all.iter().filter(|process| process.parent == parent) {
            parents.push(child.pid);
            found.push(child.clone());
        }
    }
    found
}

/// Those whose command line names `path`.
pub(crate) fn that_name(path: &Path) -> Vec<Seen> {
    let path = path.to_str().unwrap();
    all().into_iter().filter(|process| process.command.contains(path)).collect()
}

/// Mounts of this machine at or below `path`.
pub(crate) fn mounts_below(path: &Path) -> Vec<String> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    mounts.lines().filter(|line| line.contains(path.to_str().unwrap())).map(str::to_owned).collect()
}
