//! Bytes of the file change, vanish or turn to zeros.

use std::collections::BTreeSet;
use std::path::PathBuf;

use offpush_store::{DamageKind, Key, OpenError, Store};

use crate::support::{Content, Random, SimDisk, Survival, batch, content, directory, key, open};

const COMMITS: u64 = 12;
const HEADER_BYTES: usize = 28;

fn log() -> PathBuf {
    directory().join("state.log")
}

/// A log, and for each of its commits where it ends and what it holds: two keys that no other commit has.
fn sample() -> (Vec<u8>, Vec<(usize, Content)>) {
    let disk = SimDisk::new();
    let (mut store, _) = open(&disk);
    let mut random = Random::new(2);
    let mut commits = Vec::new();
    for number in 0..COMMITS {
        let length = random.below(60);
        let puts = [(key(number), random.bytes(length)), (Key { kind: 900, id: number }, random.bytes(5))];
        store.commit(batch(&puts, &[])).unwrap();
        commits.push((store.size_bytes() as usize, Content::from(puts)));
    }
    (disk.read(&log()).unwrap(), commits)
}

fn open_log(bytes: &[u8]) -> (SimDisk, Store, offpush_store::Recovery) {
    let disk = SimDisk::new();
    disk.plant(&log(), bytes);
    let (store, recovery) = open(&disk);
    (disk, store, recovery)
}

/// Opens a log of which `damaged` was touched: all other commits must be there, and none of the touched ones in part.
fn assert_others_survive(bytes: &[u8], damaged: std::ops::Range<usize>, commits: &[(usize, Content)], context: &str) {
    let (disk, store, recovery) = open_log(bytes);
    let found = content(&store);
    let mut start = HEADER_BYTES;
    let mut allowed = BTreeSet::new();
    for (end, expected) in commits {
        let is_touched = damaged.start < *end && damaged.end > start;
        let present = expected.iter().filter(|(key, value)| found.get(key) == Some(value)).count();
        if is_touched {
            assert!(present == 0 || present == expected.len(), "{context}: a commit is there in part");
        } else {
            assert_eq!(present, expected.len(), "{context}: an untouched commit is lost");
        }
        allowed.extend(expected.keys().copied());
        start = *end;
    }
    assert!(found.keys().all(|key| allowed.contains(key)), "{context}: something was made up");
    if !recovery.damage.is_empty() && !bytes.is_empty() {
        let set_aside = recovery.set_aside.expect("a damaged log is set aside");
        assert_eq!(disk.read(&set_aside).as_deref(), Some(bytes), "{context}");
    }
    drop(store);
    let (store, recovery) = open(&disk.after_power_loss(Survival::Nothing, &mut Random::new(0)));
    assert_eq!(content(&store), found, "{context}: the repair changed something");
    assert!(recovery.damage.is_empty(), "{context}: the repair left damage");
}

#[test]
fn a_changed_byte_costs_one_commit_at_most() {
    // Whatever byte changes in whatever way, every commit that does not contain it is there.
    let (bytes, commits) = sample();
    for offset in 0..bytes.len() {
        for pattern in [0x01, 0xFF] {
            let mut damaged = bytes.clone();
            damaged[offset] ^= pattern;
            let context = format!("byte {offset} ^ {pattern:#x}");
            assert_others_survive(&damaged, offset..offset + 1, &commits, &context);
        }
    }
}

#[test]
fn a_missing_range_costs_the_commits_it_touches() {
    // Bytes cut out of the middle shift all that follows, which is found again.
    let (bytes, commits) = sample();
    let mut random = Random::new(3);
    for _ in 0..400 {
        let start = random.below(bytes.len() as u64) as usize;
        let end = (start + 1 + random.below(300) as usize).min(bytes.len());
        let mut damaged = bytes.clone();
        damaged.drain(start..end);
        assert_others_survive(&damaged, start..end, &commits, &format!("{start}..{end} is missing"));
    }
}

#[test]
fn an_overwritten_range_costs_the_commits_it_touches() {
    // Zeros or noise in the middle hide the commits they cover and no others.
    let (bytes, commits) = sample();
    let mut random = Random::new(4);
    for round in 0..400 {
        let start = random.below(bytes.len() as u64) as usize;
        let end = (start + 1 + random.below(300) as usize).min(bytes.len());
        let mut damaged = bytes.clone();
        damaged[start..end].fill_with(|| if round % 2 == 0 { 0 } else { random.next() as u8 });
        assert_others_survive(&damaged, start..end, &commits, &format!("{start}..{end} is overwritten"));
    }
}

