//! The second list: crawler-user-agents, which names monitors, previewers and crawlers that uap-core lacks.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use serde::Deserialize;

/// crates/event/data/user_agents/crawlers.json.
#[derive(Deserialize)]
struct List {
    /// Texts that the user agent begins with.
    starts: Vec<String>,
    /// Texts that stand in it as words.
    words: Vec<String>,
    /// Texts that it contains.
    parts: Vec<String>,
}

struct Crawlers {
    texts: Vec<(Where, String)>,
    search: AhoCorasick,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Start,
    Word,
    Anywhere,
}

static CRAWLERS: LazyLock<Crawlers> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the list is part of the program, and a test reads it")]
    read(include_str!("../../../data/user_agents/crawlers.json")).expect("a sound list")
});

fn read(json: &str) -> Option<Crawlers> {
    let List { starts, words, parts } = serde_json::from_str(json).ok()?;
    let placed = |place, texts: Vec<String>| texts.into_iter().map(move |text| (place, text));
    let texts: Vec<_> =
        placed(Where::Start, starts).chain(placed(Where::Word, words)).chain(placed(Where::Anywhere, parts)).collect();
    let search = AhoCorasick::builder().ascii_case_insensitive(true).build(texts.iter().map(|(_, text)| text)).ok()?;
    Some(Crawlers { texts, search })
}

pub(super) fn load() {
    LazyLock::force(&CRAWLERS);
}

/// The longest name on the list that is in the text.
pub(super) fn name_in(evidence: &str) -> Option<&'static str> {
    let Crawlers { texts, search } = &*CRAWLERS;
    let found = search.find_overlapping_iter(evidence).filter_map(|found| {
        let (place, text) = &texts[found.pattern().as_usize()];
        let applies = match place {
            Where::Start => found.start() == 0,
            Where::Word => is_word(evidence.as_bytes(), found.start(), found.end()),
            Where::Anywhere => true,
        };
        applies.then_some(text.as_str())
    });
    found.max_by_key(|text| text.len())
}

/// Whether a match neither begins nor ends within a word. A number may follow: `Nutch2`. xtask/src/user_agents.py has the
/// same rule.
fn is_word(text: &[u8], start: usize, end: usize) -> bool {
    let begins = !text[start].is_ascii_alphanumeric() || start == 0 || !text[start - 1].is_ascii_alphanumeric();
    let ends = !text[end - 1].is_ascii_alphabetic() || !text.get(end).is_some_and(u8::is_ascii_alphabetic);
    begins && ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_takes_less_than_a_megabyte_of_memory() {
        let Crawlers { texts, search } = &*CRAWLERS;
        let bytes = search.memory_usage() + texts.iter().map(|it| size_of_val(it) + it.1.capacity()).sum::<usize>();
        assert!((100_000..1_000_000).contains(&bytes), "{bytes}");
    }

    #[test]
    fn a_listed_name_is_found_as_a_word() {
        for (text, name) in [
            ("Mozilla/5.0 Site24x7", Some("Site24x7")),
            ("XSite24x7", None),
            ("GTmetrix/1", Some("GTmetrix")),
            ("GTmetrixes", None),
            ("Site24x7 (Iframely/1)", Some("Iframely")),
            ("é Site24x7é", Some("Site24x7")),
            ("Chrome/126", None),
            ("", None),
        ] {
            assert_eq!(name_in(text), name, "{text}");
        }
    }
}
