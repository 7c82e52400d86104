//! A phone on virtual time: the engine with a store, a platform, a broker and a gateway that a test can hold, break
//! and crash.

#![allow(dead_code, reason = "each test file is a crate of its own and uses a part")]

pub(crate) mod gateway;
mod input;
mod look;
pub(crate) mod packets;
mod world;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZeroU16;

use offpush_engine::input::Presented;
use offpush_engine::record::{Record, RecordKey, Write};
use offpush_engine::status::Phase;
use offpush_engine::{
    Callback, CommitId, Config, Engine, HttpAnswer, Internet, LinkFailure, LinkId, Now, Output, Path,
};
use offpush_wire::{Down, Message, RegisterAnswer, RegisterRequest};

use gateway::Gateway;
use packets::Sent;

pub(crate) use input::{Input, Refused, apply};
pub(crate) use world::*;

pub(crate) const SECOND: u64 = 1_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;

pub(crate) const REG_ID: &str = "regid-0123456789-0123456789-0123456789-abcd";
pub(crate) const BROKER: &str = "mqtts://broker.example:8883";
pub(crate) const WALL: i64 = 1_700_000_000_000;

pub(crate) struct Phone {
    engine: Engine,
    config: Config,
    seed: u64,
    pub(crate) now: Now,
    /// What is durable.
    pub(crate) store: BTreeMap<RecordKey, Record>,
    pub(crate) disk: Disk,
    held_commits: VecDeque<(CommitId, Vec<Write>)>,
    pub(crate) commits: usize,
    pub(crate) screen: Screen,
    held_presents: VecDeque<u64>,
    /// Everything the platform ever put on the screen, in order: outlives a crash.
    pub(crate) shown: Vec<(u64, bool)>,
    pub(crate) showing: BTreeSet<u64>,
    pub(crate) broker: Broker,
    /// More properties of the CONNACK.
    pub(crate) properties: Vec<u8>,
    /// Whether the broker sends PINGRESP and PUBACK.
    pub(crate) broker_answers: bool,
    pub(crate) registrar: Registrar,
    pub(crate) gateway: Gateway,
    link: Option<LinkId>,
    /// An attempt beside the link that serves.
    successor: Option<LinkId>,
    online: bool,
    last_packet_id: u16,
    /// All PUBACKs, in order.
    pub(crate) acknowledged: Vec<u16>,
    /// What the phone sent, one element a write: when, on which link, which packets.
    pub(crate) sent: Vec<(u64, LinkId, Vec<Sent>)>,
    /// When attempts to connect began, and to whom.
    pub(crate) attempts: Vec<(u64, LinkId, Vec<String>)>,
    /// The ways preferred in them.
    pub(crate) preferred: Vec<Option<Path>>,
    /// By which way a broker is reached.
    pub(crate) path: Path,
    /// When a way out was looked for.
    pub(crate) probes: Vec<(u64, LinkId)>,
    /// What is found; `None`: no answer.
    pub(crate) found: Option<Internet>,
    pub(crate) registrations: Vec<(u64, LinkId, RegisterRequest)>,
    pub(crate) takes_callbacks: bool,
    pub(crate) callbacks: Vec<(Option<u64>, Callback)>,
    /// The wake lock's changes.
    pub(crate) wake_lock: Vec<(u64, Option<u64>)>,
    pub(crate) log: Vec<(u64, Output)>,
    /// The inputs since the last start.
    pub(crate) recorded: Vec<(Now, Input)>,
    waiting: VecDeque<Input>,
}

impl Phone {
    /// A phone that was never started and has no network yet.
    pub(crate) fn new() -> Self {
        Self::with(config(), 1)
    }

    pub(crate) fn with(config: Config, seed: u64) -> Self {
        let now = Now { boot: 10 * HOUR, wall: WALL, utc_offset: 0 };
        let engine = Engine::new(config.clone(), [], entropy(seed), now);
        let mut phone = Self {
            engine,
            config,
            seed,
            now,
            store: BTreeMap::new(),
            disk: Disk::Works,
            held_commits: VecDeque::new(),
            commits: 0,
            screen: Screen::Shows,
            held_presents: VecDeque::new(),
            shown: Vec::new(),
            showing: BTreeSet::new(),
            broker: Broker::Accepts,
            properties: Vec::new(),
            broker_answers: true,
            registrar: Registrar::Accepts,
            gateway: Gateway::new(WALL),
            link: None,
            successor: None,
            online: false,
            last_packet_id: 0,
            acknowledged: Vec::new(),
            sent: Vec::new(),
            attempts: Vec::new(),
            preferred: Vec::new(),
            path: path(),
            probes: Vec::new(),
            found: Some(Internet::Unknown),
            registrations: Vec::new(),
            takes_callbacks: true,
            callbacks: Vec::new(),
            wake_lock: Vec::new(),
            log: Vec::new(),
            recorded: Vec::new(),
            waiting: VecDeque::new(),
        };
        phone.settle();
        phone
    }

