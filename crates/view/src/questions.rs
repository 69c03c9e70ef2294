//! The questions. Each is a SQL function in the schema `footfall`, documented in its file under sql/functions.

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Argument {
    Since,
    Until,
    PreviousSince,
    PreviousUntil,
    BucketWidth,
    TimeZone,
    Filters,
    Limit,
    Dimension,
    EventType,
    Property,
    Steps,
    At,
    Before,
}

#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) name: &'static str,
    /// What it answers, in one line, for the API's description.
    pub(crate) about: &'static str,
    /// The statement; `$1` and so on are `arguments`, in order.
    pub(crate) sql: &'static str,
    pub(crate) arguments: &'static [Argument],
}

impl Question {
    pub(crate) fn takes(&self, argument: Argument) -> bool {
        self.arguments.contains(&argument)
    }

    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|question| question.name == name)
    }
}

macro_rules! questions {
    ($($constant:ident $name:literal $about:literal [$($argument:ident),*] $call:literal)*) => {
        $(pub(crate) static $constant: &Question = &Question {
            name: $name,
            about: $about,
            sql: concat!("SELECT * FROM footfall.", $name, "(", $call, ")"),
            arguments: &[$(Argument::$argument),*],
        };)*
        pub(crate) static ALL: &[&Question] = &[$($constant),*];
    };
}

questions! {
    EVENTS_OVER_TIME "events_over_time" "Events of each type by time"
        [Since, Until, BucketWidth, TimeZone, Filters] "$1, $2, $3::interval, $4, $5"
    VISITS_OVER_TIME "visits_over_time" "Visitors, visits and views by time"
        [Since, Until, BucketWidth, TimeZone, Filters] "$1, $2, $3::interval, $4, $5"
    TOTALS "totals" "Visitors, visits, views, events, bounce rate and visit time"
        [Since, Until, Filters] "$1, $2, $3"
    TOTALS_COMPARED "totals_compared" "The totals, with their change since the previous period"
        [Since, Until, Filters, PreviousSince, PreviousUntil] "$1, $2, $3, $4, $5"
    TOP_PAGES "top_pages" "Pages by their views"
        [Since, Until, Filters, Limit] "$1, $2, $3, $4"
    VISITS_BY "visits_by" "Visits by a dimension, such as channel, browser or entry_page"
        [Dimension, Since, Until, Filters, Limit] "$1, $2, $3, $4, $5"
    EVENT_TYPES "event_types" "Events by their type"
        [Since, Until, Filters] "$1, $2, $3"
    CUSTOM_EVENTS "custom_events" "Custom events: those of types that the tracker does not send itself"
        [Since, Until, Filters, Limit] "$1, $2, $3, $4"
    EVENT_PROPERTIES "event_properties" "Properties of the events of one type"
        [Since, Until, EventType, Filters, Limit] "$1, $2, $3, $4, $5"
    PROPERTY_VALUES "property_values" "Values of one property of one type of event"
        [Since, Until, EventType, Property, Filters, Limit] "$1, $2, $3, $4, $5, $6"
    LIVE_NOW "live_now" "Visitors of the last five minutes by the page where each was last"
        [At, Filters, Limit] "$1, $2, $3"
    LIVE_VISITORS "live_visitors" "Visitors of the last five minutes"
        [At, Filters] "$1, $2"
    RECENT_EVENTS "recent_events" "Events, the newest first"
        [Filters, Limit, Before] "$1, $2, $3"
    WEB_VITALS "web_vitals" "How fast pages are, at the 75th percentile"
        [Since, Until, Filters, Limit] "$1, $2, $3, $4"
    SCROLL_DEPTH "scroll_depth" "How far pages are scrolled, and how long they are read"
        [Since, Until, Filters, Limit] "$1, $2, $3, $4"
    OUTBOUND_LINKS "outbound_links" "Links to other sites that were clicked"
        [Since, Until, Filters, Limit] "$1, $2, $3, $4"
    DOWNLOADS "downloads" "Files that were downloaded"
        [Since, Until, Filters, Limit] "$1, $2, $3, $4"
    FORM_SUBMISSIONS "form_submissions" "Submitted forms"
        [Since, Until, Filters, Limit] "$1, $2, $3, $4"
    PAGES_NOT_FOUND "pages_not_found" "Pages that do not exist, and who links to them"
        [Since, Until, Filters, Limit] "$1, $2, $3, $4"
    FUNNEL "funnel" "Visits that reach each step of a funnel"
        [Since, Until, Steps, Filters] "$1, $2, $3, $4"
    SITES "sites" "Sites by their events"
        [Since, Until] "$1, $2"
    PIPELINE_DELAYS "pipeline_delays" "What keeps new events from the numbers at the moment; no row if nothing does"
        [] ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statement_has_a_place_for_each_argument() {
        for question in ALL {
            let places: Vec<_> =
                (1..=question.arguments.len()).filter(|n| question.sql.contains(&format!("${n}"))).collect();
            assert_eq!(places.len(), question.arguments.len(), "{}", question.sql);
            assert!(!question.sql.contains(&format!("${}", question.arguments.len() + 1)), "{}", question.sql);
        }
    }
}
