//! The store: opening, committing, reading, rewriting.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::batch::Batch;
use crate::codec::Value;
use crate::disk::{Disk, DiskFile, FileSystem, OpenMode};
use crate::error::{CommitError, OpenError, ReadError};
use crate::format::{self, FILE_HEADER_BYTES, FORMAT_VERSION, FRAME_HEADER_BYTES, Key, MAX_BATCH_BYTES};
use crate::index::Index;
use crate::lock::DirectoryLock;
use crate::rewrite::write_log;
use crate::scan::{Damage, Item, STATE, Scanner};

pub(crate) const LOG_FILE: &str = "state.log";
pub(crate) const NEW_FILE: &str = "state.log.new";

/// Damaged files that are kept, the older first. The first is kept because it is nearest to the cause, the last because
/// it is the latest; more would fill a phone.
const SET_ASIDE_FILES: [&str; 2] = ["state.log.damaged-1", "state.log.damaged-2"];

/// Below this many dead bytes a log is not rewritten by itself. A rewrite has to pay for two syncs and a rename; the
/// room is nothing to a phone.
pub const MIN_DEAD_BYTES: u64 = 1 << 20;

/// How many places of damage are listed: enough to see what happened, in bounded memory.
const MAX_LISTED_DAMAGE: usize = 64;

/// What [`Store::open`] found.
#[derive(Debug, Default)]
pub struct Recovery {
    /// How many commits were read. A rewritten log counts one for each key.
    pub commits: u64,
    /// How many bytes at the end were a commit that a crash had cut short. Normal, and no loss: it was never
    /// acknowledged.
    pub torn_bytes: u64,
    /// Where the log was damaged: the first 64 places.
    pub damage: Vec<Damage>,
    /// Where the damaged log was put.
    pub set_aside: Option<PathBuf>,
    /// Why a damaged log could not be rewritten. The store works on it as it is, and tries again.
    pub not_repaired: Option<CommitError>,
}

/// Counts since the store was opened.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Statistics {
    /// Batches committed.
    pub commits: u64,
    /// Syncs, of files and of the directory.
    pub syncs: u64,
    /// Bytes written, rewrites included.
    pub bytes_written: u64,
    /// Rewrites of the log.
    pub compactions: u64,
    /// Rewrites that [`Store::commit`] attempted and that failed. They are attempted again later.
    pub failed_compactions: u64,
}

/// A log that was read from front to end.
pub(crate) struct LoadedLog {
    pub(crate) file: Box<dyn DiskFile>,
    pub(crate) index: Index,
    pub(crate) recovery: Recovery,
    salt: u32,
    next_sequence: u64,
    /// Where the next commit goes.
    end: u64,
}

impl LoadedLog {
    pub(crate) fn load(file: Box<dyn DiskFile>, path: &Path) -> Result<Self, OpenError> {
        let mut scanner = Scanner::new(file, path, STATE).map_err(OpenError::io("read", path))?;
        if let Some(header) = scanner.header().filter(|header| header.version != FORMAT_VERSION) {
            return Err(OpenError::NewerFormat { version: header.version, file: path.to_owned() });
        }
        let mut index = Index::new();
        let mut recovery = Recovery::default();
        while let Some(item) = scanner.next().map_err(OpenError::io("read", path))? {
            match item {
                Item::Frame { payload, payload_offset, .. } => {
                    index.apply(payload, payload_offset);
                    recovery.commits += 1;
                }
                Item::Damage(damage) if recovery.damage.len() < MAX_LISTED_DAMAGE => recovery.damage.push(damage),
                Item::Damage(_) => {}
            }
        }
        recovery.torn_bytes = scanner.torn_bytes();
        Ok(Self {
            index,
            salt: scanner.salt().unwrap_or_else(format::new_salt),
            next_sequence: scanner.next_sequence().unwrap_or_default(),
            end: scanner.end() - scanner.torn_bytes(),
            recovery,
            file: scanner.into_file(),
        })
    }
}

