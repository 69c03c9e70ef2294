//! How much memory this machine, or the container that it is, gives.

use std::path::Path;

/// The broker's part of it: PostgreSQL, the page cache that Kafka lives on, and Java beside its heap want the rest.
const HEAP_PART: u64 = 4;
/// With less the broker does not start.
const HEAP_MIB_MIN: u64 = 128;

/// Java's heap in MiB: what is wanted, or less where a container's limit leaves no room for that.
pub(crate) fn heap_mib(wanted_mib: u32) -> u32 {
    within(limit_bytes(Path::new("/sys/fs/cgroup")), wanted_mib)
}

fn within(limit_bytes: Option<u64>, wanted_mib: u32) -> u32 {
    let Some(limit) = limit_bytes else { return wanted_mib };
    let part = (limit / HEAP_PART / (1024 * 1024)).max(HEAP_MIB_MIN);
    u32::try_from(part).map_or(wanted_mib, |part| part.min(wanted_mib))
}

/// The limit of the control group that a container sees as the topmost, of either generation. The topmost of a whole
/// machine has none in the second, and in the first one beyond all memory.
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
        // The first generation's way to say that there is no limit.
        assert_eq!(within(Some(9_223_372_036_854_771_712), 512), 512);
    }

    #[test]
    fn both_generations_of_control_groups_are_read() {
        let groups = tempfile::tempdir().unwrap();
        assert_eq!(limit_bytes(groups.path()), None);
        std::fs::create_dir(groups.path().join("memory")).unwrap();
        std::fs::write(groups.path().join("memory/memory.limit_in_bytes"), "1000\n").unwrap();
        assert_eq!(limit_bytes(groups.path()), Some(1000));
        std::fs::write(groups.path().join("memory.max"), "max\n").unwrap();
        assert_eq!(limit_bytes(groups.path()), None);
    }
}
