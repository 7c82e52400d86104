//! What the history tells.

use serde::{Deserialize, Serialize};

use crate::input::{Internet, LinkFailure, Network};
use crate::record::MessageState;

/// Something that happened. The driver adds the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// The daemon started.
    Started {
        /// Messages waiting to be shown.
        pending: usize,
        /// Whether there is a registration.
        registered: bool,
    },
    /// The default network changed.
    NetworkChanged {
        /// Now.
        #[serde(flatten)]
        network: Network,
    },
    /// Whether the default network leads anywhere was found out.
    WayOut {
        /// What was found.
        internet: Internet,
    },
    /// The gateway is asked for a registration.
    Registering {
        /// To find brokers again rather than for the first time.
        repeat: bool,
    },
    /// The gateway gave a registration.
    Registered {
        /// The regId.
        reg_id: String,
    },
    /// The gateway refused.
    RegistrationRefused {
        /// Its code.
        code: i64,
        /// Its reason.
        reason: Option<String>,
    },
    /// The gateway could not be asked, or what came back is no answer.
    RegistrationFailed {
        /// Why.
        reason: String,
        /// The next attempt comes in so many milliseconds.
        retry_in: u64,
    },
    /// The gateway does not know this regId any more: a new registration follows.
    Forgotten,
    /// An attempt to reach a broker began.
    Connecting {
        /// The brokers.
        brokers: Vec<String>,
    },
    /// The broker accepted the connection.
    Connected {
        /// Milliseconds from the start of the attempt.
        took: u64,
    },
    /// The gateway answered the hello.
    GatewayPresent {
        /// Milliseconds from the hello.
        took: u64,
    },
    /// An attempt failed or a connection ended.
    Disconnected {
        /// Why.
        #[serde(flatten)]
        cause: Disconnected,
        /// How long the connection had lasted, in milliseconds; 0 if there was none.
        lasted: u64,
        /// The next attempt comes in so many milliseconds; `None` if something else must happen first.
        retry_in: Option<u64>,
    },
    /// A ping went out.
    Ping {
        /// Milliseconds since the last byte came in.
        idle: u64,
    },
    /// It was answered.
    Pong {
        /// Milliseconds.
        round_trip: u64,
    },
    /// A connection died in silence, or it did not: what is known of the network changed.
    HeartbeatLearned {
        /// The longest silence that this network is known to allow, in milliseconds.
        proved: u64,
        /// The shortest that is known to kill, in milliseconds; 0 if none is known.
        failed: u64,
        /// The heartbeat from now on, in milliseconds.
        interval: u64,
    },
    /// A connection died in silence because its server ended: that says nothing about the network.
    ServerBeganAnew {
        /// How long nothing had gone either way, in milliseconds.
        silence: u64,
    },
    /// A timer fired later than it may.
    AlarmLate {
        /// Milliseconds after its latest moment.
        late: u64,
    },
    /// A message came in.
    Arrived {
        /// The message's id.
        id: String,
        /// Its number on this phone.
        sequence: u64,
    },
    /// It is on disk.
    Stored {
        /// The message's id.
        id: String,
        /// Its number on this phone.
        sequence: u64,
    },
    /// A message's state changed; `presenting` is told when the platform gets it, which is after it was recorded.
    Message {
        /// The message's id.
        id: String,
        /// Its number on this phone.
        sequence: u64,
        /// The new state.
        state: MessageState,
        /// Why, where that is not plain.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
    },
    /// An entry was not understood; it was taken and reported.
    NotUnderstood {
        /// What is wrong.
        reason: String,
    },
    /// The gateway started a new numbering.
    NewEpoch {
        /// The new one.
        epoch: String,
    },
    /// The app asked for something.
    Command {
        /// The command's name.
        command: String,
    },
    /// The gateway answered a command.
    CommandResult {
        /// The command's name.
        command: String,
        /// 0 or why not.
        code: i64,
        /// The code in words.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        reason: Option<String>,
    },
    /// The gateway said back what it was asked to.
    Echoed {
        /// The text.
        text: String,
    },
    /// Nothing more is taken until there is room again.
    Full {
        /// What is full.
        what: String,
    },
    /// The disk refused a write; it is tried again.
    StorageFailed {
        /// The system's words.
        error: String,
    },
    /// Part of the stored state could not be read.
    StorageDamaged {
        /// What and where.
        damage: String,
    },
    /// A client of the control socket did not read what it asked for, and was dropped.
    ClientDropped,
    /// The device's clock is far from what the gateway told.
    ClockWrong {
        /// Milliseconds ahead of the gateway; negative if behind.
        ahead: i64,
    },
    /// The daemon stops.
    Stopped,
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Disconnected {
    /// The link could not be made or broke.
    Link {
        /// Why.
        #[serde(flatten)]
        failure: LinkFailure,
    },
    /// No CONNACK in time.
    NoConnAck,
    /// A ping had no answer in time.
    PingUnanswered,
    /// The broker refused or ended the connection.
    Broker {
        /// The MQTT reason code.
        code: u8,
        /// Its name in the standard.
        name: String,
        /// The broker's own words.
        reason: Option<String>,
    },
    /// The broker sent what MQTT 5 does not allow.
    Protocol {
        /// What.
        error: String,
    },
    /// Another phone connected with this one's identity, twice within a minute.
    IdentityShared,
    /// The default network changed.
    NetworkChanged,
    /// The app unregistered.
    Unregistered,
    /// The daemon stops.
    Stopping,
}
