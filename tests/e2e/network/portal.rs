//! A captive portal answers in the servers' place.

use offpush_tests::net::{Portal, Uplink};
use offpush_tests::{Broker, wait};

use crate::site::Site;

/// Somebody signs in at the portal, and the network is renewed: a change of the network ends the phone's wait.
fn sign_in(site: &Site, portal: Portal<'_>) {
    drop(portal);
    site.lab.renew(Uplink::Home);
}

/// A phone that starts behind a captive portal says so, and registers once somebody has signed in.
#[test]
fn a_captive_portal_is_named_before_the_registration() {
    let Some(site) = Site::build(Broker::Embedded) else { return };
    let portal = site.lab.router(Uplink::Home).portal();
    let phone = site.start(&[]);
    let mut app = phone.app();
    phone.problem("captive-portal");
    sign_in(&site, portal);
    assert_eq!(app.callback("registered", wait::LATER)["code"], 0);
    phone.connected();
    let page = phone.status().expect("a status");
    assert_eq!(page["problems"].as_array().map(Vec::len), Some(0), "{page}");
}

/// A portal that closes in on a connected phone is noticed by the heartbeat and named; what was pushed meanwhile is shown
/// once somebody has signed in.
#[test]
fn a_captive_portal_is_named_when_it_takes_the_connection() {
    let Some(site) = Site::build(Broker::Embedded) else { return };
    let device = site.device(&["--heartbeat", "1"]);
    let portal = site.lab.router(Uplink::Home).portal();
    let pushed = site.push(&device, "behind the portal");
    device.phone.problem("captive-portal");
    sign_in(&site, portal);
    device.showed_once(&[pushed]);
}

/// The doctor names the portal, and what to do, beside the daemon and without it; what follows from it is left out.
#[test]
fn the_doctor_names_a_captive_portal() {
    let Some(site) = Site::build(Broker::Embedded) else { return };
    let mut phone = site.start(&[]);
    assert_eq!(phone.app().callback("registered", wait::LATER)["code"], 0);
    phone.connected();
    let portal = site.lab.router(Uplink::Home).portal();
    phone.stop();
    let (server, ca) = (phone.options.server.clone(), phone.options.ca.clone());
    let doctor = phone.doctor(&["--server", &server, "--ca", ca.to_str().expect("UTF-8")]);
    let findings = doctor.findings();
    let [daemon, (found, action)] = findings[..] else { panic!("two findings: {}", doctor.text) };
    assert!(daemon.0.contains("no daemon runs"), "{}", doctor.text);
    assert!(found.starts_with("[✗] Captive portal: ") && action.contains("sign in"), "{}", doctor.text);
    assert_eq!((doctor.outcome("tls"), doctor.outcome("mqtt-login")), ("skipped", "skipped"), "{}", doctor.json);
    phone.start_again();
    let _app = phone.app();
    phone.problem("captive-portal");
    phone.doctor(&[]).names(&["Captive portal"], "sign in to the network in a browser");
    drop(portal);
}
