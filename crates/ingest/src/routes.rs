//! The paths, and how requests to each are handled.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use footfall_daemon::{Body, cors, known_path, request_id};
use footfall_event::{
    Accepted, Arrival, BodyFormat, Deferral, Limits, Parsed, Reason, Rejection, RequestKind, VisitorKey, parse,
};
use hyper::body::Incoming;
use hyper::header::{ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, HeaderValue, REFERER};
use hyper::{HeaderMap, Method, Request};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::admission::{Admission, Client, Refusal};
use crate::answer::{self, Answer, RefusedElement, Warnings};
use crate::body::Bodies;
use crate::config::{Config, PrivacyConfig};
use crate::country::Countries;
use crate::counts::Counts;
use crate::delivery::{Delivery, Sent};
use crate::header::{self, Told};
use crate::import::check_days;
use crate::metrics::Metrics;
use crate::watched::Watched;
use crate::{pixel, privacy_signal};

const EVENTS_TAKE: &str = "POST, OPTIONS";
const HEALTH_TAKES: &str = "GET, HEAD, OPTIONS";
const PIXEL_TAKES: &str = "GET, HEAD, OPTIONS";
const PATHS: [&str; 3] = ["/analytics", "/pixel.gif", "/health"];

/// Answers requests.
pub(crate) struct Service {
    delivery: Arc<Delivery>,
    counts: Arc<Counts>,
    pub(crate) metrics: Arc<Metrics>,
    bodies: Bodies,
    /// Deliveries in progress. Their outcome is counted even if the client has disconnected.
    delivering: TaskTracker,
    limits: Limits,
    masked_names: Vec<String>,
    honour_signals: bool,
    visitor_key: VisitorKey,
    countries: Option<Arc<Watched<Countries>>>,
    admission: Admission,
}

impl Service {
    pub(crate) fn new(
        config: &Config,
        delivery: Arc<Delivery>,
        counts: Arc<Counts>,
        metrics: Arc<Metrics>,
        countries: Option<Arc<Watched<Countries>>>,
        admission: Admission,
    ) -> Self {
        Self {
            delivery,
            counts,
            metrics,
            bodies: Bodies::new(config.http.clone()),
            delivering: TaskTracker::new(),
            limits: config.limits.clone(),
            masked_names: config.privacy.masked_names.iter().map(|name| name.to_lowercase()).collect(),
            honour_signals: config.privacy.honour_signals,
            visitor_key: visitor_key(&config.privacy),
            countries,
            admission,
        }
    }

    /// Gives up on slow bodies once `shutdown` is cancelled.
    pub(crate) fn hurried_by(mut self, shutdown: CancellationToken) -> Self {
        self.bodies = self.bodies.hurried_by(shutdown);
        self
    }

    /// Waits for all deliveries in progress.
    pub(crate) async fn finish(&self) {
        self.delivering.close();
        self.delivering.wait().await;
    }

