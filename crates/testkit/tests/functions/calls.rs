//! A call of every function with a range or filters, for tests that cover all of them.

/// A call of each function with since and until; RANGE and FILTERS are placeholders for them.
pub(crate) const CALLS: &[&str] = &[
    "footfall.events_alone(RANGE, FILTERS)",
    "footfall.matching_events(RANGE, FILTERS)",
    "footfall.visits_by_all(RANGE, FILTERS)",
    "footfall.events_by_all(RANGE, FILTERS)",
    "footfall.visits_by_hour(RANGE, FILTERS)",
    "footfall.visits_in_buckets(RANGE, FILTERS, '{2026-10-01Z}')",
    "footfall.visits_by_some('{os,channel}', RANGE, FILTERS, 5)",
    "footfall.events_by_some('{page,event_type}', RANGE, FILTERS, 5)",
    "footfall.sums('{total,hour,page,browser}', RANGE, FILTERS)",
    "footfall.sums_of_visits('{total,hour,page,browser}', RANGE, FILTERS, true)",
    "footfall.histograms('{lcp_ms,engaged_ms}', RANGE, FILTERS)",
    "footfall.histograms_of_visits('{lcp_ms,engaged_ms}', RANGE, FILTERS)",
    "footfall.visits_alone(RANGE, FILTERS)",
    "footfall.sums_of_days('{total,page}', RANGE, FILTERS, false)",
    "footfall.visit_rows(RANGE, FILTERS, footfall.chosen_kinds(FILTERS), footfall.chosen_kinds(FILTERS, 'page_view'))",
    "footfall.visits(RANGE, FILTERS)",
    "footfall.event_counts(RANGE, FILTERS)",
    "footfall.event_counts(RANGE, FILTERS, true, true)",
    "footfall.event_counts(RANGE, FILTERS, false)",
    "footfall.events_over_time(RANGE, '1 hour', 'Europe/Berlin', FILTERS)",
    "footfall.event_totals_over_time(RANGE, '1 hour', 'Europe/Berlin', FILTERS)",
    "footfall.visits_over_time(RANGE, '1 hour', 'Europe/Berlin', FILTERS)",
    "footfall.totals(RANGE, FILTERS)",
    "footfall.totals_compared(RANGE, FILTERS)",
    "footfall.totals_before_and_now(RANGE, FILTERS)",
    "footfall.top_pages(RANGE, FILTERS)",
    "footfall.visits_by('entry_page', RANGE, FILTERS)",
    "footfall.visits_by('channel', RANGE, FILTERS)",
    "footfall.event_types(RANGE, FILTERS)",
    "footfall.custom_events(RANGE, FILTERS)",
    "footfall.event_properties(RANGE, 'signup', FILTERS)",
    "footfall.property_values(RANGE, 'signup', 'plan', FILTERS)",
    "footfall.web_vitals(RANGE, FILTERS)",
    "footfall.scroll_depth(RANGE, FILTERS)",
    "footfall.outbound_links(RANGE, FILTERS)",
    "footfall.downloads(RANGE, FILTERS)",
    "footfall.form_submissions(RANGE, FILTERS)",
    "footfall.pages_not_found(RANGE, FILTERS)",
    r#"footfall.funnel(RANGE, '[{"event_type":"page_view"},{"event_type":"signup"}]', FILTERS)"#,
];

/// Functions with a range and no filters.
pub(crate) const CALLS_WITHOUT_FILTERS: &[&str] = &["footfall.sites(RANGE)", "footfall.spans_to_count(RANGE, true)"];

/// Functions with filters and no range.
pub(crate) const CALLS_WITHOUT_RANGE: &[&str] = &[
    "footfall.live_visits('2026-10-10 12:00Z', FILTERS)",
    "footfall.live_now('2026-10-10 12:00Z', FILTERS)",
    "footfall.live_visitors('2026-10-10 12:00Z', FILTERS)",
    "footfall.recent_events(FILTERS, 10, '2026-10-10 12:00Z')",
];

/// A call with its range and filters.
pub(crate) fn call(call: &str, range: &str, filters: &str) -> String {
    call.replace("RANGE", range).replace("FILTERS", filters)
}
