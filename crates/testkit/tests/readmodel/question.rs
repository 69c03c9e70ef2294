//! Questions: what is asked of the database, and of the definition.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use crate::definition::{self, Answer, Chosen, Filters, Range, Visits};
use crate::world::{DAYS, FIRST_DAY, ZONES};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Totals,
    VisitsByAll,
    VisitsBy(&'static str),
    VisitsOverTime { hours: bool, zone: &'static str },
    VisitsByHour,
    EventsByAll,
    TopPages,
    EventTypes,
    ScrollDepth,
    WebVitals,
    Sites,
    LiveNow,
    LiveVisitors,
}

const FUNCTIONS: [Function; 11] = [
    Function::Totals,
    Function::VisitsByAll,
    Function::VisitsByHour,
    Function::EventsByAll,
    Function::TopPages,
    Function::EventTypes,
    Function::ScrollDepth,
    Function::WebVitals,
    Function::Sites,
    Function::LiveNow,
    Function::LiveVisitors,
];

#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) function: Function,
    pub(crate) range: Range,
    pub(crate) filters: Filters,
}

impl Question {
    pub(crate) fn random(rng: &mut StdRng, sites: &[&str], moments: &[Timestamp]) -> Self {
        let function = match rng.random_range(0..FUNCTIONS.len() + 3) {
            0 => Function::VisitsOverTime { hours: false, zone: ZONES.choose(rng).unwrap() },
            1 => Function::VisitsOverTime { hours: true, zone: ZONES.choose(rng).unwrap() },
            2 => Function::VisitsBy(footfall_event::dimension::names().choose(rng).unwrap()),
            other => FUNCTIONS[other - 3],
        };
        // It takes no filters.
        let function = if function == Function::Sites && !sites.is_empty() { Function::Totals } else { function };
        Self { function, range: range(rng, moments), filters: filters(rng, sites) }
    }

    /// As SQL, with the filters as JSON.
    pub(crate) fn sql(&self) -> String {
        let Range { since, until } = self.range;
        let (range, filters) = (format!("timestamptz '{since}', timestamptz '{until}'"), self.filters.to_json());
        let filters = format!("'{filters}'");
        match self.function {
            Function::Totals => format!("footfall.totals({range}, {filters})"),
            Function::VisitsByAll => format!("footfall.visits_by_all({range}, {filters}, 1000)"),
            Function::VisitsBy(dimension) => format!("footfall.visits_by('{dimension}', {range}, {filters})"),
            Function::VisitsOverTime { hours, zone } => {
                let width = if hours { "1 hour" } else { "1 day" };
                format!("footfall.visits_over_time({range}, '{width}', '{zone}', {filters})")
            }
            Function::VisitsByHour => format!("footfall.visits_by_hour({range}, {filters})"),
            Function::EventsByAll => format!("footfall.events_by_all({range}, {filters}, 1000)"),
            Function::TopPages => format!("footfall.top_pages({range}, {filters})"),
            Function::EventTypes => format!("footfall.event_types({range}, {filters})"),
            Function::ScrollDepth => format!("footfall.scroll_depth({range}, {filters})"),
            Function::WebVitals => format!("footfall.web_vitals({range}, {filters})"),
            Function::Sites => format!("footfall.sites({range})"),
            Function::LiveNow => format!("footfall.live_now(timestamptz '{until}', {filters})"),
            Function::LiveVisitors => format!("footfall.live_visitors(timestamptz '{until}', {filters})"),
        }
    }

    pub(crate) fn defined(&self, visits: &Visits<'_>, zone: &TimeZone) -> Answer {
        let mut bots_too = Filters::default();
        bots_too.named.insert("bot", vec!["any".to_owned()]);
        let in_range = || Chosen::new(visits, self.range, &self.filters, zone);
        let at_any_time = || Chosen::at_any_time(visits, &self.filters, zone);
        match self.function {
            Function::Totals => definition::totals(&in_range()),
            Function::VisitsByAll => definition::visits_by_all(&in_range()),
            Function::VisitsBy(dimension) => definition::visits_by(&in_range(), dimension),
            Function::VisitsOverTime { hours, zone } => {
                definition::visits_over_time(&in_range(), &starts(self.range, hours, zone))
            }
            Function::VisitsByHour => definition::visits_by_hour(&in_range()),
            Function::EventsByAll => definition::events_by_all(&in_range()),
            Function::TopPages => definition::top_pages(&in_range()),
            Function::EventTypes => definition::event_types(&in_range()),
            Function::ScrollDepth => definition::scroll_depth(&in_range()),
            Function::WebVitals => definition::web_vitals(&in_range()),
            Function::Sites => definition::sites(&Chosen::new(visits, self.range, &bots_too, zone)),
            Function::LiveNow => definition::live_now(&at_any_time(), self.range.until),
            Function::LiveVisitors => definition::live_visitors(&at_any_time(), self.range.until),
        }
    }
}

