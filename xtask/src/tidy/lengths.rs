//! Limits the length of files and functions, so that a person can keep one in mind and review it in one sitting.

use super::finding::Finding;
use super::tree::Tree;

const LIST: &str = "xtask/src/tidy/lengths.rs";

/// Eight screens. A Rust file's test modules are not counted: they are read when something fails.
const SOURCE_LINES_MAX: usize = 400;
/// A file of tests is a list; each test is read on its own.
const TESTS_LINES_MAX: usize = 450;
/// Two screens.
const FUNCTION_LINES_MAX: usize = 80;
/// A test tells a story from beginning to end, and splitting it would not help.
const TEST_LINES_MAX: usize = 120;

const KINDS: [&str; 6] = [".rs", ".py", ".mjs", ".js", ".sql", ".nix"];

/// Longer files, and why each is better left whole.
const LONG_FILES: &[(&str, &str)] = &[];

/// Longer functions, as `path::name`, and why each is better left whole.
const LONG_FUNCTIONS: &[(&str, &str)] = &[(
    "crates/event/src/reason/catalogue.rs::cause",
    "one match with a text for each reason: a list, not a procedure",
)];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut long = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| is_written_here(path)) {
        let (lines, max) = file_lines(tree, path, text);
        if lines > max {
            long.push(path.to_owned());
            findings.push(Finding::new(
                path,
                1,
                format!("{lines} lines, more than {max}: move a part into another file"),
            ));
        }
    }
    for (path, facts) in tree.rust() {
        for function in &facts.functions {
            let max = if function.for_tests || is_test_file(path) { TEST_LINES_MAX } else { FUNCTION_LINES_MAX };
            if function.lines > max {
                let place = format!("{path}::{}", function.name);
                let message =
                    format!("`{}` has {} lines, more than {max}: extract a function", function.name, function.lines);
                findings.push(Finding::new(path, function.line, message));
                long.push(place);
            }
        }
    }
    without_exceptions(tree, findings, &long)
}

/// `long` names the file or function of each finding.
fn without_exceptions(tree: &Tree, findings: Vec<Finding>, long: &[String]) -> Vec<Finding> {
    let allowed = || LONG_FILES.iter().chain(LONG_FUNCTIONS).map(|(place, _)| *place);
    let left = findings.into_iter().zip(long).filter(|(_, place)| !allowed().any(|other| other == place.as_str()));
    let unneeded = allowed()
        .filter(|place| !long.iter().any(|other| other == place))
        .map(|place| tree.stale_entry(LIST, place, &format!("{place} is no longer too long: remove it from the list")));
    left.map(|(finding, _)| finding).chain(unneeded).collect()
}

fn is_written_here(path: &str) -> bool {
    KINDS.iter().any(|kind| path.ends_with(kind)) && !path.starts_with("web/tracker/dist/")
}

fn is_test_file(path: &str) -> bool {
    ["/tests/", "/benches/", "/examples/", "vm-tests/"].iter().any(|folder| path.contains(folder))
        || path.ends_with("/tests.rs")
}

fn file_lines(tree: &Tree, path: &str, text: &str) -> (usize, usize) {
    let tests = tree.facts(path).map_or(0, |facts| facts.test_lines);
    let max = if is_test_file(path) { TESTS_LINES_MAX } else { SOURCE_LINES_MAX };
    (text.lines().count() - tests, max)
}

#[cfg(test)]
mod tests {
    use super::{FUNCTION_LINES_MAX, LONG_FILES, LONG_FUNCTIONS, SOURCE_LINES_MAX, TEST_LINES_MAX, check};
    use crate::tidy::tree::Tree;

    /// Leaves out findings about unneeded exceptions: a small tree needs none.
    fn found(text: &str) -> Vec<String> {
        let found = check(&Tree::with(&[("crates/a/src/b.rs", text)]));
        found.iter().filter(|finding| finding.path.starts_with("crates/")).map(ToString::to_string).collect()
    }

    #[test]
    fn a_long_file_is_found_and_its_tests_are_not_counted() {
        let code = "const A: u8 = 1;\n".repeat(SOURCE_LINES_MAX);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "// A line.\n".repeat(100));
        assert!(found(&code).is_empty());
        assert!(found(&(code.clone() + "\n")).len() == 1);
        let (before, after) = code.split_at(code.len() - 17);
        assert!(found(&(before.to_owned() + &tests)).is_empty(), "{after}");
    }

    #[test]
    fn a_long_function_is_found_and_a_test_may_be_longer() {
        let body = "    x();\n".repeat(FUNCTION_LINES_MAX - 1);
        let finding = "crates/a/src/b.rs:1: `f` has 81 lines, more than 80: extract a function";
        assert_eq!(found(&format!("fn f() {{\n{body}}}\n")), [finding]);
        assert!(found(&format!("#[test]\nfn f() {{\n{body}}}\n")).is_empty());
        let body = "    x();\n".repeat(TEST_LINES_MAX);
        assert_eq!(found(&format!("#[test]\nfn f() {{\n{body}}}\n")).len(), 1);
    }

    #[test]
    fn an_exception_that_is_not_needed_is_found() {
        let found = check(&Tree::with(&[]));
        assert_eq!(found.len(), LONG_FILES.len() + LONG_FUNCTIONS.len());
        assert!(found.iter().all(|finding| finding.message.contains("no longer too long")));
    }
}
