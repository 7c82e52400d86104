//! The state machine as a whole: what it is made of, and what every input ends with.

use std::collections::VecDeque;

use crate::alarms::Alarms;
use crate::back_off::BackOff;
use crate::callbacks::Callbacks;
use crate::config::{Config, limit};
use crate::connection::News;
use crate::contact::Contact;
use crate::entropy::{Entropy, token};
use crate::event::{Disconnected, Event};
use crate::input::{CommitId, Internet, LinkId, Network};
use crate::journal::{After, Journal};
use crate::link::Link;
use crate::messages::Messages;
use crate::networks::Networks;
use crate::outbox::Outbox;
use crate::output::{Callback, Output};
use crate::record::{Identity, Mark, Names, Record, Standing, Write};
use crate::silence::Suspect;
use crate::status::{NextAction, Phase};
use crate::time::{HOUR, MINUTE, Now, Wake};
use crate::timer::{Timer, Timers};
use crate::waiting::LastingWait;
use crate::way_out::WayOut;

/// What the phone does next, as a pure state machine; see the [crate's documentation](crate) for how to drive it.
pub struct Engine {
    pub(crate) config: Config,
    pub(crate) entropy: Box<dyn Entropy>,
    /// The moment of the input that is being handled.
    pub(crate) now: Now,

    pub(crate) identity: Option<Identity>,
    pub(crate) mark: Mark,
    written_mark: Mark,
    pub(crate) durable_mark: Mark,
    pub(crate) names: Names,
    pub(crate) messages: Messages,
    pub(crate) outbox: Outbox,
    pub(crate) callbacks: Callbacks,
    pub(crate) journal: Journal,
    pub(crate) timers: Timers,
    outputs: VecDeque<Output>,

    pub(crate) network: Network,
    pub(crate) phase: Phase,
    pub(crate) phase_since: i64,
    /// When the last connection ended, or the engine began.
    pub(crate) down_since: i64,
    /// The registration request under way.
    pub(crate) registering: Option<LinkId>,
    pub(crate) link: Option<Link>,
    /// The attempt on a new default network while `link` serves on the old one.
    pub(crate) successor: Option<Link>,
    pub(crate) next_link: u64,
    pub(crate) back_off: BackOff,
    pub(crate) long_back_off: BackOff,
    pub(crate) resend_wait: u64,
    pub(crate) last_failure: Option<Disconnected>,
    pub(crate) networks: Networks,
    /// A connection that a silence may have killed.
    pub(crate) suspect: Option<Suspect>,
    /// How the platform's alarms come.
    pub(crate) alarms: Alarms,
    pub(crate) contact: Contact,
    /// The last attempt, while contact was lost, went to the gateway.
    pub(crate) asked_gateway: bool,
    /// The gateway asked not to be asked for a registration before this moment, boot time.
    pub(crate) patience_until: u64,
    /// The next attempt asks the gateway rather than a broker.
    pub(crate) repeat_registration: bool,
    /// The app registered again while its old identity was ending.
    pub(crate) register_after_leaving: bool,
    pub(crate) refused_at: u64,
    /// A broker named by another broker, for the next attempts.
    pub(crate) moved_to: Option<String>,
    pub(crate) last_takeover: Option<u64>,
    /// The ids of this process's last connections.
    pub(crate) own_connections: VecDeque<String>,
    pub(crate) lasting_wait: Option<LastingWait>,
    /// A wait is on disk.
    pub(crate) wait_is_kept: bool,
    /// Over how many milliseconds phones spread that a server's end has cut off: what the gateway asked for last.
    pub(crate) reconnect_window: u64,
    pub(crate) way_out: WayOut,
    /// What a gateway told last, and when in boot time.
    pub(crate) gateway_time: Option<(i64, u64)>,

    /// The platform has said what is showing since the start.
    pub(crate) knows_showing: bool,
    /// The platform said that it cannot show now.
    pub(crate) cannot_present: bool,
    /// It said so last time: one message finds out whether it can again, rather than all that wait.
    pub(crate) tries_one: bool,
    pub(crate) presenting: usize,
    pub(crate) full: Option<&'static str>,
    /// Until when it is held, boot time.
    wake_lock: Option<u64>,
    pub(crate) bytes_received: u64,
    pub(crate) bytes_sent: u64,
}

