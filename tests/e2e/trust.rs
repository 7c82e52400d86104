//! Which servers a phone trusts, and by which clock. Whatever it refuses, it names.

use offpush_tests::net::TlsFront;
use offpush_tests::{Authority, Broker, Leaf, Mosquitto, Phone, Validity, World, on_both_brokers, wait};
use serde_json::Value;

/// What is wrong with a certificate, and what `status` calls it.
const WRONG: [(&str, &str); 3] =
    [("authority", "certificate-untrusted"), ("time", "certificate-expired"), ("name", "certificate-name")];

/// A certificate that is wrong in this way.
fn wrong_leaf(world: &World, what: &str) -> Leaf {
    match what {
        "authority" => {
            let directory = world.scratch.join("other-authority");
            std::fs::create_dir_all(&directory).expect("a folder");
            Authority::new(&directory).leaf(&["localhost", "127.0.0.1"], Validity::Now)
        }
        "time" => world.authority.leaf(&["localhost", "127.0.0.1"], Validity::Over),
        _ => world.authority.leaf(&["elsewhere.example"], Validity::Now),
    }
}

/// A gateway behind a certificate of a wrong authority, an expired one or one for another name is refused, and named.
#[test]
fn a_gateway_with_a_wrong_certificate_is_refused() {
    let world = World::start(Broker::Embedded);
    for (what, problem) in WRONG {
        let front = TlsFront::new(wrong_leaf(&world, what).server_config(), world.gateway.http_port());
        let mut options = world.options();
        options.server = format!("https://localhost:{}", front.port());
        let phone = world.phone_with(what, options);
        let _app = phone.app();
        phone.problem(problem);
        let failed = phone.events("registration-failed");
        assert!(!failed.is_empty(), "{what}: the history tells it");
    }
    let devices = world.gateway.admin("GET", "devices", &Value::Null);
    assert_eq!(devices.as_array().map(Vec::len), Some(0), "nothing reached the gateway: {devices}");
    // The same front with a right certificate lets a phone in.
    let right = world.authority.leaf(&["localhost"], Validity::Now);
    let front = TlsFront::new(right.server_config(), world.gateway.http_port());
    let mut options = world.options();
    options.server = format!("https://localhost:{}", front.port());
    let phone = world.phone_with("right", options);
    assert_eq!(phone.app().callback("registered", wait::LATER)["code"], 0);
}

/// A broker with a wrong certificate is refused and named; nothing of the phone's secret reaches it.
#[test]
fn a_broker_with_a_wrong_certificate_is_refused() {
    for (what, problem) in WRONG {
        let mut world = World::start(Broker::Mosquitto);
        let leaf = wrong_leaf(&world, what);
        let wrong = Mosquitto::start_with(world.scratch.join("wrong"), &leaf);
        world.gateway.stop();
        world.gateway.tell_phones(&wrong.device_url());
        world.gateway.start_again(&[]);
        let phone = world.phone_with("phone", world.options());
        assert_eq!(phone.app().callback("registered", wait::LATER)["code"], 0);
        phone.problem(problem);
        assert!(!wrong.log().contains("New client connected"), "{what}: {}", wrong.log());
    }
}

/// A gateway without a certificate that the phone was given a CA for is refused: the system's CAs do not help.
#[test]
fn a_gateway_of_an_unknown_authority_is_refused() {
    let world = World::start(Broker::Embedded);
    let mut options = world.options();
    options.ca = world.authority.path().to_owned();
    let phone = world.phone_with("phone", options);
    let _app = phone.app();
    let problem = phone.problem("certificate-untrusted");
    assert!(problem["action"].as_str().is_some_and(|action| action.contains("--ca")), "{problem}");
}

fn restart_with_clock(phone: &mut Phone, clock: Option<&str>) {
    phone.stop();
    phone.options.clock = clock.map(str::to_owned);
    phone.start_again();
}

on_both_brokers! {
    /// A clock far ahead makes every certificate look expired: the phone refuses, and names its clock. Set right, it works.
    fn a_clock_ahead_is_named(broker) {
        let world = World::start(broker);
        let (mut phone, app, reg_id) = world.phone("phone");
        drop(app);
        restart_with_clock(&mut phone, Some("+100y"));
        phone.problem("clock-ahead");
        restart_with_clock(&mut phone, None);
        phone.connected();
        let id = world.push(&reg_id, "in time");
        phone.shows(&id);
    }

    /// A clock behind does not keep a phone from working, for the build date and the gateway's time are later; it is named.
    fn a_clock_behind_works_and_is_named(broker) {
        let world = World::start(broker);
        let mut options = world.options();
        options.clock = Some("-3y".into());
        let phone = world.phone_with("phone", options);
        let result = phone.app().callback("registered", wait::LATER);
        assert_eq!(result["code"], 0, "{result}");
        phone.connected();
        phone.problem("clock-behind");
        let id = world.push(result["regId"].as_str().expect("a regId"), "in time");
        phone.shows(&id);
    }
}

/// A certificate that is not valid before tomorrow is refused, and the clock named as behind.
#[test]
fn a_certificate_of_the_future_is_refused() {
    let world = World::start(Broker::Embedded);
    let leaf = world.authority.leaf(&["localhost"], Validity::Later);
    let front = TlsFront::new(leaf.server_config(), world.gateway.http_port());
    let mut options = world.options();
    options.server = format!("https://localhost:{}", front.port());
    let phone = world.phone_with("phone", options);
    let _app = phone.app();
    phone.problem("clock-behind");
}

/// The gateway's own authority is kept over restarts, so that phones that carry it still trust it.
#[test]
fn a_restarted_gateway_keeps_its_authority() {
    let mut world = World::start(Broker::Embedded);
    let (phone, _app, reg_id) = world.phone("phone");
    let before = std::fs::read(world.gateway.authority()).expect("the CA");
    world.gateway.stop();
    world.gateway.start_again(&[]);
    assert_eq!(std::fs::read(world.gateway.authority()).expect("the CA"), before);
    let id = world.push(&reg_id, "after");
    phone.shows(&id);
}
