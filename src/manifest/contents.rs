//! What an archive has beside its manifest, as far as the checks ask.

use std::collections::HashMap;

/// A native library in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NativeLibrary {
    /// Its path in the archive.
    pub(crate) path: String,
    /// The folder that names the kind of processor, `arm64-v8a`.
    pub(crate) abi: String,
    pub(crate) name: String,
    pub(crate) is_compressed: bool,
    /// Where its bytes begin in the archive; none where that says nothing (AAB, AAR).
    pub(crate) offset: Option<u64>,
    /// The smallest alignment of its loaded segments; none if it is no library.
    pub(crate) alignment: Option<u64>,
}

/// Classes and what they extend, by names with dots; none where the form does not say what a class extends.
pub(crate) type Classes = HashMap<String, Option<String>>;

/// What an archive has beside its manifest.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// None if no code was looked at.
    pub(crate) classes: Option<Classes>,
    /// None if no archive was looked at.
    pub(crate) libraries: Option<Vec<NativeLibrary>>,
    /// The names of string resources.
    pub(crate) strings: Vec<String>,
}
