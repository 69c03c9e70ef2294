//! Where reading resumes: what the database holds is compared with what Kafka holds.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use footfall_store::{Place, WriteError, Writer, WriterError};
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::{Offset, TopicPartitionList};
use tracing::{error, info};

use super::{KAFKA_MS_MAX, Pipeline};
use crate::finding::{Finding, Range};
use crate::history::{Marks, Partition};

impl Pipeline {
    /// Starts reading the assigned partitions, each from its place in the database.
    pub(super) async fn read_from_database(&mut self, writer: &mut Writer) -> Result<(), WriteError<KafkaError>> {
        self.forget_what_was_read(writer);
        let Some(ours) = self.ours.clone() else { return Ok(()) };
        // The database before Kafka: if another sink stores in between, its offset is still within what Kafka holds.
        let mut places = HashMap::new();
        for partition in &ours {
            if let Some(place) = writer.look_up(&partition.0, partition.1).await? {
                places.insert(partition.clone(), place);
            }
        }
        let ranges = ours.iter().map(|partition| Ok((partition.clone(), self.range(partition)?)));
        let ranges: HashMap<Partition, Range> = ranges.collect::<KafkaResult<_>>().map_err(WriteError::Source)?;
        let replaced = self.replaced(&places, &ranges).map_err(WriteError::Source)?;
        let mut positions = TopicPartitionList::new();
        let mut marks = Marks::new();
        for partition in ours {
            let (held, range) = (places.get(&partition), ranges[&partition]);
            let finding = range.finding(held, replaced.contains(&partition));
            let place = self.settle(writer, &partition, held, range, finding).await?;
            let (topic, number) = &partition;
            self.metrics.note_end(topic, *number, range.end);
            self.metrics.note_stored(topic, *number, place.next_offset);
            let from = Offset::Offset(place.next_offset);
            positions.add_partition_offset(topic, *number, from).map_err(WriteError::Source)?;
            // Only what has just been compared may serve for comparison.
            if let Some(mark) = place.last_read().filter(|mark| range.has(*mark)) {
                marks.insert(partition, mark);
            }
        }
        self.history.set_marks(marks);
        if !replaced.is_empty() {
            // Their clients still know the leader's epochs of the former log, and would refuse lower ones for ever.
            return self.renew_clients().map_err(WriteError::Source);
        }
        self.consumer.assign(&positions).map_err(WriteError::Source)?;
        self.partitions_ready.set(true);
        info!(partitions = positions.count(), "reading");
        Ok(())
    }

    fn range(&self, (topic, partition): &Partition) -> KafkaResult<Range> {
        let timeout = Duration::from_millis(KAFKA_MS_MAX);
        let (first, end) = self.consumer.fetch_watermarks(topic, *partition, timeout)?;
        Ok(Range { first, end })
    }

    /// The partitions in which Kafka holds another record where the database's or this process's mark is.
    fn replaced(
        &mut self,
        places: &HashMap<Partition, Place>,
        ranges: &HashMap<Partition, Range>,
    ) -> KafkaResult<HashSet<Partition>> {
        let stored: Marks =
            places.iter().filter_map(|(partition, place)| Some((partition.clone(), place.last_read()?))).collect();
        let mut seen = self.history.marks().clone();
        seen.retain(|partition, mark| stored.get(partition) != Some(mark));
        let mut replaced = HashSet::new();
        for mut marks in [stored, seen] {
            let of_short_logs =
                marks.iter().filter(|(at, mark)| ranges.get(*at).is_some_and(|it| it.ends_before(**mark)));
            replaced.extend(of_short_logs.map(|(at, _)| at.clone()));
            marks.retain(|at, mark| ranges.get(at).is_some_and(|range| range.has(*mark)));
            replaced.extend(self.history.replaced(&marks)?);
        }
        Ok(replaced)
    }

    /// Does in the database, and says, what a finding demands. Returns where to read on.
    async fn settle(
        &self,
        writer: &mut Writer,
        (topic, partition): &Partition,
        held: Option<&Place>,
        Range { first, end }: Range,
        finding: Finding,
    ) -> Result<Place, WriterError> {
        let (topic, partition) = (topic, *partition);
        let Some(held) = held else { return writer.begin(topic, partition, first).await };
        let stored_up_to = held.next_offset;
        match finding {
            Finding::New => writer.begin(topic, partition, first).await,
            Finding::Continue => {
                writer.hold(topic, partition, held.clone());
                Ok(held.clone())
            }
            Finding::Deleted(messages) => {
                let events = if *topic == self.events_topic { messages } else { 0 };
                let place = writer.skip(topic, partition, held, first, events).await?;
                self.metrics.note_lost(messages, events);
                error!(
                    topic = &**topic,
                    partition,
                    stored_up_to,
                    kafka_first = first,
                    kafka_end = end,
                    messages,
                    "Kafka deleted messages before they were stored; reading continues at its first"
                );
                Ok(place)
            }
            Finding::Replaced => {
                let place = writer.begin_anew(topic, partition, held, first).await?;
                self.metrics.logs_replaced.inc();
                error!(
                    topic = &**topic,
                    partition,
                    stored_up_to,
                    kafka_first = first,
                    kafka_end = end,
                    "Kafka holds another log than the one that was read: its data was replaced by an older copy, or the \
                     topic was recreated; the partition is read from its beginning, and what is stored already is skipped"
                );
                Ok(place)
            }
        }
    }
}
