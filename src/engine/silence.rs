//! What a silence did to a connection: evidence for the search, and which ends are none.
//!
//! Only a death with the network there counts: the ping's answer was overdue, or the link broke at the ping; a broker was
//! reached again on the same network by the first attempt, or within [`limit::VERDICT`]; and the gateway does not say that
//! its broker began anew since the last byte. A server that restarts ends its links while they idle or vanishes, an
//! outage lasts, and a broker that gives a reason has one; none of them says anything about a NAT.

use crate::config::limit;
use crate::engine::Engine;
use crate::event::Event;
use crate::heartbeat::{Heartbeat, Life};
use crate::input::Network;
use crate::networks::Learned;
use crate::search;
use crate::time::SECOND;

/// A silence shorter than this, in milliseconds, proves nothing that the search asks for: a write less for every message.
const TELLING: u64 = 10 * SECOND;

/// A connection that a silence may have killed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Suspect {
    network: u64,
    silence: u64,
    /// When the last byte came, boot time.
    heard: u64,
    died: u64,
    /// A broker was reached soon after: what is left to know is whether it is still the same one.
    network_was_there: bool,
    /// The id of the first attempt after it.
    next: u64,
}

impl Engine {
    /// The heartbeat of a connection that is made now.
    pub(crate) fn new_heartbeat(&self) -> Heartbeat {
        let now = self.now.boot;
        match self.config.timing.heartbeat {
            Some(fixed) => Heartbeat::new(fixed, fixed, false, now),
            None => {
                let mut heartbeat = Heartbeat::new(0, search::CEILING / self.scale(), true, now);
                let (interval, searching) = self.searched();
                heartbeat.set_interval(interval, searching);
                heartbeat
            }
        }
    }

    /// The heartbeat in force on the default network, in milliseconds.
    pub(crate) fn heartbeat_interval(&self) -> u64 {
        if let Some(fixed) = self.config.timing.heartbeat {
            return fixed;
        }
        self.searched().0
    }

    /// The interval on the default network, and whether it is more than what is proved there.
    fn searched(&self) -> (u64, bool) {
        let key = match self.network {
            Network::Up { key, .. } => key,
            Network::None => 0,
        };
        let search = self.networks.search(key, self.now.wall);
        let interval = search.interval(self.now.wall, self.alarms.marks());
        (interval / self.scale(), interval > search.proved)
    }

    /// What the search knows of the default network.
    pub(crate) fn learned(&self) -> Option<Learned> {
        let Network::Up { key, .. } = self.network else { return None };
        let search = self.networks.search(key, self.now.wall);
        let found = || Learned::new(search, self.now.wall, self.alarms.marks(), self.scale());
        self.config.timing.heartbeat.is_none().then(found)
    }

    /// By how much the search's rules are longer than what is done: 1 but in tests.
    pub(crate) fn scale(&self) -> u64 {
        self.config.timing.heartbeat_scale.max(1)
    }

    /// The connection has lived through a silence.
    pub(crate) fn survived(&mut self, life: Life) {
        if let Some(network) = self.link.as_ref().and_then(|link| link.network) {
            let silence = life.silence * self.scale();
            if silence < TELLING {
                return;
            }
            self.learn(network, |search, _| search.survived(silence));
        }
    }

    /// The connection has died, perhaps of the silence before its ping.
    pub(crate) fn suspect_silence(&mut self) {
        let died = self.now.boot;
        let link = self.link.as_ref().filter(|link| link.is_online());
        let suspect = link.and_then(|link| {
            Some(Suspect {
                network: link.network?,
                silence: link.heartbeat.ping_silence()?,
                heard: link.heartbeat.last_received(),
                died,
                network_was_there: false,
                next: self.next_link,
            })
        });
        self.suspect = suspect.or(self.suspect);
    }

    /// A broker was reached: if that came soon after a silent death on the same network, the network was there.
    pub(crate) fn judge_silence(&mut self) {
        let (Some(mut suspect), Some(link)) = (self.suspect.take(), &self.link) else { return };
        // An attempt that the platform's alarm brought late comes as soon as it can.
        let soon = link.id.0 == suspect.next || self.now.boot.saturating_sub(suspect.died) <= limit::VERDICT;
        if soon && link.network == Some(suspect.network) {
            suspect.network_was_there = true;
            self.suspect = Some(suspect);
        }
    }

    /// The gateway says for how many milliseconds its broker has been there: if that began after the last byte came, the
    /// server has ended the connection; else the silence has.
    pub(crate) fn sentence_silence(&mut self, broker_lasts: Option<u64>) {
        let Some(suspect) = self.suspect.take_if(|suspect| suspect.network_was_there) else { return };
        let began = broker_lasts.map(|lasts| self.now.boot.saturating_sub(lasts));
        if began.is_some_and(|began| began > suspect.heard) {
            return self.event(Event::ServerBeganAnew { silence: suspect.silence });
        }
        let silence = suspect.silence * self.scale();
        self.learn(suspect.network, |search, wall| search.died(silence, wall));
    }

    fn learn(&mut self, network: u64, note: impl FnOnce(&mut search::Search, i64)) {
        if self.config.timing.heartbeat.is_some() {
            return;
        }
        let wall = self.now.wall;
        let changed = self.networks.note(&mut self.journal, network, wall, |search| note(search, wall));
        let search = self.networks.search(network, wall);
        let interval = search.interval(wall, self.alarms.marks());
        let searching = interval > search.proved;
        let interval = interval / self.scale();
        if changed {
            let (proved, failed) = (search.proved / self.scale(), search.failed / self.scale());
            self.event(Event::HeartbeatLearned { proved, failed, interval });
        }
        if let Some(link) = self.link.as_mut().filter(|link| link.network == Some(network)) {
            link.heartbeat.set_interval(interval, searching);
        }
    }
}
