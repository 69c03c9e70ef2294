//! The answers of a view, and their names.

use std::collections::HashMap;

use crate::database::QueryError;
use crate::table::Table;

/// Identifies an answer within a view. It is the name of the question, or of one of the lists that it answers, unless a
/// view asks a question more than once.
pub(crate) type Key = &'static str;

/// The answers of a view, by key.
pub(crate) type Answers = HashMap<Key, Result<Table, QueryError>>;

/// Keys of the questions that answer many lists.
pub(crate) const VISITS_BY_ALL: Key = "visits_by_all";
pub(crate) const EVENTS_BY_ALL: Key = "events_by_all";
