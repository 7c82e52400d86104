use std::path::PathBuf;

use offpush_engine::record::{MessageFacts, MessageState, Standing};
use offpush_engine::status::WaitReason;
use offpush_engine::{Family, Path};
use offpush_store::FileSystem;
use offpush_wire::{AcceptTime, Bindings};

use super::*;

fn facts() -> MessageFacts {
    MessageFacts {
        id: "m1".to_owned(),
        pass_through: true,
        notify_id: -7,
        binding: Some(3),
        job: None,
        silent: true,
        click_calls_back: true,
        time_to_live: u64::MAX,
        arrived_boot: 5,
        boot_id: u64::MAX,
        arrived_wall: i64::MIN,
    }
}

fn every_record() -> Vec<Record> {
    let text = |text: &str| text.to_owned();
    vec![
        Record::Identity(Identity {
            request_id: text("r"),
            secret: text("s"),
            app_id: text("1"),
            package: text("com.example"),
            reg_id: Some(text("x")),
            brokers: vec![text("mqtts://a:1"), text("mqtts://b:2")],
            topic_prefix: text("op"),
            standing: Standing::Leaving,
        }),
        Record::Mark(Mark { epoch: text("e"), up_to: 9, id: text("i") }),
        Record::Message(1, StoredMessage { facts: facts(), body: b"{}".to_vec() }),
        Record::Message(u64::MAX, StoredMessage { facts: facts(), body: Vec::new() }),
        Record::MessageState(
            1,
            StateRecord {
                state: MessageState::Blocked,
                shown_at: 1,
                clicked_at: -1,
                silent: true,
                reason: Some(text("why")),
            },
        ),
        Record::Outbox(Outbox { id: text("o"), applied: 1 }),
        Record::OutboxEntry(OutboxEntry { n: 2, content: b"{}".to_vec() }),
        Record::Names(Names {
            aliases: vec![text("a")],
            accounts: vec![text("b")],
            topics: Vec::new(),
            accept_time: Some(AcceptTime { start: 1, end: 2, utc_offset: -60 }),
            bindings: Bindings { up_to: 4, valid: vec![2, 4] },
        }),
        Record::Callback(
            1,
            StoredCallback::Result { command: text("set-alias"), arguments: vec![text("a")], code: -1, reason: None },
        ),
        Record::Callback(2, StoredCallback::Clicked(7)),
        Record::Callback(3, StoredCallback::PassThrough(8)),
        Record::GatewayTime(-1),
        Record::Unreached(u64::MAX),
        Record::Network(
            u64::MAX,
            NetworkRecord {
                proved: 1,
                failed: u64::MAX,
                failed_at: -1,
                used_at: i64::MAX,
                path: Some(Path { broker: text("mqtts://b:1"), family: Family::V6 }),
            },
        ),
        Record::Wait(StoredWait { reason: WaitReason::AskedToStayAway, wait: 1, until: i64::MIN, network: u64::MAX }),
    ]
}

fn store(name: &str) -> (Store, PathBuf) {
    let directory = std::env::temp_dir().join(format!("offpush-records-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    (Store::open_with(&directory, Box::new(FileSystem)).unwrap().0, directory)
}

fn load(store: &Store) -> (Vec<Record>, usize, usize) {
    let mut loader = Loader::new(store);
    let records = loader.by_ref().collect();
    (records, loader.unknown, loader.damage.len())
}

#[test]
fn every_kind_of_record_comes_back_as_it_was_in_the_order_of_keys() {
    // What the engine writes is what it gets after a restart.
    let (mut store, directory) = store("round-trip");
    let records = every_record();
    let writes: Vec<Write> = records.iter().rev().cloned().map(Write::Put).collect();
    store.commit(batch(&writes).unwrap()).unwrap();
    drop(store);
    let (store, _) = Store::open_with(&directory, Box::new(FileSystem)).unwrap();
    assert_eq!(load(&store), (records, 0, 0));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_deleted_record_does_not_come_back() {
    // The last write of a group counts.
    let (mut store, directory) = store("delete");
    let record = Record::GatewayTime(5);
    let writes = [Write::Put(record.clone()), Write::Delete(record.key())];
    store.commit(batch(&writes).unwrap()).unwrap();
    assert_eq!(load(&store).0, []);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn records_of_a_newer_version_are_counted_and_kept() {
    // An unknown kind and an unknown version stay in the store; the rest is used.
    let (mut store, directory) = store("newer");
    let mut batch = batch(&[Write::Put(Record::GatewayTime(5))]).unwrap();
    let unknown = [Key { kind: 999, id: 1 }, Key { kind: kind::MARK, id: 0 }];
    batch.put(unknown[0], 1, "something").unwrap();
    batch.put(unknown[1], 2, "something").unwrap();
    store.commit(batch).unwrap();
    store.compact().unwrap();
    assert_eq!(load(&store), (vec![Record::GatewayTime(5)], 2, 0));
    assert!(unknown.iter().all(|key| store.contains(*key)));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_record_that_cannot_be_decoded_is_named_and_the_others_are_used() {
    // One bad record does not cost the registration.
    let (mut store, directory) = store("undecodable");
    let mut batch = batch(&[Write::Put(Record::GatewayTime(5))]).unwrap();
    batch.put(Key { kind: kind::IDENTITY, id: 0 }, Record::VERSION, &7u8).unwrap();
    store.commit(batch).unwrap();
    assert_eq!(load(&store), (vec![Record::GatewayTime(5)], 0, 1));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_message_that_cannot_be_read_is_an_error_and_no_panic() {
    // It may be gone, or its body may not be what this version understands.
    let (mut store, directory) = store("message");
    let stored = StoredMessage { facts: facts(), body: b"no json".to_vec() };
    store.commit(batch(&[Write::Put(Record::Message(1, stored))]).unwrap()).unwrap();
    assert!(message(&store, 1).is_err());
    assert!(message(&store, 2).is_err());
    std::fs::remove_dir_all(directory).unwrap();
}
