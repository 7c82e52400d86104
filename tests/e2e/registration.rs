//! How a phone gets its regId, and loses it.

use offpush_tests::{App, Phone, PhoneOptions, Target, World, on_both_brokers, wait};
use serde_json::{Value, json};

fn register_result(world: &World, name: &str, options: PhoneOptions) -> (Phone, App, Value) {
    let phone = world.phone_with(name, options);
    let mut app = phone.app();
    let result = app.callback("registered", wait::LATER);
    (phone, app, result)
}

/// A registration by hand: the answer's HTTP status and body.
fn register(world: &World, body: &[u8]) -> (u16, Value) {
    let headers = [("Content-Type", "application/json")];
    let answer = world.gateway.request("POST", "/v1/register", &headers, body).expect("the gateway answers");
    (answer.status, answer.json())
}

on_both_brokers! {
    /// An app that registers gets a regId of 43 characters, and the phone connects with it.
    fn an_app_that_registers_gets_a_regid(broker) {
        let world = World::start(broker);
        let (phone, _app, reg_id) = world.phone("phone");
        assert_eq!(reg_id.len(), 43);
        assert!(reg_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte)), "{reg_id}");
        let page = phone.json(&["status"]);
        assert_eq!(page["state"], "connected");
        assert!(!page.to_string().contains(&reg_id), "the status shows a regId shortened: {page}");
        assert_eq!(world.gateway.admin("GET", &format!("devices/{reg_id}"), &Value::Null)["state"], "valid");
    }

    /// A restarted daemon keeps its regId.
    fn a_restarted_daemon_keeps_its_regid(broker) {
        let world = World::start(broker);
        let (mut phone, app, reg_id) = world.phone("phone");
        drop(app);
        phone.stop();
        phone.start_again();
        let result = phone.app().callback("registered", wait::LATER);
        assert_eq!((&result["code"], &result["regId"]), (&json!(0), &json!(reg_id)));
        phone.connected();
    }

    /// An unregistered device shows nothing more, and servers are told that its regId is invalid.
    fn an_unregistered_device_is_invalid_for_servers(broker) {
        let world = World::start(broker);
        let (phone, mut app, reg_id) = world.phone("phone");
        let result = app.command("unregister", json!({}));
        assert_eq!(result["code"], 0, "{result}");
        let fields = [("title", "too late"), ("description", "a text"), ("payload", "x")];
        let answer = world.gateway.push_call(&world.account, Target::RegId(&reg_id), &fields);
        assert_ne!(answer.expect("the push API answers")["code"], 0);
        phone.wait_for("the phone is unregistered", wait::SOON, |page| page["state"] == "unregistered");
        assert_eq!(phone.presented(), Vec::<String>::new());
    }
}

/// A wrong AppKey, AppID or package reaches the app as the register result 22007, 22006 or 22022, and `status` names it.
#[test]
fn a_wrong_app_is_told_what_is_wrong() {
    let world = World::start(offpush_tests::Broker::Embedded);
    let right = world.options();
    let wrong_key = PhoneOptions { app_key: "5000000000000".into(), ..right.clone() };
    let wrong_id = PhoneOptions { app_id: "2882303761500000000".into(), ..right.clone() };
    let wrong_package = PhoneOptions { package: "com.example.other".into(), ..right };
    for (name, options, code) in [("key", wrong_key, 22007), ("id", wrong_id, 22006), ("package", wrong_package, 22022)]
    {
        let (phone, _app, result) = register_result(&world, name, options);
        assert_eq!(result["code"], code, "{result}");
        assert!(result["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{result}");
        let page = phone.wait_for("the refusal", wait::SOON, |page| page["state"] == "registration-refused");
        assert!(page["problems"].as_array().is_some_and(|problems| !problems.is_empty()), "{page}");
    }
}

/// The same request id gives the same regId again with the same secret, and is refused with another one.
#[test]
fn a_request_id_belongs_to_its_secret() {
    let world = World::start(offpush_tests::Broker::Embedded);
    let request = |secret: &str| {
        json!({
            "requestId": "r".repeat(43), "secret": secret, "appId": world.account.app_id,
            "appKey": world.account.app_key, "package": world.account.package, "version": "test",
        })
    };
    let (_, first) = register(&world, request(&"a".repeat(43)).to_string().as_bytes());
    assert_eq!(first["code"], 0, "{first}");
    let (_, again) = register(&world, request(&"a".repeat(43)).to_string().as_bytes());
    assert_eq!(again["regId"], first["regId"]);
    let (_, other) = register(&world, request(&"b".repeat(43)).to_string().as_bytes());
    assert_eq!(other["code"], 10012, "{other}");
    assert!(other.get("regId").is_none(), "{other}");
}

/// Garbage on `/v1/register` is answered with a code and a reason, and the gateway goes on.
#[test]
fn garbage_on_register_is_refused_with_a_reason() {
    let world = World::start(offpush_tests::Broker::Embedded);
    let deep = "[".repeat(30_000);
    let long = vec![b' '; 100 * 1024];
    let wrong_types = br#"{"requestId":1,"secret":[],"appId":{},"appKey":null,"package":true}"#;
    let bodies: [&[u8]; 7] = [b"", b"\0\xff\xfe", b"{", deep.as_bytes(), &long, wrong_types, b"{}"];
    for body in bodies {
        let (status, answer) = register(&world, body);
        assert!((400..500).contains(&status) || status == 200, "HTTP {status}: {answer}");
        assert!(answer["code"].as_i64().is_some_and(|code| code != 0), "{answer}");
        assert!(answer["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{answer}");
    }
    world.phone("phone");
}

/// A second daemon on one directory does not start, and says who holds it.
#[test]
fn a_second_daemon_on_one_directory_says_who_holds_it() {
    let world = World::start(offpush_tests::Broker::Embedded);
    let (mut phone, _app, _) = world.phone("phone");
    let output = phone.command().output().expect("the program runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains(&phone.process().pid().to_string()), "names the process: {words}");
    assert_eq!(words.trim().lines().count(), 1, "one line: {words}");
    phone.connected();
}
