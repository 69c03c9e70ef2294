//! Checks that each SQL function is documented at the top of its file, where README.md sends readers.

use super::finding::Finding;
use super::tree::Tree;

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let functions = tree.texts().filter(|(path, _)| path.starts_with("sql/functions/"));
    functions
        .filter(|(_, text)| !text.starts_with("-- "))
        .map(|(path, _)| Finding::new(path, 1, "no comment at the top: say what it returns and what it takes"))
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
