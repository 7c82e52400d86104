//! What a client's request does.

use mio::Token;
use offpush_engine::{Callback, Now, UnknownMessage};
use offpush_inspect::{
    Answer, AppCallback, AppMessage, CallbackLine, Command, ControlError, ErrorCode, KnownNetwork, Notification,
    Operation,
};
use offpush_wire::{AcceptTime, Message, Target};

use crate::daemon::Daemon;
use crate::offline;
use crate::page::{known_network, notification};
use crate::records;

/// Messages in one page of the list.
const PAGE_ITEMS: usize = 200;

/// Bytes of content in one page of the list, above which it ends; the last message may exceed it by its own 120 KiB.
/// With what JSON adds a page stays far below [`offpush_inspect::MAXIMUM_ANSWER_BYTES`].
const PAGE_BYTES: usize = 64 * 1024;

/// Events in one answer, if the client does not ask for fewer. An event takes a few hundred bytes.
const HISTORY_ITEMS: usize = 2_000;

/// Bytes of events in one answer; older ones are left out.
const HISTORY_BYTES: usize = 512 * 1024;

/// The topic of a message to everybody, as Mi Push's clients see it.
const EVERYBODY: &str = "**ALL**";

/// The last minute of a day.
const LAST_MINUTE: u16 = 1_439;

impl Daemon {
    /// Carries out a request and answers it.
    pub(crate) fn operate(&mut self, now: Now, client: Token, operation: Operation) {
        let result = match operation {
            Operation::Watch => {
                self.control.watch(client);
                Ok(Answer::Done)
            }
            Operation::Listen => {
                // The answer comes before the first callback.
                self.control.answer(client, Ok(Answer::Done));
                self.control.listen(client);
                self.app_listens = true;
                self.engine.handle_app(now, true);
                self.engine.handle_register(now);
                return;
            }
            operation => self.answer(now, operation),
        };
        self.control.answer(client, result);
    }

    /// Carries out a request that needs no socket.
    pub(crate) fn answer(&mut self, now: Now, operation: Operation) -> Result<Answer, ControlError> {
        match operation {
            Operation::Status => Ok(Answer::Status(Box::new(self.status(now)))),
            Operation::Notifications { after, limit } => Ok(self.list(after, limit)),
            Operation::Message { seq } => self.message(seq),
            Operation::History { limit } => self.history_answer(limit),
            Operation::Networks => Ok(Answer::Networks(self.known_networks())),
            Operation::Click { id } => done(self.engine.handle_clicked(now, &id), |error| unknown_message(&id, error)),
            Operation::Dismiss { id } => {
                done(self.engine.handle_dismissed(now, &id), |error| unknown_message(&id, error))
            }
            Operation::ClickSummary { ids } => {
                self.engine.handle_summary_clicked(now, &ids);
                Ok(Answer::Done)
            }
            Operation::DismissSummary { ids } => {
                self.engine.handle_summary_dismissed(now, &ids);
                Ok(Answer::Done)
            }
            Operation::Command(command) => self.command(now, command),
            Operation::Echo { text } => {
                done(self.engine.handle_command(now, offpush_wire::Command::Echo { text }), command_refused)
            }
            Operation::Register => {
                self.engine.handle_register(now);
                Ok(Answer::Done)
            }
            Operation::Taken { callback } => {
                self.engine.handle_callback_taken(now, callback);
                Ok(Answer::Done)
            }
            Operation::Watch | Operation::Listen => Err(ControlError {
                code: ErrorCode::BadRequest,
                message: "this is only for clients of the control socket".to_owned(),
            }),
            Operation::Unknown => Err(ControlError {
                code: ErrorCode::UnknownOperation,
                message: "this daemon does not know that operation: use the same version of offpush for both"
                    .to_owned(),
            }),
        }
    }

    fn command(&mut self, now: Now, command: Command) -> Result<Answer, ControlError> {
        let window =
            |start, end| offpush_wire::Command::AcceptTime(AcceptTime { start, end, utc_offset: now.utc_offset });
        let command = match command {
            Command::SetAlias { alias } => offpush_wire::Command::SetAlias { alias },
            Command::UnsetAlias { alias } => offpush_wire::Command::UnsetAlias { alias },
            Command::SetAccount { account } => offpush_wire::Command::SetAccount { account },
            Command::UnsetAccount { account } => offpush_wire::Command::UnsetAccount { account },
            Command::SubscribeTopic { topic } => offpush_wire::Command::SubscribeTopic { topic },
            Command::UnsubscribeTopic { topic } => offpush_wire::Command::UnsubscribeTopic { topic },
            Command::AcceptTime { start, end } if start > LAST_MINUTE || end > LAST_MINUTE => {
                return Err(command_refused(format!("a time of day is 0 to {LAST_MINUTE} minutes since midnight")));
            }
            Command::AcceptTime { start, end } => window(start, end),
            Command::Pause => window(0, 0),
            Command::Resume => window(0, LAST_MINUTE),
            Command::ReportToken { certificate, user, sig } => {
                offpush_wire::Command::ReportToken { certificate, user, sig }
            }
            Command::Logout { user } => offpush_wire::Command::Logout { user },
            Command::Unregister => offpush_wire::Command::Unregister,
        };
        done(self.engine.handle_command(now, command), command_refused)
    }

