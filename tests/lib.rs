//! The harness of the end-to-end tests: real processes of `offpush gateway`, `offpush daemon` and `mosquitto`.
//!
//! A test starts a [`World`] (a gateway with one of the two brokers, and an app in it) and any number of [`Phone`]s,
//! does something to them from outside, and looks at what a person could look at: the notifications file, the control
//! socket, the gateway's HTTP APIs. Whatever was started is ended when its value is dropped, also by a panic, and then
//! the processes' last words are printed.
//!
//! Nothing here sleeps for a guessed time: [`wait::until`] looks for the event until a deadline that only a failure
//! ever reaches. The program under test is named by the environment variable `OFFPUSH_BIN` (`tests/run` sets it).
//!
//! Tests of real networks run as root, in network namespaces of their own ([`net::Lab`]); where these cannot be made, each
//! says that it was skipped, and why.
//!
//! | variable | meaning |
//! |---|---|
//! | `OFFPUSH_BIN` | the program under test |
//! | `OFFPUSH_FULL=1` | the long forms |
//! | `OFFPUSH_SKIPPED` | a file to which a test that cannot run here appends its name and the reason |
//! | `OFFPUSH_KEEP=1` | keep each test's folder |

pub mod adb;
mod app;
mod authority;
mod broker;
mod doctor;
mod export;
mod gateway;
mod http;
mod mounted;
pub mod net;
mod phone;
mod ports;
mod process;
mod scratch;
pub mod wait;
mod watch;
mod world;

pub use app::App;
pub use authority::{Authority, Leaf, Validity};
pub use broker::{Broker, Mosquitto};
pub use doctor::Doctor;
pub use export::unpacked;
pub use gateway::{Account, Gateway, Target};
pub use http::{Http, HttpAnswer, form};
pub use mounted::Mounted;
pub use phone::{Phone, PhoneOptions};
pub use ports::free_port;
pub use process::Process;
pub use scratch::Scratch;
pub use watch::Watch;
pub use world::{Place, World};

/// Whether the long form of a test is asked for.
pub fn full() -> bool {
    std::env::var_os("OFFPUSH_FULL").is_some()
}

/// Says that this test cannot run on this machine, and why. The test then returns.
pub fn skip(reason: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    eprintln!("skipped: {test}: {reason}");
    if let Some(file) = std::env::var_os("OFFPUSH_SKIPPED") {
        use std::io::Write as _;
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file).expect("the list of skips");
        file.write_all(format!("{test}: {reason}\n").as_bytes()).expect("the list of skips");
    }
}

/// Makes each function a test on the embedded broker and one on mosquitto.
#[macro_export]
macro_rules! on_both_brokers {
    ($($(#[$attribute:meta])* fn $name:ident($broker:ident) $body:block)*) => {
        mod claims {
            use super::*;
            $($(#[$attribute])* pub(super) fn $name($broker: $crate::Broker) $body)*
        }
        mod embedded {
            $(#[test] fn $name() { super::claims::$name($crate::Broker::Embedded) })*
        }
        mod mosquitto {
            $(#[test] fn $name() { super::claims::$name($crate::Broker::Mosquitto) })*
        }
    };
}
