//! Looking into a daemon: broken devices are understood from `offpush status` alone, and what is exported is nobody's
//! secret.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use offpush_tests::{Broker, Mounted, Phone, Target, World, unpacked, wait};
use serde_json::{Value, json};

/// The exit status tells whether the phone is well, with the verdict in the first line; the tools read the files of a
/// daemon that does not run.
#[test]
fn the_exit_status_is_the_verdict() {
    let world = World::start(Broker::Embedded);
    let (mut phone, app, reg_id) = world.phone("phone");
    let id = world.push(&reg_id, "a title");
    phone.shows(&id);
    let (text, code) = phone.told();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.starts_with("Connected for ") && text.contains("; the gateway answers.\n"), "{text}");
    assert!(text.contains(&format!("the last, {id}, is shown")), "{text}");
    assert!(!text.contains('\x1b'), "colour is for terminals: {text:?}");
    let page = phone.json(&["status"]);
    assert_eq!((&page["schema"], &page["lastMessage"]["id"]), (&json!(1), &json!(id)));
    assert!(page["today"]["wakeUps"].as_u64().is_some_and(|count| count > 0), "{page}");
    assert_eq!(phone.json(&["networks"])[0]["current"], true);
    drop(app);
    phone.stop();
    let (text, code) = phone.told();
    assert_eq!((text.lines().next(), code), (Some("Not running: this is what the daemon's files say."), Some(3)));
    let networks = phone.json(&["networks"]);
    assert_eq!((&networks[0]["current"], &networks[0]["family"]), (&json!(false), &json!("v4")), "{networks}");
}

