//! The loop: everything that happens reaches the engine, and everything the engine asks for is done.

use std::io;
use std::os::fd::RawFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use offpush_engine::{Config, Engine, Event, Internet, Network, Now, Output, Write};
use offpush_inspect::{Alarm, Line, Process, StatusPage, Storage};
use offpush_store::{History, Recovery, Store};
use serde::Serialize;

use crate::address::Address;
use crate::alarms::Alarms;
use crate::attempt::{LinkEvent, Purpose};
use crate::clock;
use crate::control::Control;
use crate::embedding::{Around, Embedding, Parts};
use crate::error::DaemonError;
use crate::links::Links;
use crate::memory;
use crate::network::Monitor;
use crate::options::Options;
use crate::page::{self, Facts, SOFTWARE};
use crate::platform::{Platform, PlatformEvent, Presentation, StateLine};
use crate::portal;
use crate::provider::provider;
use crate::records::{self, Loader};
use crate::remote::{Inbox, Input, Remote};
use crate::said::Said;
use crate::signals::Signals;
use crate::timer::Timer;
use crate::trust::{Trust, TrustError};
use crate::usage::{Totals, Usage};

const TIMER: Token = Token(0);
const WAKER: Token = Token(1);
const SIGNALS: Token = Token(2);
const NETWORK: Token = Token(3);
const CONTROL: Token = Token(4);
/// Clients count up from here, and never reach the links.
const FIRST_CLIENT: usize = 16;
const FIRST_LINK: usize = usize::MAX / 2;

/// Events taken from the kernel at once. What does not fit comes at once with the next turn.
const EVENTS: usize = 64;

/// Bytes of one of the history's two segments: some thousand events, a few days of a phone.
const HISTORY_SEGMENT_BYTES: u64 = 512 * 1024;

/// Bytes received and sent after which memory that is free again is looked for.
const TIDY_BYTES: u64 = 64 * 1024;

/// The version of the history's entries: [`offpush_inspect::HistoryItem`] as JSON.
const HISTORY_VERSION: u16 = 1;

/// A daemon, ready to run. It holds its data directory until it is dropped.
pub struct Daemon {
    pub(crate) data: PathBuf,
    pub(crate) engine: Engine,
    /// Before the store, whose lock it needs to be removed under.
    pub(crate) control: Control,
    pub(crate) store: Store,
    /// As the engine was told.
    pub(crate) app_listens: bool,
    history: Option<History>,
    pub(crate) platform: Box<dyn Platform>,
    alarms: Option<Alarms>,
    /// The app that this daemon lives in takes callbacks.
    pub(crate) app_inside: bool,
    /// As the platform was told.
    state: Option<StateLine>,
    inbox: Inbox,
    links: Links,
    monitor: Monitor,
    network: Network,
    timer: Timer,
    signals: Option<Signals>,
    poll: Poll,
    stop: Arc<AtomicBool>,
    waker: Arc<Waker>,
    package: String,
    servers: Vec<String>,
    /// What was found when the store was opened.
    found: Storage,
    started_at: i64,
    wake_ups: u64,
    usage: Usage,
    said: Said,
    /// The bytes received and sent when memory was given back last; `None` before the first time.
    tidied_at: Option<u64>,
}

/// Ends a daemon from another thread.
#[derive(Debug, Clone)]
pub struct Stopper {
    stop: Arc<AtomicBool>,
    waker: Arc<Waker>,
}

impl Stopper {
    /// Asks the daemon to end; it says goodbye to its broker first.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        // Only fails if the daemon has ended.
        let _ = self.waker.wake();
    }
}

impl std::fmt::Debug for Daemon {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Daemon").field("data", &self.data).finish_non_exhaustive()
    }
}

impl Daemon {
    /// Opens the data directory and gets everything ready; nothing is sent before [`run`](Self::run).
    pub fn open(options: Options) -> Result<Self, DaemonError> {
        let trust = Trust::new(options.ca.as_deref());
        Self::open_in(options, trust, Parts::of_host)
    }

