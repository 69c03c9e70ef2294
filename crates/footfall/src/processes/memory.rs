//! How much memory this machine or container has, and how much of it Java's heap may use.

use std::path::Path;

/// The heap gets a quarter: PostgreSQL, the page cache that Kafka relies on, and Java outside its heap need the
/// rest.
const HEAP_DIVISOR: u64 = 4;
/// A broker does not start with less.
const HEAP_MIB_MIN: u64 = 128;

/// Java's heap in MiB: the wanted size, or less if a container's memory limit is too small for that.
pub(crate) fn heap_mib(wanted_mib: u32) -> u32 {
    within(limit_bytes(Path::new("/sys/fs/cgroup")), wanted_mib)
}

fn within(limit_bytes: Option<u64>, wanted_mib: u32) -> u32 {
    let Some(limit) = limit_bytes else { return wanted_mib };
    let share = (limit / HEAP_DIVISOR / (1024 * 1024)).max(HEAP_MIB_MIN);
    u32::try_from(share).map_or(wanted_mib, |share| share.min(wanted_mib))
}

/// The memory limit of the top-level control group, which in a container is its own. On a host, version 2 has no such
/// limit, and version 1 has one that exceeds all memory.
fn limit_bytes(groups: &Path) -> Option<u64> {
    let files = ["memory.max", "memory/memory.limit_in_bytes"];
    let text = files.iter().find_map(|file| std::fs::read_to_string(groups.join(file)).ok())?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{limit_bytes, within};

    #[test]
    fn the_heap_is_a_quarter_of_what_a_container_has() {
        const GIB: u64 = 1 << 30;
        for (limit, heap) in [(None, 512), (Some(GIB), 256), (Some(GIB / 4), 128), (Some(8 * GIB), 512)] {
            assert_eq!(within(limit, 512), heap, "{limit:?}");
        }
        // How version 1 says that there is no limit.
        assert_eq!(within(Some(9_223_372_036_854_771_712), 512), 512);
    }

    #[test]
    fn both_versions_of_control_groups_are_read() {
        let groups = tempfile::tempdir().unwrap();
        assert_eq!(limit_bytes(groups.path()), None);
        std::fs::create_dir(groups.path().join("memory")).unwrap();
        std::fs::write(groups.path().join("memory/memory.limit_in_bytes"), "1000\n").unwrap();
        assert_eq!(limit_bytes(groups.path()), Some(1000));
        std::fs::write(groups.path().join("memory.max"), "max\n").unwrap();
        assert_eq!(limit_bytes(groups.path()), None);
    }
}
