//! Checks that documents match the tree: what they name must exist.

use super::finding::Finding;
use super::markdown::{Piece, anchor, code_spans, headings, links};
use super::module_tree::resolved;
use super::tree::Tree;

const INDEX: &str = "docs/README.md";

/// A code span with such an ending names a file, even without a folder.
const FILES: [&str; 9] = [".rs", ".sql", ".md", ".nix", ".mjs", ".js", ".py", ".yaml", ".json"];

/// Folders that building and setting up create.
const MADE: [&str; 2] = ["target/", ".parts/"];

fn documents(tree: &Tree) -> impl Iterator<Item = (&str, &str)> {
    tree.texts().filter(|(path, _)| path.ends_with(".md") && !path.starts_with("crates/event/data/"))
}

/// Checks links and, in code spans, paths, functions in a file, and SQL functions.
pub(super) fn paths_exist(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in documents(tree) {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut wrong = |piece: &Piece<'_>, message: Option<String>| {
            findings.extend(message.map(|message| Finding::new(path, piece.line, message)));
        };
        for link in links(text) {
            wrong(&link, broken_link(tree, path, folder, link.text));
        }
        // The changelog may name what an old version had.
        if path != "CHANGELOG.md" {
            for span in code_spans(text) {
                wrong(&span, stale_span(tree, folder, span.text));
            }
        }
    }
    findings
}

fn broken_link(tree: &Tree, document: &str, folder: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
    let file = if file.is_empty() { document.to_owned() } else { resolved(folder, file) };
    if !tree.has(&file) {
        return Some(format!("the link target {target} does not exist: correct or remove the link"));
    }
    let is_there = fragment.is_empty()
        || !file.ends_with(".md")
        || tree.text(&file).is_some_and(|text| headings(text).iter().any(|heading| anchor(heading.text) == fragment));
    (!is_there).then(|| format!("{file} has no heading #{fragment}: correct the link"))
}

fn stale_span(tree: &Tree, folder: &str, span: &str) -> Option<String> {
    if let Some(name) = span.strip_prefix("footfall.") {
        return stale_object(tree, name);
    }
    let (path, item) = span.split_once("::").map_or((span, None), |(path, item)| (path, Some(item)));
    if !is_plain_path(path) || !names_a_file(tree, path) {
        return None;
    }
    let file = [path.to_owned(), resolved(folder, path)].into_iter().find(|path| tree.has(path));
    let Some(file) = file.or_else(|| tree.paths().find(|other| ends_with_path(other, path)).map(str::to_owned)) else {
        return Some(format!("there is no `{path}`: name what replaced it"));
    };
    let item = item?.trim_end_matches("()");
    let name = item.rsplit("::").next().unwrap_or(item);
    let text = tree.text(&file)?;
    (!declares(text, name)).then(|| format!("{file} declares no `{name}`: name the file that does"))
}

/// An SQL function in the schema `footfall`, or a systemd unit.
fn stale_object(tree: &Tree, name: &str) -> Option<String> {
    let end = name.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(name.len());
    let (name, rest) = name.split_at(end);
    if !rest.is_empty() && !rest.starts_with('(') {
        return None;
    }
    let is_there = tree.has(&format!("sql/functions/{name}.sql"))
        || tree.paths().any(|path| path.ends_with(&format!("/footfall.{name}")));
    (!name.is_empty() && !is_there).then(|| format!("there is no sql/functions/{name}.sql: name what replaced it"))
}

fn is_plain_path(span: &str) -> bool {
    !span.is_empty() && span.chars().all(|c| c.is_ascii_alphanumeric() || "._/-".contains(c))
}

/// Whether its first folder exists in the tree, or it ends like a file name.
fn names_a_file(tree: &Tree, path: &str) -> bool {
    let known = path.split_once('/').is_some_and(|(first, _)| !first.is_empty() && tree.has(first));
    let like_a_file =
        !path.starts_with('/') && FILES.iter().any(|ending| path.len() > ending.len() && path.ends_with(ending));
    (known || like_a_file) && !MADE.iter().any(|folder| path.starts_with(folder))
}

fn ends_with_path(whole: &str, end: &str) -> bool {
    let end = end.trim_end_matches('/');
    whole.strip_suffix(end).is_some_and(|rest| rest.ends_with('/')) || whole.contains(&format!("/{end}/"))
}

