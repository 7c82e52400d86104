//! Our strategy: the real engine, driven as its documentation says. Its disk answers at once, its screen shows at once.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use offpush_engine::input::{CertificateProblem, Presented};
use offpush_engine::record::{Identity, Record, Standing};
use offpush_engine::{
    Config, Engine, Event, Family, HttpAnswer, LinkFailure, LinkId, Network, Now, Output, Path, Timing,
};
use offpush_wire::RegisterAnswer;

use crate::client::{Action, Client, Failure, Input, Note, Wake};
use crate::rng::Rng;
use crate::server::REG_ID;
use crate::time::HOUR;

/// How long the phone has been up when the day begins: long enough that no duration since a moment underflows.
const UP_SINCE: u64 = 10 * HOUR;

const BROKER: &str = "mqtts://broker.example:8883";

/// The gateway's answer to a registration request.
pub(crate) fn registration(time: i64) -> Vec<u8> {
    let answer = RegisterAnswer {
        code: offpush_wire::code::SUCCESS,
        reason: None,
        reg_id: Some(REG_ID.to_owned()),
        brokers: vec![BROKER.to_owned()],
        topic_prefix: None,
        time,
    };
    serde_json::to_vec(&answer).unwrap_or_default()
}

/// The engine with its driver.
pub(crate) struct Ours {
    engine: Engine,
    wall: i64,
    online: Option<LinkId>,
    /// The link whose bytes are read.
    reading: Option<LinkId>,
    /// The one that was online and is closed now; why follows.
    closed: Option<LinkId>,
    /// What it told of itself, with the wall time, if that is wanted.
    history: Option<Vec<(i64, Event)>>,
}

/// What a phone's tools would know at the end of a day.
pub struct Seen {
    /// What the engine told of itself, with the wall time of each event.
    pub history: Vec<(i64, Event)>,
    /// The engine at the end.
    pub engine: Engine,
    /// That moment.
    pub now: Now,
}

impl fmt::Debug for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Seen").field("now", &self.now).finish_non_exhaustive()
    }
}

/// The engine and what it told, for whoever has the other handle.
impl Client for Rc<RefCell<Ours>> {
    fn handle(&mut self, now: u64, input: Input, actions: &mut Vec<Action>) {
        self.borrow_mut().handle(now, input, actions);
    }

    fn next_wake(&self) -> Option<Wake> {
        self.borrow().next_wake()
    }

    fn has_job(&self) -> bool {
        self.borrow().has_job()
    }

    fn interval(&self) -> u64 {
        self.borrow().interval()
    }
}

impl Ours {
    /// An engine that is registered and has learned nothing yet. `wall` is the wall time when the day begins.
    pub(crate) fn new(timing: Timing, wall: i64, seed: u64) -> Self {
        let config = Config {
            app_id: "1".to_owned(),
            app_key: "key".to_owned(),
            package: "com.example.app".to_owned(),
            version: concat!("offpush/", env!("CARGO_PKG_VERSION")).to_owned(),
            boot_id: 1,
            timing,
        };
        let identity = Identity {
            request_id: "request".to_owned(),
            secret: "0".repeat(43),
            app_id: config.app_id.clone(),
            package: config.package.clone(),
            reg_id: Some(REG_ID.to_owned()),
            brokers: vec![BROKER.to_owned()],
            topic_prefix: offpush_wire::DEFAULT_TOPIC_PREFIX.to_owned(),
            standing: Standing::Active,
        };
        let mut rng = Rng::new(seed, "engine");
        let entropy = Box::new(move |bytes: &mut [u8]| rng.fill(bytes));
        let engine = Engine::new(config, [Record::Identity(identity)], entropy, moment(wall, 0));
        Self { engine, wall, online: None, reading: None, closed: None, history: None }
    }

    /// The same, and keeps what it tells of itself.
    pub(crate) fn with_history(timing: Timing, wall: i64, seed: u64) -> Self {
        Self { history: Some(Vec::new()), ..Self::new(timing, wall, seed) }
    }

    /// What is to be seen when the day is over, after so many milliseconds.
    pub(crate) fn seen(self, lasts: u64) -> Seen {
        Seen { history: self.history.unwrap_or_default(), engine: self.engine, now: moment(self.wall, lasts) }
    }

    /// Does what the engine wants, until it wants nothing more.
    fn settle(&mut self, now: u64, actions: &mut Vec<Action>) {
        while let Some(output) = self.engine.poll_output() {
            self.perform(now, output, actions);
        }
    }

