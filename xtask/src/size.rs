//! The size of a folder on disk.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Megabytes (10^6 bytes) on disk, as `du` counts them, without files that cannot be read.
pub(crate) fn megabytes(folder: &Path) -> u64 {
    blocks(folder) * 512 / 1_000_000
}

fn blocks(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .map(|(path, metadata)| {
            let inside = if metadata.is_dir() { blocks(&path) } else { 0 };
            metadata.blocks() + inside
        })
        .sum()
}
