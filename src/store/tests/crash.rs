//! The power fails, or the process ends, between any two operations.

use offpush_store::{Batch, Store};

use crate::support::{Content, Fault, Random, SimDisk, Survival, batch, content, directory, key, open};

/// For each operation and each way to survive: this many draws of what exactly survives.
const DRAWS: u64 = 4;

/// One step of the script that is interrupted.
enum Step {
    Commit(Batch),
    Compact,
}

/// Commits of all shapes, with rewrites between them.
fn script() -> Vec<Step> {
    let mut random = Random::new(1);
    let mut steps = Vec::new();
    for number in 0..16 {
        let puts: Vec<_> = (0..random.below(4))
            .map(|_| {
                let length = random.below(1500);
                (key(random.below(8)), random.bytes(length))
            })
            .collect();
        let deletes: Vec<_> = (0..random.below(3)).map(|_| key(random.below(8))).collect();
        steps.push(Step::Commit(batch(&puts, &deletes)));
        if number % 5 == 4 {
            steps.push(Step::Compact);
        }
    }
    steps
}

/// What the store holds after each of the script's steps that change it, the empty store first.
fn states() -> Vec<Content> {
    let disk = SimDisk::new();
    let (mut store, _) = open(&disk);
    let mut states = vec![Content::new()];
    for step in script() {
        run_step(&mut store, step).unwrap();
        states.push(content(&store));
    }
    states
}

fn run_step(store: &mut Store, step: Step) -> Result<(), offpush_store::CommitError> {
    match step {
        Step::Commit(batch) => store.commit(batch),
        Step::Compact => store.compact(),
    }
}

/// Runs the script until something fails; returns how many steps succeeded.
fn run_until_failure(disk: &SimDisk) -> usize {
    let Ok((mut store, _)) = Store::open_with(directory(), Box::new(disk.clone())) else { return 0 };
    script().into_iter().map_while(|step| run_step(&mut store, step).ok()).count()
}

fn operations_of_script() -> u64 {
    let disk = SimDisk::new();
    run_until_failure(&disk);
    disk.operations()
}

/// A store that was recovered must go on working, and keep what it is given.
fn assert_usable(disk: &SimDisk, mut store: Store, mut expected: Content, context: &str) {
    let added = (key(99), b"afterwards".to_vec());
    store.commit(batch(std::slice::from_ref(&added), &[])).unwrap();
    expected.extend([added]);
    drop(store);
    let disk = disk.after_power_loss(Survival::Nothing, &mut Random::new(0));
    let (store, recovery) = open(&disk);
    assert_eq!(content(&store), expected, "{context}");
    assert!(recovery.damage.is_empty(), "{context}: {:?}", recovery.damage);
}

#[test]
fn every_acknowledged_commit_survives_the_loss_of_power_at_any_operation() {
    // After power loss the store holds what was acknowledged, and at most the one commit under way besides.
    let states = states();
    let operations = operations_of_script();
    assert!(operations > 40, "the script must be worth interrupting: {operations} operations");
    for at in 0..operations {
        let disk = SimDisk::new();
        disk.set_fault(Some(Fault::PowerLoss(at)));
        let acknowledged = run_until_failure(&disk);
        for survival in Survival::ALL {
            for draw in 0..DRAWS {
                let context = format!("operation {at}, {survival:?}, draw {draw}");
                let disk = disk.after_power_loss(survival, &mut Random::new(at * DRAWS + draw));
                let (store, recovery) = open(&disk);
                let found = content(&store);
                let allowed = &states[acknowledged..states.len().min(acknowledged + 2)];
                assert!(allowed.contains(&found), "{context}: {acknowledged} steps were acknowledged");
                if survival != Survival::Reordered {
                    assert!(recovery.damage.is_empty(), "{context}: {:?}", recovery.damage);
                }
                assert_usable(&disk, store, found, &context);
            }
        }
    }
}

#[test]
fn what_is_found_after_a_process_crash_survives_the_loss_of_power_that_follows() {
    // A commit that was written but not synced when the process was killed is made durable when it is found.
    for at in 0..operations_of_script() {
        let disk = SimDisk::new();
        disk.set_fault(Some(Fault::PowerLoss(at)));
        run_until_failure(&disk);
        let disk = disk.after_process_crash();
        let (store, _) = open(&disk);
        let found = content(&store);
        let powered_off = disk.after_power_loss(Survival::Nothing, &mut Random::new(at));
        assert_eq!(content(&open(&powered_off).0), found, "operation {at}");
        assert_usable(&disk, store, found, &format!("operation {at}"));
    }
}

