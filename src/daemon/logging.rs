//! A logger for a program that brings none.

use log::{LevelFilter, Log, Metadata, Record};

use crate::output::write_line;

/// The environment variable that chooses the level: `error`, `warn` (the default), `info`, `debug`, `trace` or `off`.
const LEVEL_VARIABLE: &str = "OFFPUSH_LOG";

struct StandardError;

impl Log for StandardError {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // TLS tells keys of its state machine and nothing that helps here, below warnings.
        metadata.level() <= log::max_level()
            && (metadata.target().starts_with("offpush") || metadata.level() <= log::Level::Warn)
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let level = record.level().as_str().to_lowercase();
            write_line(std::io::stderr(), &format!("{level}: {}", record.args()));
        }
    }

    fn flush(&self) {}
}

/// Logs to standard error, at the level that `OFFPUSH_LOG` says; does nothing if there is a logger already.
pub fn log_to_standard_error() {
    if log::set_logger(&StandardError).is_ok() {
        let level = std::env::var(LEVEL_VARIABLE).ok().and_then(|level| level.parse().ok());
        log::set_max_level(level.unwrap_or(LevelFilter::Warn));
    }
}
