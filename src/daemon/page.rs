//! The engine's state as the page that people and tools see.

use offpush_engine::record::{MessageState, StateRecord};
use offpush_engine::status::{MessageView, NextAction, Phase};
use offpush_engine::{Family, Internet, Network, Status};
use offpush_inspect::{
    Alarm, App, KnownNetwork, LastMessage, Learned, Mark, Names, Next, Notification, Process, SCHEMA, State,
    StatusPage, Storage, TimeWindow, Today,
};
use offpush_wire::{AcceptTime, Message};

use crate::problems::{disconnected_text, problems};
use crate::said::Said;

/// This software, as it names itself to gateways and people.
pub(crate) const SOFTWARE: &str = concat!("offpush/", env!("CARGO_PKG_VERSION"));

/// What the page says beside the engine's state.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub(crate) package: String,
    pub(crate) servers: Vec<String>,
    pub(crate) broker: Option<String>,
    pub(crate) alarm: Option<Alarm>,
    pub(crate) last_message: Option<LastMessage>,
    pub(crate) storage: Storage,
    pub(crate) today: Today,
    pub(crate) process: Process,
}

/// The page at this moment.
pub(crate) fn page(status: Status, facts: Facts, said: &Said, wall: i64) -> StatusPage {
    let storage = Storage { failure: status.storage_failure.clone(), ..facts.storage };
    let (state, reason) = state(&status);
    StatusPage {
        schema: SCHEMA,
        version: SOFTWARE.to_owned(),
        at: wall,
        state,
        reason,
        since: status.since,
        down_since: status.down_since,
        next: status.next.map(|(action, at)| Next { action: next_action(action).to_owned(), at }),
        problems: problems(&status, &storage, said, wall),
        package: facts.package,
        network: network(status.network, status.internet),
        servers: facts.servers,
        brokers: status.brokers,
        broker: facts.broker,
        reg_id: status.reg_id.as_deref().map(shortened),
        heartbeat: status.heartbeat,
        learned: status.learned.map(learned),
        alarm: facts.alarm,
        last_received: status.last_received,
        attempts: status.attempts,
        gateway_present: status.gateway_present,
        mark: status.mark.map(|(epoch, up_to)| Mark { epoch, up_to }),
        messages: status.messages.iter().map(|(state, count)| (state_name(*state), *count)).collect(),
        last_message: facts.last_message,
        outbox: status.outbox,
        callbacks: status.callbacks,
        app: App { listens: status.app_listens },
        names: Names {
            aliases: status.aliases,
            accounts: status.accounts,
            topics: status.topics,
            accept_time: status.accept_time.as_ref().map(window),
        },
        storage,
        clock_ahead: status.clock_ahead,
        platform: said.topics(),
        today: Some(facts.today),
        process: Some(facts.process),
    }
}

fn network(network: Network, internet: Internet) -> offpush_inspect::Network {
    let Network::Up { key, transport, .. } = network else { return Default::default() };
    let internet = match internet {
        Internet::Unknown => "unknown",
        Internet::Works => "works",
        Internet::Portal => "portal",
        Internet::None => "none",
    };
    offpush_inspect::Network {
        transport: Some(transport),
        key: Some(network_key(key)),
        internet: Some(internet.to_owned()),
    }
}

fn network_key(key: u64) -> String {
    format!("{key:016x}")
}

fn learned(learned: offpush_engine::Learned) -> Learned {
    Learned { proved: learned.proved, failed: learned.failed, settled: learned.settled }
}

/// What is known of a network, for the list; `current`: the key of the default network.
pub(crate) fn known_network(known: offpush_engine::KnownNetwork<'_>, current: Option<u64>) -> KnownNetwork {
    let record = known.record;
    KnownNetwork {
        key: network_key(known.key),
        current: current == Some(known.key),
        heartbeat: known.learned.interval,
        learned: learned(known.learned),
        failed_at: moment(record.failed_at),
        used_at: record.used_at,
        broker: record.path.as_ref().map(|path| path.broker.clone()),
        family: record.path.as_ref().map(|path| match path.family {
            Family::V4 => "v4".to_owned(),
            Family::V6 => "v6".to_owned(),
        }),
    }
}

