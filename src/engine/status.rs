//! What the engine can say of itself at any moment.

use offpush_wire::AcceptTime;
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::event::Disconnected;
use crate::input::{Internet, Network};
use crate::networks::{KnownNetwork, Learned};
use crate::record::MessageState;
use crate::time::Now;

/// The engine's state, with its reason, since when, and what happens next.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// What the engine is doing about its connection.
    pub phase: Phase,
    /// Since when, wall time in milliseconds.
    pub since: i64,
    /// Since when there is no connection, wall time in milliseconds; `None` while there is one.
    pub down_since: Option<i64>,
    /// What happens next without anybody's doing, and when (wall time in milliseconds).
    pub next: Option<(NextAction, i64)>,
    /// Why the last connection ended or the last attempt failed; `None` once connected.
    pub last_failure: Option<Disconnected>,
    /// The default network.
    pub network: Network,
    /// Whether it is known to lead anywhere.
    pub internet: Internet,
    /// The connection still serves on the network before, until a broker is reached on the default one.
    pub moving: bool,
    /// The regId.
    pub reg_id: Option<String>,
    /// The brokers to connect to.
    pub brokers: Vec<String>,
    /// The heartbeat in force, in milliseconds.
    pub heartbeat: u64,
    /// What that rests on; `None` if it is fixed, or there is no network.
    pub learned: Option<Learned>,
    /// When the last byte came in, wall time in milliseconds.
    pub last_received: Option<i64>,
    /// Whether the gateway has answered this connection's hello.
    pub gateway_present: bool,
    /// The numbering in force and the highest number taken.
    pub mark: Option<(String, u64)>,
    /// How many messages stand in each state.
    pub messages: Vec<(MessageState, usize)>,
    /// Entries waiting for the gateway.
    pub outbox: usize,
    /// Callbacks waiting for the app.
    pub callbacks: usize,
    /// Whether an app listens.
    pub app_listens: bool,
    /// Aliases, accounts and topics the gateway confirmed.
    pub aliases: Vec<String>,
    /// See `aliases`.
    pub accounts: Vec<String>,
    /// See `aliases`.
    pub topics: Vec<String>,
    /// When messages may be shown.
    pub accept_time: Option<AcceptTime>,
    /// The disk refused the last write, in the system's words.
    pub storage_failure: Option<String>,
    /// Nothing more is taken until there is room again; what is full.
    pub full: Option<&'static str>,
    /// The device's clock minus the gateway's, in milliseconds, where a gateway has told the time.
    pub clock_ahead: Option<i64>,
    /// Attempts to connect since the last connection.
    pub attempts: u32,
    /// Bytes handed over for sending, and received, since the start.
    pub bytes: (u64, u64),
}

/// What the engine is doing about its connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// The app has unregistered, or never registered: nothing is to be done.
    Unregistered,
    /// There is no network. Nothing is attempted.
    NoNetwork,
    /// The gateway is being asked for a registration.
    Registering,
    /// The gateway refused the registration; only another configuration can change that.
    RegistrationRefused {
        /// A code of [`offpush_wire::code`].
        code: i64,
        /// The gateway's words.
        reason: Option<String>,
    },
    /// The gateway could not be asked; a wait until the next attempt.
    WaitingToRegister {
        /// Why.
        reason: String,
    },
    /// A broker is being reached.
    Connecting,
    /// The broker has our CONNECT.
    Handshaking,
    /// Connected to a broker.
    Connected,
    /// A wait until the next attempt.
    Waiting(WaitReason),
}

/// Why the engine waits before it connects again. Stored: see [`StoredWait`](crate::record::StoredWait).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaitReason {
    /// The last attempt failed or the connection ended.
    BackOff,
    /// The broker refuses our credentials; the gateway will be asked to put them right.
    CredentialsRefused,
    /// Another phone connects with our identity.
    IdentityInUse,
    /// The broker refuses in a way that no retry will change soon.
    BrokerIncompatible,
    /// The server asked not to be tried for a while.
    AskedToStayAway,
    /// The network answers everything itself until somebody signs in.
    CaptivePortal,
    /// The network is there, and nothing gets out of it.
    NoInternet,
}

impl WaitReason {
    /// Neither another network nor a restart ends the wait.
    pub(crate) fn is_long(self) -> bool {
        match self {
            Self::BackOff | Self::CaptivePortal | Self::NoInternet => false,
            Self::CredentialsRefused | Self::IdentityInUse | Self::BrokerIncompatible | Self::AskedToStayAway => true,
        }
    }
}

/// What the engine does by itself next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextAction {
    /// An attempt to connect.
    Connect,
    /// A registration request.
    Register,
    /// A ping, unless something comes in before.
    Ping,
    /// The end of waiting for an answer.
    GiveUp,
    /// A look whether there is a network, against missed callbacks.
    CheckNetwork,
}

/// One message, for lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageView<'a> {
    /// Its number on this phone.
    pub sequence: u64,
    /// Its id.
    pub id: &'a str,
    /// Where it stands.
    pub state: MessageState,
    /// Arrival, wall time in milliseconds.
    pub arrived_at: i64,
    /// When it was shown, wall time in milliseconds; 0 if it was not.
    pub shown_at: i64,
    /// When it was clicked, wall time in milliseconds; 0 if it was not.
    pub clicked_at: i64,
}

impl Engine {
    /// The engine's state at this moment.
    pub fn status(&self, now: Now) -> Status {
        let link = self.link.as_ref().filter(|link| link.is_online());
        let mark = self.durable_mark();
        Status {
            phase: self.phase.clone(),
            since: self.phase_since,
            down_since: (self.phase != Phase::Connected).then_some(self.down_since),
            next: self.next_action().map(|(action, boot)| (action, now.wall_at(boot))),
            last_failure: self.last_failure.clone(),
            network: self.network.clone(),
            internet: self.way_out.internet,
            moving: self.is_moving(),
            reg_id: self.identity.as_ref().and_then(|identity| identity.reg_id.clone()),
            brokers: self.identity.as_ref().map(|identity| identity.brokers.clone()).unwrap_or_default(),
            heartbeat: self.heartbeat_interval(),
            learned: self.learned(),
            last_received: link.map(|link| now.wall_at(link.heartbeat.last_received())),
            gateway_present: link.is_some_and(|link| link.hello_answered),
            mark: (!mark.epoch.is_empty()).then(|| (mark.epoch.clone(), mark.up_to)),
            messages: self.messages.counts(),
            outbox: self.outbox.len(),
            callbacks: self.callbacks.len(),
            app_listens: self.callbacks.app_listens(),
            aliases: self.names.aliases.clone(),
            accounts: self.names.accounts.clone(),
            topics: self.names.topics.clone(),
            accept_time: self.names.accept_time,
            storage_failure: self.journal.failure().map(str::to_owned),
            full: self.full,
            clock_ahead: self.gateway_time_at(now.boot).map(|time| now.wall.saturating_sub(time)),
            attempts: self.back_off.attempts() + self.long_back_off.attempts(),
            bytes: self.bytes(),
        }
    }

    /// What is known of each network.
    pub fn networks(&self) -> impl Iterator<Item = KnownNetwork<'_>> {
        self.networks.all(self.now.wall, self.alarms.marks(), self.scale())
    }

    /// All messages that are kept, by their number on this phone.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = MessageView<'_>> {
        self.messages.views()
    }
}
