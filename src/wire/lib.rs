//! The JSON that travels between gateway and phone, and nothing else.
//!
//! * [`RegisterRequest`] and [`RegisterAnswer`]: the one HTTPS exchange that gives a phone its regId.
//! * [`DownFrame`]: what the gateway publishes to `op/d/{regId}`.
//! * [`UpFrame`]: what a phone publishes to `op/u/{regId}`.
//!
//! Both directions work alike: *entries* are numbered from 1 and kept by their sender until the other side's
//! *mark* covers them; a receiver takes only the next number. `docs/wire.md` tells the whole contract.
//!
//! Unknown fields are ignored. An entry is decoded in two steps, so that one that cannot be understood still has
//! its number and can be taken: first the frame with [`RawEntry`]s, then each entry's body.

mod command;
mod down;
mod entry;
mod message;
mod register;
mod up;

pub use command::{AcceptTime, Command, CommandResult, names};
pub use down::{Applied, Bindings, Down, DownFrame, HelloAnswer, Settings, Withdraw};
pub use entry::{Entry, RawEntry, Undecodable};
pub use message::{Click, DEFAULT_IM_TITLE, Message, NotifyType, Target};
pub use register::{RegisterAnswer, RegisterRequest, code};
pub use up::{Gone, Have, Hello, Receipt, ReceiptKind, Snapshot, Up, UpFrame};

/// The version of the frames described here. A receiver takes any version: new meaning comes in new fields and kinds.
pub const VERSION: u16 = 1;

/// The largest frame either side sends, in bytes. A Mi Push payload has at most 4 KiB, its extras 1 KiB and an IM
/// text 12 KiB; all of them JSON-escaped in the worst way (×6 for control characters) stay below.
pub const MAXIMUM_FRAME_BYTES: usize = 120 * 1024;

/// The largest body of a registration request or answer, in bytes (design §3).
pub const MAXIMUM_REGISTER_BYTES: usize = 64 * 1024;

/// The number of characters of a regId, of the alphabet `[A-Za-z0-9_-]`: 256 random bits as unpadded base64url.
pub const REG_ID_CHARACTERS: usize = 43;

/// The topic that carries frames down to a device.
pub fn down_topic(prefix: &str, reg_id: &str) -> String {
    format!("{prefix}/d/{reg_id}")
}

/// The topic that carries frames up from a device.
pub fn up_topic(prefix: &str, reg_id: &str) -> String {
    format!("{prefix}/u/{reg_id}")
}

/// The first level of both topics unless configured otherwise.
pub const DEFAULT_TOPIC_PREFIX: &str = "op";

/// Whether `text` has the shape of a regId; nothing else may be put into a topic.
pub fn is_reg_id(text: &str) -> bool {
    text.len() == REG_ID_CHARACTERS && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
