//! How a phone gets its regId, keeps it, and what makes it ask again.

mod common;

use common::{
    BROKER, Broker, DAY, HOUR, Input, MINUTE, Phone, REG_ID, Registrar, SECOND, cellular, http, message, refusal, wifi,
};
use offpush_engine::input::CertificateProblem;
use offpush_engine::status::{NextAction, Phase, WaitReason};
use offpush_engine::{Callback, Disconnected, Event, LinkFailure, Network};

fn with_registrar(registrar: Registrar) -> Phone {
    let mut phone = Phone::new();
    phone.registrar = registrar;
    phone.input(Input::App(true));
    phone.input(Input::Network(wifi()));
    phone
}

fn registered_callbacks(phone: &Phone) -> Vec<(i64, Option<String>)> {
    let result = |(_, callback): &(Option<u64>, Callback)| match callback {
        Callback::Registered { code, reg_id, .. } => Some((*code, reg_id.clone())),
        _ => None,
    };
    phone.callbacks.iter().filter_map(result).collect()
}

#[test]
fn a_new_phone_registers_at_once_and_connects_to_the_brokers_it_is_given() {
    // The first network leads to one registration request, and its answer to a connection.
    let phone = with_registrar(Registrar::Accepts);
    assert_eq!(phone.registrations.len(), 1);
    let request = &phone.registrations[0].2;
    assert_eq!((request.request_id.len(), request.secret.len()), (43, 43), "256 random bits as base64url");
    assert_ne!(request.request_id, request.secret);
    assert_eq!(request.reg_id, None);
    assert_eq!((&*request.app_id, &*request.package), ("2882303761517000001", "com.example.app"));
    assert_eq!(phone.attempts.len(), 1);
    assert_eq!(phone.attempts[0].2, [BROKER]);
    assert_eq!(phone.phase(), Phase::Connected);
    assert_eq!(registered_callbacks(&phone), [(0, Some(REG_ID.to_owned()))]);
}

#[test]
fn a_failed_registration_is_repeated_with_the_same_id_and_secret_after_growing_waits() {
    // Until the gateway answers, the same request goes out again and again, less and less often.
    let mut phone = with_registrar(Registrar::Fails(LinkFailure::Refused));
    phone.advance(2 * HOUR);
    let first = phone.registrations[0].2.clone();
    assert!(phone.registrations.iter().all(|(.., request)| *request == first));
    let times: Vec<u64> = phone.registrations.iter().map(|(at, ..)| *at).collect();
    let waits: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits[0] <= 3 * SECOND, "{waits:?}");
    assert!(waits.iter().all(|wait| (SECOND..=10 * MINUTE).contains(wait)), "{waits:?}");
    assert!((12..80).contains(&times.len()), "{} attempts in two hours", times.len());
    assert!(matches!(phone.phase(), Phase::WaitingToRegister { .. }));
    assert!(phone.status().next.is_some());
    phone.registrar = Registrar::Accepts;
    phone.advance(10 * MINUTE);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn a_registration_without_an_answer_ends_after_thirty_seconds() {
    // A request that nobody answers has a deadline, and the next one follows.
    let mut phone = with_registrar(Registrar::Silent);
    phone.advance(30 * SECOND - 1);
    assert_eq!((phone.registrations.len(), phone.phase()), (1, Phase::Registering));
    phone.advance(4 * SECOND);
    assert_eq!(phone.registrations.len(), 2);
    let late = phone.registrations[0].1;
    phone.input(Input::RegisterAnswer(late, Ok(Phone::accepted(&[BROKER]))));
    assert_eq!(phone.phase(), Phase::Registering, "an answer that comes after its deadline is not taken");
}

#[test]
fn request_id_and_secret_survive_a_crash() {
    // A crash between request and answer does not make a second device of this phone.
    let mut phone = with_registrar(Registrar::Silent);
    phone.crash();
    assert_eq!(phone.registrations.len(), 2);
    assert_eq!(phone.registrations[0].2, phone.registrations[1].2);
}

#[test]
fn every_terminal_code_reaches_the_app_and_ends_the_attempts() {
    // A refusal that only another configuration can change is told, and not asked for again by itself.
    for code in [22006, 22007, 22022, 10012, 10016, 10017, 10021, 10029, 99999] {
        let mut phone = with_registrar(refusal(code));
        phone.advance(2 * DAY);
        assert_eq!(phone.registrations.len(), 1, "code {code}");
        assert_eq!(registered_callbacks(&phone), [(code, None)], "code {code}");
        let refused = Phase::RegistrationRefused { code, reason: Some("refused".to_owned()) };
        assert_eq!(phone.phase(), refused);
        assert_eq!(phone.next_timeout(), None, "nothing is left to wake up for");
        phone.input(Input::Network(cellular()));
        assert_eq!(phone.registrations.len(), 1, "another network changes nothing");
    }
}

