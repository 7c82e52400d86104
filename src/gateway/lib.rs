//! The push server: takes messages from app servers (Mi Push's HTTP API, the IM side), keeps them, and hands them to
//! phones over an MQTT 5 broker, embedded or external.
//!
//! Driven by one call: [`run`] with [`Options`] serves until SIGINT or SIGTERM ([`Gateway`] does the same inside a
//! runtime of the caller's). [`make_user_sig`] makes the ticket of an IM user for trying out.
//!
//! * `core`, `db`: state and rules; every accepted message is on disk before it is answered.
//! * `broker`: the embedded broker, the administration of an external one, and the gateway's own connection to it.
//! * `http`: registration, Mi Push API, IM API, console API, health.
//! * `tls`, `secrets`: the gateway's own certificate authority, and what it keeps encrypted.
//!
//! It never trusts a phone or a server beyond what its credentials allow, never answers an API call with a 5xx for bad
//! input, and never logs a secret.

mod broker;
mod core;
mod db;
mod error;
mod events;
mod files;
mod http;
mod logging;
mod options;
mod run;
mod secrets;
mod tls;
mod usersig;

pub use error::GatewayError;
pub use options::{DEFAULT_RECONNECT_RATE, ExternalBroker, Options};
pub use run::{Addresses, Gateway, run};
pub use usersig::{UserSigError, make_user_sig, verify_user_sig};
