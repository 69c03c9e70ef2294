//! Whose question PostgreSQL works out next. Every question needs a turn, and there are as many as connections.
//!
//! | of N turns at once | at most |
//! |---|---|
//! | one client | N - 1 |
//! | light questions: roll-ups answer them | N - 2 |
//! | all others | N - 1 |
//! | quick ones among them | N - 2 |
//! | heavy ones, whose cost grows with the events | half of N |
//! | tables that are downloaded | a quarter of N |
//!
//! (each at least 1). So a light question never waits for a heavy one, nor a heavy one for ever. Among those that may be
//! asked, the client that has waited longest since its last turn is next, then the lightest of its questions, then
//! its selection that has waited longest.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::metrics::Metrics;

/// How much work a question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Weight {
    /// Answered from roll-ups by day.
    Light,
    /// About the last minutes or the newest events, of a selection whose other questions are heavy.
    Quick,
    /// Answered from the visits.
    Heavy,
    /// A whole table.
    Download,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Asker {
    pub(crate) client: IpAddr,
    /// A number for the selection; all requests of a client to the API share one.
    pub(crate) selection: u64,
}

#[derive(Clone)]
pub(crate) struct Turns(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    turns: usize,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct State {
    /// In the order in which they came.
    waiting: Vec<Waiting>,
    taken: Vec<(Asker, Weight)>,
    /// When clients and selections had their last turn, in turns.
    last: HashMap<Asker, u64>,
    last_of_client: HashMap<IpAddr, u64>,
    count: u64,
}

struct Waiting {
    asker: Asker,
    weight: Weight,
    grant: oneshot::Sender<Turn>,
}

/// Leave to ask one question, until it is dropped.
pub(crate) struct Turn {
    inner: Arc<Inner>,
    asker: Asker,
    weight: Weight,
}

impl Turns {
    pub(crate) fn new(turns: usize, metrics: Arc<Metrics>) -> Self {
        Self(Arc::new(Inner { state: Mutex::default(), turns, metrics }))
    }

    /// Waits for a turn. Dropping the future gives up the place in the queue.
    pub(crate) async fn take(&self, asker: Asker, weight: Weight) -> Turn {
        loop {
            let (grant, granted) = oneshot::channel();
            self.0.lock().waiting.push(Waiting { asker, weight, grant });
            self.0.metrics.waiting.inc();
            let counted = Counted(&self.0.metrics);
            self.0.grant();
            let turn = granted.await;
            drop(counted);
            // The sender is dropped only with a turn.
            if let Ok(turn) = turn {
                return turn;
            }
        }
    }
}

/// Counts a waiting question in the metrics, also if it is given up.
struct Counted<'a>(&'a Metrics);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.waiting.dec();
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the free turns to those who may have them.
    fn grant(self: &Arc<Self>) {
        // Turns that were refused are dropped after the lock, which dropping them takes.
        let mut refused = Vec::new();
        let mut state = self.lock();
        state.waiting.retain(|waiting| !waiting.grant.is_closed());
        while let Some(next) = state.next(self.turns) {
            let Waiting { asker, weight, grant } = state.waiting.remove(next);
            state.note_taken(asker, weight);
            refused.extend(grant.send(Turn { inner: self.clone(), asker, weight }).err());
        }
        drop(state);
        drop(refused);
    }
}

impl State {
    /// The place of the one who is next.
    fn next(&self, turns: usize) -> Option<usize> {
        let may = self.waiting.iter().enumerate().filter(|(_, it)| self.may_ask(it, turns));
        let turn = |last: Option<&u64>| last.copied().unwrap_or_default();
        may.min_by_key(|(place, it)| {
            let client = turn(self.last_of_client.get(&it.asker.client));
            (client, it.weight, turn(self.last.get(&it.asker)), *place)
        })
        .map(|(place, _)| place)
    }

    fn may_ask(&self, asked: &Waiting, turns: usize) -> bool {
        let taken = |is_counted: &dyn Fn(&Asker, Weight) -> bool| {
            self.taken.iter().filter(|(asker, weight)| is_counted(asker, *weight)).count()
        };
        let all_but_one = (turns - 1).max(1);
        let all_but_two = turns.saturating_sub(2).max(1);
        let of_weight = taken(&|_, weight| weight == asked.weight);
        let at_most = |weight: Weight, most: usize| asked.weight < weight || taken(&|_, other| other >= weight) < most;
        self.taken.len() < turns
            && taken(&|asker, _| asker.client == asked.asker.client) < all_but_one
            && (asked.weight >= Weight::Heavy || of_weight < all_but_two)
            && at_most(Weight::Quick, all_but_one)
            && at_most(Weight::Heavy, turns.div_ceil(2))
            && at_most(Weight::Download, (turns / 4).max(1))
    }

