//! Which parts are ready, and why the others are not.

use std::collections::BTreeMap;

use tokio::sync::watch;

use super::part::{Need, Part};

/// The state of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has not been ready yet, and nothing is known to be wrong.
    Starting,
    Ready,
    /// Why it is not ready. It is tried again until it is.
    Failing(String),
}

/// A part that another one needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) part: Part,
    pub(crate) is_failing: bool,
}

/// The state of every part. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    standings: watch::Sender<BTreeMap<Part, Standing>>,
}

impl Board {
    pub(crate) fn of(parts: &[Part]) -> Self {
        Self { standings: watch::Sender::new(parts.iter().map(|part| (*part, Standing::Starting)).collect()) }
    }

    /// Whether this is a change.
    pub(crate) fn set(&self, part: Part, standing: Standing) -> bool {
        self.standings.send_if_modified(|standings| {
            let before = standings.insert(part, standing.clone());
            before != Some(standing)
        })
    }

    pub(crate) async fn wait_until(&self, holds: impl FnMut(&BTreeMap<Part, Standing>) -> bool) {
        // The sender is alive as long as this board is.
        let _ = self.standings.subscribe().wait_for(holds).await;
    }

    /// Sees every change from now on.
    pub(crate) fn watch(&self) -> watch::Receiver<BTreeMap<Part, Standing>> {
        self.standings.subscribe()
    }

    /// Resolves once every part is ready or known to be failing.
    pub(crate) async fn settled(&self) {
        self.wait_until(|standings| standings.values().all(|standing| *standing != Standing::Starting)).await;
    }

    pub(crate) async fn all_ready(&self) {
        self.wait_until(|standings| standings.values().all(|standing| *standing == Standing::Ready)).await;
    }

    /// The parts that are not ready, and why.
    pub(crate) fn failing(&self) -> Vec<(Part, String)> {
        let standings = self.standings.borrow();
        let why = |standing: &Standing| match standing {
            Standing::Ready => None,
            Standing::Starting => Some("it is starting".to_owned()),
            Standing::Failing(why) => Some(why.clone()),
        };
        standings.iter().filter_map(|(part, standing)| Some((*part, why(standing)?))).collect()
    }
}

/// The first need that is not met.
pub(crate) fn missing(standings: &BTreeMap<Part, Standing>, needs: &[Need]) -> Option<Missing> {
    needs.iter().find_map(|need| {
        let (Need::Ready(part) | Need::Tried(part)) = *need;
        match (standings.get(&part), need) {
            (None | Some(Standing::Ready), _) | (Some(Standing::Failing(_)), Need::Tried(_)) => None,
            (Some(Standing::Failing(_)), Need::Ready(_)) => Some(Missing { part, is_failing: true }),
            (Some(Standing::Starting), _) => Some(Missing { part, is_failing: false }),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_neighbour_stops_only_those_that_can_do_nothing_without_it() {
        let (ready, tried) = ([Need::Ready(Part::Kafka)], [Need::Tried(Part::Kafka)]);
        let standing = |standing| BTreeMap::from([(Part::Kafka, standing)]);
        let failing = standing(Standing::Failing("disk full".into()));
        assert_eq!(missing(&failing, &ready), Some(Missing { part: Part::Kafka, is_failing: true }));
        assert_eq!(missing(&failing, &tried), None);
        for needs in [&ready, &tried] {
            assert!(missing(&standing(Standing::Starting), needs).is_some());
            assert_eq!(missing(&standing(Standing::Ready), needs), None);
        }
    }

    #[tokio::test]
    async fn it_has_settled_when_each_part_is_ready_or_failing() {
        let board = Board::of(&[Part::Postgres, Part::Kafka]);
        assert!(board.set(Part::Kafka, Standing::Failing("disk full".into())));
        assert!(!board.set(Part::Kafka, Standing::Failing("disk full".into())), "no change");
        let settled = tokio::spawn({
            let board = board.clone();
            async move { board.settled().await }
        });
        tokio::task::yield_now().await;
        assert!(!settled.is_finished());
        board.set(Part::Postgres, Standing::Ready);
        settled.await.unwrap();
        assert_eq!(board.failing(), [(Part::Kafka, "disk full".to_owned())]);
    }
}
