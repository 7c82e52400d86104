//! The client that all peers share: one connection, a ping after silence, a wait for its answer, a wait before the
//! next attempt. A peer's [`Rules`] say how long each is and what a change of the network does.

use crate::client::{Action, AlarmKind, Client, ConnId, Failure, Input, NetworkSeen, Note, Truth, Wake};
use crate::peers::session::{Heard, Session};
use crate::time::SECOND;

/// What a connection attempt may take where a peer's source says nothing: 30 s, Chromium's for login.
const CONNECT: u64 = 30 * SECOND;

/// How a peer notices that a ping has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AckWait {
    /// A timer ends the connection after so many milliseconds.
    Armed(u64),
    /// Noticed when the next heartbeat is due, if the ping is then at least so many milliseconds old.
    AtNextBeat(u64),
}

/// What a peer does when the default network becomes another one, or returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnNetwork {
    /// Drops the connection and connects at once.
    Reconnect,
    /// Sends a heartbeat after so many milliseconds on a connection that it takes for alive, else connects at once.
    PingAfter(u64),
}

/// Where a peer stands when a rule is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) now: u64,
    pub(crate) network: NetworkSeen,
    pub(crate) screen_on: bool,
}

/// A peer's rules.
pub(crate) trait Rules {
    /// Silence before a ping, in milliseconds.
    fn interval(&self, place: Place) -> u64;

    fn ack_wait(&self) -> AckWait;

    /// The alarm for the next ping, where a rule knows better than deadline = latest.
    fn wake(&self, due: u64) -> Wake {
        Wake { deadline: due, latest: due }
    }

    /// Something came in after so much silence; `ping`: it answered a ping.
    fn alive(&mut self, _place: Place, _idle: u64, _ping: bool) {}

    /// A ping had no answer, after so much silence before it.
    fn unanswered(&mut self, _place: Place, _idle: u64) {}

    /// The broker accepted.
    fn connected(&mut self, _place: Place) {}

    /// The wait before the next attempt, after one failed or a connection that lasted so long ended. Its randomness
    /// is a fraction from 0 to 1.
    fn retry_in(&mut self, now: u64, lasted: Option<u64>, random: f64) -> u64;

    fn network_changed(&mut self) -> OnNetwork;

    fn alarm(&self) -> AlarmKind {
        AlarmKind::WhileIdle
    }

    /// How long the CPU is kept awake while an answer is awaited, in milliseconds.
    fn wake_lock(&self) -> Option<u64> {
        None
    }

    /// The silence that a second, expendable connection tries out, where there is one.
    fn probe(&self, _place: Place) -> Option<u64> {
        None
    }

    /// What became of it.
    fn probed(&mut self, _place: Place, _silence: u64, _alive: bool) {}

    /// Connects again when that is known to work, rather than after a wait.
    fn knows_all(&self) -> bool {
        false
    }

    /// Where it does: the wait after which it tries even so.
    fn blind_retry(&self) -> u64 {
        0
    }

    fn reveal(&mut self, _nat: Option<u64>) {}
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Offline,
    Waiting,
    Connecting,
    Handshaking,
    Online,
}

/// The second connection of a peer that probes.
#[derive(Debug)]
struct Probe {
    id: ConnId,
    open: bool,
    /// When it fell silent.
    since: u64,
    silence: u64,
    pinged: Option<u64>,
    session: Session,
}

/// A peer: its rules on the common client.
pub(crate) struct Peer<R> {
    rules: R,
    rng: crate::rng::Rng,
    state: State,
    network: Option<NetworkSeen>,
    screen_on: bool,
    conn: ConnId,
    session: Session,
    probe: Option<Probe>,
    next_conn: ConnId,
    began: u64,
    online_since: u64,
    heard: u64,
    pinged: Option<u64>,
    /// Silence before the ping that waits.
    idle: u64,
    retry_at: u64,
    /// A heartbeat because the network changed.
    beat_at: Option<u64>,
}

