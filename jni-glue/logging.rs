//! The log, and what becomes of a panic's words.

/// Below this nothing is logged: on a phone the log is everybody's, and small.
#[cfg(target_os = "android")]
const LEVEL: log::LevelFilter = log::LevelFilter::Info;

/// Logs through Android's log, as `offpush`; elsewhere to standard error, as `OFFPUSH_LOG` says. Safe to call again.
pub(crate) fn start() {
    #[cfg(target_os = "android")]
    android_logger::init_once(android_logger::Config::default().with_max_level(LEVEL).with_tag("offpush"));
    #[cfg(not(target_os = "android"))]
    offpush_daemon::log_to_standard_error();
    #[cfg(target_os = "android")]
    std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
}
