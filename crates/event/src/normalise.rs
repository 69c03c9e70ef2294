//! Checks and corrects the fields as they were sent.

use std::borrow::Cow;

use jiff::Timestamp;
use uuid::Uuid;

use crate::field::{CLIENT_HINT_CHARS_MAX, FIELDS, Field, Kind, TooLong};
use crate::masked::masked;
use crate::raw_event::{
    CAMPAIGN, COUNTRY, EVENT_ID, PAGE_URL, PURPOSE, RECEIVED_AT, REFERRER, RawEvent, SEC_CH_UA, SEC_CH_UA_MOBILE,
    SEC_CH_UA_PLATFORM, SENT_AT, Source, TIMESTAMP, USER_AGENT, VISITOR_ID,
};
use crate::{
    Arrival, Event, Flag, Hints, Limits, Reason, Rejection, SCHEMA_VERSION, campaign, clock, language, measures,
    page_url, text,
};

/// An event to be delivered, and the id that its client expects in the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Accepted {
    /// The normalised event.
    pub event: Event,
    /// The client's `event_id` as sent, otherwise its `session_id`, otherwise the assigned id. Clients of the first
    /// generation rely on this.
    pub answer_id: String,
}

/// An event from a client. If it has no `sent_at`, the envelope's applies.
pub(crate) fn accepted<'a>(
    mut raw: RawEvent<'a>,
    sent_at: Option<Timestamp>,
    arrival: &Arrival<'a>,
) -> Result<Accepted, Rejection> {
    let given_id = raw.texts[EVENT_ID].take().filter(|id| !id.is_empty());
    let received_at = clock::whole_micros(arrival.received_at.max(clock::TIMESTAMP_MIN));
    let event_id = match &given_id {
        Some(id) => event_id(id)?,
        None => assigned_id(received_at),
    };
    let sent_at = raw.times[SENT_AT].or(sent_at);
    let (timestamp, is_replaced) = clock::corrected(raw.times[TIMESTAMP], sent_at, received_at, arrival);
    if is_replaced {
        raw.flags.insert(Flag::TimestampReplaced);
    }
    let of_request = arrival.user_agent.map(text::printable).filter(|it| !it.is_empty());
    let user_agent = &mut raw.texts[USER_AGENT];
    *user_agent = user_agent.take().map(printable).filter(|it| !it.is_empty()).or_else(|| of_request.clone());
    // If a server forwards its visitors' user agents, the other headers of the request describe the server.
    if *user_agent == of_request {
        add_hints(&arrival.hints, &mut raw);
    }
    raw.texts[COUNTRY] = arrival.country.map(Cow::Borrowed);
    for (position, flag) in [(PAGE_URL, Flag::PageUrlMasked), (REFERRER, Flag::ReferrerMasked)] {
        let url = &mut raw.texts[position];
        if let Some(masked) = url.as_ref().and_then(|url| masked(url, arrival.masked_names)) {
            *url = Some(masked.into());
            raw.flags.insert(flag);
        }
    }
    let page_url_chars_max = arrival.limits.chars_max.at(PAGE_URL);
    let long_url = raw.texts[PAGE_URL].as_ref().filter(|url| !text::fits(url, page_url_chars_max));
    raw.texts[CAMPAIGN] = long_url.and_then(|url| campaign::kept(url)).map(Cow::Owned);
    let event = Event { event_id, timestamp, sent_at, received_at, ..Event::default() };
    let mut event = checked(event, raw, Source::Body, arrival.limits)?;
    if let Some(own) = arrival.site {
        let named = event.site.get_or_insert_with(|| own.to_owned());
        if named != own {
            let text = format!("is `{named}`, but the request may write for `{own}` only");
            return Err(Rejection::new("site", Reason::SiteMismatch, text));
        }
    }
    event.visitor_id = (arrival.visitor)(event.site.as_deref(), visitor_name(&event, arrival));
    let answer_id = match (given_id, &event.session_id) {
        (Some(id), _) => id.into_owned(),
        (None, Some(session_id)) => session_id.clone(),
        (None, None) => event_id.to_string(),
    };
    Ok(Accepted { event, answer_id })
}

/// What tells a visitor apart from others at the same address. All events of an import come from one.
fn visitor_name<'e>(event: &'e Event, arrival: &Arrival<'_>) -> Option<&'e str> {
    let id = event.user_id.as_deref().or(event.session_id.as_deref()).filter(|_| arrival.import_past_ms_max.is_some());
    id.or(event.user_agent.as_deref())
}

/// Without control characters, as a header's value is.
fn printable(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => text::printable(text),
        Cow::Owned(text) => text::printable(&text).into_owned().into(),
    }
}

fn add_hints<'a>(hints: &Hints<'a>, raw: &mut RawEvent<'a>) {
    let sound = |value: Option<&'a str>| value.filter(|it| text::fits(it, CLIENT_HINT_CHARS_MAX)).map(text::printable);
    raw.texts[SEC_CH_UA] = sound(hints.sec_ch_ua);
    raw.texts[SEC_CH_UA_MOBILE] = sound(hints.sec_ch_ua_mobile);
    raw.texts[SEC_CH_UA_PLATFORM] = sound(hints.sec_ch_ua_platform);
    raw.texts[PURPOSE] = hints.is_prefetch.then_some(Cow::Borrowed("prefetch"));
    if raw.language.is_none() {
        raw.language = hints.accept_language.and_then(language::preferred).map(str::to_owned);
    }
}

