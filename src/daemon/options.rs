//! What a daemon is started with.

use std::path::PathBuf;
use std::time::Duration;

use offpush_engine::Timing;

/// What a daemon is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything is kept: the store, the history, the notifications file, the control socket. One daemon each.
    pub data: PathBuf,
    /// The gateways, `https://HOST[:PORT]`, raced with the first in front. If they are all on this machine (`localhost` or a
    /// loopback address), the default network does not matter: they are always reachable.
    pub servers: Vec<String>,
    /// A host's: a file of CA certificates in PEM form, in place of the system's.
    pub ca: Option<PathBuf>,
    /// The AppID, decimal.
    pub app_id: String,
    /// The AppKey.
    pub app_key: String,
    /// The app's package name.
    pub package: String,
    /// A host's: how long each notification is held before it is shown; for tests and demonstrations.
    pub present_delay: Duration,
    /// The heartbeat and the waits.
    pub timing: Timing,
}

impl Options {
    /// Options for an app and one gateway, with everything else as usual.
    pub fn new(data: impl Into<PathBuf>, server: &str, app_id: &str, app_key: &str, package: &str) -> Self {
        Self {
            data: data.into(),
            servers: vec![server.to_owned()],
            ca: None,
            app_id: app_id.to_owned(),
            app_key: app_key.to_owned(),
            package: package.to_owned(),
            present_delay: Duration::ZERO,
            timing: Timing::default(),
        }
    }
}
