//! Finds the file of each module from the `mod` declarations, as the compiler does.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::rust::{Facts, Module};
use super::tree::Tree;

/// The modules of a library or program, by their path within it; the root's is empty. Test modules are left out.
pub(super) struct ModuleTree<'a> {
    pub(super) root: &'a str,
    pub(super) files: BTreeMap<Vec<String>, (&'a str, &'a Facts)>,
}

impl<'a> ModuleTree<'a> {
    fn read(tree: &'a Tree, root: &'a str, facts: &'a Facts) -> Self {
        let mut files = BTreeMap::new();
        let mut open = vec![(Vec::new(), root, facts)];
        while let Some((path, file, facts)) = open.pop() {
            for module in facts.modules.iter().filter(|module| !module.for_tests) {
                if let Some((file, facts)) = file_of(tree, file, path.is_empty(), module) {
                    open.push((path.iter().chain([&module.name]).cloned().collect(), file, facts));
                }
            }
            files.insert(path, (file, facts));
        }
        Self { root, files }
    }
}

/// One tree for each library and program of the workspace.
pub(super) fn module_trees(tree: &Tree) -> Vec<ModuleTree<'_>> {
    let roots = tree.rust().filter(|(path, _)| is_root(path));
    roots.map(|(path, facts)| ModuleTree::read(tree, path, facts)).collect()
}

fn is_root(path: &str) -> bool {
    match path.split('/').collect::<Vec<_>>()[..] {
        ["crates", _, "src", file] | ["xtask", "src", file] => file == "lib.rs" || file == "main.rs",
        ["crates", _, "src", "bin", _] => true,
        _ => false,
    }
}

fn file_of<'a>(tree: &'a Tree, parent: &str, is_root: bool, module: &Module) -> Option<(&'a str, &'a Facts)> {
    let (folder, name) = parent.rsplit_once('/')?;
    let candidates = if let Some(path) = &module.path {
        vec![resolved(folder, path)]
    } else {
        let name = name.strip_suffix(".rs")?;
        let inside = if is_root || name == "mod" { folder.to_owned() } else { format!("{folder}/{name}") };
        vec![format!("{inside}/{}.rs", module.name), format!("{inside}/{}/mod.rs", module.name)]
    };
    tree.rust().find(|(path, _)| candidates.iter().any(|candidate| candidate == path))
}

/// `path` as seen from `folder`, without `..`.
pub(super) fn resolved(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Checks that a module with a folder is that folder's `mod.rs`, so that it can be moved as a whole, and that every
/// file is declared by a `mod`.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let paths: BTreeSet<_> = tree.rust().map(|(path, _)| path).collect();
    let beside = paths.iter().filter_map(|path| {
        let folder = path.strip_suffix(".rs")?;
        let has_modules =
            paths.iter().any(|other| other.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')));
        (path.contains("/src/") && has_modules)
            .then(|| Finding::new(*path, 1, format!("a module with a folder: move it to {folder}/mod.rs")))
    });
    let known: BTreeSet<_> = module_trees(tree)
        .iter()
        .flat_map(|modules| modules.files.values().map(|(path, _)| *path).collect::<Vec<_>>())
        .collect();
    let for_tests = |path: &str| {
        tree.rust().any(|(parent, facts)| {
            facts.modules.iter().any(|module| {
                module.for_tests && file_of(tree, parent, is_root(parent), module).is_some_and(|(file, _)| file == path)
            })
        })
    };
    let undeclared = paths
        .iter()
        .filter(|path| path.contains("/src/") && !known.contains(*path) && !for_tests(path))
        .map(|path| Finding::new(*path, 1, "no `mod` declares this file: declare it, or remove it"));
    beside.chain(undeclared).collect()
}

#[cfg(test)]
mod tests {
    use super::{check, module_trees, resolved};
    use crate::tidy::tree::Tree;

    #[test]
    fn modules_are_found_beside_and_below_their_parent() {
        let tree = Tree::with(&[
            ("crates/a/src/lib.rs", "mod b;\n#[path = \"../../c/src/d.rs\"]\nmod d;\n#[cfg(test)]\nmod tests;"),
            ("crates/a/src/b/mod.rs", "mod e;"),
            ("crates/a/src/b/e.rs", "mod f;"),
            ("crates/a/src/b/e/f.rs", ""),
            ("crates/a/src/tests.rs", ""),
            ("crates/c/src/d.rs", ""),
        ]);
        let trees = module_trees(&tree);
        let names: Vec<_> = trees[0].files.keys().map(|path| path.join("::")).collect();
        assert_eq!(names, ["", "b", "b::e", "b::e::f", "d"]);
    }

    #[test]
    fn a_module_beside_its_folder_is_found() {
        let tree = Tree::with(&[
            ("crates/a/src/lib.rs", "mod b; mod c;"),
            ("crates/a/src/b.rs", "mod d;"),
            ("crates/a/src/b/d.rs", ""),
            ("crates/a/src/c/mod.rs", ""),
        ]);
        let findings: Vec<_> = check(&tree).iter().map(ToString::to_string).collect();
        assert_eq!(findings, ["crates/a/src/b.rs:1: a module with a folder: move it to crates/a/src/b/mod.rs"]);
    }

    #[test]
    fn a_file_that_no_module_declares_is_found() {
        let tree = Tree::with(&[
            ("crates/a/src/lib.rs", "#[cfg(test)] mod tests;"),
            ("crates/a/src/b.rs", ""),
            ("crates/a/src/tests.rs", ""),
        ]);
        let paths: Vec<_> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["crates/a/src/b.rs"]);
    }

    #[test]
    fn a_path_is_resolved_from_its_folder() {
        assert_eq!(resolved("docs", "../README.md"), "README.md");
        assert_eq!(resolved("", "./docs/a.md"), "docs/a.md");
    }
}
