//! The records being stored, in order, with the requests that wait for them.

use std::collections::VecDeque;
use std::sync::Arc;

use footfall_store::{Content, Position, Record};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

pub(crate) const PARTITION: i32 = 0;
/// Each claim assigns offsets from the start of its own range. The size is more than a claim will ever need, and leaves
/// room for two billion claims.
pub(crate) const RANGE: i64 = 1 << 32;

/// One request's records.
pub(crate) struct Job {
    pub(crate) records: Vec<(Content, Vec<u8>)>,
    pub(crate) done: oneshot::Sender<()>,
    /// Its share of the queue's capacity.
    pub(crate) _share: OwnedSemaphorePermit,
}

/// A request that waits for its records, which are contiguous in the batch.
struct Waiting {
    records: usize,
    done: oneshot::Sender<()>,
    _share: OwnedSemaphorePermit,
}

#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) records: Vec<Record>,
    jobs: VecDeque<Waiting>,
    /// The first record's offset in an attempt whose outcome is unknown.
    attempted_from: Option<i64>,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    pub(crate) fn requests(&self) -> usize {
        self.jobs.len()
    }

    pub(crate) fn push(&mut self, job: Job, topic: &Arc<str>) {
        let Job { records, done, _share } = job;
        self.jobs.push_back(Waiting { records: records.len(), done, _share });
        self.records.extend(records.into_iter().map(|(content, line)| Record {
            position: Position { topic: topic.clone(), partition: PARTITION, offset: 0 },
            content,
            written_ms: -1,
            line,
        }));
    }

    pub(crate) fn number_from(&mut self, first: i64) {
        debug_assert!(self.attempted_from.is_none(), "an attempt is settled before the next one");
        for (record, offset) in self.records.iter_mut().zip(first..) {
            record.position.offset = offset;
        }
        self.attempted_from = Some(first);
    }

    /// Settles the last attempt, if any, given the offset that the database held once it was over.
    pub(crate) fn settle_after(&mut self, held: i64) {
        let Some(from) = self.attempted_from.take() else { return };
        // If another ingest has stored since, the attempt's outcome is unknown: everything is stored again, and the
        // ledger removes what was already stored.
        let is_ours = held / RANGE == from / RANGE;
        // A database restored in the meantime may hold an earlier offset.
        let stored = if is_ours { usize::try_from(held - from).unwrap_or(0) } else { 0 };
        debug_assert!(stored <= self.records.len(), "{stored} of {} records are stored", self.records.len());
        self.settle(stored.min(self.records.len()));
    }

    pub(crate) fn settle_all(&mut self) {
        self.settle(self.records.len());
    }

    /// Removes the first `stored` records, and answers the requests whose records are all among them.
    fn settle(&mut self, stored: usize) {
        self.attempted_from = None;
        self.records.drain(..stored);
        let mut left = stored;
        while self.jobs.front().is_some_and(|job| job.records <= left) {
            let Some(job) = self.jobs.pop_front() else { break };
            left -= job.records;
            // A request that has given up in the meantime is sent again, as a duplicate.
            let _ = job.done.send(());
        }
        if let Some(job) = self.jobs.front_mut() {
            job.records -= left;
        }
        self.assert_whole();
    }

    /// Drops the records of requests that have given up: their clients were told to send them again.
    pub(crate) fn drop_those_given_up(&mut self) {
        if self.jobs.iter().all(|job| !job.done.is_closed()) {
            return;
        }
        let mut records = std::mem::take(&mut self.records).into_iter();
        self.jobs.retain(|job| {
            let of_job = records.by_ref().take(job.records);
            if job.done.is_closed() {
                of_job.for_each(drop);
                return false;
            }
            self.records.extend(of_job);
            true
        });
        self.assert_whole();
    }

    fn assert_whole(&self) {
        let waited_for = || self.jobs.iter().map(|job| job.records).sum::<usize>();
        debug_assert_eq!(self.records.len(), waited_for(), "each record has a request that waits for it");
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    const FROM: i64 = 7 * RANGE + 10;

    /// Requests with these record counts, attempted from `FROM`.
    fn attempted(requests: &[usize]) -> (Batch, Vec<oneshot::Receiver<()>>) {
        let (mut batch, room) = (Batch::default(), Arc::new(Semaphore::new(1_000)));
        let told = requests.iter().map(|records| {
            let (done, told) = oneshot::channel();
            let records = (0..*records).map(|_| (Content::Unknown, Vec::new())).collect();
            let share = room.clone().try_acquire_many_owned(1).unwrap();
            batch.push(Job { records, done, _share: share }, &"light".into());
            told
        });
        let told = told.collect();
        batch.number_from(FROM);
        (batch, told)
    }

    fn are_told(told: &mut [oneshot::Receiver<()>]) -> Vec<bool> {
        told.iter_mut().map(|told| told.try_recv().is_ok()).collect()
    }

    #[test]
    fn what_a_broken_attempt_has_stored_is_told_and_the_rest_is_kept() {
        for (stored, told_then, left) in [
            (0, [false, false, false], 6),
            (1, [true, false, false], 5),
            (2, [true, false, false], 4),
            (6, [true; 3], 0),
        ] {
            let (mut batch, mut told) = attempted(&[1, 2, 3]);
            batch.settle_after(FROM + stored);
            assert_eq!((are_told(&mut told).as_slice(), batch.records.len()), (&told_then[..], left), "{stored}");
            assert_eq!(batch.jobs.iter().map(|job| job.records).sum::<usize>(), left);
        }
    }

    #[test]
    fn nothing_is_told_where_another_has_moved_the_offset() {
        let (mut batch, mut told) = attempted(&[1, 2]);
        batch.settle_after(FROM + RANGE + 2);
        assert_eq!((are_told(&mut told), batch.records.len()), (vec![false, false], 3));
    }

    #[test]
    fn a_request_that_has_given_up_takes_its_records_away_and_no_others() {
        let (mut batch, mut told) = attempted(&[1, 2, 3]);
        drop(told.remove(1));
        batch.drop_those_given_up();
        let offsets: Vec<_> = batch.records.iter().map(|record| record.position.offset - FROM).collect();
        assert_eq!(offsets, [0, 3, 4, 5]);
        assert_eq!(batch.jobs.len(), 2);
    }
}
