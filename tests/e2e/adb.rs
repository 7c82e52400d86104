//! The tools on a phone behind adb: Debian's adb is real, the phone's end a stand-in that leads to a real daemon.

use std::collections::HashMap;
use std::process::Output;

use offpush_tests::adb::{self, Adb, Adbd};
use offpush_tests::{App, Broker, Doctor, Phone, World, unpacked, wait};
use serde_json::{Value, json};

const PACKAGE: &str = "com.example.app";
const PATH: &str = "pm path com.example.app";
const DUMP: &str = "dumpsys activity service com.example.app/com.xiaomi.push.service.XMPushService --json";

const LOG: &str = "logcat -d -v threadtime -s offpush";

/// A daemon on a phone of its own, with an app that may be debugged or not.
struct Device {
    adbd: Adbd,
    phone: Phone,
    _app: App,
    reg_id: String,
}

impl Device {
    fn start(world: &World, name: &str, is_debuggable: bool, platform: Value) -> Self {
        let (phone, app, reg_id) = world.phone(name);
        let id = world.push(&reg_id, "over dumpsys");
        phone.shows(&id);
        let mut page = phone.status().expect("a status");
        page["platform"] = platform;
        let answer = |request: Value| App::connect(phone.data()).expect("the daemon").ask(&request).expect("an answer");
        let prints = [
            (DUMP.to_owned(), page),
            (format!("{DUMP} history"), answer(json!({ "op": "history" }))),
            (format!("{DUMP} notifications 0"), answer(json!({ "op": "notifications" }))),
            (format!("{DUMP} networks"), answer(json!({ "op": "networks" }))),
        ];
        let log = "01-01 12:00:00.123  1234  1240 W offpush : odd: unknown field `over dumpsys`\n";
        let service = format!("SERVICE {PACKAGE}/com.xiaomi.push.service.XMPushService 1a2b3c pid=1234");
        let prints = prints.map(|(command, json)| (command, format!("{service}\n  Client:\n    {json}\n")));
        let mut stand_in = adb::Phone { prints: HashMap::from(prints), ..adb::Phone::default() };
        stand_in.prints.insert(LOG.to_owned(), log.to_owned());
        if is_debuggable {
            stand_in.sockets.insert(format!("offpush.{PACKAGE}"), phone.data().join("control.sock"));
        }
        Self { adbd: Adbd::start(stand_in), phone, _app: app, reg_id }
    }
}

