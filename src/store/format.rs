//! The file format, version 1. All integers are little endian; offsets are in bytes.
//!
//! ```text
//! file    = header frame*
//!
//! header  = 0  magic     8   "OFPSTORE" (state) or "OFPEVENT" (history)
//!           8  version   4   1; these first 28 bytes keep their layout in every version
//!          12  salt      4   random, drawn for each file
//!          16  sequence  8   the sequence number of the first frame
//!          24  crc32     4   over bytes 0..24
//!
//! frame   = 0  marker    4   F5 6F 66 70
//!           4  salt      4   the file's
//!           8  sequence  8   the previous frame's + 1
//!          16  length    4   of the payload, 1..=MAX_BATCH_BYTES
//!          20  crc32     4   over bytes 0..20 and the payload
//!          24  payload       record+ in a state file, entry in a history file
//!
//! record  = 0  operation 1   1 = put, 2 = delete
//!           1  kind      2
//!           3  id        8
//!              a put goes on:
//!          11  version   2
//!          13  length    4   of the value, 0..=MAX_RECORD_BYTES
//!          17  value         bincode
//!
//! entry   = 0  version   2
//!           2  value         bincode
//! ```
//!
//! A value is what bincode 2 makes of it in its standard configuration: little endian, variable-length integers.
//!
//! **A frame is one commit**, so a commit is there as a whole or not at all. A rewritten file holds one record a frame,
//! so that later damage costs as little as possible.
//!
//! **Resynchronisation.** Where a frame is expected and none is found, a reader looks for the next place where marker,
//! salt and checksum are right. The salt is there because values come from strangers: a message's text that contains the
//! bytes of a frame must not become a commit when the frame around it is damaged, and its author cannot know the salt.
//! A reader that lost the header takes the salt from the first frame it finds. A frame whose number is not higher than
//! its predecessor's is an old copy, and is damage; a gap between numbers says how many commits are missing.
//!
//! **The end.** What follows the last frame is a torn write, and normal, if it is a frame that the end of the file cuts
//! short, or nothing but zeros. Anything else is damage.
//!
//! **Order.** The newest record of a key wins. A deletion is a record like any other: if its frame is lost to damage
//! before a rewrite has removed the value before it, that value is back, just as a lost put leaves the older value in
//! force. Nothing in a log can tell which keys a lost frame had touched.

use std::fmt;

use crate::checksum::crc32;

/// The version of the file format that this code writes, and the only one it reads.
pub const FORMAT_VERSION: u32 = 1;

/// The longest encoded value, in bytes: far above anything a phone stores (a push message has a few KiB), far below
/// what would hurt it when a damaged length asked for the memory.
pub const MAX_RECORD_BYTES: usize = 1 << 20;

/// The longest commit, in bytes, record headers included. It bounds what opening a file may allocate at once.
pub const MAX_BATCH_BYTES: usize = 16 << 20;

pub(crate) const STATE_MAGIC: [u8; 8] = *b"OFPSTORE";
pub(crate) const HISTORY_MAGIC: [u8; 8] = *b"OFPEVENT";

/// Starts a frame. 0xF5 never occurs in UTF-8, so text holds no candidate.
pub(crate) const MARKER: [u8; 4] = [0xF5, b'o', b'f', b'p'];

pub(crate) const FILE_HEADER_BYTES: usize = 28;
pub(crate) const FRAME_HEADER_BYTES: usize = 24;
pub(crate) const PUT_HEADER_BYTES: usize = 17;
pub(crate) const ENTRY_HEADER_BYTES: usize = 2;
const DELETE_BYTES: usize = 11;
/// The part of a frame header that the checksum covers.
const FRAME_CHECKED_BYTES: usize = 20;

const PUT: u8 = 1;
const DELETE: u8 = 2;

/// What a value is stored under. Both numbers are the caller's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Key {
    /// What sort of thing it is.
    pub kind: u16,
    /// Which one of its kind.
    pub id: u64,
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.kind, self.id)
    }
}

/// Reads fixed-size fields one after the other; `None` at the end of the bytes.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

/// What a file starts with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FileHeader {
    pub(crate) version: u32,
    pub(crate) salt: u32,
    pub(crate) sequence: u64,
}

impl FileHeader {
    pub(crate) fn encode(&self, magic: [u8; 8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FILE_HEADER_BYTES);
        bytes.extend_from_slice(&magic);
        bytes.extend_from_slice(&self.version.to_le_bytes());
        bytes.extend_from_slice(&self.salt.to_le_bytes());
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&crc32(&[&bytes]).to_le_bytes());
        bytes
    }

    /// `None` if these bytes are not a whole, undamaged header of this magic.
    pub(crate) fn decode(magic: [u8; 8], bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..FILE_HEADER_BYTES)?;
        let mut fields = Fields(bytes);
        let found: [u8; 8] = fields.array()?;
        let header = Self { version: fields.u32()?, salt: fields.u32()?, sequence: fields.u64()? };
        let crc = fields.u32()?;
        (found == magic && crc == crc32(&[&bytes[..FILE_HEADER_BYTES - 4]])).then_some(header)
    }
}

