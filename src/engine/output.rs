//! What comes out of the engine.

use crate::event::Event;
use crate::input::{CommitId, LinkId, Path};
use crate::record::Write;

/// One thing to do. To be done in the order given.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send this body to `POST /v1/register` of the gateway and tell the answer with
    /// [`Engine::handle_register_answer`](crate::Engine::handle_register_answer).
    Register {
        /// Identifies the attempt.
        link: LinkId,
        /// The body, JSON.
        body: Vec<u8>,
    },
    /// Race TLS connections to these brokers, staggered (RFC 8305), and keep the first that stands; tell with
    /// [`handle_connected`](crate::Engine::handle_connected) or [`handle_closed`](crate::Engine::handle_closed). A link
    /// that serves already goes on.
    Connect {
        /// Identifies the attempt and the link it becomes.
        link: LinkId,
        /// `mqtts://HOST:PORT`, the preferred one first.
        brokers: Vec<String>,
        /// What worked last on this network: it starts first.
        prefer: Option<Path>,
    },
    /// Find out whether something answers in the gateway's place; tell with
    /// [`handle_probed`](crate::Engine::handle_probed).
    Probe {
        /// Identifies the probe.
        link: LinkId,
    },
    /// Write these bytes to the link, all of them, in order.
    Send {
        /// The link.
        link: LinkId,
        /// MQTT packets.
        bytes: Vec<u8>,
    },
    /// Flush what was sent as far as it goes without waiting and close the link, or end the attempt. No input about
    /// this link is expected any more.
    Close {
        /// The link or attempt.
        link: LinkId,
    },
    /// Make these writes durable, all or none, and tell with [`handle_committed`](crate::Engine::handle_committed).
    Commit {
        /// Identifies the group.
        id: CommitId,
        /// The writes, later ones win.
        writes: Vec<Write>,
    },
    /// Ask the platform which of these notifications are showing or were shown before the last crash, and tell with
    /// [`handle_showing`](crate::Engine::handle_showing). The first output after a start that needs it.
    AskShowing {
        /// Their numbers, ascending.
        sequences: Vec<u64>,
    },
    /// Show this message; its content is in the store under [`kind::MESSAGE`](crate::record::kind::MESSAGE).
    /// Tell with [`handle_presented`](crate::Engine::handle_presented), whenever that is.
    Present {
        /// The message's number on this phone.
        sequence: u64,
        /// Without sound: it may have been shown before.
        silent: bool,
    },
    /// Remove this notification if it is showing; forget it if it waits to be shown (and tell
    /// [`Presented::Cancelled`](crate::input::Presented::Cancelled)).
    Cancel {
        /// The message's number on this phone.
        sequence: u64,
    },
    /// Call the app back. Given only while an app listens; to be confirmed with
    /// [`handle_callback_taken`](crate::Engine::handle_callback_taken) if it has an id.
    Callback {
        /// The durable callback's id; `None` for one that is not kept.
        id: Option<u64>,
        /// What to tell.
        callback: Callback,
    },
    /// Hold the wake lock (`Some`: at most so many milliseconds) or let it go.
    WakeLock(Option<u64>),
    /// For the history.
    Event(Event),
}

/// What the app is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Callback {
    /// The result of a registration: `onReceiveRegisterResult`.
    Registered {
        /// 0 or a code of [`offpush_wire::code`].
        code: i64,
        /// Why it was refused.
        reason: Option<String>,
        /// The regId on success.
        reg_id: Option<String>,
    },
    /// The result of a command: `onCommandResult`.
    Result {
        /// The command's name, one of [`offpush_wire::names`].
        command: String,
        /// Its arguments.
        arguments: Vec<String>,
        /// 0 or why not.
        code: i64,
        /// In words.
        reason: Option<String>,
    },
    /// A notification message reached the phone while the app was running: `onNotificationMessageArrived`.
    Arrived {
        /// The message's number on this phone.
        sequence: u64,
    },
    /// A notification was clicked: `onNotificationMessageClicked`.
    Clicked {
        /// The message's number on this phone.
        sequence: u64,
    },
    /// A message for the app itself: `onReceivePassThroughMessage`.
    PassThrough {
        /// The message's number on this phone.
        sequence: u64,
    },
}
