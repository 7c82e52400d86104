//! What surrounds the phone and how it behaves, and the values that tests begin with.

use std::collections::BTreeMap;

use offpush_engine::{Config, Family, HttpAnswer, Internet, LinkFailure, Network, Path, Timing};
use offpush_wire::{Message, NotifyType, Target};

use super::{DAY, MINUTE, WALL};

/// What the store does with a commit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Disk {
    Works,
    /// Commits wait for [`Phone::commit`].
    Held,
    Fails(String),
}

/// What the platform does with a notification.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Screen {
    Shows,
    /// It waits for [`Phone::present`].
    Held,
    /// It is shown, but its confirmation is lost.
    ShowsSilently,
    Folds,
    Blocks(String),
    Later(String),
}

/// What answers an attempt to reach a broker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Broker {
    Accepts,
    /// TLS stands, then nothing comes.
    Mute,
    /// Nothing comes at all.
    Silent,
    Fails(LinkFailure),
    /// CONNACK with this reason code and these properties.
    Refuses(u8, Vec<u8>),
}

/// What answers a registration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Registrar {
    Accepts,
    Silent,
    Fails(LinkFailure),
    Answers(HttpAnswer),
}

pub(crate) fn config() -> Config {
    Config {
        app_id: "2882303761517000001".to_owned(),
        app_key: "5000000000001".to_owned(),
        package: "com.example.app".to_owned(),
        version: "offpush/test".to_owned(),
        boot_id: 1,
        timing: Timing { heartbeat: Some(4 * MINUTE), ..Timing::default() },
    }
}

pub(crate) fn wifi() -> Network {
    network(1, "wifi")
}

pub(crate) fn cellular() -> Network {
    network(2, "cellular")
}

/// SplitMix64.
pub(crate) fn entropy(mut state: u64) -> Box<dyn offpush_engine::Entropy> {
    Box::new(move |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(8) {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    })
}

pub(crate) fn message(id: &str) -> Message {
    Message {
        id: id.to_owned(),
        target: Target::RegId,
        pass_through: 0,
        title: "title".to_owned(),
        description: "text".to_owned(),
        payload: String::new(),
        notify_type: NotifyType::default(),
        notify_id: 0,
        expires_in: DAY,
        sent_at: WALL,
        binding: None,
        extra: BTreeMap::new(),
        offline_push_info: None,
        again: false,
    }
}

pub(crate) fn pass_through(id: &str) -> Message {
    Message { pass_through: 1, ..message(id) }
}

pub(crate) fn http(status: u16, retry_after: Option<u32>, body: impl Into<Vec<u8>>) -> Registrar {
    Registrar::Answers(HttpAnswer { status, retry_after, body: body.into() })
}

pub(crate) fn refusal(code: i64) -> Registrar {
    http(200, None, format!(r#"{{"code":{code},"reason":"refused"}}"#))
}

fn network(key: u64, transport: &str) -> Network {
    Network::Up { key, transport: transport.to_owned(), addresses: key, internet: Internet::Unknown }
}

/// The way by which a broker is reached unless a test says otherwise.
pub(crate) fn path() -> Path {
    Path { broker: "mqtts://broker.example:8883".to_owned(), family: Family::V4 }
}
