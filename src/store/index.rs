//! Where the newest value of each key is.

use std::collections::BTreeMap;

use crate::checksum::crc32;
use crate::codec::Value;
use crate::disk::DiskFile;
use crate::error::ReadError;
use crate::format::{FILE_HEADER_BYTES, FRAME_HEADER_BYTES, Key, PUT_HEADER_BYTES, Record, Records};

/// Where a record is, and how it can be recognised: 16 bytes, as many as its offset alone would take with padding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Location {
    pub(crate) offset: u64,
    /// Of the record, header and value.
    pub(crate) length: u32,
    /// Of the record. A frame's checksum cannot be checked without reading the frame; this one is checked on each read.
    pub(crate) crc: u32,
}

/// A tree and not a hash table: it has no half-empty spare room, and grows without moving everything at once.
pub(crate) struct Index {
    locations: BTreeMap<Key, Location>,
    /// The size of a file that holds just these records, as a rewrite would write it.
    live_bytes: u64,
}

impl Index {
    pub(crate) fn new() -> Self {
        Self { locations: BTreeMap::new(), live_bytes: FILE_HEADER_BYTES as u64 }
    }

    /// Takes in the records of a payload that stands at `offset`.
    pub(crate) fn apply(&mut self, payload: &[u8], mut offset: u64) {
        for record in Records(payload) {
            match record.put {
                Some(_) => {
                    let length = record.bytes.len() as u32;
                    self.insert(record.key, Location { offset, length, crc: crc32(&[record.bytes]) });
                }
                None => self.remove(record.key),
            }
            offset += record.bytes.len() as u64;
        }
    }

    pub(crate) fn insert(&mut self, key: Key, location: Location) {
        self.live_bytes += framed(location);
        if let Some(old) = self.locations.insert(key, location) {
            self.live_bytes -= framed(old);
        }
    }

    fn remove(&mut self, key: Key) {
        if let Some(old) = self.locations.remove(&key) {
            self.live_bytes -= framed(old);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.locations.len()
    }

    pub(crate) fn live_bytes(&self) -> u64 {
        self.live_bytes
    }

    /// Everything, the record written last at the end.
    pub(crate) fn in_log_order(&self) -> Vec<(Key, Location)> {
        let mut all: Vec<_> = self.locations.iter().map(|(key, location)| (*key, *location)).collect();
        all.sort_unstable_by_key(|(_, location)| location.offset);
        all
    }

    pub(crate) fn contains(&self, key: Key) -> bool {
        self.locations.contains_key(&key)
    }

    pub(crate) fn read(&self, file: &dyn DiskFile, key: Key) -> Result<Option<Value>, ReadError> {
        let Some(location) = self.locations.get(&key) else { return Ok(None) };
        let mut buffer = Vec::new();
        let version = read_record(file, key, *location, &mut buffer)?;
        Ok(Some(Value::new(version, buffer, PUT_HEADER_BYTES)))
    }
}

/// Appends a record to `buffer` as it stands in the file, if it is still what was written there; returns the version of
/// its value.
pub(crate) fn read_record(
    file: &dyn DiskFile,
    key: Key,
    location: Location,
    buffer: &mut Vec<u8>,
) -> Result<u16, ReadError> {
    let start = buffer.len();
    buffer.resize(start + location.length as usize, 0);
    let bytes = &mut buffer[start..];
    let read = file.read_at(bytes, location.offset).map_err(|source| ReadError::Io { key, source })?;
    let intact = read == bytes.len() && crc32(&[bytes]) == location.crc;
    match Record::decode(bytes) {
        Some(Record { key: found, put: Some(put), .. }) if intact && found == key => Ok(put.version),
        _ => Err(ReadError::Damaged { key, offset: location.offset }),
    }
}

fn framed(location: Location) -> u64 {
    FRAME_HEADER_BYTES as u64 + u64::from(location.length)
}
