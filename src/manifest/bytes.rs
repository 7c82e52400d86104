//! Little-endian numbers and chunks in bytes from outside: every access is checked.

/// Two bytes at an offset.
pub(crate) fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(data.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

/// Four bytes at an offset.
pub(crate) fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(data.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// Four bytes that are an offset or a count.
pub(crate) fn size_at(data: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32_at(data, at)?).ok()
}

/// A chunk of Android's binary resources (`ResChunk_header` in AOSP's `ResourceTypes.h`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk<'b> {
    pub(crate) kind: u16,
    /// Bytes of the header, in front of what is in the chunk.
    pub(crate) header: usize,
    /// The whole chunk, header included.
    pub(crate) data: &'b [u8],
}

/// The chunk at the beginning of some bytes.
pub(crate) fn chunk(data: &[u8]) -> Option<Chunk<'_>> {
    let header = usize::from(u16_at(data, 2)?);
    let size = size_at(data, 4)?;
    if header < 8 || size < header {
        return None;
    }
    Some(Chunk { kind: u16_at(data, 0)?, header, data: data.get(..size)? })
}

/// The chunks one after another in some bytes; ends at the first that is none.
pub(crate) fn chunks(mut data: &[u8]) -> impl Iterator<Item = Chunk<'_>> {
    std::iter::from_fn(move || {
        let next = chunk(data)?;
        data = data.get(next.data.len()..)?;
        Some(next)
    })
}
