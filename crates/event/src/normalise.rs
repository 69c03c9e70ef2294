//! From the fields as they were sent to an event: the checks, and what is set right.

use std::borrow::Cow;

use jiff::Timestamp;
use uuid::Uuid;

use crate::fields::{Fields, Source};
use crate::{
    Accepted, Arrival, Event, Flag, Flags, Hints, Limits, Reason, Rejection, SCHEMA_VERSION, clock, language, page_url,
    text,
};

/// Characters of a Sec-CH-UA header; browsers send some hundred.
const CLIENT_HINT_CHARS_MAX: usize = 400;
const COUNTRY_CHARS: usize = 2;

/// An event from a client. The envelope's `sent_at` counts where the event has none.
pub(crate) fn accepted<'a>(
    mut fields: Fields<'a>,
    sent_at: Option<Timestamp>,
    arrival: &Arrival<'a>,
) -> Result<Accepted, Rejection> {
    let given_id = fields.event_id.take().filter(|id| !id.is_empty());
    let received_at = clock::whole_micros(arrival.received_at.max(clock::TIMESTAMP_MIN));
    let event_id = match &given_id {
        Some(id) => event_id(id)?,
        None => assigned_id(received_at),
    };
    let mut flags = Flags::default();
    fields.sent_at = fields.sent_at.or(sent_at);
    let (timestamp, replaced) = clock::corrected(fields.timestamp, fields.sent_at, received_at, arrival.limits);
    if replaced {
        flags.insert(Flag::TimestampReplaced);
    }
    if fields.user_agent.as_ref().is_none_or(|it| it.is_empty()) {
        fields.user_agent = arrival.user_agent.filter(|it| !it.contains('\0')).map(Cow::Borrowed);
    }
    // A server that passes on its visitors' user agents has headers of its own, which say nothing of them.
    if fields.user_agent.as_deref() == arrival.user_agent {
        take(&arrival.hints, &mut fields);
    }
    fields.country = arrival.country.map(Cow::Borrowed);
    let times = Times { timestamp, received_at };
    let mut event = Checks { limits: arrival.limits, source: Source::Body, flags }.event(fields, event_id, times)?;
    event.visitor_id = (arrival.visitor)(event.site.as_deref(), event.user_agent.as_deref());
    let answer_id = match (given_id, &event.session_id) {
        (Some(id), _) => id.into_owned(),
        (None, Some(session_id)) => session_id.clone(),
        (None, None) => event_id.to_string(),
    };
    Ok(Accepted { event, answer_id })
}

fn take<'a>(hints: &Hints<'a>, fields: &mut Fields<'a>) {
    let sound = |value: Option<&'a str>| {
        value.filter(|it| text::fits(it, CLIENT_HINT_CHARS_MAX) && !it.contains('\0')).map(Cow::Borrowed)
    };
    fields.sec_ch_ua = sound(hints.sec_ch_ua);
    fields.sec_ch_ua_mobile = sound(hints.sec_ch_ua_mobile);
    fields.sec_ch_ua_platform = sound(hints.sec_ch_ua_platform);
    if fields.language.is_none() {
        fields.language = hints.accept_language.and_then(language::preferred).map(str::to_owned);
    }
}

/// An event from a line that [`Event::to_line`] wrote.
pub(crate) fn restored(fields: Fields<'_>, limits: &Limits) -> Result<Event, Rejection> {
    let missing = |field| Rejection::new(field, Reason::FieldMissing, "is required");
    let event_id = event_id(fields.event_id.as_deref().ok_or_else(|| missing("event_id"))?)?;
    let times = Times {
        timestamp: fields.timestamp.ok_or_else(|| missing("timestamp"))?,
        received_at: fields.received_at.ok_or_else(|| missing("received_at"))?,
    };
    let visitor_id = fields.visitor_id.as_deref().map(Uuid::parse_str).transpose();
    let visitor_id = visitor_id.map_err(|_| Rejection::new("visitor_id", Reason::FieldType, "must be a UUID"))?;
    let checks = Checks { limits, source: Source::Line, flags: fields.flags };
    Ok(Event { visitor_id, ..checks.event(fields, event_id, times)? })
}

#[derive(Clone, Copy)]
struct Times {
    timestamp: Timestamp,
    received_at: Timestamp,
}

struct Checks<'l> {
    limits: &'l Limits,
    /// Text is cut where it comes from a client; in a line it was cut already, and too long is an error.
    source: Source,
    flags: Flags,
}

