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
    Offset,
    Dimension,
    EventType,
    Property,
    Steps,
    At,
    Before,
    BeforeId,
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

    /// Whether roll-ups by day answer it, if the selection is light. The steps of a funnel are looked up in the visits.
    pub(crate) fn is_rolled_up(&self) -> bool {
        !self.takes(Argument::Steps)
    }

    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|question| question.name == name)
    }
}

macro_rules! questions {
    ($($constant:ident $name:literal $about:literal [$($argument:ident),*] $call:literal $($end:literal)?)*) => {
        $(pub(crate) static $constant: &Question = &Question {
            name: $name,
            about: $about,
            sql: concat!("SELECT * FROM footfall.", $name, "(", $call, ")" $(, $end)?),
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
        [Since, Until, Filters, Limit, Offset] "$1, $2, $3, $4" " OFFSET $5"
    VISITS_BY "visits_by" "Visits by a dimension, such as channel, browser or entry_page"
        [Dimension, Since, Until, Filters, Limit, Offset] "$1, $2, $3, $4, $5" " OFFSET $6"
    VISITS_BY_ALL "visits_by_all" "Visits by every dimension: visits_by for all of them at once"
        [Since, Until, Filters, Limit] "$1, $2, $3, $4"
    VISITS_BY_HOUR "visits_by_hour" "Visits by weekday (1 is Monday) and hour, in the time zone of the instance"
        [Since, Until, Filters] "$1, $2, $3"
    EVENTS_BY_ALL "events_by_all" "Events by type, page, link, download, form, missing page, and, if an event_type is chosen, by property and its value"
        [Since, Until, Filters, Limit] "$1, $2, $3, $4, CASE WHEN NOT footfall.filters_name($3, '{event_type}') THEN '{event_type,page,outbound_link,download,form,not_found}'::text[] END"
    EVENT_TYPES "event_types" "Events by their type"
        [Since, Until, Filters, Limit, Offset] "$1, $2, $3, $4" " OFFSET $5"
    CUSTOM_EVENTS "custom_events" "Custom events: those of types that the tracker does not send itself"
        [Since, Until, Filters, Limit, Offset] "$1, $2, $3, $4" " OFFSET $5"
    EVENT_PROPERTIES "event_properties" "Properties of the events of one type"
        [Since, Until, EventType, Filters, Limit, Offset] "$1, $2, $3, $4, $5" " OFFSET $6"
    PROPERTY_VALUES "property_values" "Values of one property of one type of event"
        [Since, Until, EventType, Property, Filters, Limit, Offset] "$1, $2, $3, $4, $5, $6" " OFFSET $7"
    LIVE_NOW "live_now" "Visitors of the last five minutes by the page where each was last"
        [At, Filters, Limit] "$1, $2, $3"
    LIVE_VISITORS "live_visitors" "Visitors of the last five minutes"
        [At, Filters] "$1, $2"
    RECENT_EVENTS "recent_events" "Events, the newest first"
        [Filters, Limit, Before, BeforeId] "$1, $2, $3, $4"
    WEB_VITALS "web_vitals" "How fast pages are, at the 75th percentile"
        [Since, Until, Filters, Limit] "$1, $2, $3, $4"
    SCROLL_DEPTH "scroll_depth" "How far pages are scrolled, and how long they are read"
        [Since, Until, Filters, Limit, Offset] "$1, $2, $3, $4" " OFFSET $5"
    OUTBOUND_LINKS "outbound_links" "Links to other sites that were clicked"
        [Since, Until, Filters, Limit, Offset] "$1, $2, $3, $4" " OFFSET $5"
    DOWNLOADS "downloads" "Files that were downloaded"
        [Since, Until, Filters, Limit, Offset] "$1, $2, $3, $4" " OFFSET $5"
    FORM_SUBMISSIONS "form_submissions" "Submitted forms"
        [Since, Until, Filters, Limit, Offset] "$1, $2, $3, $4" " OFFSET $5"
    PAGES_NOT_FOUND "pages_not_found" "Pages that do not exist, and who links to them"
        [Since, Until, Filters, Limit, Offset] "$1, $2, $3, $4" " OFFSET $5"
    FUNNEL "funnel" "Visits that reach each step of a funnel"
        [Since, Until, Steps, Filters] "$1, $2, $3, $4"
    SITES "sites" "Sites by their events"
        [Since, Until, Limit, Offset] "$1, $2, $3" " OFFSET $4"
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
            // Else `offset` would be read and ignored.
            assert_eq!(question.takes(Argument::Offset), question.sql.contains("OFFSET"), "{}", question.sql);
        }
    }
}
