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
use crate::trust::{Trust, TrustError};

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

impl Embedding {
    /// Whom to trust: the CA certificates that are given, else what the platform trusts.
    pub(crate) fn trust(&self) -> Result<Trust, TrustError> {
        match &self.ca {
            Some(pem) => Trust::of_pem(pem),
            None => Trust::judged_by_platform(),
        }
    }
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

/// What the loop gives to them.
pub(crate) struct Around {
    /// Every server is on this machine.
    pub(crate) loopback: bool,
    pub(crate) registry: Registry,
    /// The control socket's token.
    pub(crate) listener: Token,
    /// The token of its first client; the others count up from there.
    pub(crate) first_client: usize,
}

impl Parts {
    /// Those on a host. To be called with the store open: its lock says that what an earlier daemon left is not in use.
    pub(crate) fn of_host(options: &Options, around: Around) -> Result<Self, DaemonError> {
        let file = |name: &str| {
            let path = options.data.join(name);
            |source: io::Error| DaemonError::File { path, source }
        };
        let platform = Host::open(&options.data, options.present_delay).map_err(file(NOTIFICATIONS_FILE))?;
        let place = Place::Directory(&options.data);
        Ok(Self {
            platform: Box::new(platform),
            monitor: Monitor::new(around.loopback),
            control: around.control(place).map_err(file(offpush_inspect::SOCKET_FILE))?,
            boot_id: clock::boot_id(),
            alarms: None,
        })
    }

    /// Those inside an app's service.
    pub(crate) fn of_app(embedding: Embedding, around: Around) -> Result<Self, DaemonError> {
        let Embedding { platform, ca: _, boot_id, socket } = embedding;
        // The socket is for looking in from outside: a name that is taken is no reason not to run.
        let control = match socket.as_deref().map(|name| (name, around.control(Place::Abstract(name)))) {
            Some((_, Ok(control))) => Ok(control),
            Some((name, Err(error))) => {
                log::warn!("nobody can connect to @{name}: {error}");
                around.control(Place::Nowhere)
            }
            None => around.control(Place::Nowhere),
        };
        Ok(Self {
            platform,
            monitor: Monitor::told(),
            control: control.map_err(DaemonError::system("share the event queue"))?,
            boot_id,
            alarms: Some(Alarms::default()),
        })
    }
}

impl Around {
    fn control(&self, place: Place<'_>) -> io::Result<Control> {
        Control::open(place, self.registry.try_clone()?, self.listener, self.first_client)
    }
}
