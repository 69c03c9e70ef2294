//! Checks that modules form no cycles: if two modules use each other, neither can be read, tested or moved without the
//! other.
//!
//! Each folder is checked separately: its `mod.rs` and the modules directly below it, each with everything below it.
//! `mod x;` and `pub use x::Y` do not count as imports. Using a name that the parent defines or re-exports does.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::finding::Finding;
use super::module_tree::{ModuleTree, module_trees};
use super::rust::Use;
use super::tree::Tree;

type Path = Vec<String>;

struct Edge<'a> {
    from: &'a Path,
    to: Path,
    file: &'a str,
    line: usize,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    module_trees(tree).iter().flat_map(circles).collect()
}

fn circles(modules: &ModuleTree<'_>) -> Vec<Finding> {
    let edges = edges(modules);
    modules.files.keys().flat_map(|folder| circles_in(folder, &edges, modules)).collect()
}

fn edges<'a>(modules: &'a ModuleTree<'a>) -> Vec<Edge<'a>> {
    let mut edges = Vec::new();
    for (from, (file, facts)) in &modules.files {
        for each in facts.uses.iter().filter(|each| !each.for_tests && !each.exported) {
            let targets = targets(modules, from, each);
            edges.extend(targets.into_iter().map(|to| Edge { from, to, file, line: each.line }));
        }
    }
    edges
}

/// The modules that a path leads to: the one that it names, and the origin of the item if that one re-exports it.
fn targets(modules: &ModuleTree<'_>, from: &Path, each: &Use) -> Vec<Path> {
    let Some((to, item)) = resolve(modules, from, each) else { return Vec::new() };
    let mut targets = vec![to.clone()];
    if let Some(item) = item
        && let Some((_, facts)) = modules.files.get(&to)
    {
        let origin = facts.uses.iter().filter(|other| other.exported && other.name == item);
        targets.extend(origin.filter_map(|other| Some(resolve(modules, &to, other)?.0)));
    }
    targets
}

/// The module that a path leads to, and the name after it, if any.
fn resolve(modules: &ModuleTree<'_>, from: &Path, each: &Use) -> Option<(Path, Option<String>)> {
    let mut at = from.clone();
    let mut inline = each.depth;
    let mut segments = each.segments.iter().peekable();
    match segments.peek()?.as_str() {
        "crate" => {
            at.clear();
            segments.next();
        }
        "self" => {
            segments.next();
        }
        "super" => {
            while segments.next_if(|segment| *segment == "super").is_some() {
                if inline > 0 {
                    inline -= 1;
                } else {
                    at.pop()?;
                }
            }
        }
        // A path into a child module. Any other leads to another crate or begins with an imported name.
        first => {
            let child: Path = at.iter().map(String::as_str).chain([first]).map(str::to_owned).collect();
            modules.files.contains_key(&child).then_some(())?;
        }
    }
    for segment in segments {
        at.push(segment.clone());
        if !modules.files.contains_key(&at) {
            at.pop();
            return Some((at, Some(segment.clone())));
        }
    }
    Some((at, None))
}

fn circles_in(folder: &Path, edges: &[Edge<'_>], modules: &ModuleTree<'_>) -> Vec<Finding> {
    let mut next: BTreeMap<&[String], BTreeMap<&[String], &Edge<'_>>> = BTreeMap::new();
    for edge in edges {
        if let (Some(from), Some(to)) = (within(folder, edge.from), within(folder, &edge.to))
            && from != to
        {
            next.entry(from).or_default().entry(to).or_insert(edge);
        }
    }
    let mut told = BTreeSet::new();
    let mut findings = Vec::new();
    for node in next.keys().copied() {
        if let Some(circle) = shortest_circle(node, &next) {
            // Reports a cycle once, although it is found from each of its modules.
            if circle.iter().any(|(from, _)| told.contains(from)) {
                continue;
            }
            told.extend(circle.iter().map(|(from, _)| *from));
            findings.push(finding(&circle, modules));
        }
    }
    findings
}

/// The member of the folder that a module belongs to: the folder's own root, or a module directly below it.
fn within<'a>(folder: &Path, module: &'a Path) -> Option<&'a [String]> {
    module.starts_with(folder).then(|| &module[..module.len().min(folder.len() + 1)])
}