    fn perform(&mut self, now: u64, output: Output, actions: &mut Vec<Action>) {
        let moment = moment(self.wall, now);
        match output {
            Output::Register { link, .. } => actions.push(Action::Register(link.0)),
            Output::Connect { link, .. } => actions.push(Action::Connect(link.0)),
            Output::Probe { link } => actions.push(Action::Probe(link.0)),
            Output::Send { link, bytes } => actions.push(Action::Send(link.0, bytes)),
            Output::Close { link } => {
                if self.online == Some(link) {
                    self.closed = self.online.take();
                }
                actions.push(Action::Close(link.0));
            }
            Output::Commit { id, .. } => self.engine.handle_committed(moment, id, Ok(())),
            Output::AskShowing { .. } => self.engine.handle_showing(moment, &[]),
            Output::Present { sequence, .. } => {
                let id = self.engine.messages().find(|message| message.sequence == sequence);
                if let Some(id) = id.map(|message| message.id.to_owned()) {
                    actions.push(Action::Note(Note::Delivered(id)));
                }
                self.engine.handle_presented(moment, sequence, Presented::Shown);
            }
            Output::Callback { id: Some(id), .. } => self.engine.handle_callback_taken(moment, id),
            Output::WakeLock(lock) => actions.push(Action::WakeLock(lock)),
            Output::Event(event) => {
                if let Some(history) = &mut self.history {
                    history.push((moment.wall, event.clone()));
                }
                self.event(event, actions);
            }
            Output::Cancel { .. } | Output::Callback { id: None, .. } => {}
        }
    }

    fn event(&mut self, event: Event, actions: &mut Vec<Action>) {
        match event {
            Event::Ping { .. } => actions.extend(self.online.map(|link| Action::Note(Note::Ping(link.0)))),
            Event::Connected { .. } => {
                self.online = self.reading;
                actions.extend(self.online.map(|link| Action::Note(Note::Online(link.0))));
            }
            Event::Disconnected { cause, .. } => {
                let offline = |link: LinkId| Action::Note(Note::Offline(link.0, format!("{cause:?}")));
                actions.extend(self.closed.take().map(offline));
            }
            Event::AlarmLate { late } => actions.push(Action::Note(Note::AlarmLate(late))),
            _ => {}
        }
    }
}

fn moment(wall: i64, now: u64) -> Now {
    Now { boot: UP_SINCE + now, wall: wall + now as i64, utc_offset: 0 }
}

fn failure(failure: Failure) -> LinkFailure {
    match failure {
        Failure::Refused => LinkFailure::Refused,
        Failure::Unreachable => LinkFailure::Unreachable,
        Failure::TimedOut => LinkFailure::TimedOut,
        Failure::Ended => LinkFailure::Ended,
        Failure::Reset => LinkFailure::Reset,
        Failure::Aborted => LinkFailure::System { error: "software caused connection abort".to_owned() },
        // A portal has no certificate for our name from our CA.
        Failure::Portal => LinkFailure::Certificate { problem: CertificateProblem::UnknownIssuer },
    }
}

impl Client for Ours {
    fn handle(&mut self, now: u64, input: Input, actions: &mut Vec<Action>) {
        let moment = moment(self.wall, now);
        // What was decided at the start comes out before the first input.
        self.settle(now, actions);
        match input {
            Input::Network(None) => self.engine.handle_network(moment, Network::None),
            Input::Network(Some(seen)) => {
                let network = Network::Up {
                    key: seen.key,
                    transport: seen.transport.name().to_owned(),
                    addresses: seen.key,
                    internet: seen.internet,
                };
                self.engine.handle_network(moment, network);
            }
            Input::Connected(id) => {
                let path = Path { broker: BROKER.to_owned(), family: Family::V4 };
                self.engine.handle_connected(moment, LinkId(id), path);
            }
            Input::Closed(id, why) => self.engine.handle_closed(moment, LinkId(id), failure(why)),
            Input::Received(id, bytes) => {
                self.reading = Some(LinkId(id));
                self.engine.handle_received(moment, LinkId(id), &bytes);
            }
            Input::Probed(id, found) => self.engine.handle_probed(moment, LinkId(id), found),
            Input::Registered(id, answer) => {
                let answer = answer.map(|body| HttpAnswer { status: 200, retry_after: None, body }).map_err(failure);
                self.engine.handle_register_answer(moment, LinkId(id), answer);
            }
            Input::Timeout => self.engine.handle_timeout(moment),
            Input::Screen(_) | Input::Revealed(_) => {}
        }
        self.settle(now, actions);
    }

    fn next_wake(&self) -> Option<Wake> {
        let here = |boot: u64| boot.saturating_sub(UP_SINCE);
        self.engine.next_timeout().map(|wake| Wake { deadline: here(wake.deadline), latest: here(wake.latest) })
    }

    fn has_job(&self) -> bool {
        true
    }

    fn interval(&self) -> u64 {
        self.engine.status(moment(self.wall, 0)).heartbeat
    }
}
