//! SIGTERM and SIGINT as something to poll.

use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// The signals that ask a daemon to end. While this lives they do nothing else to the thread that made it, nor to the
/// threads it starts.
#[derive(Debug)]
pub(crate) struct Signals {
    signals: SignalFd,
    former_mask: SigSet,
}

impl Signals {
    pub(crate) fn new() -> io::Result<Self> {
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGTERM);
        mask.add(Signal::SIGINT);
        let former_mask = SigSet::thread_get_mask()?;
        mask.thread_block()?;
        let signals = SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        Ok(Self { signals, former_mask })
    }

    pub(crate) fn raw_fd(&self) -> RawFd {
        self.signals.as_fd().as_raw_fd()
    }

    /// Whether one came since the last time.
    pub(crate) fn take(&self) -> bool {
        let mut came = false;
        while let Ok(Some(_)) = self.signals.read_signal() {
            came = true;
        }
        came
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // It was the mask before, so it can be set again.
        let _ = self.former_mask.thread_set_mask();
    }
}
