//! Sizes and memory are bounded, and a value that does not fit says so.

use std::path::Path;

use offpush_store::{
    Batch, CommitError, Disk, EncodeError, FileSystem, MAX_BATCH_BYTES, MAX_RECORD_BYTES, OpenMode, Store,
};
use serde::{Deserialize, Serialize};

use crate::support::{SimDisk, TemporaryDirectory, VERSION, batch, content, key, open, peak_allocation};

/// A long string takes five bytes for its length.
const STRING_HEADER_BYTES: usize = 5;

#[test]
fn a_value_of_the_largest_size_fits_and_one_byte_more_does_not() {
    // A refused value leaves its batch as it was.
    let disk = SimDisk::new();
    let (mut store, _) = open(&disk);
    let largest = "x".repeat(MAX_RECORD_BYTES - STRING_HEADER_BYTES);
    let mut batch = Batch::new();
    batch.put(key(1), VERSION, &largest).unwrap();
    let size = batch.size_bytes();
    let refused = batch.put(key(2), VERSION, &format!("{largest}x"));
    assert_eq!(refused, Err(EncodeError::TooLarge { limit: MAX_RECORD_BYTES }));
    assert_eq!((batch.size_bytes(), batch.len()), (size, 1));
    store.commit(batch).unwrap();
    // As many small integers as fit: in memory they are eight times as large.
    let integers = vec![7u64; MAX_RECORD_BYTES - STRING_HEADER_BYTES];
    let mut batch = Batch::new();
    batch.put(key(2), VERSION, &integers).unwrap();
    store.commit(batch).unwrap();
    drop(store);
    let (store, _) = open(&disk);
    assert_eq!(store.len(), 2);
    assert_eq!(store.get(key(1)).unwrap().unwrap().decode::<String>().unwrap(), largest);
    assert!(store.get(key(2)).unwrap().unwrap().decode::<Vec<u64>>().unwrap() == integers);
}

#[test]
fn a_batch_that_is_full_refuses_more() {
    // Puts stop at the limit; deletions, which cannot fail, are refused with the commit.
    let value = "x".repeat(MAX_RECORD_BYTES - STRING_HEADER_BYTES);
    let mut batch = Batch::new();
    let refused = (0..20).map(|id| batch.put(key(id), VERSION, &value)).find(Result::is_err);
    assert!(matches!(refused, Some(Err(EncodeError::TooLarge { .. }))), "{refused:?}");
    assert!(batch.size_bytes() <= MAX_BATCH_BYTES);
    let (mut store, _) = open(&SimDisk::new());
    store.commit(batch.clone()).unwrap();
    while batch.size_bytes() <= MAX_BATCH_BYTES {
        batch.delete(key(0));
    }
    let error = store.commit(batch).unwrap_err();
    assert!(matches!(error, CommitError::TooLarge { .. }), "{error}");
    assert_eq!(store.len(), 15);
}

#[test]
fn a_value_of_another_type_is_an_error() {
    // Decoding as something else, too long, too short or not that type at all, fails with the version in the text.
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Settings {
        name: String,
        level: Option<u64>,
    }
    let (mut store, _) = open(&SimDisk::new());
    let settings = Settings { name: "settings".into(), level: Some(300) };
    let mut batch = Batch::new();
    batch.put(key(1), 3, &settings).unwrap();
    store.commit(batch).unwrap();
    let value = store.get(key(1)).unwrap().unwrap();
    assert_eq!(value.decode::<Settings>().unwrap(), settings);
    assert!(value.decode::<String>().unwrap_err().to_string().contains("left over"));
    assert!(value.decode::<(Settings, u8)>().unwrap_err().to_string().contains("version 3"));
    assert!(value.decode::<(u8, bool, char, Vec<u64>)>().is_err());
}

#[test]
fn a_length_inside_a_value_allocates_nothing_it_has_no_bytes_for() {
    // Ten bytes that claim to be a string of 2^60 bytes are refused without asking for the memory.
    let (mut store, _) = open(&SimDisk::new());
    let mut batch = Batch::new();
    batch.put(key(1), VERSION, &(0xFDu8, [0u8, 0, 0, 0, 0, 0, 0, 0x10])).unwrap();
    store.commit(batch).unwrap();
    let value = store.get(key(1)).unwrap().unwrap();
    for decodes in [value.decode::<String>().is_ok(), value.decode::<Vec<u8>>().is_ok()] {
        assert!(!decodes);
    }
    let (_, peak, _) = peak_allocation(|| (value.decode::<String>(), value.decode::<Vec<u64>>()));
    assert!(peak < 2 * MAX_RECORD_BYTES, "{peak} bytes");
}

#[test]
fn a_thousand_keys_take_little_memory() {
    // The index of 1,000 values costs less than 64 KiB, however large the values are.
    let directory = TemporaryDirectory::new();
    let fill = |path: &Path| {
        let (mut store, _) = Store::open(path).unwrap();
        for id in 0..1000 {
            store.commit(batch(&[(key(id * 7919), vec![1; 600])], &[])).unwrap();
        }
        store
    };
    let (store, _, held) = peak_allocation(|| fill(directory.path()));
    assert!(held < 64 << 10, "{held} bytes after commits");
    drop(store);
    let ((store, _), peak, held) = peak_allocation(|| Store::open(directory.path()).unwrap());
    assert_eq!(store.len(), 1000);
    assert!(held < 64 << 10, "{held} bytes after opening");
    assert!(peak < 256 << 10, "{peak} bytes while opening");
}

#[test]
fn a_length_in_a_damaged_log_allocates_nothing_it_has_no_bytes_for() {
    // Lengths are checked against the limit and the file before anything is allocated, in large files too.
    let directory = TemporaryDirectory::new();
    let (mut store, _) = Store::open(directory.path()).unwrap();
    store.commit(batch(&[(key(1), vec![1; 100])], &[])).unwrap();
    let start = store.size_bytes();
    store.commit(batch(&[(key(2), vec![2; 100])], &[])).unwrap();
    let expected = content(&store);
    drop(store);
    let path = directory.path().join("state.log");
    for length in [u32::MAX, MAX_BATCH_BYTES as u32 + 1, 1 << 20] {
        let mut file = FileSystem.open(&path, OpenMode::Write).unwrap();
        file.write_at(&length.to_le_bytes(), start + 16).unwrap();
        let (store, peak, _) = peak_allocation(|| Store::open(directory.path()).unwrap().0);
        assert!(peak < 256 << 10, "{peak} bytes");
        assert_eq!(content(&store).get(&key(1)), expected.get(&key(1)));
    }
}

#[test]
fn a_large_log_of_zeros_opens_in_bounded_memory() {
    // A sparse file of 64 MiB behind a commit is looked through in small pieces.
    let directory = TemporaryDirectory::new();
    let (mut store, _) = Store::open(directory.path()).unwrap();
    store.commit(batch(&[(key(1), vec![1; 100])], &[])).unwrap();
    drop(store);
    FileSystem.open(&directory.path().join("state.log"), OpenMode::Write).unwrap().truncate(64 << 20).unwrap();
    let ((store, recovery), peak, _) = peak_allocation(|| Store::open(directory.path()).unwrap());
    assert_eq!((store.len(), recovery.damage.len()), (1, 0));
    assert!(recovery.torn_bytes > 60 << 20);
    assert!(peak < 256 << 10, "{peak} bytes");
}