impl Engine {
    /// An engine with what was kept, in any order. The first input has to be [`Engine::handle_network`].
    pub fn new(
        config: Config,
        records: impl IntoIterator<Item = Record>,
        entropy: Box<dyn Entropy>,
        now: Now,
    ) -> Engine {
        let mut identity = None;
        let mut mark = Mark::default();
        let mut names = Names::default();
        let (mut facts, mut states) = (Vec::new(), Vec::new());
        let (mut stored_outbox, mut entries) = (None, Vec::new());
        let mut callbacks = Vec::new();
        let mut gateway_time = None;
        let mut unreached = 0;
        let mut networks = Vec::new();
        let mut stored_wait = None;
        for record in records {
            match record {
                Record::Identity(stored) => identity = Some(stored),
                Record::Mark(stored) => mark = stored,
                Record::Message(sequence, message) => facts.push((sequence, message.facts)),
                Record::MessageState(sequence, state) => states.push((sequence, state)),
                Record::Outbox(stored) => stored_outbox = Some(stored),
                Record::OutboxEntry(entry) => entries.push(entry),
                Record::Names(stored) => names = stored,
                Record::Callback(id, callback) => callbacks.push((id, callback)),
                // Nobody knows how long ago that was: it counts from now on, as the earliest it can be.
                Record::GatewayTime(time) => gateway_time = Some((time, now.boot)),
                Record::Unreached(milliseconds) => unreached = milliseconds,
                Record::Network(key, known) => networks.push((key, known)),
                Record::Wait(stored) => stored_wait = Some(stored),
            }
        }
        let messages = Messages::restore(facts, states, config.boot_id);
        let (outbox, outbox_is_whole) = Outbox::restore(stored_outbox, entries);
        let timing = config.timing;
        let mut engine = Engine {
            entropy,
            now,
            identity,
            written_mark: mark.clone(),
            durable_mark: mark.clone(),
            mark,
            names,
            messages,
            outbox,
            callbacks: Callbacks::restore(callbacks),
            journal: Journal::default(),
            timers: Timers::default(),
            outputs: VecDeque::new(),
            network: Network::None,
            phase: Phase::NoNetwork,
            phase_since: now.wall,
            down_since: now.wall,
            registering: None,
            link: None,
            successor: None,
            next_link: 1,
            back_off: BackOff::new(timing.back_off_base, timing.back_off_cap),
            long_back_off: BackOff::new(timing.long_back_off_base, timing.long_back_off_cap),
            resend_wait: timing.resend,
            last_failure: None,
            networks: Networks::restore(networks),
            suspect: None,
            alarms: Alarms::default(),
            contact: Contact::new(now.boot, unreached),
            asked_gateway: false,
            patience_until: 0,
            repeat_registration: false,
            register_after_leaving: false,
            refused_at: 0,
            moved_to: None,
            last_takeover: None,
            own_connections: VecDeque::new(),
            lasting_wait: None,
            wait_is_kept: false,
            reconnect_window: limit::RECONNECT_WINDOW,
            way_out: WayOut::default(),
            gateway_time,
            knows_showing: true,
            cannot_present: false,
            tries_one: false,
            presenting: 0,
            full: None,
            wake_lock: None,
            bytes_received: 0,
            bytes_sent: 0,
            config,
        };
        if let Some(stored) = &stored_wait {
            engine.restore_wait(stored);
        }
        engine.start(outbox_is_whole);
        engine
    }

