//! Taking what the gateway sends: strictly in order, durably before it is acknowledged.

use offpush_mqtt as mqtt;
use offpush_wire::{Bindings, Click, CommandResult, Down, DownFrame, HelloAnswer, Message, RawEntry};
use offpush_wire::{ReceiptKind, Snapshot, Up};

use crate::config::limit;
use crate::engine::Engine;
use crate::event::Event;
use crate::journal::After;
use crate::record::{Mark, MessageFacts, MessageState, Record, StoredCallback, Write};
use crate::time::SECOND;
use crate::timer::Timer;

/// A hello that is repeated because of a gap goes out at most once in so many milliseconds.
const HELLO_AGAIN: u64 = SECOND;

/// PUBLISH packets withheld, at most: the gateway's window. More are its repetitions, and withholding them too would
/// use up the Receive Maximum, so that the mark that makes room could not come in.
const WITHHELD: usize = limit::RECEIVE_MAXIMUM as usize / 2;

impl Engine {
    pub(crate) fn take_publish(&mut self, publish: &mqtt::Publish<'_>) {
        let room = self.room();
        let frame = match DownFrame::decode(publish.payload) {
            Ok(frame) => frame,
            Err(error) => {
                self.event(Event::NotUnderstood { reason: format!("a frame that is not ours: {error}") });
                return self.acknowledge(publish);
            }
        };
        if let Some(answer) = frame.answer {
            self.hello_answered(&answer, &frame.epoch);
        }
        if let Some(applied) = frame.applied
            && applied.outbox == self.outbox.id()
        {
            self.applied(applied.n);
        }
        if frame.epoch != self.mark.epoch {
            // Only an answer to hello starts a new numbering: ask for one.
            self.hello_again();
            return self.acknowledge(publish);
        }
        if frame.entries.is_empty() {
            return self.acknowledge(publish);
        }
        if let Err(what) = room
            && frame.entries.iter().any(|entry| entry.n > self.mark.up_to)
        {
            return self.withhold(publish, what);
        }
        let before = self.mark.up_to;
        for entry in &frame.entries {
            if entry.n == self.mark.up_to + 1 {
                self.take_entry(entry);
            } else if entry.n > self.mark.up_to {
                self.hello_again();
                break;
            }
        }
        if self.mark.up_to == before {
            // Nothing new: the sender does not have our mark.
            self.journal.then(After::TellMark);
        }
        self.acknowledge(publish);
    }

    /// The PUBACK, behind the writes before it and in the order of the PUBLISH packets (MQTT 5 §4.6).
    fn acknowledge(&mut self, publish: &mqtt::Publish<'_>) {
        if let (Some(link), Some(packet_id)) = (&self.link, publish.packet_id) {
            let link = link.id.0;
            self.journal.then(After::Acknowledge { link, packet_id });
        }
    }

