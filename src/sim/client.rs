//! What the world tells a push client, and what a client can do: the same for ours and for every peer.

use offpush_engine::Internet;

/// A connection, as the client numbers it. Never used twice.
pub(crate) type ConnId = u64;

/// The default network, as a client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NetworkSeen {
    /// The same value when the same network returns.
    pub(crate) key: u64,
    pub(crate) transport: crate::day::Transport,
    /// What the platform tells of its way out.
    pub(crate) internet: Internet,
}

impl NetworkSeen {
    /// The same network, whatever its way out.
    pub(crate) fn is(self, other: Self) -> bool {
        self.key == other.key
    }
}

/// Why a connection ended or an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    Refused,
    Unreachable,
    TimedOut,
    Ended,
    Reset,
    /// The system destroyed the socket.
    Aborted,
    /// A captive portal answered.
    Portal,
}

/// What happens to a client.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    Network(Option<NetworkSeen>),
    /// TLS stands.
    Connected(ConnId),
    Closed(ConnId, Failure),
    Received(ConnId, Vec<u8>),
    /// An answer to a registration request, or why there is none.
    Registered(ConnId, Result<Vec<u8>, Failure>),
    /// What a look at the network's way out found.
    Probed(ConnId, Internet),
    Timeout,
    Screen(bool),
    /// For the oracle alone: what nobody on a phone can know.
    Revealed(Truth),
}

/// What only the oracle is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    /// The NAT's time-out on the network the phone is on.
    Nat(Option<u64>),
    /// The NAT has forgotten the connection, or the network it was on is gone.
    Dead(ConnId),
    /// The server can be reached from now on.
    Reachable,
}

/// What a client does.
#[derive(Debug)]
pub(crate) enum Action {
    Connect(ConnId),
    Send(ConnId, Vec<u8>),
    Close(ConnId),
    /// Asks the gateway for a registration.
    Register(ConnId),
    /// Looks at what answers in the server's place.
    Probe(ConnId),
    /// Hold the wake lock for so many milliseconds, or let it go.
    WakeLock(Option<u64>),
    Note(Note),
}

/// What a client tells the record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Note {
    /// A ping went out on this connection.
    Ping(ConnId),
    /// This connection is the one that messages come on.
    Online(ConnId),
    /// That one has ended, and the client knows it.
    Offline(ConnId, String),
    /// A message reached the app.
    Delivered(String),
    /// A timer fired later than it may.
    AlarmLate(u64),
}

/// When a client wants to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wake {
    pub(crate) deadline: u64,
    /// The alarm is set for this; in between a phone that is awake anyway calls.
    pub(crate) latest: u64,
}

/// Which of Android's alarms a client uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AlarmKind {
    /// `setExactAndAllowWhileIdle`, or its inexact form where exact alarms are not granted.
    WhileIdle,
    /// `setExact`: waits in Doze.
    Exact,
}

/// A push client on virtual time.
pub(crate) trait Client {
    fn handle(&mut self, now: u64, input: Input, actions: &mut Vec<Action>);

    fn next_wake(&self) -> Option<Wake>;

    /// The interval it pings at on the network it is on, in milliseconds.
    fn interval(&self) -> u64;

    fn alarm(&self) -> AlarmKind {
        AlarmKind::WhileIdle
    }

    /// Whether it has a job that runs in Doze's maintenance windows, and listens to whether its network is blocked.
    fn has_job(&self) -> bool {
        false
    }

    /// Whether it is told the truth.
    fn is_oracle(&self) -> bool {
        false
    }
}
