//! What can be seen of a daemon, and how to ask for it.
//!
//! * [`StatusPage`]: everything about a daemon at one moment, with [`Problem`]s that say what to do; [`render`] makes
//!   text of it, with the verdict in the first line, [`checkin`] lines for scripts.
//! * [`Notification`], [`HistoryItem`] and [`KnownNetwork`]: the items of the lists.
//! * [`Diagnosis`]: what a look over everything that push needs has found.
//! * [`Request`] and [`Line`]: the control protocol, JSON lines in both directions; `docs/control.md` tells it to
//!   people. [`Client`] speaks it, blocking, for tools and for apps on a host.
//!
//! The command line, reports and Android's `dump()` show the same page, because they get it from here. Times are
//! milliseconds since 1970, UTC, by the phone's clock. Unknown fields are ignored and unknown values have a place, so
//! that a new tool understands an old phone and the other way round. Nothing here holds a secret.
//!
//! This crate knows neither engine nor store: the daemon fills these types.

mod checkin;
mod client;
mod doctor;
mod list;
mod page;
mod problem;
mod protocol;
mod render;
mod request;
mod text;

pub use checkin::checkin;
pub use client::{Client, ClientError};
pub use doctor::{Check, CheckCode, Diagnosis, Outcome};
pub use list::{HistoryItem, KnownNetwork, Notification};
pub use page::{
    Alarm, App, LastMessage, Learned, Mark, Names, Network, Next, PlatformTopic, Process, SCHEMA, State, StatusPage,
    Storage, TimeWindow, Today,
};
pub use problem::{Problem, Severity, settle};
pub use protocol::{
    Answer, AppCallback, AppMessage, CallbackLine, Command, ControlError, ErrorCode, Line, MAXIMUM_ANSWER_BYTES,
    MAXIMUM_REQUEST_BYTES, Operation, Request, SOCKET_FILE,
};
pub use render::{Role, Row, confidence_text, render, rows};
pub use text::{clock_text, details_text, duration_text, history_text, printable, relative_text};
