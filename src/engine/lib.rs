//! The sans-IO core of offpush: what a phone does next to stay reachable and to show each message once.
//!
//! The engine knows no socket, file, clock, thread or Android. Its driver
//! 1. makes an [`Engine`] from the records that were kept, and tells it the network with
//!    [`Engine::handle_network`];
//! 2. tells it what happens with the `handle_*` methods, each with the moment ([`Now`]);
//! 3. after each input does what [`Engine::poll_output`] gives, in order, until there is nothing more;
//! 4. calls [`Engine::handle_timeout`] at [`Engine::next_timeout`].
//!
//! The same inputs and the same [`Entropy`] give the same outputs, byte for byte.
//!
//! # Where the rules are
//! | rule | module |
//! |---|---|
//! | when to ping, when a connection is dead | `heartbeat` |
//! | how long a network lets a connection be silent | `search`, `silence`, `networks` |
//! | how the platform's alarms come, and when to ask for one | `alarms` |
//! | when to try again | `back_off`, `connection` |
//! | what each MQTT reason code means | `actions` |
//! | acknowledged only once it is on disk | `journal`, `inbox` |
//! | shown once | `presentation`, `messages` |
//! | regId: how it comes and goes | `registration` |
//! | commands, callbacks, receipts | `commands`, `callbacks`, `outbox` |
//! | what goes out, and when again | `uplink` |
//! | limits | [`config`] |
//!
//! # What it never does
//! Acknowledge what is not on disk; forget a message for lack of room; take another number than the next; believe
//! anybody but the gateway that its regId is unknown.

mod actions;
mod alarms;
mod back_off;
mod callbacks;
mod commands;
pub mod config;
mod connection;
mod contact;
mod engine;
mod entropy;
pub mod event;
mod handover;
mod heartbeat;
mod inbox;
pub mod input;
mod journal;
mod link;
mod messages;
mod networks;
mod outbox;
pub mod output;
mod presentation;
pub mod record;
mod registration;
mod search;
mod silence;
mod sorted;
pub mod status;
mod time;
mod timer;
mod uplink;
mod waiting;
mod way_out;

pub use back_off::BackOff;
pub use config::{Config, Timing};
pub use engine::Engine;
pub use entropy::Entropy;
pub use event::{Disconnected, Event};
pub use input::{
    CommandRefused, CommitId, Family, HttpAnswer, Internet, LinkFailure, LinkId, Network, Path, Presented,
    UnknownMessage,
};
pub use networks::{KnownNetwork, Learned};
pub use output::{Callback, Output};
pub use record::{Record, RecordKey, Write};
pub use status::Status;
pub use time::{Now, Wake};