    pub(crate) async fn answer(self: Arc<Self>, request: Request<Incoming>, peer: IpAddr) -> Answer {
        let began = Instant::now();
        let origin = cors::origin(request.headers()).cloned();
        // With every status, so that a page can tell a refusal from an outage.
        let may_read = origin.is_none() || self.admission.may_read_answer(request.uri(), request.headers(), peer);
        let path = known_path(request.uri().path(), &PATHS).unwrap_or_default();
        let mut answer = match (path, request.method()) {
            ("/analytics", &Method::POST) => self.take_events(request, peer).await,
            ("/analytics", &Method::OPTIONS) => answer::preflight(request.headers(), EVENTS_TAKE),
            ("/analytics", _) => answer::method_not_allowed(EVENTS_TAKE),
            ("/pixel.gif", &Method::GET) => self.take_pixel(&request, peer).await,
            // Nothing is displayed.
            ("/pixel.gif", &Method::HEAD) => answer::picture(pixel::GIF),
            ("/pixel.gif", &Method::OPTIONS) => answer::preflight(request.headers(), PIXEL_TAKES),
            ("/pixel.gif", _) => answer::method_not_allowed(PIXEL_TAKES),
            ("/health", &Method::GET | &Method::HEAD) => answer::health(self.delivery.is_ready()),
            ("/health", &Method::OPTIONS) => answer::preflight(request.headers(), HEALTH_TAKES),
            ("/health", _) => answer::method_not_allowed(HEALTH_TAKES),
            _ => answer::not_found(),
        };
        if may_read {
            cors::allow_origin(answer.headers_mut(), origin.as_ref());
        }
        answer.headers_mut().insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("retry-after, ratelimit, ratelimit-policy"),
        );
        self.metrics.answered(answer.status(), began.elapsed().as_secs_f64());
        answer
    }

    async fn take_events(self: &Arc<Self>, request: Request<Incoming>, peer: IpAddr) -> Answer {
        let (head, mut body) = request.into_parts();
        let read = match self.admission.admit(&head.uri, &head.headers, peer) {
            Ok(client) => self.read(&head.headers, &mut body).await.map(|read| (client, read)),
            Err(refusal) => Err(refusal),
        };
        let (client, (format, body)) = match read {
            Ok(read) => read,
            Err(Refusal::Deferred(deferral @ Deferral::BodyIncomplete)) => return self.defer(deferral, 1),
            Err(no_body) => {
                // A client that sent `Expect` gets its answer before it sends the body.
                if !head.headers.contains_key(EXPECT) {
                    self.bodies.discard(&mut body).await;
                }
                return self.refused(no_body, 1);
            }
        };
        match self.parse(&body.bytes, format, &head.headers, &client) {
            Ok(parsed) => match self.admission.admit_more(&client, parsed.events.len().saturating_sub(1)) {
                Ok(()) => self.deliver_whole(parsed, client, Some(body)).await,
                Err(refusal) => self.refused(refusal, parsed.events.len() as u64),
            },
            Err(rejection) => self.refuse(&rejection),
        }
    }

    /// A page view without JavaScript. The image is returned once the event is durable.
    async fn take_pixel(self: &Arc<Self>, request: &Request<Incoming>, peer: IpAddr) -> Answer {
        let headers = request.headers();
        let client = match self.admission.admit(request.uri(), headers, peer) {
            Ok(client) => client,
            Err(refusal) => return self.refused(refusal, 1),
        };
        let request_id = request_id(peer, headers, &self.admission.trusted_proxies);
        let referer = header::text(headers, &REFERER);
        let event = pixel::event(request.uri().query().unwrap_or_default(), referer.as_deref(), request_id);
        let answer = match self.parse(&event, BodyFormat::Json, headers, &client) {
            Ok(parsed) => self.deliver_whole(parsed, client, None).await,
            Err(rejection) => self.refuse(&rejection),
        };
        if answer.status().is_success() { answer::picture(pixel::GIF) } else { answer }
    }

    /// Delivers even if the client disconnects. The body keeps its share of the budget until then.
    async fn deliver_whole(self: &Arc<Self>, parsed: Parsed, client: Client, body: Option<Body>) -> Answer {
        let service = self.clone();
        let delivered = self.delivering.spawn(async move {
            let answer = service.deliver(parsed, &client).await;
            drop(body);
            answer
        });
        // Fails only if the process is exiting: a panic aborts, and nothing else cancels the task.
        delivered.await.unwrap_or_else(|_| self.defer(Deferral::NotAcknowledged, 1))
    }

    async fn read(&self, headers: &HeaderMap, body: &mut Incoming) -> Result<(BodyFormat, Body), Refusal> {
        let format = BodyFormat::from_content_type(header::text(headers, &CONTENT_TYPE).as_deref());
        let format = format?;
        let encoding = header::text(headers, &CONTENT_ENCODING);
        let body = self.bodies.read(body, encoding.as_deref()).await?;
        Ok((format, body))
    }

    fn parse(
        &self,
        body: &[u8],
        format: BodyFormat,
        headers: &HeaderMap,
        client: &Client,
    ) -> Result<Parsed, Rejection> {
        let received_at = Timestamp::now();
        let Client { address, import_past_ms_max: import, .. } = *client;
        let today = received_at.to_zoned(TimeZone::UTC).date();
        // The headers and the address of an import are those of a program, and a visitor is the same in each request of it.
        let visit = Some((today, address)).filter(|_| import.is_none());
        let (day, visitor_address) = visit.unwrap_or((Date::ZERO, IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
        let visitor = |site: Option<&str>, name: Option<&str>| {
            let (site, name) = (site.unwrap_or_default(), name.unwrap_or_default());
            Some(self.visitor_key.visitor_id(day, site, visitor_address, name))
        };
        let country = visit.and(self.countries.as_ref()).and_then(|countries| countries.contents().of(address));
        let told = visit.map(|_| Told::by(headers)).unwrap_or_default();
        let arrival = Arrival {
            received_at,
            user_agent: told.user_agent(),
            hints: told.hints(),
            site: client.site(),
            country: country.as_deref(),
            visitor: &visitor,
            limits: &self.limits,
            masked_names: &self.masked_names,
            import_past_ms_max: import,
        };
        let mut parsed = parse(body, format, &arrival)?;
        if import.is_some() {
            check_days(&parsed)?;
        }
        self.admission.refuse_foreign(client, &mut parsed);
        if let Some(signal) = privacy_signal::asks_for_privacy(headers).filter(|_| self.honour_signals) {
            let text = "The person asks not to be tracked; nothing was stored.";
            for event in parsed.events.iter_mut().filter(|event| event.is_ok()) {
                *event = Err(Rejection::new(signal, Reason::PrivacySignal, text));
            }
        }
        Ok(parsed)
    }

    async fn deliver(&self, parsed: Parsed, client: &Client) -> Answer {
        let kind = parsed.kind;
        let mut answer_ids = Vec::with_capacity(parsed.events.len());
        let mut events = Vec::with_capacity(parsed.events.len());
        let mut rejected = Vec::new();
        let mut warnings = Warnings::default();
        for (index, event) in parsed.events.into_iter().enumerate() {
            match event {
                Ok(Accepted { event, answer_id }) => {
                    event.flags.iter().for_each(|flag| warnings.add(index, flag));
                    answer_ids.push(answer_id);
                    events.push(event);
                }
                Err(rejection) => rejected.push(RefusedElement { index, rejection }),
            }
        }
        let count = events.len() as u64;
        let Sent { acknowledged, deferred } = self.delivery.send_events(events).await;
        self.counts.accepted(acknowledged);
        self.admission.count(client, acknowledged);
        if let Some(deferral) = deferred {
            // The client sends the whole request again, and its rejected events are counted then.
            return self.defer(deferral, count.saturating_sub(acknowledged));
        }
        for RefusedElement { rejection, .. } in &rejected {
            self.counts.rejected(rejection.reason);
        }
        match (kind, answer_ids.as_slice(), rejected.as_slice()) {
            (RequestKind::Single, [only], _) => answer::received(only, &warnings),
            (RequestKind::Single, _, [only]) => answer::refused(&only.rejection),
            _ => answer::batch(answer_ids.len(), &rejected, &warnings),
        }
    }

    /// `count` events, or one request whose events are unknown.
    fn defer(&self, deferral: Deferral, count: u64) -> Answer {
        self.metrics.deferred(deferral, count);
        answer::deferred(deferral)
    }

    fn refused(&self, refusal: Refusal, count: u64) -> Answer {
        match refusal {
            Refusal::Rejected(rejection) => self.refuse(&rejection),
            Refusal::Deferred(deferral) => self.defer(deferral, count),
            Refusal::Limited(limited) => {
                self.metrics.deferred(Deferral::RateLimited, count);
                answer::limited(limited)
            }
            Refusal::QuotaReached(reached) => {
                self.metrics.deferred(Deferral::QuotaReached, count);
                answer::quota_reached(&reached)
            }
        }
    }

    fn refuse(&self, rejection: &Rejection) -> Answer {
        self.counts.rejected(rejection.reason);
        answer::refused(rejection)
    }
}

fn visitor_key(config: &PrivacyConfig) -> VisitorKey {
    if config.visitor_secret.is_empty() {
        warn!("privacy.visitor_secret is not set: visitors who stay through a restart count twice");
        return VisitorKey::new(&rand::random::<[u8; 32]>());
    }
    VisitorKey::new(config.visitor_secret.expose().as_bytes())
}
