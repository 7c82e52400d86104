use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A numbered entry to be sent: `{"n":…, "id":…, "kind":…, "body":…}`.
#[derive(Debug, Clone, Serialize)]
pub struct Entry<B> {
    /// Its number: the first of an epoch or outbox is 1, each next one is one higher.
    pub n: u64,
    /// Its identity, the same under any number. Empty (and left out) where the number alone is enough.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Kind and body.
    #[serde(flatten)]
    pub content: B,
}

/// A numbered entry as received. Its body is decoded apart, so that what cannot be understood can still be taken.
#[derive(Debug, Clone, Deserialize)]
pub struct RawEntry<'a> {
    /// Its number, from 1.
    pub n: u64,
    /// Its identity; empty if it was left out.
    #[serde(borrow, default)]
    pub id: Cow<'a, str>,
    /// Its kind in kebab-case.
    #[serde(borrow)]
    pub kind: Cow<'a, str>,
    /// Its body, not yet looked into.
    #[serde(borrow, default)]
    pub body: Option<&'a RawValue>,
}

impl RawEntry<'_> {
    /// The body's JSON text as received; empty if there is none.
    pub fn body_text(&self) -> &str {
        self.body.map_or("", RawValue::get)
    }
}

/// An entry's content without its number, as it is kept until it is sent.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RawContent<'a> {
    #[serde(borrow)]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) body: Option<&'a RawValue>,
}

/// Decodes the body of an entry of this kind.
pub(crate) fn decode_body<T: DeserializeOwned>(kind: &str, body: Option<&RawValue>) -> Result<T, Undecodable> {
    // As bytes, though it is text already: that reader is in the file anyway, and a second one costs 2 % of it.
    let text = body.map_or("null", RawValue::get).as_bytes();
    serde_json::from_slice(text).map_err(|e| Undecodable::Body { kind: kind.to_owned(), error: e.to_string() })
}

/// Why an entry's content was not understood. It is taken all the same, and reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undecodable {
    /// A kind that this version does not know.
    Kind(String),
    /// A body that does not have the shape its kind asks for.
    Body {
        /// The entry's kind.
        kind: String,
        /// What is wrong, with its place.
        error: String,
    },
}

impl fmt::Display for Undecodable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => write!(f, "unknown kind {kind:?}"),
            Self::Body { kind, error } => write!(f, "malformed {kind}: {error}"),
        }
    }
}

impl std::error::Error for Undecodable {}
