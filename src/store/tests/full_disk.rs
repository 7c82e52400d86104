//! There is no room, or nothing may be written.

use std::os::unix::fs::PermissionsExt;

use offpush_store::{CommitError, History, OpenError, ReadOnlyStore, Store};

use crate::support::{Content, Random, SimDisk, Survival, TemporaryDirectory, batch, content, directory, key, open};

#[test]
fn a_commit_on_a_full_disk_fails_and_a_later_one_succeeds() {
    // Without room a commit is refused with its own error and leaves no trace; with room again the store goes on.
    let disk = SimDisk::new();
    let (mut store, _) = open(&disk);
    let mut expected = Content::new();
    for id in 0..40u64 {
        let put = (key(id), vec![id as u8; 300]);
        disk.set_capacity((id % 4 != 0).then_some(store.size_bytes() as usize + (id as usize % 3) * 100));
        match store.commit(batch(std::slice::from_ref(&put), &[])) {
            Ok(()) => expected.extend([put]),
            Err(error) => assert!(matches!(error, CommitError::NoSpace { .. }), "{error}"),
        }
        assert_eq!(content(&store), expected);
    }
    assert_eq!(expected.len(), 10);
    drop(store);
    let (store, recovery) = open(&disk.after_power_loss(Survival::Everything, &mut Random::new(0)));
    assert_eq!(content(&store), expected);
    assert_eq!((recovery.torn_bytes, recovery.damage.len()), (0, 0));
}

#[test]
fn a_rewrite_on_a_full_disk_fails_and_the_old_log_stays_in_use() {
    // A rewrite that finds no room gives back what it took.
    let disk = SimDisk::new();
    let (mut store, _) = open(&disk);
    for id in 0..20 {
        store.commit(batch(&[(key(id), vec![1; 1000])], &[])).unwrap();
    }
    let before = content(&store);
    disk.set_capacity(Some(store.size_bytes() as usize + 5000));
    let error = store.compact().unwrap_err();
    assert!(matches!(error, CommitError::NoSpace { .. }), "{error}");
    assert_eq!(disk.files(), [directory().join("state.log")]);
    assert_eq!(content(&store), before);
    store.commit(batch(&[(key(99), vec![1; 1000])], &[])).unwrap();
    disk.set_capacity(None);
    store.compact().unwrap();
    assert_eq!(store.len(), 21);
}

#[test]
fn a_commit_whose_rewrite_fails_has_still_succeeded() {
    // The rewrite that a commit starts by itself is not the commit's business, and is tried again later.
    let disk = SimDisk::new();
    let (mut store, _) = open(&disk);
    let value = vec![1; 100_000];
    store.commit(batch(&[(key(0), value.clone())], &[])).unwrap();
    disk.set_capacity(Some(1_350_000));
    for _ in 0..12 {
        store.commit(batch(&[(key(1), value.clone())], &[])).unwrap();
    }
    assert_eq!((store.statistics().failed_compactions, store.statistics().compactions), (1, 0));
    disk.set_capacity(None);
    for _ in 0..20 {
        store.commit(batch(&[(key(1), value.clone())], &[])).unwrap();
    }
    assert_eq!((store.statistics().failed_compactions, store.statistics().compactions), (1, 1));
    assert!(store.size_bytes() < 1_500_000);
}

#[test]
fn a_damaged_log_opens_on_a_full_disk() {
    // The repair needs room; without it the store works on the damaged log, says so, and is repaired once there is room.
    let disk = SimDisk::new();
    let (mut store, _) = open(&disk);
    for id in 0..10 {
        store.commit(batch(&[(key(id), vec![id as u8; 200])], &[])).unwrap();
    }
    drop(store);
    let log = directory().join("state.log");
    let mut bytes = disk.read(&log).unwrap();
    bytes[800] ^= 1;
    let disk = SimDisk::new();
    disk.plant(&log, &bytes);
    disk.set_capacity(Some(bytes.len() + 300));
    let (mut store, recovery) = open(&disk);
    assert!(matches!(recovery.not_repaired, Some(CommitError::NoSpace { .. })), "{recovery:?}");
    assert_eq!(store.len(), 9);
    assert!(store.needs_compaction());
    store.commit(batch(&[(key(50), vec![1; 100])], &[])).unwrap();
    drop(store);
    disk.set_capacity(None);
    let (store, recovery) = open(&disk);
    assert_eq!(store.len(), 10);
    assert!(recovery.set_aside.is_some() && recovery.not_repaired.is_none());
}

#[test]
fn nothing_can_be_opened_for_writing_where_nothing_can_be_written() {
    // A read-only file system is an error that names the file, for a new store and for an existing one.
    let disk = SimDisk::new();
    disk.set_read_only();
    let error = Store::open_with(directory(), Box::new(disk)).unwrap_err();
    assert!(matches!(error, OpenError::Io { .. }) && error.to_string().contains("/store/state.log"), "{error}");
    let disk = SimDisk::new();
    drop(open(&disk));
    disk.set_read_only();
    let error = Store::open_with(directory(), Box::new(disk)).unwrap_err();
    assert!(matches!(error, OpenError::Io { .. }) && error.to_string().contains("/store/state.log"), "{error}");
}

#[test]
fn a_directory_that_is_none_is_an_error() {
    // A file where the directory should be is named in the error.
    let directory = TemporaryDirectory::new();
    let path = directory.path().join("file");
    std::fs::write(&path, "not a directory").unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
    assert!(History::open(&path, 8192).is_err());
    assert!(ReadOnlyStore::open(&path).is_err());
}

#[test]
fn files_belong_to_their_owner_alone() {
    // The directory is created with mode 0700 and every file in it with 0600.
    let directory = TemporaryDirectory::new();
    let path = directory.path().join("deep/store");
    let (mut store, _) = Store::open(&path).unwrap();
    store.commit(batch(&[(key(1), vec![1])], &[])).unwrap();
    store.compact().unwrap();
    History::open(&path, 8192).unwrap().append(1, "event").unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    let files: Vec<_> = std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 3);
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
