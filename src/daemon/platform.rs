//! The seam to what shows notifications.

use offpush_engine::{Presented, Wake};
use offpush_inspect::{CallbackLine, State};
use offpush_wire::Message;
use serde::Serialize;

/// A notification to show.
#[derive(Debug, Clone, PartialEq)]
pub struct Presentation {
    /// The message's number on this phone.
    pub sequence: u64,
    /// Its content.
    pub message: Message,
    /// Without a sound: it may have been shown before.
    pub silent: bool,
}

/// What a platform has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlatformEvent {
    /// What became of a presentation. Each gets one, whenever that is.
    Presented {
        /// The message's number on this phone.
        sequence: u64,
        /// What became of it.
        outcome: Presented,
    },
    /// What kept it from showing anything, told with [`Presented::Later`], is over.
    CanPresent,
}

/// What a daemon is doing about its connection, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StateLine {
    /// The state.
    pub state: State,
    /// Since when, in milliseconds since 1970.
    pub since: i64,
    /// The worst problem, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// What shows notifications; for an [embedded](crate::Embedding) daemon also what stands for the rest of the device and
/// for the app, which the later methods are about. Answers may come from other threads, through
/// [`Remote`](crate::Remote). Everything is called by the thread that runs the daemon. No call may block; times are boot time in milliseconds.
pub trait Platform {
    /// Which of these are showing, or were shown before the last end of the process. What cannot be found out is left
    /// out: then it is shown again, silently.
    fn showing(&mut self, sequences: &[u64]) -> Vec<u64>;

    /// Shows a notification, now or soon; [`poll`](Self::poll) tells what became of it.
    fn present(&mut self, boot: u64, presentation: Presentation);

    /// Removes a notification. One that still waits to be shown ends with [`Presented::Cancelled`].
    fn cancel(&mut self, boot: u64, sequence: u64);

    /// What there is to say, until there is nothing more. Called after each of the other calls and at
    /// [`next_timeout`](Self::next_timeout).
    fn poll(&mut self, boot: u64) -> Option<PlatformEvent>;

    /// When to call [`poll`](Self::poll) without another reason.
    fn next_timeout(&self) -> Option<u64>;

    /// [`Remote::wake`](crate::Remote::wake) is wanted between these two boot times even if the device sleeps, or at no
    /// time. Replaces what was asked for before.
    fn alarm(&mut self, _wake: Option<Wake>) {}

    /// Keep the device awake, for at most so many milliseconds; `None`: no longer.
    fn wake_lock(&mut self, _longest: Option<u64>) {}

    /// Judge this certificate chain (DER, the leaf first, as the server sent it): whether its root is trusted and it is
    /// valid now. That it is for this host and that the server has its key is found to be true here.
    /// [`Remote::judged`](crate::Remote::judged) answers.
    fn judge(&mut self, _question: u64, _chain: &[Vec<u8>], _host: &str) {}

    /// Call the app back; asked only while it [listens](crate::Remote::app).
    fn callback(&mut self, _line: &CallbackLine) {}

    /// The state has changed.
    fn state(&mut self, _state: &StateLine) {}
}
