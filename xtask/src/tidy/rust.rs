//! What the checks need to know about a Rust file. It is read from tokens, so that comments and strings are not
//! mistaken for code, and macro arguments are included.

use anyhow::{Context as _, Result};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// What a Rust file declares and uses.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) modules: Vec<Module>,
    pub(super) functions: Vec<Function>,
    pub(super) uses: Vec<Use>,
    /// The number of lines in modules that are compiled only for tests.
    pub(super) test_lines: usize,
}

/// `mod name;`, with its body in another file.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) name: String,
    /// `#[path = "..."]`.
    pub(super) path: Option<String>,
    pub(super) for_tests: bool,
}

#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) lines: usize,
    pub(super) is_test: bool,
    pub(super) for_tests: bool,
}

/// A path in a `use`, or one with several segments in an expression or type.
#[derive(Debug)]
pub(super) struct Use {
    pub(super) segments: Vec<String>,
    /// The name that a `use` gives it.
    pub(super) name: String,
    pub(super) line: usize,
    /// `pub use`, `pub(crate) use`.
    pub(super) exported: bool,
    /// The number of inline modules around it.
    pub(super) depth: usize,
    pub(super) for_tests: bool,
}

impl Facts {
    /// # Errors
    /// Fails if the text cannot be read as Rust tokens.
    pub(super) fn read(text: &str) -> Result<Self> {
        let tokens: TokenStream = text.parse().ok().context("it cannot be read as Rust")?;
        let mut facts = Self::default();
        Reader { facts: &mut facts }.read(tokens, Scope { depth: 0, for_tests: false });
        Ok(facts)
    }
}

#[derive(Clone, Copy)]
struct Scope {
    depth: usize,
    for_tests: bool,
}

struct Reader<'a> {
    facts: &'a mut Facts,
}

impl Reader<'_> {
    fn read(&mut self, stream: TokenStream, around: Scope) {
        let tokens: Vec<_> = stream.into_iter().collect();
        let mut attributes: Vec<TokenStream> = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let scope = Scope { for_tests: around.for_tests || attributes.iter().any(is_cfg_test), ..around };
            let rest = &tokens[at..];
            at += match rest {
                [TokenTree::Punct(sign), TokenTree::Group(group), ..]
                    if sign.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
                {
                    attributes.push(group.stream());
                    2
                }
                [TokenTree::Ident(word), TokenTree::Ident(name), ..] if word == "mod" => {
                    let length = self.module(&name.to_string(), rest, &attributes, scope);
                    attributes.clear();
                    length
                }
                [TokenTree::Ident(word), TokenTree::Ident(name), ..] if word == "fn" => {
                    let length = self.function(&name.to_string(), rest, &attributes, scope);
                    attributes.clear();
                    length
                }
                [TokenTree::Ident(word), next, ..] if word == "use" && !is(next, '<') => {
                    attributes.clear();
                    self.imports(rest, is_public(&tokens[..at]), scope)
                }
                [TokenTree::Ident(_), ..] if !continues(&tokens[..at]) => self.path(rest, scope),
                [TokenTree::Group(group), ..] => {
                    if group.delimiter() == Delimiter::Brace {
                        attributes.clear();
                    }
                    self.read(group.stream(), scope);
                    1
                }
                [end, ..] => {
                    if is(end, ';') || is(end, ',') {
                        attributes.clear();
                    }
                    1
                }
                [] => 1,
            };
        }
    }

    fn module(&mut self, name: &str, rest: &[TokenTree], attributes: &[TokenStream], scope: Scope) -> usize {
        let Some(TokenTree::Group(body)) = rest.get(2) else {
            let path = attributes.iter().find_map(path_attribute);
            self.facts.modules.push(Module { name: name.to_owned(), path, for_tests: scope.for_tests });
            return 2;
        };
        if scope.for_tests {
            self.facts.test_lines += last_line(body) + 1 - line(&rest[0]);
        }
        self.read(body.stream(), Scope { depth: scope.depth + 1, ..scope });
        3
    }

    fn function(&mut self, name: &str, rest: &[TokenTree], attributes: &[TokenStream], scope: Scope) -> usize {
        let is_test = attributes.iter().any(is_test);
        let end = rest.iter().position(|token| is(token, ';') || braces(token).is_some());
        let Some(end) = end else { return 2 };
        let for_tests = scope.for_tests || is_test;
        if let Some(body) = braces(&rest[end]) {
            let line = line(&rest[0]);
            let lines = last_line(body) + 1 - line;
            self.facts.functions.push(Function { name: name.to_owned(), line, lines, is_test, for_tests });
        }
        self.read(rest[2..=end].iter().cloned().collect(), Scope { for_tests, ..scope });
        end + 1
    }

    fn imports(&mut self, rest: &[TokenTree], exported: bool, scope: Scope) -> usize {
        let end = rest.iter().position(|token| is(token, ';')).unwrap_or(rest.len());
        for (segments, name, line) in expand(&rest[1..end], &[]) {
            let Scope { depth, for_tests } = scope;
            self.facts.uses.push(Use { segments, name, line, exported, depth, for_tests });
        }
        end
    }

    fn path(&mut self, rest: &[TokenTree], scope: Scope) -> usize {
        let mut segments = vec![rest[0].to_string()];
        let mut length = 1;
        while let [colon, second, TokenTree::Ident(name), ..] = &rest[length..] {
            if !is(colon, ':') || !is(second, ':') {
                break;
            }
            segments.push(name.to_string());
            length += 3;
        }
        if segments.len() > 1 {
            let name = segments.last().cloned().unwrap_or_default();
            let Scope { depth, for_tests } = scope;
            self.facts.uses.push(Use { segments, name, line: line(&rest[0]), exported: false, depth, for_tests });
        }
        length
    }
}

