//! Files that were written by earlier versions. They are never changed: a new version adds its own.
//!
//! Those of version 1 were written by another program, from the description in `format.rs` alone.

use offpush_store::{FORMAT_VERSION, History, Key, ReadOnlyStore, Store};

use crate::support::TemporaryDirectory;

const STATE_V1: &[u8] = include_bytes!("golden/state-v1.log");
const HISTORY_V1: &[u8] = include_bytes!("golden/history-v1.log");

type Person = (String, Option<u64>, Vec<i32>);

#[test]
fn a_state_file_of_version_1_holds_what_was_written() {
    // Two commits, with a value replaced and another deleted, read by the store and by the reader without a lock.
    assert_eq!(FORMAT_VERSION, 1);
    let directory = TemporaryDirectory::new();
    let path = directory.path().join("state.log");
    std::fs::write(&path, STATE_V1).unwrap();
    let view = ReadOnlyStore::open(directory.path()).unwrap();
    let (store, recovery) = Store::open(directory.path()).unwrap();
    assert_eq!((recovery.commits, recovery.torn_bytes, recovery.damage.len()), (2, 0, 0));
    let person = Key { kind: 1, id: 0x0102_0304_0506_0708 };
    let flag = Key { kind: 0xFFFE, id: 2 };
    assert_eq!(store.keys().collect::<Vec<_>>(), [flag, person]);
    assert_eq!(view.keys().collect::<Vec<_>>(), [flag, person]);
    for value in [store.get(person).unwrap().unwrap(), view.get(person).unwrap().unwrap()] {
        assert_eq!(value.version, 3);
        assert_eq!(value.decode::<Person>().unwrap(), ("Zo\u{eb}".into(), Some(70_000), vec![-1, 300]));
    }
    let value = store.get(flag).unwrap().unwrap();
    assert_eq!((value.version, value.decode::<bool>().unwrap()), (0, true));
    assert_eq!(std::fs::read(&path).unwrap(), STATE_V1);
}

#[test]
fn a_history_file_of_version_1_holds_what_was_written() {
    // Two events, of different versions.
    let directory = TemporaryDirectory::new();
    std::fs::write(directory.path().join("history.log"), HISTORY_V1).unwrap();
    let events: Vec<_> = History::read(directory.path()).unwrap().collect();
    assert_eq!(events.len(), 2);
    assert_eq!((events[0].version, events[0].decode::<String>().unwrap()), (1, "started".into()));
    assert_eq!((events[1].version, events[1].decode::<(u16, bool)>().unwrap()), (2, (251, false)));
}
