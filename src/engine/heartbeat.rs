//! When to ping, and when a ping's answer is overdue.
//!
//! The rule: any inbound byte is life. A ping goes out when nothing was received for the interval, or nothing sent
//! for the keep-alive that the broker goes by; its answer, or anything else, has [`limit::PING_ANSWER`].

use crate::config::limit;

#[derive(Debug)]
pub(crate) struct Heartbeat {
    /// Milliseconds of silence before a ping.
    interval: u64,
    /// Milliseconds after which the broker must have heard from us.
    keep_alive: u64,
    last_received: u64,
    last_sent: u64,
    ping_sent: Option<u64>,
}

impl Heartbeat {
    pub(crate) fn new(interval: u64, now: u64) -> Self {
        let mut heartbeat = Self { interval, keep_alive: 0, last_received: now, last_sent: now, ping_sent: None };
        heartbeat.keep_alive = u64::from(heartbeat.keep_alive_seconds()) * 1_000;
        heartbeat
    }

    /// The keep-alive to ask for, in seconds: the interval rounded up.
    pub(crate) fn keep_alive_seconds(&self) -> u16 {
        u16::try_from(self.interval.div_ceil(1_000)).unwrap_or(u16::MAX).max(1)
    }

    /// The broker's own keep-alive wins (MQTT 5 §3.2.2.3.14); 0 turns it off.
    pub(crate) fn set_server_keep_alive(&mut self, seconds: u16) {
        self.keep_alive = if seconds == 0 { u64::MAX } else { u64::from(seconds) * 1_000 };
    }

    pub(crate) fn interval(&self) -> u64 {
        self.interval
    }

    pub(crate) fn last_received(&self) -> u64 {
        self.last_received
    }

    /// Something came in; returns the round trip if a ping was waiting.
    pub(crate) fn received(&mut self, now: u64) -> Option<u64> {
        self.last_received = now;
        self.ping_sent.take().map(|sent| now.saturating_sub(sent))
    }

    pub(crate) fn sent(&mut self, now: u64) {
        self.last_sent = now;
    }

    pub(crate) fn ping_sent(&mut self, now: u64) {
        self.ping_sent = Some(now);
        self.last_sent = now;
    }

    /// When the next ping is due; `None` while one waits for its answer.
    pub(crate) fn ping_due(&self) -> Option<u64> {
        if self.ping_sent.is_some() {
            return None;
        }
        Some((self.last_received + self.interval).min(self.last_sent.saturating_add(self.keep_alive)))
    }

    /// When the waiting ping's answer is overdue.
    pub(crate) fn answer_due(&self) -> Option<u64> {
        self.ping_sent.map(|sent| sent + limit::PING_ANSWER)
    }
}
