//! The phone's networks: which one is the default, which ones still serve, what the platform tells of them.

use offpush_engine::Internet;

use super::{Happening, WALL, World};
use crate::client::{ConnId, Failure, Input, NetworkSeen, Truth};
use crate::server::Key;
use crate::{tcp, trace};

impl World<'_> {
    pub(super) fn moved(&mut self, index: usize) {
        let step = self.day.moves[index];
        let before = std::mem::replace(&mut self.network, step.network);
        match step.network {
            None => trace::open(&mut self.trace.no_network, self.now),
            Some(_) => trace::close(&mut self.trace.no_network, self.now),
        }
        let left = before.filter(|before| step.network != Some(*before));
        self.lingering.retain(|(network, _)| step.network != Some(*network));
        if let Some(left) = left.filter(|_| step.overlap > 0) {
            self.lingering.push((left, self.now + step.overlap));
            self.at(self.now + step.overlap, Happening::Lingered(left));
        }
        let lives_on = step.keeps_sockets && (step.network.is_none() || before.is_none());
        let lost = if lives_on { Vec::new() } else { self.lost_sockets() };
        for key in &lost {
            self.conns[*key].gone.get_or_insert(self.now);
        }
        self.reveal_network();
        self.tell(Input::Network(self.seen()));
        for key in lost {
            self.phone_closed(key, Failure::Aborted);
        }
        if step.network.is_some() {
            self.reveal(Truth::Reachable);
        }
    }

    /// A network that was left is gone.
    pub(super) fn lingered(&mut self, network: usize) {
        let now = self.now;
        self.lingering.retain(|(left, until)| *left != network || *until > now);
        for key in self.lost_sockets() {
            self.phone_closed(key, Failure::Aborted);
        }
    }

    /// The network serves.
    pub(super) fn serves(&self, network: usize) -> bool {
        self.network == Some(network) || self.lingering.iter().any(|(left, _)| *left == network)
    }

    /// Sockets on networks that do not.
    fn lost_sockets(&self) -> Vec<Key> {
        let lost = |key: &Key| self.conns[*key].phone_open && !self.serves(self.conns[*key].network);
        (0..self.conns.len()).filter(lost).collect()
    }

    /// The default network as the platform tells of it. It looks at its way out when the network comes, and when somebody
    /// has signed in; that it leads nowhere any more, nobody tells.
    pub(super) fn seen(&self) -> Option<NetworkSeen> {
        let network = self.network?;
        let path = &self.paths[network];
        let internet = match (path.portal, path.black_hole) {
            (true, _) => Internet::Portal,
            (_, true) => Internet::None,
            _ => Internet::Works,
        };
        Some(NetworkSeen { key: network as u64 + 1, transport: self.day.networks[network].transport, internet })
    }

    /// The gateway's registration: a connection, a request and its answer.
    pub(super) fn register(&mut self, id: ConnId) {
        self.trace.connects.push(self.now);
        let Some(network) = self.network else {
            return self.at(self.now, Happening::Registered { id, answer: Err(Failure::Unreachable) });
        };
        let path = &self.paths[network];
        if path.black_hole {
            return;
        }
        let answer = if path.portal {
            Err(Failure::Portal)
        } else if self.server.is_up {
            Ok(crate::ours::registration(WALL + (self.day.begins + self.now) as i64))
        } else {
            Err(Failure::Refused)
        };
        let at = self.now + path.round_trip * 4;
        let transport = self.day.networks[network].transport;
        self.trace.bytes.push((self.now, tcp::HANDSHAKE));
        self.radio.packet(self.now, transport);
        self.at(at, Happening::Registered { id, answer });
    }

    /// A look at the network's way out: a connection, a request and perhaps an answer.
    pub(super) fn probe(&mut self, id: ConnId) {
        let Some(network) = self.network.filter(|network| !self.paths[*network].black_hole) else { return };
        let path = &self.paths[network];
        let found = if path.portal { Internet::Portal } else { Internet::Unknown };
        let at = self.now + path.round_trip * 2;
        self.trace.bytes.push((self.now, tcp::HANDSHAKE));
        self.radio.packet(self.now, self.day.networks[network].transport);
        self.at(at, Happening::Probed { id, found });
    }

    /// The system takes the network from an app without a foreground service, and says so to a process that is not frozen;
    /// while it gives it back, the app's job runs.
    pub(super) fn blocked(&mut self, is_blocked: bool) {
        match is_blocked {
            true => self.tell_or_hold(Input::Network(None)),
            false => self.tell(Input::Network(self.seen())),
        }
    }

    pub(super) fn reveal(&mut self, truth: Truth) {
        if self.client.is_oracle() {
            self.tell_or_hold(Input::Revealed(truth));
        }
    }

    pub(super) fn reveal_network(&mut self) {
        let nat = self.network.and_then(|network| self.paths[network].nat);
        self.reveal(Truth::Nat(nat));
        if let Some(network) = self.network
            && !self.paths[network].portal
            && !self.paths[network].black_hole
        {
            self.reveal(Truth::Reachable);
        }
    }
}
