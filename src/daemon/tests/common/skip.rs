//! Tests that cannot run on every machine.

use std::fs;
use std::io::Write;

/// Tells the test command that a test cannot run on this machine.
pub(crate) fn skip(test: &str, reason: &str) {
    eprintln!("skipped: {test}: {reason}");
    if let Some(file) = std::env::var_os("OFFPUSH_SKIPPED") {
        let file = fs::OpenOptions::new().append(true).create(true).open(file);
        file.and_then(|mut file| writeln!(file, "{test}: {reason}")).expect("the list of skips");
    }
}
