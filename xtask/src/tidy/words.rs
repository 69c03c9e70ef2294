//! Finds words that a reader has to translate, in comments, documents, messages and names, and says what to write
//! instead.

use super::finding::Finding;
use super::tree::Tree;

/// This file must contain what no other may.
const HERE: &str = "xtask/src/tidy/words.rs";

const FORBIDDEN: [(&str, &str); 14] = [
    ("nobody", "say what does not happen: \"no page is open\", \"is not read\""),
    ("somebody", "name who: a client, an operator, another process"),
    ("anybody", "name who: a client, an operator, another process"),
    ("whoever", "name who: \"a client that\", \"the operator who\""),
    ("whomever", "name who: \"a client that\", \"the operator who\""),
    ("whatever", "name what: \"in any order\", \"whether it succeeds or not\""),
    ("of no one", "say what is missing: \"unowned\", \"has no owner\""),
    ("so many", "use the parameter's name: \"the first n records\""),
    ("in a circle", "say \"deadlock\" or \"cycle\""),
    ("stands for itself", "leave it out, or say what it means"),
    ("has it go on", "say \"continues\""),
    ("by way of", "say \"by\" or \"through\""),
    ("it is to be had", "say \"is available\""),
    ("as it were", "leave it out"),
];

/// Third-party texts, and data.
const NOT_OURS: [&str; 8] = [
    "LICENSE",
    "Cargo.lock",
    "fuzz/Cargo.lock",
    "flake.lock",
    "web/tests/package-lock.json",
    "web/tracker/dist/",
    "crates/event/data/",
    "crates/event/testdata/",
];

/// Files in which a word is right, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("crates/footfall/src/processes/nginx.rs", "nobody", "a user account of Debian's"),
    ("sql/migrations/V8__analytics_visits.sql", "whatever", "a migration never changes: databases know its checksum"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut used = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| is_ours(path)) {
        for (index, line) in text.lines().enumerate() {
            for (word, instead) in in_line(line) {
                if EXCEPTIONS.iter().any(|(file, allowed, _)| *file == path && *allowed == word) {
                    used.push((path, word));
                } else {
                    findings.push(Finding::new(path, index + 1, format!("\"{word}\": {instead}")));
                }
            }
        }
    }
    let unneeded = EXCEPTIONS.iter().filter(|(path, word, _)| !used.contains(&(*path, *word)));
    findings.extend(unneeded.map(|(path, word, _)| {
        tree.stale_entry(HERE, path, &format!("\"{word}\" is no longer in {path}: remove the exception"))
    }));
    findings
}

fn is_ours(path: &str) -> bool {
    path != HERE && !NOT_OURS.iter().any(|prefix| path.starts_with(prefix))
}

fn in_line(line: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    // A test's name is a sentence too.
    let line = line.to_lowercase().replace('_', " ");
    FORBIDDEN.into_iter().filter(move |(word, _)| {
        line.match_indices(word).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + word.len()..].chars().next();
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{EXCEPTIONS, HERE, check, in_line};
    use crate::tidy::tree::Tree;

    /// Leaves out findings about unneeded exceptions: a small tree needs none.
    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let findings = check(&Tree::with(files));
        findings.iter().filter(|finding| finding.path != HERE).map(ToString::to_string).collect()
    }

    #[test]
    fn an_exception_that_is_not_needed_is_found() {
        assert_eq!(check(&Tree::with(&[])).len(), EXCEPTIONS.len());
    }

    #[test]
    fn a_forbidden_word_is_found_with_what_to_say_instead() {
        let found = found(&[("sql/a.sql", "-- Fine.\n-- Nobody looks.\n")]);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("sql/a.sql:2: \"nobody\": say what does not happen"), "{found:?}");
    }

    #[test]
    fn a_word_is_found_in_a_name_and_not_within_another_word() {
        assert_eq!(in_line("fn a_page_that_nobody_reads()").count(), 1);
        assert_eq!(in_line("The first so many").count(), 1);
        assert_eq!(in_line("also many, nobodys").count(), 0);
    }

    #[test]
    fn the_texts_of_others_are_left_as_they_are() {
        assert!(found(&[("LICENSE", "whoever"), ("web/tracker/dist/a.js", "nobody")]).is_empty());
    }
}
