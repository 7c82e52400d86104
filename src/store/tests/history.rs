//! The event history.

use offpush_store::{
    AppendError, Disk, DiskFile, EncodeError, FileSystem, History, MIN_SEGMENT_BYTES, OpenMode, Store,
};

use crate::support::{Fault, Random, SimDisk, TemporaryDirectory, batch, directory, key};

fn read(directory: &TemporaryDirectory) -> Vec<u64> {
    History::read(directory.path()).unwrap().map(|value| value.decode::<(u64, String)>().unwrap().0).collect()
}

fn append(history: &mut History, number: u64) {
    history.append(2, &(number, "an event that takes some room")).unwrap();
    history.flush().unwrap();
}

fn current_file(directory: &TemporaryDirectory) -> Box<dyn DiskFile> {
    FileSystem.open(&directory.path().join("history.log"), OpenMode::Write).unwrap()
}

#[test]
fn events_come_back_in_order_with_their_version() {
    // What is appended is read oldest first, across restarts; nothing at all is an empty history.
    let directory = TemporaryDirectory::new();
    assert_eq!(read(&directory), []);
    for round in 0..3 {
        let mut history = History::open(directory.path(), 8192).unwrap();
        for number in 0..10 {
            append(&mut history, round * 10 + number);
        }
    }
    assert_eq!(read(&directory), (0..30).collect::<Vec<_>>());
    assert!(History::read(directory.path()).unwrap().all(|value| value.version == 2));
}

#[test]
fn the_newest_events_are_kept_in_bounded_room() {
    // However many events there are, two segments hold the newest ones without a gap.
    let directory = TemporaryDirectory::new();
    let mut history = History::open(directory.path(), MIN_SEGMENT_BYTES).unwrap();
    for number in 0..2000 {
        append(&mut history, number);
        if number % 97 == 0 {
            history = History::open(directory.path(), MIN_SEGMENT_BYTES).unwrap();
        }
        if number % 50 == 0 {
            let found = read(&directory);
            let oldest = number + 1 - found.len() as u64;
            assert_eq!(found, (oldest..=number).collect::<Vec<_>>());
            assert!(found.len() as u64 > number.min(45), "{} events after {number}", found.len());
            let size = |name| directory.path().join(name).metadata().map_or(0, |metadata| metadata.len());
            assert!(size("history.log") <= MIN_SEGMENT_BYTES && size("history.log.old") <= MIN_SEGMENT_BYTES);
        }
    }
}

#[test]
fn a_torn_event_is_cut_and_the_history_goes_on() {
    // An event that a crash cut short is gone, and the next one is found behind the others.
    let directory = TemporaryDirectory::new();
    let mut history = History::open(directory.path(), 8192).unwrap();
    for number in 0..5 {
        append(&mut history, number);
    }
    drop(history);
    let mut file = current_file(&directory);
    let length = file.length().unwrap();
    file.truncate(length - 7).unwrap();
    assert_eq!(read(&directory), [0, 1, 2, 3]);
    append(&mut History::open(directory.path(), 8192).unwrap(), 5);
    assert_eq!(read(&directory), [0, 1, 2, 3, 5]);
}

#[test]
fn damage_costs_the_events_it_touches() {
    // Whatever byte changes, the other events are there, and new ones are kept.
    let directory = TemporaryDirectory::new();
    let mut history = History::open(directory.path(), 8192).unwrap();
    for number in 0..5 {
        append(&mut history, number);
    }
    drop(history);
    let path = directory.path().join("history.log");
    let bytes = std::fs::read(&path).unwrap();
    for offset in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[offset] ^= 0x41;
        std::fs::write(&path, &damaged).unwrap();
        let _ = std::fs::remove_file(directory.path().join("history.log.old"));
        append(&mut History::open(directory.path(), 8192).unwrap(), 5);
        let found = read(&directory);
        let lost = if offset < 28 { 0 } else { 1 };
        assert_eq!(found.len(), 6 - lost, "byte {offset}: {found:?}");
        assert!(found.is_sorted() && found.last() == Some(&5), "byte {offset}: {found:?}");
    }
}

