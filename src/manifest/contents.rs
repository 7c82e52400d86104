//! What an archive has beside its manifest, as far as the checks ask.

use std::collections::HashMap;

use crate::document::Document;

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

/// Classes that are kept at most; real apps have some hundred thousand.
const MAXIMUM_CLASSES: usize = 1_000_000;
/// Bytes of their names at most, which a damaged dex file may take from one place again and again; real apps have some
/// ten million.
const MAXIMUM_NAMES: usize = 128 << 20;

/// Classes and what they extend, by names with dots.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    bases: HashMap<String, Option<String>>,
    bytes: usize,
}

impl Classes {
    /// Adds a class, with what it extends where the form says it; false once there are too many.
    pub(crate) fn add(&mut self, name: String, base: Option<String>) -> bool {
        self.bytes += name.len() + base.as_ref().map_or(0, String::len);
        self.bases.insert(name, base);
        self.is_whole()
    }

    /// Whether no class was left out: what is not known whole says nothing of what is missing.
    pub(crate) fn is_whole(&self) -> bool {
        self.bases.len() < MAXIMUM_CLASSES && self.bytes < MAXIMUM_NAMES
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.bases.contains_key(name)
    }

    /// What a class extends, where that is known.
    pub(crate) fn base(&self, name: &str) -> Option<&str> {
        self.bases.get(name)?.as_deref()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.bases.keys().map(String::as_str)
    }
}

/// What an archive has beside its manifest.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// None if no code was looked at.
    pub(crate) classes: Option<Classes>,
    /// None if no archive was looked at.
    pub(crate) libraries: Option<Vec<NativeLibrary>>,
    /// The names of string resources.
    pub(crate) strings: Vec<String>,
    /// The rules for backups that the application names, by what it writes; what was not found is not there.
    pub(crate) backup_rules: HashMap<String, Document>,
}
