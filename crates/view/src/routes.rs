//! The paths, and who may request each of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use footfall_daemon::{FieldError, is_https, merged_slashes};
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue};
use hyper::{HeaderMap, Method, Request, StatusCode};
use tokio_util::sync::CancellationToken;
use url::form_urlencoded;

use crate::access::{Access, Denied, Login, Share, ShareError, Viewer, is_same_origin};
use crate::answer::{self, Answer};
use crate::api::{self, Api};
use crate::assets;
use crate::config::{Config, PageConfig};
use crate::database::Database;
use crate::forward::Forward;
use crate::handlers::{Cors, LivePage, Refusals, Visit, older_events, read_form, share_request};
use crate::live::Views;
use crate::metrics::Metrics;
use crate::page;
use crate::selection::Filters;
use crate::site::Site;

const READ: &str = "GET, HEAD";
const READ_AND_WRITE: &str = "GET, HEAD, POST";

pub(crate) struct Service {
    base_path: String,
    page: PageConfig,
    live_page: LivePage,
    cors: Cors,
    refusals: Refusals,
    access: Arc<Access>,
    api: Api,
    pub(crate) metrics: Arc<Metrics>,
    site: Option<Site>,
    forward: Option<Forward>,
    /// Aliases of paths (`site.second_names`): from alias to path.
    names: HashMap<String, String>,
}