    fn list(&self, after: Option<u64>, limit: Option<usize>) -> Answer {
        let limit = limit.unwrap_or(PAGE_ITEMS).min(PAGE_ITEMS);
        let mut views =
            self.engine.messages().filter(|view| after.is_none_or(|after| view.sequence > after)).peekable();
        let (mut items, mut bytes) = (Vec::new(), 0);
        while items.len() < limit
            && bytes < PAGE_BYTES
            && let Some(view) = views.next()
        {
            let item = notification(view, records::message(&self.store, view.sequence).ok());
            bytes += content_bytes(&item);
            items.push(item);
        }
        let next = views.peek().and(items.last()).map(|item: &Notification| item.seq);
        Answer::Notifications { items, next }
    }

    fn known_networks(&self) -> Vec<KnownNetwork> {
        let current = self.network_key();
        offline::last_used_first(self.engine.networks().map(|known| known_network(known, current)))
    }

    fn message(&self, seq: u64) -> Result<Answer, ControlError> {
        match records::message(&self.store, seq) {
            Ok(message) => {
                let notified = message.pass_through == 0;
                Ok(Answer::Message(Box::new(app_message(seq, message, notified))))
            }
            Err(message) => Err(ControlError { code: ErrorCode::UnknownMessage, message }),
        }
    }

    fn history_answer(&mut self, limit: Option<usize>) -> Result<Answer, ControlError> {
        self.flush_history();
        let limit = limit.unwrap_or(HISTORY_ITEMS).min(HISTORY_ITEMS);
        let mut items = offline::history(&self.data, limit)
            .map_err(|error| ControlError { code: ErrorCode::Storage, message: error.to_string() })?;
        let mut room = HISTORY_BYTES;
        let fits = items.iter().rev().take_while(|item| {
            let bytes = serde_json::to_vec(item).map_or(usize::MAX, |json| json.len() + 1);
            let fits = bytes <= room;
            room = room.saturating_sub(bytes);
            fits
        });
        let keep = fits.count();
        items.drain(..items.len() - keep);
        Ok(Answer::History(items))
    }

    /// Tells the app; what cannot be told is given up, so that it does not keep what follows waiting.
    pub(crate) fn call_back(&mut self, now: Now, id: Option<u64>, callback: Callback) {
        match self.app_callback(callback) {
            Ok(callback) => {
                let line = CallbackLine { id, callback };
                if self.app_inside {
                    self.platform.callback(&line);
                }
                self.control.callback(line);
            }
            Err(error) => {
                log::error!("a callback is given up: {error}");
                if let Some(id) = id {
                    self.engine.handle_callback_taken(now, id);
                }
            }
        }
    }

    fn app_callback(&self, callback: Callback) -> Result<AppCallback, String> {
        let message = |sequence, notified| {
            let message = records::message(&self.store, sequence)?;
            Ok::<_, String>(Box::new(app_message(sequence, message, notified)))
        };
        Ok(match callback {
            Callback::Registered { code, reason, reg_id } => AppCallback::Registered { code, reason, reg_id },
            Callback::Result { command, arguments, code, reason } => {
                AppCallback::CommandResult { command, arguments, code, reason }
            }
            Callback::Arrived { sequence } => AppCallback::NotificationArrived { message: message(sequence, true)? },
            Callback::Clicked { sequence } => AppCallback::NotificationClicked { message: message(sequence, true)? },
            Callback::PassThrough { sequence } => {
                AppCallback::PassThroughMessage { message: message(sequence, false)? }
            }
        })
    }
}

fn done<E>(result: Result<(), E>, error: impl FnOnce(E) -> ControlError) -> Result<Answer, ControlError> {
    result.map(|()| Answer::Done).map_err(error)
}

fn command_refused(why: impl ToString) -> ControlError {
    ControlError { code: ErrorCode::CommandRefused, message: why.to_string() }
}

fn unknown_message(id: &str, UnknownMessage: UnknownMessage) -> ControlError {
    ControlError {
        code: ErrorCode::UnknownMessage,
        message: format!("there is no notification with the id {id:?}: see `offpush notifications`"),
    }
}

fn content_bytes(item: &Notification) -> usize {
    let extra: usize = item.extra.iter().map(|(key, value)| key.len() + value.len()).sum();
    item.title.len() + item.description.len() + item.payload.len() + extra
}

fn app_message(seq: u64, message: Message, notified: bool) -> AppMessage {
    let mut told = AppMessage {
        id: message.id,
        seq,
        title: message.title,
        description: message.description,
        content: message.payload,
        extra: message.extra,
        pass_through: message.pass_through,
        notify_id: message.notify_id,
        notify_type: message.notify_type.0,
        notified,
        sent_at: message.sent_at,
        ..AppMessage::default()
    };
    match message.target {
        Target::Alias(alias) => told.alias = Some(alias),
        Target::Topic(topic) => told.topic = Some(topic),
        Target::Account(account) => told.user_account = Some(account),
        Target::All => told.topic = Some(EVERYBODY.to_owned()),
        Target::RegId | Target::User(_) => {}
    }
    told
}