fn run(world: &World, adb: &Adb, arguments: &[&str]) -> Output {
    adb.around(world.gateway.tool()).args(arguments).output().expect("the tool runs")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The one line of an error.
fn refusal(world: &World, adb: &Adb, arguments: &[&str]) -> String {
    let output = run(world, adb, arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(words.lines().count(), 1, "{words}");
    words
}

/// What the phone allows, as a phone without complaints says it.
fn fine() -> Value {
    json!({
        "service": { "words": "a foreground service" },
        "alarm": { "words": "exact, also in Doze" },
        "battery": { "words": "exempt from battery optimisation" },
    })
}

/// An app that may be debugged is asked over a forward, which is gone afterwards: everything works as on this machine.
#[test]
fn a_debuggable_app_is_asked_over_a_forward() {
    let world = World::start(Broker::Embedded);
    let device = Device::start(&world, "phone", true, fine());
    let adb = Adb::start(&world.scratch);
    assert!(adb.connect(&device.adbd).contains("connected"));
    let id = world.push(&device.reg_id, "over adb");
    device.phone.shows(&id);
    let status: Value =
        serde_json::from_str(&out(&run(&world, &adb, &["status", "--adb", PACKAGE, "--json"]))).expect("JSON");
    assert_eq!((&status["state"], &status["package"]), (&json!("connected"), &json!(PACKAGE)));
    let listed = out(&run(&world, &adb, &["notifications", "--adb", PACKAGE]));
    assert!(listed.contains(&id) && listed.contains("over adb"), "{listed}");
    let history = out(&run(&world, &adb, &["history", "--adb", PACKAGE]));
    assert!(history.contains("gateway-present"), "{history}");
    assert!(run(&world, &adb, &["click", &id, "--adb", PACKAGE]).status.success());
    wait::until_true("the click is noted", wait::SOON, || {
        device.phone.notification(&id).is_some_and(|message| message["state"] == "clicked")
    });
    let doctor = |more: &[&str]| run(&world, &adb, &[&["doctor", "--adb", PACKAGE], more].concat());
    let found = Doctor::new(&doctor(&[]), &doctor(&["--json"]));
    assert_eq!((found.exit, found.findings()), (Some(0), vec![]), "{}", found.text);
    for check in ["exact-alarms", "battery", "foreground-service", "mqtt-login", "round-trip"] {
        assert_eq!(found.outcome(check), "ok", "{check} in {}", found.json);
    }
    assert_eq!(out(&adb.run(&["forward", "--list"])).trim(), "", "no forward is left");
    let left: Vec<_> = std::fs::read_dir(world.scratch.join("adb")).expect("the folder").flatten().collect();
    assert!(!left.iter().any(|entry| entry.file_name().to_string_lossy().starts_with("offpush-")), "{left:?}");
}

/// A release build listens to nobody: its service's page is shown all the same, and the rest says why it cannot be had.
#[test]
fn a_release_build_shows_its_page_by_dumpsys() {
    let world = World::start(Broker::Embedded);
    let platform =
        json!({ "alarm": { "words": "exact, also in Doze" }, "service": { "words": "a foreground service" } });
    let device = Device::start(&world, "phone", false, platform);
    let adb = Adb::start(&world.scratch);
    adb.connect(&device.adbd);
    let status = run(&world, &adb, &["status", "--adb", PACKAGE]);
    assert!(out(&status).starts_with("Connected"), "{status:?}");
    for (command, words) in
        [("history", "gateway-present"), ("notifications", "over dumpsys"), ("networks", "heartbeat")]
    {
        let answer = run(&world, &adb, &[command, "--adb", PACKAGE, "--json"]);
        assert!(answer.status.success() && out(&answer).contains(words), "{answer:?}");
    }
    let doctor = |more: &[&str]| run(&world, &adb, &[&["doctor", "--adb", PACKAGE], more].concat());
    let found = Doctor::new(&doctor(&[]), &doctor(&["--json"]));
    assert_eq!((found.exit, found.findings()), (Some(0), vec![]), "{}", found.text);
    assert_eq!((found.outcome("exact-alarms"), found.outcome("round-trip")), ("ok", "skipped"));
    for command in ["watch", "pause"] {
        let words = refusal(&world, &adb, &[command, "--adb", PACKAGE]);
        assert!(words.contains("release build") && words.contains("android:debuggable"), "{words}");
    }
}

/// What is exported of a phone behind adb has its log with it, without what it quotes; a release build too.
#[test]
fn an_export_over_adb_holds_the_phones_log() {
    let world = World::start(Broker::Embedded);
    for (name, is_debuggable) in [("debuggable", true), ("release", false)] {
        let device = Device::start(&world, name, is_debuggable, fine());
        let adb = Adb::start(&world.scratch);
        adb.connect(&device.adbd);
        let archive = world.scratch.join(&format!("{name}.zip"));
        let path = archive.to_str().expect("UTF-8");
        let told = run(&world, &adb, &["export", "--adb", PACKAGE, "--out", path, "--json"]);
        let told: Value = serde_json::from_slice(&told.stdout).unwrap_or_else(|error| panic!("{error}: {told:?}"));
        assert_eq!(told["missing"], json!([]));
        let files = unpacked(&archive);
        let (_, log) = files.iter().find(|(name, _)| name == "log.txt").expect("the log");
        assert_eq!(log, "01-01 12:00:00.123  1234  1240 W offpush : odd: unknown field […]\n");
    }
}

/// A release build whose daemon does not run: its service says why, and what Android denies is named all the same.
#[test]
fn a_service_without_a_daemon_says_why() {
    let world = World::start(Broker::Embedded);
    let reason = "the app has not registered";
    let page = json!({ "schema": 1, "state": "not-running", "reason": reason, "package": PACKAGE, "platform": {
        "daemon": { "words": format!("does not run: {reason}") },
        "notifications": { "words": "the person has not allowed notifications", "problem": "notifications-denied" },
    }});
    let dump = format!("SERVICE x\n  Client:\n    {page}\n");
    let stand_in = adb::Phone { prints: HashMap::from([(DUMP.to_owned(), dump)]), ..adb::Phone::default() };
    let (adb, adbd) = (Adb::start(&world.scratch), Adbd::start(stand_in));
    adb.connect(&adbd);
    let status = out(&run(&world, &adb, &["status", "--adb", PACKAGE]));
    assert!(status.starts_with("Not running: the app has not registered."), "{status}");
    let doctor = |more: &[&str]| run(&world, &adb, &[&["doctor", "--adb", PACKAGE], more].concat());
    let found = Doctor::new(&doctor(&[]), &doctor(&["--json"]));
    let findings = found.findings();
    let [(daemon, open), (permission, allow)] = findings[..] else { panic!("two findings: {}", found.text) };
    assert!(daemon.contains("the app has not registered") && open.contains("open the app once"), "{}", found.text);
    assert!(permission.starts_with("[✗] Permissions: ") && allow.contains("allow"), "{}", found.text);
}

/// Of several phones one has to be named; one that is locked, one that is unknown and none at all say what to do.
#[test]
fn the_phone_has_to_be_clear_and_usable() {
    let world = World::start(Broker::Embedded);
    let adb = Adb::start(&world.scratch);
    let none = refusal(&world, &adb, &["status", "--adb", PACKAGE]);
    assert!(none.contains("USB debugging"), "{none}");
    let first = Device::start(&world, "first", true, fine());
    let second = Device::start(&world, "second", true, fine());
    let locked = Adbd::start(adb::Phone { is_locked: true, ..adb::Phone::default() });
    adb.connect(&first.adbd);
    adb.connect(&locked);
    // Only one of the two can be used: that is clear enough.
    assert!(run(&world, &adb, &["status", "--adb", PACKAGE]).status.success());
    let words = refusal(&world, &adb, &["status", "--adb", PACKAGE, "--serial", &locked.serial()]);
    assert!(words.contains("allow USB debugging"), "{words}");
    adb.connect(&second.adbd);
    let words = refusal(&world, &adb, &["status", "--adb", PACKAGE]);
    for device in [&first, &second] {
        assert!(words.contains(&device.adbd.serial()) && words.contains("--serial"), "{words}");
        let serial = device.adbd.serial();
        let page = out(&run(&world, &adb, &["status", "--adb", PACKAGE, "--serial", &serial, "--json"]));
        let page: Value = serde_json::from_str(&page).expect("JSON");
        assert!(device.reg_id.starts_with(page["regId"].as_str().expect("a regId").trim_end_matches('…')));
    }
    let words = refusal(&world, &adb, &["status", "--adb", PACKAGE, "--serial", "nobody"]);
    assert!(words.contains("no phone has the serial number nobody"), "{words}");
}

/// An app that is not there, one that does not run and one that prints nonsense are told apart.
#[test]
fn an_app_that_does_not_answer_is_told_from_one_that_is_not_there() {
    let world = World::start(Broker::Embedded);
    let adb = Adb::start(&world.scratch);
    let none = format!("No services match: {PACKAGE}/com.xiaomi.push.service.XMPushService\n");
    let prints = |pairs: &[(&str, &str)]| adb::Phone {
        prints: pairs.iter().map(|(command, text)| ((*command).to_owned(), (*text).to_owned())).collect(),
        ..adb::Phone::default()
    };
    for (phone, words) in [
        (prints(&[(DUMP, &none)]), "is not installed"),
        (prints(&[(DUMP, &none), (PATH, "package:/data/app/base.apk\n")]), "open the app once"),
        (prints(&[(DUMP, "  {\"schema\": [}")]), "use the same version of offpush"),
    ] {
        let adbd = Adbd::start(phone);
        adb.connect(&adbd);
        let said = refusal(&world, &adb, &["status", "--adb", PACKAGE, "--serial", &adbd.serial()]);
        assert!(said.contains(words), "{words} in {said}");
    }
    let said = refusal(&world, &adb, &["status", "--adb", "a; reboot"]);
    assert!(said.contains("is no package name"), "{said}");
    let mut without = adb.around(world.gateway.tool());
    let output = without.env("PATH", "/nowhere").args(["status", "--adb", PACKAGE]).output().expect("the tool runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains("adb is not installed"), "{output:?}");
}
