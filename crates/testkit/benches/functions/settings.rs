//! What to measure, from the environment.

use std::str::FromStr;

const PARTS: &[&str] = &["functions", "explain", "page", "closing", "year", "growth"];

pub(crate) struct Settings {
    pub(crate) days: i64,
    /// That begin each day; about 8 events each.
    pub(crate) visits: i32,
    pub(crate) runs: usize,
    parts: Vec<String>,
}

impl Settings {
    pub(crate) fn from_environment() -> Self {
        let parts: String = setting("PARTS", PARTS.join(","));
        let parts: Vec<String> = parts.split(',').map(|part| part.trim().to_owned()).collect();
        if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(&part.as_str())) {
            panic!("no part is called {unknown}; there are {}", PARTS.join(", "));
        }
        Self { days: setting("DAYS", 30), visits: setting("VISITS", 22_350), runs: setting("RUNS", 5), parts }
    }

    pub(crate) fn has(&self, part: &str) -> bool {
        self.parts.iter().any(|wanted| wanted == part)
    }
}

fn setting<T: FromStr>(name: &str, default: T) -> T {
    let name = format!("FOOTFALL_BENCH_{name}");
    let Ok(text) = std::env::var(&name) else { return default };
    text.parse().unwrap_or_else(|_| panic!("{name}={text} cannot be read"))
}
