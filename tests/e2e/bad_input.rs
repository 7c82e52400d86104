//! Bad input from every side: it ends in a clear error, and nothing is lost.

use std::fs;
use std::path::Path;
use std::process::Command;

use offpush_tests::net::HostileBroker;
use offpush_tests::{App, Broker, Mounted, Phone, Validity, World, wait};
use serde_json::json;

/// The phone's state on disk.
const STATE_FILE: &str = "state.log";

/// What a broker says to a phone that comes.
struct Script {
    bytes: Vec<u8>,
    /// It closes the connection afterwards.
    closes: bool,
    /// What the history then tells.
    event: &'static str,
}

/// What a broker may send instead of MQTT.
fn scripts() -> Vec<Script> {
    let accepted: &[u8] = &[0x20, 3, 0, 0, 0];
    let after = |bytes: &[u8]| [accepted, bytes].concat();
    let leaves = |bytes: Vec<u8>| Script { bytes, closes: false, event: "disconnected" };
    let ends = |bytes: Vec<u8>| Script { bytes, closes: true, event: "disconnected" };
    vec![
        // No MQTT at all; a packet type that a server never sends; a CONNACK with a reserved flag.
        leaves(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
        leaves(vec![0x10, 0]),
        leaves(vec![0x20, 3, 2, 0, 0]),
        // A second CONNACK; a length of five bytes; one of 256 MiB; a PUBLISH with QoS 3, one with packet id 0.
        leaves(after(accepted)),
        leaves(after(&[0x30, 0xff, 0xff, 0xff, 0xff, 0x7f])),
        leaves(after(&[0x30, 0xff, 0xff, 0xff, 0x7f])),
        leaves(after(&[0x36, 5, 0, 1, b'a', 0, 1])),
        leaves(after(&[0x32, 6, 0, 1, b'a', 0, 0, 0])),
        // A topic that is no UTF-8.
        leaves(after(&[0x32, 6, 0, 1, 0xff, 0, 1, 0])),
        // A proper PUBLISH whose content is no frame: taken and told, for nothing may block what comes after it.
        Script {
            bytes: after(&[0x32, 9, 0, 1, b'a', 0, 1, 0, 0xff, 0xfe, 0x00]),
            closes: false,
            event: "not-understood",
        },
        // A truncated packet and the end; an end without a word; one with a reason; a refusal.
        ends(after(&[0x32, 100, 0, 1])),
        ends(Vec::new()),
        ends(after(&[0xe0, 2, 0x8b, 0])),
        ends(vec![0x20, 3, 0, 0x97, 0]),
    ]
}

/// A broker that sends malformed, oversized and truncated packets is left each time with a reason in the history; the
/// daemon lives on, and shows what waits once it finds an honest broker.
#[test]
fn a_hostile_broker_does_no_harm() {
    let mut world = World::start(Broker::Mosquitto);
    let honest = world.mosquitto.as_ref().expect("an external broker").device_url();
    let leaf = world.authority.leaf(&["localhost"], Validity::Now);
    for (number, script) in scripts().into_iter().enumerate() {
        let hostile = HostileBroker::new(leaf.server_config(), vec![(script.bytes, script.closes)]);
        world.gateway.stop();
        world.gateway.tell_phones(&format!("mqtts://localhost:{}", hostile.port()));
        world.gateway.start_again(&[]);
        let mut options = world.options();
        options.more = vec!["--lost-contact".into(), "1".into(), "--long-back-off".into(), "0.2".into()];
        let mut phone = world.phone_with(&format!("phone-{number}"), options);
        let reg_id = phone.app().callback("registered", wait::LATER)["regId"].as_str().expect("a regId").to_owned();
        let what = format!("{} after script {number}", script.event);
        let events = wait::until(&what, wait::SOON, || {
            let events = phone.events(script.event);
            (hostile.connections() > 0 && !events.is_empty()).then_some(events)
        });
        assert!(events[0].get("reason").or(events[0].get("cause")).is_some(), "script {number}: {}", events[0]);
        let id = world.push(&reg_id, "waiting");
        world.gateway.stop();
        world.gateway.tell_phones(&honest);
        world.gateway.start_again(&[]);
        drop(hostile);
        phone.shows(&id);
        assert_eq!(phone.presentations(&id), 1, "script {number}");
        assert!(phone.process().ended().is_none(), "script {number}");
        phone.stop();
    }
}

/// A phone that was stopped after a message was shown and another was accepted for it.
fn stopped_phone(world: &World) -> (Phone, String, String) {
    let (mut phone, app, reg_id) = world.phone("phone");
    drop(app);
    let shown = world.push(&reg_id, "shown");
    phone.shows(&shown);
    phone.stop();
    let waiting = world.push(&reg_id, "waiting");
    (phone, reg_id, waiting)
}

/// Damages the stored state, restarts the daemon and waits until what waited is shown. Returns the regId then in use.
fn restart_damaged(world: &World, phone: &mut Phone, waiting: &str, damage: impl FnOnce(&Path)) -> String {
    damage(&phone.data().join(STATE_FILE));
    phone.start_again();
    let reg_id = phone.app().callback("registered", wait::LATER)["regId"].as_str().expect("a regId").to_owned();
    phone.connected();
    let devices = world.gateway.admin("GET", "devices", &serde_json::Value::Null);
    if devices.as_array().map(Vec::len) == Some(1) {
        phone.shows(waiting);
        assert_eq!(phone.presentations(waiting), 1);
    }
    reg_id
}

/// A last record that a crash cut short costs nothing: the same regId, what waited is shown once, nothing shown again.
#[test]
fn a_truncated_store_starts_with_what_it_has() {
    let world = World::start(Broker::Embedded);
    let (mut phone, reg_id, waiting) = stopped_phone(&world);
    let before = phone.presented();
    let after = restart_damaged(&world, &mut phone, &waiting, |file| {
        let bytes = fs::read(file).expect("the store");
        fs::write(file, &bytes[..bytes.len() - 7]).expect("written");
    });
    assert_eq!(after, reg_id);
    assert_eq!(phone.presented()[..before.len()], before[..]);
    assert_eq!(phone.presented().len(), before.len() + 1);
}

/// Garbage in the middle of the store is named in `status`, the damaged file is kept, and the phone works.
#[test]
fn a_corrupt_store_is_named_and_set_aside() {
    let world = World::start(Broker::Embedded);
    let (mut phone, reg_id, waiting) = stopped_phone(&world);
    let after = restart_damaged(&world, &mut phone, &waiting, |file| {
        let mut bytes = fs::read(file).expect("the store");
        let middle = bytes.len() / 2;
        bytes[middle..middle + 40].fill(0xa5);
        fs::write(file, bytes).expect("written");
    });
    assert_eq!(after, reg_id, "the registration stands in another place");
    phone.problem("storage-damaged");
    let kept = fs::read_dir(phone.data()).expect("the folder").flatten();
    assert!(kept.map(|entry| entry.file_name()).any(|name| name.to_string_lossy().contains("damaged")));
}

/// A store that is all garbage is set aside and named; the phone registers anew and works.
#[test]
fn a_store_of_garbage_is_set_aside() {
    let world = World::start(Broker::Embedded);
    let (mut phone, _, waiting) = stopped_phone(&world);
    let after =
        restart_damaged(&world, &mut phone, &waiting, |file| fs::write(file, vec![0x5a; 5000]).expect("written"));
    phone.problem("storage-damaged");
    let id = world.push(&after, "anew");
    phone.shows(&id);
}

/// An empty store is that of a new phone: it registers and works.
#[test]
fn an_empty_store_is_a_new_phone() {
    let world = World::start(Broker::Embedded);
    let (mut phone, _, waiting) = stopped_phone(&world);
    let after = restart_damaged(&world, &mut phone, &waiting, |file| fs::write(file, b"").expect("written"));
    let id = world.push(&after, "anew");
    phone.shows(&id);
}

/// Tools that read a damaged store say what they can, and change nothing.
#[test]
fn tools_never_repair_a_store() {
    let world = World::start(Broker::Embedded);
    let (phone, ..) = stopped_phone(&world);
    let file = phone.data().join(STATE_FILE);
    let mut bytes = fs::read(&file).expect("the store");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40].fill(0xa5);
    fs::write(&file, &bytes).expect("written");
    let page = phone.json(&["status"]);
    assert_eq!(page["state"], "not-running");
    phone.json(&["notifications"]);
    phone.json(&["history"]);
    assert_eq!(fs::read(&file).expect("the store"), bytes);
}

