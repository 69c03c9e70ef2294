//! The few paths there are, and who may ask for each.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use footfall_daemon::{BodyLimits, FieldError, is_https, read_body};
use hyper::body::Incoming;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    HOST, HeaderName, HeaderValue, ORIGIN, VARY,
};
use hyper::{HeaderMap, Method, Request, StatusCode};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use url::form_urlencoded;

use crate::access::{Access, Denied, Login, Share, ShareError, Viewer, Wish, is_same_origin};
use crate::answer::{self, Answer};
use crate::config::{Config, FunnelStep, LiveConfig};
use crate::database::Database;
use crate::forward::Forward;
use crate::live::{Place, Views, Watch, stream};
use crate::metrics::Metrics;
use crate::page::{self, Frame, Look};
use crate::selection::{FILTERS, FieldProblem, Filters, Selection};
use crate::site::Site;
use crate::{api, assets};

const READ: &str = "GET, HEAD";
const READ_AND_WRITE: &str = "GET, HEAD, POST";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// A form of ours is far smaller.
const FORM_LIMITS: BodyLimits = BodyLimits { bytes_max: 8 * 1024, ms_max: 10_000 };

/// What answers requests.
pub(crate) struct Service {
    base_path: String,
    look: Look,
    live: LiveConfig,
    funnel: Vec<FunnelStep>,
    cors_origins: Vec<String>,
    access: Arc<Access>,
    database: Database,
    views: Arc<Views>,
    pub(crate) metrics: Arc<Metrics>,
    watchers: Arc<Semaphore>,
    site: Option<Site>,
    forward: Option<Forward>,
    /// Second names, and the first ones that they stand for.
    names: HashMap<String, String>,
}

/// As what somebody looks: on the page itself, or through a shared link.
#[derive(Clone)]
enum Scope {
    Main(Viewer),
    Shared(Box<Share>, String),
}

impl Scope {
    fn fixed(&self) -> Option<Filters> {
        match self {
            Self::Main(_) => None,
            Self::Shared(share, _) => Some(share.fixed()),
        }
    }
}

