//! String pools of Android's binary resources (`ResStringPool_header` in AOSP's `ResourceTypes.h`).

use crate::bytes::{Chunk, size_at, u16_at, u32_at};

/// The kind of a pool's chunk.
pub(crate) const STRING_POOL: u16 = 0x0001;
/// Bytes of one string at most: names and values of manifests are far shorter.
const MAXIMUM_STRING: usize = 64 * 1024;

/// A string pool; strings are decoded when they are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Pool<'b> {
    data: &'b [u8],
    count: usize,
    header: usize,
    strings: usize,
    is_utf8: bool,
}

impl<'b> Pool<'b> {
    pub(crate) fn new(chunk: Chunk<'b>) -> Option<Self> {
        if chunk.kind != STRING_POOL {
            return None;
        }
        Some(Self {
            data: chunk.data,
            count: size_at(chunk.data, 8)?,
            header: chunk.header,
            strings: size_at(chunk.data, 20)?,
            is_utf8: u32_at(chunk.data, 16)? & (1 << 8) != 0,
        })
    }

    /// The string of this number; none if there is none, or it is damaged.
    pub(crate) fn get(&self, index: u32) -> Option<String> {
        let index = usize::try_from(index).ok().filter(|index| *index < self.count)?;
        let offset = size_at(self.data, self.header.checked_add(index.checked_mul(4)?)?)?;
        let at = self.strings.checked_add(offset)?;
        if self.is_utf8 { self.utf8(at) } else { self.utf16(at) }
    }

    /// Two lengths of one or two bytes each, in UTF-16 units and in bytes, then the bytes.
    fn utf8(&self, at: usize) -> Option<String> {
        let length = |at: usize| -> Option<(usize, usize)> {
            let first = usize::from(*self.data.get(at)?);
            if first & 0x80 == 0 {
                return Some((first, at + 1));
            }
            Some(((first & 0x7f) << 8 | usize::from(*self.data.get(at + 1)?), at + 2))
        };
        let (_, at) = length(at)?;
        let (bytes, at) = length(at)?;
        Some(String::from_utf8_lossy(self.data.get(at..at.checked_add(bytes)?)?).into_owned())
    }

    /// A length of one or two units, then the units.
    fn utf16(&self, at: usize) -> Option<String> {
        let first = usize::from(u16_at(self.data, at)?);
        let (length, at) = if first & 0x8000 == 0 {
            (first, at + 2)
        } else {
            ((first & 0x7fff) << 16 | usize::from(u16_at(self.data, at + 2)?), at + 4)
        };
        let bytes =
            self.data.get(at..at.checked_add(length.checked_mul(2).filter(|size| *size <= MAXIMUM_STRING)?)?)?;
        let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
        Some(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
    }
}
