//! Positions in Kafka.

use std::sync::Arc;

/// Where a record is in Kafka.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position {
    /// Topic; shared by all its records.
    pub topic: Arc<str>,
    /// Partition of the topic.
    pub partition: i32,
    /// Offset within the partition.
    pub offset: i64,
}