impl Service {
    pub(crate) fn new(
        config: &Config,
        access: Access,
        database: Database,
        views: Arc<Views>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, FieldError> {
        config.page.zone()?;
        let forward = config.site.ingest()?;
        let forward = forward.map(|at| Forward::new(at, config.site.bodies_kib_max, metrics.clone()));
        Ok(Self {
            base_path: config.base_path.clone(),
            look: Look::new(&config.page),
            live: config.live.clone(),
            funnel: config.page.funnel.clone(),
            cors_origins: config.http.cors_origins.clone(),
            access: Arc::new(access),
            database,
            views,
            metrics,
            watchers: Arc::new(Semaphore::new(config.live.watchers_max)),
            site: config.site.files()?,
            forward,
            names: config.site.names()?,
        })
    }

    pub(crate) async fn answer(&self, request: Request<Incoming>, peer: IpAddr, stop: &CancellationToken) -> Answer {
        let began = Instant::now();
        let answer = self.route(request, peer, stop).await;
        self.metrics.answered(answer.status(), began.elapsed().as_secs_f64());
        answer
    }

    async fn route(&self, request: Request<Incoming>, peer: IpAddr, stop: &CancellationToken) -> Answer {
        let uri = request.uri().clone();
        let path = self.names.get(uri.path()).map_or(uri.path(), String::as_str);
        let Some(path) = path.strip_prefix(&self.base_path) else {
            if path == self.base_path.trim_end_matches('/') {
                return answer::see_other(&self.base_path);
            }
            return self.beside(path, request, peer).await;
        };
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let is_write = *request.method() == Method::POST;
        if let Some(name) = path.strip_prefix("assets/") {
            return match assets::named(name) {
                Some(asset) if is_read => answer::asset(asset),
                Some(_) => answer::method_not_allowed(READ),
                None => self.not_found(),
            };
        }
        match path {
            "login" if is_read => self.login_form(uri.query().unwrap_or_default()),
            "login" if is_write => self.log_in(request, peer).await,
            "logout" if is_write => {
                if !is_same_origin(request.headers()) {
                    return self.foreign();
                }
                answer::with_cookie(answer::see_other(&self.base_path), &self.access.no_cookie())
            }
            "shares" | "shares/withdraw" if is_read || is_write => self.shares(path, request).await,
            "login" | "logout" | "shares" | "shares/withdraw" => answer::method_not_allowed(READ_AND_WRITE),
            _ => self.look(path, request, stop).await,
        }
    }

    /// What a web server would serve where there is one.
    async fn beside(&self, path: &str, request: Request<Incoming>, peer: IpAddr) -> Answer {
        if let (Some(forward), Some(path)) = (&self.forward, Forward::path(path)) {
            let client = self.access.client_address(peer, request.headers());
            return forward.pass(path, request, client).await;
        }
        match &self.site {
            Some(site) => site.answer(request.method(), path, request.headers()),
            None => self.not_found(),
        }
    }

    /// The page, its events and the API, for whoever may look.
    async fn look(&self, path: &str, request: Request<Incoming>, stop: &CancellationToken) -> Answer {
        let headers = request.headers();
        let is_api = path.contains("api/v1/");
        if is_api && *request.method() == Method::OPTIONS {
            return self.preflight(headers);
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return answer::method_not_allowed(READ);
        }
        let (scope, path) = match path.strip_prefix("shared/") {
            None => match self.access.viewer(headers) {
                Ok(viewer) => (Scope::Main(viewer), path),
                Err(denied) => return self.readable(self.denied(denied, path, request.uri().query(), is_api), headers),
            },
            Some(rest) => {
                let (token, path) = rest.split_once('/').unwrap_or((rest, ""));
                let Some(share) = self.access.shares().and_then(|shares| shares.find(token)) else {
                    return self.no_share();
                };
                (Scope::Shared(Box::new(share), token.to_owned()), path)
            }
        };
        let query = request.uri().query().unwrap_or_default();
        let fixed = scope.fixed();
        match path {
            "" => self.page(query, &scope, fixed.as_ref()).await,
            "events" if *request.method() == Method::GET => self.events(query, headers, scope, fixed.as_ref(), stop),
            "events" => answer::method_not_allowed("GET"),
            "api/v1/" | "api/v1" => self.readable(api::description(&self.look.time_zone), headers),
            _ => match path.strip_prefix("api/v1/") {
                Some(question) => {
                    let (zone, fixed) = (&self.look.time_zone, fixed.as_ref());
                    let answer = api::ask(&self.database, zone, &self.funnel, question, query, fixed).await;
                    self.readable(answer, headers)
                }
                None => self.not_found(),
            },
        }
    }

    async fn page(&self, query: &str, scope: &Scope, fixed: Option<&Filters>) -> Answer {
        let selection = match self.selection(query, fixed) {
            Ok(selection) => selection,
            Err(problem) => return self.bad_address(&problem),
        };
        let Ok(snapshot) = self.views.snapshot(&selection).await else {
            return self.too_many_views();
        };
        let frame = Frame {
            look: &self.look,
            base_path: &self.base_path,
            selection: &selection,
            snapshot: &snapshot,
            fixed,
            is_owner: matches!(scope, Scope::Main(Viewer::Owner)),
            may_log_in: self.access.has_password(),
        };
        answer::page(StatusCode::OK, page::frame(&frame))
    }

    fn events(
        &self,
        query: &str,
        headers: &HeaderMap,
        scope: Scope,
        fixed: Option<&Filters>,
        stop: &CancellationToken,
    ) -> Answer {
        let selection = match self.selection(query, fixed) {
            Ok(selection) => selection,
            Err(problem) => return answer::problem(StatusCode::BAD_REQUEST, Some(&problem.field), &problem.message),
        };
        let Ok(permit) = self.watchers.clone().try_acquire_owned() else {
            let text = "As many pages are open as live.watchers_max allows. Reload to see what is new.";
            return answer::problem(StatusCode::SERVICE_UNAVAILABLE, None, text);
        };
        let Ok(snapshots) = self.views.watch(&selection) else { return self.too_many_views() };
        // A browser that asks again says itself what it saw last.
        let last = headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let in_address = || {
            form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "seen").map(|(_, seen)| seen.into_owned())
        };
        let seen = last.or_else(in_address).and_then(|seen| seen.parse().ok()).unwrap_or_default();
        let may_look: Box<dyn Fn() -> bool + Send + Sync> = match scope {
            Scope::Main(_) => Box::new(|| true),
            Scope::Shared(_, token) => {
                let access = self.access.clone();
                Box::new(move || access.shares().is_some_and(|shares| shares.find(&token).is_some()))
            }
        };
        answer::events(stream(Watch {
            snapshots,
            seen,
            heartbeat: Duration::from_millis(self.live.heartbeat_ms),
            ends_at: tokio::time::Instant::now() + Duration::from_secs(self.live.watch_s_max),
            is_allowed: may_look,
            shutdown: stop.clone(),
            _place: Place::new(self.metrics.clone(), permit),
        }))
    }