#[test]
fn a_truncated_log_keeps_the_commits_before_the_cut() {
    // Whatever the length a log is cut to, the whole commits in it are there.
    let (bytes, commits) = sample();
    for length in 0..bytes.len() {
        assert_others_survive(&bytes[..length], length..bytes.len(), &commits, &format!("cut to {length}"));
    }
}

#[test]
fn the_next_commit_is_found_wherever_it_starts() {
    // The search goes through the file in pieces, and misses no commit that starts at the seam between two of them.
    const PIECE_BYTES: usize = 64 << 10;
    for length in PIECE_BYTES - 60..PIECE_BYTES + 10 {
        let disk = SimDisk::new();
        let (mut store, _) = open(&disk);
        store.commit(batch(&[(key(1), vec![0xF5; length])], &[])).unwrap();
        store.commit(batch(&[(key(2), vec![2])], &[])).unwrap();
        let mut bytes = disk.read(&log()).unwrap();
        bytes[HEADER_BYTES + 50] ^= 1;
        let (_, store, _) = open_log(&bytes);
        assert_eq!(store.keys().collect::<Vec<_>>(), [key(2)], "a value of {length} bytes");
    }
}

#[test]
fn a_torn_end_is_no_damage() {
    // The start of a commit that was being written, or zeros, at the end of the log: normal, and cut with the next commit.
    let (bytes, commits) = sample();
    let last_start = commits[commits.len() - 2].0;
    for torn in [bytes[..bytes.len() - 1].to_vec(), bytes[..last_start + 3].to_vec(), [&bytes[..], &[0; 700]].concat()]
    {
        let (disk, mut store, recovery) = open_log(&torn);
        assert!(recovery.damage.is_empty() && recovery.set_aside.is_none(), "{recovery:?}");
        assert!(recovery.torn_bytes > 0);
        let mut expected = content(&store);
        let added = (key(77), vec![1, 2, 3]);
        store.commit(batch(std::slice::from_ref(&added), &[])).unwrap();
        expected.extend([added]);
        drop(store);
        let (store, recovery) = open(&disk);
        assert_eq!(content(&store), expected);
        assert_eq!((recovery.torn_bytes, recovery.damage.len()), (0, 0));
    }
}

#[test]
fn damage_at_the_end_is_no_torn_write() {
    // A last commit of full length with a wrong byte, or noise behind it, is damage: it is reported and set aside.
    let (bytes, commits) = sample();
    let last_start = commits[commits.len() - 2].0;
    let mut changed = bytes.clone();
    changed[last_start + 40] ^= 1;
    // The start of a commit, but of one that came long before.
    let old_copy = [&bytes[..], &bytes[HEADER_BYTES..HEADER_BYTES + 40]].concat();
    for damaged in [changed, [&bytes[..], b"noise"].concat(), old_copy] {
        let (_, _, recovery) = open_log(&damaged);
        assert_eq!((recovery.torn_bytes, recovery.damage.len()), (0, 1));
        assert!(recovery.set_aside.is_some());
    }
}

#[test]
fn damage_is_described() {
    // The report says where the damage is, how long it is, and how many commits are gone.
    let (bytes, commits) = sample();
    let (start, end) = (commits[3].0, commits[5].0);
    let mut damaged = bytes.clone();
    damaged[start + 30] ^= 1;
    damaged[end - 1] ^= 1;
    let (_, store, recovery) = open_log(&damaged);
    assert_eq!(recovery.damage.len(), 1);
    let damage = &recovery.damage[0];
    assert_eq!((damage.offset as usize, damage.length as usize), (start, end - start));
    assert_eq!(damage.kind, DamageKind::Commits(Some(2)));
    assert_eq!(damage.file, log());
    assert_eq!(recovery.commits, COMMITS - 2);
    assert!(damage.to_string().ends_with("2 commits are lost"), "{damage}");
    assert_eq!(store.len() as u64, 2 * (COMMITS - 2));
}

#[test]
fn a_commit_that_vanished_without_a_trace_is_noticed() {
    // A whole commit cut out leaves two that fit together but for their numbers.
    let (mut bytes, commits) = sample();
    bytes.drain(commits[3].0..commits[4].0);
    let (_, _, recovery) = open_log(&bytes);
    assert_eq!(recovery.damage.len(), 1);
    assert_eq!((recovery.damage[0].length, recovery.damage[0].kind), (0, DamageKind::Commits(Some(1))));
}