    /// A phone that is registered and connected, with a gateway that has answered its hello.
    pub(crate) fn connected() -> Self {
        let mut phone = Self::new();
        phone.input(Input::Network(wifi()));
        phone.advance(SECOND);
        assert_eq!(phone.status().phase, Phase::Connected);
        assert!(phone.status().gateway_present);
        phone.forget();
        phone
    }

    /// Forgets what was seen until now.
    pub(crate) fn forget(&mut self) {
        self.sent.clear();
        self.attempts.clear();
        self.preferred.clear();
        self.probes.clear();
        self.registrations.clear();
        self.callbacks.clear();
        self.wake_lock.clear();
        self.log.clear();
        self.acknowledged.clear();
    }

    /// The process dies: what is not durable is gone. The next start happens at once, with the same network.
    pub(crate) fn crash(&mut self) {
        self.die();
        self.restart();
    }

    pub(crate) fn die(&mut self) {
        self.held_commits.clear();
        self.held_presents.clear();
        self.waiting.clear();
        (self.link, self.successor, self.online) = (None, None, false);
    }

    pub(crate) fn restart(&mut self) {
        self.restart_with(|_| {});
    }

    pub(crate) fn restart_with(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.seed += 1;
        self.recorded.clear();
        let records: Vec<Record> = self.store.values().cloned().collect();
        self.engine = Engine::new(self.config.clone(), records, entropy(self.seed), self.now);
        self.settle();
        self.input(Input::Network(wifi()));
    }

    /// Tells the engine something and everything that follows from it.
    pub(crate) fn input(&mut self, input: Input) {
        self.try_input(input).expect("taken");
    }

    pub(crate) fn try_input(&mut self, input: Input) -> Result<(), Refused> {
        let result = self.tell(input);
        self.settle();
        result
    }

    fn tell(&mut self, input: Input) -> Result<(), Refused> {
        self.recorded.push((self.now, input.clone()));
        apply(&mut self.engine, self.now, input)
    }

    fn settle(&mut self) {
        let mut outputs = 0;
        loop {
            while let Some(output) = self.engine.poll_output() {
                outputs += 1;
                assert!(outputs < 100_000, "one moment without an end: {output:?}");
                self.log.push((self.now.boot, output.clone()));
                self.perform(output);
            }
            let Some(input) = self.waiting.pop_front() else { return };
            // What the world says on its own is never refused.
            self.tell(input).expect("taken");
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Register { link, body } => self.register(link, &body),
            Output::Connect { link, brokers, prefer } => {
                let place = if self.online { &mut self.successor } else { &mut self.link };
                assert!(place.is_none(), "one attempt at a time");
                self.attempts.push((self.now.boot, link, brokers));
                self.preferred.push(prefer);
                *place = Some(link);
                match &self.broker {
                    Broker::Silent => {}
                    Broker::Fails(failure) => {
                        *place = None;
                        self.waiting.push_back(Input::Closed(link, failure.clone()));
                    }
                    _ => self.waiting.push_back(Input::Connected(link, self.path.clone())),
                }
            }
            Output::Probe { link } => {
                self.probes.push((self.now.boot, link));
                if let Some(found) = self.found {
                    self.waiting.push_back(Input::Probed(link, found));
                }
            }
            Output::Send { link, bytes } => self.broker_gets(link, &bytes),
            Output::Close { link } => {
                if self.link == Some(link) {
                    (self.link, self.online) = (self.successor.take(), false);
                } else if self.successor == Some(link) {
                    self.successor = None;
                }
            }
            Output::Commit { id, writes } => {
                assert!(self.held_commits.is_empty(), "one commit at a time");
                assert!(!writes.is_empty(), "an empty commit");
                self.held_commits.push_back((id, writes));
                match self.disk.clone() {
                    Disk::Works => self.commit_next(),
                    Disk::Held => {}
                    Disk::Fails(error) => {
                        self.held_commits.clear();
                        self.waiting.push_back(Input::Committed(id, Err(error)));
                    }
                }
            }
            Output::AskShowing { .. } if self.screen == Screen::Held => {}
            Output::AskShowing { sequences } => {
                let ever = |sequence: &u64| self.shown.iter().any(|(shown, _)| shown == sequence);
                self.waiting.push_back(Input::Showing(sequences.into_iter().filter(ever).collect()));
            }
            Output::Present { sequence, silent } => self.screen_gets(sequence, silent),
            Output::Cancel { sequence } => {
                self.showing.remove(&sequence);
                if let Some(place) = self.held_presents.iter().position(|held| *held == sequence) {
                    self.held_presents.remove(place);
                    self.waiting.push_back(Input::Presented(sequence, Presented::Cancelled));
                }
            }
            Output::Callback { id, callback } => {
                self.callbacks.push((id, callback));
                if let (Some(id), true) = (id, self.takes_callbacks) {
                    self.waiting.push_back(Input::CallbackTaken(id));
                }
            }
            Output::WakeLock(longest) => self.wake_lock.push((self.now.boot, longest)),
            Output::Event(_) => {}
        }
    }