    /// The same inside an app's service. Of the options, what is said to be a host's is not looked at.
    pub fn embed(options: Options, embedding: Embedding) -> Result<Self, DaemonError> {
        let trust = embedding.trust();
        Self::open_in(options, trust, |_, around| Parts::of_app(embedding, around))
    }

    /// What differs is given as functions, so that the app's library has nothing of a host's in it.
    fn open_in(
        options: Options,
        trust: Result<Trust, TrustError>,
        parts: impl FnOnce(&Options, Around) -> Result<Parts, DaemonError>,
    ) -> Result<Self, DaemonError> {
        if options.servers.is_empty() {
            return Err(DaemonError::NoServer);
        }
        let mut loopback = true;
        for server in &options.servers {
            match Address::https(server) {
                Some(address) => loopback &= address.is_loopback(),
                None => return Err(DaemonError::Server { address: server.clone() }),
            }
        }
        let trust = trust.map_err(DaemonError::Trust)?;
        let entropy = entropy()?;
        let (store, recovery) = Store::open(&options.data).map_err(DaemonError::Store)?;
        let history = History::open(&options.data, HISTORY_SEGMENT_BYTES);
        let history = history.map_err(|error| log::error!("no history is kept: {error}")).ok();

        let poll = Poll::new().map_err(DaemonError::system("make an event queue"))?;
        let clone = || poll.registry().try_clone().map_err(DaemonError::system("share the event queue"));
        let waker = Waker::new(poll.registry(), WAKER).map_err(DaemonError::system("make a waker"))?;
        let waker = Arc::new(waker);
        let around = Around { loopback, registry: clone()?, listener: CONTROL, first_client: FIRST_CLIENT };
        let Parts { platform, monitor, control, boot_id, alarms } = parts(&options, around)?;
        let links = Links::new(clone()?, Arc::clone(&waker), trust, FIRST_LINK);
        let timer = Timer::new().map_err(DaemonError::system("make a timer"))?;

        let now = clock::now();
        let config = Config {
            app_id: options.app_id,
            app_key: options.app_key,
            package: options.package.clone(),
            version: SOFTWARE.to_owned(),
            boot_id,
            timing: options.timing,
        };
        let mut records = Loader::new(&store);
        let engine = Engine::new(config, &mut records, entropy, now);
        let found = found(&recovery, records.unknown, records.damage);
        let usage = Usage::open(&options.data, now);
        let daemon = Self {
            data: options.data,
            engine,
            store,
            control,
            app_listens: false,
            history,
            platform,
            alarms,
            app_inside: false,
            state: None,
            inbox: Inbox::new(Arc::clone(&waker)),
            links,
            monitor,
            network: Network::None,
            timer,
            signals: None,
            poll,
            stop: Arc::new(AtomicBool::new(false)),
            waker,
            package: options.package,
            servers: options.servers,
            found,
            started_at: now.wall,
            wake_ups: 0,
            usage,
            said: Said::default(),
            tidied_at: None,
        };
        daemon.watch(daemon.timer.raw_fd(), TIMER)?;
        if let Some(fd) = daemon.monitor.raw_fd() {
            daemon.watch(fd, NETWORK)?;
        }
        Ok(daemon)
    }

    fn watch(&self, fd: RawFd, token: Token) -> Result<(), DaemonError> {
        let registered = self.poll.registry().register(&mut SourceFd(&fd), token, Interest::READABLE);
        registered.map_err(DaemonError::system("watch a file descriptor"))
    }

    /// Ends the daemon cleanly on SIGTERM and SIGINT. To be called by the thread that will run it, before other threads
    /// are started, or those would get the signals.
    pub fn end_on_signals(&mut self) -> Result<(), DaemonError> {
        let signals = Signals::new().map_err(DaemonError::system("watch signals"))?;
        self.watch(signals.raw_fd(), SIGNALS)?;
        self.signals = Some(signals);
        Ok(())
    }

