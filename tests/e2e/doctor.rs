//! Broken devices: what is wrong with each, and what to do, stands in `offpush doctor`'s output alone.

use offpush_tests::net::TlsFront;
use offpush_tests::{Broker, Doctor, Phone, PhoneOptions, Validity, World, free_port, on_both_brokers, wait};

on_both_brokers! {
    /// Where everything works, every check passes, the round trip too; the test message is none, for phone and gateway.
    fn a_healthy_phone_passes_every_check(broker) {
        let world = World::start(broker);
        let (phone, mut app, reg_id) = world.phone("phone");
        app.echo("a text");
        let doctor = phone.doctor(&[]);
        assert_eq!((doctor.exit, doctor.findings()), (Some(0), vec![]), "{}", doctor.text);
        for check in ["store", "network", "clock", "dns", "tcp", "tls", "registration", "mqtt-login", "gateway", "round-trip"] {
            assert_eq!(doctor.outcome(check), "ok", "{check} in {}", doctor.json);
        }
        assert_eq!(doctor.json["schema"], 1);
        assert!(doctor.text.contains("[✓] Round trip: a test message came back, in less than a minute ("), "{}", doctor.text);
        assert!(doctor.text.lines().last().is_some_and(|sum| sum.starts_with("No problem found")), "{}", doctor.text);
        assert_eq!(phone.json(&["notifications"]).as_array().map(Vec::len), Some(0));
        let messages = world.gateway.admin("GET", "messages", &serde_json::Value::Null);
        assert_eq!(messages.as_array().map(Vec::len), Some(0), "{messages}");
        // Nor was the connection disturbed.
        assert_eq!(phone.events("disconnected").len(), 0);
        let id = world.push(&reg_id, "after");
        phone.shows(&id);
    }

    /// Without a daemon the doctor logs in itself: only that no daemon runs is wrong, and what waited still arrives once.
    fn a_phone_without_a_daemon_is_looked_over_all_the_same(broker) {
        let world = World::start(broker);
        let (mut phone, app, reg_id) = world.phone("phone");
        drop(app);
        phone.stop();
        let waiting = world.push(&reg_id, "while away");
        let doctor = phone.doctor(&with(&phone.options));
        doctor.names(&["no daemon runs"], "offpush daemon");
        assert_eq!(doctor.exit, Some(3));
        for check in ["store", "clock", "dns", "tcp", "tls", "registration", "mqtt-login", "gateway"] {
            assert_eq!(doctor.outcome(check), "ok", "{check} in {}", doctor.json);
        }
        assert_eq!(doctor.outcome("round-trip"), "skipped");
        phone.start_again();
        phone.shows(&waiting);
        assert_eq!(phone.presentations(&waiting), 1);
    }
}

/// The options that tell the doctor what a daemon would be told.
fn with(options: &PhoneOptions) -> Vec<&str> {
    vec!["--server", &options.server, "--ca", options.ca.to_str().expect("UTF-8")]
}

/// A phone that has registered and then found nothing but the gateway at `server`, without a daemon.
fn doctor_at(phone: &Phone, server: &str) -> Doctor {
    let mut options = phone.options.clone();
    options.server = server.to_owned();
    phone.doctor(&with(&options))
}

/// The gateway's process has died; the broker lives and takes the phone, but nobody answers through it.
#[test]
fn a_gateway_that_is_down_behind_a_live_broker_is_named() {
    let mut world = World::start(Broker::Mosquitto);
    let (phone, _app, _) = world.phone("phone");
    let server = world.gateway.server();
    world.gateway.kill();
    // The connection to the broker stands; the next one finds nobody behind it.
    let mut phone = phone;
    phone.stop();
    phone.start_again();
    phone.wait_for("the broker takes the phone", wait::LATER, |page| page["state"] == "connected");
    let doctor = phone.doctor(&[]);
    doctor.names(&["TCP", &server, "connection refused"], "see whether the gateway runs");
    assert_eq!((doctor.exit, doctor.outcome("mqtt-login")), (Some(3), "ok"));
    assert_eq!(doctor.outcome("gateway"), "skipped");
    assert!(doctor.text.contains("the certificates of 1 server are trusted"), "only one was reached: {}", doctor.text);
    let words = "the broker is reached and the gateway does not answer through it";
    phone.tells(words);
    phone.names_its_fault('D', [words, "connection refused"], "see whether the gateway runs");
}

/// Nobody listens on the port that the phone was given.
#[test]
fn a_closed_port_is_named() {
    let world = World::start(Broker::Embedded);
    let mut options = world.options();
    options.server = format!("https://localhost:{}", free_port());
    let server = options.server.clone();
    let phone = world.phone_with("phone", options);
    let _app = phone.app();
    phone.problem("gateway-unreachable");
    phone.doctor(&[]).names(&["TCP", &server, "connection refused"], "see whether the gateway runs, and listens");
}