#[test]
fn an_old_copy_of_a_commit_does_not_count() {
    // A commit that turns up again behind newer ones must not bring back old values.
    let disk = SimDisk::new();
    let (mut store, _) = open(&disk);
    let start = store.size_bytes() as usize;
    store.commit(batch(&[(key(1), b"old".to_vec())], &[])).unwrap();
    let end = store.size_bytes() as usize;
    store.commit(batch(&[], &[key(1)])).unwrap();
    let bytes = disk.read(&log()).unwrap();
    let (_, store, recovery) = open_log(&[&bytes[..], &bytes[start..end]].concat());
    assert!(store.is_empty());
    assert_eq!(recovery.damage.len(), 1);
}

#[test]
fn commits_inside_a_value_do_not_come_alive() {
    // A value that contains a log, stored by a stranger, is no log, also when the commit around it is damaged.
    let (stranger, _) = sample();
    let disk = SimDisk::new();
    let (mut store, _) = open(&disk);
    store.commit(batch(&[(key(500), b"first".to_vec())], &[])).unwrap();
    let start = store.size_bytes() as usize;
    store.commit(batch(&[(key(501), stranger)], &[])).unwrap();
    store.commit(batch(&[(key(502), b"last".to_vec())], &[])).unwrap();
    let bytes = disk.read(&log()).unwrap();
    for header_is_damaged in [false, true] {
        let mut damaged = bytes.clone();
        damaged[start + 9] ^= 1;
        damaged[3] ^= u8::from(header_is_damaged);
        let (_, store, _) = open_log(&damaged);
        assert_eq!(store.keys().collect::<Vec<_>>(), [key(500), key(502)]);
    }
}

#[test]
fn noise_opens_as_an_empty_store() {
    // Whatever stands in the file, opening it neither fails nor panics, and what stood there is kept.
    let mut random = Random::new(5);
    for length in (0..300).chain([4095, 65_536, 200_001]) {
        let noise = random.bytes(length);
        let (disk, mut store, recovery) = open_log(&noise);
        assert!(store.is_empty());
        assert_eq!(recovery.damage.len(), 1);
        assert_eq!(recovery.damage[0].kind, DamageKind::Header);
        assert_eq!(recovery.set_aside.map(|path| disk.read(&path).unwrap()).unwrap_or_default(), noise);
        store.commit(batch(&[(key(1), vec![1])], &[])).unwrap();
        drop(store);
        assert_eq!(open(&disk).0.len(), 1);
    }
}

#[test]
fn the_first_and_the_latest_damaged_log_are_kept() {
    // Two damaged logs at most: the third takes the place of the second.
    let disk = SimDisk::new();
    for round in 1..=3u8 {
        disk.plant(&log(), &[round; 100]);
        drop(open(&disk));
    }
    assert_eq!(disk.read(&directory().join("state.log.damaged-1")), Some(vec![1; 100]));
    assert_eq!(disk.read(&directory().join("state.log.damaged-2")), Some(vec![3; 100]));
    assert_eq!(disk.files().len(), 3);
}

#[test]
fn a_newer_format_is_refused_and_left_alone() {
    // A log of a later version is neither read nor repaired, and the error says what to do.
    let (mut bytes, _) = sample();
    bytes[8..12].copy_from_slice(&2u32.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..24]);
    bytes[24..28].copy_from_slice(&crc.to_le_bytes());
    let disk = SimDisk::new();
    disk.plant(&log(), &bytes);
    let error = Store::open_with(directory(), Box::new(disk.clone())).unwrap_err();
    assert!(matches!(error, OpenError::NewerFormat { version: 2, .. }), "{error}");
    assert!(error.to_string().contains("install the version that wrote it"), "{error}");
    assert_eq!(disk.read(&log()), Some(bytes));
    assert_eq!(disk.files(), [log()]);
}

#[test]
fn a_value_damaged_while_the_store_is_open_is_an_error() {
    // Bytes that change under an open store are noticed when they are read, and a rewrite does not launder them.
    let directory = crate::support::TemporaryDirectory::new();
    let (mut store, _) = Store::open(directory.path()).unwrap();
    store.commit(batch(&[(key(1), vec![7; 50])], &[])).unwrap();
    let path = directory.path().join("state.log");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let error = store.get(key(1)).unwrap_err();
    assert!(error.to_string().contains("1/1"), "{error}");
    let error = store.compact().unwrap_err();
    assert!(matches!(error, offpush_store::CommitError::Damaged(_)), "{error}");
}
