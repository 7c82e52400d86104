//! The seam to what shows notifications.

use offpush_engine::Presented;
use offpush_wire::Message;

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

/// What shows notifications. No call may block; times are boot time in milliseconds.
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
}
