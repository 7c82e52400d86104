//! Reads a manifest as text, with the place and the byte range of everything, so that it can be corrected.

use crate::document::{ANDROID, Attribute, Document, Element, Kind, MAXIMUM_ELEMENTS, Place, Space, TreeError};

/// Reads a text.
///
/// # Errors
/// Not well-formed, with a document type, too deep or too large.
pub(crate) fn read(text: &str) -> Result<Document, TextError> {
    let limit = u32::try_from(MAXIMUM_ELEMENTS * 4).unwrap_or(u32::MAX);
    let options = roxmltree::ParsingOptions { allow_dtd: false, nodes_limit: limit, ..Default::default() };
    let parsed = roxmltree::Document::parse_with_options(text, options).map_err(TextError::Syntax)?;
    let lines = Lines::new(text);
    let prefix = parsed.root_element().lookup_prefix(ANDROID).map(str::to_owned);
    let mut document = Document {
        text: Some(text.to_owned()),
        prefix,
        has_carriage_returns: text.contains("\r\n"),
        ..Document::default()
    };
    // Elements come parents first; the last open one of each depth is the parent of the next depth.
    let mut open: Vec<(roxmltree::NodeId, usize)> = Vec::new();
    for node in parsed.root().descendants().filter(roxmltree::Node::is_element) {
        let above = node.parent().map(|parent| parent.id());
        while open.last().is_some_and(|&(id, _)| Some(id) != above) {
            open.pop();
        }
        let attributes = node
            .attributes()
            .map(|attribute| Attribute {
                space: Space::of(attribute.namespace()),
                name: attribute.name().to_owned(),
                value: attribute.value().to_owned(),
                kind: kind(attribute.value()),
                place: lines.place(attribute.range().start),
                range: attribute.range(),
                value_range: attribute.range_value(),
            })
            .collect();
        let index = document
            .add(Element {
                name: node.tag_name().name().to_owned(),
                parent: open.last().map(|&(_, index)| index),
                children: Vec::new(),
                attributes,
                place: lines.place(node.range().start),
                range: node.range(),
            })
            .map_err(TextError::Tree)?;
        open.push((node.id(), index));
    }
    Ok(document)
}

/// What aapt2 makes of a text where no type is demanded (`ResourceUtils::TryParseItemForAttribute`): a reference, a
/// truth value, a number, else text.
pub(crate) fn kind(text: &str) -> Kind {
    let text = text.trim();
    if text.starts_with('@') || text.starts_with('?') {
        return Kind::Reference;
    }
    if matches!(text, "true" | "TRUE" | "True" | "false" | "FALSE" | "False") {
        return Kind::Boolean;
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    let is_number = match hexadecimal {
        Some(digits) => !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()),
        None => digits.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_ok(),
    };
    if is_number { Kind::Number } else { Kind::Text }
}

/// Why a text is no document.
#[derive(Debug)]
pub(crate) enum TextError {
    Syntax(roxmltree::Error),
    Tree(TreeError),
}

impl std::fmt::Display for TextError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(error) => error.fmt(f),
            Self::Tree(error) => error.fmt(f),
        }
    }
}

impl TextError {
    /// Where the text stops being a document.
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Syntax(error) => Place { line: error.pos().row, column: error.pos().col },
            Self::Tree(_) => Place::default(),
        }
    }
}

/// Where each line begins.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// The place of a byte.
    pub(crate) fn place(&self, at: usize) -> Place {
        let line = self.starts.partition_point(|&start| start <= at);
        let start = self.starts.get(line.wrapping_sub(1)).copied().unwrap_or(0);
        let column = self.text.get(start..at).map_or(0, |before| before.chars().count());
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Place { line: number(line), column: number(column + 1) }
    }
}
