//! The world: one phone, its networks and one server on virtual time, driving one client.

mod links;
mod network;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use offpush_engine::Internet;

use crate::client::{Action, Client, ConnId, Failure, Input, Note, Truth};
use crate::day::{Day, Path};
use crate::gateway::Sent;
use crate::phone::{self, Alarm, Power, Radio};
use crate::rng::Rng;
use crate::server::{Key, Server};
use crate::tcp::{Conn, Way};
use crate::time::HOUR;
use crate::trace::{self, Fate, Interval, Trace};

/// Wall time at which every simulated day begins at midnight: 2026-01-01, UTC, in milliseconds.
pub(crate) const WALL: i64 = 1_767_225_600_000;

/// More inputs than this in one millisecond are an endless loop: of a client, or of this world.
const INPUTS_AT_ONCE: u32 = 10_000;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Happening {
    Move(usize),
    /// A network that was left does not serve any more.
    Lingered(usize),
    Change(usize),
    ServerDown(bool),
    ServerUp,
    Message(usize),
    Dial {
        key: Key,
        round: u8,
        attempt: u32,
    },
    Again {
        key: Key,
        way: Way,
    },
    Arrive {
        key: Key,
        way: Way,
        bytes: Vec<u8>,
        fin: bool,
    },
    Told {
        key: Key,
        failure: Failure,
    },
    Look(Key),
    MaybeDead(Key),
    Registered {
        id: ConnId,
        answer: Result<Vec<u8>, Failure>,
    },
    Probed {
        id: ConnId,
        found: Internet,
    },
    Timer {
        generation: u64,
        alarm: bool,
    },
    Screen(bool),
    OtherWake,
    Doze(bool),
    Freeze {
        generation: u64,
    },
}

pub(crate) struct World<'a> {
    day: &'a Day,
    client: Box<dyn Client>,
    now: u64,
    queue: BinaryHeap<Reverse<(u64, u64)>>,
    happenings: BTreeMap<u64, Happening>,
    next: u64,
    rng: Rng,
    power: Power,
    radio: Radio,
    server: Server,
    network: Option<usize>,
    /// Networks that were left and go on serving until then.
    lingering: Vec<(usize, u64)>,
    paths: Vec<Path>,
    conns: Vec<Conn>,
    keys: BTreeMap<ConnId, Key>,
    /// The connection that messages come on, as far as the client knows.
    online: Option<Key>,
    generation: u64,
    armed: Option<(u64, Option<Alarm>)>,
    frozen: bool,
    held: VecDeque<Input>,
    messages: Vec<Sent>,
    inputs_now: u32,
    trace: Trace,
}

impl<'a> World<'a> {
    pub(crate) fn new(day: &'a Day, client: Box<dyn Client>, seed: u64) -> Self {
        let messages = messages(day, seed);
        let mut world = Self {
            day,
            client,
            now: 0,
            queue: BinaryHeap::new(),
            happenings: BTreeMap::new(),
            next: 0,
            rng: Rng::new(seed, "packets"),
            power: Power::new(day.phone.clone(), day.begins, seed),
            radio: Radio::default(),
            server: Server::new(day.server.keep_alive, WALL + day.begins as i64),
            network: None,
            lingering: Vec::new(),
            paths: day.networks.iter().map(|network| network.path.clone()).collect(),
            conns: Vec::new(),
            keys: BTreeMap::new(),
            online: None,
            generation: 0,
            armed: None,
            frozen: false,
            held: VecDeque::new(),
            messages,
            inputs_now: 0,
            trace: Trace::default(),
        };
        world.plan(seed);
        world
    }

