//! The connections of a world: what gets through, what is sent again, how they end.

use super::{Happening, World};
use crate::client::{ConnId, Failure, Input, Truth};
use crate::day::Path;
use crate::server::{Answer, Key};
use crate::tcp::{self, Conn, Way};

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    Through,
    Lost,
    Reset,
}

impl World<'_> {
    fn path(&self, key: Key) -> &Path {
        &self.paths[self.conns[key].network]
    }

    /// Whether a packet on a connection gets through now; what passes keeps the NAT from forgetting.
    fn pass(&mut self, key: Key, way: Way) -> Pass {
        let path = self.path(key).clone();
        let conn = &self.conns[key];
        let there = self.serves(conn.network) && self.power.has_network(self.now);
        if !there || path.black_hole {
            return Pass::Lost;
        }
        if !conn.is_mapped(self.now) {
            return if way == Way::Up && path.nat_resets { Pass::Reset } else { Pass::Lost };
        }
        if path.loss > 0.0 && self.rng.fraction() < path.loss {
            return Pass::Lost;
        }
        self.conns[key].passed(self.now, path.nat);
        Pass::Through
    }

    fn latency(&mut self, key: Key) -> u64 {
        let path = self.path(key);
        let (round_trip, jitter) = (path.round_trip, path.jitter);
        (round_trip / 2 + self.rng.below(jitter + 1)).max(1)
    }

    fn on_air(&mut self, key: Key, bytes: u64) {
        let network = self.conns[key].network;
        if self.serves(network) {
            self.trace.bytes.push((self.now, bytes));
            self.radio.packet(self.now, self.day.networks[network].transport);
        }
    }

    pub(super) fn connect(&mut self, id: ConnId) {
        self.trace.connects.push(self.now);
        let key = self.conns.len();
        self.keys.insert(id, key);
        // Without a network the attempt belongs to the first one, and fails at once.
        self.conns.push(Conn::new(id, self.network.unwrap_or(0)));
        if self.network.is_none() || !self.power.has_network(self.now) {
            return self.at(self.now, Happening::Told { key, failure: Failure::Unreachable });
        }
        self.at(self.now, Happening::Dial { key, round: 0, attempt: 0 });
    }

    pub(super) fn dial(&mut self, key: Key, round: u8, attempt: u32) {
        if !self.conns[key].phone_open {
            return;
        }
        if round == tcp::HANDSHAKE_ROUNDS {
            if !self.server.is_up {
                return self.phone_closed(key, Failure::Reset);
            }
            self.conns[key].server_open = true;
            self.server.opened(key, self.now);
            if self.client.is_oracle() {
                self.maybe_dead(key);
            }
            let id = self.conns[key].id;
            return self.tell(Input::Connected(id));
        }
        self.on_air(key, tcp::HANDSHAKE / u64::from(tcp::HANDSHAKE_ROUNDS));
        let there_and_back = self.pass(key, Way::Up) == Pass::Through && self.pass(key, Way::Down) == Pass::Through;
        if !there_and_back {
            return match tcp::dial_again(attempt) {
                Some(wait) => self.at(self.now + wait, Happening::Dial { key, round, attempt: attempt + 1 }),
                None => self.phone_closed(key, Failure::TimedOut),
            };
        }
        let back = self.now + self.latency(key) + self.latency(key);
        if self.path(key).portal && round == 2 {
            return self.at(back, Happening::Told { key, failure: Failure::Portal });
        }
        if round == 1 && !self.server.is_up {
            return self.at(back, Happening::Told { key, failure: Failure::Refused });
        }
        self.at(back, Happening::Dial { key, round: round + 1, attempt: 0 });
    }

    /// Sends what waits on one way of a connection.
    pub(super) fn transmit(&mut self, key: Key, way: Way) {
        let conn = &mut self.conns[key];
        let flow = conn.flow(way);
        if flow.waits || (flow.unsent.is_empty() && !flow.fin) {
            return;
        }
        let size = flow.unsent.len() as u64 + tcp::RECORD + 2 * tcp::HEADERS;
        if way == Way::Up {
            self.on_air(key, size);
        }
        match self.pass(key, way) {
            Pass::Through => {
                let latency = self.latency(key);
                let now = self.now;
                let flow = self.conns[key].flow(way);
                flow.attempt = 0;
                flow.last_arrival = flow.last_arrival.max(now + latency);
                let (at, bytes, fin) = (flow.last_arrival, std::mem::take(&mut flow.unsent), flow.fin);
                flow.fin = false;
                self.at(at, Happening::Arrive { key, way, bytes, fin });
            }
            Pass::Reset => {
                let latency = self.latency(key);
                self.at(self.now + latency, Happening::Told { key, failure: Failure::Reset });
            }
            Pass::Lost => self.lost(key, way),
        }
    }

    fn lost(&mut self, key: Key, way: Way) {
        let round_trip = self.path(key).round_trip;
        let alive = match way {
            Way::Up => self.conns[key].phone_open,
            // The server's kernel goes on until it gives up.
            Way::Down => true,
        };
        let flow = self.conns[key].flow(way);
        let again = tcp::send_again(flow.attempt, round_trip).filter(|_| alive);
        match again {
            Some(wait) => {
                flow.attempt += 1;
                flow.waits = true;
                self.at(self.now + wait, Happening::Again { key, way });
            }
            None if way == Way::Up && alive => self.phone_closed(key, Failure::TimedOut),
            None if way == Way::Down => self.server_closed(key),
            None => {}
        }
    }

    fn server_closed(&mut self, key: Key) {
        self.conns[key].server_open = false;
        self.conns[key].gone.get_or_insert(self.now);
        self.server.closed(key);
    }

    pub(super) fn server_gets(&mut self, key: Key, bytes: &[u8], fin: bool) {
        if !self.conns[key].server_open {
            // It knows no such connection.
            if self.pass(key, Way::Down) == Pass::Through {
                let latency = self.latency(key);
                self.at(self.now + latency, Happening::Told { key, failure: Failure::Reset });
            }
            return;
        }
        let answers = self.server.received(key, self.now, bytes);
        self.answers(answers);
        if fin {
            self.server_closed(key);
        }
    }

    pub(super) fn answers(&mut self, answers: Vec<Answer>) {
        for answer in answers {
            match answer {
                Answer::Send(key, bytes) => {
                    self.conns[key].down.unsent.extend(bytes);
                    self.transmit(key, Way::Down);
                }
                Answer::Close(key) => {
                    self.server_closed(key);
                    self.conns[key].down.fin = true;
                    self.transmit(key, Way::Down);
                }
                Answer::Look(key, at) => self.at(at, Happening::Look(key)),
            }
        }
    }

    pub(super) fn server_down(&mut self, says_goodbye: bool) {
        for key in self.server.stop() {
            self.server_closed(key);
            if says_goodbye {
                self.conns[key].down.fin = true;
                self.transmit(key, Way::Down);
            } else {
                // Nobody on the wire can know, not even the oracle.
                self.conns[key].vanished = self.conns[key].gone;
            }
        }
    }

    pub(super) fn phone_gets(&mut self, key: Key, bytes: Vec<u8>, fin: bool) {
        if !self.conns[key].phone_open {
            return;
        }
        self.on_air(key, bytes.len() as u64 + tcp::RECORD + 2 * tcp::HEADERS);
        let id = self.conns[key].id;
        if !bytes.is_empty() {
            self.tell_or_hold(Input::Received(id, bytes));
        }
        if fin {
            self.phone_closed(key, Failure::Ended);
        }
    }

    /// The phone's system says that a connection has ended.
    pub(super) fn phone_closed(&mut self, key: Key, failure: Failure) {
        if !std::mem::take(&mut self.conns[key].phone_open) {
            return;
        }
        let now = self.now;
        self.conns[key].gone.get_or_insert(now);
        let id = self.conns[key].id;
        self.tell_or_hold(Input::Closed(id, failure));
    }

    pub(super) fn abort_all(&mut self) {
        for key in 0..self.conns.len() {
            self.phone_closed(key, Failure::Aborted);
        }
    }

    pub(super) fn maybe_dead(&mut self, key: Key) {
        let conn = &self.conns[key];
        if !conn.phone_open {
            return;
        }
        match (conn.dead_since(self.now), conn.mapping) {
            (Some(_), _) => self.reveal(Truth::Dead(self.conns[key].id)),
            (None, Some(expires)) => self.at(expires, Happening::MaybeDead(key)),
            (None, None) => {}
        }
    }
}
