//! Writes that become durable together.

use std::fmt;

use serde::Serialize;

use crate::codec;
use crate::error::EncodeError;
use crate::format::{self, FRAME_HEADER_BYTES, Key, MAX_BATCH_BYTES, MAX_RECORD_BYTES, PUT_HEADER_BYTES, Records};

/// Writes for [`Store::commit`](crate::Store::commit): all of them become durable, or none. For one key the last write
/// counts.
///
/// A batch is built in the form it has in the file, in one buffer.
#[derive(Clone)]
pub struct Batch {
    /// Room for the frame's header, then records.
    frame: Vec<u8>,
    records: usize,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self { frame: vec![0; FRAME_HEADER_BYTES], records: 0 }
    }

    /// Stores `value` under `key`, in place of what is there. `version` is the caller's, and comes back with the value.
    ///
    /// On an error the batch is as it was before.
    pub fn put<T: Serialize + ?Sized>(&mut self, key: Key, version: u16, value: &T) -> Result<(), EncodeError> {
        let start = self.frame.len();
        let used = start - FRAME_HEADER_BYTES + PUT_HEADER_BYTES;
        let room = MAX_BATCH_BYTES.saturating_sub(used).min(MAX_RECORD_BYTES);
        format::start_put(&mut self.frame, key, version);
        if let Err(error) = codec::encode_into(&mut self.frame, value, room) {
            self.frame.truncate(start);
            return Err(error);
        }
        format::finish_put(&mut self.frame, start);
        self.records += 1;
        Ok(())
    }

    /// Removes what is stored under `key`, if anything is.
    pub fn delete(&mut self, key: Key) {
        format::push_delete(&mut self.frame, key);
        self.records += 1;
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// How many writes there are.
    pub fn len(&self) -> usize {
        self.records
    }

    /// How many bytes the writes take, at most [`MAX_BATCH_BYTES`] to be accepted.
    pub fn size_bytes(&self) -> usize {
        self.frame.len() - FRAME_HEADER_BYTES
    }

    /// The frame, complete.
    pub(crate) fn seal(&mut self, salt: u32, sequence: u64) -> &[u8] {
        format::FrameHeader::seal(&mut self.frame, salt, sequence);
        &self.frame
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.frame[FRAME_HEADER_BYTES..]
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = Records(self.payload()).map(|record| (record.key, record.put.map(|put| put.value.len())));
        formatter.debug_map().entries(keys).finish()
    }
}