    fn start(&mut self, outbox_is_whole: bool) {
        self.event(Event::Started { pending: self.messages.pending(), registered: self.has_reg_id() });
        let other_app = self
            .identity
            .as_ref()
            .is_some_and(|stored| stored.app_id != self.config.app_id || stored.package != self.config.package);
        if other_app {
            // What belonged to the other app must not reach this one's gateway or be shown in its name.
            self.names = Names::default();
            self.save_names();
            self.outbox.clear(&mut self.journal);
            self.cancel(|_| true, "it belonged to another app");
        }
        if self.identity.is_none() || other_app {
            self.new_identity();
        } else if !outbox_is_whole {
            self.renew_outbox();
        }
        let unclear: Vec<u64> = self.messages.presenting().collect();
        if !unclear.is_empty() {
            self.knows_showing = false;
            self.output(Output::AskShowing { sequences: unclear });
        }
        self.finish();
    }

    /// The next output, until there is none.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`Engine::handle_timeout`]; it changes with every input.
    pub fn next_timeout(&self) -> Option<Wake> {
        self.timers.next()
    }

    /// The clock: does what has become due. Calls that come too early do no harm, late ones are noticed.
    pub fn handle_timeout(&mut self, now: Now) {
        self.now = now;
        for timer in Timer::ALL {
            let Some(wake) = self.timers.take_expired(timer, now.boot) else { continue };
            let late = now.boot.saturating_sub(wake.latest);
            if late >= ALARM_LATE {
                self.event(Event::AlarmLate { late });
            }
            match timer {
                Timer::Attempt => self.attempt_timed_out(),
                Timer::Ping => {
                    // A ping that rode on another wake-up says nothing about alarms.
                    if now.boot >= wake.latest {
                        self.alarms.came(wake.latest, now.boot);
                    }
                    self.ping();
                }
                Timer::PingAnswer => self.ping_unanswered(),
                // It follows the probe.
                Timer::Retry if self.is_probing() => {}
                Timer::Retry => self.attempt(),
                Timer::Probe => self.probe_timed_out(),
                Timer::Resend => self.resend(),
                Timer::LazyCommit => self.journal.make_urgent(),
                Timer::CommitRetry => {}
                Timer::Expiry => self.expire(),
                Timer::AcceptTime => {}
                Timer::NetworkRecheck => {
                    self.timers.set(Timer::NetworkRecheck, now.boot + limit::NETWORK_RECHECK, HOUR);
                }
            }
        }
        self.finish();
    }

    /// The default network: once at the start, and at every change.
    pub fn handle_network(&mut self, now: Now, network: Network) {
        self.now = now;
        if network != self.network {
            self.event(Event::NetworkChanged { network: network.clone() });
        }
        let before = std::mem::replace(&mut self.network, network);
        let news = match (&before, &self.network) {
            (before, now) if before == now => News::Nothing,
            (Network::Up { key: before, .. }, Network::Up { key: now, .. }) if before == now => News::Change,
            _ => News::Network,
        };
        if news != News::Nothing {
            self.end_probe();
        }
        match self.network {
            Network::None => {
                self.way_out.network_changed(Internet::Unknown, false);
                self.contact.network_lost(now.boot);
                self.network_lost();
            }
            Network::Up { key, internet, .. } => {
                self.way_out.network_changed(internet, news != News::Network);
                self.contact.network_gained(now.boot);
                self.network_gained(key, news);
            }
        }
        self.finish();
    }

    /// A group of writes is on disk, or the disk refused it (in the system's words).
    pub fn handle_committed(&mut self, now: Now, id: CommitId, result: Result<(), String>) {
        self.now = now;
        match result {
            Ok(()) => {
                let waiting = self.journal.committed(id);
                self.run_after(waiting);
            }
            Err(error) => {
                if self.journal.failure() != Some(&error) {
                    self.event(Event::StorageFailed { error: error.clone() });
                }
                self.journal.failed(id, error);
                self.timers.set(Timer::CommitRetry, now.boot + limit::COMMIT_RETRY, 0);
            }
        }
        self.finish();
    }

    /// The daemon stops: says goodbye to the broker. Outputs that follow still have to be done.
    pub fn handle_stop(&mut self, now: Now) {
        self.now = now;
        self.journal.make_urgent();
        self.disconnect(offpush_mqtt::ReasonCode::DISCONNECT_WITH_WILL_MESSAGE, Disconnected::Stopping);
        self.event(Event::Stopped);
        self.finish();
    }