/// Durable values under keys. See the [crate's page](crate).
pub struct Store {
    disk: Box<dyn Disk>,
    directory: PathBuf,
    file: Box<dyn DiskFile>,
    index: Index,
    salt: u32,
    next_sequence: u64,
    /// Where the next commit goes.
    end: u64,
    /// There may be something behind `end` that must go before the next commit is written.
    tail_is_dirty: bool,
    /// The file cannot be relied on: a sync failed, so its place on the disk may be bad, or it has lost its name. The next commit rewrites it first.
    must_rewrite: bool,
    /// The file got its name by a rename that is not known to be durable.
    directory_is_dirty: bool,
    /// The file was damaged when it was opened, and is to be set aside when it is rewritten.
    is_damaged: bool,
    /// After a failed attempt: no rewrite by itself before the log has grown to this.
    rewrite_not_before: u64,
    statistics: Statistics,
    _lock: Option<DirectoryLock>,
}

impl Store {
    /// Opens the store in `directory`, which is created with it, and locks it for this process.
    ///
    /// What is found is made durable before this returns: a commit that a process wrote and was killed before it could
    /// sync is in force again, so it must stay.
    pub fn open(directory: &Path) -> Result<(Self, Recovery), OpenError> {
        FileSystem.create_directory(directory).map_err(OpenError::io("create", directory))?;
        let lock = DirectoryLock::take(directory)?;
        let (mut store, recovery) = Self::open_with(directory, Box::new(FileSystem))?;
        store._lock = Some(lock);
        Ok((store, recovery))
    }

    /// Opens a store on another file system, for tests. Takes no lock.
    pub fn open_with(directory: &Path, disk: Box<dyn Disk>) -> Result<(Self, Recovery), OpenError> {
        disk.create_directory(directory).map_err(OpenError::io("create", directory))?;
        let path = directory.join(LOG_FILE);
        find_or_create(&*disk, directory)?;
        let file = disk.open(&path, OpenMode::Write).map_err(OpenError::io("open", &path))?;
        let mut loaded = LoadedLog::load(file, &path)?;
        // A process that was killed may have written this, and given it its name, without having come to the sync.
        loaded.file.sync_data().map_err(OpenError::io("sync", &path))?;
        disk.sync_directory(directory).map_err(OpenError::io("sync", directory))?;
        let mut recovery = loaded.recovery;
        let mut store = Self {
            disk,
            directory: directory.to_owned(),
            file: loaded.file,
            index: loaded.index,
            salt: loaded.salt,
            next_sequence: loaded.next_sequence,
            end: loaded.end,
            tail_is_dirty: recovery.torn_bytes > 0,
            must_rewrite: false,
            directory_is_dirty: false,
            is_damaged: !recovery.damage.is_empty(),
            rewrite_not_before: 0,
            statistics: Statistics { syncs: 2, ..Statistics::default() },
            _lock: None,
        };
        if store.is_damaged {
            match store.rewrite() {
                Ok(set_aside) => recovery.set_aside = set_aside,
                Err(error) => {
                    store.rewrite_not_before = store.end + MIN_DEAD_BYTES;
                    recovery.not_repaired = Some(error);
                }
            }
        }
        Ok((store, recovery))
    }

