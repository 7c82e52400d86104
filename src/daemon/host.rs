//! The platform of a host: notifications are lines in a file.
//!
//! `notifications.jsonl` in the data directory is appended by one write a line, `{"seq":…,"id":…,"title":…,…,"at":…}`
//! for a notification and `{"cancel":SEQ,"at":…}` for its removal, and read after a restart for what was shown before.
//! A line shown again after a crash left it unclear carries `"again":true`. Standard output gets a line for people.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use offpush_engine::Presented;
use offpush_wire::{Click, Message};
use serde::{Deserialize, Serialize};

use crate::clock;
use crate::output::write_line;
use crate::platform::{Platform, PlatformEvent, Presentation};

/// The file's name in the data directory.
pub const NOTIFICATIONS_FILE: &str = "notifications.jsonl";

/// What the file is renamed to when it is full; the one before is dropped.
const OLD_FILE: &str = "notifications.jsonl.old";

/// Bytes at which a new file is started. At most [`offpush_engine::config::limit::PRESENTING`] lines, the newest, can
/// still be asked for; they take at most a few MiB, so one whole file before the current one is more than enough.
const MAXIMUM_FILE_BYTES: u64 = 64 << 20;

/// Milliseconds between attempts when the file cannot be written, as for the store.
const RETRY: u64 = offpush_engine::config::limit::COMMIT_RETRY;

/// Shows notifications by writing them to a file.
#[derive(Debug)]
pub struct Host {
    directory: PathBuf,
    file: File,
    length: u64,
    maximum: u64,
    delay: u64,
    /// With the boot time at which each is due, in order.
    waiting: VecDeque<(u64, Presentation)>,
    /// To be told.
    events: VecDeque<PlatformEvent>,
    retry_at: Option<u64>,
}

/// A line about a notification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownLine<'a> {
    seq: u64,
    id: &'a str,
    title: &'a str,
    description: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    payload: &'a str,
    notify_id: i32,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extra: &'a BTreeMap<String, String>,
    click: Click,
    at: i64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    again: bool,
}

/// A line about a removal.
#[derive(Serialize)]
struct CancelLine {
    cancel: u64,
    at: i64,
}

/// As much of a line as says which notification it shows.
#[derive(Deserialize)]
struct ShownSequence {
    seq: Option<u64>,
}

impl Host {
    /// Opens or makes the file. Each notification is held back for `delay` before it is shown.
    pub fn open(directory: &Path, delay: Duration) -> io::Result<Self> {
        Self::with_maximum(directory, delay, MAXIMUM_FILE_BYTES)
    }

    fn with_maximum(directory: &Path, delay: Duration, maximum: u64) -> io::Result<Self> {
        let mut file = open(directory)?;
        let length = cut_torn_line(&mut file)?;
        let delay = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        Ok(Self {
            directory: directory.to_owned(),
            file,
            length,
            maximum,
            delay,
            waiting: VecDeque::new(),
            events: VecDeque::new(),
            retry_at: None,
        })
    }

    fn show(&mut self, boot: u64, presentation: &Presentation) -> Presented {
        let message = &presentation.message;
        let line = ShownLine {
            seq: presentation.sequence,
            id: &message.id,
            title: &message.title,
            description: &message.description,
            payload: &message.payload,
            notify_id: message.notify_id,
            extra: &message.extra,
            click: message.click(),
            at: clock::now().wall,
            again: presentation.silent,
        };
        match self.append(&line) {
            Ok(()) => {
                tell(message, presentation.silent);
                Presented::Shown
            }
            Err(error) => {
                self.retry_at = Some(boot.saturating_add(RETRY));
                Presented::Later { reason: format!("{NOTIFICATIONS_FILE} cannot be written: {error}") }
            }
        }
    }

    fn append(&mut self, line: &impl Serialize) -> io::Result<()> {
        if self.length >= self.maximum {
            std::fs::rename(self.directory.join(NOTIFICATIONS_FILE), self.directory.join(OLD_FILE))?;
            self.file = open(&self.directory)?;
            self.length = 0;
        }
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let written = self.file.write(&bytes);
        if matches!(written, Ok(count) if count == bytes.len()) {
            self.length += bytes.len() as u64;
            return Ok(());
        }
        // Half a line must not stay before the next one.
        self.file.set_len(self.length)?;
        Err(written.err().unwrap_or_else(|| io::ErrorKind::StorageFull.into()))
    }
}

impl Platform for Host {
    fn showing(&mut self, sequences: &[u64]) -> Vec<u64> {
        let asked: BTreeSet<u64> = sequences.iter().copied().collect();
        let mut shown = BTreeSet::new();
        for name in [OLD_FILE, NOTIFICATIONS_FILE] {
            let Ok(file) = File::open(self.directory.join(name)) else { continue };
            for line in BufReader::new(file).split(b'\n').map_while(Result::ok) {
                let found = serde_json::from_slice::<ShownSequence>(&line).ok().and_then(|line| line.seq);
                shown.extend(found.filter(|sequence| asked.contains(sequence)));
            }
        }
        shown.into_iter().collect()
    }

    fn present(&mut self, boot: u64, presentation: Presentation) {
        self.waiting.push_back((boot.saturating_add(self.delay), presentation));
    }

    fn cancel(&mut self, _boot: u64, sequence: u64) {
        if let Some(index) = self.waiting.iter().position(|(_, waiting)| waiting.sequence == sequence) {
            self.waiting.remove(index);
            self.events.push_back(PlatformEvent::Presented { sequence, outcome: Presented::Cancelled });
        } else if let Err(error) = self.append(&CancelLine { cancel: sequence, at: clock::now().wall }) {
            log::error!("{NOTIFICATIONS_FILE} cannot be written: {error}; notification {sequence} stays in it");
        }
    }

    fn poll(&mut self, boot: u64) -> Option<PlatformEvent> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        if self.waiting.front().is_some_and(|(due, _)| *due <= boot) {
            let (_, presentation) = self.waiting.pop_front()?;
            let outcome = self.show(boot, &presentation);
            return Some(PlatformEvent::Presented { sequence: presentation.sequence, outcome });
        }
        if self.retry_at.is_some_and(|at| at <= boot) {
            self.retry_at = None;
            return Some(PlatformEvent::CanPresent);
        }
        None
    }

    fn next_timeout(&self) -> Option<u64> {
        let due = self.waiting.front().map(|(due, _)| *due);
        due.into_iter().chain(self.retry_at).min()
    }
}

fn open(directory: &Path) -> io::Result<File> {
    let path = directory.join(NOTIFICATIONS_FILE);
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)
}

/// Removes a line that a kill in the middle of its write left without an end; returns the file's length. Such a line
/// was not confirmed, and will be shown again.
fn cut_torn_line(file: &mut File) -> io::Result<u64> {
    /// Longer than any line: a message has at most 120 KiB on the wire.
    const LONGEST_LINE: u64 = 1 << 20;
    let length = file.metadata()?.len();
    let start = length.saturating_sub(LONGEST_LINE);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(LONGEST_LINE).read_to_end(&mut tail)?;
    let whole = tail.iter().rposition(|byte| *byte == b'\n').map_or(start, |end| start + end as u64 + 1);
    if whole < length {
        file.set_len(whole)?;
    }
    Ok(whole)
}

fn tell(message: &Message, again: bool) {
    let mark = if again { " (again)" } else { "" };
    let text = format!("notification {}{mark}: {}: {}", message.id, message.title, message.description);
    write_line(io::stdout(), &text);
}

#[cfg(test)]
#[path = "tests/unit/host.rs"]
mod tests;
