//! The event history: a bounded log apart from the state.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::codec::{self, Value};
use crate::disk::{Disk, DiskFile, FileSystem, OpenMode};
use crate::error::{AppendError, OpenError};
use crate::format::{
    self, ENTRY_HEADER_BYTES, FILE_HEADER_BYTES, FORMAT_VERSION, FRAME_HEADER_BYTES, FileHeader, FrameHeader,
    HISTORY_MAGIC, MAX_RECORD_BYTES,
};
use crate::scan::{HISTORY, Item, Scanner};

const CURRENT_FILE: &str = "history.log";
const OLD_FILE: &str = "history.log.old";

/// The smallest size of a segment, in bytes: below it, few events would fit.
pub const MIN_SEGMENT_BYTES: u64 = 4 << 10;

/// Events, oldest first, in two segments of bounded size. When the current one is full it becomes the old one, and what
/// was the old one is dropped: between one and two segments of the newest events are kept.
///
/// Events are collected and written together by [`flush`](Self::flush), without a sync. What was flushed survives the end
/// of the process, however it ends; of the loss of power it survives what the kernel had written by then. A damaged or unreadable history costs events, and never keeps a
/// history from being opened.
///
/// It takes no lock of its own: whoever has the [`Store`](crate::Store) of the directory open may write the history.
pub struct History {
    disk: Box<dyn Disk>,
    directory: PathBuf,
    segment_bytes: u64,
    next_sequence: u64,
    /// `None`: there is none that can be appended to, and the next event starts one.
    current: Option<Segment>,
    /// Events to be written at the end of the current segment, and how many they are.
    buffer: Vec<u8>,
    buffered: u64,
}

/// Bytes that are collected before they are written without being asked for.
const BUFFER_BYTES: usize = 16 << 10;

struct Segment {
    file: Box<dyn DiskFile>,
    salt: u32,
    /// Where the next event goes. What may stand there is the rest of an append that failed: the next one covers it, and
    /// a reader leaves out what it does not cover.
    end: u64,
}

impl History {
    /// Opens the history in `directory`, which must exist. A segment takes at most `segment_bytes`, but not less than
    /// [`MIN_SEGMENT_BYTES`].
    pub fn open(directory: &Path, segment_bytes: u64) -> Result<Self, OpenError> {
        Self::open_with(directory, segment_bytes, Box::new(FileSystem))
    }

    /// Opens a history on another file system, for tests.
    pub fn open_with(directory: &Path, segment_bytes: u64, disk: Box<dyn Disk>) -> Result<Self, OpenError> {
        let current_path = directory.join(CURRENT_FILE);
        let old_path = directory.join(OLD_FILE);
        let old = scan(&*disk, &old_path, OpenMode::Read).map_err(OpenError::io("read", &old_path))?;
        let current = scan(&*disk, &current_path, OpenMode::Write).map_err(OpenError::io("read", &current_path))?;
        let next = |scanner: &Option<Scanner>| scanner.as_ref().and_then(Scanner::next_sequence).unwrap_or_default();
        let mut history = Self {
            next_sequence: next(&old).max(next(&current)),
            disk,
            directory: directory.to_owned(),
            segment_bytes: segment_bytes.max(MIN_SEGMENT_BYTES),
            current: None,
            buffer: Vec::new(),
            buffered: 0,
        };
        let Some(current) = current else { return Ok(history) };
        match (current.header(), current.salt()) {
            (Some(header), Some(salt)) if header.version == FORMAT_VERSION => {
                let end = current.end() - current.torn_bytes();
                history.current = Some(Segment { file: current.into_file(), salt, end });
            }
            // Its beginning is lost, or it is of another version: what is readable stays so until the next rotation.
            _ if current.next_sequence().is_some() => {
                history.disk.rename(&current_path, &old_path).map_err(OpenError::io("rename", &current_path))?;
            }
            // Nothing in it can be read, and the next event starts it anew.
            _ => {}
        }
        Ok(history)
    }