    /// Makes a batch durable: when this returns `Ok` it is on disk, by one write and one sync.
    ///
    /// After an error nothing of the batch is visible, and the store goes on: a later commit may succeed. Only if the
    /// sync itself failed, and the power then fails before the next commit, may the batch turn out to be on disk after
    /// all.
    pub fn commit(&mut self, mut batch: Batch) -> Result<(), CommitError> {
        if batch.is_empty() {
            return Ok(());
        }
        if batch.size_bytes() > MAX_BATCH_BYTES {
            return Err(CommitError::TooLarge { bytes: batch.size_bytes() });
        }
        if self.must_rewrite {
            self.rewrite()?;
        }
        if self.directory_is_dirty {
            self.sync_directory()?;
        }
        if self.tail_is_dirty {
            self.cut_tail().map_err(CommitError::io("cut the log"))?;
        }
        let frame = batch.seal(self.salt, self.next_sequence);
        let length = frame.len() as u64;
        if let Err(source) = self.file.write_at(frame, self.end) {
            self.tail_is_dirty = true;
            // At once, to give back the room; if it fails, the next commit does it.
            let _ = self.cut_tail();
            return Err(CommitError::io("write to the log")(source));
        }
        self.statistics.bytes_written += length;
        if let Err(source) = self.sync_file() {
            self.must_rewrite = true;
            // In case there is no next commit: the batch should not come back with the next start.
            let _ = self.cut_tail().and_then(|()| self.sync_file());
            return Err(CommitError::io("sync the log")(source));
        }
        self.index.apply(batch.payload(), self.end + FRAME_HEADER_BYTES as u64);
        self.end += length;
        self.next_sequence = self.next_sequence.saturating_add(1);
        self.statistics.commits += 1;
        if self.needs_compaction() && self.end >= self.rewrite_not_before && self.rewrite().is_err() {
            // The batch is safe, so this is no error of the commit; and not to be repeated with each one.
            self.statistics.failed_compactions += 1;
            self.rewrite_not_before = self.end + MIN_DEAD_BYTES;
        }
        Ok(())
    }

    /// Reads the value stored under `key` from the file.
    pub fn get(&self, key: Key) -> Result<Option<Value>, ReadError> {
        self.index.read(&*self.file, key)
    }

    /// Whether something is stored under `key`.
    pub fn contains(&self, key: Key) -> bool {
        self.index.contains(key)
    }

