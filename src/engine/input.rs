//! What comes into the engine, beyond plain values.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One attempt to reach a server, and the link it became. Never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LinkId(pub u64);

/// One group of writes handed to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CommitId(pub u64);

/// The default network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "network", rename_all = "kebab-case", try_from = "NetworkFields")]
pub enum Network {
    /// There is none.
    None,
    /// There is one.
    Up {
        /// Which one: the same value when the same network returns.
        key: u64,
        /// `wifi`, `cellular`, `ethernet`, `vpn`, `other`.
        transport: String,
        /// A hash of the addresses and routes that it gives us. With other ones under the same key, a connection made
        /// before may have lost its own.
        addresses: u64,
        /// What the platform knows of its way out.
        internet: Internet,
    },
}

/// Read flat: an enum that is told from a field is read through a copy of the whole, by much more code.
#[derive(Deserialize)]
struct NetworkFields {
    network: String,
    key: Option<u64>,
    transport: Option<String>,
    addresses: Option<u64>,
    internet: Option<Internet>,
}

impl TryFrom<NetworkFields> for Network {
    type Error = String;

    fn try_from(fields: NetworkFields) -> Result<Self, String> {
        let NetworkFields { network, key, transport, addresses, internet } = fields;
        match (network.as_str(), key, transport, addresses, internet) {
            ("none", ..) => Ok(Self::None),
            ("up", Some(key), Some(transport), Some(addresses), Some(internet)) => {
                Ok(Self::Up { key, transport, addresses, internet })
            }
            ("up", ..) => Err("one of the fields `key`, `transport`, `addresses`, `internet` is missing".to_owned()),
            (other, ..) => Err(format!("unknown network `{other}`")),
        }
    }
}

/// Whether a network leads anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Internet {
    /// Nobody has looked.
    #[default]
    Unknown,
    /// It does.
    Works,
    /// It answers everything itself until somebody signs in.
    Portal,
    /// Nothing gets out.
    None,
}

/// A way to a broker that was found to work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Path {
    /// The broker, `mqtts://HOST:PORT`, as it was given.
    pub broker: String,
    /// Over which version of IP.
    pub family: Family,
}

/// A version of the Internet Protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// Why a link could not be made, or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "failure", rename_all = "kebab-case")]
pub enum LinkFailure {
    /// The address is not of the form `mqtts://HOST:PORT` or `https://HOST[:PORT]`.
    Address {
        /// The address.
        address: String,
    },
    /// The name could not be resolved.
    Name {
        /// The host name.
        host: String,
        /// The resolver's words.
        error: String,
    },
    /// Nobody listens there.
    Refused,
    /// No route there.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The certificate was not accepted.
    Certificate {
        /// Why.
        problem: CertificateProblem,
    },
    /// TLS failed otherwise.
    Tls {
        /// The library's words.
        error: String,
    },
    /// What came back is not HTTP, or more than 64 KiB of it.
    Http {
        /// What is wrong.
        error: String,
    },
    /// The other side ended the connection.
    Ended,
    /// The other side reset the connection.
    Reset,
    /// Another error of the system.
    System {
        /// The system's words.
        error: String,
    },
}

/// Why a server's certificate was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "problem", rename_all = "kebab-case")]
pub enum CertificateProblem {
    /// Its issuer is not trusted: a wrong or missing CA.
    UnknownIssuer,
    /// It is for another name.
    WrongName {
        /// The name we asked for.
        host: String,
    },
    /// It ended before the time we go by.
    Expired {
        /// Whether the device's clock, rather than the certificate, is likely to be wrong: it is far ahead of what
        /// a gateway last told.
        clock_ahead: bool,
    },
    /// It has not begun by the time we go by, so the device's clock is behind.
    NotYetValid,
    /// Anything else.
    Other {
        /// The library's words.
        error: String,
    },
}

impl fmt::Display for LinkFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { address } => write!(f, "{address:?} is no address of the form mqtts://HOST:PORT"),
            Self::Name { host, error } => write!(f, "cannot resolve {host}: {error}"),
            Self::Refused => f.write_str("connection refused: nobody listens there"),
            Self::Unreachable => f.write_str("unreachable: no route there"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Certificate { problem } => problem.fmt(f),
            Self::Tls { error } => write!(f, "TLS failed: {error}"),
            Self::Http { error } => write!(f, "no proper HTTP answer: {error}"),
            Self::Ended => f.write_str("the other side ended the connection"),
            Self::Reset => f.write_str("the other side reset the connection"),
            Self::System { error } => f.write_str(error),
        }
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer => f.write_str("the server's certificate comes from a CA that is not trusted"),
            Self::WrongName { host } => write!(f, "the server's certificate is not for {host}"),
            Self::Expired { clock_ahead: false } => f.write_str("the server's certificate has expired"),
            Self::Expired { clock_ahead: true } => {
                f.write_str("the server's certificate has expired by this device's clock, which is far ahead")
            }
            Self::NotYetValid => {
                f.write_str("the server's certificate is not valid yet: this device's clock is behind")
            }
            Self::Other { error } => write!(f, "the server's certificate was not accepted: {error}"),
        }
    }
}

impl std::error::Error for LinkFailure {}

/// An HTTP answer to a registration request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// `Retry-After` in seconds, where the answer had one.
    pub retry_after: Option<u32>,
    /// The body, at most [`offpush_wire::MAXIMUM_REGISTER_BYTES`].
    pub body: Vec<u8>,
}

/// What the platform did with a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Presented {
    /// It is showing.
    Shown,
    /// It went into a summary.
    Folded,
    /// It was cancelled before it was shown.
    Cancelled,
    /// It cannot be shown at all.
    Blocked {
        /// Why.
        reason: String,
    },
    /// It cannot be shown now; it stays pending until [`Engine::handle_can_present`](crate::Engine::handle_can_present).
    Later {
        /// Why.
        reason: String,
    },
}

/// Why the engine did not take a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandRefused {
    /// A name is empty, too long or has control characters, or a ticket is too long.
    InvalidName,
    /// There is no registration that it could apply to.
    NotRegistered,
    /// The outbox is full: the gateway has not been reached for long.
    OutboxFull,
    /// The gateway is not heard through this connection, or much waits for it: nothing would come back.
    NoEcho,
}

impl fmt::Display for CommandRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidName => "a name is empty, longer than 512 bytes or has control characters, or a ticket is longer than 4,096 bytes",
            Self::NotRegistered => "the app is not registered: register first",
            Self::OutboxFull => {
                "too many commands wait for the gateway; see `offpush status` for why it is not reached"
            }
            Self::NoEcho => "the gateway is not reached now; see `offpush status` for why",
        })
    }
}

impl std::error::Error for CommandRefused {}

/// There is no message with that id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownMessage;
