//! A disk in memory that can fail, fill up and lose power at any operation.
//!
//! What is written is visible at once, and durable only after a sync. When the power fails, what was not synced is lost,
//! kept in part, or kept out of order, and the operation under way may or may not have happened.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use offpush_store::{Disk, DiskFile, OpenMode};

use super::Random;

/// The smallest unit in which a disk writes, in bytes.
const SECTOR_BYTES: usize = 512;

/// What goes wrong, at which operation, counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The power fails: this operation and all later ones fail.
    PowerLoss(u64),
    /// So many operations from this one on fail, after having done a part of their work; later ones succeed.
    Errors(u64, u64),
    /// The file that was created first, counted from 0, cannot be synced any more.
    BadFile(usize),
}

/// What becomes of unsynced changes when the power fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Survival {
    /// All are lost.
    Nothing,
    /// All are there.
    Everything,
    /// The first ones are there, the last of these in part.
    Prefix,
    /// Any of them are there, and of each write any sectors.
    Reordered,
}

impl Survival {
    pub(crate) const ALL: [Self; 4] = [Self::Nothing, Self::Everything, Self::Prefix, Self::Reordered];
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

#[derive(Clone)]
enum NameChange {
    Create(PathBuf, usize),
    Rename(PathBuf, PathBuf, usize),
    Remove(PathBuf),
}

#[derive(Clone, Default)]
struct Inode {
    content: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

#[derive(Clone, Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    pending_names: Vec<NameChange>,
    operations: u64,
    fault: Option<Fault>,
    /// How many bytes all files together may have.
    capacity: Option<usize>,
    is_read_only: bool,
}

/// The disk; clones are the same disk.
#[derive(Clone, Default)]
pub(crate) struct SimDisk(Arc<Mutex<State>>);

struct SimFile {
    disk: SimDisk,
    inode: usize,
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write(offset, bytes) => {
            let end = offset + bytes.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[*offset..end].copy_from_slice(bytes);
        }
        Change::Truncate(length) => content.resize(*length, 0),
    }
}

fn apply_name(names: &mut BTreeMap<PathBuf, usize>, change: &NameChange) {
    match change {
        NameChange::Create(path, inode) => {
            names.insert(path.clone(), *inode);
        }
        NameChange::Rename(from, to, inode) => {
            names.remove(from);
            names.insert(to.clone(), *inode);
        }
        NameChange::Remove(path) => {
            names.remove(path);
        }
    }
}

/// The part of the pending changes that survives, in order.
fn surviving<T>(pending: Vec<T>, survival: Survival, random: &mut Random) -> Vec<T> {
    match survival {
        Survival::Nothing => Vec::new(),
        Survival::Everything => pending,
        Survival::Prefix => {
            let count = random.below(pending.len() as u64 + 1) as usize;
            pending.into_iter().take(count).collect()
        }
        Survival::Reordered => pending.into_iter().filter(|_| random.flip()).collect(),
    }
}

impl SimDisk {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// How many operations that change something there were.
    pub(crate) fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Counts operations anew, with `fault` ahead.
    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        let mut state = self.state();
        state.operations = 0;
        state.fault = fault;
    }

    pub(crate) fn set_capacity(&self, capacity: Option<usize>) {
        self.state().capacity = capacity;
    }

    pub(crate) fn set_read_only(&self) {
        self.state().is_read_only = true;
    }

    /// The process ends and the system goes on: a disk with the same content, nothing of it more durable than before.
    pub(crate) fn after_process_crash(&self) -> Self {
        let mut state = self.state().clone();
        state.fault = None;
        state.operations = 0;
        Self(Arc::new(Mutex::new(state)))
    }

    /// The power fails: the disk as the next start finds it.
    pub(crate) fn after_power_loss(&self, survival: Survival, random: &mut Random) -> Self {
        let state = self.state().clone();
        let mut names = state.durable_names;
        for change in surviving(state.pending_names, survival, random) {
            apply_name(&mut names, &change);
        }
        let mut inodes = Vec::new();
        for inode in state.inodes {
            let mut content = inode.durable;
            let changes = surviving(inode.pending, survival, random);
            let last = changes.len().saturating_sub(1);
            for (number, change) in changes.into_iter().enumerate() {
                match change {
                    Change::Write(offset, bytes) if survival == Survival::Prefix && number == last => {
                        let kept = random.below(bytes.len() as u64 + 1) as usize;
                        apply(&mut content, &Change::Write(offset, bytes[..kept].to_vec()));
                    }
                    Change::Write(offset, bytes) if survival == Survival::Reordered => {
                        for (sector, part) in bytes.chunks(SECTOR_BYTES).enumerate() {
                            if random.flip() {
                                apply(&mut content, &Change::Write(offset + sector * SECTOR_BYTES, part.to_vec()));
                            }
                        }
                    }
                    change => apply(&mut content, &change),
                }
            }
            inodes.push(Inode { durable: content.clone(), content, pending: Vec::new() });
        }
        let state = State { inodes, durable_names: names.clone(), names, ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn read(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state();
        state.names.get(path).map(|inode| state.inodes[*inode].content.clone())
    }

    /// Puts a durable file there.
    pub(crate) fn plant(&self, path: &Path, content: &[u8]) {
        let mut state = self.state();
        let inode = state.inodes.len();
        state.inodes.push(Inode { content: content.to_vec(), durable: content.to_vec(), pending: Vec::new() });
        state.names.insert(path.to_owned(), inode);
        state.durable_names.insert(path.to_owned(), inode);
    }

    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.state().names.keys().cloned().collect()
    }
}