impl<R: Rules> Peer<R> {
    pub(crate) fn new(rules: R, seed: u64) -> Self {
        Self {
            rules,
            rng: crate::rng::Rng::new(seed, "peer"),
            state: State::Offline,
            network: None,
            screen_on: false,
            conn: 0,
            session: Session::default(),
            probe: None,
            next_conn: 1,
            began: 0,
            online_since: 0,
            heard: 0,
            pinged: None,
            idle: 0,
            retry_at: 0,
            beat_at: None,
        }
    }

    fn place(&self, now: u64) -> Option<Place> {
        self.network.map(|network| Place { now, network, screen_on: self.screen_on })
    }

    fn new_conn(&mut self) -> ConnId {
        self.next_conn += 1;
        self.next_conn - 1
    }

    fn connect(&mut self, now: u64, actions: &mut Vec<Action>) {
        self.conn = self.new_conn();
        self.state = State::Connecting;
        self.began = now;
        actions.push(Action::WakeLock(Some(CONNECT)));
        actions.push(Action::Connect(self.conn));
    }

    /// The connection or the attempt is over.
    fn drop_conn(&mut self, now: u64, why: &str, actions: &mut Vec<Action>) {
        let lasted = (self.state == State::Online).then(|| now - self.online_since);
        if lasted.is_some() {
            actions.push(Action::Note(Note::Offline(self.conn, why.to_owned())));
        }
        actions.push(Action::Close(self.conn));
        actions.push(Action::WakeLock(None));
        self.pinged = None;
        self.beat_at = None;
        if self.network.is_none() {
            self.state = State::Offline;
            return;
        }
        self.state = State::Waiting;
        let random = self.rng.fraction();
        self.retry_at = if self.rules.knows_all() && lasted.is_none() {
            // It is told when it may try again; the system may keep that from it.
            now + self.rules.blind_retry()
        } else {
            now + self.rules.retry_in(now, lasted, random)
        };
        if self.retry_at <= now {
            self.connect(now, actions);
        }
    }

    fn network_changed(&mut self, now: u64, network: Option<NetworkSeen>, actions: &mut Vec<Action>) {
        let before = std::mem::replace(&mut self.network, network);
        // What the platform finds out about the same network's way out, no peer looks at.
        if before.is_none() && network.is_none() || before.zip(network).is_some_and(|(before, now)| before.is(now)) {
            return;
        }
        self.end_probe(actions);
        if network.is_none() {
            // Every Android client is told, and stops; a connection that it keeps is asked about on return.
            match self.state {
                State::Online => {}
                State::Connecting | State::Handshaking => {
                    actions.push(Action::Close(self.conn));
                    self.state = State::Offline;
                }
                State::Waiting | State::Offline => self.state = State::Offline,
            }
            return;
        }
        let on_network = self.rules.network_changed();
        match (self.state, on_network) {
            (State::Online, OnNetwork::PingAfter(wait)) => self.beat_at = Some(now + wait),
            _ => {
                if self.state == State::Online {
                    actions.push(Action::Note(Note::Offline(self.conn, "network changed".to_owned())));
                }
                if self.state != State::Offline {
                    actions.push(Action::Close(self.conn));
                }
                self.pinged = None;
                self.connect(now, actions);
            }
        }
    }

    fn received(&mut self, now: u64, bytes: &[u8], actions: &mut Vec<Action>) {
        let Some(place) = self.place(now) else { return };
        let idle = if self.pinged.is_some() { self.idle } else { now - self.heard };
        let answered = self.pinged.take().is_some();
        if answered {
            actions.push(Action::WakeLock(None));
        }
        self.heard = now;
        if self.state == State::Online {
            self.rules.alive(place, idle, answered);
        }
        let (heard, out) = self.session.received(bytes);
        for heard in heard {
            match heard {
                Heard::Accepted => {
                    self.state = State::Online;
                    self.online_since = now;
                    self.rules.connected(place);
                    actions.push(Action::WakeLock(None));
                    actions.push(Action::Note(Note::Online(self.conn)));
                    self.start_probe(place, actions);
                }
                Heard::Message(id) => actions.push(Action::Note(Note::Delivered(id))),
                Heard::Refused => return self.drop_conn(now, "refused", actions),
            }
        }
        if !out.is_empty() {
            actions.push(Action::Send(self.conn, out));
        }
    }

