//! The store does what a map does.

use offpush_store::{Batch, Key, MIN_DEAD_BYTES, Store};

use crate::support::{Content, Random, SimDisk, TemporaryDirectory, VERSION, batch, content, directory, key, open};

#[test]
fn random_operations_do_what_they_do_to_a_map() {
    // Puts, deletions, rewrites and restarts in any order: content and order of last writes are those of a model.
    for seed in 0..30 {
        let mut random = Random::new(seed);
        let disk = SimDisk::new();
        let (mut store, _) = open(&disk);
        let mut model = Content::new();
        let mut order: Vec<Key> = Vec::new();
        for step in 0..120 {
            let context = format!("seed {seed}, step {step}");
            match random.below(10) {
                0 => store.compact().unwrap(),
                1 => {
                    drop(store);
                    let (reopened, recovery) = open(&disk);
                    store = reopened;
                    assert_eq!((recovery.torn_bytes, recovery.damage.len()), (0, 0), "{context}");
                }
                _ => {
                    let mut batch = Batch::new();
                    for _ in 0..random.below(6) {
                        let key = Key { kind: random.below(3) as u16, id: random.below(10) };
                        order.retain(|other| *other != key);
                        if random.below(4) == 0 {
                            batch.delete(key);
                            model.remove(&key);
                        } else {
                            let length = random.below(400);
                            let value = random.bytes(length);
                            batch.put(key, VERSION, &value).unwrap();
                            model.insert(key, value);
                            order.push(key);
                        }
                    }
                    store.commit(batch).unwrap();
                }
            }
            assert_eq!(content(&store), model, "{context}");
            assert_eq!(store.keys().collect::<Vec<_>>(), order, "{context}");
            assert_eq!(store.len(), model.len(), "{context}");
        }
    }
}

#[test]
fn a_log_that_is_mostly_dead_is_rewritten_by_itself() {
    // The same key written over and over: the log stays small, and rewrites stay few.
    let disk = SimDisk::new();
    let (mut store, _) = open(&disk);
    let value = vec![1u8; 10_000];
    for _ in 0..1000 {
        store.commit(batch(&[(key(1), value.clone())], &[])).unwrap();
        assert!(store.size_bytes() < MIN_DEAD_BYTES + 40_000);
    }
    let statistics = store.statistics();
    assert_eq!(statistics.commits, 1000);
    assert!((8..=10).contains(&statistics.compactions), "{statistics:?}");
    assert!(statistics.bytes_written < 11_000_000, "{statistics:?}");
    assert_eq!(content(&store), Content::from([(key(1), value)]));
}

#[test]
fn a_commit_is_one_write_and_one_sync() {
    // Nothing is written beside the commit itself, and a batch without writes is none.
    let disk = SimDisk::new();
    let (mut store, _) = open(&disk);
    disk.set_fault(None);
    let puts: Vec<_> = (0..64).map(|id| (key(id), vec![1; 600])).collect();
    store.commit(batch(&puts, &[])).unwrap();
    store.commit(Batch::new()).unwrap();
    assert_eq!(disk.operations(), 2);
}

#[test]
fn after_a_rewrite_nothing_is_dead() {
    // Counts of bytes agree with the file, before and after a rewrite, and a deleted key takes no room.
    let directory_on_disk = TemporaryDirectory::new();
    let (mut store, _) = Store::open(directory_on_disk.path()).unwrap();
    let file_length = || directory_on_disk.path().join("state.log").metadata().unwrap().len();
    for round in 0..5u8 {
        store.commit(batch(&[(key(1), vec![round; 100]), (key(2), vec![round; 50])], &[])).unwrap();
        assert_eq!(store.size_bytes(), file_length());
    }
    store.commit(batch(&[], &[key(2)])).unwrap();
    let (size, dead) = (store.size_bytes(), store.dead_bytes());
    store.compact().unwrap();
    assert_eq!(store.size_bytes(), file_length());
    assert_eq!((store.size_bytes(), store.dead_bytes()), (size - dead, 0));
    drop(store);
    let (store, _) = Store::open(directory_on_disk.path()).unwrap();
    assert_eq!(store.keys().collect::<Vec<_>>(), [key(1)]);
    assert_eq!(store.size_bytes(), size - dead);
}

#[test]
fn kinds_that_nobody_knows_survive_rewrites() {
    // Values of any kind and version are carried along as they are: an older program does not lose a newer one's data.
    let disk = SimDisk::new();
    let (mut store, _) = open(&disk);
    let unknown = Key { kind: u16::MAX, id: u64::MAX };
    let mut batch = Batch::new();
    batch.put(unknown, 65_535, &("from", "the", "future")).unwrap();
    batch.put(key(1), 1, &1u8).unwrap();
    store.commit(batch).unwrap();
    let before = store.get(unknown).unwrap().unwrap();
    store.compact().unwrap();
    drop(store);
    let (mut store, _) = open(&disk);
    store.compact().unwrap();
    let after = store.get(unknown).unwrap().unwrap();
    assert_eq!(after, before);
    assert_eq!(after.version, 65_535);
    assert_eq!(after.decode::<(String, String, String)>().unwrap(), ("from".into(), "the".into(), "future".into()));
}

#[test]
fn within_a_batch_the_last_write_of_a_key_counts() {
    // Put and deletion of one key in one batch take effect in their order.
    let (mut store, _) = Store::open_with(directory(), Box::new(SimDisk::new())).unwrap();
    let mut batch = Batch::new();
    batch.put(key(1), VERSION, &vec![1u8]).unwrap();
    batch.put(key(1), VERSION, &vec![2u8]).unwrap();
    batch.put(key(2), VERSION, &vec![3u8]).unwrap();
    batch.delete(key(2));
    batch.delete(key(3));
    batch.put(key(3), VERSION, &vec![4u8]).unwrap();
    assert_eq!((batch.len(), batch.is_empty()), (6, false));
    store.commit(batch).unwrap();
    assert_eq!(content(&store), Content::from([(key(1), vec![2]), (key(3), vec![4])]));
}
