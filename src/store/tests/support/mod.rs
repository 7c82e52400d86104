//! What the tests share: a simulated disk, a random number generator, a directory, an allocator that counts.

mod allocator;
mod disk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use offpush_store::{Batch, Key, Recovery, Store};

pub(crate) use allocator::peak_allocation;
pub(crate) use disk::{Fault, SimDisk, Survival};

/// The version under which the tests store their values.
pub(crate) const VERSION: u16 = 7;

/// What a store holds.
pub(crate) type Content = BTreeMap<Key, Vec<u8>>;

pub(crate) fn key(id: u64) -> Key {
    Key { kind: 1, id }
}

/// The directory of a store on a simulated disk.
pub(crate) fn directory() -> &'static Path {
    Path::new("/store")
}

pub(crate) fn open(disk: &SimDisk) -> (Store, Recovery) {
    Store::open_with(directory(), Box::new(disk.clone())).unwrap()
}

pub(crate) fn batch(puts: &[(Key, Vec<u8>)], deletes: &[Key]) -> Batch {
    let mut batch = Batch::new();
    for (key, value) in puts {
        batch.put(*key, VERSION, value).unwrap();
    }
    for key in deletes {
        batch.delete(*key);
    }
    batch
}

pub(crate) fn content(store: &Store) -> Content {
    let read = |key| {
        let value = store.get(key).unwrap().unwrap();
        assert_eq!(value.version, VERSION);
        (key, value.decode().unwrap())
    };
    store.keys().map(read).collect()
}

/// SplitMix64: the same seed gives the same numbers, on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// In `0..end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn flip(&mut self) -> bool {
        self.next() & 1 == 1
    }

    pub(crate) fn bytes(&mut self, length: u64) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

/// A directory of its own on the real file system, removed at the end.
pub(crate) struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("offpush-store-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