#[test]
fn the_app_may_ask_again_ten_seconds_after_a_refusal() {
    // registerPush called in a loop does not become a request a call.
    let mut phone = with_registrar(refusal(22007));
    phone.advance(5 * SECOND);
    phone.input(Input::Register);
    assert_eq!(phone.registrations.len(), 1);
    assert_eq!(registered_callbacks(&phone).len(), 2, "the result is told again");
    phone.advance(5 * SECOND);
    phone.registrar = Registrar::Accepts;
    phone.input(Input::Register);
    assert_eq!(phone.registrations.len(), 2);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn a_registered_app_that_registers_again_gets_its_regid_without_a_request() {
    // registerPush on every start of the app costs nothing.
    let mut phone = Phone::connected();
    phone.input(Input::App(true));
    phone.input(Input::Register);
    assert_eq!(registered_callbacks(&phone), [(0, Some(REG_ID.to_owned()))]);
    assert_eq!(phone.registrations.len(), 0);
}

#[test]
fn what_is_not_our_json_is_no_answer() {
    // A captive portal's page, whatever its status, and a proxy's error are waits, never a refusal.
    for answer in [
        http(200, None, "<html>Please log in</html>"),
        http(302, None, ""),
        http(511, None, r#"{"error":"login required"}"#),
        http(200, None, r#"{"code":"0"}"#),
        http(404, None, "not found"),
        http(200, None, r#"{"code":0,"regId":"too-short"}"#),
        http(200, None, r#"{"code":0,"regId":"regid-0123456789-0123456789-0123456789-a/+#"}"#),
        http(200, None, r#"{"code":0}"#),
        http(200, None, format!(r#"{{"code":0,"regId":"{REG_ID}","brokers":[]}}"#)),
        http(200, None, r#"{"code":1}"#),
        http(503, None, r#"{"code":10002,"reason":"busy"}"#),
    ] {
        let mut phone = with_registrar(answer.clone());
        assert!(matches!(phone.phase(), Phase::WaitingToRegister { .. }), "{answer:?}");
        assert_eq!(phone.attempts.len(), 0);
        phone.registrar = Registrar::Accepts;
        phone.advance(3 * SECOND);
        assert_eq!(phone.phase(), Phase::Connected, "{answer:?}");
    }
}

#[test]
fn retry_after_is_honoured_within_reason() {
    // The gateway may ask for patience; nobody in between may ask for years of it.
    let mut phone = with_registrar(http(503, Some(600), r#"{"code":10002}"#));
    phone.advance(599 * SECOND);
    assert_eq!(phone.registrations.len(), 1);
    phone.advance(SECOND);
    assert_eq!(phone.registrations.len(), 2);

    let mut phone = with_registrar(http(503, Some(u32::MAX), "<html>"));
    phone.advance(6 * HOUR);
    assert_eq!(phone.registrations.len(), 2);
}

#[test]
fn another_network_while_a_registration_is_under_way_starts_it_at_once_there() {
    // The request on the network that is gone is given up rather than waited for.
    let mut phone = with_registrar(Registrar::Silent);
    phone.registrar = Registrar::Accepts;
    phone.input(Input::Network(cellular()));
    assert_eq!(phone.registrations.len(), 2);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn only_the_gateway_can_make_a_phone_forget_its_regid() {
    // Refused credentials lead to the same request again, with the regId; only "unknown" leads to a new identity.
    let mut phone = Phone::connected();
    phone.broker = Broker::Refuses(0x86, Vec::new());
    phone.drop_link();
    phone.advance(30 * SECOND);
    assert_eq!(phone.phase(), Phase::Waiting(WaitReason::CredentialsRefused));
    assert_eq!(phone.status().reg_id.as_deref(), Some(REG_ID));
    phone.registrar = refusal(10029);
    phone.advance(4 * MINUTE);
    let repeated = phone.registrations[0].clone();
    assert_eq!(repeated.2.reg_id.as_deref(), Some(REG_ID));
    let renewed = phone.registrations.last().expect("a request").2.clone();
    assert_eq!(renewed.reg_id, None);
    assert_ne!(renewed.request_id, repeated.2.request_id);
    assert_ne!(renewed.secret, repeated.2.secret);
    assert!(phone.events().contains(&Event::Forgotten));
}

#[test]
fn refused_credentials_are_repaired_by_repeating_the_registration() {
    // The gateway puts the credentials right, and the phone connects under the regId it had.
    let mut phone = Phone::connected();
    let request = phone.credentials();
    phone.broker = Broker::Refuses(0x87, Vec::new());
    phone.drop_link();
    phone.advance(30 * SECOND);
    phone.broker = Broker::Accepts;
    phone.advance(4 * MINUTE);
    let repeated = &phone.registrations.last().expect("a request").2;
    assert_eq!((&repeated.request_id, &repeated.secret), (&request.0, &request.1));
    assert_eq!(phone.phase(), Phase::Connected);
    assert_eq!(phone.status().reg_id.as_deref(), Some(REG_ID));
}

#[test]
fn a_refused_repetition_does_not_end_the_registration() {
    // An app that was deleted at the gateway may be restored: the phone goes on asking, slowly.
    let mut phone = Phone::connected();
    phone.broker = Broker::Refuses(0x86, Vec::new());
    phone.registrar = refusal(22006);
    phone.drop_link();
    phone.advance(3 * SECOND);
    assert_eq!(phone.status().next.expect("a next action").0, NextAction::Register);
    while phone.registrations.is_empty() {
        phone.advance(SECOND);
    }
    assert_eq!(phone.status().next.expect("a next action").0, NextAction::Connect, "the brokers have their turn");
    phone.advance(2 * DAY);
    let requests = phone.registrations.len();
    assert!((3..40).contains(&requests), "{requests} requests in two days");
    assert_eq!(phone.status().reg_id.as_deref(), Some(REG_ID));
    phone.broker = Broker::Accepts;
    phone.registrar = Registrar::Accepts;
    phone.advance(6 * HOUR);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn contact_lost_for_six_hours_repeats_the_registration_and_finds_the_new_brokers() {
    // No listed broker could be reached on a working network: the gateway is asked where they are today.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Unreachable);
    phone.drop_link();
    phone.advance(6 * HOUR - MINUTE);
    assert_eq!(phone.registrations.len(), 0);
    let elsewhere = "mqtts://elsewhere.example:8883";
    phone.registrar = Registrar::Answers(Phone::accepted(&[elsewhere]));
    phone.advance(12 * MINUTE);
    assert_eq!(phone.registrations.len(), 1);
    assert_eq!(phone.registrations[0].2.reg_id.as_deref(), Some(REG_ID));
    assert_eq!(phone.attempts.last().expect("an attempt").2, [elsewhere]);
    phone.advance(5 * HOUR);
    assert_eq!(phone.registrations.len(), 1, "the next repetition comes a whole period later");
}

#[test]
fn a_long_connection_that_ends_is_no_lost_contact() {
    // Contact counts until the connection ends, not from its beginning.
    let mut phone = Phone::connected();
    phone.advance(20 * HOUR);
    phone.drop_link();
    phone.advance(10 * SECOND);
    assert_eq!(phone.phase(), Phase::Connected);
    assert_eq!(phone.registrations.len(), 0);
}

#[test]
fn time_without_a_network_is_no_lost_contact() {
    // A night in flight mode does not make the phone ask the gateway.
    let mut phone = Phone::connected();
    phone.input(Input::Network(Network::None));
    phone.advance(10 * HOUR);
    phone.broker = Broker::Fails(LinkFailure::Refused);
    phone.input(Input::Network(cellular()));
    phone.advance(5 * HOUR);
    assert_eq!(phone.registrations.len(), 0);
    phone.advance(2 * HOUR);
    assert_eq!(phone.registrations.len(), 1);
}

#[test]
fn a_refused_certificate_is_named_and_tried_again() {
    // A certificate problem at the gateway is a wait with its reason, not the end.
    let failure = LinkFailure::Certificate { problem: CertificateProblem::UnknownIssuer };
    let mut phone = with_registrar(Registrar::Fails(failure));
    let Phase::WaitingToRegister { reason } = phone.phase() else { panic!("{:?}", phone.phase()) };
    assert!(reason.contains("CA that is not trusted"), "{reason}");
    assert!(matches!(
        phone.status().last_failure,
        Some(Disconnected::Link { failure: LinkFailure::Certificate { problem: CertificateProblem::UnknownIssuer } })
    ));
    phone.registrar = Registrar::Accepts;
    phone.advance(3 * SECOND);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn a_registration_for_another_app_is_not_used() {
    // A data directory with another AppID in it gives a new identity.
    let mut phone = Phone::connected();
    let before = phone.credentials();
    phone.die();
    phone.restart_with(|config| config.app_id = "2882303761517000002".to_owned());
    let request = &phone.registrations.last().expect("a request").2;
    assert_eq!(request.app_id, "2882303761517000002");
    assert_ne!(request.secret, before.1);
}

#[test]
fn a_clock_that_is_wrong_is_named() {
    // The gateway's time is compared with the device's clock, and kept for judging certificates.
    let mut phone = Phone::new();
    phone.now.wall -= 3 * DAY as i64;
    phone.input(Input::Network(wifi()));
    let behind = -3 * DAY as i64;
    assert!(phone.events().contains(&Event::ClockWrong { ahead: behind }));
    assert_eq!(phone.status().clock_ahead, Some(behind));
    phone.crash();
    assert_eq!(phone.status().clock_ahead, Some(behind), "a restart does not forget it");
    phone.push_message(message("m"));
    assert_eq!(phone.shown_ids(), ["m"], "a wrong clock keeps nothing from being shown");
}

#[test]
fn patience_that_the_gateway_asked_for_holds_on_another_network() {
    // Retry-After is the gateway's, not the network's.
    let mut phone = with_registrar(http(503, Some(600), r#"{"code":10002}"#));
    phone.input(Input::Network(Network::None));
    phone.advance(MINUTE);
    phone.input(Input::Network(cellular()));
    assert!(matches!(phone.phase(), Phase::WaitingToRegister { .. }));
    phone.registrar = Registrar::Accepts;
    phone.advance(9 * MINUTE - 1);
    assert_eq!(phone.registrations.len(), 1);
    phone.advance(1);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn lost_contact_is_counted_across_restarts() {
    // A process that is ended every hour still asks the gateway after six hours without a broker, and only once.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Unreachable);
    phone.registrar = Registrar::Fails(LinkFailure::Unreachable);
    phone.drop_link();
    let mut hours = 0;
    while phone.registrations.is_empty() {
        phone.advance(HOUR);
        phone.crash();
        hours += 1;
        assert!(hours < 9, "the time before a restart is forgotten");
    }
    assert!(hours >= 6, "{hours}");
    phone.registrar = Registrar::Accepts;
    phone.broker = Broker::Accepts;
    phone.advance(HOUR);
    assert_eq!(phone.phase(), Phase::Connected);
    phone.broker = Broker::Fails(LinkFailure::Unreachable);
    phone.drop_link();
    phone.forget();
    phone.crash();
    phone.advance(5 * HOUR);
    assert_eq!(phone.registrations.len(), 0, "contact made starts the count anew");
}

#[test]
fn while_contact_is_lost_gateway_and_brokers_are_asked_in_turn() {
    // A gateway that cannot be reached must not keep the phone from brokers that are back.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Unreachable);
    phone.registrar = Registrar::Fails(LinkFailure::Unreachable);
    phone.drop_link();
    phone.advance(7 * HOUR);
    phone.forget();
    phone.advance(6 * HOUR);
    let (asked, tried) = (phone.registrations.len(), phone.attempts.len());
    assert!(asked.abs_diff(tried) <= 1 && asked > 10, "{asked} requests and {tried} attempts");
    phone.broker = Broker::Accepts;
    phone.advance(20 * MINUTE);
    assert_eq!(phone.phase(), Phase::Connected);
}

#[test]
fn a_repetition_that_the_gateway_refuses_is_named_and_costs_nothing_else() {
    // The app's key was changed at the gateway: the identity stays, and the status says whose refusal it is.
    let mut phone = Phone::connected();
    phone.broker = Broker::Refuses(0x86, Vec::new());
    phone.registrar = refusal(22007);
    phone.drop_link();
    while phone.registrations.is_empty() {
        phone.advance(SECOND);
    }
    let Phase::WaitingToRegister { reason } = phone.phase() else { panic!("{:?}", phone.phase()) };
    assert!(reason.contains("22007"), "{reason}");
    assert_eq!(phone.status().reg_id.as_deref(), Some(REG_ID));
}

#[test]
fn a_gateway_that_asks_for_patience_does_not_keep_a_phone_from_its_brokers() {
    // Contact is lost and the gateway is busy for hours: it is left alone, and a broker that is back is found.
    let mut phone = Phone::connected();
    phone.broker = Broker::Fails(LinkFailure::Unreachable);
    phone.registrar = http(503, Some(3 * 3600), r#"{"code":10002}"#);
    phone.drop_link();
    while phone.registrations.is_empty() {
        phone.advance(MINUTE);
    }
    phone.forget();
    phone.advance(2 * HOUR);
    assert_eq!(phone.registrations.len(), 0);
    assert!(phone.attempts.len() > 10);
    phone.broker = Broker::Accepts;
    phone.advance(10 * MINUTE);
    assert_eq!(phone.phase(), Phase::Connected);
}
