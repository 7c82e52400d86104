//! Tools look at a store that a process is writing.

use std::sync::atomic::{AtomicBool, Ordering};

use offpush_store::{OpenError, ReadOnlyStore, Store};

use crate::support::{TemporaryDirectory, batch, key};

fn number(store: &ReadOnlyStore, id: u64) -> u64 {
    let bytes: Vec<u8> = store.get(key(id)).unwrap().unwrap().decode().unwrap();
    u64::from_le_bytes(bytes[..8].try_into().unwrap())
}

#[test]
fn a_reader_sees_whole_commits_while_a_writer_commits_and_rewrites() {
    // Two keys that are always written together are equal in every view, and no view is older than the one before.
    let directory = TemporaryDirectory::new();
    let (mut store, _) = Store::open(directory.path()).unwrap();
    let put = |number: u64| [1, 2].map(|id| (key(id), [&number.to_le_bytes()[..], &[0; 3000]].concat()));
    store.commit(batch(&put(0), &[])).unwrap();
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..400 {
                store.commit(batch(&put(number), &[])).unwrap();
                if number % 7 == 0 {
                    store.compact().unwrap();
                }
            }
            is_done.store(true, Ordering::Release);
        });
        let mut last = 0;
        let mut is_last_round = false;
        while !is_last_round {
            is_last_round = is_done.load(Ordering::Acquire);
            let view = ReadOnlyStore::open(directory.path()).unwrap();
            assert!(view.recovery().damage.is_empty(), "{:?}", view.recovery());
            assert_eq!(number(&view, 1), number(&view, 2));
            assert!(number(&view, 1) >= last);
            last = number(&view, 1);
        }
        assert_eq!(last, 399);
    });
}

#[test]
fn a_view_stays_what_it_was() {
    // Later commits and rewrites do not change a view, nor make it unreadable.
    let directory = TemporaryDirectory::new();
    let (mut store, _) = Store::open(directory.path()).unwrap();
    store.commit(batch(&[(key(1), vec![1; 8]), (key(2), vec![2; 8])], &[])).unwrap();
    let view = ReadOnlyStore::open(directory.path()).unwrap();
    store.commit(batch(&[(key(1), vec![9; 8])], &[key(2)])).unwrap();
    store.compact().unwrap();
    assert_eq!(view.keys().collect::<Vec<_>>(), [key(1), key(2)]);
    assert_eq!(number(&view, 1), u64::from_le_bytes([1; 8]));
    assert_eq!(number(&view, 2), u64::from_le_bytes([2; 8]));
    assert_eq!(view.len(), 2);
}

#[test]
fn a_reader_reports_damage_and_changes_nothing() {
    // A damaged log is read as far as it goes, and not a byte of the directory is different afterwards.
    let directory = TemporaryDirectory::new();
    let (mut store, _) = Store::open(directory.path()).unwrap();
    for id in 0..5 {
        store.commit(batch(&[(key(id), vec![1; 100])], &[])).unwrap();
    }
    drop(store);
    let path = directory.path().join("state.log");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[300] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let list = || {
        let mut names: Vec<_> =
            std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names
    };
    let before = list();
    let view = ReadOnlyStore::open(directory.path()).unwrap();
    assert_eq!((view.len(), view.is_empty()), (4, false));
    assert_eq!(view.recovery().damage.len(), 1);
    assert_eq!(view.recovery().set_aside, None);
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert_eq!(list(), before);
}

#[test]
fn a_log_about_to_be_renamed_is_found() {
    // While a damaged log is replaced there is for a moment only the new file, which holds all that was readable.
    let directory = TemporaryDirectory::new();
    let (mut store, _) = Store::open(directory.path()).unwrap();
    store.commit(batch(&[(key(1), vec![1; 100])], &[])).unwrap();
    drop(store);
    std::fs::rename(directory.path().join("state.log"), directory.path().join("state.log.new")).unwrap();
    assert_eq!(ReadOnlyStore::open(directory.path()).unwrap().len(), 1);
}

#[test]
fn a_directory_without_a_store_is_named() {
    // Neither a directory without a store nor one that does not exist is created or filled.
    let directory = TemporaryDirectory::new();
    for path in [directory.path().to_owned(), directory.path().join("nowhere")] {
        let error = ReadOnlyStore::open(&path).err().unwrap();
        assert!(matches!(&error, OpenError::Missing { directory } if *directory == path), "{error}");
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}