    fn run_after(&mut self, waiting: Vec<After>) {
        let mut tell_mark = false;
        let mut presentations = Vec::new();
        for after in waiting {
            match after {
                After::Acknowledge { link, packet_id } => {
                    if let Some(current) = self.link.as_mut().filter(|current| current.id.0 == link) {
                        current.acknowledge(packet_id);
                    }
                }
                After::Mark(durable) => {
                    self.durable_mark = durable;
                    tell_mark = true;
                }
                After::TellMark => tell_mark = true,
                After::Present { sequence, silent } => presentations.push((sequence, silent)),
                After::Stored { sequence } => {
                    if let Some(message) = self.messages.get(sequence) {
                        let id = message.facts.id.clone();
                        self.event(Event::Stored { id, sequence });
                    }
                }
                After::Arrived { sequence } => {
                    if self.callbacks.app_listens() {
                        self.output(Output::Callback { id: None, callback: Callback::Arrived { sequence } });
                    }
                }
                After::OutboxDurable { outbox, n } => self.outbox.durable(&outbox, n),
                After::CallbacksDurable { id } => self.callbacks.durable(id),
                After::Register { link } => self.send_registration(link),
            }
        }
        // The gateway's next window is on its way while this one is presented; the mark rides on entries if there are
        // any.
        let told = self.fill_outbox();
        if tell_mark && !told {
            self.send_mark();
        }
        self.flush_link();
        for (sequence, silent) in presentations {
            self.present(sequence, silent);
        }
    }

    /// What every input ends with: as much as is possible now is put out.
    pub(crate) fn finish(&mut self) {
        self.present_next();
        self.deliver_callbacks();
        self.messages.prune(&mut self.journal, |sequence| self.callbacks.needs(sequence));
        self.commit();
        self.leave_full();
        self.fill_outbox();
        self.flush_link();
        self.arm_timers();
        self.adjust_wake_lock();
    }

    fn commit(&mut self) {
        if self.mark != self.written_mark && !self.journal.is_in_flight() {
            self.written_mark = self.mark.clone();
            self.journal.write(Write::Put(Record::Mark(self.mark.clone())));
            self.journal.then_lazily(After::Mark(self.mark.clone()));
        }
        if self.journal.is_empty() || self.journal.is_in_flight() || self.timers.get(Timer::CommitRetry).is_some() {
            return;
        }
        if !self.journal.is_urgent() {
            if self.timers.get(Timer::LazyCommit).is_none() {
                self.timers.set(Timer::LazyCommit, self.now.boot + limit::LAZY_COMMIT, 0);
            }
            return;
        }
        self.timers.clear(Timer::LazyCommit);
        let (id, writes) = self.journal.start();
        if writes.is_empty() {
            let waiting = self.journal.committed(id);
            self.run_after(waiting);
        } else {
            self.output(Output::Commit { id, writes });
        }
    }

    fn arm_timers(&mut self) {
        let now = self.now;
        let (mut ping, mut answer) = (None, None);
        if let Some(link) = self.link.as_ref().filter(|link| link.is_online() && !link.suspended) {
            ping = link.heartbeat.ping_due(&self.alarms);
            answer = link.heartbeat.answer_due();
            let unanswered = !link.hello_answered || self.outbox.is_waiting();
            if unanswered && self.timers.get(Timer::Resend).is_none() {
                self.timers.set(Timer::Resend, now.boot + self.resend_wait, 0);
            }
        } else {
            self.timers.clear(Timer::Resend);
        }
        match ping {
            Some(Wake { deadline, latest }) => self.timers.set(Timer::Ping, deadline, latest - deadline),
            None => self.timers.clear(Timer::Ping),
        }
        self.arm(Timer::PingAnswer, answer, 0);
        let expiry = self.messages.next_expiry(now);
        self.arm(Timer::Expiry, expiry, EXPIRY_SLACK);
        let opens = self.names.accept_time.and_then(|time| time.opens_in(now.wall)).filter(|wait| *wait > 0);
        let opens = opens.filter(|_| self.messages.pending() > 0).map(|wait| now.boot + wait);
        self.arm(Timer::AcceptTime, opens, MINUTE);
    }