/// The gateway's name has no address: `.invalid` never has one (RFC 6761 §6.4).
#[test]
fn a_name_without_an_address_is_named() {
    let world = World::start(Broker::Embedded);
    let mut options = world.options();
    options.server = "https://push.invalid:8443".to_owned();
    let phone = world.phone_with("phone", options);
    let _app = phone.app();
    let doctor = phone.doctor(&[]);
    doctor.names(&["DNS", "push.invalid"], "see whether the name is right and DNS works");
    assert_eq!(doctor.outcome("tls"), "skipped");
}

/// A certificate that has expired, one for another name, and one of an authority that is not trusted.
#[test]
fn a_wrong_certificate_is_named() {
    let world = World::start(Broker::Embedded);
    let (mut phone, app, _) = world.phone("phone");
    drop(app);
    phone.stop();
    let elsewhere = world.scratch.join("other-authority");
    std::fs::create_dir_all(&elsewhere).expect("a folder");
    let stranger = offpush_tests::Authority::new(&elsewhere);
    for (leaf, found, action) in [
        (world.authority.leaf(&["localhost"], Validity::Over), "has expired", "renew the server's certificate"),
        (world.authority.leaf(&["elsewhere.example"], Validity::Now), "is not for localhost", "--public-host NAME"),
        (stranger.leaf(&["localhost"], Validity::Now), "a CA that is not trusted", "--ca"),
    ] {
        let front = TlsFront::new(leaf.server_config(), world.gateway.http_port());
        let server = format!("https://localhost:{}", front.port());
        let doctor = doctor_at(&phone, &server);
        let tls: Vec<_> = doctor.findings().into_iter().filter(|(line, _)| !line.contains("no daemon runs")).collect();
        let [(line, to_do)] = tls[..] else { panic!("one finding beside the daemon: {}", doctor.text) };
        assert!(line.starts_with("[✗] TLS: ") && line.contains(&server) && line.contains(found), "{line}");
        assert!(to_do.contains(action), "{to_do}");
    }
}

/// A phone whose clock is a century ahead takes every certificate for expired: its clock is named, and not the certificate.
#[test]
fn a_wrong_clock_is_named() {
    let world = World::start(Broker::Embedded);
    let (mut phone, app, _) = world.phone("phone");
    drop(app);
    phone.stop();
    phone.options.clock = Some("+100y".to_owned());
    phone.start_again();
    phone.problem("clock-ahead");
    let doctor = phone.doctor(&[]);
    doctor.names(&["Clock", "far ahead"], "set this device's clock");
    phone.names_its_fault('E', ["by this device's clock, which is far ahead", "far ahead"], "set this device's clock");
}

/// The broker has lost the phones' credentials: it refuses, and the doctor says who can put it right.
#[test]
fn refused_credentials_are_named() {
    let mut world = World::start(Broker::Mosquitto);
    let (mut phone, app, _) = world.phone("phone");
    drop(app);
    phone.stop();
    world.gateway.stop();
    world.mosquitto.as_mut().expect("mosquitto").wipe();
    let doctor = phone.doctor(&["--ca", phone.options.ca.to_str().expect("UTF-8")]);
    let login: Vec<_> = doctor.findings().into_iter().filter(|(line, _)| line.contains("MQTT log-in")).collect();
    let [(line, action)] = login[..] else { panic!("one finding about the log-in: {}", doctor.text) };
    assert!(line.contains("refuses this phone with 0x87, Not authorized"), "{line}");
    assert!(action.contains("start the daemon"), "{action}");
}

/// Bad input: a directory without a store, one that is none, and wrong options are named, and nothing panics.
#[test]
fn what_is_no_phone_is_said_to_be_none() {
    let world = World::start(Broker::Embedded);
    let run = |arguments: &[&str]| world.gateway.tool().arg("doctor").args(arguments).output().expect("the tool runs");
    let nowhere = world.scratch.join("nowhere");
    let nowhere = nowhere.to_str().expect("UTF-8");
    let empty = run(&["--data", nowhere]);
    let text = String::from_utf8_lossy(&empty.stdout);
    assert_eq!(empty.status.code(), Some(3), "{empty:?}");
    assert!(text.contains("[✗] Store: there is no store") && text.contains("--data"), "{text}");
    let server = run(&["--data", nowhere, "--server", "http://push.example.com"]);
    assert!(String::from_utf8_lossy(&server.stdout).contains("give the address as https://HOST:PORT"), "{server:?}");
    let ca = run(&["--data", nowhere, "--server", "https://localhost", "--ca", "/dev/null"]);
    assert!(String::from_utf8_lossy(&ca.stdout).contains("the CA file /dev/null cannot be used"), "{ca:?}");
}
