//! The one alarm: a timer that goes on while the device sleeps.

use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Duration;

use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::clock;

/// The longest wait in milliseconds: 30 days. Whatever is later is looked at again then; what the kernel can hold ends
/// somewhere, and a deadline must never be one that cannot be set.
const LONGEST_WAIT: u64 = 30 * 24 * 3_600_000;

/// `timerfd(CLOCK_BOOTTIME)`.
#[derive(Debug)]
pub(crate) struct Timer {
    timer: TimerFd,
    armed: Option<u64>,
}

impl Timer {
    pub(crate) fn new() -> io::Result<Self> {
        let timer = TimerFd::new(ClockId::CLOCK_BOOTTIME, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        Ok(Self { timer, armed: None })
    }

    pub(crate) fn raw_fd(&self) -> RawFd {
        self.timer.as_fd().as_raw_fd()
    }

    /// Lets it fire at this boot time in milliseconds, at once if that is over, or never.
    pub(crate) fn arm(&mut self, at: Option<u64>) -> io::Result<()> {
        if at == self.armed {
            return Ok(());
        }
        match at {
            // From now on, for tools that fake the wall clock shift absolute times of every clock; 0 would disarm it.
            Some(at) => {
                let wait = at.saturating_sub(clock::now().boot).clamp(1, LONGEST_WAIT);
                self.timer.set(Expiration::OneShot(Duration::from_millis(wait).into()), TimerSetTimeFlags::empty())?;
            }
            None => self.timer.unset()?,
        }
        self.armed = at;
        Ok(())
    }

    /// Takes note that it fired.
    pub(crate) fn drain(&mut self) {
        // A read resets it; that there is nothing to read does no harm. An armed one stays set until it is armed anew.
        let mut count = [0; 8];
        let _ = nix::unistd::read(self.timer.as_fd(), &mut count);
        self.armed = None;
    }
}
