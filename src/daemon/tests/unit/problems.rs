use offpush_engine::Network;

use super::*;

const NOW: i64 = 1_000_000;

fn status(phase: Phase) -> Status {
    Status {
        phase,
        since: NOW,
        down_since: None,
        next: None,
        last_failure: None,
        network: Network::None,
        internet: Internet::Unknown,
        moving: false,
        reg_id: None,
        brokers: Vec::new(),
        heartbeat: 1,
        learned: None,
        last_received: None,
        gateway_present: false,
        mark: None,
        messages: Vec::new(),
        outbox: 0,
        callbacks: 0,
        app_listens: false,
        aliases: Vec::new(),
        accounts: Vec::new(),
        topics: Vec::new(),
        accept_time: None,
        storage_failure: None,
        full: None,
        clock_ahead: None,
        attempts: 0,
        bytes: (0, 0),
    }
}

fn codes(status: &Status) -> Vec<String> {
    problems(status, &Storage::default(), &Said::default(), NOW).into_iter().map(|problem| problem.code).collect()
}

fn waiting(failure: LinkFailure) -> Status {
    Status { last_failure: Some(Disconnected::Link { failure }), ..status(Phase::Waiting(WaitReason::BackOff)) }
}

#[test]
fn every_reason_for_no_connection_has_a_problem_of_its_own() {
    // Who reads the code knows what to do; a connection that stands has none.
    let refused = |code| Phase::RegistrationRefused { code, reason: None };
    for (phase, code) in [
        (Phase::NoNetwork, "no-network"),
        (Phase::Unregistered, "not-registered"),
        (refused(code::APP_KEY), "registration-refused"),
        (Phase::WaitingToRegister { reason: "x".to_owned() }, "gateway-unreachable"),
        (Phase::Waiting(WaitReason::BackOff), "broker-unreachable"),
        (Phase::Waiting(WaitReason::IdentityInUse), "identity-in-use"),
        (Phase::Waiting(WaitReason::CredentialsRefused), "credentials-refused"),
        (Phase::Waiting(WaitReason::BrokerIncompatible), "broker-incompatible"),
        (Phase::Waiting(WaitReason::AskedToStayAway), "asked-to-stay-away"),
        (Phase::Waiting(WaitReason::CaptivePortal), "captive-portal"),
        (Phase::Waiting(WaitReason::NoInternet), "no-internet"),
    ] {
        let found = problems(&status(phase), &Storage::default(), &Said::default(), NOW);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].code.as_str(), found[0].since), (code, Some(NOW)));
        assert!(!found[0].action.is_empty());
    }
    assert_eq!(codes(&status(Phase::Connected)), [""; 0]);
    assert_eq!(codes(&status(Phase::Connecting)), [""; 0]);
}

#[test]
fn what_the_network_does_is_not_blamed_on_the_server() {
    // A registration behind a portal, and a new network that leads nowhere while the old one serves.
    let waiting = Status {
        internet: Internet::Portal,
        ..status(Phase::WaitingToRegister { reason: "not the gateway".to_owned() })
    };
    assert_eq!(codes(&waiting), ["captive-portal"]);
    assert_eq!(codes(&Status { internet: Internet::None, ..waiting }), ["no-internet"]);
    assert_eq!(codes(&Status { moving: true, ..status(Phase::Connected) }), ["moving"]);
}

#[test]
fn a_refused_registration_names_what_is_wrong() {
    // Each of Mi Push's three codes is told in words, with the gateway's own.
    for (code, word) in [(code::APP_ID, "AppID"), (code::APP_KEY, "AppKey"), (code::PACKAGE, "package")] {
        let phase = Phase::RegistrationRefused { code, reason: Some("its words".to_owned()) };
        let problem = problems(&status(phase), &Storage::default(), &Said::default(), NOW).remove(0);
        assert!(problem.title.contains(&code.to_string()) && problem.title.contains(word), "{problem:?}");
        assert!(problem.title.contains("its words") && problem.action.contains(word), "{problem:?}");
    }
}

#[test]
fn certificates_and_clocks_are_named() {
    // Each way in which a certificate is refused has its own remedy.
    let certificate = |problem| waiting(LinkFailure::Certificate { problem });
    for (problem, code) in [
        (CertificateProblem::UnknownIssuer, "certificate-untrusted"),
        (CertificateProblem::WrongName { host: "h".to_owned() }, "certificate-name"),
        (CertificateProblem::Expired { clock_ahead: false }, "certificate-expired"),
        (CertificateProblem::Expired { clock_ahead: true }, "clock-ahead"),
        (CertificateProblem::NotYetValid, "clock-behind"),
        (CertificateProblem::Other { error: "x".to_owned() }, "certificate-refused"),
    ] {
        assert_eq!(codes(&certificate(problem)), [code]);
    }
    let twice =
        Status { clock_ahead: Some(i64::MAX), ..certificate(CertificateProblem::Expired { clock_ahead: true }) };
    assert_eq!(codes(&twice), ["clock-ahead"]);
    let behind = Status { clock_ahead: Some(-600_000), ..status(Phase::Connected) };
    assert_eq!(codes(&behind), ["clock-behind"]);
    let breaks = |status: &Status| problems(status, &Storage::default(), &Said::default(), NOW).remove(0).impact;
    assert!(
        breaks(&twice).starts_with("no push arrives") && breaks(&behind).starts_with("certificates may be refused")
    );
    let right = Status { clock_ahead: Some(-60_000), ..status(Phase::Connected) };
    assert_eq!(codes(&right), [""; 0]);
}

#[test]
fn a_gateway_that_stays_silent_behind_its_broker_is_named() {
    // Not at once: it may be starting.
    let connected = |since, gateway_present| Status { since, gateway_present, ..status(Phase::Connected) };
    assert_eq!(codes(&connected(NOW - 1_000, false)), [""; 0]);
    assert_eq!(codes(&connected(NOW - 61_000, false)), ["gateway-silent"]);
    assert_eq!(codes(&connected(NOW - 61_000, true)), [""; 0]);
}

#[test]
fn the_state_of_the_disk_is_told_beside_the_connection() {
    // The worst comes first, and what was set aside is said.
    let failing =
        Status { storage_failure: Some("no space".to_owned()), full: Some("the outbox"), ..status(Phase::Connected) };
    let storage = Storage {
        damage: vec!["a".to_owned(), "b".to_owned()],
        set_aside: Some("file".to_owned()),
        unknown_records: 2,
        ..Storage::default()
    };
    let found = problems(&failing, &storage, &Said::default(), NOW);
    let codes: Vec<_> = found.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(codes, ["storage-failed", "full", "storage-damaged", "newer-records"]);
    assert!(found[2].title.contains("(and 1 more)") && found[2].action.contains("file"));
}