type Step<'a> = (&'a [String], &'a Edge<'a>);

fn shortest_circle<'a>(
    start: &'a [String],
    next: &BTreeMap<&'a [String], BTreeMap<&'a [String], &'a Edge<'a>>>,
) -> Option<Vec<Step<'a>>> {
    let mut came: BTreeMap<&[String], Step<'a>> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(at) = open.pop_front() {
        for (to, edge) in next.get(at).into_iter().flatten() {
            if *to == start {
                let mut circle = vec![(at, *edge)];
                while let Some((before, edge)) = came.get(circle[circle.len() - 1].0) {
                    circle.push((before, edge));
                }
                circle.reverse();
                return Some(circle);
            }
            if !came.contains_key(to) {
                came.insert(to, (at, edge));
                open.push_back(to);
            }
        }
    }
    None
}

fn finding(circle: &[Step<'_>], modules: &ModuleTree<'_>) -> Finding {
    let name = |path: &[String]| if path.is_empty() { "crate".to_owned() } else { path.join("::") };
    let steps: Vec<_> = circle
        .iter()
        .enumerate()
        .map(|(index, (from, edge))| {
            let (to, _) = circle[(index + 1) % circle.len()];
            format!("`{}` uses `{}` ({}:{})", name(from), name(to), edge.file, edge.line)
        })
        .collect();
    let (file, line) = circle.first().map_or((modules.root, 1), |(_, edge)| (edge.file, edge.line));
    Finding::new(file, line, format!("a cycle: {}; move what both need into a third module", steps.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::tidy::tree::Tree;

    const LIB: &str = "crates/a/src/lib.rs";
    const B: &str = "crates/a/src/b.rs";
    const C: &str = "crates/a/src/c.rs";

    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::with(files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn two_modules_that_use_each_other_are_one_circle() {
        let found = circles(&[(LIB, "mod b; mod c;"), (B, "\nuse crate::c::C;"), (C, "fn c() { crate::b::d() }")]);
        let expected = "crates/a/src/b.rs:2: a cycle: `b` uses `c` (crates/a/src/b.rs:2), `c` uses `b` (crates/a/src/c.rs:1); \
                        move what both need into a third module";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_circle_of_three_is_found_once() {
        let d = "crates/a/src/d.rs";
        let found = circles(&[
            (LIB, "mod b; mod c; mod d;"),
            (B, "use crate::c;"),
            (C, "use super::d::D;"),
            (d, "use super::b::B;"),
        ]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("`b` uses `c`") && found[0].contains("`d` uses `b`"), "{}", found[0]);
    }

    #[test]
    fn what_a_child_takes_from_a_parent_that_uses_it_is_a_circle() {
        let found = circles(&[(LIB, "mod b; struct E; fn f() { b::g() }"), (B, "use super::E;")]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn folders_are_looked_at_as_one() {
        let found = circles(&[
            (LIB, "mod b; mod c;"),
            ("crates/a/src/b/mod.rs", "mod d; mod e;"),
            ("crates/a/src/b/d.rs", "use crate::c::C;"),
            ("crates/a/src/b/e.rs", ""),
            (C, "use crate::b::e::E;"),
        ]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn a_re_export_is_no_import_and_hides_none() {
        assert!(circles(&[(LIB, "mod b; mod c; pub use b::B;"), (B, ""), (C, "use crate::B;")]).is_empty());
        let found = circles(&[(LIB, "mod b; mod c; pub use b::B;"), (B, "use crate::c::C;"), (C, "use crate::B;")]);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn tests_may_use_what_they_like() {
        let test = "#[cfg(test)] mod tests { use crate::c::C; }";
        assert!(circles(&[(LIB, "mod b; mod c;"), (B, test), (C, "use crate::b::B;")]).is_empty());
    }
}