fn declares(text: &str, name: &str) -> bool {
    const BEFORE: [&str; 10] =
        ["fn ", "struct ", "enum ", "trait ", "const ", "mod ", "static ", "type ", "function ", "def "];
    text.lines().any(|line| {
        BEFORE.iter().any(|before| {
            line.match_indices(before).any(|(at, _)| {
                let rest = line[at + before.len()..].strip_prefix(name);
                rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
            })
        })
    })
}

/// Checks that the index links every document and every crate. [`paths_exist`] finds links to those that are gone.
pub(super) fn index_is_whole(tree: &Tree) -> Vec<Finding> {
    let Some(index) = tree.text(INDEX) else {
        return vec![Finding::new(INDEX, 1, "there is no index of the documents: write one, by reader")];
    };
    let linked: Vec<_> = links(index).into_iter().map(|link| resolved("docs", link.text)).collect();
    let documents = tree.paths().filter(|path| path.starts_with("docs/") && path.ends_with(".md") && *path != INDEX);
    let crates =
        tree.paths().filter_map(|path| path.strip_suffix("/Cargo.toml")).filter(|path| path.starts_with("crates/"));
    let missing = documents.chain(crates).filter(|path| !linked.iter().any(|link| link == path));
    missing
        .map(|path| {
            Finding::new(INDEX, 1, format!("has no link to {path}: add one with a line that says what it is for"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{index_is_whole, paths_exist};
    use crate::tidy::tree::Tree;

    fn found(text: &str) -> Vec<String> {
        let tree = Tree::with(&[
            ("docs/a.md", text),
            ("docs/b.md", "# Some words\n"),
            ("crates/event/src/lib.rs", "pub fn parse() {}"),
            ("sql/functions/totals.sql", ""),
            ("nixos/systemd/footfall.target", ""),
        ]);
        paths_exist(&tree).into_iter().map(|finding| format!("{}: {}", finding.line, finding.message)).collect()
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        assert!(found("[a](b.md), [b](b.md#some-words), [c](../crates/event), [d](https://a.example/x)").is_empty());
        assert_eq!(found("\n[a](c.md)"), ["2: the link target c.md does not exist: correct or remove the link"]);
        assert_eq!(found("[a](b.md#other)"), ["1: docs/b.md has no heading #other: correct the link"]);
    }

    #[test]
    fn a_path_that_is_gone_is_found() {
        assert!(found("`crates/event`, `src/lib.rs`, `lib.rs`, `and/or`, `a.b.c`, `/etc/x.json`").is_empty());
        assert_eq!(
            found("`crates/event/src/old.rs`"),
            ["1: there is no `crates/event/src/old.rs`: name what replaced it"]
        );
        assert_eq!(found("`old.rs`").len(), 1);
    }

    #[test]
    fn a_function_that_moved_to_another_file_is_found() {
        assert!(found("`crates/event/src/lib.rs::parse`").is_empty());
        assert_eq!(
            found("`crates/event/src/lib.rs::read`"),
            ["1: crates/event/src/lib.rs declares no `read`: name the file that does"]
        );
    }

    #[test]
    fn a_function_of_sql_that_is_gone_is_found() {
        assert!(found("`footfall.totals(now())`, `footfall.target`, `footfall.packages.x`").is_empty());
        assert_eq!(found("`footfall.sums`"), ["1: there is no sql/functions/sums.sql: name what replaced it"]);
    }

    #[test]
    fn the_index_names_each_document_and_each_crate() {
        let files = [("docs/a.md", ""), ("docs/b.md", ""), ("crates/event/Cargo.toml", "")];
        let with = |index| {
            let tree = Tree::with(&[&files[..], &[("docs/README.md", index)]].concat());
            index_is_whole(&tree).into_iter().map(|finding| finding.message).collect::<Vec<_>>()
        };
        assert!(with("[a](a.md) [b](b.md) [c](../crates/event)").is_empty());
        assert_eq!(with("[a](a.md) [c](../crates/event)").len(), 1);
        assert_eq!(with("[a](a.md) [b](b.md)").len(), 1);
        assert_eq!(index_is_whole(&Tree::with(&[])).len(), 1);
    }
}
