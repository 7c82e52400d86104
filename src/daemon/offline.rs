//! What the files of a data directory say when no daemon runs. Nothing is written, locked or repaired.

use std::collections::BTreeMap;
use std::path::Path;

use offpush_engine::Record;
use offpush_engine::status::MessageView;
use offpush_inspect::{
    HistoryItem, KnownNetwork, Mark, Names, Notification, SCHEMA, Severity, State, StatusPage, Storage, settle,
};
use offpush_store::{History, OpenError, ReadOnlyStore};
use offpush_wire::Message;

use crate::clock;
use crate::page::{SOFTWARE, initial_state, known_network, last_message, notification, shortened, state_name, window};
use crate::problems::{problem, storage_problems};
use crate::records::Loader;
use crate::usage;

/// The status page that the files allow; `since` is the moment of the last event. It is an error if there is no store in
/// `data`, or one of a newer version.
pub fn status(data: &Path) -> Result<StatusPage, OpenError> {
    read(data).map(|(page, _)| page)
}

/// All messages by number. It is an error if there is no store in `data`, or one of a newer version.
pub fn notifications(data: &Path) -> Result<Vec<Notification>, OpenError> {
    read(data).map(|(_, notifications)| notifications)
}

/// The newest `limit` events, oldest first. Without a history there are none.
pub fn history(data: &Path, limit: usize) -> Result<Vec<HistoryItem>, OpenError> {
    // As bytes, as everything else is read: a second reader would be 1 % of the library that apps carry.
    let item = |text: String| serde_json::from_slice(text.as_bytes()).ok();
    let mut items: Vec<HistoryItem> = History::read(data)?.filter_map(|value| item(value.decode().ok()?)).collect();
    items.drain(..items.len().saturating_sub(limit));
    Ok(items)
}

/// What was learned of each network, the last used first. It is an error if there is no store in `data`, or one of a newer
/// version.
pub fn networks(data: &Path) -> Result<Vec<KnownNetwork>, OpenError> {
    let (store, wall) = (ReadOnlyStore::open(data)?, clock::now().wall);
    let records = Loader::new(&store).filter_map(|record| match record {
        Record::Network(key, record) => {
            Some(known_network(offpush_engine::KnownNetwork::from_record(key, &record, wall), None))
        }
        _ => None,
    });
    Ok(last_used_first(records))
}

pub(crate) fn last_used_first(networks: impl Iterator<Item = KnownNetwork>) -> Vec<KnownNetwork> {
    let mut networks: Vec<KnownNetwork> = networks.collect();
    networks.sort_by_key(|known| (!known.current, -known.used_at));
    networks
}

fn read(data: &Path) -> Result<(StatusPage, Vec<Notification>), OpenError> {
    let store = ReadOnlyStore::open(data)?;
    let now = clock::now();
    let mut page = StatusPage {
        schema: SCHEMA,
        version: SOFTWARE.to_owned(),
        at: now.wall,
        today: usage::kept(data, now),
        since: history(data, 1)?.first().map_or(0, |item| item.at),
        state: State::NotRunning,
        ..StatusPage::default()
    };
    let (mut messages, mut states) = (BTreeMap::new(), BTreeMap::new());
    let mut records = Loader::new(&store);
    for record in &mut records {
        match record {
            Record::Message(sequence, stored) => drop(messages.insert(sequence, stored)),
            Record::MessageState(sequence, state) => drop(states.insert(sequence, state)),
            Record::Identity(identity) => {
                page.reg_id = identity.reg_id.as_deref().map(shortened);
                page.brokers = identity.brokers;
                page.package = identity.package;
            }
            Record::Mark(mark) if !mark.epoch.is_empty() => {
                page.mark = Some(Mark { epoch: mark.epoch, up_to: mark.up_to });
            }
            Record::Names(names) => {
                page.names = Names {
                    aliases: names.aliases,
                    accounts: names.accounts,
                    topics: names.topics,
                    accept_time: names.accept_time.as_ref().map(window),
                };
            }
            Record::OutboxEntry(_) => page.outbox += 1,
            Record::Callback(..) => page.callbacks += 1,
            Record::Mark(_)
            | Record::Outbox(_)
            | Record::GatewayTime(_)
            | Record::Unreached(_)
            | Record::Wait(_)
            | Record::Network(..) => {}
        }
    }
    let damage = store.recovery().damage.iter().map(ToString::to_string).chain(records.damage).collect();
    page.storage = Storage { damage, unknown_records: records.unknown, ..Storage::default() };
    let mut notifications = Vec::new();
    for (sequence, stored) in messages {
        let state = states.get(&sequence).cloned().unwrap_or_else(initial_state);
        *page.messages.entry(state_name(state.state)).or_default() += 1;
        let view = MessageView {
            sequence,
            id: &stored.facts.id,
            state: state.state,
            arrived_at: stored.facts.arrived_wall,
            shown_at: state.shown_at,
            clicked_at: state.clicked_at,
        };
        page.last_message = Some(last_message(view));
        notifications.push(notification(view, Message::decode(&stored.body).ok()));
    }
    page.problems.push(problem(
        "not-running",
        Severity::Error,
        "no daemon runs with this data directory".to_owned(),
        "start one with `offpush daemon`",
    ));
    page.problems.extend(storage_problems(&page.storage));
    settle(&mut page.problems);
    Ok((page, notifications))
}
