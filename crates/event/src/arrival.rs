//! What is known about a request besides its body.

use jiff::Timestamp;
use uuid::Uuid;

use crate::Limits;

/// Returns the visitor for a site and a user agent, either of which may be unknown.
pub type VisitorOf<'a> = dyn Fn(Option<&str>, Option<&str>) -> Option<Uuid> + 'a;

/// What is known about a request besides its body.
pub struct Arrival<'a> {
    /// When the request came in.
    pub received_at: Timestamp,
    /// The User-Agent header, used for events that name none.
    pub user_agent: Option<&'a str>,
    /// What other headers say about the browser; ignored for an event that names another user agent.
    pub hints: Hints<'a>,
    /// The only site that the client may write for, which is that of events that name none; `None`: it may write for any.
    pub site: Option<&'a str>,
    /// The country of the client's address, if it is known (ISO 3166-1 alpha-2).
    pub country: Option<&'a str>,
    /// Identifies the visitor; only this function knows the client's address.
    pub visitor: &'a VisitorOf<'a>,
    /// The limits to apply.
    pub limits: &'a Limits,
    /// The names of query parameters, in lower case, whose values are masked in URLs, as are e-mail addresses and signed tokens; without
    /// any, nothing is masked.
    pub masked_names: &'a [String],
    /// In an import of history: how old an event may be, in milliseconds, instead of `limits.past_ms_max`. Its time is
    /// taken as it is, without a correction by `sent_at`, and visitors are told apart by `user_id` or else `session_id`.
    pub import_past_ms_max: Option<u64>,
}

/// Request headers that describe the browser and its user. One that is too long counts as absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'a> {
    /// Accept-Language, used for events that name no language.
    pub accept_language: Option<&'a str>,
    /// Sec-CH-UA: the browser's brands.
    pub sec_ch_ua: Option<&'a str>,
    /// Sec-CH-UA-Mobile.
    pub sec_ch_ua_mobile: Option<&'a str>,
    /// Sec-CH-UA-Platform.
    pub sec_ch_ua_platform: Option<&'a str>,
    /// Whether the browser says that it only fetches ahead: Sec-Purpose and its predecessors.
    pub is_prefetch: bool,
}
