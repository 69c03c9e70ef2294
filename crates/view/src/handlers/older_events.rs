//! The page of older events.

use std::net::IpAddr;

use hyper::StatusCode;

use super::refusals::Refusals;
use crate::answer::{self, Answer};
use crate::api::Api;
use crate::config::PageConfig;
use crate::page::{self, OlderEvents};
use crate::selection::Filters;

/// Rows of the page.
const ROWS_MAX: i32 = 100;

/// Renders the page that begins at the cursor in the address.
pub(crate) async fn older_events(
    api: &Api,
    page: &PageConfig,
    base_path: &str,
    refusals: &Refusals,
    (query, client, fixed): (&str, IpAddr, Option<&Filters>),
) -> Answer {
    let (selection, answer) = match api.recent_events(query, client, fixed, ROWS_MAX).await {
        Ok(found) => found,
        Err(problem) => return refusals.bad_address(&problem),
    };
    let status = answer.as_ref().err().map_or(StatusCode::OK, crate::api::status_of);
    let rows_max = usize::try_from(ROWS_MAX).unwrap_or_default();
    let older = OlderEvents { page, base_path, selection: &selection, fixed, answer: &answer, rows_max };
    answer::page(status, page::older_events(&older))
}