#[test]
fn noise_does_not_keep_a_history_from_being_opened() {
    // Files of which nothing can be read are written anew.
    let mut random = Random::new(6);
    for length in [0, 1, 27, 28, 500, 9000] {
        let directory = TemporaryDirectory::new();
        std::fs::write(directory.path().join("history.log"), random.bytes(length)).unwrap();
        std::fs::write(directory.path().join("history.log.old"), random.bytes(length)).unwrap();
        assert_eq!(read(&directory), []);
        append(&mut History::open(directory.path(), 8192).unwrap(), 1);
        assert_eq!(read(&directory), [1]);
    }
}

#[test]
fn an_event_larger_than_a_segment_is_refused() {
    // It would leave no room for the others, and the history goes on without it.
    let directory = TemporaryDirectory::new();
    let mut history = History::open(directory.path(), MIN_SEGMENT_BYTES).unwrap();
    let error = history.append(2, &(1u64, "x".repeat(5000))).unwrap_err();
    assert!(matches!(error, AppendError::Encode(EncodeError::TooLarge { .. })), "{error}");
    append(&mut history, 2);
    assert_eq!(read(&directory), [2]);
}

#[test]
fn a_failed_append_costs_its_own_event_alone() {
    // Whatever operations fail, later events are kept, and earlier ones too.
    for (at, count) in (0..220).flat_map(|at| (1..4).map(move |count| (at, count))) {
        let context = format!("{count} operations from {at} on");
        let disk = SimDisk::new();
        let mut history = History::open_with(directory(), MIN_SEGMENT_BYTES, Box::new(disk.clone())).unwrap();
        disk.set_fault(Some(Fault::Errors(at, count)));
        let mut append = |number: u64| {
            history.append(1, &vec![number; 1 + number as usize % 9])?;
            history.flush()
        };
        let failed = (0..200).filter(|number| append(*number).is_err()).count();
        assert!((1..=count as usize).contains(&failed) || at > 190, "{context}: {failed} failed");
        drop(history);
        let directory_on_disk = TemporaryDirectory::new();
        for name in ["history.log", "history.log.old"] {
            if let Some(bytes) = disk.read(&directory().join(name)) {
                std::fs::write(directory_on_disk.path().join(name), bytes).unwrap();
            }
        }
        let events = History::read(directory_on_disk.path()).unwrap();
        let found: Vec<u64> = events.map(|value| value.decode::<Vec<u64>>().unwrap()[0]).collect();
        assert!(found.len() >= 80 && found.last() >= Some(&196), "{context}: {found:?}");
        let missing = found[found.len() - 1] + 1 - found[0] - found.len() as u64;
        assert!(missing <= failed as u64, "{context}: {found:?}");
    }
}

#[test]
fn a_rotation_while_reading_repeats_no_event() {
    // A reader that finds the same segment under both names gives each event once.
    let directory = TemporaryDirectory::new();
    let mut history = History::open(directory.path(), 8192).unwrap();
    for number in 0..5 {
        append(&mut history, number);
    }
    std::fs::copy(directory.path().join("history.log"), directory.path().join("history.log.old")).unwrap();
    assert_eq!(read(&directory), [0, 1, 2, 3, 4]);
}

#[test]
fn the_state_does_not_depend_on_the_history() {
    // With the history gone or in shreds, the store opens as if nothing had happened.
    let directory = TemporaryDirectory::new();
    let (mut store, _) = Store::open(directory.path()).unwrap();
    store.commit(batch(&[(key(1), vec![1])], &[])).unwrap();
    append(&mut History::open(directory.path(), 8192).unwrap(), 1);
    drop(store);
    std::fs::write(directory.path().join("history.log"), [0xA5; 3000]).unwrap();
    let (store, recovery) = Store::open(directory.path()).unwrap();
    assert!(store.contains(key(1)));
    assert!(recovery.damage.is_empty());
}

#[test]
fn what_was_not_flushed_is_written_in_one_write_when_asked_or_dropped() {
    // Events collect in memory; a flush or the end of the history brings them to the file, in order.
    let directory = TemporaryDirectory::new();
    let mut history = History::open(directory.path(), 8192).unwrap();
    for number in 0..3 {
        history.append(2, &(number as u64, "collected")).unwrap();
    }
    assert_eq!(read(&directory), []);
    history.flush().unwrap();
    assert_eq!(read(&directory), [0, 1, 2]);
    history.append(2, &(3u64, "collected")).unwrap();
    drop(history);
    assert_eq!(read(&directory), [0, 1, 2, 3]);
}
