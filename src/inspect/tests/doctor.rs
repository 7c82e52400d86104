//! A diagnosis: its order, what follows from what, and its text.

use offpush_inspect::{Check, CheckCode, Diagnosis, Outcome};

fn diagnosis(checks: Vec<Check>) -> Diagnosis {
    Diagnosis::new("offpush/test", 1_000, "com.example.app", checks)
}

fn outcome(diagnosis: &Diagnosis, code: CheckCode) -> (Outcome, Option<CheckCode>) {
    let check = diagnosis.checks.iter().find(|check| check.check == code).expect("every check is there");
    (check.outcome, check.because)
}

#[test]
fn what_follows_from_a_failure_is_folded_away_and_names_the_deepest_one() {
    // DNS is down: neither TCP nor what lies above it is a finding of its own; what works is left as it is.
    let found = diagnosis(vec![
        Check::new(CheckCode::RoundTrip, Outcome::Skipped, "not tried"),
        Check::new(CheckCode::MqttLogin, Outcome::Warning, "not logged in").action("see the broker"),
        Check::new(CheckCode::Tcp, Outcome::Failure, "refused").action("see the server"),
        Check::new(CheckCode::Dns, Outcome::Failure, "no such name").action("see the name"),
        Check::new(CheckCode::Store, Outcome::Ok, "readable"),
    ]);
    for consequence in [CheckCode::Tcp, CheckCode::Tls, CheckCode::MqttLogin, CheckCode::Gateway, CheckCode::RoundTrip]
    {
        assert_eq!(outcome(&found, consequence), (Outcome::Skipped, Some(CheckCode::Dns)), "{consequence:?}");
    }
    assert_eq!(outcome(&found, CheckCode::Store), (Outcome::Ok, None));
    assert_eq!(outcome(&found, CheckCode::Battery), (Outcome::NotHere, None));
    assert_eq!(found.outcome, Outcome::Failure);
    let sum = "1 failure. 7 checks left out; -v says why.";
    assert_eq!(found.text(false), format!("[✓] Store: readable\n[✗] DNS: no such name\n    → see the name\n{sum}\n"));
    assert!(found.text(true).ends_with("\n1 failure.\n"), "{}", found.text(true));
}

#[test]
fn a_warning_explains_nothing_away() {
    // A clock that is off by minutes is told, and so is what else is wrong; the sum counts both.
    let found = diagnosis(vec![
        Check::new(CheckCode::Clock, Outcome::Warning, "6 min behind").action("set it"),
        Check::new(CheckCode::Tls, Outcome::Failure, "expired").action("renew it"),
        Check::new(CheckCode::Ipv6, Outcome::Warning, "slow"),
    ]);
    assert_eq!(outcome(&found, CheckCode::Tls), (Outcome::Failure, None));
    assert!(found.text(true).ends_with("1 failure, 2 warnings.\n"), "{}", found.text(true));
    let warned = diagnosis(vec![Check::new(CheckCode::Clock, Outcome::Warning, "6 min behind")]);
    assert_eq!((warned.outcome, warned.text(false).lines().last()), (Outcome::Warning, Some("1 warning.")));
    assert_eq!(diagnosis(Vec::new()).text(false), "No problem found; 0 checks passed.\n");
}

#[test]
fn of_two_that_found_something_the_worse_counts_and_equals_are_kept_as_details() {
    // The daemon says one thing, a try from here another.
    let mut first = Check::new(CheckCode::Registration, Outcome::Ok, "it is a gateway");
    first.took = Some(7);
    let found = diagnosis(vec![
        first,
        Check::new(CheckCode::Registration, Outcome::Ok, "registered as abcdef…"),
        Check::new(CheckCode::Gateway, Outcome::Ok, "it answers"),
        Check::new(CheckCode::Gateway, Outcome::Failure, "it does not"),
    ]);
    let text = found.text(true);
    assert!(text.contains("[✓] Registration: it is a gateway (7 ms)\n      registered as abcdef…\n"), "{text}");
    assert!(text.contains("[✗] Gateway: it does not\n") && !text.contains("it answers"), "{text}");
}

#[test]
fn only_a_verbose_text_tells_what_was_not_checked_and_nothing_steers_a_terminal() {
    // What a server says is printed without control characters.
    let found = diagnosis(vec![Check::new(CheckCode::Tls, Outcome::Failure, "bad\u{1b}[31m\nname")]);
    assert_eq!(found.text(false), "[✗] TLS: bad [31m name\n1 failure. 4 checks left out; -v says why.\n");
    let verbose = found.text(true);
    assert!(verbose.contains("[-] Gateway: not looked at (because of: TLS)\n"), "{verbose}");
    assert!(verbose.contains("[-] Battery optimisation: not looked at\n"), "{verbose}");
}

#[test]
fn json_has_a_schema_and_stable_names() {
    // Scripts read these.
    let found = diagnosis(vec![Check::new(CheckCode::MqttLogin, Outcome::Failure, "refused").action("see it")]);
    let json = serde_json::to_value(&found).expect("JSON");
    assert_eq!((&json["schema"], &json["outcome"]), (&1.into(), &"failure".into()));
    let names: Vec<&str> =
        json["checks"].as_array().expect("checks").iter().filter_map(|check| check["check"].as_str()).collect();
    assert_eq!(
        names,
        [
            "daemon",
            "store",
            "permissions",
            "exact-alarms",
            "battery",
            "foreground-service",
            "notification-channel",
            "network",
            "captive-portal",
            "clock",
            "dns",
            "tcp",
            "tls",
            "registration",
            "mqtt-login",
            "gateway",
            "round-trip",
            "heartbeat",
            "ipv6",
        ]
    );
    let login = &json["checks"][14];
    assert_eq!(
        *login,
        serde_json::json!({"check": "mqtt-login", "outcome": "failure", "found": "refused", "action": "see it"})
    );
    assert_eq!(json["checks"][15]["because"], "mqtt-login");
}
