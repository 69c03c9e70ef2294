//! The fields of an event, each declared once.
//!
//! How a body is read, the limits, the columns that the writer copies and docs/fields.md all follow from [`FIELDS`].
//! To add a text field: a member in [`Event`], a row here, and a migration that adds its column.

use crate::campaign::CAMPAIGN_CHARS_MAX;
use crate::{Event, Flag};

/// A field of an event, in a body or in a line of the Kafka topic.
pub struct Field {
    /// The key in JSON, and the column in `analytics_events` if there is one.
    pub name: &'static str,
    /// Who may set it. It is ignored if set by anyone else.
    pub(crate) set_by: SetBy,
    /// Whether an event without it is refused.
    pub(crate) required: bool,
    /// How it is read and kept.
    pub(crate) kind: Kind,
    /// A sentence for docs/fields.md.
    pub(crate) meaning: &'static str,
}

/// Who may set a field.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SetBy {
    /// The client.
    Client,
    /// Ingest, when it writes the event to the topic.
    Ingest,
    /// The client, around several events.
    Envelope,
}

/// How a field is read and kept.
pub(crate) enum Kind {
    Text(Text),
    Uuid,
    Time,
    Metadata,
    Language,
    ScreenWidth,
    SchemaVersion,
    Flags,
    Events,
}

/// A text field.
pub(crate) struct Text {
    /// The maximum number of characters, unless `limits.<name>_chars_max` is lower.
    pub(crate) chars_max: usize,
    /// Whether that setting exists.
    pub(crate) configurable: bool,
    pub(crate) too_long: TooLong,
    /// Whether `analytics_events` has a column for it.
    stored: bool,
    get: fn(&Event) -> Option<&str>,
    pub(crate) set: fn(&mut Event, String),
}

/// What happens to a text that is too long. In a line of the topic it is always an error, because ingest has cut it.
#[derive(Clone, Copy)]
pub(crate) enum TooLong {
    /// The event is refused.
    Refuse,
    /// The text is cut, and the event is flagged.
    Cut(Flag),
    /// The same for a URL, which is cut between its percent-encoded characters.
    CutUrl(Flag),
    /// The URL loses its fragment, then its query, then it is cut, and the event is flagged.
    Shorten(Flag),
}

const FIELD_COUNT: usize = 27;

const ROWS: [Field; FIELD_COUNT] = [
    client("event_id", Kind::Uuid, "A UUID. If a retry carries the same one, the event is counted once."),
    text("event_type", 100, TooLong::Refuse, |e| Some(&e.event_type), |e, text| e.event_type = text)
        .required("What happened: `page_view`, `button_click`."),
    text("page_url", 500, TooLong::Shorten(Flag::PageUrlCut), |e| Some(&e.page_url), |e, text| e.page_url = text)
        .required("Where it happened: an absolute http or https URL."),
    text(
        "page_title",
        200,
        TooLong::Cut(Flag::PageTitleCut),
        |e| e.page_title.as_deref(),
        |e, text| {
            e.page_title = Some(text);
        },
    )
    .meaning("The title of the page."),
    text("button_id", 100, TooLong::Refuse, |e| e.button_id.as_deref(), |e, text| e.button_id = Some(text))
        .meaning("The button that was clicked."),
    text("session_id", 100, TooLong::Refuse, |e| e.session_id.as_deref(), |e, text| e.session_id = Some(text))
        .meaning("The session, as the client counts sessions."),
    text(
        "user_agent",
        1_000,
        TooLong::Cut(Flag::UserAgentCut),
        |e| e.user_agent.as_deref(),
        |e, text| {
            e.user_agent = Some(text);
        },
    )
    .meaning("The user agent; without it, that of the request."),
    client("timestamp", Kind::Time, "When it happened; without it, when it was received."),
    client(
        "metadata",
        Kind::Metadata,
        "Anything else that the site wants to store. Impossible measures of `engagement` and `web_vitals` are left out, see \
         [Flags](#flags).",
    ),
    client(
        "sent_at",
        Kind::Time,
        "When it was sent, by the same clock as `timestamp`: the clock's error is taken off.",
    ),
    text("user_id", 200, TooLong::Refuse, |e| e.user_id.as_deref(), |e, text| e.user_id = Some(text))
        .meaning("The user, by the site's own id."),
    text(
        "referrer",
        1_000,
        TooLong::CutUrl(Flag::ReferrerCut),
        |e| e.referrer.as_deref(),
        |e, text| {
            e.referrer = Some(text);
        },
    )
    .meaning("The page that led here."),
    text("site", 100, TooLong::Refuse, |e| e.site.as_deref(), |e, text| e.site = Some(text))
        .meaning("The site, where one instance serves several."),
    text("app_version", 100, TooLong::Refuse, |e| e.app_version.as_deref(), |e, text| e.app_version = Some(text))
        .meaning("The version of the site or app that sent it."),
    client("language", Kind::Language, "The visitor's preferred language; without it, that of Accept-Language."),
    client("screen_width", Kind::ScreenWidth, "The width of the screen in CSS pixels."),
    client("schema_version", Kind::SchemaVersion, "The version of these fields; 1 where it is absent."),
    Field {
        name: "events",
        set_by: SetBy::Envelope,
        required: false,
        kind: Kind::Events,
        meaning: "A list of events, in an object that has no `event_type`; its `sent_at` is that of all of them.",
    },
    ingest("received_at", Kind::Time, "When ingest received it."),
    ingest("visitor_id", Kind::Uuid, "The visitor of this day: a keyed hash, not an address."),
    ingest_text("country", 2, |e| e.country.as_deref(), |e, text| e.country = Some(text))
        .meaning("The country of the client's address (ISO 3166-1 alpha-2)."),
    ingest_text("sec_ch_ua", CLIENT_HINT_CHARS_MAX, |e| e.sec_ch_ua.as_deref(), |e, text| e.sec_ch_ua = Some(text))
        .meaning("The header Sec-CH-UA, if what `user_agent` names sent the request; so are the next two."),
    ingest_text(
        "sec_ch_ua_mobile",
        CLIENT_HINT_CHARS_MAX,
        |e| e.sec_ch_ua_mobile.as_deref(),
        |e, text| e.sec_ch_ua_mobile = Some(text),
    )
    .meaning("The header Sec-CH-UA-Mobile."),
    ingest_text(
        "sec_ch_ua_platform",
        CLIENT_HINT_CHARS_MAX,
        |e| e.sec_ch_ua_platform.as_deref(),
        |e, text| e.sec_ch_ua_platform = Some(text),
    )
    .meaning("The header Sec-CH-UA-Platform."),
    ingest_text("campaign", CAMPAIGN_CHARS_MAX, |e| e.campaign.as_deref(), |e, text| e.campaign = Some(text))
        .meaning("The campaign's parameters, if `page_url` was shortened: they are read before."),
    ingest_text("purpose", 20, |e| e.purpose.as_deref(), |e, text| e.purpose = Some(text))
        .meaning("`prefetch`, if a browser or a proxy fetched it before anyone asked for the page."),
    ingest("flags", Kind::Flags, "What is stored differently from how it was sent, see below."),
];