    fn ping_due(&self) -> Option<u64> {
        let place = self.place(self.heard)?;
        if self.state != State::Online {
            return None;
        }
        let beat = self.heard + self.rules.interval(place);
        let beat = self.beat_at.map_or(beat, |at| at.min(beat));
        match (self.pinged, self.rules.ack_wait()) {
            (Some(pinged), AckWait::Armed(wait)) => Some(pinged + wait),
            (Some(pinged), AckWait::AtNextBeat(_)) => Some(pinged + self.rules.interval(place)),
            (None, _) => Some(beat),
        }
    }

    fn beat(&mut self, now: u64, actions: &mut Vec<Action>) {
        let Some(place) = self.place(now) else { return };
        self.beat_at = None;
        if let Some(pinged) = self.pinged {
            let wait = match self.rules.ack_wait() {
                AckWait::Armed(wait) | AckWait::AtNextBeat(wait) => wait,
            };
            if now >= pinged + wait {
                self.rules.unanswered(place, self.idle);
                return self.drop_conn(now, "ping unanswered", actions);
            }
        } else {
            self.idle = now - self.heard;
        }
        self.pinged = Some(now);
        actions.push(Action::Note(Note::Ping(self.conn)));
        actions.push(Action::WakeLock(self.rules.wake_lock()));
        actions.push(Action::Send(self.conn, Session::ping()));
    }

    // The second connection.

    fn start_probe(&mut self, place: Place, actions: &mut Vec<Action>) {
        let Some(silence) = self.rules.probe(place).filter(|_| self.probe.is_none()) else { return };
        let id = self.new_conn();
        self.probe =
            Some(Probe { id, open: false, since: place.now, silence, pinged: None, session: Session::default() });
        actions.push(Action::Connect(id));
    }

    fn end_probe(&mut self, actions: &mut Vec<Action>) {
        if let Some(probe) = self.probe.take() {
            actions.push(Action::Close(probe.id));
        }
    }

    fn probe_due(&self) -> Option<u64> {
        let probe = self.probe.as_ref().filter(|probe| probe.open)?;
        let AckWait::Armed(wait) = self.rules.ack_wait() else { return None };
        Some(probe.pinged.map_or(probe.since + probe.silence, |pinged| pinged + wait))
    }

    fn probe_timeout(&mut self, now: u64, actions: &mut Vec<Action>) {
        let (Some(place), Some(probe)) = (self.place(now), &mut self.probe) else { return };
        if probe.pinged.is_some() {
            let silence = probe.silence;
            self.rules.probed(place, silence, false);
            self.end_probe(actions);
            return self.start_probe(place, actions);
        }
        probe.pinged = Some(now);
        actions.push(Action::Note(Note::Ping(probe.id)));
        actions.push(Action::Send(probe.id, Session::ping()));
    }

    fn probe_received(&mut self, now: u64, bytes: &[u8], actions: &mut Vec<Action>) {
        let (Some(place), Some(probe)) = (self.place(now), &mut self.probe) else { return };
        probe.session.received(bytes);
        let (pinged, silence) = (probe.pinged.take(), probe.silence);
        probe.open = true;
        probe.since = now;
        if pinged.is_some() {
            self.rules.probed(place, silence, true);
            match (self.rules.probe(place), &mut self.probe) {
                (Some(silence), Some(probe)) => probe.silence = silence,
                _ => self.end_probe(actions),
            }
        }
    }
}

