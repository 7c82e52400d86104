//! Networks between a phone and its servers, on loopback and without privileges.
//!
//! * [`Relay`]: a TCP relay that delays each direction, throttles it, swallows it, and counts what passes.
//! * [`TlsFront`]: ends TLS with any certificate and hands the content on.
//! * [`HostileBroker`]: speaks TLS, lets every phone in, and then says whatever a test wants.

mod hostile;
mod relay;
mod tls_front;

pub use hostile::HostileBroker;
pub use relay::{Direction, Relay, Traffic};
pub use tls_front::TlsFront;