    /// Appends an event, which [`flush`](Self::flush) writes. `version` is the caller's, and comes back with the value.
    ///
    /// After an error the event is not in the history, nor are those that were not flushed; later ones may succeed.
    pub fn append<T: Serialize + ?Sized>(&mut self, version: u16, value: &T) -> Result<(), AppendError> {
        let mut frame = vec![0; FRAME_HEADER_BYTES];
        frame.extend_from_slice(&version.to_le_bytes());
        let headers = FILE_HEADER_BYTES + FRAME_HEADER_BYTES + ENTRY_HEADER_BYTES;
        let room = usize::try_from(self.segment_bytes).map_or(MAX_RECORD_BYTES, |bytes| bytes.min(MAX_RECORD_BYTES));
        codec::encode_into(&mut frame, value, room - headers).map_err(AppendError::Encode)?;
        let length = (self.buffer.len() + frame.len()) as u64;
        if self.current.as_ref().is_some_and(|segment| segment.end + length > self.segment_bytes) {
            self.flush()?;
            let [current, old] = [CURRENT_FILE, OLD_FILE].map(|name| self.directory.join(name));
            self.disk.rename(&current, &old).map_err(AppendError::Io)?;
            self.current = None;
        }
        let segment = match self.current.take() {
            Some(segment) => segment,
            None => self.start_segment().map_err(AppendError::Io)?,
        };
        let segment = self.current.insert(segment);
        FrameHeader::seal(&mut frame, segment.salt, self.next_sequence);
        self.buffer.extend_from_slice(&frame);
        self.buffered += 1;
        self.next_sequence = self.next_sequence.saturating_add(1);
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    /// Writes what was appended since the last time, in one write.
    pub fn flush(&mut self) -> Result<(), AppendError> {
        let Some(segment) = self.current.as_mut().filter(|_| self.buffered > 0) else { return Ok(()) };
        let written = segment.file.write_at(&self.buffer, segment.end);
        match written {
            Ok(()) => segment.end += self.buffer.len() as u64,
            Err(_) => self.next_sequence -= self.buffered,
        }
        // An idle daemon keeps no buffer.
        self.buffer = Vec::new();
        self.buffered = 0;
        written.map_err(AppendError::Io)
    }

    /// Reads the history in `directory`, oldest event first; without a lock, also while it is written. What is damaged
    /// is left out. There being no history is the same as an empty one.
    pub fn read(directory: &Path) -> Result<HistoryReader, OpenError> {
        let open = |name| {
            let path = directory.join(name);
            let scanner = scan_start(&FileSystem, &path, OpenMode::Read).map_err(OpenError::io("read", &path))?;
            let is_known = |header: FileHeader| header.version == FORMAT_VERSION;
            Ok(scanner.filter(|scanner| scanner.header().is_none_or(is_known)))
        };
        // In this order, so that a rotation between the two makes the segments one and the same rather than lost.
        let current = open(CURRENT_FILE)?;
        let old = open(OLD_FILE)?;
        Ok(HistoryReader { old, current, last: None })
    }

    fn start_segment(&mut self) -> io::Result<Segment> {
        let mut file = self.disk.open(&self.directory.join(CURRENT_FILE), OpenMode::Create)?;
        let salt = format::new_salt();
        let header = FileHeader { version: FORMAT_VERSION, salt, sequence: self.next_sequence }.encode(HISTORY_MAGIC);
        file.write_at(&header, 0)?;
        Ok(Segment { file, salt, end: header.len() as u64 })
    }
}

impl Drop for History {
    fn drop(&mut self) {
        // Losing events is bearable, and nobody is left to be told.
        let _ = self.flush();
    }
}

impl fmt::Debug for History {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("History").field("directory", &self.directory).finish_non_exhaustive()
    }
}

/// The events of a history, oldest first. A read that fails ends it early.
pub struct HistoryReader {
    old: Option<Scanner>,
    current: Option<Scanner>,
    last: Option<u64>,
}

impl Iterator for HistoryReader {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        for segment in [&mut self.old, &mut self.current] {
            let Some(scanner) = segment else { continue };
            while let Ok(Some(item)) = scanner.next() {
                let Item::Frame { sequence, payload, .. } = item else { continue };
                if self.last.is_some_and(|last| sequence <= last) {
                    continue;
                }
                self.last = Some(sequence);
                if let Some(entry) = format::decode_entry(payload) {
                    return Some(Value::new(entry.version, entry.value.to_vec(), 0));
                }
            }
            *segment = None;
        }
        None
    }
}

impl fmt::Debug for HistoryReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HistoryReader").field("last", &self.last).finish_non_exhaustive()
    }
}

/// `None` if there is no such file.
fn scan_start(disk: &dyn Disk, path: &Path, mode: OpenMode) -> io::Result<Option<Scanner>> {
    match disk.open(path, mode) {
        Ok(file) => Scanner::new(file, path, HISTORY).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A scanner that has read the file to its end.
fn scan(disk: &dyn Disk, path: &Path, mode: OpenMode) -> io::Result<Option<Scanner>> {
    let mut scanner = scan_start(disk, path, mode)?;
    if let Some(scanner) = &mut scanner {
        while scanner.next()?.is_some() {}
    }
    Ok(scanner)
}
