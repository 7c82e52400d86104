//! Values and their encoding: the only place that knows bincode.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::enc::write::Writer;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{DecodeError, EncodeError};
use crate::format::MAX_RECORD_BYTES;

/// What a decoder may claim, in bytes. It counts an integer by its size in memory, up to 16 bytes for one encoded byte,
/// so this is what the largest value can come to; it bounds what a wrong length inside a value makes it allocate.
const DECODE_LIMIT: usize = 16 * MAX_RECORD_BYTES;

/// Part of the file format, so it is spelled out rather than left to a default.
type Encoding = Configuration<LittleEndian, Varint, Limit<DECODE_LIMIT>>;

fn encoding() -> Encoding {
    bincode::config::standard().with_little_endian().with_variable_int_encoding().with_limit::<DECODE_LIMIT>()
}

/// Appends to a buffer, up to a length.
struct BoundedWriter<'a> {
    buffer: &'a mut Vec<u8>,
    end: usize,
    overflowed: &'a mut bool,
}

impl Writer for BoundedWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        if bytes.len() > self.end.saturating_sub(self.buffer.len()) {
            *self.overflowed = true;
            return Err(bincode::error::EncodeError::UnexpectedEnd);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }
}

/// Appends the encoded value to `buffer`, at most `limit` bytes. After an error the buffer may hold a part of it.
pub(crate) fn encode_into<T: Serialize + ?Sized>(
    buffer: &mut Vec<u8>,
    value: &T,
    limit: usize,
) -> Result<(), EncodeError> {
    let mut overflowed = false;
    let end = buffer.len().saturating_add(limit);
    let writer = BoundedWriter { buffer, end, overflowed: &mut overflowed };
    let encoded = bincode::serde::encode_into_writer(value, writer, encoding());
    if overflowed {
        return Err(EncodeError::TooLarge { limit });
    }
    encoded.map_err(|error| EncodeError::Unsupported { what: error.to_string() })
}

/// A value as it was stored: still encoded, with the version its writer gave it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
    /// The version given to [`Batch::put`](crate::Batch::put) or [`History::append`](crate::History::append). It says
    /// which type the bytes are of.
    pub version: u16,
    /// What precedes the value stays in front of it: a value is read from the file into its final place.
    buffer: Vec<u8>,
    start: usize,
}

impl Value {
    /// The value is `buffer[start..]`.
    pub(crate) fn new(version: u16, buffer: Vec<u8>, start: usize) -> Self {
        Self { version, buffer, start }
    }

    /// The encoded bytes.
    pub fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Decodes the value. Bytes left over are an error too: then the value was not of this type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let bytes = self.bytes();
        match bincode::serde::decode_from_slice(bytes, encoding()) {
            Ok((value, used)) if used == bytes.len() => Ok(value),
            Ok((_, used)) => Err(DecodeError {
                version: self.version,
                what: format!("{} bytes are left over", bytes.len().saturating_sub(used)),
            }),
            Err(error) => Err(DecodeError { version: self.version, what: error.to_string() }),
        }
    }
}