#[test]
fn failed_operations_cost_no_commit_but_their_own() {
    // I/O errors at any operations fail at most the commits they belong to; all others are there, also after a restart.
    for (at, count) in (0..operations_of_script()).flat_map(|at| (1..6).map(move |count| (at, count))) {
        let context = format!("{count} operations from {at} on");
        let disk = SimDisk::new();
        let (mut store, _) = open(&disk);
        disk.set_fault(Some(Fault::Errors(at, count)));
        let mut expected = Content::new();
        for step in script() {
            if run_step(&mut store, step).is_ok() {
                expected = content(&store);
            } else {
                assert_eq!(content(&store), expected, "{context}: a failed commit is visible");
            }
        }
        // What comes last is a commit that succeeds, or the end would be that of another test.
        disk.set_fault(None);
        store.commit(batch(&[(key(1), b"last".to_vec())], &[])).unwrap();
        expected.insert(key(1), b"last".to_vec());
        drop(store);
        for survival in [Survival::Nothing, Survival::Everything] {
            let disk = disk.after_power_loss(survival, &mut Random::new(at));
            let (store, recovery) = open(&disk);
            assert_eq!(content(&store), expected, "{context}, {survival:?}");
            assert!(recovery.damage.is_empty(), "{context}: {:?}", recovery.damage);
        }
    }
}

#[test]
fn a_file_that_cannot_be_synced_is_left_behind() {
    // When the log's place on the disk has gone bad, one commit fails, and the next one moves the store to another place.
    let disk = SimDisk::new();
    let (mut store, _) = open(&disk);
    store.commit(batch(&[(key(1), vec![1])], &[])).unwrap();
    disk.set_fault(Some(Fault::BadFile(0)));
    assert!(store.commit(batch(&[(key(2), vec![2])], &[])).is_err());
    store.commit(batch(&[(key(3), vec![3])], &[])).unwrap();
    drop(store);
    let (store, _) = open(&disk.after_power_loss(Survival::Nothing, &mut Random::new(0)));
    assert_eq!(store.keys().collect::<Vec<_>>(), [key(1), key(3)]);
}

#[test]
fn the_repair_of_a_damaged_log_can_be_interrupted_anywhere() {
    // At any moment of setting a damaged log aside and rewriting it, what is readable stays so, and the damaged file too.
    let log = directory().join("state.log");
    let set_aside = directory().join("state.log.damaged-1");
    let healthy = SimDisk::new();
    let (mut store, _) = open(&healthy);
    for id in 0..6 {
        store.commit(batch(&[(key(id), vec![id as u8; 100])], &[])).unwrap();
    }
    let mut damaged = healthy.read(&log).unwrap();
    damaged[300] ^= 1;
    let planted = || {
        let disk = SimDisk::new();
        disk.plant(&log, &damaged);
        disk
    };
    let whole = planted();
    let (store, recovery) = open(&whole);
    let expected = content(&store);
    assert_eq!(expected.len(), 5);
    assert_eq!(recovery.set_aside.as_ref(), Some(&set_aside));
    for at in 0..whole.operations() {
        for survival in Survival::ALL {
            for draw in 0..DRAWS {
                let context = format!("operation {at}, {survival:?}, draw {draw}");
                let disk = planted();
                disk.set_fault(Some(Fault::PowerLoss(at)));
                let _ = Store::open_with(directory(), Box::new(disk.clone()));
                let disk = disk.after_power_loss(survival, &mut Random::new(at * DRAWS + draw));
                let (store, _) = open(&disk);
                assert_eq!(content(&store), expected, "{context}");
                assert_eq!(disk.read(&set_aside).as_ref(), Some(&damaged), "{context}");
                assert_usable(&disk, store, expected.clone(), &context);
            }
        }
    }
}

#[test]
fn a_repair_that_fails_leaves_a_store_that_works_and_is_repaired_later() {
    // Whatever operation of a repair fails, the store opens or says why not, keeps commits, and is clean in the end.
    let log = directory().join("state.log");
    let healthy = SimDisk::new();
    let (mut store, _) = open(&healthy);
    for id in 0..6 {
        store.commit(batch(&[(key(id), vec![id as u8; 100])], &[])).unwrap();
    }
    let mut damaged = healthy.read(&log).unwrap();
    damaged[300] ^= 1;
    for (at, count) in (0..16).flat_map(|at| (1..6).map(move |count| (at, count))) {
        let context = format!("{count} operations from {at} on");
        let disk = SimDisk::new();
        disk.plant(&log, &damaged);
        disk.set_fault(Some(Fault::Errors(at, count)));
        let Ok((mut store, _)) = Store::open_with(directory(), Box::new(disk.clone())) else { continue };
        let mut expected = content(&store);
        assert_eq!(expected.len(), 5, "{context}");
        for id in 10..13 {
            let added = (key(id), vec![1]);
            if store.commit(batch(std::slice::from_ref(&added), &[])).is_ok() {
                expected.extend([added]);
            }
        }
        disk.set_fault(None);
        let last = (key(1), b"last".to_vec());
        store.commit(batch(std::slice::from_ref(&last), &[])).unwrap();
        expected.extend([last]);
        let powered_off = disk.after_power_loss(Survival::Nothing, &mut Random::new(at));
        assert_eq!(content(&open(&powered_off).0), expected, "{context}, before the repair");
        if store.needs_compaction() {
            store.compact().unwrap();
        }
        drop(store);
        let disk = disk.after_power_loss(Survival::Nothing, &mut Random::new(at));
        let (store, recovery) = open(&disk);
        assert_eq!(content(&store), expected, "{context}");
        assert!(recovery.damage.is_empty(), "{context}: {:?}", recovery.damage);
        let kept = directory().join("state.log.damaged-1");
        assert!(disk.read(&kept).is_some_and(|kept| kept.starts_with(&damaged)), "{context}");
    }
}
