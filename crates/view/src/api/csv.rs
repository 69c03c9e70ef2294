//! Whole tables as CSV.

use std::io;

use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::next::cursor;
use crate::database::{Arguments, Database, Download, QueryError, Request};
use crate::questions::{Argument, Question};
use crate::table::{Table, csv_head, csv_lines};

/// Events that are asked for at a time: all of them are too many for one statement, and between two no connection is held.
const EVENTS_AT_ONCE: i32 = 1_000;

/// All rows, or `arguments.limit` of them.
pub(super) async fn table(
    database: &Database,
    question: &'static Question,
    mut arguments: Arguments,
    request: Request,
) -> Result<Download, QueryError> {
    if question.takes(Argument::BeforeId) {
        return events(database.clone(), question, arguments, request).await;
    }
    if let Ok(offset) = i32::try_from(arguments.offset) {
        arguments.limit = arguments.limit.saturating_add(offset);
    }
    database.download(question, &arguments, request).await
}

/// Where a download of events continues.
struct Events {
    database: Database,
    question: &'static Question,
    arguments: Arguments,
    request: Request,
    /// Rows that may still follow.
    left: i32,
}

async fn events(
    database: Database,
    question: &'static Question,
    arguments: Arguments,
    request: Request,
) -> Result<Download, QueryError> {
    let left = arguments.limit;
    let mut events = Events { database, question, arguments, request, left };
    let first = events.next().await?;
    let head = [csv_head(&first.columns), csv_lines(&first.rows)].concat();
    // The client waits for the rest as long as it likes.
    events.request.turn_max = None;
    let rest = stream::unfold(events, async |mut events| {
        if events.left <= 0 {
            return None;
        }
        let part = match events.next().await {
            Ok(table) => Ok(Bytes::from(csv_lines(&table.rows))),
            Err(error) => {
                events.left = 0;
                Err(io::Error::other(error))
            }
        };
        Some((part, events))
    });
    Ok(Box::pin(stream::iter([Ok(Bytes::from(head))]).chain(rest)))
}

impl Events {
    async fn next(&mut self) -> Result<Table, QueryError> {
        self.arguments.limit = self.left.min(EVENTS_AT_ONCE);
        let table = self.database.ask(self.question, &self.arguments, self.request).await.answer?;
        let count = i32::try_from(table.rows.len()).unwrap_or(i32::MAX);
        self.left = if count < self.arguments.limit { 0 } else { self.left - count };
        for (name, value) in cursor(&table) {
            match name {
                "before" => self.arguments.before = value.parse().unwrap_or(self.arguments.before),
                _ => self.arguments.before_id = value.parse().ok(),
            }
        }
        Ok(table)
    }
}
