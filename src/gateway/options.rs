use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// How a gateway is to run. [`Options::new`] gives the defaults of the command line.
#[derive(Debug, Clone)]
pub struct Options {
    /// The directory that holds everything the gateway keeps; made if it does not exist.
    pub data: PathBuf,
    /// Where plain HTTP is served; port 0 picks a free one.
    pub http: SocketAddr,
    /// Where HTTPS is served; port 0 picks a free one.
    pub https: SocketAddr,
    /// Where the embedded broker listens (MQTT 5 over TLS), one address or several; port 0 picks a free one. Phones are
    /// told all of them in this order, and take whichever the networks in between let through. Unused with an external
    /// broker.
    pub mqtt: Vec<SocketAddr>,
    /// Names and addresses of this gateway besides localhost, for its certificates and for what phones are told;
    /// the first is the one that phones are told.
    pub public_hosts: Vec<String>,
    /// The database's URL; a SQLite file in `data` if none.
    pub database: Option<String>,
    /// An external broker instead of the embedded one.
    pub broker: Option<ExternalBroker>,
    /// Connections a second that the broker should get when all phones come back at once: they are told to spread
    /// accordingly.
    pub reconnect_rate: u32,
    /// The data was restored from a backup: a new epoch is drawn before anything is served.
    pub restored: bool,
}

/// An external broker, administered through mosquitto's dynamic security (`docs/mosquitto.md`).
///
/// Its certificate is judged by the system's store, the gateway's own CA, and `broker-ca.pem` in the data directory
/// if there is such a file.
#[derive(Debug, Clone)]
pub struct ExternalBroker {
    /// Where the gateway connects: `mqtts://HOST:PORT`, or `mqtt://HOST:PORT` on the same machine.
    pub url: String,
    /// A file with the gateway's user name on the first line and its password on the second.
    pub credentials: PathBuf,
    /// Where phones connect, the preferred one first: `mqtts://HOST:PORT`. Empty if that is `url`.
    pub device_urls: Vec<String>,
}

/// Connections a second: a TLS 1.3 handshake with a signature is some 200 µs of one core, so a small server gives a third
/// of one core to them.
pub const DEFAULT_RECONNECT_RATE: u32 = 2_000;

impl Options {
    /// The defaults of the command line: everything on 127.0.0.1, HTTP 8080, HTTPS 8443, MQTT 8883, SQLite and the
    /// embedded broker.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self {
            data: data.into(),
            http: local(8080),
            https: local(8443),
            mqtt: vec![local(8883)],
            public_hosts: Vec::new(),
            database: None,
            broker: None,
            reconnect_rate: DEFAULT_RECONNECT_RATE,
            restored: false,
        }
    }
}