    /// Puts everything into the queue that the day itself brings.
    fn plan(&mut self, seed: u64) {
        let day = self.day;
        for (index, change) in day.changes.iter().enumerate() {
            self.at(change.at, Happening::Change(index));
        }
        for (index, step) in day.moves.iter().enumerate() {
            self.at(step.at, Happening::Move(index));
        }
        for outage in &day.server.outages {
            self.at(outage.from, Happening::ServerDown(outage.says_goodbye));
            self.at(outage.to, Happening::ServerUp);
        }
        for index in 0..self.messages.len() {
            self.at(self.messages[index].at, Happening::Message(index));
        }
        for on in &day.phone.screen_on {
            self.at(on.start, Happening::Screen(true));
            self.at(on.end, Happening::Screen(false));
        }
        for idle in self.power.doze.clone() {
            self.at(idle.start, Happening::Doze(true));
            self.at(idle.end, Happening::Doze(false));
        }
        if day.phone.other_wakes > 0.0 {
            let mut rng = Rng::new(seed, "other apps");
            let mut at = 0;
            loop {
                // A Poisson process: exponential gaps.
                let gap = -(1.0 - rng.fraction()).ln() * HOUR as f64 / day.phone.other_wakes;
                at += (gap as u64).max(1);
                if at >= day.lasts {
                    break;
                }
                self.at(at, Happening::OtherWake);
            }
        }
    }

    fn at(&mut self, at: u64, happening: Happening) {
        self.queue.push(Reverse((at, self.next)));
        self.happenings.insert(self.next, happening);
        self.next += 1;
    }

    /// Runs the whole day.
    pub(crate) fn run(mut self) -> Trace {
        while let Some(Reverse((at, number))) = self.queue.pop()
            && at < self.day.lasts
        {
            let Some(happening) = self.happenings.remove(&number) else { continue };
            if at > self.now {
                (self.now, self.inputs_now) = (at, 0);
            }
            self.happen(happening);
        }
        self.end()
    }

