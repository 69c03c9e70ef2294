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

/// What apt reads to find a release's packages and their updates, from where the host gets its own: mirrors that this machine can
/// reach.
pub(crate) fn sources(release: &str) -> Result<[String; 3]> {
    let folder = Path::new("/etc/apt");
    let texts = ["sources.list.d/debian.sources", "sources.list"]
        .map(|name| std::fs::read_to_string(folder.join(name)).unwrap_or_default());
    sources_like(&texts.concat(), release)
        .context("neither debian.sources nor sources.list under /etc/apt names a mirror")
}

fn sources_like(host: &str, release: &str) -> Option<[String; 3]> {
    let mut addresses = host
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(str::split_whitespace)
        .filter(|word| word.starts_with("http://") || word.starts_with("https://"));
    let mirror = addresses.clone().find(|address| !address.contains("-security"))?.trim_end_matches('/');
    let derived = format!("{mirror}-security");
    let security = addresses.find(|address| address.contains("debian-security")).unwrap_or(&derived);
    Some([
        format!("deb {mirror} {release} main"),
        format!("deb {mirror} {release}-updates main"),
        format!("deb {security} {release}-security main"),
    ])
}

/// Whether this process is root, read from the owner of its /proc entry to avoid another dependency.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::sources_like;

    #[test]
    fn the_mirrors_are_found_in_both_formats_and_not_in_comments() {
        let deb822 = "Types: deb\n# http://old.example/debian\nURIs: http://new.example/debian\n\nURIs: http://safe.example/debian-security/\n";
        assert_eq!(
            sources_like(deb822, "trixie").unwrap(),
            [
                "deb http://new.example/debian trixie main",
                "deb http://new.example/debian trixie-updates main",
                "deb http://safe.example/debian-security/ trixie-security main"
            ]
        );
        let one_line = "#deb http://old.example/debian x main\ndeb [arch=amd64] https://new.example/debian/ x main\n";
        let [main, _, security] = sources_like(one_line, "trixie").unwrap();
        assert_eq!(main, "deb https://new.example/debian trixie main");
        assert_eq!(security, "deb https://new.example/debian-security trixie-security main");
        assert_eq!(sources_like("deb cdrom:[x] y main\n", "trixie"), None);
    }
}