/// The local hours or days that the range reaches into.
fn starts(range: Range, hours: bool, zone: &str) -> Vec<Timestamp> {
    let zone = TimeZone::get(zone).unwrap();
    let day_of = |time: Timestamp| zone.to_datetime(time).date();
    let mut starts = Vec::new();
    if range.since >= range.until {
        return starts;
    }
    let mut day = day_of(range.since);
    while day <= day_of(range.until) {
        let midnight = day.to_zoned(zone.clone()).unwrap().timestamp();
        let next = day.tomorrow().unwrap().to_zoned(zone.clone()).unwrap().timestamp();
        let mut start = midnight;
        while start < next {
            starts.push(start);
            start = if hours { start + SignedDuration::from_hours(1) } else { next };
        }
        day = day.tomorrow().unwrap();
    }
    starts.retain(|start| *start < range.until);
    let before = starts.iter().filter(|start| **start <= range.since).count().saturating_sub(1);
    starts.split_off(before)
}

/// Ranges that cut days, hours and visits, and that do not.
fn range(rng: &mut StdRng, moments: &[Timestamp]) -> Range {
    let mut end = |from: i64, to: i64| match rng.random_range(0..5) {
        0 | 1 => {
            let zone = TimeZone::get(ZONES.choose(rng).unwrap()).unwrap();
            let day = FIRST_DAY + jiff::Span::new().days(rng.random_range(from..=to));
            day.to_zoned(zone).unwrap().timestamp()
        }
        2 => *moments.choose(rng).unwrap(),
        3 => *moments.choose(rng).unwrap() + SignedDuration::from_micros(1),
        _ => {
            let day = FIRST_DAY.to_zoned(TimeZone::UTC).unwrap().timestamp();
            day + SignedDuration::from_mins(rng.random_range(from * 1440..=to * 1440))
        }
    };
    let (one, other) = (end(-2, 1), end(1, DAYS + 2));
    Range { since: one.min(other), until: one.max(other) }
}

fn filters(rng: &mut StdRng, sites: &[&str]) -> Filters {
    const CHOICES: [(&str, &[&str]); 17] = [
        ("bot", &["any"]),
        ("bot", &["true"]),
        ("page", &["/"]),
        ("page", &["/shop", "/sh"]),
        ("page_prefix", &["/sh"]),
        ("event_type", &["page_view"]),
        ("event_type", &["signup", "engagement"]),
        ("event_type", &["web_vitals"]),
        ("country", &["DE"]),
        ("country", &["", "AT"]),
        ("entry_page", &["/"]),
        ("exit_page", &["/shop"]),
        ("channel", &["direct", "search"]),
        ("browser", &["Firefox"]),
        ("utm_source", &[""]),
        ("hostname", &["b.example"]),
        ("referrer_host", &["google.com"]),
    ];
    let mut filters = Filters::default();
    if !sites.is_empty() {
        filters.named.insert("site", sites.iter().map(|site| (*site).to_owned()).collect());
    }
    for _ in 0..[0, 0, 0, 1, 1, 2][rng.random_range(0..6)] {
        let (key, values) = CHOICES.choose(rng).unwrap();
        filters.named.insert(key, values.iter().map(|value| (*value).to_owned()).collect());
    }
    if rng.random_bool(0.1) {
        let (name, value) =
            [("plan", "large"), ("seats", "3"), ("trial", "true"), ("referrer", "y")].choose(rng).unwrap();
        filters.property.insert((*name).to_owned(), vec![(*value).to_owned()]);
    }
    filters
}
