//! Corrections of a text by byte ranges: whatever is not corrected stays as it was, byte for byte.

use std::ops::Range;

use crate::document::{Attribute, Node};

/// One replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
}

/// Applies edits in groups: each group whole, or not at all if it meets an earlier one; then it is for another round.
///
/// Returns none if there is nothing to apply.
pub(crate) fn apply<'e>(text: &str, groups: impl Iterator<Item = &'e [Edit]>) -> Option<String> {
    let mut taken: Vec<&Edit> = Vec::new();
    for group in groups {
        if group.iter().all(|edit| !taken.iter().any(|other| meet(edit, other))) {
            taken.extend(group);
        }
    }
    taken.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut result = String::with_capacity(text.len() + 256);
    let mut done = 0;
    for edit in &taken {
        result.push_str(text.get(done..edit.range.start)?);
        result.push_str(&edit.text);
        done = edit.range.end;
    }
    result.push_str(text.get(done..)?);
    (!taken.is_empty()).then_some(result)
}

/// Whether two edits cannot both be made: they replace the same byte, or say the same. Insertions at one place follow
/// one another.
fn meet(a: &Edit, b: &Edit) -> bool {
    let (x, y) = (&a.range, &b.range);
    a == b || x.start < y.end && y.start < x.end || x.start == y.start && x.is_empty() != y.is_empty()
}

/// Text as the value of an attribute in double quotes or single ones. Line ends and tabs would be read as blanks.
pub(crate) fn escaped(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' | '\r' | '\t' => escaped.push_str(&format!("&#{};", u32::from(character))),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Writes another value between an attribute's quotes.
pub(crate) fn set_value(node: Node<'_>, attribute: &Attribute, value: &str) -> Option<Edit> {
    node.text()?;
    Some(Edit { range: attribute.value_range.clone(), text: escaped(value) })
}

/// Writes `android:NAME="VALUE"`, over the value that is there or behind the last attribute.
pub(crate) fn set(node: Node<'_>, name: &str, value: &str) -> Option<Edit> {
    if let Some(attribute) = node.android(name) {
        return set_value(node, attribute, value);
    }
    let text = node.text()?;
    let written = format!("{}:{name}=\"{}\"", node.prefix(), escaped(value));
    let Some(last) = node.attributes().iter().max_by_key(|attribute| attribute.range.end) else {
        let at = node.element().range.start + 1 + node.tag()?.len();
        return Some(Edit { range: at..at, text: format!(" {written}") });
    };
    let at = last.range.end;
    // An attribute on a line of its own is followed by another such.
    let line = line_start(text, last.range.start);
    let before = text.get(line..last.range.start)?;
    let gap = if before.trim().is_empty() { format!("{}{before}", node.line_end()) } else { " ".to_owned() };
    Some(Edit { range: at..at, text: gap + &written })
}

/// Takes an attribute out, with the space before it.
pub(crate) fn remove_attribute(node: Node<'_>, attribute: &Attribute) -> Option<Edit> {
    let before = node.text()?.get(..attribute.range.start)?.trim_end().len();
    Some(Edit { range: before..attribute.range.end, text: String::new() })
}

/// Takes an element out, with its lines if nothing else is on them.
pub(crate) fn remove(node: Node<'_>) -> Option<Edit> {
    let text = node.text()?;
    let Range { start, end } = node.element().range.clone();
    let line = line_start(text, start);
    let rest = text.get(end..)?;
    let line_after = rest.find('\n').map_or(text.len(), |at| end + at + 1);
    let alone = text.get(line..start)?.trim().is_empty() && text.get(end..line_after)?.trim().is_empty();
    Some(Edit { range: if alone { line..line_after } else { start..end }, text: String::new() })
}

/// Adds lines in front of an element, indented as it is.
pub(crate) fn insert_before(node: Node<'_>, lines: &[&str]) -> Option<Edit> {
    let text = node.text()?;
    let at = node.element().range.start;
    let before = text.get(line_start(text, at)..at)?;
    let indent = if before.trim().is_empty() { before } else { "" };
    let added: String =
        lines.iter().map(|line| format!("{}{}{indent}", prefixed(node, line), node.line_end())).collect();
    Some(Edit { range: at..at, text: added })
}

/// Adds lines as the first children of an element, one step deeper than it.
pub(crate) fn insert_inside(node: Node<'_>, lines: &[&str]) -> Option<Edit> {
    let text = node.text()?;
    let start = node.element().range.start;
    let end = opening_end(text, start)?;
    let before = text.get(line_start(text, start)..start)?;
    let outer = if before.trim().is_empty() { before } else { "" };
    let inner: String =
        lines.iter().map(|line| format!("{}{outer}    {}", node.line_end(), prefixed(node, line))).collect();
    let opening = text.get(start..=end)?;
    if let Some(open) = opening.strip_suffix("/>") {
        let closed = start + open.trim_end().len();
        let closing = format!(">{inner}{}{outer}</{}>", node.line_end(), node.tag()?);
        return Some(Edit { range: closed..end + 1, text: closing });
    }
    Some(Edit { range: end + 1..end + 1, text: inner })
}

/// A line of ours, with the document's own prefix for Android's namespace.
fn prefixed(node: Node<'_>, line: &str) -> String {
    if node.prefix() == "android" { line.to_owned() } else { line.replace("android:", &format!("{}:", node.prefix())) }
}

/// The byte of the `>` that ends the tag which begins at `start`.
fn opening_end(text: &str, start: usize) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in text.as_bytes().get(start..)?.iter().copied().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(start + at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
}
