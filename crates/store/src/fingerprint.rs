//! What tells a record from any other at the same offset of another log.

use uuid::Uuid;

use crate::Position;

/// The fingerprint kept with an offset before which nothing has been read.
pub const NOTHING_READ: Uuid = Uuid::nil();

/// A hash of a record's position, the time that its producer gave it, and its payload, as a UUID of version 8 (RFC 9562).
#[must_use]
pub fn fingerprint(position: &Position, written_ms: i64, payload: &[u8]) -> Uuid {
    let mut hasher = blake3::Hasher::new();
    // The length separates the topic from what follows.
    hasher.update(&(position.topic.len() as u64).to_le_bytes());
    hasher.update(position.topic.as_bytes());
    hasher.update(&position.partition.to_le_bytes());
    hasher.update(&position.offset.to_le_bytes());
    hasher.update(&written_ms.to_le_bytes());
    hasher.update(payload);
    let mut id = [0; 16];
    hasher.finalize_xof().fill(&mut id);
    Uuid::new_v8(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_differ_in_anything_have_different_fingerprints() {
        let of = |topic: &str, partition, offset, written_ms, payload: &[u8]| {
            fingerprint(&Position { topic: topic.into(), partition, offset }, written_ms, payload)
        };
        let one = of("t", 0, 1, 2, b"p");
        assert_eq!(one, of("t", 0, 1, 2, b"p"));
        let others = [
            of("u", 0, 1, 2, b"p"),
            of("t", 3, 1, 2, b"p"),
            of("t", 0, 3, 2, b"p"),
            of("t", 0, 1, 3, b"p"),
            of("t", 0, 1, 2, b"q"),
        ];
        assert!(!others.contains(&one) && one != NOTHING_READ, "{others:?}");
    }
}