/// What a frame starts with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameHeader {
    pub(crate) salt: u32,
    pub(crate) sequence: u64,
    pub(crate) length: u32,
    crc: u32,
}

impl FrameHeader {
    /// Completes a frame: `frame` is room for the header, followed by the payload (at most [`MAX_BATCH_BYTES`]).
    pub(crate) fn seal(frame: &mut [u8], salt: u32, sequence: u64) {
        let Some((header, payload)) = frame.split_first_chunk_mut::<FRAME_HEADER_BYTES>() else { return };
        header[..4].copy_from_slice(&MARKER);
        header[4..8].copy_from_slice(&salt.to_le_bytes());
        header[8..16].copy_from_slice(&sequence.to_le_bytes());
        header[16..20].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        let crc = Self::checksum(&header[..FRAME_CHECKED_BYTES], payload);
        header[20..].copy_from_slice(&crc.to_le_bytes());
    }

    /// `None` if this is not a frame's header. The checksum is not judged here.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        if fields.array()? != MARKER {
            return None;
        }
        let header = Self { salt: fields.u32()?, sequence: fields.u64()?, length: fields.u32()?, crc: fields.u32()? };
        (1..=MAX_BATCH_BYTES).contains(&(header.length as usize)).then_some(header)
    }

    /// Whether `frame`, header and payload, has the checksum that this header, decoded from it, claims.
    pub(crate) fn matches(&self, frame: &[u8]) -> bool {
        frame
            .split_first_chunk::<FRAME_HEADER_BYTES>()
            .is_some_and(|(header, payload)| Self::checksum(&header[..FRAME_CHECKED_BYTES], payload) == self.crc)
    }

    fn checksum(header: &[u8], payload: &[u8]) -> u32 {
        crc32(&[header, payload])
    }
}

/// One record as it stands in a payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Record<'a> {
    pub(crate) key: Key,
    /// `None`: a deletion.
    pub(crate) put: Option<Put<'a>>,
    /// The whole record, header and value.
    pub(crate) bytes: &'a [u8],
}

/// What a put adds to the key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Put<'a> {
    pub(crate) version: u16,
    pub(crate) value: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record at the front of `bytes`; `None` if there is none that is whole.
    pub(crate) fn decode(bytes: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(bytes);
        let [operation] = fields.array()?;
        let key = Key { kind: fields.u16()?, id: fields.u64()? };
        let put = match operation {
            PUT => {
                let version = fields.u16()?;
                let length = fields.u32()? as usize;
                if length > MAX_RECORD_BYTES {
                    return None;
                }
                Some(Put { version, value: fields.take(length)? })
            }
            DELETE => None,
            _ => return None,
        };
        Some(Self { key, put, bytes: &bytes[..bytes.len() - fields.0.len()] })
    }
}

/// The records of a payload, in order; ends early, without an error, where one cannot be read.
#[derive(Clone)]
pub(crate) struct Records<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let record = Record::decode(self.0)?;
        self.0 = &self.0[record.bytes.len()..];
        Some(record)
    }
}

/// Whether a payload is records from end to end.
pub(crate) fn is_well_formed(payload: &[u8]) -> bool {
    let mut records = Records(payload);
    records.by_ref().for_each(drop);
    records.0.is_empty()
}

/// Appends the header of a put. The value's length is not known yet: [`finish_put`] fills it in.
pub(crate) fn start_put(buffer: &mut Vec<u8>, key: Key, version: u16) {
    push_key(buffer, PUT, key);
    buffer.extend_from_slice(&version.to_le_bytes());
    buffer.extend_from_slice(&[0; 4]);
}

/// Fills in the length of the value that has been appended since the record was started at `start`.
pub(crate) fn finish_put(buffer: &mut [u8], start: usize) {
    let value_start = start + PUT_HEADER_BYTES;
    let length = (buffer.len() - value_start) as u32;
    buffer[value_start - 4..value_start].copy_from_slice(&length.to_le_bytes());
}

pub(crate) fn push_delete(buffer: &mut Vec<u8>, key: Key) {
    buffer.reserve(DELETE_BYTES);
    push_key(buffer, DELETE, key);
}

fn push_key(buffer: &mut Vec<u8>, operation: u8, key: Key) {
    buffer.push(operation);
    buffer.extend_from_slice(&key.kind.to_le_bytes());
    buffer.extend_from_slice(&key.id.to_le_bytes());
}

/// The version and the encoded value of a history entry.
pub(crate) fn decode_entry(payload: &[u8]) -> Option<Put<'_>> {
    let mut fields = Fields(payload);
    Some(Put { version: fields.u16()?, value: fields.0 })
}

/// A salt for a new file.
///
/// The standard library seeds its hash maps from the operating system; asking one for a number costs no dependency.
pub(crate) fn new_salt() -> u32 {
    use std::hash::{BuildHasher, Hasher};
    std::hash::RandomState::new().build_hasher().finish() as u32
}