impl Checks<'_> {
    fn event(mut self, fields: Fields<'_>, event_id: Uuid, times: Times) -> Result<Event, Rejection> {
        let limits = self.limits;
        let event_type = required("event_type", fields.event_type)?;
        let page_url = required("page_url", fields.page_url)?;
        Ok(Event {
            event_id,
            event_type: uncut("event_type", event_type, limits.event_type_chars_max)?,
            page_url: self.page_url(page_url)?,
            page_title: self.cut("page_title", fields.page_title, limits.page_title_chars_max, Flag::PageTitleCut)?,
            button_id: optional("button_id", fields.button_id, limits.button_id_chars_max)?,
            session_id: optional("session_id", fields.session_id, limits.session_id_chars_max)?,
            user_agent: self.cut("user_agent", fields.user_agent, limits.user_agent_chars_max, Flag::UserAgentCut)?,
            timestamp: times.timestamp,
            metadata: fields.metadata,
            sent_at: fields.sent_at,
            received_at: times.received_at,
            user_id: optional("user_id", fields.user_id, limits.user_id_chars_max)?,
            referrer: self.cut("referrer", fields.referrer, limits.referrer_chars_max, Flag::ReferrerCut)?,
            site: optional("site", fields.site, limits.site_chars_max)?,
            language: fields.language,
            screen_width: fields.screen_width,
            country: optional("country", fields.country, COUNTRY_CHARS)?,
            sec_ch_ua: optional("sec_ch_ua", fields.sec_ch_ua, CLIENT_HINT_CHARS_MAX)?,
            sec_ch_ua_mobile: optional("sec_ch_ua_mobile", fields.sec_ch_ua_mobile, CLIENT_HINT_CHARS_MAX)?,
            sec_ch_ua_platform: optional("sec_ch_ua_platform", fields.sec_ch_ua_platform, CLIENT_HINT_CHARS_MAX)?,
            schema_version: fields.schema_version.unwrap_or(SCHEMA_VERSION),
            visitor_id: None,
            flags: self.flags,
        })
    }

    fn page_url(&mut self, page_url: Cow<'_, str>) -> Result<String, Rejection> {
        let chars_max = self.limits.page_url_chars_max;
        match page_url::shortened(&page_url, chars_max) {
            Ok(short) if short.len() == page_url.len() => Ok(page_url.into_owned()),
            Ok(short) if self.source == Source::Body => {
                self.flags.insert(Flag::PageUrlCut);
                Ok(short.to_owned())
            }
            Err(Reason::UrlInvalid) => {
                let message = "must be an absolute http or https URL";
                Err(Rejection::new("page_url", Reason::UrlInvalid, message))
            }
            Ok(_) | Err(_) => Err(too_long("page_url", chars_max)),
        }
    }

    fn cut(
        &mut self,
        field: &str,
        value: Option<Cow<'_, str>>,
        chars_max: usize,
        flag: Flag,
    ) -> Result<Option<String>, Rejection> {
        match value {
            Some(value) if !text::fits(&value, chars_max) => {
                if self.source == Source::Line {
                    return Err(too_long(field, chars_max));
                }
                self.flags.insert(flag);
                Ok(Some(text::head(&value, chars_max).to_owned()))
            }
            value => Ok(value.filter(|it| !it.is_empty()).map(Cow::into_owned)),
        }
    }
}

fn required<'a>(field: &str, value: Option<Cow<'a, str>>) -> Result<Cow<'a, str>, Rejection> {
    match value {
        None => Err(Rejection::new(field, Reason::FieldMissing, "is required")),
        Some(value) if value.is_empty() => Err(Rejection::new(field, Reason::FieldEmpty, "must not be empty")),
        Some(value) => Ok(value),
    }
}

fn optional(field: &str, value: Option<Cow<'_, str>>, chars_max: usize) -> Result<Option<String>, Rejection> {
    value.filter(|it| !it.is_empty()).map(|value| uncut(field, value, chars_max)).transpose()
}

fn uncut(field: &str, value: Cow<'_, str>, chars_max: usize) -> Result<String, Rejection> {
    if text::fits(&value, chars_max) { Ok(value.into_owned()) } else { Err(too_long(field, chars_max)) }
}

fn too_long(field: &str, chars_max: usize) -> Rejection {
    Rejection::new(field, Reason::FieldTooLong, format!("has more than {chars_max} characters"))
}

fn event_id(id: &str) -> Result<Uuid, Rejection> {
    let uuid = Uuid::parse_str(id).ok();
    // A client that always sends the same placeholder would have all its events but one taken for duplicates.
    let uuid = uuid.filter(|uuid| !uuid.is_nil() && !uuid.is_max());
    uuid.ok_or_else(|| Rejection::new("event_id", Reason::EventIdInvalid, "must be a UUID, not all 0 or all 1"))
}

fn assigned_id(received_at: Timestamp) -> Uuid {
    let since = received_at.as_duration();
    let seconds = u64::try_from(since.as_secs()).unwrap_or_default();
    let nanos = u32::try_from(since.subsec_nanos()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
}
