//! The library in an ordinary Java virtual machine that checks every use of JNI (`-Xcheck:jni`). The claims are in
//! `java/org/offpush/BoundaryTest.java`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

#[path = "../../src/daemon/tests/common/skip.rs"]
mod skip;

/// What the compiler made of the Java side and its test, in a directory for all tests.
fn classes() -> Option<&'static Path> {
    static CLASSES: OnceLock<Option<PathBuf>> = OnceLock::new();
    let compile = || {
        Command::new("javac").arg("--version").output().ok()?;
        let room = Path::new(env!("CARGO_MANIFEST_DIR"));
        let classes = scratch("classes");
        let ours = room.join("java/src/main/java/org/offpush");
        let sources = [
            ours.join("Native.java"),
            ours.join("Callbacks.java"),
            room.join("tests/java/org/offpush/BoundaryTest.java"),
        ];
        let output =
            Command::new("javac").args(["-encoding", "UTF-8", "-d"]).arg(&classes).args(sources).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(classes)
    };
    CLASSES.get_or_init(compile).as_deref()
}

/// An empty directory.
fn scratch(name: &str) -> PathBuf {
    let directory = std::env::temp_dir().join(format!("offpush-jni-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// The library, which Cargo has built beside this test.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let library = test.ancestors().nth(2).unwrap().join("liboffpush.so");
    assert!(library.exists(), "{} is missing: cargo build -p offpush-jni", library.display());
    library
}

/// Runs one claim, and fails with what Java printed if it does not hold or if the use of JNI was wrong anywhere.
fn holds(claim: &str) {
    let Some(classes) = classes() else {
        return skip::skip(&format!("the JNI boundary, {claim}"), "there is no javac");
    };
    let directory = scratch(claim);
    let mut java = Command::new("java");
    java.args(["-Xcheck:jni", "-Xmx256m", "-Dfile.encoding=UTF-8", "-cp"]).arg(classes);
    java.arg(format!("-Doffpush.library={}", library().display())).arg("org.offpush.BoundaryTest").arg(claim);
    let output = java.arg(&directory).env("OFFPUSH_LOG", "off").output().unwrap();
    let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    std::fs::remove_dir_all(directory).unwrap();
    assert!(output.status.success() && printed.contains("passed"), "{printed}");
    assert!(!printed.contains("WARNING") && !printed.contains("FATAL"), "{printed}");
}

#[test]
fn a_daemon_starts_answers_asks_for_an_alarm_and_ends() {
    // The ordinary life of a service, twice in the same directory; text outside ASCII passes in both directions.
    holds("life");
}

#[test]
fn mistakes_of_java_are_exceptions_or_answers_and_nothing_else() {
    // Wrong options, handles, numbers and lines: said in words, and the daemon goes on.
    holds("mistakes");
}

#[test]
fn a_callback_may_throw_ask_and_stop_from_within() {
    // None of it blocks the daemon's thread on itself, or reaches Java as an exception of another call.
    holds("callbacks");
}

#[test]
fn ten_thousand_calls_from_eight_threads_while_services_come_and_go_leave_nothing_behind() {
    // No crash, no wrong use of JNI, no reference that keeps a callback's object.
    holds("hammer");
}
