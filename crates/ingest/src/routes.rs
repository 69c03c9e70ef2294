//! The few paths there are, and what a request on each goes through.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::anyhow;
use footfall_event::{
    Accepted, Arrival, BodyFormat, Hints, Limits, Parsed, Reason, Rejection, RequestKind, VisitorKey, parse,
};
use hyper::body::Incoming;
use hyper::header::{ACCEPT_LANGUAGE, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, HeaderName, REFERER, USER_AGENT};
use hyper::{HeaderMap, Method, Request};
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio_util::task::TaskTracker;
use tracing::warn;

use crate::answer::{self, Answer, RefusedElement};
use crate::body::{self, Body, BodyBudget, BodyError};
use crate::client;
use crate::config::{Config, HttpConfig, PrivacyConfig};
use crate::country::Countries;
use crate::counts::Counts;
use crate::delivery::Delivery;
use crate::metrics::Metrics;
use crate::pixel;

const EVENTS_TAKE: &str = "POST, OPTIONS";
const HEALTH_TAKES: &str = "GET, HEAD, OPTIONS";
const PIXEL_TAKES: &str = "GET";

/// What answers requests.
pub(crate) struct Service {
    delivery: Arc<Delivery>,
    counts: Arc<Counts>,
    pub(crate) metrics: Arc<Metrics>,
    http: HttpConfig,
    budget: BodyBudget,
    /// Events that are being handed over: their outcome is counted also where the client has left.
    delivering: TaskTracker,
    limits: Limits,
    trusted_proxies: Vec<IpNet>,
    honour_signals: bool,
    visitor_key: VisitorKey,
    countries: Option<Arc<Countries>>,
}

impl Service {
    pub(crate) fn new(
        config: &Config,
        delivery: Arc<Delivery>,
        counts: Arc<Counts>,
        countries: Option<Arc<Countries>>,
        metrics: Arc<Metrics>,
    ) -> anyhow::Result<Self> {
        let networks = config.privacy.networks().map_err(|error| anyhow!("{}: {}", error.field, error.message))?;
        Ok(Self {
            delivery,
            counts,
            metrics,
            http: config.http.clone(),
            budget: BodyBudget::new(config.http.bodies_kib_max),
            delivering: TaskTracker::new(),
            limits: config.limits.clone(),
            trusted_proxies: networks,
            honour_signals: config.privacy.honour_signals,
            visitor_key: visitor_key(&config.privacy),
            countries,
        })
    }

    /// Waits until nothing is being handed over any more.
    pub(crate) async fn finish(&self) {
        self.delivering.close();
        self.delivering.wait().await;
    }

    pub(crate) async fn answer(self: Arc<Self>, request: Request<Incoming>, peer: IpAddr) -> Answer {
        let began = Instant::now();
        let answer = match (request.uri().path(), request.method()) {
            ("/analytics", &Method::POST) => self.take_events(request, peer).await,
            ("/analytics", &Method::OPTIONS) => answer::preflight(EVENTS_TAKE),
            ("/analytics", _) => answer::method_not_allowed(EVENTS_TAKE),
            ("/pixel.gif", &Method::GET) => self.take_pixel(&request, peer).await,
            ("/pixel.gif", _) => answer::method_not_allowed(PIXEL_TAKES),
            ("/health", &Method::GET | &Method::HEAD) => answer::health(self.delivery.is_ready()),
            ("/health", &Method::OPTIONS) => answer::preflight(HEALTH_TAKES),
            ("/health", _) => answer::method_not_allowed(HEALTH_TAKES),
            _ => answer::not_found(),
        };
        self.metrics.answered(answer.status(), began.elapsed().as_secs_f64());
        answer
    }

    async fn take_events(self: &Arc<Self>, request: Request<Incoming>, peer: IpAddr) -> Answer {
        let (head, mut body) = request.into_parts();
        let (format, body) = match self.read(&head.headers, &mut body).await {
            Ok(read) => read,
            Err(BodyError::Incomplete) => return answer::body_incomplete(),
            Err(error) => {
                // A client that asks first is told before it sends.
                if !head.headers.contains_key(EXPECT) {
                    body::discard(&mut body, &self.http).await;
                }
                let BodyError::Rejected(rejection) = error else { return answer::unavailable() };
                return self.refuse(&rejection);
            }
        };
        match self.parse(&body.bytes, format, &head.headers, peer) {
            Ok(parsed) => self.deliver_whole(parsed, Some(body)).await,
            Err(rejection) => self.refuse(&rejection),
        }
    }

