//! Checks that a test is named for the property that it proves, so that its name explains a failure.

use super::finding::Finding;
use super::tree::Tree;

const WORDS_MIN: usize = 3;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let tests = tree.rust().flat_map(|(path, facts)| facts.functions.iter().map(move |function| (path, function)));
    let tests = tests.filter(|(_, function)| function.is_test);
    tests
        .filter_map(|(path, test)| {
            let what = wrong(&test.name)?;
            let message = format!("the test `{}` {what}: name the property that it proves, as a sentence", test.name);
            Some(Finding::new(path, test.line, message))
        })
        .collect()
}

fn wrong(name: &str) -> Option<&'static str> {
    let words: Vec<_> = name.split('_').filter(|word| !word.is_empty()).collect();
    match words[..] {
        ["test", ..] => Some("starts with `test`"),
        _ if words.len() < WORDS_MIN => Some("is not a sentence"),
        [_, _, "works" | "ok" | "correctly"] | [_, _, _, "works" | "ok" | "correct"] => Some("does not say what holds"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{check, wrong};
    use crate::tidy::tree::Tree;

    #[test]
    fn a_name_that_says_no_property_is_found() {
        for name in ["test_the_parser_reads", "the_parser_works", "parser", "empty_body", "the_answer_is_correct"] {
            assert!(wrong(name).is_some(), "{name}");
        }
    }

    #[test]
    fn a_sentence_is_a_good_name() {
        assert_eq!(wrong("a_crashed_sink_stores_nothing_twice"), None);
    }

    #[test]
    fn only_tests_are_looked_at() {
        let tree = Tree::with(&[("a.rs", "fn works() {}\n#[test]\nfn works_too() {}\n")]);
        let findings: Vec<_> = check(&tree).into_iter().map(|finding| finding.line).collect();
        assert_eq!(findings, [3]);
    }
}
