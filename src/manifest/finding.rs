//! What a check found, and where.

use crate::catalogue::Check;
use crate::document::{Attribute, Node, Place};
use crate::edit::Edit;

/// One finding of one check.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The check, with what it breaks and what to do.
    pub check: &'static Check,
    /// The file within an archive, or the file of rules; none: the manifest that was given.
    pub file: Option<String>,
    /// Where in that file.
    pub place: Place,
    /// What it is about: the element and its name, a file, a rule.
    pub subject: String,
    /// What was found there, in a few words; empty where the title says it all.
    pub detail: String,
    pub(crate) edits: Vec<Edit>,
}

impl Finding {
    pub(crate) fn new(check: &'static Check, subject: impl Into<String>) -> Self {
        Self {
            check,
            file: None,
            place: Place::default(),
            subject: subject.into(),
            detail: String::new(),
            edits: Vec::new(),
        }
    }

    /// About an element, at its place.
    pub(crate) fn at(check: &'static Check, node: Node<'_>) -> Self {
        let subject = match node.value("name") {
            Some(name) => format!("{} {name}", node.name()),
            None => node.name().to_owned(),
        };
        Self { place: node.place(), ..Self::new(check, subject) }
    }

    /// At an attribute of that element.
    pub(crate) fn here(mut self, attribute: &Attribute) -> Self {
        self.place = attribute.place;
        self
    }

    pub(crate) fn say(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    pub(crate) fn in_file(mut self, file: &str, line: usize) -> Self {
        self.file = Some(file.to_owned());
        self.place = Place { line: u32::try_from(line).unwrap_or(u32::MAX), column: 1.min(u32::from(line > 0)) };
        self
    }

    pub(crate) fn fix(mut self, edit: Option<Edit>) -> Self {
        self.edits.extend(edit);
        self
    }

    /// Whether `--fix` corrects it.
    #[must_use]
    pub fn is_fixable(&self) -> bool {
        !self.edits.is_empty()
    }
}
