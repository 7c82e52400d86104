//! Reads a file from front to end, and finds its way again after damage.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::disk::DiskFile;
use crate::format::{self, FILE_HEADER_BYTES, FRAME_HEADER_BYTES, FileHeader, FrameHeader, MARKER};

/// What is read at once, in bytes. A few flash pages; small enough for a phone, large enough that a log of many small
/// commits costs few system calls.
const WINDOW_BYTES: usize = 64 << 10;

/// A part of a file that could not be read as what it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// Where the part starts, in bytes.
    pub offset: u64,
    /// How long it is, in bytes; 0 where something is missing between two intact commits.
    pub length: u64,
    /// What should be there.
    pub kind: DamageKind,
}

/// What should be where there is damage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DamageKind {
    /// The file's header, and perhaps commits behind it.
    Header,
    /// Commits; their number, where it is known.
    Commits(Option<u64>),
}

impl fmt::Display for Damage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} bytes at offset {}: ", self.file.display(), self.length, self.offset)?;
        match self.kind {
            DamageKind::Header => formatter.write_str("the file's header is lost"),
            DamageKind::Commits(Some(1)) => formatter.write_str("1 commit is lost"),
            DamageKind::Commits(Some(count)) => write!(formatter, "{count} commits are lost"),
            DamageKind::Commits(None) => formatter.write_str("commits may be lost"),
        }
    }
}

/// What sort of file is read.
#[derive(Clone, Copy)]
pub(crate) struct FileKind {
    pub(crate) magic: [u8; 8],
    /// Whether a frame's payload can be one of this kind of file.
    pub(crate) accepts: fn(&[u8]) -> bool,
}

pub(crate) const STATE: FileKind = FileKind { magic: format::STATE_MAGIC, accepts: format::is_well_formed };
pub(crate) const HISTORY: FileKind =
    FileKind { magic: format::HISTORY_MAGIC, accepts: |payload| format::decode_entry(payload).is_some() };

/// What comes next in a file.
pub(crate) enum Item<'a> {
    Frame { sequence: u64, payload: &'a [u8], payload_offset: u64 },
    Damage(Damage),
}

/// A sliding view of a file: it keeps in memory what was asked for, or [`WINDOW_BYTES`], whichever is more.
struct Window {
    file: Box<dyn DiskFile>,
    /// The file's length when reading began: what a writer appends later is not looked at.
    end: u64,
    start: u64,
    buffer: Vec<u8>,
}

impl Window {
    /// The bytes at `offset`: `length` of them, or fewer at the end of the file.
    fn view(&mut self, offset: u64, length: usize) -> io::Result<&[u8]> {
        let length = length.min(usize::try_from(self.end.saturating_sub(offset)).unwrap_or(usize::MAX));
        let covered = offset.checked_sub(self.start).and_then(|skip| {
            let skip = usize::try_from(skip).ok()?;
            (skip.checked_add(length)? <= self.buffer.len()).then_some(skip)
        });
        let skip = match covered {
            Some(skip) => skip,
            None => {
                self.fill(offset, length.max(WINDOW_BYTES))?;
                0
            }
        };
        Ok(self.buffer.get(skip..).map_or(&[], |bytes| &bytes[..length.min(bytes.len())]))
    }

    fn fill(&mut self, offset: u64, length: usize) -> io::Result<()> {
        let length = length.min(usize::try_from(self.end.saturating_sub(offset)).unwrap_or(usize::MAX));
        self.buffer.resize(length, 0);
        self.start = offset;
        let read = self.file.read_at(&mut self.buffer, offset)?;
        self.buffer.truncate(read);
        if read < length {
            // The writer has cut off a commit that failed.
            self.end = offset + read as u64;
        }
        Ok(())
    }
}

/// Reads the frames of a file, one after the other.
pub(crate) struct Scanner {
    window: Window,
    path: PathBuf,
    kind: FileKind,
    header: Option<FileHeader>,
    salt: Option<u32>,
    next_sequence: Option<u64>,
    position: u64,
    torn_bytes: u64,
    finished: bool,
}

impl Scanner {
    pub(crate) fn new(file: Box<dyn DiskFile>, path: &Path, kind: FileKind) -> io::Result<Self> {
        let end = file.length()?;
        let mut window = Window { file, end, start: 0, buffer: Vec::new() };
        let header = FileHeader::decode(kind.magic, window.view(0, FILE_HEADER_BYTES)?);
        Ok(Self {
            window,
            path: path.to_owned(),
            kind,
            header,
            salt: header.map(|header| header.salt),
            next_sequence: header.map(|header| header.sequence),
            position: header.map_or(0, |_| FILE_HEADER_BYTES as u64),
            torn_bytes: 0,
            finished: false,
        })
    }

    /// The header, if it is undamaged.
    pub(crate) fn header(&self) -> Option<FileHeader> {
        self.header
    }

    /// The file's salt: known from the header, or from the first frame.
    pub(crate) fn salt(&self) -> Option<u32> {
        self.salt
    }

