//! Why a text is not read, and why an intent is not printed.

use core::fmt;

/// Why [`Intent::parse`](crate::Intent::parse) refuses a text, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseError {
    /// The place in the text, in bytes from its start: where the item begins that cannot be read.
    pub at: usize,
    /// What is wrong there.
    pub problem: ParseProblem,
}

/// What is wrong with an intent URI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseProblem {
    /// The text ends before `end`.
    MissingEnd,
    /// No `;` ends the item.
    MissingSemicolon,
    /// The item has no `=`.
    MissingEquals,
    /// The item is neither one of Android 14's names nor an extra of one of its types (S B b c d f i l s).
    UnknownItem,
    /// The value is no number, or out of the range of its type.
    Number,
    /// The number is written with digits other than 0 to 9. Android reads them.
    ForeignDigits,
    /// The number is a hexadecimal fraction. Android reads it.
    HexadecimalFraction,
    /// A character extra is empty.
    EmptyCharacter,
    /// The component is no `package/class`. Android drops it, and the intent is open to every app.
    Component,
    /// `%` is not followed by two hexadecimal digits, or what they say is not UTF-8. Android puts U+FFFD there.
    Escape,
    /// `android-app:` ends before it can be told what follows.
    AndroidApp,
    /// A field of the old grammar has no `)`.
    MissingParenthesis,
    /// An extra of the old grammar is not `TypeKey=value`, or nothing separates it from the next.
    OldExtra,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.at, self.problem)
    }
}

impl fmt::Display for ParseProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingEnd => "the text stops here; an intent URI closes with \"end\"",
            Self::MissingSemicolon => "this item has no \";\" at its end",
            Self::MissingEquals => "this item has no \"=\"",
            Self::UnknownItem => {
                "this is neither a field nor an extra; an extra begins with its type and a dot (S. B. b. c. d. f. i. l. s.)"
            }
            Self::Number => "this is not a number of the type it should have",
            Self::ForeignDigits => "numbers are written with the digits 0 to 9",
            Self::HexadecimalFraction => "fractions are written as decimals, not in hexadecimal",
            Self::EmptyCharacter => "a character extra (c.) needs a character",
            Self::Component => "a component is package/class or package/.Class; Android would ignore this one",
            Self::Escape => "\"%\" and two hexadecimal digits stand for a byte of UTF-8; a plain percent sign is %25",
            Self::AndroidApp => "android-app: is followed by //package",
            Self::MissingParenthesis => "this field has no \")\"",
            Self::OldExtra => "an extra in extras(…) is a type letter, a key, \"=\" and a value, then \"!\" or \")\"",
        })
    }
}

impl core::error::Error for ParseError {}

/// Why [`Intent::to_uri`](crate::Intent::to_uri) prints nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrintError {
    /// An `android-app:` URI needs a package. Android throws here too.
    NoPackage,
    /// The text would not be read at all. Android prints it.
    Unreadable(ParseError),
    /// The text would be read as another intent. Android prints it.
    Changed {
        /// The first field that would differ, by its name in [`Intent`](crate::Intent).
        field: &'static str,
    },
}

impl fmt::Display for PrintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPackage => f.write_str("an android-app: URI needs a package"),
            Self::Unreadable(error) => {
                write!(f, "no URI of this form says this intent: it could not be read ({error})")
            }
            Self::Changed { field } => write!(f, "no URI of this form says this intent: its {field} would change"),
        }
    }
}

impl core::error::Error for PrintError {}
