//! The messages of a measurement.

use offpush_wire::{Applied, Down, DownFrame, Entry, Message, NotifyType, Target};

/// The bytes of every message frame, the mark on the phone's outbox included.
pub(crate) const FRAME_BYTES: usize = 512;

/// The epoch under which the stand-in numbers.
pub(crate) const EPOCH: &str = "bench-1";

/// A day: no message of a measurement expires.
const EXPIRES_IN_MS: u64 = 86_400_000;

/// 2026-01-01; nothing depends on it.
const SENT_AT_MS: i64 = 1_767_225_600_000;

/// The id of the message with this number.
pub(crate) fn message_id(n: u64) -> String {
    format!("scmbench{n:014}")
}

/// Makes frames of [`FRAME_BYTES`] bytes, each with one message.
#[derive(Debug)]
pub(crate) struct MessageFrames {
    /// How much text fills the last frame up.
    filler: usize,
}

impl MessageFrames {
    pub(crate) fn new() -> Self {
        Self { filler: 1 }
    }

    /// The frame with message `n`.
    pub(crate) fn frame(&mut self, n: u64, applied: &Applied) -> Vec<u8> {
        loop {
            let bytes = encode(n, applied, self.filler);
            // The numbers in a frame rarely grow by a digit: the last filler nearly always fits.
            if bytes.len() == FRAME_BYTES {
                return bytes;
            }
            self.filler = (self.filler + FRAME_BYTES).saturating_sub(bytes.len());
        }
    }
}

fn encode(n: u64, applied: &Applied, filler: usize) -> Vec<u8> {
    let id = message_id(n);
    let message = Message {
        id: id.clone(),
        target: Target::RegId,
        pass_through: 0,
        title: "A message of the flood".to_owned(),
        description: "lorem ipsum dolor sit amet ".chars().cycle().take(filler).collect(),
        payload: String::new(),
        notify_type: NotifyType::default(),
        notify_id: i32::try_from(n).unwrap_or(0),
        expires_in: EXPIRES_IN_MS,
        sent_at: SENT_AT_MS,
        binding: None,
        extra: Default::default(),
        offline_push_info: None,
        again: false,
    };
    let mut frame = DownFrame::new(EPOCH);
    frame.applied = Some(applied.clone());
    frame.entries.push(Entry { n, id, content: Down::Message(Box::new(message)) });
    frame.encode()
}
