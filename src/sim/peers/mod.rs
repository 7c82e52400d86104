//! Other push clients' published rules, on a common minimal client, so that all are judged by the same world.
//!
//! Each file holds one peer's rules with the constants that its source gives; nothing of a peer's code is here. Where
//! a source is silent, the peer gets what serves it best.

mod chromium;
mod courier;
mod fixed;
mod mars;
mod microg;
mod model;
mod oracle;
mod session;

pub(crate) use chromium::Chromium;
pub(crate) use courier::Courier;
pub(crate) use fixed::Fixed;
pub(crate) use mars::Mars;
pub(crate) use microg::MicroG;
pub(crate) use model::Peer;
pub(crate) use oracle::{CEILING, Oracle};
