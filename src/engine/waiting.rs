//! When the next attempt comes: the wait that was drawn, what it is kept for, and what ends it earlier.
//!
//! A new network ends an ordinary wait once, without resetting the back-off; nothing on the phone ends a wait that a
//! server asked for or that is no network's doing. A wait that is long enough to be worth a write is still in force
//! after a restart, so that a process that is killed and started again does not hammer the servers.

use offpush_mqtt::ReasonCode;

use crate::config::limit;
use crate::engine::Engine;
use crate::entropy::below;
use crate::event::Disconnected;
use crate::input::{LinkFailure, Network};
use crate::record::{Record, RecordKey, StoredWait, Write, kind};
use crate::status::{Phase, WaitReason};
use crate::time::SECOND;
use crate::timer::Timer;

/// What the end of a connection says about the next attempt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ending {
    /// The server ended it, and perhaps everybody else's too.
    pub(crate) by_server: bool,
    /// The server does not want to see us for so many milliseconds.
    pub(crate) stay_away: u64,
}

impl Ending {
    /// A refusal that only this phone gets is followed by the ordinary wait.
    pub(crate) fn said_by_server(code: ReasonCode, was_online: bool, retry_after_seconds: Option<u32>) -> Self {
        let is_busy = matches!(
            code,
            ReasonCode::SERVER_UNAVAILABLE | ReasonCode::SERVER_BUSY | ReasonCode::CONNECTION_RATE_EXCEEDED
        );
        Self { by_server: was_online || is_busy, stay_away: u64::from(retry_after_seconds.unwrap_or(0)) * SECOND }
    }
}

/// A wait that outlasts a change of the network or a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastingWait {
    pub(crate) reason: WaitReason,
    /// Boot time.
    pub(crate) until: u64,
    /// On which network it was drawn, if another one ends it.
    pub(crate) network: Option<u64>,
}

impl Engine {
    /// Takes up the wait that an earlier process was in.
    pub(crate) fn restore_wait(&mut self, stored: &StoredWait) {
        self.wait_is_kept = true;
        let is_long = stored.reason.is_long();
        if is_long {
            self.long_back_off.resume(stored.wait)
        } else {
            self.back_off.resume(stored.wait)
        }
        let left = stored.until.saturating_sub(self.now.wall).max(0).unsigned_abs().min(stored.wait);
        if left > 0 {
            let network = (!is_long).then_some(stored.network);
            self.lasting_wait = Some(LastingWait { reason: stored.reason, until: self.now.boot + left, network });
        }
    }

    /// The wait that a network which has come does not end.
    pub(crate) fn wait_in_force(&self, network: u64) -> Option<LastingWait> {
        self.lasting_wait
            .filter(|wait| wait.until > self.now.boot && wait.network.is_none_or(|drawn_on| drawn_on == network))
    }

    /// Arms the next attempt and tells in how many milliseconds it comes; `None` while there is no network.
    pub(crate) fn wait(&mut self, reason: WaitReason, ending: Ending) -> Option<u64> {
        let (reason, wait) = match reason {
            WaitReason::BackOff if ending.stay_away > 0 => {
                let stay_away = ending.stay_away.min(self.config.timing.long_back_off_cap);
                (WaitReason::AskedToStayAway, stay_away + below(&mut *self.entropy, self.reconnect_window + 1))
            }
            WaitReason::BackOff if ending.by_server => {
                (reason, self.back_off.next_within(self.reconnect_window, &mut *self.entropy))
            }
            WaitReason::BackOff => self.next_wait(),
            _ => (reason, self.long_back_off.next(&mut *self.entropy)),
        };
        let until = self.now.boot + wait;
        self.lasting_wait = reason.is_long().then_some(LastingWait { reason, until, network: None });
        self.contact.failed(&mut self.journal, self.now.boot);
        self.keep_wait(reason, wait);
        if self.network == Network::None {
            self.set_phase(Phase::NoNetwork);
            return None;
        }
        self.set_phase(Phase::Waiting(reason));
        self.arm_retry(wait, if reason.is_long() { wait } else { 0 });
        Some(wait)
    }

    /// Draws and arms the wait after an attempt that is not the connection's own: a registration, a successor.
    pub(crate) fn draw_retry(&mut self, at_least: u64) -> u64 {
        let (reason, wait) = self.next_wait();
        let wait = wait.max(at_least);
        self.keep_wait(reason, wait);
        if self.network != Network::None {
            self.arm_retry(wait, at_least);
        }
        wait
    }

    fn next_wait(&mut self) -> (WaitReason, u64) {
        let wait = self.back_off.next(&mut *self.entropy);
        match self.way_out_reason() {
            Some(reason) => (reason, wait.max(limit::NO_WAY_OUT)),
            None => (WaitReason::BackOff, wait),
        }
    }

    /// A wait of some length may end earlier by a third, so that the attempt rides on a wake-up that happens anyway.
    fn arm_retry(&mut self, wait: u64, at_least: u64) {
        let slack = if wait >= limit::WAIT_KEPT { (wait / 3).min(wait - at_least.min(wait)) } else { 0 };
        self.timers.set(Timer::Retry, self.now.boot + wait - slack, slack);
    }

    fn keep_wait(&mut self, reason: WaitReason, wait: u64) {
        if wait < limit::WAIT_KEPT {
            return;
        }
        let network = match self.network {
            Network::Up { key, .. } => key,
            Network::None => 0,
        };
        let until = self.now.wall.saturating_add_unsigned(wait);
        self.journal.write(Write::Put(Record::Wait(StoredWait { reason, wait, until, network })));
        // At once: a write of its own later would be a wake-up of its own.
        self.journal.make_urgent();
        self.wait_is_kept = true;
    }

    /// A connection has lasted, or there is a new identity: the waits start from their bases.
    pub(crate) fn reset_waits(&mut self) {
        self.back_off.reset();
        self.long_back_off.reset();
        if std::mem::take(&mut self.wait_is_kept) {
            self.journal.write(Write::Delete(RecordKey { kind: kind::WAIT, id: 0 }));
        }
    }

    /// Whose doing the end of the current link is.
    pub(crate) fn ending(&self, cause: &Disconnected) -> Ending {
        let Some(link) = self.link.as_ref().filter(|link| link.is_online()) else { return Ending::default() };
        let idle = link.heartbeat.answer_due().is_none();
        // A link that breaks at a ping was broken before, by what is on the way.
        let by_server =
            idle && matches!(cause, Disconnected::Link { failure: LinkFailure::Ended | LinkFailure::Reset });
        Ending { by_server, stay_away: 0 }
    }
}
