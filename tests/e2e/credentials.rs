//! What a device's credentials are good for: real clients try more.

use std::process::{Command, Output};

use offpush_tests::{World, on_both_brokers, wait};
use serde_json::{Value, json};

/// Who a client says it is.
#[derive(Clone, Copy)]
struct Login<'a> {
    id: &'a str,
    user: &'a str,
    password: &'a str,
}

/// Runs `mosquitto_pub` or `mosquitto_sub` with this login.
fn client(world: &World, program: &str, login: Login<'_>, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(["-V", "5", "-h", "localhost", "-p", &world.device_port().to_string(), "-q", "1", "-d"]);
    command.arg("--cafile").arg(&world.ca);
    command.args(["-i", login.id, "-u", login.user, "-P", login.password]).args(arguments);
    command.output().expect("mosquitto-clients is installed; `tests/run e2e` sees to it")
}

/// Subscribes for two seconds; everything that came, and the client's own words.
fn subscribe(world: &World, login: Login<'_>, topic: &str) -> (String, String) {
    let output = client(world, "mosquitto_sub", login, &["-t", topic, "-W", "2"]);
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    let came = words.lines().filter(|line| line.starts_with('{')).collect();
    (came, words + &String::from_utf8_lossy(&output.stderr))
}

/// Registers a device by hand, so that the test knows its secret; returns its regId.
fn register(world: &World, request: &str, secret: &str) -> String {
    let body = json!({
        "requestId": request.repeat(43), "secret": secret, "appId": world.account.app_id,
        "appKey": world.account.app_key, "package": world.account.package, "version": "test",
    });
    let answer = world.gateway.request("POST", "/v1/register", &[], body.to_string().as_bytes());
    let answer = answer.expect("the gateway answers").json();
    assert_eq!(answer["code"], 0, "{answer}");
    answer["regId"].as_str().expect("a regId").to_owned()
}

