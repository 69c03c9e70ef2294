//! Reads links, code spans and headings of a Markdown document, and ignores code blocks.

/// A piece of a document, with its line number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) line: usize,
    pub(super) text: &'a str,
}

/// The lines outside code blocks, with their numbers.
fn prose(document: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    let mut blank_before = true;
    let mut indented_code = false;
    document.lines().enumerate().filter_map(move |(index, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        // An indented code block begins after a blank line; an indented line of a list does not.
        indented_code = line.starts_with("    ") && (blank_before || indented_code);
        blank_before = line.trim().is_empty();
        (!fenced && !fence && !indented_code).then_some((index + 1, line))
    })
}

/// The targets of `[text](target)`.
pub(super) fn links(document: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    for (line, text) in prose(document) {
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, after)) = after.split_once(')') else { break };
            found.push(Piece { line, text: target });
            rest = after;
        }
    }
    found
}

/// The text between backticks.
pub(super) fn code_spans(document: &str) -> Vec<Piece<'_>> {
    let spans = prose(document)
        .flat_map(|(line, text)| text.split('`').skip(1).step_by(2).map(move |text| Piece { line, text }));
    spans.collect()
}

/// Headings without their `#`s.
pub(super) fn headings(document: &str) -> Vec<Piece<'_>> {
    let headings = prose(document).filter(|(_, line)| line.starts_with('#'));
    headings.map(|(line, text)| Piece { line, text: text.trim_start_matches('#').trim() }).collect()
}

/// The anchor that GitHub gives a heading.
pub(super) fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::{Piece, anchor, code_spans, headings, links};

    const DOCUMENT: &str = "# Head\n\nSee [a](b.md#c) and `x.rs`.\n\n    [no](link)\n\n```text\n`no`\n```\n- [d](e)\n";

    #[test]
    fn links_and_spans_are_found_outside_blocks_of_code() {
        assert_eq!(links(DOCUMENT), [Piece { line: 3, text: "b.md#c" }, Piece { line: 10, text: "e" }]);
        assert_eq!(code_spans(DOCUMENT), [Piece { line: 3, text: "x.rs" }]);
    }

    #[test]
    fn a_heading_has_the_anchor_that_a_link_names() {
        assert_eq!(headings(DOCUMENT), [Piece { line: 1, text: "Head" }]);
        assert_eq!(anchor("NixOS, and how far it is checked"), "nixos-and-how-far-it-is-checked");
    }
}
