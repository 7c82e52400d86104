//! Networks between a phone and its servers.
//!
//! On loopback and without privileges:
//!
//! * [`Relay`]: a TCP relay that delays each direction, throttles it, swallows it, and counts what passes.
//! * [`TlsFront`]: ends TLS with any certificate and hands the content on.
//! * [`HostileBroker`]: speaks TLS, lets every phone in, and then says whatever a test wants.
//!
//! As root, in network namespaces:
//!
//! * [`Lab`]: two uplinks with real NATs between a phone and a server, and a captive [`Portal`] where one is wanted.

mod hostile;
mod lab;
mod portal;
mod relay;
mod router;
mod tls_front;

pub use hostile::HostileBroker;
pub use lab::{Families, Lab, SERVER_NAME};
pub use portal::Portal;
pub use relay::{Direction, Relay, Traffic};
pub use router::{Forgotten, Router, Uplink, Weather};
pub use tls_front::TlsFront;
