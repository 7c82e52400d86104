//! A day: the phone, the networks it meets, the server and the messages. What a file says, with every time in
//! milliseconds since the day began.

use std::ops::Range;

/// A day, ready to be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// Its name: the file's, without `.toml`.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// The time of the day at which it begins, in milliseconds since midnight.
    pub begins: u64,
    /// How long it lasts, in milliseconds.
    pub lasts: u64,
    pub(crate) phone: Phone,
    pub(crate) networks: Vec<NetworkPlan>,
    pub(crate) moves: Vec<Move>,
    pub(crate) changes: Vec<Change>,
    pub(crate) server: ServerPlan,
    pub(crate) messages: Messages,
}

/// The phone and what its system grants the app.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Phone {
    /// The Android release, 6 to 16: rations of alarms differ.
    pub(crate) android: u8,
    /// The push service runs as a foreground service: it keeps network and wake locks in Doze and is never frozen.
    pub(crate) foreground_service: bool,
    /// It may set exact alarms (`SCHEDULE_EXACT_ALARM`).
    pub(crate) exact_alarms: bool,
    /// The vendor moves alarms to the next multiple of this while the screen is off.
    pub(crate) align: Option<u64>,
    /// The app's standby bucket.
    pub(crate) bucket: Bucket,
    /// When the screen is on.
    pub(crate) screen_on: Vec<Range<u64>>,
    /// When the phone lies still and unplugged: with the screen off it gets into Doze.
    pub(crate) still: Vec<Range<u64>>,
    /// How often other apps wake it an hour, on average.
    pub(crate) other_wakes: f64,
}

/// Android's standby buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bucket {
    Active,
    Working,
    Frequent,
    Rare,
}

/// A network the phone meets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NetworkPlan {
    pub(crate) name: String,
    pub(crate) transport: Transport,
    pub(crate) path: Path,
}

/// What a network does to packets; a change replaces it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Path {
    /// The NAT forgets a connection that was idle for so long; `None`: never.
    pub(crate) nat: Option<u64>,
    /// It answers what belongs to no connection with RST rather than silence.
    pub(crate) nat_resets: bool,
    /// Milliseconds there and back.
    pub(crate) round_trip: u64,
    /// Up to so many more, each way.
    pub(crate) jitter: u64,
    /// The fraction of packets that are lost.
    pub(crate) loss: f64,
    /// A captive portal answers instead of the server until somebody signs in.
    pub(crate) portal: bool,
    /// Nothing gets through, and nothing says so.
    pub(crate) black_hole: bool,
}

/// A network's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Wifi,
    Cellular,
    Ethernet,
}

impl Transport {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Wifi => "wifi",
            Self::Cellular => "cellular",
            Self::Ethernet => "ethernet",
        }
    }
}

/// The default network becomes another one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Move {
    pub(crate) at: u64,
    /// The network, or none.
    pub(crate) network: Option<usize>,
    /// Milliseconds that the network which is left goes on serving.
    pub(crate) overlap: u64,
    /// A short loss of the link: sockets live on if the same network returns.
    pub(crate) keeps_sockets: bool,
}

/// A network starts to treat packets otherwise.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    pub(crate) at: u64,
    pub(crate) network: usize,
    pub(crate) path: Path,
}

/// The server.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ServerPlan {
    /// The keep-alive it imposes, in seconds.
    pub(crate) keep_alive: Option<u16>,
    pub(crate) outages: Vec<Outage>,
}

/// The server is away.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outage {
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// It ends its connections; otherwise it vanishes and resets them when it hears of them again.
    pub(crate) says_goodbye: bool,
}

/// What is sent to the phone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Messages {
    /// At these times.
    pub(crate) at: Vec<u64>,
    /// So many more, at random times in these ranges.
    pub(crate) random: u32,
    pub(crate) between: Vec<Range<u64>>,
    /// Bytes of text in each.
    pub(crate) bytes: u16,
    /// Milliseconds that each is worth delivering.
    pub(crate) expires: u64,
}

impl Day {
    /// The time of the day at a moment, `HH:MM`.
    pub(crate) fn clock(&self, at: u64) -> String {
        let minutes = (self.begins + at) / crate::time::MINUTE;
        format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
    }
}
