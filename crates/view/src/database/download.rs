//! Whole tables as CSV, fetched as the client reads them: neither their length nor a slow client costs memory.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;

use super::connection::Asking;
use super::error::Failure;
use super::{Arguments, Database, QueryError, Request, columns, parameters, prepared};
use crate::questions::Question;
use crate::table::{Table, csv_head, csv_lines};

/// Rows that PostgreSQL sends at a time.
const ROWS: i32 = 500;

/// Parts of [`ROWS`] rows that may wait for the client, so that most tables are fetched before a slow one has read them.
const PARTS_MAX: usize = 32;

/// How long a client may read nothing, in milliseconds, and how long a download may take altogether: it keeps a
/// connection from other questions.
const READ_MS_MAX: u64 = 10_000;
const DOWNLOAD_S_MAX: u64 = 600;

type Part = io::Result<Bytes>;
pub(crate) type Download = Pin<Box<dyn Stream<Item = Part> + Send>>;

impl Database {
    /// All rows of an answer. An error before the first row is returned; later, the download breaks off, which a client
    /// notices.
    pub(crate) async fn download(
        &self,
        question: &'static Question,
        arguments: &Arguments,
        request: Request,
    ) -> Result<Download, QueryError> {
        let (parts, mut received) = mpsc::channel::<Result<Bytes, QueryError>>(PARTS_MAX);
        let (database, arguments) = (self.clone(), arguments.clone());
        tokio::spawn(async move {
            let fetching = database.fetch(question, &arguments, request, &parts);
            let fetched = tokio::select! {
                // Dropping `fetching` cancels the question.
                () = parts.closed() => return,
                fetched = tokio::time::timeout(Duration::from_secs(DOWNLOAD_S_MAX), fetching) => fetched,
            };
            if let Err(failure) = fetched.unwrap_or(Err(Failure::Late)) {
                let error = database.failed(question.name, &failure);
                // A client that reads nothing is not told why either.
                let _ = tokio::time::timeout(Duration::from_millis(READ_MS_MAX), parts.send(Err(error))).await;
            }
        });
        let first = received.recv().await.unwrap_or(Err(QueryError::Away))?;
        let rest = stream::unfold(received, async |mut received| Some((received.recv().await?, received)));
        Ok(Box::pin(stream::iter([Ok(first)]).chain(rest.map(|part| part.map_err(io::Error::other)))))
    }

    async fn fetch(
        &self,
        question: &'static Question,
        arguments: &Arguments,
        request: Request,
        parts: &mpsc::Sender<Result<Bytes, QueryError>>,
    ) -> Result<(), Failure> {
        self.unless_in_trouble(async {
            let mut asking = self.begin(request).await?;
            let fetched = send_parts(&mut asking, question, arguments, parts).await;
            // Else the statement still runs, and is cancelled.
            if !matches!(fetched, Err(Failure::Late)) {
                asking.done();
            }
            fetched
        })
        .await
    }
}

async fn send_parts(
    asking: &mut Asking,
    question: &'static Question,
    arguments: &Arguments,
    parts: &mpsc::Sender<Result<Bytes, QueryError>>,
) -> Result<(), Failure> {
    let Some(connection) = asking.connection() else { return Err(Failure::Late) };
    let parameters = parameters(question, arguments);
    let statement = prepared(connection, question.sql, &parameters).await?;
    let columns = columns(&statement);
    let mut text = csv_head(&columns);
    let values: Vec<_> = parameters.iter().map(|(value, _)| *value).collect();
    // PostgreSQL's time limit is for each part of a portal, so the client's time is not held against the question.
    let transaction = connection.transaction().await?;
    let portal = transaction.bind(&statement, &values).await?;
    loop {
        let rows = transaction.query_portal(&portal, ROWS).await?;
        let is_last = rows.len() < ROWS.unsigned_abs() as usize;
        text.extend(csv_lines(&Table::read(columns.clone(), &rows)?.rows));
        let part = std::mem::take(&mut text).into();
        let sending = tokio::time::timeout(Duration::from_millis(READ_MS_MAX), parts.send(Ok(part)));
        if !matches!(sending.await, Ok(Ok(()))) {
            return Err(Failure::Late);
        }
        if is_last {
            transaction.rollback().await?;
            return Ok(());
        }
    }
}