on_both_brokers! {
    /// A device's own credentials reach its own two topics.
    fn a_device_reaches_its_own_topics(broker) {
        let world = World::start(broker);
        let secret = "s".repeat(43);
        let id = register(&world, "a", &secret);
        let login = Login { id: &id, user: &id, password: &secret };
        let hello = json!({ "v": 1, "outbox": "o", "hello": { "connection": "c", "version": "test" } }).to_string();
        let topic = format!("op/u/{id}");
        let said = client(&world, "mosquitto_pub", login, &["-t", &topic, "-m", &hello]);
        assert!(said.status.success(), "{said:?}");
        wait::until_true("the gateway heard the hello", wait::SOON, || {
            world.gateway.admin("GET", &format!("devices/{id}"), &Value::Null)["version"] == "test"
        });
        let message = world.push(&id, "for the device");
        let waiting = std::thread::scope(|scope| {
            let listener = scope.spawn(|| subscribe(&world, login, &format!("op/d/{id}")));
            // The gateway answers a hello on the same connection only; another device's client makes it publish.
            listener.join().expect("the listener ran")
        });
        assert!(waiting.1.contains("CONNACK (0)"), "let in: {}", waiting.1);
        let path = world.gateway.message(&message);
        assert_eq!(path["counts"]["devices"], 1, "{path}");
    }

    /// A device's credentials read nobody else's messages and write nothing in their name, nor anything else.
    fn a_device_reaches_nothing_else(broker) {
        let world = World::start(broker);
        let (phone, _app, victim) = world.phone("phone");
        let secret = "s".repeat(43);
        let id = register(&world, "a", &secret);
        let login = Login { id: &id, user: &id, password: &secret };
        let foreign = [
            format!("op/d/{victim}"), format!("op/u/{victim}"), format!("op/u/{id}"), "#".into(), "+/+/+".into(),
            "op/#".into(), "op/d/+".into(), "$share/gateway/op/u/+".into(), format!("$share/x/op/d/{victim}"),
            "$SYS/#".into(), "$CONTROL/#".into(), "$CONTROL/dynamic-security/v1/response".into(),
        ];
        std::thread::scope(|scope| {
            let listeners: Vec<_> = foreign
                .iter()
                .enumerate()
                .map(|(number, topic)| {
                    // One connection at a time has the device's id: each listener is a device of its own.
                    let secret = &secret;
                    let world = &world;
                    scope.spawn(move || {
                        let id = register(world, &char::from(b'b' + number as u8).to_string(), secret);
                        let login = Login { id: &id, user: &id, password: secret };
                        (topic, subscribe(world, login, topic))
                    })
                })
                .collect();
            let seen: Vec<_> = (0..5).map(|number| world.push(&victim, &format!("secret {number}"))).collect();
            for listener in listeners {
                let (topic, (came, words)) = listener.join().expect("the listener ran");
                assert!(words.contains("CONNACK (0)"), "let in, for its own topics: {words}");
                assert!(came.is_empty(), "{topic}: {came}");
                assert!(!words.contains("secret "), "{topic}: {words}");
            }
            phone.shows(&seen[4]);
        });
        // Nothing written in the victim's name arrives: neither a receipt nor a message.
        let forged = json!({ "v": 1, "epoch": "x", "entries": [{ "n": 1, "kind": "void" }] }).to_string();
        for topic in [format!("op/d/{victim}"), format!("op/u/{victim}"), "$CONTROL/dynamic-security/v1".into(), "other".into()] {
            let before = phone.status().expect("it runs");
            let said = client(&world, "mosquitto_pub", login, &["-t", &topic, "-m", &forged]);
            assert!(String::from_utf8_lossy(&said.stdout).contains("CONNACK (0)"), "{said:?}");
            let gone = json!({ "v": 1, "outbox": "o", "gone": { "connection": "x" } }).to_string();
            client(&world, "mosquitto_pub", login, &["-t", &topic, "-m", &gone]);
            let page = phone.status().expect("it runs");
            assert_eq!((&page["state"], &page["since"], &page["mark"]), (&before["state"], &before["since"], &before["mark"]));
        }
        // A will in another's name is refused or does nothing.
        let will = format!("op/u/{victim}");
        client(&world, "mosquitto_sub", login, &["-t", &format!("op/d/{id}"), "-W", "1", "--will-topic", &will, "--will-payload", "{}"]);
        let last = world.push(&victim, "after all that");
        phone.shows(&last);
    }

    /// A stolen regId as client id, without the device's password, disturbs nobody.
    fn a_stolen_regid_disturbs_nobody(broker) {
        let world = World::start(broker);
        let (phone, _app, victim) = world.phone("phone");
        let secret = "s".repeat(43);
        let own = register(&world, "a", &secret);
        let before = phone.connected();
        let logins = [
            Login { id: &victim, user: &own, password: &secret },
            Login { id: &victim, user: &victim, password: &secret },
            Login { id: &own, user: &victim, password: &secret },
            Login { id: &victim, user: &world.account.app_id, password: &world.account.app_key },
            Login { id: &victim, user: &world.account.package, password: &world.account.app_secret },
            Login { id: "x", user: &own, password: &secret },
            Login { id: &own, user: &own, password: "wrong" },
            Login { id: &own, user: &own, password: "" },
        ];
        for login in logins {
            let output = client(&world, "mosquitto_sub", login, &["-t", &format!("op/d/{victim}"), "-W", "2"]);
            let words = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
            assert!(words.contains("CONNACK (") && !words.contains("CONNACK (0)"), "{} as {}: {words}", login.user, login.id);
        }
        let after = phone.connected();
        assert_eq!(after["since"], before["since"], "the phone's connection was not disturbed");
        let id = world.push(&victim, "undisturbed");
        phone.shows(&id);
    }

    /// Two daemons with copies of one identity end in a named state instead of an endless fight.
    fn a_copied_identity_is_named(broker) {
        let world = World::start(broker);
        let (mut first, app, _) = world.phone("first");
        drop(app);
        first.stop();
        let status = Command::new("cp").arg("-a").arg(first.data()).arg(world.scratch.join("second")).status();
        assert!(status.expect("cp runs").success());
        first.start_again();
        first.connected();
        let second = world.phone_with("second", world.options());
        wait::until_true("one of them says that its identity is in use", wait::LATER, || {
            [&first, &second].iter().any(|phone| {
                phone.status().is_some_and(|page| page["problems"].to_string().contains("identity-in-use"))
            })
        });
    }
}