    /// All keys, in the order of their last writes.
    pub fn keys(&self) -> impl Iterator<Item = Key> + use<> {
        self.index.in_log_order().into_iter().map(|(key, _)| key)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of the log.
    pub fn size_bytes(&self) -> u64 {
        self.end
    }

    /// How many bytes a rewrite would free.
    pub fn dead_bytes(&self) -> u64 {
        self.end.saturating_sub(self.index.live_bytes())
    }

    /// Counts since the store was opened.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Whether most of the log is dead, and enough of it to be worth a rewrite; or it is damaged.
    pub fn needs_compaction(&self) -> bool {
        self.is_damaged || self.dead_bytes() > self.index.live_bytes().max(MIN_DEAD_BYTES)
    }

    /// Rewrites the log without what is dead. [`commit`](Self::commit) does so by itself when it pays; a quiet moment is
    /// a good time to do it before.
    ///
    /// Atomic: at any moment there is either the old log or the new one. After an error the old one stays in use.
    pub fn compact(&mut self) -> Result<(), CommitError> {
        self.rewrite().map(drop)
    }

    /// Replaces the log; returns where the old one was put, if it was damaged.
    fn rewrite(&mut self) -> Result<Option<PathBuf>, CommitError> {
        let new_path = self.directory.join(NEW_FILE);
        let log_path = self.directory.join(LOG_FILE);
        let written = write_log(&*self.disk, &new_path, &self.index, Some(&*self.file), self.next_sequence);
        let new = match written {
            Ok(new) => new,
            Err(error) => {
                if self.disk.exists(&log_path).unwrap_or(false) {
                    // To give back the room. The next attempt starts anew in any case.
                    let _ = self.disk.remove(&new_path);
                }
                return Err(error);
            }
        };
        self.statistics.syncs += 1;
        self.statistics.bytes_written += new.end;
        let set_aside = if self.is_damaged && self.end > 0 { self.set_aside(&log_path)? } else { None };
        if let Err(source) = self.disk.rename(&new_path, &log_path) {
            if let Some(set_aside) = &set_aside {
                self.put_back(set_aside, &log_path);
            }
            return Err(CommitError::io("rename the new file")(source));
        }
        self.file = new.file;
        self.index = new.index;
        self.salt = new.salt;
        self.next_sequence = new.next_sequence;
        self.end = new.end;
        self.tail_is_dirty = false;
        self.must_rewrite = false;
        self.is_damaged = false;
        self.rewrite_not_before = 0;
        self.directory_is_dirty = true;
        self.statistics.compactions += 1;
        self.sync_directory()?;
        Ok(set_aside)
    }

    /// Renames the damaged log. From here to the next rename there is no log under its name, but a complete and durable
    /// new file, which [`find_or_create`] takes if nothing else happens.
    fn set_aside(&mut self, log_path: &Path) -> Result<Option<PathBuf>, CommitError> {
        self.sync_directory()?;
        let action = "set the damaged file aside";
        let exists = |path: &Path| self.disk.exists(path).map_err(CommitError::io(action));
        if !exists(log_path)? {
            // An attempt before this one got as far as here.
            return Ok(None);
        }
        let [first, second] = SET_ASIDE_FILES.map(|name| self.directory.join(name));
        let target = if exists(&first)? { second } else { first };
        self.disk.rename(log_path, &target).map_err(CommitError::io(action))?;
        // Or the new file might take the name from the old one before the old one has another.
        if let Err(error) = self.sync_directory() {
            self.put_back(&target, log_path);
            return Err(error);
        }
        Ok(Some(target))
    }

    /// Undoes [`set_aside`](Self::set_aside). If that fails too, the log in use has no name that would be found, so the
    /// next commit starts with another attempt to rewrite it.
    fn put_back(&mut self, set_aside: &Path, log_path: &Path) {
        self.directory_is_dirty = true;
        self.must_rewrite |= self.disk.rename(set_aside, log_path).is_err();
    }

    fn cut_tail(&mut self) -> io::Result<()> {
        self.file.truncate(self.end)?;
        self.tail_is_dirty = false;
        Ok(())
    }

    fn sync_file(&mut self) -> io::Result<()> {
        self.statistics.syncs += 1;
        self.file.sync_data()
    }

    fn sync_directory(&mut self) -> Result<(), CommitError> {
        self.statistics.syncs += 1;
        self.disk.sync_directory(&self.directory).map_err(CommitError::io("sync the directory"))?;
        self.directory_is_dirty = false;
        Ok(())
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Store")
            .field("directory", &self.directory)
            .field("keys", &self.len())
            .field("size_bytes", &self.size_bytes())
            .finish_non_exhaustive()
    }
}

/// Sees to it that there is a log under its name.
fn find_or_create(disk: &dyn Disk, directory: &Path) -> Result<(), OpenError> {
    let log_path = directory.join(LOG_FILE);
    let new_path = directory.join(NEW_FILE);
    let has_new = disk.exists(&new_path).map_err(OpenError::io("look for", &new_path))?;
    if disk.exists(&log_path).map_err(OpenError::io("look for", &log_path))? {
        if has_new {
            // Left by a rewrite that a crash cut short. That it takes room is all the harm it does.
            let _ = disk.remove(&new_path);
        }
        return Ok(());
    }
    if !has_new || !has_whole_header(disk, &new_path)? {
        let created = write_log(disk, &new_path, &Index::new(), None, 0);
        if let Err(CommitError::NoSpace { action, source } | CommitError::Io { action, source }) = created {
            return Err(OpenError::Io { action, path: new_path, source });
        }
        disk.sync_directory(directory).map_err(OpenError::io("sync", directory))?;
    }
    // Either just written, or left by a crash between the two renames of a repair: complete in both cases.
    disk.rename(&new_path, &log_path).map_err(OpenError::io("rename", &new_path))
}

/// A shorter file is what is left when the very first start was cut short: nothing was ever committed to it.
fn has_whole_header(disk: &dyn Disk, path: &Path) -> Result<bool, OpenError> {
    let file = disk.open(path, OpenMode::Read).map_err(OpenError::io("open", path))?;
    Ok(file.length().map_err(OpenError::io("read", path))? >= FILE_HEADER_BYTES as u64)
}