/// The way of one message is told from the gateway to the click, and filters leave the rest out.
#[test]
fn the_way_of_a_message_is_told_from_the_gateway_to_the_click() {
    let world = World::start(Broker::Embedded);
    let (phone, _app, reg_id) = world.phone("phone");
    let (first, second) = (world.push(&reg_id, "first"), world.push(&reg_id, "second"));
    phone.shows(&first);
    phone.shows(&second);
    assert!(phone.tool(&["click", &first]).status.success());
    let way = wait::until("the click", wait::SOON, || {
        let way = phone.json(&["notifications", "--message", &first]);
        (way.as_array()?.last()?["step"] == "clicked").then_some(way)
    });
    let steps: Vec<&str> = way.as_array().expect("a list").iter().filter_map(|step| step["step"].as_str()).collect();
    assert_eq!(steps, ["accepted", "arrived", "stored", "presenting", "shown", "clicked"]);
    let history = phone.json(&["history", "--message", &first, "--since", "1h"]);
    assert!(history.as_array().is_some_and(|items| items.iter().all(|item| item["id"] == first.as_str())), "{history}");
    assert!(history.as_array().is_some_and(|items| items.len() >= 3), "{history}");
    assert!(phone.tool(&["pause"]).status.success());
    wait::until_true("it is paused", wait::SOON, || phone.told().0.contains("nothing: paused"));
    let output = phone.tool(&["notifications", "--message", "nonsense"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        words.contains("has come to this phone (the app has paused messages: `resume` lets them through): see"),
        "{words}"
    );
    assert_eq!(phone.tool(&["history", "--since", "soon"]).status.code(), Some(2));
}

/// A broken device: a CA that is not the gateway's. Giving the right one mends it.
#[test]
fn a_wrong_ca_is_named_in_the_first_line() {
    let world = World::start(Broker::Embedded);
    let mut options = world.options();
    options.ca = world.scratch.join("other.pem");
    world.authority.bundle(&[], &options.ca);
    let mut phone = world.phone_with("phone", options);
    let _app = phone.app();
    let words = "certificate comes from a CA that is not trusted";
    phone.tells(words);
    phone.names_its_fault('A', [words; 2], "give the gateway's own CA with --ca");
    phone.stop();
    phone.options = world.options();
    phone.start_again();
    phone.connected();
    assert_eq!(phone.told().1, Some(0));
}

/// A broken device: its data directory was copied, and the copy runs too. Stopping the other one mends it.
#[test]
fn a_copied_data_directory_is_named_in_the_first_line() {
    let world = World::start(Broker::Embedded);
    let (mut first, app, _) = world.phone("first");
    drop(app);
    first.stop();
    let copied = Command::new("cp").arg("-a").arg(first.data()).arg(world.scratch.join("second")).status();
    assert!(copied.expect("cp runs").success());
    first.options.more = vec!["--long-back-off".to_owned(), "2".to_owned()];
    first.start_again();
    first.connected();
    let mut second = world.phone_with("second", first.options.clone());
    let words = "another phone connects with this one's identity";
    let says = |phone: &Phone| phone.told().0.lines().next().is_some_and(|line| line.contains(words));
    wait::until_true("one of them names it", wait::LATER, || says(&first) || says(&second));
    let named = if says(&first) { &first } else { &second };
    named.names_its_fault('B', [words; 2], "stop the other daemon");
    second.stop();
    first.connected();
}

/// A broken device: its disk is full. Making room mends it, and what was pushed meanwhile arrives.
#[test]
fn a_full_disk_is_named_in_the_first_line() {
    let world = World::start(Broker::Embedded);
    let path = world.scratch.join("phone");
    let Some(_mounted) = Mounted::new(&path, "1m") else { return };
    let (phone, _app, reg_id) = world.phone("phone");
    let filler = path.join("filler");
    // Fails with what there is room for: just what is wanted.
    let _ = Command::new("dd").args(["if=/dev/zero", "bs=4k"]).arg(format!("of={}", filler.display())).output();
    let pushed: Vec<_> = (0..10).map(|number| world.push(&reg_id, &format!("number {number}"))).collect();
    let text = phone.tells(", but the disk refuses writes: ");
    assert!(text.contains("   breaks: no new message is taken; the gateway keeps them\n"), "{text}");
    phone.names_its_fault('C', ["the disk refuses writes: "; 2], "make room");
    assert_eq!(phone.doctor(&[]).findings().len(), 1, "no test message is waited for in vain");
    fs::remove_file(&filler).expect("removed");
    phone.shows(&pushed[9]);
    wait::until_true("all is well again", wait::SOON, || phone.told().1 == Some(0));
}

/// Nothing secret and nothing that a message says is in any file of an export; what a developer needs is.
#[test]
fn an_export_holds_no_secret_and_no_message() {
    let world = World::start(Broker::Embedded);
    let (phone, mut app, reg_id) = world.phone("phone");
    for (command, arguments) in [
        ("set-alias", json!({ "alias": "PLANTED-alias" })),
        ("set-account", json!({ "account": "PLANTED-account" })),
        ("subscribe-topic", json!({ "topic": "PLANTED-topic" })),
    ] {
        assert_eq!(app.command(command, arguments)["code"], 0);
    }
    let certificate = world.gateway.create_certificate(&world.account);
    let ticket = world.gateway.user_sig(&world.account, "PLANTED-user");
    let login = json!({ "certificate": certificate, "user": "PLANTED-user", "sig": ticket });
    assert_eq!(app.command("report-token", login)["code"], 0);
    let push = |fields: &[(&str, &str)]| world.gateway.push_with(&world.account, Target::RegId(&reg_id), fields);
    let page = "intent:#Intent;component=com.example.app/.PLANTEDActivity;S.k=PLANTED-intent;end";
    let shown = push(&[
        ("title", "PLANTED-title"),
        ("description", "PLANTED-description 消息\nPLANTED-second-line"),
        ("payload", "PLANTED-payload"),
        ("extra.k", "PLANTED-extra"),
        ("extra.notify_effect", "2"),
        ("extra.intent_uri", page),
    ]);
    push(&[("payload", "PLANTED-pass-through"), ("pass_through", "1")]);
    let web = push(&[
        ("title", "PLANTED-second"),
        ("description", "t"),
        ("extra.notify_effect", "3"),
        ("extra.web_uri", "https://example.com/PLANTED-web"),
    ]);
    phone.shows(&shown);
    phone.shows(&web);
    let log = phone.data().with_extension("log");
    assert!(fs::read_to_string(&log).expect("the log").contains("PLANTED-title"), "there is something to take out");
    let archive = world.scratch.join("export.zip");
    let told =
        phone.json(&["export", "--out", archive.to_str().expect("UTF-8"), "--log", log.to_str().expect("UTF-8")]);
    let files = unpacked(&archive);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(json!(names), told["files"]);
    assert!(
        ["report.html", "status.json", "doctor.json", "history.json", "log.txt"]
            .iter()
            .all(|name| names.contains(name))
    );

    let account = &world.account;
    let token = fs::read_to_string(world.gateway.data().join("admin-token")).expect("the administrator's token");
    let mut keys: BTreeSet<String> =
        [&reg_id, &account.app_secret, &ticket].into_iter().cloned().chain([token.trim().to_owned()]).collect();
    let known = keys.len();
    for file in fs::read_dir(phone.data()).expect("the data directory").flatten().filter(|file| is_file(file)) {
        keys.extend(keys_in(&fs::read(file.path()).expect("a file")));
    }
    assert!(keys.len() > known, "the phone's own secret is among them");
    // Not even a part of a key, of more than is shown to compare regIds.
    let parts = keys.iter().flat_map(|key| (0..=key.len() - PART).map(move |from| &key[from..from + PART]));
    let secrets: BTreeSet<&str> = parts.chain([account.app_key.as_str(), "PLANTED", "消息"]).collect();
    let packed = String::from_utf8_lossy(&fs::read(&archive).expect("the export")).into_owned();
    for (name, content) in files.iter().chain([&("the archive itself".to_owned(), packed)]) {
        let found: Vec<_> = secrets.iter().filter(|secret| content.contains(**secret)).collect();
        assert!(found.is_empty(), "in {name}: {found:?}");
    }
    let content = |wanted: &str| files.iter().find(|(name, _)| name == wanted).expect("there").1.clone();
    let messages: Value = serde_json::from_str(&content("notifications.json")).expect("JSON");
    assert_eq!((messages.as_array().map(Vec::len), &messages[0]["click"]), (Some(3), &json!("page")), "{messages}");
    let report = content("report.html");
    assert!(report.contains("<h1 class=\"good\">Connected for ") && report.contains(&shown), "{report}");
    assert!(report.contains("<svg ") && report.contains("class=\"up\""), "the timeline");
    for outside in ["src=", "href=", "@import", "url(", "<script"] {
        assert!(!report.contains(outside), "it opens without a network: {outside}");
    }
}

/// So many letters in a row of a key are not to be told. (Of a regId six are shown.)
const PART: usize = 10;

fn is_file(entry: &fs::DirEntry) -> bool {
    entry.file_type().is_ok_and(|kind| kind.is_file())
}

/// Whatever in these bytes looks like one of our 256-bit keys: 43 letters of base64url. A message's id is none.
fn keys_in(bytes: &[u8]) -> Vec<String> {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let words = bytes.split(|byte| !is_letter(byte)).filter(|word| word.len() >= 43);
    // A length that is a letter by chance may stand before it.
    let words = words.map(|word| String::from_utf8_lossy(&word[word.len() - 43..]).into_owned());
    words.filter(|word| !word.contains("scm")).collect()
}
