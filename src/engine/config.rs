//! What the driver tells the engine once, and every limit.

use crate::time::{HOUR, MINUTE, SECOND};

/// What the driver tells the engine at the start.
#[derive(Debug, Clone)]
pub struct Config {
    /// The AppID, decimal.
    pub app_id: String,
    /// The AppKey.
    pub app_key: String,
    /// The app's package name.
    pub package: String,
    /// The software's name and version, such as `offpush/0.1.0`.
    pub version: String,
    /// Identifies this boot of the device (a hash of the kernel's boot id): boot times of another one mean nothing.
    pub boot_id: u64,
    /// The heartbeat and the waits, which tests may scale.
    pub timing: Timing,
}

/// The waits that a test may scale. All in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// A ping goes out when nothing was received for this long; `None`: for as long as the network is found to allow.
    pub heartbeat: Option<u64>,
    /// The heartbeat that is searched for is so many times shorter than its rules say, so that a test sees in seconds
    /// what takes minutes. 1.
    pub heartbeat_scale: u64,
    /// The first wait after a failed attempt; the next ones are drawn up to three times the one before.
    ///
    /// 1 s: a broker that restarts is back within seconds, and a second's jitter spreads its first clients.
    pub back_off_base: u64,
    /// The longest wait between attempts. 10 min, Chromium's (`gcm_backoff_policy.cc`).
    pub back_off_cap: u64,
    /// The first wait after credentials were refused, a takeover, or an answer that no retry will change soon.
    ///
    /// 60 s, doubling with jitter: nothing on the phone can mend it, and the gateway's repair takes a registration.
    pub long_back_off_base: u64,
    /// The longest such wait. 6 h, as long as contact may be lost before the registration is repeated (design §3).
    pub long_back_off_cap: u64,
    /// No broker reached for this long on a working network: the registration is repeated. 6 h (design §3).
    pub lost_contact: u64,
    /// An unanswered hello or entry is sent again after this long, then backed off. 30 s (design §3).
    pub resend: u64,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            heartbeat: None,
            heartbeat_scale: 1,
            back_off_base: SECOND,
            back_off_cap: 10 * MINUTE,
            long_back_off_base: MINUTE,
            long_back_off_cap: 6 * HOUR,
            lost_contact: 6 * HOUR,
            resend: 30 * SECOND,
        }
    }
}

/// Every limit, with its unit and reason.
pub mod limit {
    use super::{HOUR, MINUTE, SECOND};

    /// Milliseconds from the start of an attempt until TLS stands. 20 s: Chromium's 30 s for one packet less what a
    /// wake lock of 30 s leaves for CONNECT; DNS, TCP's first retransmissions (1 + 2 + 4 s) and TLS fit.
    pub const CONNECT: u64 = 20 * SECOND;
    /// Milliseconds from CONNECT to CONNACK. With [`CONNECT`] it makes the 30 s of a connection's wake lock (design §5).
    pub const CONNACK: u64 = 10 * SECOND;
    /// Milliseconds for a whole registration request, connection included: the same 30 s.
    pub const REGISTER: u64 = 30 * SECOND;
    /// Milliseconds from a ping to its answer (design §2, rule 5).
    pub const PING_ANSWER: u64 = 10 * SECOND;
    /// Milliseconds that the wake lock is held for a commit and its presentation: as long as for a ping (design §2).
    pub const PRESENTATION: u64 = 10 * SECOND;
    /// Milliseconds for a probe: as long as for a ping.
    pub const PROBE: u64 = PING_ANSWER;
    /// Milliseconds between probes on one network: half of them are worth nothing, and a person who signs in to a portal
    /// is noticed by the next attempt anyway.
    pub const PROBE_AGAIN: u64 = 30 * MINUTE;
    /// The shortest wait, in milliseconds, on a network that is known to lead nowhere: what changes that is a person or
    /// the network itself, and on Android the platform tells.
    pub const NO_WAY_OUT: u64 = 2 * MINUTE;
    /// Milliseconds over which phones spread after an end that the server caused, until a gateway has told its own
    /// window: enough for some thousands of phones.
    pub const RECONNECT_WINDOW: u64 = 5 * SECOND;
    /// The longest such window, in milliseconds, that a gateway can ask for: a million phones at 300 a second.
    pub const RECONNECT_WINDOW_MAX: u64 = HOUR;
    /// Waits of so many milliseconds and more are kept for a restart, and may ride on other wake-ups: a process is not
    /// back sooner, and a write costs a sync.
    pub const WAIT_KEPT: u64 = 10 * SECOND;
    /// Milliseconds a connection must have lasted before the back-off starts from its base again, so that
    /// connect-then-drop still backs off. One minute: Chromium restores within 10 s, Courier resets after 300 s.
    pub const STABLE: u64 = MINUTE;
    /// Milliseconds within which a second takeover means that another phone has our identity (design §2, rule 7).
    pub const TAKEOVER: u64 = MINUTE;
    /// Milliseconds between looks at the network when none is there, against missed callbacks (design §2, rule 4).
    pub const NETWORK_RECHECK: u64 = 24 * HOUR;
    /// The longest wait before an unanswered hello or entry is sent again, in milliseconds.
    pub const RESEND_CAP: u64 = HOUR;
    /// Milliseconds that a write nobody waits for may wait for company before it costs a sync of its own.
    pub const LAZY_COMMIT: u64 = 100;
    /// Milliseconds between attempts to write when the disk refused.
    pub const COMMIT_RETRY: u64 = 10 * SECOND;
    /// MQTT Receive Maximum that we advertise: the gateway's window of 64 and as many control frames.
    pub const RECEIVE_MAXIMUM: u16 = 128;
    /// Messages that wait to be shown. Beyond it nothing more is taken until some were shown: 2,000 index entries
    /// cost a quarter of a megabyte, and no person reads more.
    pub const PENDING: usize = 2_000;
    /// Messages that are done and kept for clicks, repeats, job keys and inspection.
    pub const DONE: usize = 1_000;
    /// Presentations handed to the platform and not yet confirmed: the gateway's window.
    pub const PRESENTING: usize = 64;
    /// Entries waiting in the outbox. Beyond it commands are refused and nothing more is taken.
    pub const OUTBOX: usize = 4_096;
    /// Entries sent and not yet applied, so that a slow gateway is not flooded.
    pub const OUTBOX_IN_FLIGHT: usize = 256;
    /// Bytes of entries in one frame; a frame may carry a single larger one.
    pub const FRAME: usize = 16 * 1024;
    /// Callbacks waiting for the app.
    pub const CALLBACKS: usize = 1_000;
    /// Callbacks told to the app that it has not taken: of the largest messages they take 2 MB on their way to it.
    pub const DELIVERED: usize = 16;
    /// Aliases, accounts and topics kept of each kind: Mi Push's own limits are 15, 20 and 30.
    pub const NAMES: usize = 100;
    /// Bytes of a name in a command.
    pub const NAME: usize = 512;
    /// Bytes of a user's ticket: a UserSig has some hundred, and an entry that fits no frame would block all others.
    pub const TICKET: usize = 4_096;
    /// Milliseconds within which a broker has to be reached again after a silent death, or it is not blamed on the
    /// silence: an outage takes longer, and a connection over a network that is there seconds.
    pub const VERDICT: u64 = 30 * SECOND;
    /// Networks whose heartbeat is remembered; the one unused for longest is forgotten. A person's places, many times.
    pub const NETWORKS: usize = 64;
    /// Brokers taken from a registration answer.
    pub const BROKERS: usize = 16;
}