    fn end(mut self) -> Trace {
        self.now = self.day.lasts;
        self.go_offline(None);
        trace::close(&mut self.trace.no_network, self.now);
        self.trace.radio = std::mem::take(&mut self.radio.on);
        if let Some(last) = self.trace.radio.last_mut() {
            last.end = last.end.min(self.now);
        }
        for (index, (_, fate)) in self.trace.messages.iter_mut().enumerate() {
            if *fate == Fate::UnderWay && self.messages[index].expires_at <= self.now {
                *fate = Fate::Expired;
            }
        }
        self.trace
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Move(index) => self.moved(index),
            Happening::Lingered(network) => self.lingered(network),
            Happening::Change(index) => {
                let change = &self.day.changes[index];
                let before = std::mem::replace(&mut self.paths[change.network], change.path.clone());
                self.reveal_network();
                if self.network == Some(change.network) && before.portal && !change.path.portal {
                    // Somebody signed in, and the platform looked.
                    self.tell(Input::Network(self.seen()));
                }
                self.sample();
            }
            Happening::ServerDown(says_goodbye) => self.server_down(says_goodbye),
            Happening::ServerUp => {
                self.server.start(self.now);
                self.reveal(Truth::Reachable);
            }
            Happening::Message(index) => {
                let message = self.messages[index].clone();
                self.trace.messages.push((message.at, Fate::UnderWay));
                let answers = self.server.push(self.now, message);
                self.answers(answers);
            }
            Happening::Dial { key, round, attempt } => self.dial(key, round, attempt),
            Happening::Again { key, way } => {
                self.conns[key].flow(way).waits = false;
                self.transmit(key, way);
            }
            Happening::Arrive { key, way: Way::Up, bytes, fin } => self.server_gets(key, &bytes, fin),
            Happening::Arrive { key, way: Way::Down, bytes, fin } => self.phone_gets(key, bytes, fin),
            Happening::Told { key, failure } => self.phone_closed(key, failure),
            Happening::Look(key) => {
                let answers = self.server.look(key, self.now);
                self.answers(answers);
            }
            Happening::MaybeDead(key) => self.maybe_dead(key),
            Happening::Registered { id, answer } => self.tell(Input::Registered(id, answer)),
            Happening::Probed { id, found } => self.tell(Input::Probed(id, found)),
            Happening::Timer { generation, alarm } if generation == self.generation => self.timer(alarm),
            Happening::Timer { .. } => {}
            Happening::Screen(on) => {
                if on {
                    self.awake_anyway();
                }
                if !self.frozen {
                    self.tell_awake(Input::Screen(on));
                }
            }
            Happening::OtherWake => {
                self.power.other_app(self.now);
                self.awake_anyway();
            }
            Happening::Doze(begins) => {
                if begins && !self.day.phone.foreground_service && self.day.phone.android >= phone::DOZE_ENDS_SOCKETS {
                    self.abort_all();
                }
                if !self.day.phone.foreground_service && self.client.has_job() {
                    self.blocked(begins);
                }
                if !begins {
                    self.reveal_network();
                }
            }
            Happening::Freeze { generation } => self.freeze(generation),
        }
    }

    // The client.

    /// Packets and callbacks do not thaw a frozen process.
    fn tell_or_hold(&mut self, input: Input) {
        if self.frozen { self.held.push_back(input) } else { self.tell(input) }
    }

    fn tell(&mut self, input: Input) {
        if self.power.work(self.now) {
            self.trace.wakes.push(self.now);
        }
        self.tell_awake(input);
    }

    /// Tells the client something that costs no wake-up.
    fn tell_awake(&mut self, input: Input) {
        self.inputs_now += 1;
        assert!(
            self.inputs_now < INPUTS_AT_ONCE,
            "{}: an endless moment at {} with {input:?}",
            self.day.name,
            self.now
        );
        let mut actions = Vec::new();
        if std::mem::take(&mut self.frozen) {
            for held in std::mem::take(&mut self.held) {
                self.client.handle(self.now, held, &mut actions);
            }
        }
        self.client.handle(self.now, input, &mut actions);
        for action in actions {
            self.perform(action);
        }
        self.sample();
        self.arm();
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Connect(id) => self.connect(id),
            Action::Send(id, bytes) => {
                if let Some(key) = self.keys.get(&id).copied().filter(|key| self.conns[*key].phone_open) {
                    self.conns[key].up.unsent.extend(bytes);
                    self.transmit(key, Way::Up);
                }
            }
            Action::Close(id) => {
                let Some(key) = self.keys.get(&id).copied() else { return };
                if std::mem::take(&mut self.conns[key].phone_open) && self.conns[key].server_open {
                    self.conns[key].up.fin = true;
                    self.transmit(key, Way::Up);
                }
                if self.online == Some(key) {
                    self.go_offline(None);
                }
            }
            Action::Register(id) => self.register(id),
            Action::Probe(id) => self.probe(id),
            Action::WakeLock(lock) => self.power.wake_lock(self.now, lock),
            Action::Note(note) => self.note(note),
        }
    }

    fn note(&mut self, note: Note) {
        match note {
            Note::Ping(_) => self.trace.pings.push(self.now),
            Note::Online(id) => {
                self.go_offline(None);
                self.online = self.keys.get(&id).copied();
                trace::open(&mut self.trace.online, self.now);
            }
            Note::Offline(id, why) => {
                if self.online.is_some() && self.online == self.keys.get(&id).copied() {
                    self.go_offline(Some(why));
                } else if let Some((_, said)) = self.trace.ends.last_mut().filter(|(at, _)| *at == self.now) {
                    // It was closed a moment before it was explained.
                    *said = why;
                }
            }
            Note::Delivered(id) => self.delivered(&id),
            Note::AlarmLate(late) => self.trace.late_alarms.push((self.now, late)),
        }
    }

    fn delivered(&mut self, id: &str) {
        let Some(index) = self.messages.iter().position(|message| message.id == id) else { return };
        // Messages are pushed in the order of their times, so that places in the trace are the same.
        let Some((_, fate)) = self.trace.messages.get_mut(index) else { return };
        match fate {
            Fate::UnderWay => *fate = Fate::Delivered(self.now),
            _ => self.trace.repeated += 1,
        }
    }

    /// The client does not count on its connection any more: if it was dead before, that time was dark.
    fn go_offline(&mut self, why: Option<String>) {
        let Some(key) = self.online.take() else { return };
        trace::close(&mut self.trace.online, self.now);
        self.trace.ends.push((self.now, why.unwrap_or_else(|| "closed".to_owned())));
        let Some(since) = self.conns[key].dead_since(self.now).filter(|since| *since < self.now) else { return };
        let vanished = self.conns[key].vanished == Some(since);
        let first = self.trace.dark.len();
        let mut from = since;
        for gap in self.trace.no_network.iter().filter(|gap| gap.end > since) {
            if gap.start > from {
                self.trace.dark.push(from..gap.start.min(self.now));
            }
            from = from.max(gap.end);
        }
        if from < self.now {
            self.trace.dark.push(from..self.now);
        }
        if vanished {
            self.trace.vanished.extend_from_slice(&self.trace.dark[first..]);
        }
    }

    fn sample(&mut self) {
        let interval = self.client.interval();
        if interval == 0 && self.network.is_some() {
            // It has not heard of its network yet.
            return;
        }
        let nat = self.network.and_then(|network| self.paths[network].nat);
        let sample = Interval { from: self.now, network: self.network, nat, interval };
        let same = |last: &Interval| Interval { from: last.from, ..sample } == *last;
        if !self.trace.intervals.last().is_some_and(same) {
            self.trace.intervals.push(sample);
        }
    }

    // Timers.

    fn arm(&mut self) {
        self.generation += 1;
        self.armed = None;
        if let Some(wake) = self.client.next_wake() {
            if wake.deadline <= self.power.awake_until(self.now) {
                self.armed = Some((wake.latest, None));
                self.at_timer(wake.deadline.max(self.now), false);
            } else {
                let alarm = self.power.alarm(self.now, wake.latest, self.client.alarm());
                self.armed = Some((wake.latest, Some(alarm)));
                self.at_timer(alarm.at, true);
            }
        }
        if !self.day.phone.foreground_service {
            let at = self.power.awake_until(self.now) + phone::FREEZE_AFTER;
            self.at(at, Happening::Freeze { generation: self.generation });
        }
    }

    fn at_timer(&mut self, at: u64, alarm: bool) {
        self.at(at, Happening::Timer { generation: self.generation, alarm });
    }

    fn timer(&mut self, alarm: bool) {
        if alarm && !self.power.is_awake(self.now) {
            self.power.alarm_fired(self.now);
        }
        if let Some((latest, _)) = self.armed.take() {
            self.trace.worst_lateness = self.trace.worst_lateness.max(self.now.saturating_sub(latest));
        }
        self.tell(Input::Timeout);
    }

    /// The phone is awake for another reason: what may be done now rides on that.
    fn awake_anyway(&mut self) {
        let Some(wake) = self.client.next_wake() else { return };
        let Some((latest, alarm)) = self.armed else { return };
        let inexact = alarm.is_some_and(|alarm| alarm.from <= self.now);
        let soon = wake.deadline <= self.power.awake_until(self.now);
        if inexact || (soon && !self.frozen) {
            self.generation += 1;
            self.armed = Some((latest, None));
            let at = if inexact { self.now } else { wake.deadline.max(self.now) };
            self.at_timer(at, inexact);
        }
    }

    fn freeze(&mut self, generation: u64) {
        if generation != self.generation {
            return;
        }
        self.frozen = true;
        if self.day.phone.android >= phone::FREEZE_ENDS_SOCKETS {
            self.abort_all();
        }
    }
}

/// The day's messages, in the order of their times: the same for every strategy.
fn messages(day: &Day, seed: u64) -> Vec<Sent> {
    let plan = &day.messages;
    let mut times = plan.at.clone();
    let mut rng = Rng::new(seed, "messages");
    let room: u64 = plan.between.iter().map(|span| span.end - span.start).sum();
    for _ in 0..plan.random {
        let mut place = rng.below(room);
        for span in &plan.between {
            let length = span.end - span.start;
            if place < length {
                times.push(span.start + place);
                break;
            }
            place -= length;
        }
    }
    times.sort_unstable();
    let sent = |(index, at): (usize, u64)| Sent {
        id: format!("m{index}"),
        at,
        expires_at: at + plan.expires,
        bytes: plan.bytes,
    };
    times.into_iter().enumerate().map(sent).collect()
}
