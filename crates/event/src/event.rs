use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::Flags;

/// The version of the event that this code writes, and the default for an event without one.
pub const SCHEMA_VERSION: u16 = 1;

/// The Kafka message header that holds the schema version, as decimal digits.
pub const SCHEMA_VERSION_HEADER: &str = "schema_version";

/// A normalised event: a message in Kafka, and a row in the database.
///
/// An event from [`parse`](crate::parse) or [`Event::from_line`] is within the [`Limits`](crate::Limits) and contains no
/// NUL character. An optional string is never empty. Times have microseconds, as in PostgreSQL.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Event {
    /// The client's, so that retries are recognised; otherwise assigned (version 7, RFC 9562).
    pub event_id: Uuid,
    /// What happened: `page_view`, `button_click`.
    pub event_type: String,
    /// Where: an absolute http or https URL.
    pub page_url: String,
    /// The title of the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_title: Option<String>,
    /// The button that was clicked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button_id: Option<String>,
    /// The session, as the client counts sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The event's own, otherwise that of the HTTP request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// When it happened, corrected for the error of the client's clock.
    pub timestamp: Timestamp,
    /// Anything else that the client sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// When it was sent, by the client's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When ingest received it.
    pub received_at: Timestamp,
    /// The user, by the site's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The page that led here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referrer: Option<String>,
    /// The site, if one instance serves several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// The version of the site or app that sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_version: Option<String>,
    /// The preferred language (a tag of RFC 5646): the event's own, otherwise that of the HTTP request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Width of the screen in CSS pixels, not 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub screen_width: Option<u16>,
    /// The country of the client's address (ISO 3166-1 alpha-2), which only ingest knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The header Sec-CH-UA, if the sender of the request is what `user_agent` names. The same for the next two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sec_ch_ua: Option<String>,
    /// The header Sec-CH-UA-Mobile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sec_ch_ua_mobile: Option<String>,
    /// The header Sec-CH-UA-Platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sec_ch_ua_platform: Option<String>,
    /// The campaign's parameters as a query, if the URL lost them when it was shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// `prefetch`, if the browser fetched it before anyone asked for the page, with the same condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The version of these fields, from 1.
    pub schema_version: u16,
    /// The visitor of this day; see [`VisitorKey`](crate::VisitorKey).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitor_id: Option<Uuid>,
    /// What was changed when it was received.
    #[serde(skip_serializing_if = "Flags::is_empty")]
    pub flags: Flags,
}

impl Event {
    /// The key of the Kafka message: the events of a session, or else of a visitor, stay in order on one partition.
    #[must_use]
    pub fn kafka_key(&self) -> Option<String> {
        self.session_id.clone().or_else(|| self.visitor_id.map(|id| id.to_string()))
    }
}