/// An event from a line that [`Event::to_line`] wrote.
pub(crate) fn restored(raw: RawEvent<'_>, limits: &Limits) -> Result<Event, Rejection> {
    let missing = |field| Rejection::new(field, Reason::FieldMissing, "is required");
    let event_id = event_id(raw.texts[EVENT_ID].as_deref().ok_or_else(|| missing("event_id"))?)?;
    let timestamp = raw.times[TIMESTAMP].ok_or_else(|| missing("timestamp"))?;
    let received_at = raw.times[RECEIVED_AT].ok_or_else(|| missing("received_at"))?;
    let visitor_id = raw.texts[VISITOR_ID].as_deref().map(Uuid::parse_str).transpose();
    let visitor_id = visitor_id.map_err(|_| Rejection::new("visitor_id", Reason::FieldType, "must be a UUID"))?;
    let event = Event { event_id, timestamp, sent_at: raw.times[SENT_AT], received_at, visitor_id, ..Event::default() };
    checked(event, raw, Source::Line, limits)
}

/// Fills in the fields, checks every text against its limit, and leaves out passwords in URLs and impossible measures. A text from a client may be cut; in a line it has been
/// cut already, so a longer one is an error.
fn checked(mut event: Event, raw: RawEvent<'_>, source: Source, limits: &Limits) -> Result<Event, Rejection> {
    event.metadata = raw.metadata;
    event.language = raw.language;
    event.screen_width = raw.screen_width;
    event.schema_version = raw.schema_version.unwrap_or(SCHEMA_VERSION);
    event.flags = raw.flags;
    for ((position, field), value) in FIELDS.iter().enumerate().zip(raw.texts) {
        let Kind::Text(spec) = &field.kind else { continue };
        let Some(mut value) = filled(field, value)? else { continue };
        let login = match position {
            PAGE_URL => Some(Flag::PageUrlLoginLeftOut),
            REFERRER => Some(Flag::ReferrerLoginLeftOut),
            _ => None,
        };
        if let Some((flag, bare)) = login.and_then(|flag| Some((flag, page_url::without_login(&value)?))) {
            value = bare.into();
            event.flags.insert(flag);
        }
        let (value, flag) = shortened(field, spec.too_long, value, limits.chars_max.at(position))?;
        if flag.is_some() && source == Source::Line {
            return Err(too_long(field, limits.chars_max.at(position)));
        }
        flag.into_iter().for_each(|flag| event.flags.insert(flag));
        (spec.set)(&mut event, value);
    }
    measures::leave_out_impossible(&mut event);
    Ok(event)
}

/// The text, if there is one; an empty text counts as absent.
fn filled<'a>(field: &Field, value: Option<Cow<'a, str>>) -> Result<Option<Cow<'a, str>>, Rejection> {
    match value {
        None if field.required => Err(Rejection::new(field.name, Reason::FieldMissing, "is required")),
        Some(text) if text.is_empty() && field.required => {
            Err(Rejection::new(field.name, Reason::FieldEmpty, "must not be empty"))
        }
        value => Ok(value.filter(|text| !text.is_empty())),
    }
}

/// The text within its limit, and a flag if it was cut for that.
fn shortened(
    field: &Field,
    rule: TooLong,
    value: Cow<'_, str>,
    chars_max: usize,
) -> Result<(String, Option<Flag>), Rejection> {
    match rule {
        TooLong::Shorten(flag) => match page_url::shortened(&value, chars_max) {
            Ok(short) if short.len() == value.len() => Ok((value.into_owned(), None)),
            Ok(short) => Ok((short.into_owned(), Some(flag))),
            Err(Reason::UrlInvalid) => {
                Err(Rejection::new(field.name, Reason::UrlInvalid, "must be an absolute http or https URL"))
            }
            Err(_) => Err(too_long(field, chars_max)),
        },
        _ if text::fits(&value, chars_max) => Ok((value.into_owned(), None)),
        TooLong::Cut(flag) => Ok((text::head(&value, chars_max).to_owned(), Some(flag))),
        TooLong::CutUrl(flag) => Ok((text::head_of_url(&value, chars_max).to_owned(), Some(flag))),
        TooLong::Refuse => Err(too_long(field, chars_max)),
    }
}

fn too_long(field: &Field, chars_max: usize) -> Rejection {
    Rejection::new(field.name, Reason::FieldTooLong, format!("has more than {chars_max} characters"))
}

fn event_id(id: &str) -> Result<Uuid, Rejection> {
    let uuid = Uuid::parse_str(id).ok();
    // Of a client that always sends the same placeholder, all events but one would be duplicates.
    let uuid = uuid.filter(|uuid| !uuid.is_nil() && !uuid.is_max());
    uuid.ok_or_else(|| Rejection::new("event_id", Reason::EventIdInvalid, "must be a UUID, not all 0 or all 1"))
}

fn assigned_id(received_at: Timestamp) -> Uuid {
    let since = received_at.as_duration();
    let seconds = u64::try_from(since.as_secs()).unwrap_or_default();
    let nanos = u32::try_from(since.subsec_nanos()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
}
