//! One process a store: an exclusive `flock`, which the kernel gives up when the process ends, however it ends.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::error::OpenError;

const LOCK_FILE: &str = "lock";

/// A pid has at most 10 digits; anything longer was not written here.
const MAX_PID_DIGITS: u64 = 16;

/// Held as long as the store is open.
pub(crate) struct DirectoryLock(#[expect(dead_code, reason = "it is held, not read")] Flock<File>);

impl DirectoryLock {
    /// Takes the lock at once or fails, naming the holder.
    pub(crate) fn take(directory: &Path) -> Result<Self, OpenError> {
        let path = directory.join(LOCK_FILE);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(OpenError::io("open", &path))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => {
                // The pid is a courtesy for whoever comes next: a full disk must not keep a store from being opened.
                let _ = write_pid(&lock);
                Ok(Self(lock))
            }
            Err((file, Errno::EWOULDBLOCK)) => {
                Err(OpenError::Locked { pid: read_pid(&file), directory: directory.to_owned() })
            }
            Err((_, errno)) => Err(OpenError::io("lock", &path)(io::Error::from(errno))),
        }
    }
}

fn write_pid(file: &File) -> io::Result<()> {
    file.set_len(0)?;
    file.write_all_at(format!("{}\n", std::process::id()).as_bytes(), 0)
}

fn read_pid(file: &File) -> Option<u32> {
    let mut text = String::new();
    file.take(MAX_PID_DIGITS).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