    fn register(&mut self, link: LinkId, body: &[u8]) {
        let request: RegisterRequest = serde_json::from_slice(body).expect("a registration request");
        assert!(
            self.store.values().any(
                |record| matches!(record, Record::Identity(identity) if identity.request_id == request.request_id && identity.secret == request.secret)
            ),
            "request id and secret are on disk before they are sent"
        );
        self.registrations.push((self.now.boot, link, request));
        let answer = match &self.registrar {
            Registrar::Silent => return,
            Registrar::Fails(failure) => Err(failure.clone()),
            Registrar::Answers(answer) => Ok(answer.clone()),
            Registrar::Accepts => Ok(Self::accepted(&[BROKER])),
        };
        self.waiting.push_back(Input::RegisterAnswer(link, answer));
    }

    pub(crate) fn accepted(brokers: &[&str]) -> HttpAnswer {
        let answer = RegisterAnswer {
            code: 0,
            reason: None,
            reg_id: Some(REG_ID.to_owned()),
            brokers: brokers.iter().map(|broker| (*broker).to_owned()).collect(),
            topic_prefix: None,
            time: WALL,
        };
        HttpAnswer { status: 200, retry_after: None, body: serde_json::to_vec(&answer).expect("JSON") }
    }

    fn screen_gets(&mut self, sequence: u64, silent: bool) {
        let outcome = match self.screen.clone() {
            Screen::Held => return self.held_presents.push_back(sequence),
            Screen::Blocks(reason) => Presented::Blocked { reason },
            Screen::Later(reason) => Presented::Later { reason },
            shows => {
                self.shown.push((sequence, silent));
                self.showing.insert(sequence);
                match shows {
                    Screen::ShowsSilently => return,
                    Screen::Folds => Presented::Folded,
                    _ => Presented::Shown,
                }
            }
        };
        self.waiting.push_back(Input::Presented(sequence, outcome));
    }

    fn broker_gets(&mut self, link: LinkId, bytes: &[u8]) {
        assert_eq!(self.link, Some(link), "bytes for a link that is not there");
        let packets = packets::decode(bytes);
        self.sent.push((self.now.boot, link, packets.clone()));
        for packet in packets {
            assert!(
                self.online || !matches!(packet, Sent::PubAck { .. } | Sent::PingReq),
                "{packet:?} before the broker said CONNACK"
            );
            match packet {
                Sent::Connect(_) => match self.broker.clone() {
                    Broker::Mute => {}
                    Broker::Refuses(code, properties) => self.broker_says(&packets::conn_ack(code, &properties)),
                    _ => {
                        self.online = true;
                        self.broker_says(&packets::conn_ack(0, &self.properties.clone()));
                    }
                },
                _ if !self.online => {}
                Sent::Subscribe { packet_id, .. } => self.broker_says(&packets::sub_ack(packet_id, 1)),
                Sent::Publish { packet_id, topic, payload } => {
                    assert_eq!(topic, format!("op/u/{REG_ID}"));
                    if let (Some(packet_id), true) = (packet_id, self.broker_answers) {
                        self.broker_says(&packets::pub_ack(packet_id, 0));
                    }
                    let frames = self.gateway.take(&payload);
                    self.publish_together(&frames);
                }
                Sent::PubAck { packet_id } => self.acknowledged.push(packet_id),
                Sent::PingReq if self.broker_answers => self.broker_says(&packets::ping_resp()),
                Sent::PingReq => {}
                Sent::Disconnect { .. } => self.online = false,
            }
        }
    }

    fn broker_says(&mut self, bytes: &[u8]) {
        if let Some(link) = self.link {
            self.waiting.push_back(Input::Received(link, bytes.to_vec()));
        }
    }

