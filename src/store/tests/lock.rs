//! One process a store.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use offpush_store::{OpenError, Store};

use crate::support::{TemporaryDirectory, batch, key};

const CHILD_DIRECTORY: &str = "OFFPUSH_STORE_TEST_CHILD_DIRECTORY";

fn holder(path: &Path) -> Option<u32> {
    match Store::open(path) {
        Err(OpenError::Locked { pid, directory }) => {
            assert_eq!(directory, path);
            pid
        }
        other => panic!("the store is not locked: {other:?}"),
    }
}

#[test]
fn a_second_opener_is_told_who_the_first_is() {
    // A store is open once, also within one process; and free again when it is dropped.
    let directory = TemporaryDirectory::new();
    let (store, _) = Store::open(directory.path()).unwrap();
    assert_eq!(holder(directory.path()), Some(std::process::id()));
    let error = Store::open(directory.path()).unwrap_err();
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    drop(store);
    assert!(Store::open(directory.path()).is_ok());
}

#[test]
fn a_lock_without_a_readable_pid_still_locks() {
    // What stands in the lock file is a courtesy; that it is locked is what counts.
    let directory = TemporaryDirectory::new();
    let (_store, _) = Store::open(directory.path()).unwrap();
    for noise in [&b""[..], b"not a pid", &[0xFF; 100], &[b'1'; 1000]] {
        std::fs::write(directory.path().join("lock"), noise).unwrap();
        assert_eq!(holder(directory.path()), None);
    }
}

#[test]
fn a_killed_process_leaves_no_lock_and_its_commits() {
    // Another process is named as the holder; killed without warning, it leaves the store free and whole.
    let directory = TemporaryDirectory::new();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "lock::as_a_child_process_the_store_is_held", "--nocapture"])
        .env(CHILD_DIRECTORY, directory.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("held")));
    assert_eq!(holder(directory.path()), Some(child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
    let (store, recovery) = Store::open(directory.path()).unwrap();
    assert!(store.contains(key(1)));
    assert!(recovery.damage.is_empty());
}

#[test]
fn as_a_child_process_the_store_is_held() {
    // The other half of the test above, which runs it in a process of its own; alone it has nothing to do.
    let Some(directory) = std::env::var_os(CHILD_DIRECTORY) else { return };
    let (mut store, _) = Store::open(Path::new(&directory)).unwrap();
    store.commit(batch(&[(key(1), vec![1])], &[])).unwrap();
    let mut output = std::io::stdout();
    writeln!(output, "held").unwrap();
    output.flush().unwrap();
    // Until the parent kills this process, or ends itself.
    let _ = std::io::stdin().lines().count();
}
