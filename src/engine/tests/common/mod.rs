//! A phone on virtual time: the engine with a store, a platform, a broker and a gateway that a test can hold, break
//! and crash.

#![allow(dead_code, reason = "each test file is a crate of its own and uses a part")]

pub(crate) mod gateway;
pub(crate) mod packets;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::num::NonZeroU16;

use offpush_engine::input::Presented;
use offpush_engine::record::{MessageState, Record, RecordKey, Write};
use offpush_engine::status::Phase;
use offpush_engine::{
    Callback, CommandRefused, CommitId, Config, Disconnected, Engine, Event, HttpAnswer, LinkFailure, LinkId, Network,
    Now, Output, Status, Timing, UnknownMessage,
};
use offpush_wire::{Command, Down, Message, NotifyType, Receipt, RegisterAnswer, RegisterRequest, Target, Up};

use gateway::Gateway;
use packets::Sent;

pub(crate) const SECOND: u64 = 1_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;

pub(crate) const REG_ID: &str = "regid-0123456789-0123456789-0123456789-abcd";
pub(crate) const BROKER: &str = "mqtts://broker.example:8883";
pub(crate) const WALL: i64 = 1_700_000_000_000;

/// Everything that can be told to the engine: recorded, so that a run can be replayed.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    Timeout,
    Network(Network),
    Committed(CommitId, Result<(), String>),
    Connected(LinkId),
    Closed(LinkId, LinkFailure),
    Received(LinkId, Vec<u8>),
    RegisterAnswer(LinkId, Result<HttpAnswer, LinkFailure>),
    Register,
    Command(Command),
    App(bool),
    CallbackTaken(u64),
    Presented(u64, Presented),
    Showing(Vec<u64>),
    CanPresent,
    Clicked(String),
    Dismissed(String),
    Stop,
}

/// Tells one input to an engine.
pub(crate) fn apply(engine: &mut Engine, now: Now, input: Input) -> Result<(), Refused> {
    match input {
        Input::Timeout => engine.handle_timeout(now),
        Input::Network(network) => engine.handle_network(now, network),
        Input::Committed(id, result) => engine.handle_committed(now, id, result),
        Input::Connected(link) => engine.handle_connected(now, link),
        Input::Closed(link, failure) => engine.handle_closed(now, link, failure),
        Input::Received(link, bytes) => engine.handle_received(now, link, &bytes),
        Input::RegisterAnswer(link, answer) => engine.handle_register_answer(now, link, answer),
        Input::Register => engine.handle_register(now),
        Input::Command(command) => return engine.handle_command(now, command).map_err(Refused::Command),
        Input::App(listens) => engine.handle_app(now, listens),
        Input::CallbackTaken(id) => engine.handle_callback_taken(now, id),
        Input::Presented(sequence, outcome) => engine.handle_presented(now, sequence, outcome),
        Input::Showing(sequences) => engine.handle_showing(now, &sequences),
        Input::CanPresent => engine.handle_can_present(now),
        Input::Clicked(id) => return engine.handle_clicked(now, &id).map_err(Refused::Message),
        Input::Dismissed(id) => return engine.handle_dismissed(now, &id).map_err(Refused::Message),
        Input::Stop => engine.handle_stop(now),
    }
    Ok(())
}

#[derive(Debug, PartialEq)]
pub(crate) enum Refused {
    Command(CommandRefused),
    Message(UnknownMessage),
}

/// What the store does with a commit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Disk {
    Works,
    /// Commits wait for [`Phone::commit`].
    Held,
    Fails(String),
}

/// What the platform does with a notification.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Screen {
    Shows,
    /// It waits for [`Phone::present`].
    Held,
    /// It is shown, but its confirmation is lost.
    ShowsSilently,
    Folds,
    Blocks(String),
    Later(String),
}

/// What answers an attempt to reach a broker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Broker {
    Accepts,
    /// TLS stands, then nothing comes.
    Mute,
    /// Nothing comes at all.
    Silent,
    Fails(LinkFailure),
    /// CONNACK with this reason code and these properties.
    Refuses(u8, Vec<u8>),
}

/// What answers a registration.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Registrar {
    Accepts,
    Silent,
    Fails(LinkFailure),
    Answers(HttpAnswer),
}

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
    online: bool,
    last_packet_id: u16,
    /// All PUBACKs, in order.
    pub(crate) acknowledged: Vec<u16>,
    /// What the phone sent, one element a write: when, on which link, which packets.
    pub(crate) sent: Vec<(u64, LinkId, Vec<Sent>)>,
    /// When attempts to connect began, and to whom.
    pub(crate) attempts: Vec<(u64, LinkId, Vec<String>)>,
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

