//! Reads the data types of §1.5 from one packet and names what is wrong with them.

use core::num::NonZeroU16;

use crate::{DecodeError, Malformation, PacketType, VARIABLE_BYTE_INTEGER_MAX, Violation};

/// The unread rest of a packet, or of a part of it.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) packet: PacketType,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(packet: PacketType, bytes: &'a [u8]) -> Self {
        Self { packet, rest: bytes }
    }

    pub(crate) fn len(&self) -> usize {
        self.rest.len()
    }

    /// All that is left: a payload.
    pub(crate) fn into_rest(self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn malformed(&self, field: &'static str, problem: Malformation) -> DecodeError {
        DecodeError::Malformed { packet: self.packet, field, problem }
    }

    pub(crate) fn violation(&self, field: &'static str, problem: Violation) -> DecodeError {
        DecodeError::ProtocolError { packet: self.packet, field, problem }
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.malformed("end of packet", Malformation::TrailingBytes)) }
    }

    fn bytes(&mut self, length: usize, field: &'static str) -> Result<&'a [u8], DecodeError> {
        let Some((bytes, rest)) = self.rest.split_at_checked(length) else {
            return Err(self.malformed(field, Malformation::Truncated));
        };
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], DecodeError> {
        let Some((bytes, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(self.malformed(field, Malformation::Truncated));
        };
        self.rest = rest;
        Ok(*bytes)
    }

    pub(crate) fn u8(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        self.array(field).map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self, field: &'static str) -> Result<u16, DecodeError> {
        self.array(field).map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        self.array(field).map(u32::from_be_bytes)
    }

    /// A byte that may only be 0 or 1.
    pub(crate) fn bool(&mut self, field: &'static str) -> Result<bool, DecodeError> {
        match self.u8(field)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.violation(field, Violation::OutOfRange)),
        }
    }

    /// A number that may not be 0; `zero` says what it breaks by being so.
    pub(crate) fn nonzero_u16(&mut self, field: &'static str, zero: Violation) -> Result<NonZeroU16, DecodeError> {
        NonZeroU16::new(self.u16(field)?).ok_or_else(|| self.violation(field, zero))
    }

    pub(crate) fn packet_id(&mut self) -> Result<NonZeroU16, DecodeError> {
        self.nonzero_u16("packet identifier", Violation::ZeroPacketId)
    }

    pub(crate) fn variable_byte_integer(&mut self, field: &'static str) -> Result<u32, DecodeError> {
        match variable_byte_integer(self.rest) {
            Ok(Some((value, length))) => {
                self.bytes(length, field)?;
                Ok(value)
            }
            Ok(None) => Err(self.malformed(field, Malformation::Truncated)),
            Err(problem) => Err(self.malformed(field, problem)),
        }
    }

    pub(crate) fn binary(&mut self, field: &'static str) -> Result<&'a [u8], DecodeError> {
        let length = self.u16(field)?;
        self.bytes(usize::from(length), field)
    }

    pub(crate) fn string(&mut self, field: &'static str) -> Result<&'a str, DecodeError> {
        let bytes = self.binary(field)?;
        let string = core::str::from_utf8(bytes).map_err(|_| self.malformed(field, Malformation::InvalidUtf8))?;
        if bytes.contains(&0) { Err(self.malformed(field, Malformation::NullCharacter)) } else { Ok(string) }
    }

    /// The part that a variable byte integer gives the length of.
    pub(crate) fn section(&mut self, field: &'static str) -> Result<Self, DecodeError> {
        let length = self.variable_byte_integer(field)?;
        // A length that does not fit a usize is longer than any slice: truncated as well.
        let bytes = self.bytes(usize::try_from(length).unwrap_or(usize::MAX), field)?;
        Ok(Self::new(self.packet, bytes))
    }
}

/// The variable byte integer at the start of `bytes` and its length in bytes; `None` if it goes on after their end (§1.5.5).
pub(crate) fn variable_byte_integer(bytes: &[u8]) -> Result<Option<(u32, usize)>, Malformation> {
    let mut value = 0;
    let mut shift = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        value |= u32::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            // A last byte of zero adds nothing: the value fits fewer bytes.
            let minimal = byte != 0 || index == 0;
            return if minimal { Ok(Some((value, index + 1))) } else { Err(Malformation::VariableByteInteger) };
        }
        shift += 7;
        if VARIABLE_BYTE_INTEGER_MAX >> shift == 0 {
            return Err(Malformation::VariableByteInteger);
        }
    }
    Ok(None)
}
