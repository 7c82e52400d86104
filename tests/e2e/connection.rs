//! How a phone finds its broker, keeps it, and finds another one.

use std::time::Duration;

use offpush_tests::net::{Direction, Relay};
use offpush_tests::{Broker, World, on_both_brokers, wait};
use serde_json::Value;

on_both_brokers! {
    /// A daemon that starts before gateway and broker registers and connects once they are there.
    fn a_daemon_that_is_first_connects_later(broker) {
        let mut world = World::start(broker);
        world.gateway.stop();
        if let Some(mosquitto) = &mut world.mosquitto {
            mosquitto.kill();
        }
        let phone = world.phone_with("phone", world.options());
        let mut app = phone.app();
        phone.wait_for("it says why", wait::SOON, |page| {
            page["state"] == "waiting-to-register" && page["next"]["action"] == "register" && !page["reason"].is_null()
        });
        if let Some(mosquitto) = &mut world.mosquitto {
            mosquitto.start_again();
        }
        world.gateway.start_again(&[]);
        let reg_id = app.callback("registered", wait::LATER)["regId"].as_str().expect("a regId").to_owned();
        phone.connected();
        let id = world.push(&reg_id, "at last");
        phone.shows(&id);
    }

    /// A registered daemon that starts while nothing is there says why it is not connected, and connects later.
    fn a_registered_daemon_waits_for_its_broker(broker) {
        let mut world = World::start(broker);
        let (mut phone, app, reg_id) = world.phone("phone");
        drop(app);
        phone.stop();
        let id = world.push(&reg_id, "meanwhile");
        world.gateway.kill();
        if let Some(mosquitto) = &mut world.mosquitto {
            mosquitto.kill();
        }
        phone.start_again();
        let page = phone.wait_for("it says why", wait::SOON, |page| page["state"] == "waiting");
        assert_eq!(page["next"]["action"], "connect", "{page}");
        assert!(!page["reason"].is_null(), "{page}");
        if let Some(mosquitto) = &mut world.mosquitto {
            mosquitto.start_again();
        }
        world.gateway.start_again(&[]);
        phone.shows(&id);
        assert_eq!(phone.presentations(&id), 1);
    }

    /// A phone whose broker has moved asks the gateway again, gets the new address, and keeps its regId.
    fn a_broker_that_moved_is_found(broker) {
        let mut world = World::start(broker);
        let mut options = world.options();
        options.more = vec!["--lost-contact".into(), "1".into()];
        let phone = world.phone_with("phone", options);
        let reg_id = phone.app().callback("registered", wait::LATER)["regId"].as_str().expect("a regId").to_owned();
        phone.connected();
        world.gateway.kill();
        match &mut world.mosquitto {
            None => world.gateway.move_broker(),
            Some(mosquitto) => {
                mosquitto.kill();
                mosquitto.move_away();
                mosquitto.start_again();
                world.gateway.use_broker(mosquitto);
            }
        }
        world.gateway.start_again(&[]);
        let id = world.push(&reg_id, "at the new address");
        phone.shows(&id);
        let page = phone.connected();
        let port = world.device_port().to_string();
        assert!(page["broker"].as_str().is_some_and(|broker| broker.ends_with(&port)), "{page}");
        let devices = world.gateway.admin("GET", "devices", &Value::Null);
        assert_eq!(devices.as_array().map(Vec::len), Some(1), "the same regId: {devices}");
    }
}

/// A link that went dead without a word is noticed by an unanswered ping, and replaced; what was pushed meanwhile is shown.
#[test]
fn a_dead_link_is_noticed_and_replaced() {
    let mut world = World::start(Broker::Mosquitto);
    let relay = Relay::to(world.device_port());
    world.gateway.stop();
    world.gateway.tell_phones(&format!("mqtts://localhost:{}", relay.port()));
    world.gateway.start_again(&[]);
    let mut options = world.options();
    options.more = vec!["--heartbeat".into(), "1".into()];
    let phone = world.phone_with("phone", options);
    let reg_id = phone.app().callback("registered", wait::LATER)["regId"].as_str().expect("a regId").to_owned();
    phone.connected();
    relay.swallow(true);
    let id = world.push(&reg_id, "into the void");
    phone.wait_for("the dead link is noticed", wait::LATER, |page| page["state"] != "connected");
    relay.swallow(false);
    phone.shows(&id);
    assert_eq!(phone.presentations(&id), 1);
    assert!(phone.events("disconnected").iter().any(|event| event["cause"] == "ping-unanswered"));
}

/// On a slow network with half a second of delay everything works as on a fast one.
#[test]
fn a_slow_network_only_takes_longer() {
    let mut world = World::start(Broker::Mosquitto);
    let relay = Relay::to(world.device_port());
    for direction in [Direction::Up, Direction::Down] {
        relay.set_delay(direction, Duration::from_millis(250));
        relay.set_rate(direction, 16 * 1024);
    }
    world.gateway.stop();
    world.gateway.tell_phones(&format!("mqtts://localhost:{}", relay.port()));
    world.gateway.start_again(&[]);
    let (phone, _app, reg_id) = world.phone("phone");
    let pushed: Vec<_> = (0..20).map(|number| world.push(&reg_id, &format!("number {number}"))).collect();
    phone.shows(&pushed[19]);
    assert_eq!(phone.presented(), pushed);
    assert_eq!(relay.accepted(), 1, "one connection is enough");
}
