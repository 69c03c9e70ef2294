//! The live page from a process that has just been started.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use footfall::processes::ManagedProcess;
use footfall_testkit::{Http, own_address, postgres, run_dir, start_view};

use crate::measure::{Times, ms};
use crate::{Bench, DATABASE};

const STARTS: usize = 20;
const WITHIN: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(2);
/// What a part says while it is being worked out.
const AWAITED: &str = "aria-busy=\"true\"";

const PAGES: &[(&str, &str)] = &[
    ("30 days", "period=30d"),
    ("7 days", "period=7d"),
    ("30 days, a country", "period=30d&country=DE"),
    ("30 days, a country and a browser", "period=30d&country=DE&browser=Firefox"),
    ("30 days, a page prefix", "period=30d&page_prefix=/p/1"),
];

pub(crate) async fn measure(bench: &Bench) {
    println!(
        "## The live page\n\nfootfall-view is started anew for each of {STARTS} measurements. First: the first answer. Whole: no part is \
         being worked out any more. Before: `29d6241` needed 55,700 ms for 30 days, 12,000 for 7 days and 40,000 with a country.\n"
    );
    println!("| | first, ms: median / p95 | whole, ms: median / p95 (fastest to slowest) |\n|---|---:|---:|");
    for (name, query) in PAGES {
        let starts = if query.contains('&') { STARTS / 4 } else { STARTS };
        println!("{}", line(name, query, starts.min(4 * bench.settings.runs)).await);
    }
    println!();
}

/// A row of the table.
pub(crate) async fn line(name: &str, query: &str, starts: usize) -> String {
    let (mut first, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..starts {
        let (paint, end) = open(query).await;
        first.push(paint);
        whole.push(end);
    }
    let (first, whole) = (Times::new(first), Times::new(whole));
    let line = format!(
        "| {name} | {} / {} | {} / {} ({} to {}) |",
        ms(first.median_ms()),
        ms(first.quantile_ms(0.95)),
        ms(whole.median_ms()),
        ms(whole.quantile_ms(0.95)),
        ms(whole.quantile_ms(0.0)),
        ms(whole.quantile_ms(1.0))
    );
    eprintln!("{line}");
    line
}

/// How long a fresh process takes until the first answer, and until the page is whole.
async fn open(query: &str) -> (Duration, Duration) {
    let (mut view, url) = start().await;
    let http = Http::default();
    let began = Instant::now();
    let mut first = None;
    loop {
        let answer = http.send("GET", &format!("{url}?{query}"), &[], "").await.expect("an answer");
        let at = began.elapsed();
        let paint = *first.get_or_insert(at);
        let text = String::from_utf8_lossy(&answer.body);
        if (answer.status == 200 && !text.contains(AWAITED)) || at > WITHIN {
            if answer.status != 200 {
                eprintln!("{query}: {} after {at:?}", answer.status);
            }
            view.stop(Duration::from_secs(5)).await;
            return (paint, at);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn start() -> (ManagedProcess, String) {
    let dir = run_dir("view");
    let at = SocketAddr::new(own_address(), 3003);
    let reader = postgres().await.url("footfall_reader", DATABASE);
    let lines = "access.public = true\naccess.readers_see_events = true\ndatabase.query_ms_max = 60000";
    (start_view(&dir, at, lines, &reader).await, format!("http://{at}/live/"))
}
