//! One line each to standard error: time, level, where, what.

use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use log::{Level, LevelFilter, Log, Metadata, Record};

/// Which lines are written: `OFFPUSH_LOG`, else `RUST_LOG`, one of off, error, warn, info, debug, trace.
struct StandardError;

/// The gateway's own lines from this level on unless told otherwise.
const DEFAULT_LEVEL: LevelFilter = LevelFilter::Info;

/// Libraries speak of every refused client and every retry; only what is an error there interests everybody.
const LIBRARY_LEVEL: Level = Level::Error;

/// Sets the logger, unless the process has one.
pub(crate) fn start() {
    let level = ["OFFPUSH_LOG", "RUST_LOG"]
        .iter()
        .find_map(|name| std::env::var(name).ok()?.parse().ok())
        .unwrap_or(DEFAULT_LEVEL);
    if log::set_logger(&StandardError).is_ok() {
        log::set_max_level(level);
    }
}

impl Log for StandardError {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let own = metadata.target().starts_with("offpush");
        own || metadata.level() <= LIBRARY_LEVEL || log::max_level() == LevelFilter::Trace
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        // A line break inside a value must not look like another line.
        let text = record.args().to_string().replace(['\n', '\r'], " ");
        let line =
            format!("{}.{:03} {} {} {text}\n", now.as_secs(), now.subsec_millis(), record.level(), record.target());
        let _ = std::io::stderr().write_all(line.as_bytes());
    }

    fn flush(&self) {}
}
