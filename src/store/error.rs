//! What can go wrong, and where.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::format::{FORMAT_VERSION, Key};

/// A value that cannot be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EncodeError {
    /// It takes more room than a value may have, or than is left in its batch.
    TooLarge {
        /// The room there was, in bytes.
        limit: usize,
    },
    /// Its type has a shape that the encoding has no form for, such as a sequence of unknown length.
    Unsupported {
        /// What the encoder said.
        what: String,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => {
                write!(formatter, "the value takes more than the {limit} bytes there is room for")
            }
            Self::Unsupported { what } => write!(formatter, "the value cannot be encoded: {what}"),
        }
    }
}

impl Error for EncodeError {}

/// A stored value that is not of the type it was decoded as.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// The version the value was stored with.
    pub version: u16,
    /// What the decoder said.
    pub what: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a value of version {} cannot be decoded: {}", self.version, self.what)
    }
}

impl Error for DecodeError {}

/// A store that cannot be opened. Nothing was changed.
#[derive(Debug)]
pub enum OpenError {
    /// Another process, or another part of this one, has it open.
    Locked {
        /// Who, if it could be read.
        pid: Option<u32>,
        /// The store's directory.
        directory: PathBuf,
    },
    /// It was written by a later version of this software.
    NewerFormat {
        /// The version found.
        version: u32,
        /// The file.
        file: PathBuf,
    },
    /// There is no store in the directory. Only tools that do not create one get this.
    Missing {
        /// The directory.
        directory: PathBuf,
    },
    /// The operating system refused something.
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

impl OpenError {
    /// For `map_err`.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked { pid: Some(pid), directory } => {
                write!(formatter, "{} is in use by process {pid}; stop it first", directory.display())
            }
            Self::Locked { pid: None, directory } => {
                write!(formatter, "{} is in use by another process; stop it first", directory.display())
            }
            Self::NewerFormat { version, file } => write!(
                formatter,
                "{} has format version {version}, and this software knows {FORMAT_VERSION}: install the version that \
                 wrote it, or move the file away to start anew",
                file.display()
            ),
            Self::Missing { directory } => write!(formatter, "there is no store in {}", directory.display()),
            Self::Io { action, path, source } => write!(formatter, "cannot {action} {}: {source}", path.display()),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// A commit or rewrite that did not happen. Nothing of it is visible, what was committed before is there, and a later
/// one may succeed.
#[derive(Debug)]
pub enum CommitError {
    /// The batch is larger than [`MAX_BATCH_BYTES`](crate::MAX_BATCH_BYTES).
    TooLarge {
        /// Its size, in bytes.
        bytes: usize,
    },
    /// The disk, or the quota, is full.
    NoSpace {
        /// What was being done.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
    /// The operating system failed to do something else.
    Io {
        /// What was being done.
        action: &'static str,
        /// What it said.
        source: io::Error,
    },
    /// A rewrite met a stored value that is no longer what was written.
    Damaged(ReadError),
}

impl CommitError {
    /// For `map_err`.
    pub(crate) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::NoSpace { action, source },
            _ => Self::Io { action, source },
        }
    }
}

impl fmt::Display for CommitError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes } => write!(formatter, "a commit of {bytes} bytes is too large"),
            Self::NoSpace { action, source } => write!(formatter, "no space left to {action}: {source}"),
            Self::Io { action, source } => write!(formatter, "cannot {action}: {source}"),
            Self::Damaged(error) => write!(formatter, "cannot rewrite the store: {error}"),
        }
    }
}

impl Error for CommitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::TooLarge { .. } => None,
            Self::NoSpace { source, .. } | Self::Io { source, .. } => Some(source),
            Self::Damaged(error) => Some(error),
        }
    }
}

/// An event that is not in the history.
#[derive(Debug)]
pub enum AppendError {
    /// It cannot be stored.
    Encode(EncodeError),
    /// The operating system could not write it.
    Io(io::Error),
}

impl fmt::Display for AppendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encode(error) => write!(formatter, "cannot add to the history: {error}"),
            Self::Io(error) => write!(formatter, "cannot write the history: {error}"),
        }
    }
}

impl Error for AppendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Encode(error) => Some(error),
            Self::Io(error) => Some(error),
        }
    }
}

/// A stored value that cannot be read.
#[derive(Debug)]
pub enum ReadError {
    /// The file no longer holds what was written: it was damaged after the store was opened.
    Damaged {
        /// The value's key.
        key: Key,
        /// Where its record is in the file.
        offset: u64,
    },
    /// The operating system could not read it.
    Io {
        /// The value's key.
        key: Key,
        /// What it said.
        source: io::Error,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { key, offset } => write!(formatter, "the value of {key} at offset {offset} is damaged"),
            Self::Io { key, source } => write!(formatter, "the value of {key} cannot be read: {source}"),
        }
    }
}

impl Error for ReadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Damaged { .. } => None,
            Self::Io { source, .. } => Some(source),
        }
    }
}