/// Whether a request is for the page itself or for a shared link.
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
        let refusals = Refusals::new(&config.page, &config.base_path);
        let forward = config.site.ingest()?;
        let forward = forward.map(|at| Forward::new(at, config.site.bodies_kib_max, metrics.clone()));
        Ok(Self {
            base_path: config.base_path.clone(),
            page: config.page.clone(),
            live_page: LivePage::new(config, views, database.zones().clone(), metrics.clone(), refusals.clone()),
            cors: Cors::new(&config.http.cors_origins),
            refusals,
            access: Arc::new(access),
            api: Api::new(database, &config.page),
            metrics,
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
        let path = merged_slashes(uri.path());
        let path = self.first_name(&path).unwrap_or(&path);
        let Some(path) = path.strip_prefix(&self.base_path) else {
            if path == self.base_path.trim_end_matches('/') {
                let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
                return answer::see_other(&format!("{}{query}", self.base_path));
            }
            return self.beside(path, request, peer).await;
        };
        if !self.access.answers_to(request.headers()) {
            return self.refusals.other_host();
        }
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        let is_write = *request.method() == Method::POST;
        if let Some(name) = path.strip_prefix("assets/") {
            return match assets::named(name) {
                Some(asset) if is_read => answer::asset(asset),
                Some(_) => answer::method_not_allowed(READ),
                None => self.refusals.not_found(),
            };
        }
        match path {
            "login" if is_read => self.login_form(uri.query().unwrap_or_default()),
            "login" if is_write => self.log_in(request, peer).await,
            "logout" if is_write => {
                if !is_same_origin(request.headers()) {
                    return self.refusals.foreign_form();
                }
                answer::with_cookie(answer::see_other(&self.base_path), &self.access.log_out(request.headers()))
            }
            "shares" | "shares/withdraw" if is_read || is_write => self.shares(path, request).await,
            "login" | "logout" | "shares" | "shares/withdraw" => answer::method_not_allowed(READ_AND_WRITE),
            _ => self.numbers(path, request, peer, stop).await,
        }
    }

    /// The path that this one is another name of. Those of ingest are the same with a slash at their end.
    fn first_name(&self, path: &str) -> Option<&str> {
        let is_forwarded = |first: &&String| Forward::path(first).is_some();
        let bare = || self.names.get(path.strip_suffix('/')?).filter(is_forwarded);
        self.names.get(path).or_else(bare).map(String::as_str)
    }

    /// Paths outside `base_path`, which only the light profile serves.
    async fn beside(&self, path: &str, request: Request<Incoming>, peer: IpAddr) -> Answer {
        if let (Some(forward), Some(path)) = (&self.forward, Forward::path(path)) {
            let client = self.access.client_address(peer, request.headers());
            let request_id = self.access.request_id(peer, request.headers());
            return forward.pass(path, request, client, request_id).await;
        }
        match &self.site {
            Some(site) => site.answer(request.method(), path, request.headers()),
            None => self.refusals.not_found(),
        }
    }

    /// The page, its events and the API, if the request is allowed to see them.
    async fn numbers(&self, path: &str, request: Request<Incoming>, peer: IpAddr, stop: &CancellationToken) -> Answer {
        let headers = request.headers();
        let client = self.access.client_address(peer, headers);
        let is_api = path.contains("api/v1/");
        if is_api && *request.method() == Method::OPTIONS {
            return self.cors.preflight(headers, READ);
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let answer = answer::method_not_allowed(READ);
            return if is_api { self.cors.allow(answer, headers) } else { answer };
        }
        let (scope, path) = match path.strip_prefix("shared/") {
            None => match self.access.viewer(headers) {
                Ok(viewer) => (Scope::Main(viewer), path),
                Err(denied) => {
                    let answer = self.refusals.denied(denied, path, request.uri().query(), is_api);
                    return self.cors.allow(answer, headers);
                }
            },
            Some(rest) => {
                let (token, path) = rest.split_once('/').unwrap_or((rest, ""));
                let Some(share) = self.access.shares().and_then(|shares| shares.find(token)) else {
                    return self.refusals.no_share();
                };
                (Scope::Shared(Box::new(share), token.to_owned()), path)
            }
        };
        let query = request.uri().query().unwrap_or_default();
        let fixed = scope.fixed();
        let visit = Visit {
            client,
            fixed: fixed.as_ref(),
            is_owner: matches!(scope, Scope::Main(Viewer::Owner)),
            sees_events: matches!(scope, Scope::Main(Viewer::Owner)) || self.access.readers_see_events(),
            may_log_in: self.access.has_password(),
        };
        match path {
            "" => self.live_page.page(query, visit).await,
            "events" if *request.method() == Method::GET => {
                self.live_page.events(query, headers, visit, self.is_still_allowed(scope, headers), stop)
            }
            "events" => answer::method_not_allowed("GET"),
            "older" if !visit.sees_events => self.refusals.no_events(),
            "older" => {
                let asked = (query, client, visit.fixed);
                older_events(&self.api, &self.page, &self.base_path, &self.refusals, asked).await
            }
            "api/v1/" | "api/v1" => self.cors.allow(api::description(&self.page.time_zone), headers),
            _ => match path.strip_prefix("api/v1/") {
                Some(question) => {
                    let answer = self.api.answer(question, query, client, visit.fixed, visit.sees_events).await;
                    self.cors.allow(answer, headers)
                }
                None => self.refusals.not_found(),
            },
        }
    }

    /// Checked for as long as the page is open: a link may be withdrawn, and the owner may log out.
    fn is_still_allowed(&self, scope: Scope, headers: &HeaderMap) -> Box<dyn Fn() -> bool + Send + Sync> {
        let access = self.access.clone();
        match scope {
            Scope::Main(viewer) => {
                let headers = headers.clone();
                Box::new(move || access.viewer(&headers) == Ok(viewer))
            }
            Scope::Shared(_, token) => {
                Box::new(move || access.shares().is_some_and(|shares| shares.find(&token).is_some()))
            }
        }
    }

    fn login_form(&self, query: &str) -> Answer {
        let next = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "next");
        let next = next.map(|(_, next)| next.into_owned()).unwrap_or_default();
        if !self.access.has_password() {
            return self.refusals.not_configured();
        }
        answer::page(StatusCode::OK, page::login(&self.page, &self.base_path, &next, None))
    }

    async fn log_in(&self, request: Request<Incoming>, peer: IpAddr) -> Answer {
        if !is_same_origin(request.headers()) {
            return self.refusals.foreign_form();
        }
        if !self.access.has_password() {
            return self.refusals.not_configured();
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
            answer::page(status, page::login(&self.page, &self.base_path, next, Some(problem)))
        };
        match self.access.log_in(field("password"), peer, &headers).await {
            Login::Accepted([session, device]) => {
                self.metrics.logins.inc();
                // Never redirects to another site.
                let next = if next.starts_with('?') || next == "shares" { next } else { "" };
                let answer = answer::see_other(&format!("{}{next}", self.base_path));
                answer::with_cookie(answer::with_cookie(answer, &session), &device)
            }
            Login::Wrong => refused(StatusCode::FORBIDDEN, "Wrong password."),
            Login::TooManyAttempts => {
                refused(StatusCode::TOO_MANY_REQUESTS, "Too many attempts. Try again in a minute.")
            }
        }
    }

    async fn shares(&self, path: &str, request: Request<Incoming>) -> Answer {
        if self.access.viewer(request.headers()) != Ok(Viewer::Owner) {
            return if self.access.has_password() {
                self.refusals.denied(Denied::NeedsPassword, "shares", None, false)
            } else {
                self.refusals.sharing_needs_password()
            };
        }
        let Some(shares) = self.access.shares() else { return self.refusals.sharing_needs_state_dir() };
        let page = |status, made: Option<&str>, problem: Option<&str>| {
            answer::page(status, page::shares(&self.page, &self.base_path, &shares.list(), made, problem))
        };
        if request.method() != Method::POST {
            return page(StatusCode::OK, None, None);
        }
        if !is_same_origin(request.headers()) {
            return self.refusals.foreign_form();
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
            share_request(&form).and_then(|request| shares.create(request)).map(Some)
        };
        match done {
            Ok(None) => answer::see_other(&format!("{}shares", self.base_path)),
            Ok(Some(token)) => {
                let address = format!("{origin}{}shared/{token}/?period={}", self.base_path, field("period"));
                page(StatusCode::OK, Some(&address), None)
            }
            Err(error) => {
                if let ShareError::Write(cause) = &error {
                    tracing::error!(error = %cause, "the shared links cannot be written");
                }
                page(StatusCode::BAD_REQUEST, None, Some(&error.to_string()))
            }
        }
    }
}

/// Scheme and host of the page's address, as the browser sees them.
fn origin(headers: &HeaderMap) -> String {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let scheme = if is_https(headers) { "https" } else { "http" };
    text(HOST).map(|host| format!("{scheme}://{host}")).unwrap_or_default()
}
