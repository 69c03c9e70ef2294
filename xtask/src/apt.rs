//! Installs Debian packages on the host, and finds the mirror that it uses.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};

use crate::command;
use crate::progress::Step;

/// apt-get fails if another apt-get is running.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Installs packages on the host. `what_for` completes the error message for a user who is not root.
pub(crate) fn install(packages: &[&str], what_for: &str, step: &Step) -> Result<()> {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let names = packages.join(" ");
    if !is_root() {
        bail!("{names} must be installed {what_for}: run `apt-get install {names}` as root");
    }
    command::run(command::new("apt-get").args(["-qq", "update"]), step)?;
    command::run(
        command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-qq", "-y", "-o", "DPkg::Lock::Timeout=300"])
            .args(["install", "--no-install-recommends"])
            .args(packages),
        step,
    )
}

/// The first URL in the host's apt sources: a mirror that this machine can reach.
pub(crate) fn mirror() -> Result<String> {
    let sources = Path::new("/etc/apt");
    ["sources.list.d/debian.sources", "sources.list"]
        .iter()
        .filter_map(|name| std::fs::read_to_string(sources.join(name)).ok())
        .find_map(|text| first_address(&text))
        .context("neither debian.sources nor sources.list under /etc/apt names a mirror")
}

fn first_address(sources: &str) -> Option<String> {
    sources
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(str::split_whitespace)
        .find(|word| word.starts_with("http://") || word.starts_with("https://"))
        .map(str::to_owned)
}

/// Whether this process is root, read from the owner of its /proc entry to avoid another dependency.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::first_address;

    #[test]
    fn the_first_address_is_found_in_both_formats_and_not_in_comments() {
        let deb822 = "Types: deb\n# http://old.example/debian\nURIs: http://new.example/debian\n";
        assert_eq!(first_address(deb822).unwrap(), "http://new.example/debian");
        let one_line = "#deb http://old.example/debian x main\ndeb [arch=amd64] https://new.example/debian x main\n";
        assert_eq!(first_address(one_line).unwrap(), "https://new.example/debian");
        assert_eq!(first_address("deb cdrom:[x] y main\n"), None);
    }
}
