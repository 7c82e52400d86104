//! A look at a store from outside.

use std::io;
use std::path::Path;

use crate::codec::Value;
use crate::disk::{Disk, DiskFile, FileSystem, OpenMode};
use crate::error::{OpenError, ReadError};
use crate::format::Key;
use crate::index::Index;
use crate::store::{LOG_FILE, LoadedLog, NEW_FILE, Recovery};

/// The content of a store at one moment, for tools. It takes no lock, writes nothing and repairs nothing; the process
/// that owns the store may commit and rewrite meanwhile, and this keeps showing what was there when it was opened.
pub struct ReadOnlyStore {
    file: Box<dyn DiskFile>,
    index: Index,
    recovery: Recovery,
}

impl ReadOnlyStore {
    /// Reads the store in `directory`.
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        // While a damaged log is replaced, there is for a moment only the new file; then it has the log's name.
        for name in [LOG_FILE, NEW_FILE, LOG_FILE] {
            let path = directory.join(name);
            match FileSystem.open(&path, OpenMode::Read) {
                Ok(file) => {
                    let LoadedLog { file, index, recovery, .. } = LoadedLog::load(file, &path)?;
                    return Ok(Self { file, index, recovery });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(OpenError::io("open", &path)(error)),
            }
        }
        Err(OpenError::Missing { directory: directory.to_owned() })
    }

    /// Reads the value stored under `key`.
    pub fn get(&self, key: Key) -> Result<Option<Value>, ReadError> {
        self.index.read(&*self.file, key)
    }

    /// All keys, in the order of their last writes.
    pub fn keys(&self) -> impl Iterator<Item = Key> + use<> {
        self.index.in_log_order().into_iter().map(|(key, _)| key)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was found: damage, and a commit not yet whole. Nothing of it was repaired or set aside.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }
}