/// The paths of a `use` tree, each with its imported name and line.
fn expand(tokens: &[TokenTree], before: &[String]) -> Vec<(Vec<String>, String, usize)> {
    let mut segments = before.to_vec();
    let mut alias = None;
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(word) if word == "as" => {
                alias = tokens.get(at + 1).map(ToString::to_string);
                at += 1;
            }
            TokenTree::Ident(word) if word == "self" && !segments.is_empty() => {}
            TokenTree::Ident(word) => segments.push(word.to_string()),
            TokenTree::Punct(sign) if sign.as_char() == '*' => segments.push("*".to_owned()),
            TokenTree::Group(group) => {
                let inner: Vec<_> = group.stream().into_iter().collect();
                for branch in inner.split(|token| is(token, ',')).filter(|branch| !branch.is_empty()) {
                    found.extend(expand(branch, &segments));
                }
                return found;
            }
            _ => {}
        }
        at += 1;
    }
    if let (Some(first), Some(last)) = (tokens.first(), segments.last().cloned()) {
        found.push((segments, alias.unwrap_or(last), line(first)));
    }
    found
}

fn is(token: &TokenTree, sign: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign)
}

fn braces(token: &TokenTree) -> Option<&Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
        _ => None,
    }
}

/// Whether the next token continues a path or names a field or method, and so does not begin a path.
fn continues(before: &[TokenTree]) -> bool {
    match before {
        [.., first, second] if is(first, ':') && is(second, ':') => true,
        [.., dot] => is(dot, '.'),
        [] => false,
    }
}

fn is_public(before: &[TokenTree]) -> bool {
    let is_pub = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "pub");
    match before {
        [.., word] if is_pub(word) => true,
        [.., word, TokenTree::Group(_)] => is_pub(word),
        _ => false,
    }
}

fn is_cfg_test(attribute: &TokenStream) -> bool {
    let text = without_spaces(attribute);
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

fn is_test(attribute: &TokenStream) -> bool {
    let text = without_spaces(attribute);
    let name = text.split('(').next().unwrap_or_default();
    name == "test" || name.ends_with("::test")
}

fn path_attribute(attribute: &TokenStream) -> Option<String> {
    let text = without_spaces(attribute);
    Some(text.strip_prefix("path=\"")?.strip_suffix('"')?.to_owned())
}

fn without_spaces(attribute: &TokenStream) -> String {
    attribute.to_string().split_whitespace().collect()
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

fn last_line(group: &Group) -> usize {
    group.span_close().end().line
}

#[cfg(test)]
mod tests {
    use super::Facts;

    fn uses(text: &str) -> Vec<String> {
        Facts::read(text).unwrap().uses.iter().map(|each| each.segments.join("::")).collect()
    }

    #[test]
    fn a_use_is_taken_apart_into_its_paths() {
        let text = "use crate::{a::{self, B}, c::D as E};\nuse super::*;";
        assert_eq!(uses(text), ["crate::a", "crate::a::B", "crate::c::D", "super::*"]);
    }

    #[test]
    fn a_path_is_seen_in_code_and_in_the_arguments_of_a_macro() {
        let text = "fn f() -> crate::a::B { html! { p { (super::c::d()) } } x.y::<T>() }";
        assert_eq!(uses(text), ["crate::a::B", "super::c::d"]);
    }

    #[test]
    fn comments_and_strings_are_no_code() {
        assert!(uses("//! crate::a::B\n/// [`x`](crate::a)\nfn f() { \"crate::a::B\"; }").is_empty());
    }

    #[test]
    fn what_is_only_for_tests_is_marked_and_counted() {
        let text = "#[cfg(test)]\nmod tests {\n    use super::f;\n    #[test]\n    fn it() {\n    }\n}\nfn f() {}";
        let facts = Facts::read(text).unwrap();
        assert!(facts.uses[0].for_tests && facts.uses[0].depth == 1);
        assert_eq!(facts.test_lines, 6);
        let functions: Vec<_> = facts.functions.iter().map(|f| (f.name.as_str(), f.lines, f.is_test)).collect();
        assert_eq!(functions, [("it", 2, true), ("f", 1, false)]);
        assert!(!facts.functions[1].for_tests);
    }

    #[test]
    fn an_attribute_of_tokio_makes_a_test() {
        let facts = Facts::read("#[tokio::test(start_paused = true)]\nasync fn it() {}").unwrap();
        assert!(facts.functions[0].is_test);
    }

    #[test]
    fn a_module_of_another_file_is_declared_with_its_path() {
        let facts = Facts::read("mod a;\n#[path = \"../b.rs\"]\nmod c;\nmod d { mod e; }").unwrap();
        let modules: Vec<_> = facts.modules.iter().map(|each| (each.name.as_str(), each.path.as_deref())).collect();
        assert_eq!(modules, [("a", None), ("c", Some("../b.rs")), ("e", None)]);
    }

    #[test]
    fn a_re_export_is_told_from_an_import() {
        let facts = Facts::read("pub use a::B;\npub(crate) use c::D;\nuse e::F;").unwrap();
        assert_eq!(facts.uses.iter().map(|each| each.exported).collect::<Vec<_>>(), [true, true, false]);
    }
}
