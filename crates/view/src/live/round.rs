//! What a view knows: which of its questions are due, their answers, and how old these are.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::changes::Changes;
use crate::answers::Answers;
use crate::config::LiveConfig;
use crate::database::{Answered, QueryError};
use crate::lists;
use crate::page::{Age, Ages, Outage};
use crate::plan::{Pace, PlannedQuestion};
use crate::selection::Range;

const DATABASE_RETRY: Duration = Duration::from_secs(1);

/// An answer that is older than this, although its question is to be asked again, is shown with its time.
const OLD_S_MIN: u64 = 15;

/// A planned question of a view.
struct Asked {
    planned: &'static PlannedQuestion,
    is_due: bool,
    is_in_progress: bool,
    not_before: Instant,
    /// When it was last answered.
    answered: Option<(Instant, Timestamp)>,
    /// Whether the attempt after that took too long.
    was_too_slow: bool,
}

/// The state of a view.
pub(super) struct Round {
    asked: Vec<Asked>,
    answers: Answers,
    range: Option<Range>,
    /// Why questions were not answered.
    error: Option<QueryError>,
    answered_at: Option<Timestamp>,
    last: Changes,
    /// Whether the range of the next questions is being worked out.
    is_beginning: bool,
    next_at: Instant,
    /// The value of `Changes::events` that all answers include, except those of questions that pause.
    as_of: Option<(u64, Instant)>,
}

impl Round {
    pub(super) fn new(plan: Vec<&'static PlannedQuestion>, changes: Changes) -> Self {
        let now = Instant::now();
        let asked = |planned| Asked {
            planned,
            is_due: true,
            is_in_progress: false,
            not_before: now,
            answered: None,
            was_too_slow: false,
        };
        Self {
            asked: plan.into_iter().map(asked).collect(),
            answers: Answers::new(),
            range: None,
            error: None,
            answered_at: None,
            last: changes,
            is_beginning: false,
            next_at: now,
            as_of: None,
        }
    }

    /// Notes which questions are to be asked again. Returns whether time has passed.
    pub(super) fn note(&mut self, changes: Changes) -> bool {
        let all = changes.affect_all(self.last);
        let ticked = changes.ticks != self.last.ticks;
        for asked in &mut self.asked {
            asked.is_due |= all || ticked && asked.planned.pace == Pace::EveryTick;
        }
        self.last = changes;
        ticked
    }

    /// When the next questions can be asked; none if there are none, or their range is not known yet.
    pub(super) fn next_at(&self) -> Option<Instant> {
        if self.is_beginning {
            return None;
        }
        let due = self.asked.iter().filter(|asked| asked.is_due && !asked.is_in_progress);
        due.map(|asked| asked.not_before.max(self.next_at)).min()
    }

    /// The range for the next questions is being worked out.
    pub(super) fn begin(&mut self, round_min: Duration) {
        self.is_beginning = true;
        self.next_at = Instant::now() + round_min;
    }

    /// The range is known, or why it is not. Returns the questions to ask now, by their place.
    pub(super) fn begun(&mut self, range: Result<Range, QueryError>) -> Vec<(usize, &'static PlannedQuestion)> {
        self.is_beginning = false;
        match range {
            Ok(range) => {
                self.range = Some(range);
                self.error = None;
            }
            Err(error) => {
                // The page keeps the old answers and says that they are out of date.
                self.error = Some(error);
                self.next_at = Instant::now() + DATABASE_RETRY;
                return Vec::new();
            }
        }
        let now = Instant::now();
        let mut begun = Vec::new();
        for (place, asked) in self.asked.iter_mut().enumerate() {
            if asked.is_due && !asked.is_in_progress && asked.not_before <= now {
                (asked.is_due, asked.is_in_progress) = (false, true);
                begun.push((place, asked.planned));
            }
        }
        begun
    }

    pub(super) fn range(&self) -> Option<&Range> {
        self.range.as_ref()
    }

    pub(super) fn answered(&mut self, place: usize, answered: Answered, live: &LiveConfig, rows_max: usize) {
        let Answered { answer, took } = answered;
        let (now, asked) = (Instant::now(), &mut self.asked[place]);
        asked.is_in_progress = false;
        let rest_factor = if asked.planned.pace == Pace::Slow { live.rest_factor } else { live.quick_rest_factor };
        asked.not_before = now + took * rest_factor;
        match &answer {
            Err(outage) if outage.is_outage() => {
                // What was not answered is asked again as soon as it can be.
                (asked.is_due, asked.not_before) = (true, now + DATABASE_RETRY);
                self.error = Some(outage.clone());
            }
            _ => self.answered_at = Some(Timestamp::now()),
        }
        let is_too_slow = matches!(answer, Err(QueryError::TooSlow));
        // Neither an outage nor an answer that does not come clears what the page already shows.
        if answer.is_err() && asked.answered.is_some() {
            asked.was_too_slow |= is_too_slow;
            return;
        }
        if answer.is_ok() {
            asked.answered = Some((now, Timestamp::now()));
            asked.was_too_slow = false;
        }
        for key in lists::keys(asked.planned.key) {
            self.answers.remove(key);
        }
        self.answers.extend(asked.planned.answers(answer, rows_max));
    }

    /// Whether each question has been answered, or cannot be.
    pub(super) fn is_complete(&self) -> bool {
        let cannot_be = |asked| self.failure(asked).is_some_and(|error| !error.is_outage());
        self.asked.iter().all(|asked| asked.answered.is_some() || cannot_be(asked))
    }

    /// Why it has never been answered.
    fn failure(&self, asked: &Asked) -> Option<&QueryError> {
        let keys = lists::keys(asked.planned.key);
        let key = keys.first().unwrap_or(&asked.planned.key);
        self.answers.get(key).and_then(|answer| answer.as_ref().err())
    }

    /// Notes that all answers include the events so far, if that is so. Returns up to which they do, and since when that
    /// is known.
    pub(super) fn as_of(&mut self) -> Option<(u64, Instant)> {
        let now = Instant::now();
        let is_current = |asked: &Asked| !(asked.is_in_progress || asked.is_due && asked.not_before <= now);
        if !self.is_beginning && self.asked.iter().all(is_current) {
            self.as_of = Some((self.last.events, now));
        }
        self.as_of
    }

    pub(super) fn answers(&self) -> &Answers {
        &self.answers
    }

    /// How old the answers are, where that is worth a word.
    pub(super) fn ages(&self) -> Ages {
        let age = |asked: &Asked| match asked.answered {
            None => self.failure(asked).is_none().then_some(Age::Awaited),
            Some((_, at)) if asked.was_too_slow => Some(Age::TooSlow(at)),
            Some((answered, at)) => {
                let is_awaited = asked.is_due || asked.is_in_progress;
                (is_awaited && answered.elapsed() >= Duration::from_secs(OLD_S_MIN)).then_some(Age::Old(at))
            }
        };
        self.asked.iter().filter_map(|asked| Some((asked.planned.key, age(asked)?))).collect()
    }

    pub(super) fn outage(&self) -> Option<Outage> {
        let error = self.error.clone()?;
        Some(Outage { error, answered_at: self.answered_at })
    }
}
