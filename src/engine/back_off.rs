//! How long to wait before the next attempt.

use crate::entropy::{Entropy, below};

/// Decorrelated jitter: each wait is drawn between the one before and three times that, the first one between one and
/// three times the base; at the cap, from its last third.
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
        let lowest = self.previous.min(self.cap / 3 * 2).max(self.base);
        let highest = self.previous.saturating_mul(3).min(self.cap);
        self.previous = lowest + below(entropy, highest.saturating_sub(lowest) + 1);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_at_the_cap_are_still_spread() {
        // Phones that could reach nobody for hours must not fall into step.
        let mut seed = 1_u64;
        let mut entropy = move |bytes: &mut [u8]| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            bytes.copy_from_slice(&seed.to_be_bytes());
        };
        let mut back_off = BackOff::new(1_000, 600_000);
        for _ in 0..20 {
            back_off.next(&mut entropy);
        }
        let waits: std::collections::BTreeSet<u64> = (0..50).map(|_| back_off.next(&mut entropy)).collect();
        assert!(waits.len() > 40 && waits.iter().all(|wait| (400_000..=600_000).contains(wait)), "{waits:?}");
    }
}