pub(crate) fn config() -> Config {
    Config {
        app_id: "2882303761517000001".to_owned(),
        app_key: "5000000000001".to_owned(),
        package: "com.example.app".to_owned(),
        version: "offpush/test".to_owned(),
        boot_id: 1,
        timing: Timing::default(),
    }
}

pub(crate) fn wifi() -> Network {
    Network::Up { key: 1, transport: "wifi".to_owned() }
}

pub(crate) fn cellular() -> Network {
    Network::Up { key: 2, transport: "cellular".to_owned() }
}

/// SplitMix64.
pub(crate) fn entropy(mut state: u64) -> Box<dyn offpush_engine::Entropy> {
    Box::new(move |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(8) {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    })
}

pub(crate) fn message(id: &str) -> Message {
    Message {
        id: id.to_owned(),
        target: Target::RegId,
        pass_through: 0,
        title: "title".to_owned(),
        description: "text".to_owned(),
        payload: String::new(),
        notify_type: NotifyType::default(),
        notify_id: 0,
        expires_in: DAY,
        sent_at: WALL,
        binding: None,
        extra: BTreeMap::new(),
        offline_push_info: None,
        again: false,
    }
}

pub(crate) fn pass_through(id: &str) -> Message {
    Message { pass_through: 1, ..message(id) }
}

pub(crate) fn http(status: u16, retry_after: Option<u32>, body: impl Into<Vec<u8>>) -> Registrar {
    Registrar::Answers(HttpAnswer { status, retry_after, body: body.into() })
}