    fn selection(&self, query: &str, fixed: Option<&Filters>) -> Result<Selection, FieldProblem> {
        let mut selection = Selection::of_page(query, &self.look.time_zone)?;
        if let Some(fixed) = fixed {
            selection.narrow(fixed);
        }
        Ok(selection)
    }

    fn login_form(&self, query: &str) -> Answer {
        let next = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "next");
        let next = next.map(|(_, next)| next.into_owned()).unwrap_or_default();
        if !self.access.has_password() {
            return self.denied(Denied::Off, "", None, false);
        }
        answer::page(StatusCode::OK, page::login(&self.look, &self.base_path, &next, None))
    }

    async fn log_in(&self, request: Request<Incoming>, peer: IpAddr) -> Answer {
        if !is_same_origin(request.headers()) {
            return self.foreign();
        }
        if !self.access.has_password() {
            return self.denied(Denied::Off, "", None, false);
        }
        let headers = request.headers().clone();
        let form = match read_form(request).await {
            Ok(form) => form,
            Err(answer) => return answer,
        };
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let next = field("next");
        let refused = |status, problem| {
            self.metrics.logins_refused.inc();
            answer::page(status, page::login(&self.look, &self.base_path, next, Some(problem)))
        };
        match self.access.log_in(field("password"), peer, &headers) {
            Login::Accepted(cookie) => {
                self.metrics.logins.inc();
                // Only within the page: what stands before `?` is ours.
                let next = if next.starts_with('?') || next == "shares" { next } else { "" };
                answer::with_cookie(answer::see_other(&format!("{}{next}", self.base_path)), &cookie)
            }
            Login::Wrong => refused(StatusCode::FORBIDDEN, "This is not the password."),
            Login::TooManyAttempts => {
                refused(StatusCode::TOO_MANY_REQUESTS, "Too many attempts. Try again in a minute.")
            }
        }
    }

    async fn shares(&self, path: &str, request: Request<Incoming>) -> Answer {
        if self.access.viewer(request.headers()) != Ok(Viewer::Owner) {
            if !self.access.has_password() {
                let text = ["Links are shared by who has the password, and none is set: see access.password."];
                return answer::page(
                    StatusCode::FORBIDDEN,
                    page::message(&self.look, &self.base_path, "Not without a password", &text),
                );
            }
            return self.denied(Denied::NeedsPassword, "shares", None, false);
        }
        let Some(shares) = self.access.shares() else {
            let text = ["There is no folder to keep links in: set state_dir, or StateDirectory= in the unit."];
            return answer::page(
                StatusCode::FORBIDDEN,
                page::message(&self.look, &self.base_path, "Links cannot be shared", &text),
            );
        };
        if request.method() != Method::POST {
            return answer::page(StatusCode::OK, page::shares(&self.look, &self.base_path, &shares.list(), None, None));
        }
        if !is_same_origin(request.headers()) {
            return self.foreign();
        }
        let origin = origin(request.headers());
        let form = match read_form(request).await {
            Ok(form) => form,
            Err(answer) => return answer,
        };
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let done = if path == "shares/withdraw" {
            shares.withdraw(field("id")).map(|()| None)
        } else {
            wish(&form).and_then(|wish| shares.make(wish)).map(Some)
        };
        match done {
            Ok(None) => answer::see_other(&format!("{}shares", self.base_path)),
            Ok(Some(token)) => {
                let address = format!("{origin}{}shared/{token}/?period={}", self.base_path, field("period"));
                let list = shares.list();
                answer::page(StatusCode::OK, page::shares(&self.look, &self.base_path, &list, Some(&address), None))
            }
            Err(error) => {
                if let ShareError::Write(cause) = &error {
                    tracing::error!(error = %cause, "the file of links cannot be written");
                }
                let (list, text) = (shares.list(), error.to_string());
                answer::page(
                    StatusCode::BAD_REQUEST,
                    page::shares(&self.look, &self.base_path, &list, None, Some(&text)),
                )
            }
        }
    }

    /// Why not, and what would help.
    fn denied(&self, denied: Denied, path: &str, query: Option<&str>, is_api: bool) -> Answer {
        const OFF: &str = "Nobody may look yet. Set access.password (as the systemd credential of this name), access.tokens for programs, or access.public = true.";
        const TOKEN: &str =
            "This needs a token, in the header `Authorization: Bearer TOKEN`. For a browser, set access.password.";
        const SESSION: &str = "This needs a login, or a token in the header `Authorization: Bearer TOKEN`.";
        let (status, title, text) = match denied {
            Denied::Off => (StatusCode::FORBIDDEN, "Closed", OFF),
            Denied::NeedsToken => (StatusCode::UNAUTHORIZED, "Closed", TOKEN),
            Denied::NeedsPassword => (StatusCode::UNAUTHORIZED, "Log in", SESSION),
        };
        if is_api || path == "events" {
            return answer::problem(status, None, text);
        }
        if denied == Denied::NeedsPassword {
            let query = query.map(|query| format!("?{query}")).unwrap_or_default();
            let next = if path == "shares" { path } else { query.as_str() };
            let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
            return answer::see_other(&format!("{}login?next={next}", self.base_path));
        }
        answer::page(status, page::message(&self.look, &self.base_path, title, &[text]))
    }

    fn no_share(&self) -> Answer {
        let text = ["This link has expired or was withdrawn. Ask whoever sent it for another."];
        answer::page(
            StatusCode::NOT_FOUND,
            page::message(&self.look, &self.base_path, "This link opens nothing", &text),
        )
    }

    fn foreign(&self) -> Answer {
        let text = ["This form was not sent by a page of ours. Open the page anew and send it again."];
        answer::page(StatusCode::FORBIDDEN, page::message(&self.look, &self.base_path, "Not from here", &text))
    }

    fn not_found(&self) -> Answer {
        let text = ["There is nothing here."];
        answer::page(StatusCode::NOT_FOUND, page::message(&self.look, &self.base_path, "Not found", &text))
    }

    fn bad_address(&self, problem: &FieldProblem) -> Answer {
        let text = format!("In its address, {} {}.", problem.field, problem.message);
        answer::page(
            StatusCode::BAD_REQUEST,
            page::message(&self.look, &self.base_path, "This page cannot be shown", &[&text]),
        )
    }

    fn too_many_views(&self) -> Answer {
        answer::problem(
            StatusCode::SERVICE_UNAVAILABLE,
            None,
            "As many different views are open as live.views_max allows. Come again in a moment.",
        )
    }

    /// Lets pages of the configured origins read an answer.
    fn readable(&self, mut answer: Answer, headers: &HeaderMap) -> Answer {
        let Some(origin) = headers.get(ORIGIN).filter(|_| !self.cors_origins.is_empty()) else { return answer };
        answer.headers_mut().insert(VARY, HeaderValue::from_static("origin"));
        if self.cors_origins.iter().any(|known| origin == known.as_str()) {
            answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
        answer
    }

    fn preflight(&self, headers: &HeaderMap) -> Answer {
        let mut answer = self.readable(answer::json(StatusCode::OK, &serde_json::json!({})), headers);
        if answer.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            let allowed = answer.headers_mut();
            allowed.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(READ));
            allowed.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization"));
            allowed.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
        }
        answer
    }
}

