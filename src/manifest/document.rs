//! One tree for all forms of a manifest: text, binary and protobuf are read into it.

use std::ops::Range;

/// Elements of a document at most: the largest manifests of real apps have some thousand, and checks compare some of
/// them with one another.
pub(crate) const MAXIMUM_ELEMENTS: usize = 20_000;
/// Bytes of its names and values at most: in a binary form many attributes may share one text. A text of the largest
/// size that is read has fewer.
pub(crate) const MAXIMUM_TEXT: usize = 8 << 20;
/// How deep elements may be nested: Android's own are six deep.
pub(crate) const MAXIMUM_DEPTH: usize = 64;
/// The namespace of `android:name` and its like.
pub(crate) const ANDROID: &str = "http://schemas.android.com/apk/res/android";
/// The namespace of instructions to the build tools, `tools:node` and its like.
pub(crate) const TOOLS: &str = "http://schemas.android.com/tools";

/// Where something stands in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1; 0 where the form of the file does not keep lines.
    pub line: u32,
    /// The column in characters, from 1; 0 where the form of the file does not keep columns.
    pub column: u32,
}

/// What an attribute's name belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    /// No namespace.
    None,
    Android,
    Tools,
    Other,
}

impl Space {
    pub(crate) fn of(uri: Option<&str>) -> Self {
        match uri {
            None | Some("") => Self::None,
            Some(ANDROID) => Self::Android,
            Some(TOOLS) => Self::Tools,
            Some(_) => Self::Other,
        }
    }
}

/// What the build tools make of an attribute's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// An integer, flags, or a floating point number.
    Number,
    Boolean,
    /// A resource whose value is not known here.
    Reference,
}

#[derive(Debug, Clone)]
pub(crate) struct Attribute {
    pub(crate) space: Space,
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    /// In a text: name to closing quote.
    pub(crate) range: Range<usize>,
    /// In a text: between the quotes.
    pub(crate) value_range: Range<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) parent: Option<usize>,
    pub(crate) children: Vec<usize>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) place: Place,
    /// In a text: from `<` to the `>` of the closing tag.
    pub(crate) range: Range<usize>,
}

/// A tree of elements; the first is the root. An arena, so that neither a walk nor the end of it needs a deep stack.
#[derive(Debug, Clone, Default)]
pub(crate) struct Document {
    pub(crate) elements: Vec<Element>,
    /// Bytes of all names and values.
    pub(crate) bytes: usize,
    /// The text that it was read from.
    pub(crate) text: Option<String>,
    /// What stands for Android's namespace in the text.
    pub(crate) prefix: Option<String>,
    /// Whether lines of the text end as Windows has it.
    pub(crate) has_carriage_returns: bool,
}

/// Why a document is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TreeError {
    ManyElements,
    LongTexts,
    Deep,
}

impl std::fmt::Display for TreeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ManyElements => write!(f, "it has more than {MAXIMUM_ELEMENTS} elements"),
            Self::LongTexts => write!(f, "its names and values have more than {MAXIMUM_TEXT} bytes"),
            Self::Deep => write!(f, "its elements are nested more than {MAXIMUM_DEPTH} deep"),
        }
    }
}

impl Document {
    /// Adds an element under its parent and returns its index.
    pub(crate) fn add(&mut self, element: Element) -> Result<usize, TreeError> {
        let index = self.elements.len();
        if index >= MAXIMUM_ELEMENTS {
            return Err(TreeError::ManyElements);
        }
        let texts = element.attributes.iter().map(|attribute| attribute.name.len() + attribute.value.len());
        self.bytes += element.name.len() + texts.sum::<usize>();
        if self.bytes > MAXIMUM_TEXT {
            return Err(TreeError::LongTexts);
        }
        let mut depth = 0;
        let mut above = element.parent;
        while let Some(parent) = above {
            depth += 1;
            above = self.elements[parent].parent;
        }
        if depth >= MAXIMUM_DEPTH {
            return Err(TreeError::Deep);
        }
        if let Some(parent) = element.parent {
            self.elements[parent].children.push(index);
        }
        self.elements.push(element);
        Ok(index)
    }

    pub(crate) fn root(&self) -> Option<Node<'_>> {
        (!self.elements.is_empty()).then_some(Node { document: self, index: 0 })
    }

    /// All elements, parents before their children.
    pub(crate) fn all(&self) -> impl Iterator<Item = Node<'_>> {
        (0..self.elements.len()).map(|index| Node { document: self, index })
    }
}

/// An element in its document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node<'d> {
    document: &'d Document,
    index: usize,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && std::ptr::eq(self.document, other.document)
    }
}

impl<'d> Node<'d> {
    pub(crate) fn element(self) -> &'d Element {
        &self.document.elements[self.index]
    }

    pub(crate) fn name(self) -> &'d str {
        &self.element().name
    }

    /// The whole text that the document was read from; none if it was read from a binary form.
    pub(crate) fn text(self) -> Option<&'d str> {
        self.document.text.as_deref()
    }

    /// The prefix of Android's namespace.
    pub(crate) fn prefix(self) -> &'d str {
        self.document.prefix.as_deref().unwrap_or("android")
    }

    /// How lines of the text end.
    pub(crate) fn line_end(self) -> &'static str {
        if self.document.has_carriage_returns { "\r\n" } else { "\n" }
    }

    /// The tag as it is written, with its prefix.
    pub(crate) fn tag(self) -> Option<&'d str> {
        let rest = self.text()?.get(self.element().range.start + 1..)?;
        rest.split(|c: char| c.is_whitespace() || c == '>' || c == '/').next()
    }

    pub(crate) fn place(self) -> Place {
        self.element().place
    }

    pub(crate) fn parent(self) -> Option<Self> {
        self.element().parent.map(|index| Self { document: self.document, index })
    }

    pub(crate) fn children(self) -> impl Iterator<Item = Self> {
        self.element().children.iter().map(move |&index| Self { document: self.document, index })
    }

    pub(crate) fn children_named(self, name: &str) -> impl Iterator<Item = Self> {
        self.children().filter(move |child| child.name() == name)
    }

    pub(crate) fn attributes(self) -> &'d [Attribute] {
        &self.element().attributes
    }

    pub(crate) fn find(self, space: Space, name: &str) -> Option<&'d Attribute> {
        self.attributes().iter().find(|attribute| attribute.space == space && attribute.name == name)
    }

    /// The attribute `android:NAME`.
    pub(crate) fn android(self, name: &str) -> Option<&'d Attribute> {
        self.find(Space::Android, name)
    }

    /// The value of `android:NAME`.
    pub(crate) fn value(self, name: &str) -> Option<&'d str> {
        self.android(name).map(|attribute| attribute.value.as_str())
    }

    /// Whether `android:NAME` is written and true, or written and false; none if it is not written or not known.
    pub(crate) fn flag(self, name: &str) -> Option<bool> {
        match self.value(name)? {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The value of `tools:NAME`.
    pub(crate) fn tools(self, name: &str) -> Option<&'d str> {
        self.find(Space::Tools, name).map(|attribute| attribute.value.as_str())
    }

    /// Whether the build tools take this element out, `tools:node="remove"`.
    pub(crate) fn is_removed(self) -> bool {
        matches!(self.tools("node"), Some("remove" | "removeAll"))
    }
}