    /// The number that the next frame should have, if anything was found to tell.
    pub(crate) fn next_sequence(&self) -> Option<u64> {
        self.next_sequence
    }

    /// At the end: how many of the file's last bytes are a torn write.
    pub(crate) fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// The length of the file that was read.
    pub(crate) fn end(&self) -> u64 {
        self.window.end
    }

    pub(crate) fn into_file(self) -> Box<dyn DiskFile> {
        self.window.file
    }

    /// The next frame or damage; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> io::Result<Option<Item<'_>>> {
        if self.finished {
            return Ok(None);
        }
        let start = self.position;
        let expected = self.next_sequence;
        let Some((offset, frame)) = self.find_frame(start)? else {
            self.finished = true;
            let left = self.window.end.saturating_sub(start);
            if self.salt.is_some() && self.is_torn(start)? {
                self.torn_bytes = left;
                return Ok(None);
            }
            return Ok(Some(self.damage(start, left, None)));
        };
        self.salt = Some(frame.salt);
        let missing = expected.map_or(0, |expected| frame.sequence.saturating_sub(expected));
        if offset > start || missing > 0 {
            self.position = offset;
            self.next_sequence = Some(frame.sequence);
            return Ok(Some(self.damage(start, offset - start, (missing > 0).then_some(missing))));
        }
        let length = FRAME_HEADER_BYTES + frame.length as usize;
        self.position = offset + length as u64;
        self.next_sequence = Some(frame.sequence.saturating_add(1));
        let payload = self.window.view(offset, length)?.get(FRAME_HEADER_BYTES..).unwrap_or_default();
        Ok(Some(Item::Frame { sequence: frame.sequence, payload, payload_offset: offset + FRAME_HEADER_BYTES as u64 }))
    }

    fn damage(&self, offset: u64, length: u64, missing: Option<u64>) -> Item<'static> {
        let kind = match self.header {
            None if offset == 0 => DamageKind::Header,
            _ => DamageKind::Commits(missing),
        };
        Item::Damage(Damage { file: self.path.clone(), offset, length, kind })
    }

    /// The first intact frame at `offset` or behind it, and where it is.
    fn find_frame(&mut self, mut offset: u64) -> io::Result<Option<(u64, FrameHeader)>> {
        loop {
            if let Some(frame) = self.frame_at(offset)? {
                return Ok(Some((offset, frame)));
            }
            match self.find_marker(offset + 1)? {
                Some(found) => offset = found,
                None => return Ok(None),
            }
        }
    }

    fn frame_at(&mut self, offset: u64) -> io::Result<Option<FrameHeader>> {
        let Some(header) = FrameHeader::decode(self.window.view(offset, FRAME_HEADER_BYTES)?) else { return Ok(None) };
        let length = FRAME_HEADER_BYTES + header.length as usize;
        if self.salt.is_some_and(|salt| salt != header.salt)
            || self.next_sequence.is_some_and(|next| header.sequence < next)
            || length as u64 > self.window.end.saturating_sub(offset)
        {
            return Ok(None);
        }
        let accepts = self.kind.accepts;
        let frame = self.window.view(offset, length)?;
        let intact = frame.len() == length && header.matches(frame) && accepts(&frame[FRAME_HEADER_BYTES..]);
        Ok(intact.then_some(header))
    }

    /// Where the next marker starts.
    fn find_marker(&mut self, mut offset: u64) -> io::Result<Option<u64>> {
        loop {
            let bytes = self.window.view(offset, WINDOW_BYTES)?;
            if bytes.len() < FRAME_HEADER_BYTES {
                return Ok(None);
            }
            if let Some(found) = bytes.windows(MARKER.len()).position(|candidate| candidate == MARKER) {
                return Ok(Some(offset + found as u64));
            }
            // The last bytes may be the start of a marker.
            offset += (bytes.len() + 1 - MARKER.len()) as u64;
        }
    }

    /// Whether what is left from `start` on, if anything, is what an unfinished write leaves.
    fn is_torn(&mut self, start: u64) -> io::Result<bool> {
        let left = self.window.end.saturating_sub(start);
        let bytes = self.window.view(start, FRAME_HEADER_BYTES)?.to_vec();
        if let Some(header) = FrameHeader::decode(&bytes) {
            return Ok(self.salt == Some(header.salt)
                && self.next_sequence == Some(header.sequence)
                && (FRAME_HEADER_BYTES as u64 + u64::from(header.length)) > left);
        }
        if bytes.len() < FRAME_HEADER_BYTES {
            let mut expected = MARKER.to_vec();
            expected.extend(self.salt.unwrap_or_default().to_le_bytes());
            expected.extend(self.next_sequence.unwrap_or_default().to_le_bytes());
            if bytes.iter().zip(&expected).all(|(found, expected)| found == expected) {
                return Ok(true);
            }
        }
        let mut offset = start;
        while offset < self.window.end {
            let bytes = self.window.view(offset, WINDOW_BYTES)?;
            if bytes.iter().any(|&byte| byte != 0) {
                return Ok(false);
            }
            offset += bytes.len().max(1) as u64;
        }
        Ok(true)
    }
}