    /// Something that ends this daemon from another thread.
    pub fn stopper(&self) -> Stopper {
        Stopper { stop: Arc::clone(&self.stop), waker: Arc::clone(&self.waker) }
    }

    /// For the other threads of an app that this daemon lives in.
    pub fn remote(&self) -> Remote {
        self.inbox.remote(self.stopper())
    }

    /// Runs until it is told to end.
    pub fn run(mut self) -> Result<(), DaemonError> {
        let mut events = Events::with_capacity(EVENTS);
        let mut requests = Vec::new();
        self.begin();
        loop {
            let wait = if self.links.has_work() || self.control.has_work() {
                Some(std::time::Duration::ZERO)
            } else {
                self.ask_for_alarm();
                self.timer.arm(self.next_timeout()).map_err(DaemonError::system("set the timer"))?;
                None
            };
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    return Err(DaemonError::System { action: "wait for events", source: error });
                }
                _ => self.wake_ups += u64::from(wait.is_none() && !is_only_asked(&events)),
            }
            for event in &events {
                self.note(event);
            }
            self.turn(&mut requests);
            self.flush_history();
            if self.stop.load(Ordering::Acquire) {
                break;
            }
        }
        let now = clock::now();
        self.engine.handle_stop(now);
        self.settle();
        self.links.flush();
        self.control.flush();
        self.note_usage(now);
        self.usage.keep(&self.data, now);
        Ok(())
    }

    fn begin(&mut self) {
        let now = clock::now();
        for damage in std::mem::take(&mut self.found.damage) {
            self.keep(now, &Event::StorageDamaged { damage: damage.clone() });
            self.found.damage.push(damage);
        }
        self.network = self.monitor.current();
        self.engine.handle_network(now, self.network.clone());
        self.settle();
        self.links.flush();
        self.tell_platform(now, false);
    }

    /// Takes note of what the kernel tells; [`turn`](Self::turn) acts on it.
    fn note(&mut self, event: &mio::event::Event) {
        match event.token() {
            TIMER => {
                self.timer.drain();
                self.tidy();
            }
            // What it is about is found in the turn.
            WAKER => {}
            SIGNALS => {
                if self.signals.as_ref().is_some_and(Signals::take) {
                    self.stop.store(true, Ordering::Release);
                }
            }
            NETWORK => {
                self.monitor.drain();
                self.look_at_network();
            }
            CONTROL => self.control.acceptable(),
            token => {
                let readable = event.is_readable() || event.is_read_closed() || event.is_error();
                let writable = event.is_writable() || event.is_write_closed() || event.is_error();
                if !self.links.ready(token, readable, writable) {
                    self.control.ready(token, readable, writable, event.is_write_closed() || event.is_error());
                }
            }
        }
    }

    /// Gives memory back after the start and after much was handled; on a timer's wake-up, which comes anyway and not
    /// in the middle of a flood.
    fn tidy(&mut self) {
        if self.alarms.is_some() {
            // The process is not ours.
            return;
        }
        let (received, sent) = self.links.bytes();
        let handled = received + sent;
        if self.tidied_at.is_none_or(|before| handled >= before + TIDY_BYTES) {
            self.tidied_at = Some(handled);
            memory::give_back();
        }
    }

    fn look_at_network(&mut self) {
        let network = self.monitor.current();
        if network != self.network {
            self.network = network.clone();
            self.engine.handle_network(clock::now(), network);
        }
    }

    /// Acts on everything that has happened, as far as that is possible without waiting.
    fn turn(&mut self, requests: &mut Vec<(Token, offpush_inspect::Operation)>) {
        let now = clock::now();
        let woken = self.take_inputs(now);
        if self.engine.next_timeout().is_some_and(|wake| wake.deadline <= now.boot) {
            // Where changes are not told, this is what notices them.
            if self.network == Network::None || !self.monitor.is_told() {
                self.look_at_network();
            }
            self.engine.handle_timeout(now);
        }
        let engine = &mut self.engine;
        self.links.advance(now.boot, |link, event| match event {
            LinkEvent::Connected(path) => engine.handle_connected(now, link, path),
            LinkEvent::Received(bytes) => engine.handle_received(now, link, bytes),
            LinkEvent::Closed(failure) => engine.handle_closed(now, link, failure),
            LinkEvent::Answered(answer) => engine.handle_register_answer(now, link, answer),
            LinkEvent::Probed(found) => engine.handle_probed(now, link, found),
        });
        self.settle();
        self.links.flush();
        self.control.advance(now.boot, requests);
        for (client, operation) in requests.drain(..) {
            self.operate(now, client, operation);
        }
        self.settle();
        self.links.flush();
        self.control.flush();
        for _ in 0..self.control.take_dropped() {
            self.keep(now, &Event::ClientDropped);
        }
        self.note_usage(now);
        self.look_for_listeners(now);
        self.tell_platform(now, woken);
    }

    fn note_usage(&mut self, now: Now) {
        let (bytes_in, bytes_out) = self.links.bytes();
        let transport = match &self.network {
            Network::Up { transport, .. } => Some(transport.as_str()),
            Network::None => None,
        };
        self.usage.note(now, Totals { wake_ups: self.wake_ups, bytes_in, bytes_out }, transport);
        self.usage.keep_at_times(&self.data, now);
    }

    /// Tells the engine once nobody takes callbacks any more.
    fn look_for_listeners(&mut self, now: Now) {
        if self.app_listens && !self.app_inside && !self.control.has_listener() {
            self.app_listens = false;
            self.engine.handle_app(now, false);
            self.settle();
        }
    }

    /// Acts on what was said from other threads; whether the platform has woken us.
    fn take_inputs(&mut self, now: Now) -> bool {
        let mut woken = false;
        for input in self.inbox.take() {
            match input {
                Input::Network(network) => {
                    self.monitor.tell(network);
                    self.look_at_network();
                }
                Input::Wake => woken = true,
                Input::App(listens) => {
                    self.app_inside = listens;
                    if listens {
                        self.app_listens = true;
                        self.engine.handle_app(now, true);
                    }
                    self.look_for_listeners(now);
                }
                Input::Presented(sequence, outcome) => self.engine.handle_presented(now, sequence, outcome),
                Input::CanPresent => self.engine.handle_can_present(now),
                Input::Said(topics) => self.said.tell(now.wall, topics),
                Input::Judged(question, verdict) => self.links.judged(question, &verdict),
                Input::Request(operation, reply) => {
                    let answer = self.answer(now, operation);
                    // It only fails if nobody waits for the answer any more.
                    let _ = reply.send(answer.map_or_else(Line::Error, Line::Ok));
                }
            }
            self.settle();
        }
        woken
    }

    /// Tells the platform what only an embedded daemon has to say at the end of a turn.
    fn tell_platform(&mut self, now: Now, woken: bool) {
        let Some(alarms) = &mut self.alarms else { return };
        if woken {
            alarms.woken();
            self.platform.wake_lock(alarms.held(now.boot));
        }
        while let Some(question) = self.links.question() {
            self.platform.judge(question.id, &question.chain, &question.host);
        }
        let page = self.status(now);
        let problem = page.problems.into_iter().next().map(|problem| problem.title);
        let state = StateLine { state: page.state, since: page.since, problem };
        if self.state.as_ref() != Some(&state) {
            self.platform.state(&state);
            self.state = Some(state);
        }
    }

    /// Before the loop waits: asks for an alarm where the timer may not be enough.
    fn ask_for_alarm(&mut self) {
        let wanted = self.engine.next_timeout();
        if let Some(asks) = self.alarms.as_mut().and_then(|alarms| alarms.ask(clock::now().boot, wanted)) {
            self.platform.alarm(asks);
        }
    }

    /// Does what the engine asks for, and tells it what became of it, until nothing is left.
    fn settle(&mut self) {
        loop {
            while let Some(output) = self.engine.poll_output() {
                self.perform(output);
            }
            let now = clock::now();
            let mut told = false;
            while let Some(event) = self.platform.poll(now.boot) {
                told = true;
                match event {
                    PlatformEvent::Presented { sequence, outcome } => {
                        self.engine.handle_presented(now, sequence, outcome);
                    }
                    PlatformEvent::CanPresent => self.engine.handle_can_present(now),
                }
            }
            if !told {
                return;
            }
        }
    }

    fn perform(&mut self, output: Output) {
        let now = clock::now();
        match output {
            Output::Register { link, body } => {
                self.links.set_time(now.wall, self.engine.gateway_time(now));
                self.links.start(link, Purpose::Register(body), &self.servers, None, now.boot);
            }
            Output::Connect { link, brokers, prefer } => {
                self.links.set_time(now.wall, self.engine.gateway_time(now));
                self.links.start(link, Purpose::Broker, &brokers, prefer.as_ref(), now.boot);
            }
            Output::Probe { link } => {
                if self.servers.first().and_then(|server| Address::https(server)).is_none_or(|s| s.is_loopback()) {
                    // Nothing can be between us and this machine.
                    self.engine.handle_probed(now, link, Internet::Unknown);
                } else {
                    self.links.start(link, Purpose::Probe(portal::PORT), &self.servers, None, now.boot);
                }
            }
            Output::Send { link, bytes } => {
                self.links.send(link, &bytes);
                // Before what follows: the other side works on it meanwhile.
                self.links.flush();
            }
            Output::Close { link } => self.links.close(link),
            Output::Commit { id, writes } => {
                let result = self.commit(&writes);
                // The disk may have taken its time.
                self.engine.handle_committed(clock::now(), id, result);
            }
            Output::AskShowing { sequences } => {
                let showing = self.platform.showing(&sequences);
                self.engine.handle_showing(now, &showing);
            }
            Output::Present { sequence, silent } => self.present(now, sequence, silent),
            Output::Cancel { sequence } => self.platform.cancel(now.boot, sequence),
            Output::Callback { id, callback } => self.call_back(now, id, callback),
            Output::WakeLock(longest) => {
                if let Some(alarms) = &mut self.alarms {
                    alarms.hold(now.boot, longest);
                    self.platform.wake_lock(longest);
                }
            }
            Output::Event(event) => self.keep(now, &event),
        }
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), String> {
        let batch = records::batch(writes).map_err(|error| error.to_string())?;
        self.store.commit(batch).map_err(|error| error.to_string())
    }

    fn present(&mut self, now: Now, sequence: u64, silent: bool) {
        match records::message(&self.store, sequence) {
            Ok(message) => self.platform.present(now.boot, Presentation { sequence, message, silent }),
            Err(reason) => {
                self.engine.handle_presented(now, sequence, offpush_engine::Presented::Blocked { reason });
            }
        }
    }

    /// Writes the events of this turn.
    pub(crate) fn flush_history(&mut self) {
        if let Some(history) = &mut self.history
            && let Err(error) = history.flush()
        {
            log::warn!("events are missing in the history: {error}");
        }
    }

    /// Appends an event to the history, and tells it to those who watch.
    fn keep(&mut self, now: Now, event: &Event) {
        #[derive(Serialize)]
        struct Item<'a> {
            at: i64,
            #[serde(flatten)]
            event: &'a Event,
        }
        let json = match serde_json::to_string(&Item { at: now.wall, event }) {
            Ok(json) => json,
            Err(error) => return log::error!("an event cannot be written: {error}"),
        };
        log::debug!("{json}");
        if let Some(history) = &mut self.history
            && let Err(error) = history.append(HISTORY_VERSION, json.as_str())
        {
            log::warn!("an event is missing in the history: {error}");
        }
        self.control.event(&json);
    }

    /// When the loop has something to do without an event, in boot time; never before the next millisecond, so that it
    /// cannot spin whatever it is told.
    fn next_timeout(&self) -> Option<u64> {
        let deadlines = [
            // At the latest moment: whatever wakes the daemon before it saves a wake-up.
            self.engine.next_timeout().map(|wake| wake.latest),
            self.links.next_timeout(),
            self.platform.next_timeout(),
            self.control.next_timeout(),
        ];
        let soonest = deadlines.into_iter().flatten().min()?;
        Some(soonest.max(clock::now().boot + 1))
    }

    /// The status page at this moment.
    pub(crate) fn status(&self, now: Now) -> StatusPage {
        let statistics = self.store.statistics();
        let (bytes_in, bytes_out) = self.links.bytes();
        let facts = Facts {
            package: self.package.clone(),
            servers: self.servers.clone(),
            broker: self.links.broker().map(str::to_owned),
            alarm: self.alarm(now),
            last_message: self.engine.messages().next_back().map(page::last_message),
            storage: Storage {
                bytes: self.store.size_bytes(),
                dead_bytes: self.store.dead_bytes(),
                ..self.found.clone()
            },
            today: self.usage.today(),
            process: Process {
                pid: std::process::id(),
                started_at: self.started_at,
                wake_ups: self.wake_ups,
                bytes_in,
                bytes_out,
                commits: statistics.commits,
                syncs: statistics.syncs,
            },
        };
        page::page(self.engine.status(now), facts, &self.said, now.wall)
    }

    fn alarm(&self, now: Now) -> Option<Alarm> {
        let wake = self.engine.next_timeout()?;
        let at = |boot: u64| now.wall.saturating_add_unsigned(boot).saturating_sub_unsigned(now.boot);
        Some(Alarm {
            earliest: at(wake.deadline),
            latest: at(wake.latest),
            rung: self.said.words("alarm").unwrap_or("timer").to_owned(),
        })
    }

    /// The key of the default network.
    pub(crate) fn network_key(&self) -> Option<u64> {
        match self.network {
            Network::Up { key, .. } => Some(key),
            Network::None => None,
        }
    }
}

