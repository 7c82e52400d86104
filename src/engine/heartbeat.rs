//! When to ping, and when a ping's answer is overdue.
//!
//! The rule: any inbound byte is life. A ping goes out when nothing was received for the interval, or nothing sent
//! for the keep-alive that the broker goes by; its answer, or anything else, has [`limit::PING_ANSWER`]. How long the
//! interval is, `search` learns.

use crate::alarms::Alarms;
use crate::config::limit;
use crate::time::Wake;

/// The last part of an interval, one of so many, in which a ping rides on a wake-up that happens anyway: at most a fifth
/// more pings, and each of them saves a wake-up of its own.
const RIDE: u64 = 6;

#[derive(Debug)]
pub(crate) struct Heartbeat {
    /// Milliseconds of silence before a ping.
    interval: u64,
    /// The interval is searched for: the alarm is asked for so that it comes in time.
    learns: bool,
    /// More is being searched for: a ping that came early would tell nothing.
    searching: bool,
    /// Milliseconds after which the broker must have heard from us.
    keep_alive: u64,
    /// The keep-alive to ask for, in seconds.
    keep_alive_seconds: u16,
    last_received: u64,
    last_sent: u64,
    ping: Option<Ping>,
}

/// A ping that waits for its answer.
#[derive(Debug, Clone, Copy)]
struct Ping {
    sent: u64,
    /// For how long nothing had gone either way before it; `None` if something else may have broken the connection.
    silence: Option<u64>,
}

/// What something that came in says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    /// The connection has lived through this silence, in milliseconds.
    pub(crate) silence: u64,
    /// A ping was waiting, so long.
    pub(crate) round_trip: Option<u64>,
}

impl Heartbeat {
    /// `longest` is the longest interval that this connection may come to use: the keep-alive that is asked for.
    pub(crate) fn new(interval: u64, longest: u64, learns: bool, now: u64) -> Self {
        let keep_alive_seconds = u16::try_from(longest.div_ceil(1_000)).unwrap_or(u16::MAX).max(1);
        Self {
            interval,
            learns,
            searching: learns,
            keep_alive: u64::from(keep_alive_seconds) * 1_000,
            keep_alive_seconds,
            last_received: now,
            last_sent: now,
            ping: None,
        }
    }

    pub(crate) fn keep_alive_seconds(&self) -> u16 {
        self.keep_alive_seconds
    }

    /// From now on.
    pub(crate) fn set_interval(&mut self, interval: u64, searching: bool) {
        self.interval = interval;
        self.searching = searching;
    }

    /// The silence that the waiting ping broke; `None` if none waits.
    pub(crate) fn ping_silence(&self) -> Option<u64> {
        self.ping.and_then(|ping| ping.silence)
    }

    /// The waiting ping asks after something else than a silence: whatever comes of it is no evidence.
    pub(crate) fn excuse_ping(&mut self) {
        if let Some(ping) = &mut self.ping {
            ping.silence = None;
        }
    }

    fn silence(&self, now: u64) -> u64 {
        now.saturating_sub(self.last_received.max(self.last_sent))
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

    /// Something came in.
    pub(crate) fn received(&mut self, now: u64) -> Life {
        let life = match self.ping.take() {
            Some(ping) => Life { silence: ping.silence.unwrap_or(0), round_trip: Some(now.saturating_sub(ping.sent)) },
            None => Life { silence: self.silence(now), round_trip: None },
        };
        self.last_received = now;
        life
    }

    pub(crate) fn sent(&mut self, now: u64) {
        self.last_sent = now;
    }

    pub(crate) fn ping_sent(&mut self, now: u64) {
        self.ping = Some(Ping { sent: now, silence: Some(self.silence(now)) });
        self.last_sent = now;
    }

    /// When to be woken for the next ping, and from when on it may ride on another wake-up; `None` while one waits for
    /// its answer.
    pub(crate) fn ping_due(&self, alarms: &Alarms) -> Option<Wake> {
        if self.ping.is_some() {
            return None;
        }
        let due = match self.learns {
            true => alarms.plan(self.last_received, self.interval),
            false => self.last_received + self.interval,
        };
        let latest = due.min(self.last_sent.saturating_add(self.keep_alive));
        let early = if self.searching { 0 } else { self.interval / RIDE };
        let deadline = latest.saturating_sub(early).max(self.last_received).min(latest);
        Some(Wake { deadline, latest })
    }

    /// When the waiting ping's answer is overdue.
    pub(crate) fn answer_due(&self) -> Option<u64> {
        self.ping.map(|ping| ping.sent + limit::PING_ANSWER)
    }
}
