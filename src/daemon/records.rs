//! The engine's records in the store.

use offpush_engine::record::{
    Identity, Mark, Names, NetworkRecord, Outbox, OutboxEntry, StateRecord, StoredCallback, StoredMessage, StoredWait,
    kind,
};
use offpush_engine::{Record, RecordKey, Write};
use offpush_store::{Batch, EncodeError, Key, ReadError, ReadOnlyStore, Store, Value};
use offpush_wire::Message;

/// Something that records can be read from.
pub(crate) trait Source {
    fn keys(&self) -> Vec<Key>;
    fn get(&self, key: Key) -> Result<Option<Value>, ReadError>;
}

impl Source for Store {
    fn keys(&self) -> Vec<Key> {
        Store::keys(self).collect()
    }

    fn get(&self, key: Key) -> Result<Option<Value>, ReadError> {
        Store::get(self, key)
    }
}

impl Source for ReadOnlyStore {
    fn keys(&self) -> Vec<Key> {
        ReadOnlyStore::keys(self).collect()
    }

    fn get(&self, key: Key) -> Result<Option<Value>, ReadError> {
        ReadOnlyStore::get(self, key)
    }
}

/// Reads all records in the order of their keys, one at a time. What this version does not know stays in the store and
/// is counted; what cannot be read is named.
pub(crate) struct Loader<'a, S: Source> {
    source: &'a S,
    keys: std::vec::IntoIter<Key>,
    /// Records of kinds or versions that this version does not know.
    pub(crate) unknown: usize,
    /// What could not be read.
    pub(crate) damage: Vec<String>,
}

impl<'a, S: Source> Loader<'a, S> {
    pub(crate) fn new(source: &'a S) -> Self {
        let mut keys = source.keys();
        keys.sort_unstable();
        Self { source, keys: keys.into_iter(), unknown: 0, damage: Vec::new() }
    }
}

impl<S: Source> Iterator for Loader<'_, S> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        loop {
            let key = self.keys.next()?;
            match self.source.get(key) {
                Ok(Some(value)) if value.version != Record::VERSION => self.unknown += 1,
                Ok(Some(value)) => match decode(key, &value) {
                    Some(Ok(record)) => return Some(record),
                    Some(Err(error)) => self.damage.push(format!("the record {key}: {error}")),
                    None => self.unknown += 1,
                },
                Ok(None) => {}
                Err(error) => self.damage.push(error.to_string()),
            }
        }
    }
}

/// `None` for a kind that this version does not know.
fn decode(key: Key, value: &Value) -> Option<Result<Record, String>> {
    let id = key.id;
    Some(
        match key.kind {
            kind::IDENTITY => value.decode::<Identity>().map(Record::Identity),
            kind::MARK => value.decode::<Mark>().map(Record::Mark),
            kind::MESSAGE => value.decode::<StoredMessage>().map(|message| Record::Message(id, message)),
            kind::MESSAGE_STATE => value.decode::<StateRecord>().map(|state| Record::MessageState(id, state)),
            kind::OUTBOX => value.decode::<Outbox>().map(Record::Outbox),
            kind::OUTBOX_ENTRY => value.decode::<OutboxEntry>().map(Record::OutboxEntry),
            kind::NAMES => value.decode::<Names>().map(Record::Names),
            kind::CALLBACK => value.decode::<StoredCallback>().map(|callback| Record::Callback(id, callback)),
            kind::GATEWAY_TIME => value.decode::<i64>().map(Record::GatewayTime),
            kind::UNREACHED => value.decode::<u64>().map(Record::Unreached),
            kind::WAIT => value.decode::<StoredWait>().map(Record::Wait),
            kind::NETWORK => value.decode::<NetworkRecord>().map(|known| Record::Network(id, known)),
            _ => return None,
        }
        .map_err(|error| error.to_string()),
    )
}

/// The engine's writes as one batch.
pub(crate) fn batch(writes: &[Write]) -> Result<Batch, EncodeError> {
    let mut batch = Batch::new();
    for write in writes {
        match write {
            Write::Put(record) => put(&mut batch, record)?,
            Write::Delete(key) => batch.delete(store_key(*key)),
        }
    }
    Ok(batch)
}

fn put(batch: &mut Batch, record: &Record) -> Result<(), EncodeError> {
    let key = store_key(record.key());
    match record {
        Record::Identity(value) => batch.put(key, Record::VERSION, value),
        Record::Mark(value) => batch.put(key, Record::VERSION, value),
        Record::Message(_, value) => batch.put(key, Record::VERSION, value),
        Record::MessageState(_, value) => batch.put(key, Record::VERSION, value),
        Record::Outbox(value) => batch.put(key, Record::VERSION, value),
        Record::OutboxEntry(value) => batch.put(key, Record::VERSION, value),
        Record::Names(value) => batch.put(key, Record::VERSION, value),
        Record::Callback(_, value) => batch.put(key, Record::VERSION, value),
        Record::GatewayTime(value) => batch.put(key, Record::VERSION, value),
        Record::Unreached(value) => batch.put(key, Record::VERSION, value),
        Record::Wait(value) => batch.put(key, Record::VERSION, value),
        Record::Network(_, value) => batch.put(key, Record::VERSION, value),
    }
}

fn store_key(key: RecordKey) -> Key {
    Key { kind: key.kind, id: key.id }
}

/// The content of a message, or why it cannot be had.
pub(crate) fn message(source: &impl Source, sequence: u64) -> Result<Message, String> {
    let value = source.get(Key { kind: kind::MESSAGE, id: sequence }).map_err(|error| error.to_string())?;
    let value = value.ok_or_else(|| "the message is no longer stored".to_owned())?;
    let stored: StoredMessage = value.decode().map_err(|error| error.to_string())?;
    Message::decode(&stored.body).map_err(|error| format!("the message is stored and not understood: {error}"))
}

#[cfg(test)]
#[path = "tests/unit/records.rs"]
mod tests;