fn name(failure: Failure) -> &'static str {
    match failure {
        Failure::Refused => "refused",
        Failure::Unreachable => "unreachable",
        Failure::TimedOut => "timed out",
        Failure::Ended => "ended by the server",
        Failure::Reset => "reset",
        Failure::Aborted => "aborted by the system",
        Failure::Portal => "captive portal",
    }
}

impl<R: Rules> Client for Peer<R> {
    fn handle(&mut self, now: u64, input: Input, actions: &mut Vec<Action>) {
        let is_probe = |id: ConnId| self.probe.as_ref().is_some_and(|probe| probe.id == id);
        match input {
            Input::Network(network) => self.network_changed(now, network, actions),
            Input::Connected(id) if is_probe(id) => {
                if let Some(probe) = &mut self.probe {
                    let hello = probe.session.open(true);
                    actions.push(Action::Send(id, hello));
                }
            }
            Input::Connected(id) if id == self.conn && self.state == State::Connecting => {
                self.state = State::Handshaking;
                self.heard = now;
                let hello = self.session.open(false);
                actions.push(Action::Send(id, hello));
            }
            Input::Closed(id, _) if is_probe(id) => {
                self.end_probe(actions);
            }
            Input::Closed(id, failure) if id == self.conn && self.state != State::Waiting => {
                self.drop_conn(now, name(failure), actions);
            }
            Input::Received(id, bytes) if is_probe(id) => self.probe_received(now, &bytes, actions),
            Input::Received(id, bytes) if id == self.conn => self.received(now, &bytes, actions),
            Input::Timeout => {
                match self.state {
                    State::Waiting if self.network.is_some() && now >= self.retry_at => self.connect(now, actions),
                    State::Connecting | State::Handshaking if now >= self.began + CONNECT => {
                        self.drop_conn(now, "no answer", actions);
                    }
                    State::Online if self.ping_due().is_some_and(|due| self.rules.wake(due).deadline <= now) => {
                        self.beat(now, actions);
                    }
                    _ => {}
                }
                if self.probe_due().is_some_and(|due| due <= now) {
                    self.probe_timeout(now, actions);
                }
            }
            Input::Screen(on) => self.screen_on = on,
            Input::Revealed(Truth::Nat(nat)) => self.rules.reveal(nat),
            Input::Revealed(Truth::Dead(id)) if id == self.conn && self.state == State::Online => {
                self.drop_conn(now, "known to be dead", actions);
            }
            Input::Revealed(Truth::Reachable) if self.state == State::Waiting && self.network.is_some() => {
                self.connect(now, actions);
            }
            _ => {}
        }
    }

    fn next_wake(&self) -> Option<Wake> {
        self.network?;
        let exactly = |at: u64| Wake { deadline: at, latest: at };
        let main = match self.state {
            State::Offline => None,
            State::Waiting => Some(exactly(self.retry_at)),
            State::Connecting | State::Handshaking => Some(exactly(self.began + CONNECT)),
            State::Online if self.pinged.is_none() => self.ping_due().map(|due| self.rules.wake(due)),
            State::Online => self.ping_due().map(exactly),
        };
        main.into_iter().chain(self.probe_due().map(exactly)).min_by_key(|wake| wake.latest)
    }

    fn interval(&self) -> u64 {
        self.place(self.heard).map_or(0, |place| self.rules.interval(place))
    }

    fn alarm(&self) -> AlarmKind {
        self.rules.alarm()
    }

    fn is_oracle(&self) -> bool {
        self.rules.knows_all()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use offpush_engine::Internet;

    use super::*;
    use crate::day::Transport;

    pub(crate) fn wifi() -> Place {
        Place {
            now: 0,
            network: NetworkSeen { key: 1, transport: Transport::Wifi, internet: Internet::Works },
            screen_on: false,
        }
    }

    pub(crate) fn cellular() -> Place {
        Place {
            now: 0,
            network: NetworkSeen { key: 2, transport: Transport::Cellular, internet: Internet::Works },
            screen_on: false,
        }
    }
}
