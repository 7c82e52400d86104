//! The status page.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// The version of the page, the lists and the protocol. It changes only if a field's meaning does.
pub const SCHEMA: u32 = 1;

/// A daemon at one moment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatusPage {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The software, such as `offpush/0.1.0`.
    pub version: String,
    /// When the page was made.
    pub at: i64,
    /// What the daemon is doing about its connection.
    pub state: State,
    /// Why it is in this state, where that is not plain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when.
    pub since: i64,
    /// Since when there is no connection, or since the daemon's start; `None` while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub down_since: Option<i64>,
    /// What happens next without anybody's doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Next>,
    /// What is wrong and what to do about it, the worst first.
    pub problems: Vec<Problem>,
    /// The app's package name.
    pub package: String,
    /// The default network.
    pub network: Network,
    /// The gateways' addresses, the preferred one first.
    pub servers: Vec<String>,
    /// The brokers' addresses that the gateway told, the preferred one first.
    pub brokers: Vec<String>,
    /// The broker of the connection that stands or is being made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broker: Option<String>,
    /// The regId, shortened: enough to compare, not to push to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reg_id: Option<String>,
    /// The heartbeat in force, in milliseconds; 0 without a daemon.
    pub heartbeat: u64,
    /// What that heartbeat rests on; `None` if it is a fixed one, or there is no network or daemon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned: Option<Learned>,
    /// When the daemon wakes up at the latest, and what wakes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Alarm>,
    /// When the last byte came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_received: Option<i64>,
    /// Attempts to connect since the last connection.
    pub attempts: u32,
    /// Whether the gateway has answered on this connection.
    pub gateway_present: bool,
    /// What was taken from the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// How many messages stand in each state.
    pub messages: BTreeMap<String, usize>,
    /// The newest message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_message: Option<LastMessage>,
    /// Entries waiting for the gateway.
    pub outbox: usize,
    /// Callbacks waiting for the app.
    pub callbacks: usize,
    /// The app.
    pub app: App,
    /// What the app has set, as far as the gateway confirmed it.
    pub names: Names,
    /// The state on disk.
    pub storage: Storage,
    /// The device's clock minus the gateway's, in milliseconds, where a gateway has told the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_ahead: Option<i64>,
    /// What the platform allows and denies, topic by topic: `service` (what keeps the daemon alive), `alarm`,
    /// `notifications` and so on. Empty on a host.
    pub platform: BTreeMap<String, PlatformTopic>,
    /// What this day has cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub today: Option<Today>,
    /// The process; `None` if the page was read from the files of a daemon that does not run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Process>,
}

/// What a daemon is doing about its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Connected to a broker.
    Connected,
    /// A broker is being reached.
    Connecting,
    /// A broker was reached and has not accepted yet.
    Handshaking,
    /// A wait until the next attempt.
    Waiting,
    /// There is no network.
    NoNetwork,
    /// The app has not registered, or has unregistered.
    Unregistered,
    /// The gateway is being asked for a registration.
    Registering,
    /// A wait until the gateway is asked again.
    WaitingToRegister,
    /// The gateway refused the registration.
    RegistrationRefused,
    /// No daemon runs.
    NotRunning,
    /// One that this version does not know.
    #[default]
    #[serde(other)]
    Unknown,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    /// `connect`, `register`, `ping`, `give-up` (the end of waiting for an answer) or `check-network`.
    pub action: String,
    /// When.
    pub at: i64,
}

/// The default network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Network {
    /// `wifi`, `cellular`, `ethernet`, `vpn`, `loopback` or `other`; `None` without a network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// Which one, 16 hexadecimal digits: the same when the same network returns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether it leads anywhere: `unknown`, `works`, `portal` or `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internet: Option<String>,
}

/// What was learned of how long a network lets a connection be silent. Times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Learned {
    /// The longest silence survived; 0 for none.
    pub proved: u64,
    /// The shortest silence that killed a connection; 0 for none.
    pub failed: u64,
    /// The search is over until more is asked for again: what is proved is used. Else something longer is being tried.
    pub settled: bool,
}

/// When the daemon wakes up by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Alarm {
    /// The earliest moment at which it serves.
    pub earliest: i64,
    /// The latest.
    pub latest: i64,
    /// What wakes it: `timer` on a host; on Android the rung of the ladder that is in force, in words.
    pub rung: String,
}

/// What the platform says on one topic.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PlatformTopic {
    /// For people.
    pub words: String,
    /// The code of the [`Problem`] that this is, if something is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// The newest message.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LastMessage {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: String,
    /// When it arrived.
    pub arrived_at: i64,
    /// When it was shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown_at: Option<i64>,
    /// When it was clicked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clicked_at: Option<i64>,
}

/// What a day has cost, from local midnight or, if that was later, from the first start of a daemon. What a process that was
/// killed did in its last ten minutes may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Today {
    /// From when it is counted.
    pub since: i64,
    /// How often the daemon woke up, but for those that tools and apps asked something.
    pub wake_ups: u64,
    /// Bytes received, TLS included.
    pub bytes_in: u64,
    /// Bytes sent, TLS included.
    pub bytes_out: u64,
    /// For how many milliseconds the radio was up for this daemon. An estimate, by a model that `docs/control.md` tells.
    pub radio_estimate: u64,
}

/// The highest number taken of the gateway's entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// The gateway's numbering.
    pub epoch: String,
    /// The number.
    pub up_to: u64,
}

/// The app, as the daemon sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct App {
    /// Whether it listens for callbacks.
    pub listens: bool,
}

/// What the app has set.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Names {
    /// Aliases.
    pub aliases: Vec<String>,
    /// Accounts.
    pub accounts: Vec<String>,
    /// Topics.
    pub topics: Vec<String>,
    /// When messages may be shown; `None` for always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_time: Option<TimeWindow>,
}

/// A daily window, local time; `00:00` to `00:00` is a pause, `00:00` to `23:59` the whole day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeWindow {
    /// `HH:mm`.
    pub start: String,
    /// `HH:mm`, to the end of that minute.
    pub end: String,
}

/// The state on disk.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Storage {
    /// The size of the log, in bytes.
    pub bytes: u64,
    /// How many of them a rewrite would free.
    pub dead_bytes: u64,
    /// Places that could not be read when the daemon started.
    pub damage: Vec<String>,
    /// Where the damaged file was put.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
    /// Records of a newer version, which are kept and not used.
    pub unknown_records: usize,
    /// The disk refused the last write, in the system's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// The daemon's process. Counts are since its start.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// When it started.
    pub started_at: i64,
    /// How often it woke up, but for those that tools and apps asked something.
    pub wake_ups: u64,
    /// Bytes received from gateways and brokers, TLS included.
    pub bytes_in: u64,
    /// Bytes sent to gateways and brokers, TLS included.
    pub bytes_out: u64,
    /// Groups of records made durable.
    pub commits: u64,
    /// Syncs that this took.
    pub syncs: u64,
}
