//! What a silence did to a connection: evidence for the search, and which ends are none.
//!
//! Only a death with the network there counts: the ping's answer was overdue, or the link broke at the ping, and a
//! broker was reached again on the same network within [`limit::VERDICT`]. A server that restarts ends its links while
//! they idle, an outage lasts, and a broker that gives a reason has one; none of them says anything about a NAT.

use crate::config::limit;
use crate::engine::Engine;
use crate::event::Event;
use crate::heartbeat::{Heartbeat, Life};
use crate::input::Network;
use crate::search;

/// The part of the known lateness that a heartbeat on time takes away: after about ten of them half of it is forgotten.
const LATENESS_FORGOTTEN: u64 = 16;

/// A connection that a silence may have killed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Suspect {
    network: u64,
    silence: u64,
    died: u64,
}

impl Engine {
    /// The heartbeat of a connection that is made now.
    pub(crate) fn new_heartbeat(&self) -> Heartbeat {
        let now = self.now.boot;
        match self.config.timing.heartbeat {
            Some(fixed) => Heartbeat::new(fixed, fixed, now),
            None => Heartbeat::new(self.heartbeat_interval(), search::CEILING / self.scale(), now),
        }
    }

    /// The heartbeat in force on the default network, in milliseconds.
    pub(crate) fn heartbeat_interval(&self) -> u64 {
        if let Some(fixed) = self.config.timing.heartbeat {
            return fixed;
        }
        let key = match self.network {
            Network::Up { key, .. } => key,
            Network::None => 0,
        };
        self.planned(self.networks.search(key, self.now.wall).interval(self.now.wall))
    }

    /// By how much the search's rules are longer than what is done: 1 but in tests.
    fn scale(&self) -> u64 {
        self.config.timing.heartbeat_scale.max(1)
    }

    /// An interval less what the platform's alarms are late by: the silence is what counts, not when it was to be broken.
    /// Half of it is left in any case, for an alarm that is later than that has its own reasons.
    fn planned(&self, interval: u64) -> u64 {
        let interval = interval / self.scale();
        interval - self.lateness.min(interval / 2)
    }

    /// How late a heartbeat's alarm came. What is planned for is the latest, and is forgotten by and by: some vendors
    /// move alarms to the next five minutes, Doze moves them further, and both end.
    pub(crate) fn note_lateness(&mut self, late: u64) {
        self.lateness = late.max(self.lateness - self.lateness / LATENESS_FORGOTTEN);
    }

    /// The connection has lived through a silence.
    pub(crate) fn survived(&mut self, life: Life) {
        if let Some(network) = self.link.as_ref().and_then(|link| link.network) {
            let silence = life.silence * self.scale();
            self.learn(network, |search, _| search.survived(silence));
        }
    }

    /// The connection has died, perhaps of the silence before its ping.
    pub(crate) fn suspect_silence(&mut self) {
        let died = self.now.boot;
        let link = self.link.as_ref().filter(|link| link.is_online());
        let suspect = link
            .and_then(|link| Some(Suspect { network: link.network?, silence: link.heartbeat.ping_silence()?, died }));
        self.suspect = suspect.or(self.suspect);
    }

    /// A broker was reached: if that came soon after a silent death on the same network, it was the silence.
    pub(crate) fn judge_silence(&mut self) {
        let Some(suspect) = self.suspect.take() else { return };
        let same = self.link.as_ref().is_some_and(|link| link.network == Some(suspect.network));
        if same && self.now.boot.saturating_sub(suspect.died) <= limit::VERDICT {
            let silence = suspect.silence * self.scale();
            self.learn(suspect.network, |search, wall| search.died(silence, wall));
        }
    }

    fn learn(&mut self, network: u64, note: impl FnOnce(&mut search::Search, i64)) {
        if self.config.timing.heartbeat.is_some() {
            return;
        }
        let wall = self.now.wall;
        let changed = self.networks.note(&mut self.journal, network, wall, |search| note(search, wall));
        let search = self.networks.search(network, wall);
        let interval = self.planned(search.interval(wall));
        if changed {
            let (proved, failed) = (search.proved / self.scale(), search.failed / self.scale());
            self.event(Event::HeartbeatLearned { proved, failed, interval });
        }
        if let Some(link) = self.link.as_mut().filter(|link| link.network == Some(network)) {
            link.heartbeat.set_interval(interval);
        }
    }
}