    fn note_taken(&mut self, asker: Asker, weight: Weight) {
        self.count += 1;
        self.taken.push((asker, weight));
        self.last.insert(asker, self.count);
        self.last_of_client.insert(asker.client, self.count);
        // Those who neither wait nor ask have no claim to remember.
        let is_present = |asker: &Asker| {
            self.taken.iter().any(|(other, _)| other == asker) || self.waiting.iter().any(|other| other.asker == *asker)
        };
        if self.last.len() > 2 * (self.waiting.len() + self.taken.len()) {
            self.last.retain(|asker, _| is_present(asker));
            self.last_of_client.retain(|client, _| self.last.keys().any(|asker| asker.client == *client));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.inner.lock();
        let place = state.taken.iter().position(|taken| *taken == (self.asker, self.weight));
        place.map(|place| state.taken.swap_remove(place));
        drop(state);
        self.inner.grant();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;

    use super::*;

    fn turns(count: usize) -> Turns {
        Turns::new(count, Arc::new(Metrics::new(&mut footfall_daemon::Registry::default())))
    }

    fn asker(client: u8, selection: u64) -> Asker {
        Asker { client: IpAddr::from([192, 0, 2, client]), selection }
    }

    /// Asks in this order, with `count` turns; each is over as soon as the others have been offered theirs. Returns the
    /// order in which they had their turn.
    fn order(count: usize, asked: &[(u8, u64, Weight)]) -> Vec<(u8, u64)> {
        let turns = turns(count);
        // Nothing is granted before all are there.
        let mut all: Vec<Turn> = Vec::new();
        for other in 0..u8::try_from(count).unwrap() {
            all.extend(
                turns
                    .take(asker(200 + other, 0), [Weight::Light, Weight::Quick][usize::from(other == 0)])
                    .now_or_never(),
            );
        }
        assert_eq!(all.len(), count);
        let mut waiting: Vec<((u8, u64), BoxFuture<'_, Turn>)> = asked
            .iter()
            .map(|(client, selection, weight)| {
                ((*client, *selection), turns.take(asker(*client, *selection), *weight).boxed())
            })
            .collect();
        let mut order = Vec::new();
        loop {
            let before = waiting.len();
            let mut place = 0;
            while place < waiting.len() {
                match (&mut waiting[place].1).now_or_never() {
                    Some(turn) => {
                        order.push(waiting.remove(place).0);
                        all.push(turn);
                    }
                    None => place += 1,
                }
            }
            if before == waiting.len() && all.is_empty() {
                return order;
            }
            if !all.is_empty() {
                all.remove(0);
            }
        }
    }

    #[test]
    fn clients_take_turns_and_so_do_the_selections_of_each() {
        use Weight::Light;
        let asked = [(1, 1, Light), (1, 1, Light), (1, 1, Light), (1, 2, Light), (2, 1, Light), (2, 1, Light)];
        let expected = [(1, 1), (2, 1), (1, 2), (2, 1), (1, 1), (1, 1)];
        assert_eq!(order(2, &asked).into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn two_hundred_heavy_selections_leave_turns_for_a_light_one() {
        let turns = turns(4);
        let mut heavy: Vec<_> =
            (0..200).map(|selection| turns.take(asker(1, selection), Weight::Heavy).boxed()).collect();
        let taken: Vec<_> = heavy.iter_mut().filter_map(|waiting| waiting.now_or_never()).collect();
        assert_eq!(taken.len(), 2, "half of the turns");
        for client in [1, 2] {
            assert!(turns.take(asker(client, 1_000), Weight::Light).now_or_never().is_some(), "{client}");
            assert!(turns.take(asker(client, 1_000), Weight::Quick).now_or_never().is_some(), "{client}");
        }
    }

    #[test]
    fn many_small_questions_leave_a_turn_for_a_heavy_one() {
        for weight in [Weight::Light, Weight::Quick] {
            let turns = turns(4);
            let mut small: Vec<_> = (0..100).map(|selection| turns.take(asker(1, selection), weight).boxed()).collect();
            let taken: Vec<_> = small.iter_mut().filter_map(|waiting| waiting.now_or_never()).collect();
            assert_eq!(taken.len(), 2);
            assert!(turns.take(asker(1, 1_000), Weight::Heavy).now_or_never().is_some(), "{weight:?}");
        }
    }

    #[test]
    fn one_client_leaves_a_turn_for_another() {
        let turns = turns(4);
        let all = [Weight::Light, Weight::Light, Weight::Heavy];
        let taken: Vec<_> =
            all.into_iter().filter_map(|weight| turns.take(asker(1, 0), weight).now_or_never()).collect();
        assert_eq!(taken.len(), 3);
        assert!(turns.take(asker(1, 1), Weight::Quick).now_or_never().is_none());
        assert!(turns.take(asker(2, 1), Weight::Quick).now_or_never().is_some());
    }

    #[test]
    fn one_connection_answers_everything() {
        let all = [Weight::Download, Weight::Heavy, Weight::Quick, Weight::Light];
        let asked: Vec<_> = all.into_iter().zip(0_u64..).map(|(weight, selection)| (1, selection, weight)).collect();
        assert_eq!(order(1, &asked), [(1, 3), (1, 2), (1, 1), (1, 0)]);
    }

    #[test]
    fn those_who_give_up_are_passed_over_and_forgotten() {
        let turns = turns(1);
        let first = turns.take(asker(1, 0), Weight::Light).now_or_never().unwrap();
        let mut given_up: Vec<_> =
            (1..1_000).map(|selection| turns.take(asker(1, selection), Weight::Light).boxed()).collect();
        assert!(given_up.iter_mut().all(|waiting| waiting.now_or_never().is_none()));
        assert_eq!(turns.0.metrics.waiting.get(), 999);
        drop(given_up);
        assert_eq!(turns.0.metrics.waiting.get(), 0);
        drop(first);
        drop(turns.take(asker(2, 1), Weight::Light).now_or_never().unwrap());
        let state = turns.0.lock();
        assert!(state.waiting.is_empty() && state.taken.is_empty() && state.last.len() < 4);
    }
}