    fn arm(&mut self, timer: Timer, deadline: Option<u64>, slack: u64) {
        match deadline {
            Some(deadline) => self.timers.set(timer, deadline, slack),
            None => self.timers.clear(timer),
        }
    }

    /// Held until the deadline of an attempt or of a ping's answer, and from a message's arrival until the platform
    /// has it. A need that outlasts the lock takes it anew, with its own length.
    fn adjust_wake_lock(&mut self) {
        let now = self.now.boot;
        let held = self.wake_lock.filter(|until| *until > now);
        let deadline =
            [Timer::Attempt, Timer::PingAnswer, Timer::Probe].into_iter().filter_map(|timer| self.timers.get(timer));
        let busy = self.journal.is_in_flight() || self.presenting > 0;
        let presentation = busy.then(|| held.unwrap_or(now + limit::PRESENTATION));
        let wanted = deadline.map(|wake| wake.latest).max().max(presentation);
        match wanted {
            Some(until) if held < wanted => self.output(Output::WakeLock(Some(until.saturating_sub(now)))),
            None if self.wake_lock.is_some() => self.output(Output::WakeLock(None)),
            _ => return,
        }
        self.wake_lock = wanted;
    }

    pub(crate) fn output(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(crate) fn event(&mut self, event: Event) {
        log::debug!("{event:?}");
        self.outputs.push_back(Output::Event(event));
    }

    pub(crate) fn set_phase(&mut self, phase: Phase) {
        if self.phase != phase {
            if self.phase == Phase::Connected {
                self.down_since = self.now.wall;
            }
            self.phase = phase;
            self.phase_since = self.now.wall;
        }
    }

    pub(crate) fn new_link(&mut self) -> LinkId {
        let id = LinkId(self.next_link);
        self.next_link += 1;
        id
    }

    pub(crate) fn connection_id(&mut self) -> String {
        token(&mut *self.entropy, 16)
    }

    pub(crate) fn has_reg_id(&self) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.reg_id.is_some())
    }

    pub(crate) fn is_active(&self) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.standing == Standing::Active)
    }

    /// What happens next by itself, for the status.
    pub(crate) fn next_action(&self) -> Option<(NextAction, u64)> {
        let (action, timer) = match &self.phase {
            Phase::Unregistered | Phase::RegistrationRefused { .. } => return None,
            Phase::NoNetwork => (NextAction::CheckNetwork, Timer::NetworkRecheck),
            Phase::Registering | Phase::Connecting | Phase::Handshaking => (NextAction::GiveUp, Timer::Attempt),
            Phase::WaitingToRegister { .. } | Phase::Waiting(_) => {
                let connects = self.has_reg_id() && !self.repeat_registration;
                let next = if connects { NextAction::Connect } else { NextAction::Register };
                (next, Timer::Retry)
            }
            Phase::Connected => match self.timers.get(Timer::PingAnswer) {
                Some(_) => (NextAction::GiveUp, Timer::PingAnswer),
                None => (NextAction::Ping, Timer::Ping),
            },
        };
        self.timers.get(timer).map(|wake| (action, wake.latest))
    }

    pub(crate) fn bytes(&self) -> (u64, u64) {
        (self.bytes_sent, self.bytes_received)
    }

    pub(crate) fn durable_mark(&self) -> &Mark {
        &self.durable_mark
    }

    /// Numbers start again: what is durable of the mark is written with the next commit.
    pub(crate) fn reset_mark(&mut self, epoch: &str) {
        self.mark = Mark { epoch: epoch.to_owned(), up_to: 0, id: String::new() };
    }
}

/// A timer this many milliseconds after its latest moment was late: well above what a loaded system adds.
const ALARM_LATE: u64 = 5_000;

/// An expired message that nobody can see yet may wait this many milliseconds for another wake-up.
const EXPIRY_SLACK: u64 = HOUR;