type Form = BTreeMap<String, String>;

async fn read_form(request: Request<Incoming>) -> Result<Form, Answer> {
    match read_body(&mut request.into_body(), FORM_LIMITS).await {
        Ok(body) => Ok(form_urlencoded::parse(&body).into_owned().collect()),
        Err(_) => Err(answer::problem(StatusCode::BAD_REQUEST, Some("body"), "did not arrive whole, or is too large")),
    }
}

fn wish(form: &Form) -> Result<Wish, ShareError> {
    let refuse = |field, message: &str| Err(ShareError::Field(field, message.into()));
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let Ok(days) = field("days").parse() else { return refuse("days", "is no whole number") };
    let (key, value) = (field("filter"), field("value"));
    let mut filters = BTreeMap::new();
    if !key.is_empty() {
        if !FILTERS.iter().any(|(known, _)| *known == key) {
            return refuse("filter", "is not known");
        }
        if value.is_empty() {
            return refuse("value", "is empty: say what the link shows only");
        }
        filters.insert(key.to_owned(), vec![value.to_owned()]);
    } else if !value.is_empty() {
        return refuse("filter", "is not chosen, but there is a value for it");
    }
    Ok(Wish { name: field("name").to_owned(), days, filters })
}

/// What the page's address begins with, as its visitor sees it.
fn origin(headers: &HeaderMap) -> String {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let scheme = if is_https(headers) { "https" } else { "http" };
    text(HOST).map(|host| format!("{scheme}://{host}")).unwrap_or_default()
}