impl State {
    /// What becomes of the next operation: `Ok` if it succeeds, else whether it has an effect, and its error.
    fn start_operation(&mut self) -> Result<(), (bool, io::Error)> {
        if self.is_read_only {
            return Err((false, io::ErrorKind::ReadOnlyFilesystem.into()));
        }
        let number = self.operations;
        self.operations += 1;
        match self.fault {
            Some(Fault::PowerLoss(at)) if number >= at => Err((number == at, io::Error::other("the power is out"))),
            Some(Fault::Errors(at, count)) if (at..at + count).contains(&number) => {
                Err((true, io::Error::other("a bad sector")))
            }
            _ => Ok(()),
        }
    }

    fn change_name(&mut self, change: NameChange) -> io::Result<()> {
        match self.start_operation() {
            Ok(()) => {
                apply_name(&mut self.names, &change);
                self.pending_names.push(change);
                Ok(())
            }
            Err((has_effect, error)) => {
                // A failed change of names is none, unless the power fails: then it may be found done.
                if has_effect && matches!(self.fault, Some(Fault::PowerLoss(_))) {
                    self.pending_names.push(change);
                }
                Err(error)
            }
        }
    }

    fn change(&mut self, inode: usize, change: Change) {
        let inode = &mut self.inodes[inode];
        apply(&mut inode.content, &change);
        inode.pending.push(change);
    }

    fn used(&self) -> usize {
        self.names.values().map(|inode| self.inodes[*inode].content.len()).sum()
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        let found = state.names.get(path).copied();
        let inode = match (mode, found) {
            (OpenMode::Create, Some(inode)) => {
                state.start_operation().map_err(|(_, error)| error)?;
                state.change(inode, Change::Truncate(0));
                inode
            }
            (OpenMode::Create, None) => {
                let inode = state.inodes.len();
                state.inodes.push(Inode::default());
                state.change_name(NameChange::Create(path.to_owned(), inode))?;
                inode
            }
            (OpenMode::Write, _) if state.is_read_only => return Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            (_, found) => found.ok_or(io::ErrorKind::NotFound)?,
        };
        Ok(Box::new(SimFile { disk: self.clone(), inode }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let inode = *state.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        state.change_name(NameChange::Rename(from.to_owned(), to.to_owned(), inode))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.state().change_name(NameChange::Remove(path.to_owned()))
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        Ok(self.state().names.contains_key(path))
    }

    fn create_directory(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn sync_directory(&self, _: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.start_operation().map_err(|(_, error)| error)?;
        state.durable_names = state.names.clone();
        state.pending_names.clear();
        Ok(())
    }
}

impl DiskFile for SimFile {
    fn length(&self) -> io::Result<u64> {
        Ok(self.disk.state().inodes[self.inode].content.len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.disk.state();
        let content = state.inodes[self.inode].content.get(offset as usize..).unwrap_or_default();
        let count = content.len().min(buffer.len());
        buffer[..count].copy_from_slice(&content[..count]);
        Ok(count)
    }

    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        let offset = offset as usize;
        match state.start_operation() {
            Ok(()) => {
                let length = state.inodes[self.inode].content.len();
                let growth = (offset + bytes.len()).saturating_sub(length);
                let room = state.capacity.map_or(usize::MAX, |capacity| capacity.saturating_sub(state.used()));
                if growth > room {
                    let written = bytes.len() - (growth - room);
                    state.change(self.inode, Change::Write(offset, bytes[..written].to_vec()));
                    return Err(io::ErrorKind::StorageFull.into());
                }
                state.change(self.inode, Change::Write(offset, bytes.to_vec()));
                Ok(())
            }
            Err((has_effect, error)) => {
                if has_effect {
                    // Half of it for an error; for a loss of power all of it, of which a part survives.
                    let kept =
                        if matches!(state.fault, Some(Fault::Errors(..))) { bytes.len() / 2 } else { bytes.len() };
                    state.change(self.inode, Change::Write(offset, bytes[..kept].to_vec()));
                }
                Err(error)
            }
        }
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        match state.start_operation() {
            Ok(()) => {
                state.change(self.inode, Change::Truncate(length as usize));
                Ok(())
            }
            Err((has_effect, error)) => {
                if has_effect && matches!(state.fault, Some(Fault::PowerLoss(_))) {
                    state.change(self.inode, Change::Truncate(length as usize));
                }
                Err(error)
            }
        }
    }

    fn sync_data(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.start_operation().map_err(|(_, error)| error)?;
        if state.fault == Some(Fault::BadFile(self.inode)) {
            return Err(io::Error::other("a bad block"));
        }
        let inode = &mut state.inodes[self.inode];
        inode.durable = inode.content.clone();
        inode.pending.clear();
        Ok(())
    }
}
