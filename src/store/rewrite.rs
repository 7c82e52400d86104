//! Writes a log anew, with nothing in it but what is live.

use std::path::Path;

use crate::disk::{Disk, DiskFile, OpenMode};
use crate::error::CommitError;
use crate::format::{self, FILE_HEADER_BYTES, FORMAT_VERSION, FRAME_HEADER_BYTES, FileHeader, FrameHeader};
use crate::index::{Index, Location, read_record};

/// What is written at once, in bytes: rewriting a large store must not need its size in memory.
const CHUNK_BYTES: usize = 64 << 10;

/// A log that has been written and synced, under a name that is not yet its own.
pub(crate) struct NewLog {
    pub(crate) file: Box<dyn DiskFile>,
    pub(crate) index: Index,
    pub(crate) salt: u32,
    pub(crate) next_sequence: u64,
    pub(crate) end: u64,
}

/// Writes what `index` says is live in `old` to a new file at `path`, in the same order, one record a frame.
pub(crate) fn write_log(
    disk: &dyn Disk,
    path: &Path,
    index: &Index,
    old: Option<&dyn DiskFile>,
    sequence: u64,
) -> Result<NewLog, CommitError> {
    let file = disk.open(path, OpenMode::Create).map_err(CommitError::io("create the new file"))?;
    let salt = format::new_salt();
    let mut log = NewLog { file, index: Index::new(), salt, next_sequence: sequence, end: FILE_HEADER_BYTES as u64 };
    let mut chunk = FileHeader { version: FORMAT_VERSION, salt, sequence }.encode(format::STATE_MAGIC);
    let mut written = 0;
    for (key, location) in index.in_log_order() {
        let Some(old) = old else { break };
        let start = chunk.len();
        chunk.resize(start + FRAME_HEADER_BYTES, 0);
        read_record(old, key, location, &mut chunk).map_err(CommitError::Damaged)?;
        FrameHeader::seal(&mut chunk[start..], salt, log.next_sequence);
        log.next_sequence = log.next_sequence.saturating_add(1);
        log.index.insert(key, Location { offset: log.end + FRAME_HEADER_BYTES as u64, ..location });
        log.end += (chunk.len() - start) as u64;
        if chunk.len() >= CHUNK_BYTES {
            log.file.write_at(&chunk, written).map_err(CommitError::io("write the new file"))?;
            written += chunk.len() as u64;
            chunk.clear();
        }
    }
    log.file.write_at(&chunk, written).map_err(CommitError::io("write the new file"))?;
    log.file.sync_data().map_err(CommitError::io("sync the new file"))?;
    Ok(log)
}