    /// Bytes from the broker.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.broker_says(bytes);
        self.settle();
    }

    /// Several frames, which the phone gets in one read.
    fn publish_together(&mut self, frames: &[Vec<u8>]) {
        let mut bytes = Vec::new();
        for frame in frames {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            let packet_id = NonZeroU16::new(self.last_packet_id);
            bytes.extend(packets::publish(packet_id, &format!("op/d/{REG_ID}"), frame));
        }
        if !bytes.is_empty() {
            self.broker_says(&bytes);
        }
    }

    /// The broker publishes a frame to the phone; gives the packet id.
    pub(crate) fn deliver(&mut self, frame: &[u8]) -> u16 {
        assert!(self.online, "a link");
        self.publish_together(&[frame.to_vec()]);
        let packet_id = self.last_packet_id;
        self.settle();
        packet_id
    }

    /// Several frames in one read.
    pub(crate) fn deliver_together(&mut self, frames: &[Vec<u8>]) {
        assert!(self.online, "a link");
        self.publish_together(frames);
        self.settle();
    }

    /// The gateway accepts an entry for this phone, and publishes it if the phone is there.
    pub(crate) fn push(&mut self, id: &str, down: Down) {
        let frames = self.gateway.accept(id, down);
        if self.online {
            self.publish_together(&frames);
        }
        self.settle();
    }

    /// The gateway accepts so many messages, `m0` and on, before it publishes the first.
    pub(crate) fn push_many(&mut self, count: usize) {
        let mut frames = Vec::new();
        for index in 0..count {
            let id = format!("m{index}");
            frames.extend(self.gateway.accept(&id, Down::Message(Box::new(message(&id)))));
        }
        self.deliver_together(&frames);
    }

    pub(crate) fn push_message(&mut self, message: Message) {
        self.push(&message.id.clone(), Down::Message(Box::new(message)));
    }

    /// The gateway says something for which it has no frame of its own.
    pub(crate) fn raw_frame(&self, entry: &str) -> Vec<u8> {
        format!(r#"{{"v":1,"epoch":"{}","entries":[{entry}]}}"#, self.gateway.epoch).into_bytes()
    }

    fn commit_next(&mut self) {
        let Some((id, writes)) = self.held_commits.pop_front() else { return };
        self.commits += 1;
        for write in writes {
            match write {
                Write::Put(record) => drop(self.store.insert(record.key(), record)),
                Write::Delete(key) => drop(self.store.remove(&key)),
            }
        }
        self.waiting.push_back(Input::Committed(id, Ok(())));
    }

    /// The held commit becomes durable.
    pub(crate) fn commit(&mut self) {
        self.commit_next();
        self.settle();
    }

    /// The held commit becomes durable, but nobody lives to hear it.
    pub(crate) fn commit_and_crash(&mut self) {
        self.commit_next();
        self.crash();
    }

    pub(crate) fn has_held_commit(&self) -> bool {
        !self.held_commits.is_empty()
    }

    /// The screen's answer to the first notification that it holds.
    pub(crate) fn present(&mut self, outcome: Presented) {
        let sequence = self.held_presents.pop_front().expect("a held notification");
        if outcome == Presented::Shown {
            self.shown.push((sequence, false));
            self.showing.insert(sequence);
        }
        self.input(Input::Presented(sequence, outcome));
    }

    /// The link breaks.
    pub(crate) fn drop_link(&mut self) {
        self.close_link(LinkFailure::Ended);
    }

    pub(crate) fn close_link(&mut self, failure: LinkFailure) {
        let link = self.link.take().expect("a link");
        (self.link, self.online) = (self.successor.take(), false);
        self.input(Input::Closed(link, failure));
    }

    pub(crate) fn link(&self) -> Option<LinkId> {
        self.link
    }

    /// Moves the clock, stopping at each of the engine's timeouts; gives how many there were.
    pub(crate) fn advance(&mut self, milliseconds: u64) -> usize {
        let end = self.now.boot + milliseconds;
        let mut wake_ups = 0;
        while let Some(wake) = self.engine.next_timeout().filter(|wake| wake.latest <= end) {
            assert!(wake.deadline <= wake.latest);
            self.jump(wake.latest.saturating_sub(self.now.boot));
            self.input(Input::Timeout);
            wake_ups += 1;
            assert!(wake_ups < 100_000, "the engine spins");
            let next = self.engine.next_timeout().map(|wake| wake.deadline);
            assert!(next.is_none_or(|next| next > self.now.boot), "a timeout that is due right after it was handled");
        }
        self.jump(end - self.now.boot);
        wake_ups
    }

    /// Moves the clock without telling the engine.
    pub(crate) fn jump(&mut self, milliseconds: u64) {
        self.now.boot += milliseconds;
        self.now.wall += milliseconds as i64;
    }

    /// The app sets an alias.
    pub(crate) fn alias(&mut self, name: &str) {
        self.input(Input::Command(offpush_wire::Command::SetAlias { alias: name.to_owned() }));
    }
}
