//! The live page and its stream of events.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::HeaderName;
use hyper::{HeaderMap, StatusCode};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use url::form_urlencoded;

use super::refusals::Refusals;
use crate::answer::{self, Answer};
use crate::config::{Config, LiveConfig, PageConfig};
use crate::live::{RESERVED_FOR_OWNER, Views, Watcher, WatcherPermit, stream};
use crate::metrics::Metrics;
use crate::page::{self, Frame};
use crate::selection::{FieldProblem, Filters, Selection};
use crate::zones::Zones;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

pub(crate) struct LivePage {
    base_path: String,
    page: PageConfig,
    live: LiveConfig,
    views: Arc<Views>,
    metrics: Arc<Metrics>,
    watchers: Arc<Semaphore>,
    zones: Zones,
    refusals: Refusals,
}

/// Who asks for a page, and what they may see.
#[derive(Clone, Copy)]
pub(crate) struct Visit<'a> {
    pub(crate) client: IpAddr,
    /// The filters of a shared link.
    pub(crate) fixed: Option<&'a Filters>,
    pub(crate) is_owner: bool,
    pub(crate) sees_events: bool,
    pub(crate) may_log_in: bool,
}

impl Visit<'_> {
    /// Whether the owner comes first: where there is a password, the client that has it.
    fn leaves_room(&self) -> bool {
        self.may_log_in && !self.is_owner
    }
}

impl LivePage {
    pub(crate) fn new(
        config: &Config,
        views: Arc<Views>,
        zones: Zones,
        metrics: Arc<Metrics>,
        refusals: Refusals,
    ) -> Self {
        Self {
            zones,
            base_path: config.base_path.clone(),
            page: config.page.clone(),
            live: config.live.clone(),
            views,
            metrics,
            watchers: Arc::new(Semaphore::new(config.live.watchers_max)),
            refusals,
        }
    }

    /// Renders the page with what is known already.
    pub(crate) async fn page(&self, query: &str, visit: Visit<'_>) -> Answer {
        let Visit { client, fixed, is_owner, may_log_in, .. } = visit;
        let selection = match self.selection(query, visit) {
            Ok(selection) => selection,
            Err(problem) => return self.refusals.bad_address(&problem),
        };
        let Ok(snapshot) = self.views.snapshot(&selection, client, visit.leaves_room()).await else {
            return self.refusals.too_many_views();
        };
        let frame = Frame {
            page: &self.page,
            base_path: &self.base_path,
            selection: &selection,
            snapshot: &snapshot,
            fixed,
            is_owner,
            may_log_in,
        };
        answer::page(StatusCode::OK, page::frame(&frame))
    }

    /// Streams changes to the page while `is_allowed` returns true.
    pub(crate) fn events(
        &self,
        query: &str,
        headers: &HeaderMap,
        visit: Visit<'_>,
        is_allowed: Box<dyn Fn() -> bool + Send + Sync>,
        stop: &CancellationToken,
    ) -> Answer {
        let selection = match self.selection(query, visit) {
            Ok(selection) => selection,
            Err(problem) => return answer::problem(StatusCode::BAD_REQUEST, Some(&problem.field), &problem.message),
        };
        let reserved = if visit.leaves_room() { self.live.watchers_max / RESERVED_FOR_OWNER } else { 0 };
        if self.watchers.available_permits() <= reserved {
            return self.refusals.too_many_watchers();
        }
        let Ok(permit) = self.watchers.clone().try_acquire_owned() else {
            return self.refusals.too_many_watchers();
        };
        let Ok(snapshots) = self.views.subscribe(&selection, visit.client, visit.leaves_room()) else {
            return self.refusals.too_many_views();
        };
        answer::events(stream(Watcher {
            snapshots,
            seen: seen_version(query, headers),
            heartbeat: Duration::from_millis(self.live.heartbeat_ms),
            ends_at: tokio::time::Instant::now() + Duration::from_secs(self.live.watch_s_max),
            is_allowed,
            shutdown: stop.clone(),
            _permit: WatcherPermit::new(self.metrics.clone(), permit),
        }))
    }

    fn selection(&self, query: &str, visit: Visit<'_>) -> Result<Selection, FieldProblem> {
        let mut selection = Selection::of_page(query, &self.page.time_zone, &self.zones)?;
        selection.hides_events = !visit.sees_events;
        if let Some(fixed) = visit.fixed {
            selection.narrow(fixed);
        }
        Ok(selection)
    }
}

/// The version that a page shows. A browser that reconnects sends the last event's id in a header, which is newer than
/// the version in the address.
fn seen_version(query: &str, headers: &HeaderMap) -> u64 {
    let in_header = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let in_address =
        || form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "seen").map(|(_, seen)| seen.into_owned());
    in_header.or_else(in_address).and_then(|seen| seen.parse().ok()).unwrap_or_default()
}
