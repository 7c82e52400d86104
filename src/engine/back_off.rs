//! How long to wait before the next attempt.

use crate::entropy::{Entropy, below};

/// Decorrelated jitter: each wait is drawn between the one before and three times that, at most the cap; the first one
/// between one and three times the base.
///
/// It spreads clients that failed together better than a doubled wait with a random part, and grows as fast
/// ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015). There each wait is drawn from the base on; but one
/// that may shrink again stays small for many attempts, and on a phone each of those is a wake-up.
#[derive(Debug)]
pub struct BackOff {
    base: u64,
    cap: u64,
    previous: u64,
    attempts: u32,
}

impl BackOff {
    /// Base and cap in milliseconds.
    pub fn new(base: u64, cap: u64) -> Self {
        Self { base, cap: cap.max(base), previous: base, attempts: 0 }
    }

    /// The next wait in milliseconds.
    pub fn next(&mut self, entropy: &mut dyn Entropy) -> u64 {
        let highest = self.previous.saturating_mul(3).min(self.cap);
        self.previous += below(entropy, highest - self.previous + 1);
        self.attempts = self.attempts.saturating_add(1);
        self.previous
    }

    /// The waits are at least so long from now on, in milliseconds.
    pub(crate) fn at_least(&mut self, wait: u64) {
        self.previous = self.previous.max(wait).min(self.cap);
    }

    /// The next wait after an end that many clients met together: drawn from the whole window, in milliseconds, and no
    /// shorter than [`next`](Self::next) would have it.
    pub fn next_within(&mut self, window: u64, entropy: &mut dyn Entropy) -> u64 {
        let spread = below(entropy, window.saturating_add(1));
        let wait = self.next(entropy).max(spread);
        self.previous = wait.min(self.cap);
        wait
    }

    /// Goes on after this wait, which an earlier process drew.
    pub(crate) fn resume(&mut self, wait: u64) {
        self.previous = wait.clamp(self.base, self.cap);
        self.attempts = 1;
    }

    /// Starts from the base again.
    pub(crate) fn reset(&mut self) {
        self.previous = self.base;
        self.attempts = 0;
    }

    /// Waits drawn since the last reset.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }
}