    /// A view of somebody without JavaScript, who gets the picture when the event is durable.
    async fn take_pixel(self: &Arc<Self>, request: &Request<Incoming>, peer: IpAddr) -> Answer {
        let event = pixel::event(request.uri().query().unwrap_or_default(), text(request.headers(), &REFERER));
        let answer = match self.parse(&event, BodyFormat::Json, request.headers(), peer) {
            Ok(parsed) => self.deliver_whole(parsed, None).await,
            Err(rejection) => self.refuse(&rejection),
        };
        if answer.status().is_success() { answer::picture(pixel::GIF) } else { answer }
    }

    /// Hands over also where the client leaves meanwhile. The body keeps its share of the room for so long.
    async fn deliver_whole(self: &Arc<Self>, parsed: Parsed, body: Option<Body>) -> Answer {
        let service = self.clone();
        let delivered = self.delivering.spawn(async move {
            let answer = service.deliver(parsed).await;
            drop(body);
            answer
        });
        // It does not panic, for a panic ends the process, and nothing cancels it.
        delivered.await.unwrap_or_else(|_| answer::unavailable())
    }

    async fn read(&self, headers: &HeaderMap, body: &mut Incoming) -> Result<(BodyFormat, Body), BodyError> {
        let format = BodyFormat::from_content_type(text(headers, &CONTENT_TYPE))?;
        let body = self.budget.read(body, text(headers, &CONTENT_ENCODING), &self.http).await?;
        Ok((format, body))
    }

    fn parse(&self, body: &[u8], format: BodyFormat, headers: &HeaderMap, peer: IpAddr) -> Result<Parsed, Rejection> {
        let received_at = Timestamp::now();
        let address = client::address(peer, headers, &self.trusted_proxies);
        let today = received_at.to_zoned(TimeZone::UTC).date();
        let visitor = |site: Option<&str>, user_agent: Option<&str>| {
            let (site, user_agent) = (site.unwrap_or_default(), user_agent.unwrap_or_default());
            Some(self.visitor_key.visitor_id(today, site, address, user_agent))
        };
        let country = self.countries.as_ref().and_then(|countries| countries.of(address));
        let arrival = Arrival {
            received_at,
            user_agent: text(headers, &USER_AGENT),
            hints: hints(headers),
            country: country.as_deref(),
            visitor: &visitor,
            limits: &self.limits,
        };
        let mut parsed = parse(body, format, &arrival)?;
        if let Some(signal) = client::asks_for_privacy(headers).filter(|_| self.honour_signals) {
            let text = "The person asks not to be tracked; nothing was stored.";
            for event in parsed.events.iter_mut().filter(|event| event.is_ok()) {
                *event = Err(Rejection::new(signal, Reason::PrivacySignal, text));
            }
        }
        Ok(parsed)
    }

    async fn deliver(&self, parsed: Parsed) -> Answer {
        let kind = parsed.kind;
        let mut answer_ids = Vec::with_capacity(parsed.events.len());
        let mut events = Vec::with_capacity(parsed.events.len());
        let mut rejected = Vec::new();
        for (index, event) in parsed.events.into_iter().enumerate() {
            match event {
                Ok(Accepted { event, answer_id }) => {
                    answer_ids.push(answer_id);
                    events.push(event);
                }
                Err(rejection) => rejected.push(RefusedElement { index, rejection }),
            }
        }
        let sent = self.delivery.send_events(events).await;
        self.counts.accepted(sent.unwrap_or_else(|acknowledged| acknowledged));
        if sent.is_err() {
            // The whole request comes again, and with it what was refused: it is counted then.
            return answer::unavailable();
        }
        for RefusedElement { rejection, .. } in &rejected {
            self.counts.rejected(rejection.reason);
        }
        match (kind, answer_ids.as_slice(), rejected.as_slice()) {
            (RequestKind::Single, [only], _) => answer::received(only),
            (RequestKind::Single, _, [only]) => answer::refused(&only.rejection),
            _ => answer::batch(answer_ids.len(), &rejected),
        }
    }

    fn refuse(&self, rejection: &Rejection) -> Answer {
        self.counts.rejected(rejection.reason);
        answer::refused(rejection)
    }
}

/// A header's value where it is text; what is not is treated as absent.
fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// What browsers send of their own accord; the client hints are the ones that need no asking (Accept-CH).
fn hints(headers: &HeaderMap) -> Hints<'_> {
    let named = |name| text(headers, &HeaderName::from_static(name));
    Hints {
        accept_language: text(headers, &ACCEPT_LANGUAGE),
        sec_ch_ua: named("sec-ch-ua"),
        sec_ch_ua_mobile: named("sec-ch-ua-mobile"),
        sec_ch_ua_platform: named("sec-ch-ua-platform"),
    }
}

fn visitor_key(config: &PrivacyConfig) -> VisitorKey {
    if config.visitor_secret.is_empty() {
        warn!("privacy.visitor_secret is not set: visitors who stay through a restart count twice");
        return VisitorKey::new(&rand::random::<[u8; 32]>());
    }
    VisitorKey::new(config.visitor_secret.expose().as_bytes())
}
