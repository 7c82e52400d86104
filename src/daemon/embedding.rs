//! What is around a daemon: a host, or an app's service that it lives in.

use std::io;

use mio::{Registry, Token};

use crate::alarms::Alarms;
use crate::clock;
use crate::control::{Control, Place};
use crate::error::DaemonError;
use crate::host::{Host, NOTIFICATIONS_FILE};
use crate::network::Monitor;
use crate::options::Options;
use crate::platform::Platform;
use crate::trust::Trust;

/// What an app's service gives to the daemon inside it. The network, and what the service has to say, come in through
/// [`Remote`](crate::Remote).
pub struct Embedding {
    /// What shows notifications, keeps the alarm and the wake lock, and judges certificates.
    pub platform: Box<dyn Platform>,
    /// CA certificates in PEM form, at least one, in place of the platform's judgement.
    pub ca: Option<Vec<u8>>,
    /// Identifies this boot of the device: another number after each.
    pub boot_id: u64,
    /// The control socket's abstract name; `None`: nobody can connect.
    pub socket: Option<String>,
}

impl std::fmt::Debug for Embedding {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Embedding")
            .field("boot_id", &self.boot_id)
            .field("socket", &self.socket)
            .finish_non_exhaustive()
    }
}

/// The parts of a daemon that depend on what is around it.
pub(crate) struct Parts {
    pub(crate) platform: Box<dyn Platform>,
    pub(crate) monitor: Monitor,
    pub(crate) control: Control,
    pub(crate) boot_id: u64,
    /// `None` where nothing sleeps while a program runs.
    pub(crate) alarms: Option<Alarms>,
}

impl Parts {
    /// To be called with the store open: its lock says that what an earlier daemon left is not in use.
    pub(crate) fn new(
        options: &Options,
        embedding: Option<Embedding>,
        loopback: bool,
        registry: Registry,
        tokens: (Token, usize),
    ) -> Result<Self, DaemonError> {
        match embedding {
            None => {
                let file = |name: &str| {
                    let path = options.data.join(name);
                    |source: io::Error| DaemonError::File { path, source }
                };
                Ok(Self {
                    platform: Box::new(
                        Host::open(&options.data, options.present_delay).map_err(file(NOTIFICATIONS_FILE))?,
                    ),
                    monitor: Monitor::new(loopback),
                    control: Control::open(Place::Directory(&options.data), registry, tokens.0, tokens.1)
                        .map_err(file(offpush_inspect::SOCKET_FILE))?,
                    boot_id: clock::boot_id(),
                    alarms: None,
                })
            }
            Some(embedding) => Ok(Self {
                platform: embedding.platform,
                monitor: Monitor::told(),
                control: control(embedding.socket.as_deref(), &registry, tokens)
                    .map_err(DaemonError::system("share the event queue"))?,
                boot_id: embedding.boot_id,
                alarms: Some(Alarms::default()),
            }),
        }
    }
}

/// The socket is for looking in from outside: a name that is taken is no reason not to run.
fn control(name: Option<&str>, registry: &Registry, (listener, first_client): (Token, usize)) -> io::Result<Control> {
    if let Some(name) = name {
        match Control::open(Place::Abstract(name), registry.try_clone()?, listener, first_client) {
            Ok(control) => return Ok(control),
            Err(error) => log::warn!("nobody can connect to @{name}: {error}"),
        }
    }
    Control::open(Place::Nowhere, registry.try_clone()?, listener, first_client)
}

/// Whom to trust: the CA certificates that are given, else what is around.
pub(crate) fn trust(options: &Options, embedding: Option<&Embedding>) -> Result<Trust, DaemonError> {
    match embedding {
        None => Trust::new(options.ca.as_deref()),
        Some(Embedding { ca: Some(pem), .. }) => Trust::of_pem(pem),
        Some(Embedding { ca: None, .. }) => Trust::judged_by_platform(),
    }
    .map_err(DaemonError::Trust)
}