pub(crate) fn refusal(code: i64) -> Registrar {
    http(200, None, format!(r#"{{"code":{code},"reason":"refused"}}"#))
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
            online: false,
            last_packet_id: 0,
            acknowledged: Vec::new(),
            sent: Vec::new(),
            attempts: Vec::new(),
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
        (self.link, self.online) = (None, false);
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
            Output::Connect { link, brokers } => {
                assert!(self.link.is_none(), "one link at a time");
                self.attempts.push((self.now.boot, link, brokers));
                self.link = Some(link);
                match &self.broker {
                    Broker::Silent => {}
                    Broker::Fails(failure) => {
                        self.link = None;
                        self.waiting.push_back(Input::Closed(link, failure.clone()));
                    }
                    _ => self.waiting.push_back(Input::Connected(link)),
                }
            }
            Output::Send { link, bytes } => self.broker_gets(link, &bytes),
            Output::Close { link } => {
                if self.link == Some(link) {
                    (self.link, self.online) = (None, false);
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
                    Broker::Refuses(code, properties) => self.from_broker(&packets::conn_ack(code, &properties)),
                    _ => {
                        self.online = true;
                        self.from_broker(&packets::conn_ack(0, &self.properties.clone()));
                    }
                },
                _ if !matches!(self.broker, Broker::Accepts) => {}
                Sent::Subscribe { packet_id, .. } => self.from_broker(&packets::sub_ack(packet_id, 1)),
                Sent::Publish { packet_id, topic, payload } => {
                    assert_eq!(topic, format!("op/u/{REG_ID}"));
                    if let (Some(packet_id), true) = (packet_id, self.broker_answers) {
                        self.from_broker(&packets::pub_ack(packet_id, 0));
                    }
                    for frame in self.gateway.take(&payload) {
                        self.publish(&frame);
                    }
                }
                Sent::PubAck { packet_id } => self.acknowledged.push(packet_id),
                Sent::PingReq if self.broker_answers => self.from_broker(&packets::ping_resp()),
                Sent::PingReq => {}
                Sent::Disconnect { .. } => self.online = false,
            }
        }
    }

    fn from_broker(&mut self, bytes: &[u8]) {
        if let Some(link) = self.link {
            self.waiting.push_back(Input::Received(link, bytes.to_vec()));
        }
    }

    /// Bytes from the broker.
    pub(crate) fn receive(&mut self, bytes: &[u8]) {
        self.from_broker(bytes);
        self.settle();
    }

    fn publish(&mut self, frame: &[u8]) -> u16 {
        self.last_packet_id += 1;
        let packet = packets::publish(NonZeroU16::new(self.last_packet_id), &format!("op/d/{REG_ID}"), frame);
        self.from_broker(&packet);
        self.last_packet_id
    }

    /// The broker publishes a frame to the phone; gives the packet id.
    pub(crate) fn deliver(&mut self, frame: &[u8]) -> u16 {
        let packet_id = self.publish(frame);
        self.settle();
        packet_id
    }

    /// Several frames in one read.
    pub(crate) fn deliver_together(&mut self, frames: &[Vec<u8>]) {
        let link = self.link.expect("a link");
        let mut bytes = Vec::new();
        for frame in frames {
            self.last_packet_id += 1;
            let topic = format!("op/d/{REG_ID}");
            bytes.extend(packets::publish(NonZeroU16::new(self.last_packet_id), &topic, frame));
        }
        self.input(Input::Received(link, bytes));
    }

    /// The gateway accepts an entry for this phone, and publishes it if the phone is there.
    pub(crate) fn push(&mut self, id: &str, down: Down) {
        for frame in self.gateway.accept(id, down) {
            if self.online {
                self.publish(&frame);
            }
        }
        self.settle();
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
        self.online = false;
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

    /// Milliseconds until the engine's next timeout.
    pub(crate) fn next_timeout(&self) -> Option<u64> {
        self.engine.next_timeout().map(|wake| wake.deadline.saturating_sub(self.now.boot))
    }

    pub(crate) fn status(&self) -> Status {
        self.engine.status(self.now)
    }

    pub(crate) fn phase(&self) -> Phase {
        self.status().phase
    }

    /// The state of the newest message with this id.
    pub(crate) fn state(&self, id: &str) -> Option<MessageState> {
        self.engine.messages().filter(|message| message.id == id).last().map(|message| message.state)
    }

    pub(crate) fn message_ids(&self) -> Vec<String> {
        self.engine.messages().map(|message| message.id.to_owned()).collect()
    }

    /// The ids of what was ever put on the screen, in order.
    pub(crate) fn shown_ids(&self) -> Vec<String> {
        let id = |sequence: &u64| {
            let message = self.engine.messages().find(|message| message.sequence == *sequence);
            message.map(|message| message.id.to_owned()).unwrap_or_default()
        };
        self.shown.iter().map(|(sequence, _)| id(sequence)).collect()
    }

    pub(crate) fn showing_ids(&self) -> Vec<String> {
        self.engine
            .messages()
            .filter(|message| self.showing.contains(&message.sequence))
            .map(|message| message.id.to_owned())
            .collect()
    }

    pub(crate) fn receipts(&self) -> Vec<Receipt> {
        let receipt = |up: &Up| match up {
            Up::Receipt(receipt) => Some(receipt.clone()),
            _ => None,
        };
        self.gateway.taken.iter().filter_map(receipt).collect()
    }

    /// What the gateway was told of a message.
    pub(crate) fn receipts_of(&self, id: &str) -> Vec<&'static str> {
        self.receipts().iter().filter(|receipt| receipt.id == id).map(|receipt| receipt.what.as_str()).collect()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        let event = |(_, output): &(u64, Output)| match output {
            Output::Event(event) => Some(event.clone()),
            _ => None,
        };
        self.log.iter().filter_map(event).collect()
    }

    /// Why connections ended, and how long the wait after each is.
    pub(crate) fn disconnected(&self) -> Vec<(Disconnected, Option<u64>)> {
        let end = |event: Event| match event {
            Event::Disconnected { cause, retry_in, .. } => Some((cause, retry_in)),
            _ => None,
        };
        self.events().into_iter().filter_map(end).collect()
    }

    /// The packets of all writes, in order.
    pub(crate) fn packets(&self) -> Vec<Sent> {
        self.sent.iter().flat_map(|(.., packets)| packets.clone()).collect()
    }

    pub(crate) fn pings(&self) -> Vec<u64> {
        let has_ping = |packets: &[Sent]| packets.contains(&Sent::PingReq);
        self.sent.iter().filter(|(.., packets)| has_ping(packets)).map(|(at, ..)| *at).collect()
    }

    /// Request id and secret as they are on disk.
    pub(crate) fn credentials(&self) -> (String, String) {
        let identity = |record: &Record| match record {
            Record::Identity(identity) => Some((identity.request_id.clone(), identity.secret.clone())),
            _ => None,
        };
        self.store.values().find_map(identity).expect("an identity")
    }

    pub(crate) fn alias(&mut self, name: &str) {
        self.input(Input::Command(Command::SetAlias { alias: name.to_owned() }));
    }
}