    /// What is full, if nothing more can be taken.
    fn room(&self) -> Result<(), &'static str> {
        if self.messages.pending() >= limit::PENDING {
            Err("messages waiting to be shown")
        } else if self.outbox.is_full() {
            Err("entries waiting for the gateway")
        } else if self.callbacks.len() >= limit::CALLBACKS {
            Err("callbacks waiting for the app")
        } else if self.journal.failure().is_some() {
            Err("writes waiting for the disk")
        } else {
            Ok(())
        }
    }

    /// No room: it is not acknowledged, so the gateway keeps it, and stops when its window is full.
    fn withhold(&mut self, publish: &mqtt::Publish<'_>, what: &'static str) {
        if let (Some(link), Some(packet_id)) = (&mut self.link, publish.packet_id) {
            if link.withheld.len() < WITHHELD {
                link.withheld.push(packet_id);
            } else {
                link.acknowledge(packet_id);
            }
        }
        if self.full.replace(what).is_none() {
            self.event(Event::Full { what: what.to_owned() });
        }
    }

    /// There is room again: what was withheld is acknowledged and asked for again.
    pub(crate) fn leave_full(&mut self) {
        if self.full.is_none() || self.room().is_err() {
            return;
        }
        self.full = None;
        if let Some(link) = self.link.as_mut().filter(|link| link.is_online() && !link.withheld.is_empty()) {
            for packet_id in std::mem::take(&mut link.withheld) {
                link.acknowledge(packet_id);
            }
            self.send_hello();
        }
    }

    fn hello_answered(&mut self, answer: &HelloAnswer, epoch: &str) {
        let now = self.now.boot;
        let Some(link) = self.link.as_mut().filter(|link| link.connection == answer.connection) else { return };
        if !link.hello_answered {
            link.hello_answered = true;
            let took = now.saturating_sub(link.hello_sent);
            self.timers.clear(Timer::Resend);
            self.resend_wait = self.config.timing.resend;
            self.event(Event::GatewayPresent { took });
        }
        if let Some(previous) = &answer.previous
            && self.is_shared(previous)
        {
            return;
        }
        self.learn_time(answer.time);
        let lasts = answer.broker_since.map(|since| answer.time.saturating_sub(since).max(0).unsigned_abs());
        self.sentence_silence(lasts);
        if let Some(seconds) = answer.reconnect_window {
            self.reconnect_window = (u64::from(seconds) * SECOND).min(limit::RECONNECT_WINDOW_MAX);
        }
        if epoch != self.mark.epoch {
            self.event(Event::NewEpoch { epoch: epoch.to_owned() });
            let had_one = !self.mark.epoch.is_empty();
            self.reset_mark(epoch);
            if had_one {
                // The gateway has gone back in time and may lack anything: it gets our whole state first.
                self.renew_outbox();
            }
        }
        self.learn_bindings(answer.bindings.clone());
    }

    fn hello_again(&mut self) {
        let now = self.now.boot;
        let Some(link) = self.link.as_ref().filter(|link| link.is_online() && !link.suspended) else { return };
        let earliest = link.hello_sent + HELLO_AGAIN;
        if now >= earliest {
            self.send_hello();
        } else if let Some(link) = &mut self.link {
            link.hello_answered = false;
            self.timers.set(Timer::Resend, earliest, 0);
        }
    }

    fn applied(&mut self, n: u64) {
        let before = self.outbox.len();
        if !self.outbox.applied(&mut self.journal, n) {
            // It has seen entries that we have not made: our storage went back in time.
            return self.renew_outbox();
        }
        if self.outbox.len() < before {
            self.resend_wait = self.config.timing.resend;
            self.timers.clear(Timer::Resend);
        }
    }

    pub(crate) fn renew_outbox(&mut self) {
        let snapshot = self.snapshot();
        self.outbox.renew(&mut self.journal, &mut *self.entropy, Some(snapshot));
    }

    pub(crate) fn snapshot(&self) -> Up {
        Up::Snapshot(Snapshot {
            aliases: self.names.aliases.clone(),
            accounts: self.names.accounts.clone(),
            topics: self.names.topics.clone(),
            accept_time: self.names.accept_time,
            bindings: self.names.bindings.clone(),
        })
    }

    fn take_entry(&mut self, entry: &RawEntry<'_>) {
        match entry.down() {
            Ok(Down::Message(message)) => self.take_message(*message, entry.body_text()),
            Ok(Down::Withdraw(withdraw)) => {
                let withdrawn = |facts: &MessageFacts| withdraw.messages.contains(&facts.id);
                self.cancel(withdrawn, "withdrawn");
            }
            Ok(Down::Unbind(bindings)) => self.learn_bindings(bindings),
            Ok(Down::Result(result)) => self.take_result(result),
            Ok(Down::Settings(settings)) => {
                // Without any the phone could not be told of others.
                let brokers = settings.brokers.filter(|brokers| !brokers.is_empty());
                if let (Some(brokers), Some(mut identity)) = (brokers, self.identity.clone()) {
                    identity.brokers = brokers;
                    identity.brokers.truncate(limit::BROKERS);
                    self.save_identity(identity);
                }
            }
            Ok(Down::Void) => {}
            Err(error) => {
                let reason = error.to_string();
                self.event(Event::NotUnderstood { reason: reason.clone() });
                self.receipt(&entry.id, ReceiptKind::Blocked, Some(&reason));
            }
        }
        self.mark = Mark { up_to: entry.n, id: entry.id.clone().into_owned(), ..std::mem::take(&mut self.mark) };
    }

    fn take_message(&mut self, message: Message, body: &str) {
        if message.again && self.messages.find(&message.id).is_some() {
            return;
        }
        let job = message.job_key().map(hash);
        let facts = MessageFacts {
            pass_through: message.pass_through == 1,
            notify_id: message.notify_id,
            binding: message.binding,
            job,
            silent: message.again,
            click_calls_back: message.click() == Click::App,
            time_to_live: message.expires_in,
            arrived_boot: self.now.boot,
            boot_id: self.config.boot_id,
            arrived_wall: self.now.wall,
            id: message.id,
        };
        let id = facts.id.clone();
        let pass_through = facts.pass_through;
        let unwanted = if !self.is_active() {
            Some("the app has unregistered")
        } else if facts.binding.is_some_and(|binding| self.names.bindings.is_void(binding)) {
            Some("the user is not logged in any more")
        } else if job.is_some_and(|job| self.messages.has_job(job)) {
            Some("a message with the same job key was shown")
        } else {
            None
        };
        let sequence = self.messages.add(&mut self.journal, facts, body.as_bytes().to_vec());
        self.event(Event::Arrived { id: id.clone(), sequence });
        self.journal.then(After::Stored { sequence });
        if let Some(reason) = unwanted {
            self.set_state(sequence, MessageState::Blocked, Some(reason));
            self.receipt(&id, ReceiptKind::Blocked, Some(reason));
        } else if pass_through {
            self.callbacks.push(&mut self.journal, StoredCallback::PassThrough(sequence));
        } else {
            self.journal.then(After::Arrived { sequence });
        }
    }

    fn learn_bindings(&mut self, bindings: Bindings) {
        if bindings == self.names.bindings {
            return;
        }
        self.names.bindings = bindings;
        self.save_names();
        let known = self.names.bindings.clone();
        self.cancel(
            |facts| facts.binding.is_some_and(|binding| known.is_void(binding)),
            "the user is not logged in any more",
        );
    }

    fn take_result(&mut self, result: CommandResult) {
        let is_echo = result.command == offpush_wire::names::ECHO;
        if is_echo && result.code == 0 {
            return self.event(Event::Echoed { text: result.arguments.into_iter().next().unwrap_or_default() });
        }
        self.event(Event::CommandResult {
            command: result.command.clone(),
            code: result.code,
            reason: result.reason.clone(),
        });
        if is_echo {
            return;
        }
        self.apply_result(&result);
        let unregistration = (result.command == offpush_wire::names::UNREGISTER).then_some(result.code);
        self.callbacks.push(
            &mut self.journal,
            StoredCallback::Result {
                command: result.command,
                arguments: result.arguments,
                code: result.code,
                reason: result.reason,
            },
        );
        if let Some(code) = unregistration {
            self.leave_after_result(code);
        }
    }

    pub(crate) fn save_names(&mut self) {
        self.journal.write(Write::Put(Record::Names(self.names.clone())));
        self.journal.make_urgent();
    }
}

/// FNV-1a, 64 bits: a job key only has to be compared with some thousand others.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
