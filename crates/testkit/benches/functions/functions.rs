//! Each read function, without filters and with some.

use crate::Bench;
use crate::measure::{Times, ask, ms};

const COUNT: &str = "count(*) FROM analytics_events WHERE timestamp >= SINCE AND timestamp < UNTIL";
/// The index on timestamp alone answers the other one; this reads the rows.
const COUNT_ROWS: &str = "count(*) FROM analytics_events WHERE timestamp >= SINCE AND timestamp < UNTIL AND NOT bot";
const UNFILTERED_MS_MAX: f64 = 50.0;
const FILTERED_MS_MAX: f64 = 400.0;

/// FILTERS stands for the filters.
const QUESTIONS: &[&str] = &[
    "visits_by_all(RANGE, FILTERS, 10)",
    "events_by_all(RANGE, FILTERS, 10)",
    "totals(RANGE, FILTERS)",
    "totals_compared(RANGE, FILTERS)",
    "visits_over_time(RANGE, '1 day', 'UTC', FILTERS)",
    "visits_over_time(RANGE, '1 day', 'Europe/Berlin', FILTERS)",
    "visits_by_hour(RANGE, FILTERS)",
    "events_over_time(RANGE, '1 day', 'UTC', FILTERS)",
    "event_totals_over_time(RANGE, '1 day', 'UTC', FILTERS)",
    "top_pages(RANGE, FILTERS)",
    "visits_by('entry_page', RANGE, FILTERS)",
    "visits_by('country', RANGE, FILTERS)",
    "event_types(RANGE, FILTERS)",
    "custom_events(RANGE, FILTERS)",
    "event_properties(RANGE, 'signup', FILTERS)",
    "property_values(RANGE, 'signup', 'plan', FILTERS)",
    "web_vitals(RANGE, FILTERS)",
    "scroll_depth(RANGE, FILTERS)",
    "outbound_links(RANGE, FILTERS)",
    "downloads(RANGE, FILTERS)",
    "form_submissions(RANGE, FILTERS)",
    "pages_not_found(RANGE, FILTERS)",
    r#"funnel(RANGE, '[{"event_type":"page_view"},{"event_type":"button_click"},{"event_type":"signup"}]', FILTERS)"#,
    "sites(RANGE)",
    "live_now(UNTIL, FILTERS)",
    "live_visitors(UNTIL, FILTERS)",
    "recent_events(FILTERS, 50, UNTIL)",
];

pub(crate) const FILTERS: &[(&str, &str)] = &[
    ("a country", r#"{"country": "DE"}"#),
    ("a country and a browser", r#"{"country": "DE", "browser": "Firefox"}"#),
    ("a page prefix", r#"{"page_prefix": "/p/1"}"#),
    ("a property", r#"{"property": {"plan": "large"}}"#),
];

/// Prints the tables. Returns the questions that take the longest without a filter, and the filter with which each is slowest.
pub(crate) async fn measure(bench: &Bench) -> Vec<String> {
    let reader = &bench.reader;
    let runs = bench.settings.runs;
    println!(
        "## Each read function\n\nMilliseconds: median of {runs} warm runs (fastest to slowest), and in the last columns medians.\n"
    );
    let limit = async |question: &str| {
        (
            ask(reader, &bench.month.put_into(question), runs).await,
            ask(reader, &bench.day.put_into(question), runs).await,
        )
    };
    let limits = [
        ("`count(*)` of the same events", limit(COUNT).await),
        ("`count(*)` that reads the rows", limit(COUNT_ROWS).await),
    ];
    let (month_limit, day_limit) = (limits[0].1.0.median_ms(), limits[0].1.1.median_ms());
    let names: Vec<&str> = FILTERS.iter().map(|(name, _)| *name).collect();
    println!("| | whole range | by `count(*)` | one day | by `count(*)` | {} |", names.join(" | "));
    println!("|---|---:|---:|---:|---:|{}", "---:|".repeat(names.len()));
    println!("| limit | {UNFILTERED_MS_MAX} | | | |{}", format!(" {FILTERED_MS_MAX} |").repeat(names.len()));
    for (name, (month, day)) in &limits {
        println!("| {name} | {month} | | {day} | |{}", " |".repeat(names.len()));
    }
    let mut heaviest: Vec<(f64, String)> = Vec::new();
    for question in QUESTIONS {
        let ask_with = async |filters: &str| -> (Times, String) {
            let question = bench
                .month
                .put_into(&format!("* FROM footfall.{question}"))
                .replace("FILTERS", &format!("'{filters}'"));
            (ask(reader, &question, runs).await, question)
        };
        let (month, text) = ask_with("{}").await;
        let of_day = bench.day.put_into(&format!("* FROM footfall.{question}")).replace("FILTERS", "'{}'");
        let day = ask(reader, &of_day, runs).await;
        let mut line = format!(
            "| `{}` | {} | {:.2} | {day} | {:.2} |",
            name(question),
            marked(&month, UNFILTERED_MS_MAX),
            month.median_ms() / month_limit,
            day.median_ms() / day_limit
        );
        heaviest.push((month.median_ms(), text));
        for (_, filters) in FILTERS {
            if question.contains("FILTERS") {
                let (times, _) = ask_with(filters).await;
                line += &format!(" {} |", over(times.median_ms(), FILTERED_MS_MAX, ms(times.median_ms())));
            } else {
                line += " |";
            }
        }
        println!("{line}");
        eprintln!("{line}");
    }
    println!("\nBold: over the limit.\n");
    heaviest.sort_by(|a, b| b.0.total_cmp(&a.0));
    heaviest.into_iter().take(3).map(|(_, question)| question).collect()
}

/// The function, and what tells its calls apart.
fn name(question: &str) -> String {
    let start = question.split_once('(').map_or(question, |(name, _)| name);
    match question.split('\'').nth(1).filter(|argument| argument.len() < 20) {
        Some(argument) => {
            let zone = question.split('\'').nth(3).map(|zone| format!(", {zone}")).unwrap_or_default();
            format!("{start}({argument}{zone})")
        }
        None => start.into(),
    }
}

fn marked(times: &Times, ms_max: f64) -> String {
    over(times.median_ms(), ms_max, times.to_string())
}

fn over(time: f64, ms_max: f64, text: String) -> String {
    if time > ms_max { format!("**{text}**") } else { text }
}
