//! What the app asks for, what it is told, and the receipts of messages.

use offpush_wire::{AcceptTime, Command, CommandResult, Receipt, ReceiptKind, Up, names};

use crate::config::limit;
use crate::engine::Engine;
use crate::event::Event;
use crate::input::CommandRefused;
use crate::messages::Messages;
use crate::output::{Callback, Output};
use crate::record::{MessageState, Standing, StoredCallback};
use crate::time::Now;

impl Engine {
    /// The app asks for something; the result follows as a callback, once the gateway has answered.
    pub fn handle_command(&mut self, now: Now, command: Command) -> Result<(), CommandRefused> {
        self.now = now;
        let result = self.command(command);
        self.finish();
        result
    }

    fn command(&mut self, command: Command) -> Result<(), CommandRefused> {
        let proper =
            |name: &String| !name.is_empty() && name.len() <= limit::NAME && !name.contains(|c: char| c.is_control());
        let ticket_fits = !matches!(&command, Command::ReportToken { sig, .. } if sig.len() > limit::TICKET);
        if !command.arguments().iter().all(proper) || !ticket_fits {
            return Err(CommandRefused::InvalidName);
        }
        if !self.is_active() {
            return Err(CommandRefused::NotRegistered);
        }
        if self.outbox.is_full() {
            return Err(CommandRefused::OutboxFull);
        }
        // A question must neither wait for better days nor take the room of what has to be said.
        let hears_gateway =
            self.link.as_ref().is_some_and(|link| link.is_online() && !link.suspended && link.hello_answered);
        if matches!(command, Command::Echo { .. }) && (!hears_gateway || self.outbox.len() >= limit::OUTBOX / 2) {
            return Err(CommandRefused::NoEcho);
        }
        self.event(Event::Command { command: command.name().to_owned() });
        let unregister = command == Command::Unregister;
        self.outbox.push(&mut self.journal, &Up::Command(command));
        self.journal.make_urgent();
        if unregister {
            self.leave();
        }
        Ok(())
    }

    /// Nothing is shown any more from now on; the identity ends with the gateway's answer.
    fn leave(&mut self) {
        if let Some(mut identity) = self.identity.clone() {
            identity.standing = Standing::Leaving;
            let never_registered = identity.reg_id.is_none();
            self.save_identity(identity);
            self.cancel(|_| true, "the app has unregistered");
            if never_registered {
                self.left_without_result();
            }
        }
    }

    /// The result is durable with the end of the identity. A gateway that could not unregister it has it go on.
    pub(crate) fn leave_after_result(&mut self, code: i64) {
        let leaving = self.identity.clone().filter(|identity| identity.standing == Standing::Leaving);
        match leaving {
            Some(_) if code == 0 => self.left(),
            Some(mut identity) => {
                identity.standing = Standing::Active;
                self.save_identity(identity);
                if std::mem::take(&mut self.register_after_leaving) {
                    self.tell_registration();
                }
            }
            None => {}
        }
    }

    /// What the gateway confirmed is what holds.
    pub(crate) fn apply_result(&mut self, result: &CommandResult) {
        if result.code != 0 {
            return;
        }
        let argument = |index: usize| result.arguments.get(index).cloned().unwrap_or_default();
        let known = &mut self.names;
        match result.command.as_str() {
            names::SET_ALIAS => add(&mut known.aliases, argument(0)),
            names::UNSET_ALIAS => known.aliases.retain(|name| *name != argument(0)),
            names::SET_ACCOUNT => add(&mut known.accounts, argument(0)),
            names::UNSET_ACCOUNT => known.accounts.retain(|name| *name != argument(0)),
            names::SUBSCRIBE_TOPIC => add(&mut known.topics, argument(0)),
            names::UNSUBSCRIBE_TOPIC => known.topics.retain(|name| *name != argument(0)),
            names::ACCEPT_TIME => {
                if let (Some(start), Some(end)) = (minutes(&argument(0)), minutes(&argument(1))) {
                    known.accept_time = Some(AcceptTime { start, end, utc_offset: self.now.utc_offset });
                }
            }
            _ => return,
        }
        self.save_names();
    }

    /// An app began or ceased to listen for callbacks.
    pub fn handle_app(&mut self, now: Now, listens: bool) {
        self.now = now;
        self.callbacks.set_app_listens(listens);
        self.finish();
    }

    /// The app has taken a callback.
    pub fn handle_callback_taken(&mut self, now: Now, id: u64) {
        self.now = now;
        if let Some(StoredCallback::PassThrough(sequence)) = self.callbacks.take(&mut self.journal, id) {
            self.handed_over(sequence);
        }
        self.finish();
    }

    pub(crate) fn deliver_callbacks(&mut self) {
        while let Some((id, stored)) = self.callbacks.next_to_deliver() {
            let callback = match stored {
                StoredCallback::Result { command, arguments, code, reason } => {
                    Callback::Result { command, arguments, code, reason }
                }
                StoredCallback::Clicked(sequence) => Callback::Clicked { sequence },
                StoredCallback::PassThrough(sequence) => {
                    let waits = self.messages.get(sequence).filter(|message| message.state == MessageState::Pending);
                    let time_left =
                        waits.map(|message| Messages::time_left(&message.facts, self.config.boot_id, self.now));
                    if time_left.is_none_or(|left| left == 0) {
                        self.callbacks.take(&mut self.journal, id);
                        if time_left.is_some() {
                            self.expire_one(sequence);
                        }
                        continue;
                    }
                    Callback::PassThrough { sequence }
                }
            };
            self.output(Output::Callback { id: Some(id), callback });
        }
    }

    pub(crate) fn receipt(&mut self, id: &str, what: ReceiptKind, reason: Option<&str>) {
        // The unregistration is the last entry of its outbox.
        if !self.is_active() {
            return;
        }
        let receipt = Receipt { id: id.to_owned(), what, reason: reason.map(str::to_owned), at: self.now.wall };
        self.outbox.push(&mut self.journal, &Up::Receipt(receipt));
    }
}

fn add(names: &mut Vec<String>, name: String) {
    names.retain(|known| *known != name);
    names.push(name);
    if names.len() > limit::NAMES {
        names.remove(0);
    }
}

/// `HH:mm` as minutes since midnight.
fn minutes(clock: &str) -> Option<u16> {
    let (hours, minutes) = clock.split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}
