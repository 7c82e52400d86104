//! Does it: everything between the engine and Linux.
//!
//! [`run`] opens a data directory and runs one daemon in it, in the calling thread, until SIGTERM or SIGINT;
//! [`Daemon`] is the same in steps. There is one loop over one epoll instance; a timer that goes on in sleep is the one
//! alarm. Only DNS has threads, one a lookup, because the system's resolver blocks; at idle there is one thread.
//!
//! | what | where |
//! |---|---|
//! | the loop | `daemon` |
//! | which of several servers and addresses is tried when | `race` (pure), `reach` |
//! | TCP and TLS, attempts, the registration's HTTP | `link`, `attempt`, `links`, `http`, `address`, `resolve` |
//! | whether a captive portal is in between | `portal` |
//! | which servers are trusted, by which time | `trust`, `judge`; TLS's cryptography is chosen in `provider` |
//! | the engine's records in the store | `records` |
//! | notifications | [`Platform`], `host` |
//! | what is around: a host, or an app's service | [`Embedding`]; other threads of the app speak through [`Remote`] |
//! | the platform's alarm and wake lock | `alarms` |
//! | the control socket | `control`, `operations`; the protocol is in `offpush-inspect` and `docs/control.md` |
//! | the status page and its problems | `page`, `problems`; what the platform says, `said` |
//! | the default network | `network` |
//! | what a day costs | `usage` |
//! | reading the files when no daemon runs | [`offline`] |
//! | what is wrong, tried and told | [`doctor`] |
//!
//! It decides nothing about connections, messages or registration: the engine does. The loop never waits for a peer, a
//! client or a resolver; the one thing it waits for is the disk, when a commit is made durable. It never repairs, in a
//! tool's name, what it only reads.

mod address;
mod alarms;
mod attempt;
mod clock;
mod control;
mod daemon;
pub mod doctor;
mod embedding;
mod error;
mod host;
mod http;
mod judge;
mod link;
mod links;
mod logging;
mod memory;
mod network;
pub mod offline;
mod operations;
mod options;
mod output;
mod page;
mod platform;
mod portal;
mod problems;
mod provider;
mod race;
mod reach;
mod records;
mod remote;
mod resolve;
mod said;
mod signals;
#[cfg(test)]
#[path = "tests/common/skip.rs"]
mod skip;
mod timer;
mod trust;
mod usage;

pub use daemon::{Daemon, Stopper};
pub use embedding::Embedding;
pub use error::DaemonError;
pub use host::{Host, NOTIFICATIONS_FILE};
pub use logging::log_to_standard_error;
pub use offpush_engine::{Internet, Network, Presented, Timing, Wake};
pub use options::Options;
pub use platform::{Platform, PlatformEvent, Presentation, StateLine};
pub use remote::Remote;
pub use trust::TrustError;

/// Runs a daemon in this thread until SIGTERM or SIGINT.
pub fn run(options: Options) -> Result<(), DaemonError> {
    let mut daemon = Daemon::open(options)?;
    daemon.end_on_signals()?;
    daemon.run()
}