/// On a full disk nothing is acknowledged that was not written: `status` says so, and everything arrives once there is room.
#[test]
fn a_full_disk_loses_nothing() {
    let world = World::start(Broker::Embedded);
    let path = world.scratch.join("phone");
    let Some(_mounted) = Mounted::new(&path, "1m") else { return };
    let (phone, _app, reg_id) = world.phone("phone");
    let first = world.push(&reg_id, "before");
    phone.shows(&first);
    let filler = path.join("filler");
    // Fails with what there is room for: just what is wanted.
    let _ = Command::new("dd").args(["if=/dev/zero", "bs=4k"]).arg(format!("of={}", filler.display())).output();
    let pushed: Vec<_> = (0..10).map(|number| world.push(&reg_id, &format!("number {number}"))).collect();
    phone.problem("storage-failed");
    let lost = world.gateway.message(&pushed[9]);
    assert_eq!(lost["counts"]["arrived"], 0, "{lost}");
    fs::remove_file(&filler).expect("removed");
    phone.shows(&pushed[9]);
    assert_eq!(phone.presented()[1..], pushed);
}

/// A daemon whose directory is read-only says so and does not start; a running one goes on once it can write again.
#[test]
fn a_read_only_store_is_named() {
    let world = World::start(Broker::Embedded);
    let path = world.scratch.join("phone");
    let Some(mounted) = Mounted::new(&path, "4m") else { return };
    let (mut phone, app, reg_id) = world.phone("phone");
    drop(app);
    phone.stop();
    mounted.remount("ro");
    let output = phone.command().output().expect("the program runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("ead-only") && words.contains(&*path.to_string_lossy()), "{words}");
    assert_eq!(phone.json(&["status"])["state"], "not-running", "tools read it all the same");
    mounted.remount("rw");
    phone.start_again();
    let id = world.push(&reg_id, "again");
    phone.shows(&id);
}

/// Garbage on the control socket gets an error and never disturbs the daemon or another client.
#[test]
fn garbage_on_the_control_socket_is_refused() {
    let world = World::start(Broker::Embedded);
    let (phone, mut app, reg_id) = world.phone("phone");
    let long = vec![b'x'; 200 * 1024];
    let garbage: [&[u8]; 8] = [
        b"\n",
        b"\0\xff\xfe\n",
        b"{}\n",
        b"[1,2]\n",
        b"{\"op\":7}\n",
        b"GET / HTTP/1.1\r\n\r\n",
        &long,
        b"{\"op\":\"command\",\"command\":\"set-alias\"}\n",
    ];
    for bytes in garbage {
        let mut client = App::connect(phone.data()).expect("the socket");
        let _ = client.send_raw(bytes);
        let answer = client.answer();
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]);
        assert!(answer.as_ref().is_none_or(|answer| answer.get("error").is_some()), "{text:?}: {answer:?}");
    }
    let mut client = App::connect(phone.data()).expect("the socket");
    let answer = client.ask(&json!({ "op": "fly" })).expect("an answer");
    assert_eq!(answer["error"]["code"], "unknown-operation", "{answer}");
    assert!(client.ask(&json!({ "op": "status" })).is_some_and(|answer| answer.get("ok").is_some()), "goes on");
    // Half a request, and gone; then more clients than anybody needs.
    let mut half = App::connect(phone.data()).expect("the socket");
    half.send_raw(b"{\"op\":\"sta").expect("sent");
    drop(half);
    let crowd: Vec<_> = (0..200).map_while(|_| App::connect(phone.data()).ok()).collect();
    drop(crowd);
    assert_eq!(app.command("set-alias", json!({ "alias": "anna" }))["code"], 0);
    let id = world.push(&reg_id, "still here");
    phone.shows(&id);
}
