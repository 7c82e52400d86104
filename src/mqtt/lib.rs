//! The client side of MQTT 5: the packets a client sends, encoded; the packets a server sends, decoded strictly.
//!
//! Everything here is a pure function over bytes. The encoders ([`encode_connect`], [`encode_subscribe`],
//! [`encode_publish`], [`encode_puback`], [`encode_pingreq`], [`encode_disconnect`]) append one packet to a buffer or
//! leave it as it was. [`decode`] takes the bytes received so far and gives the first packet with its length, borrowing
//! from them; when it needs more bytes it says so.
//!
//! ```
//! use offpush_mqtt::{Packet, ReasonCode, decode};
//!
//! let received = [0x20, 0x03, 0x00, 0x87, 0x00];
//! assert_eq!(decode(&received[..4], 1024), Ok(None), "one byte is missing");
//! let Ok(Some((Packet::ConnAck(answer), length))) = decode(&received, 1024) else { panic!("a whole CONNACK") };
//! assert_eq!((answer.reason, length), (ReasonCode::NOT_AUTHORIZED, 5));
//! ```
//!
//! The client this serves uses a part of the protocol, and `decode` holds the server to that part: QoS 0 and 1, no topic
//! aliases, no enhanced authentication, no unsubscribing. What the standard calls a malformed packet or a protocol error
//! is an error here too, and so is the answer to a question this client never asks.
//!
//! What it never does: IO, timing, state. Whether a packet comes at the right moment, whether an acknowledgement
//! belongs to something sent and how many messages may be under way is for the caller to know. Decoding does not
//! allocate, and no input makes it panic.
//!
//! Section and statement numbers are those of *MQTT Version 5.0*, OASIS Standard, 7 March 2019.

mod decode;
mod encode;
mod error;
mod packet;
mod property;
mod reader;
mod reason;
mod topic;

pub use decode::decode;
pub use encode::{
    Connect, EncodeError, PublishOut, Will, encode_connect, encode_disconnect, encode_pingreq, encode_puback,
    encode_publish, encode_subscribe,
};
pub use error::{DecodeError, Malformation, Violation};
pub use packet::{
    ConnAck, ConnAckProperties, Disconnect, Packet, PacketType, PubAck, Publish, QoS, RETRY_AFTER, SubAck,
};
pub use reason::ReasonCode;

/// The largest value of a variable byte integer, and so the longest remaining length, in bytes (§1.5.5).
pub(crate) const VARIABLE_BYTE_INTEGER_MAX: u32 = 268_435_455;