/// Where the newest message stands.
pub(crate) fn last_message(view: MessageView<'_>) -> LastMessage {
    LastMessage {
        id: view.id.to_owned(),
        state: state_name(view.state),
        arrived_at: view.arrived_at,
        shown_at: moment(view.shown_at),
        clicked_at: moment(view.clicked_at),
    }
}

/// A wall time where 0 stands for never.
fn moment(at: i64) -> Option<i64> {
    (at != 0).then_some(at)
}

fn state(status: &Status) -> (State, Option<String>) {
    let failure = || status.last_failure.as_ref().map(disconnected_text);
    match &status.phase {
        Phase::Connected => (State::Connected, None),
        Phase::Connecting => (State::Connecting, failure()),
        Phase::Handshaking => (State::Handshaking, failure()),
        Phase::Waiting(_) => (State::Waiting, failure()),
        Phase::NoNetwork => (State::NoNetwork, None),
        Phase::Unregistered => (State::Unregistered, None),
        Phase::Registering => (State::Registering, failure()),
        Phase::WaitingToRegister { reason } => (State::WaitingToRegister, Some(reason.clone())),
        Phase::RegistrationRefused { code, reason } => {
            let words = reason.as_ref().map(|reason| format!(", {reason}")).unwrap_or_default();
            (State::RegistrationRefused, Some(format!("code {code}{words}")))
        }
    }
}

fn next_action(action: NextAction) -> &'static str {
    match action {
        NextAction::Connect => "connect",
        NextAction::Register => "register",
        NextAction::Ping => "ping",
        NextAction::GiveUp => "give-up",
        NextAction::CheckNetwork => "check-network",
    }
}

/// Enough of a regId to compare, and not enough to push to.
pub(crate) fn shortened(reg_id: &str) -> String {
    let start: String = reg_id.chars().take(6).collect();
    format!("{start}…")
}

pub(crate) fn window(time: &AcceptTime) -> TimeWindow {
    TimeWindow { start: AcceptTime::clock(time.start), end: AcceptTime::clock(time.end) }
}

/// A state's name in JSON.
pub(crate) fn state_name(state: MessageState) -> String {
    match state {
        MessageState::Pending => "pending",
        MessageState::Presenting => "presenting",
        MessageState::Shown => "shown",
        MessageState::Folded => "folded",
        MessageState::Clicked => "clicked",
        MessageState::Dismissed => "dismissed",
        MessageState::Expired => "expired",
        MessageState::Cancelled => "cancelled",
        MessageState::Blocked => "blocked",
    }
    .to_owned()
}

/// A message for the list, with its content where that can be read.
pub(crate) fn notification(view: MessageView<'_>, message: Option<Message>) -> Notification {
    let mut item = Notification {
        id: view.id.to_owned(),
        seq: view.sequence,
        state: state_name(view.state),
        arrived_at: view.arrived_at,
        shown_at: moment(view.shown_at),
        clicked_at: moment(view.clicked_at),
        ..Notification::default()
    };
    if let Some(message) = message {
        // Through text: what writes into values directly would be half a per cent of the library that apps carry.
        let click = serde_json::to_vec(&message.click()).and_then(|json| serde_json::from_slice(&json));
        item.click = click.unwrap_or_default();
        item.sent_at = Some(message.sent_at);
        item.title = message.title;
        item.description = message.description;
        item.payload = message.payload;
        item.pass_through = message.pass_through;
        item.notify_id = message.notify_id;
        item.extra = message.extra;
    }
    item
}

/// The state of a message that has no record of it: it is on disk, and nothing was done yet.
pub(crate) fn initial_state() -> StateRecord {
    StateRecord { state: MessageState::Pending, shown_at: 0, clicked_at: 0, silent: false, reason: None }
}
