//! Answers to requests that cannot be served. Each says what is wrong and what to do.

use hyper::StatusCode;
use url::form_urlencoded;

use crate::access::Denied;
use crate::answer::{self, Answer};
use crate::api::NO_EVENTS;
use crate::config::PageConfig;
use crate::page;
use crate::selection::FieldProblem;

const NOT_CONFIGURED: &str = "Access is not configured. Set access.password (as the systemd credential of that name), \
                              access.tokens for programs, or access.public = true.";
const NEEDS_TOKEN: &str =
    "This needs a token in the header `Authorization: Bearer TOKEN`. To log in with a browser, set access.password.";
const NEEDS_LOGIN: &str = "This needs a login, or a token in the header `Authorization: Bearer TOKEN`.";

#[derive(Clone)]
pub(crate) struct Refusals {
    page: PageConfig,
    base_path: String,
}

impl Refusals {
    pub(crate) fn new(page: &PageConfig, base_path: &str) -> Self {
        Self { page: page.clone(), base_path: base_path.to_owned() }
    }

    /// Redirects a browser to the login if a password gives access; after that it returns to `path` and `query`.
    pub(crate) fn denied(&self, denied: Denied, path: &str, query: Option<&str>, is_api: bool) -> Answer {
        let (status, text) = match denied {
            Denied::NotConfigured => (StatusCode::FORBIDDEN, NOT_CONFIGURED),
            Denied::NeedsToken => (StatusCode::UNAUTHORIZED, NEEDS_TOKEN),
            Denied::NeedsPassword => (StatusCode::UNAUTHORIZED, NEEDS_LOGIN),
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
        self.message(status, "No access", text)
    }

    pub(crate) fn not_configured(&self) -> Answer {
        self.message(StatusCode::FORBIDDEN, "No access", NOT_CONFIGURED)
    }

    pub(crate) fn sharing_needs_password(&self) -> Answer {
        let text = "Only someone who has logged in can share links, and access.password is not set.";
        self.message(StatusCode::FORBIDDEN, "Links cannot be shared", text)
    }

    pub(crate) fn sharing_needs_state_dir(&self) -> Answer {
        let text = "There is no folder to store them in. Set state_dir, or StateDirectory= in the unit.";
        self.message(StatusCode::FORBIDDEN, "Links cannot be shared", text)
    }

    pub(crate) fn no_share(&self) -> Answer {
        let text = "This link has expired or was withdrawn. Ask the person who sent it for a new one.";
        self.message(StatusCode::NOT_FOUND, "This link is not valid", text)
    }

    pub(crate) fn foreign_form(&self) -> Answer {
        let text = "This form was not sent from a page of this site. Open the page again and resend it.";
        self.message(StatusCode::FORBIDDEN, "Form refused", text)
    }

    pub(crate) fn other_host(&self) -> Answer {
        let text = "The page is not known by the name in this address. If it should be, add the name to access.hosts.";
        self.message(StatusCode::MISDIRECTED_REQUEST, "Another name", text)
    }

    pub(crate) fn no_events(&self) -> Answer {
        self.message(StatusCode::FORBIDDEN, "No access", NO_EVENTS)
    }

    pub(crate) fn not_found(&self) -> Answer {
        self.message(StatusCode::NOT_FOUND, "Not found", "There is no page at this address.")
    }

    pub(crate) fn bad_address(&self, problem: &FieldProblem) -> Answer {
        let text = format!("In the address, {} {}.", problem.field, problem.message);
        self.message(StatusCode::BAD_REQUEST, "This page cannot be shown", &text)
    }

    pub(crate) fn too_many_views(&self) -> Answer {
        let text = "live.views_max different views are open already. Try again in a moment.";
        answer::problem(StatusCode::SERVICE_UNAVAILABLE, None, text)
    }

    pub(crate) fn too_many_watchers(&self) -> Answer {
        let text = "live.watchers_max pages are open already. Reload the page to update the numbers.";
        answer::problem(StatusCode::SERVICE_UNAVAILABLE, None, text)
    }

    fn message(&self, status: StatusCode, title: &str, text: &str) -> Answer {
        answer::page(status, page::message(&self.page, &self.base_path, title, text))
    }
}