/// Whether it is tools and apps alone that want something: being looked at is no cost of the day.
fn is_only_asked(events: &Events) -> bool {
    let of_clients = |token: Token| token == CONTROL || (FIRST_CLIENT..FIRST_LINK).contains(&token.0);
    !events.is_empty() && events.iter().all(|event| of_clients(event.token()))
}

fn found(recovery: &Recovery, unknown_records: usize, unreadable: Vec<String>) -> Storage {
    let mut damage: Vec<String> = recovery.damage.iter().map(ToString::to_string).collect();
    damage.extend(unreadable);
    damage
        .extend(recovery.not_repaired.as_ref().map(|error| format!("the damaged file could not be replaced: {error}")));
    let set_aside = recovery.set_aside.as_ref().map(|path| path.display().to_string());
    Storage { damage, set_aside, unknown_records, ..Storage::default() }
}

/// The system's randomness. Once it has worked it does not fail on Linux (`getrandom(2)`).
fn entropy() -> Result<Box<dyn offpush_engine::Entropy>, DaemonError> {
    let source = provider().secure_random;
    source
        .fill(&mut [0; 1])
        .map_err(|_| DaemonError::System { action: "get random numbers", source: io::ErrorKind::Unsupported.into() })?;
    Ok(Box::new(move |bytes: &mut [u8]| {
        // Secrets that can be guessed would be worse than no daemon.
        assert!(source.fill(bytes).is_ok(), "the system's random numbers have ended");
    }))
}
