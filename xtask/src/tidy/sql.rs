//! A function of SQL is documented at the head of its file: README.md sends its readers there.

use super::finding::Finding;
use super::tree::Tree;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let functions = tree.texts().filter(|(path, _)| path.starts_with("sql/functions/"));
    functions
        .filter(|(_, text)| !text.starts_with("-- "))
        .map(|(path, _)| Finding::new(path, 1, "no comment at its head: say what it answers and what it takes"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::Tree;

    #[test]
    fn a_function_without_a_comment_is_found() {
        let tree =
            Tree::with(&[("sql/functions/a.sql", "-- What it answers.\nCREATE"), ("sql/functions/b.sql", "CREATE")]);
        let paths: Vec<_> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["sql/functions/b.sql"]);
    }
}