/// Every field.
pub static FIELDS: [Field; FIELD_COUNT] = ROWS;

/// Characters of a Sec-CH-UA header; browsers send about a hundred.
pub(crate) const CLIENT_HINT_CHARS_MAX: usize = 400;

// Each field is a bit of a u32, by which a duplicate key is noticed.
const _: () = assert!(FIELD_COUNT <= u32::BITS as usize);

const fn client(name: &'static str, kind: Kind, meaning: &'static str) -> Field {
    Field { name, set_by: SetBy::Client, required: false, kind, meaning }
}

const fn ingest(name: &'static str, kind: Kind, meaning: &'static str) -> Field {
    Field { name, set_by: SetBy::Ingest, required: false, kind, meaning }
}

type Get = fn(&Event) -> Option<&str>;
type Set = fn(&mut Event, String);

/// A text that the client may set, with a column and a configurable limit.
const fn text(name: &'static str, chars_max: usize, too_long: TooLong, get: Get, set: Set) -> Field {
    client(name, Kind::Text(Text { chars_max, configurable: true, too_long, stored: true, get, set }), "")
}

/// A text that ingest sets for the enrichment, whose results have columns.
const fn ingest_text(name: &'static str, chars_max: usize, get: Get, set: Set) -> Field {
    let too_long = TooLong::Refuse;
    ingest(name, Kind::Text(Text { chars_max, configurable: false, too_long, stored: false, get, set }), "")
}

impl Field {
    const fn meaning(mut self, meaning: &'static str) -> Self {
        self.meaning = meaning;
        self
    }

    const fn required(mut self, meaning: &'static str) -> Self {
        self.required = true;
        self.meaning(meaning)
    }

    /// The text fields that `analytics_events` has a column for, and how to read each.
    pub fn text_columns() -> impl Iterator<Item = (&'static str, Get)> {
        FIELDS.iter().filter_map(|field| match &field.kind {
            Kind::Text(text) if text.stored => Some((field.name, text.get)),
            _ => None,
        })
    }

    /// The text fields whose limit can be configured, with the position of each in [`FIELDS`].
    pub(crate) fn limited() -> impl Iterator<Item = (usize, &'static Self, &'static Text)> {
        FIELDS.iter().enumerate().filter_map(|(position, field)| match &field.kind {
            Kind::Text(text) if text.configurable => Some((position, field, text)),
            _ => None,
        })
    }

    /// The setting under `limits` for this field.
    pub(crate) fn limit_name(&self) -> String {
        format!("{}_chars_max", self.name)
    }
}

/// The position of a field in [`FIELDS`], found by the compiler.
pub(crate) const fn position(name: &str) -> usize {
    let mut position = 0;
    while position < FIELD_COUNT {
        if is_same(ROWS[position].name.as_bytes(), name.as_bytes()) {
            return position;
        }
        position += 1;
    }
    panic!("no field has this name")
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

impl TooLong {
    /// What happens to a longer text, for the documentation.
    pub(crate) fn consequence(self) -> &'static str {
        match self {
            Self::Refuse => "is refused",
            Self::Cut(_) | Self::CutUrl(_) => "is cut",
            Self::Shorten(_) => {
                "loses its fragment (a route such as `#/about` only its query), then its query, then is cut"
            }
        }
    }
}
