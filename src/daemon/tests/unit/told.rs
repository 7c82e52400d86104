//! What pages and histories say, as checks.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use offpush_inspect::{PlatformTopic, Process};
use serde_json::{Map, json};

use super::*;

fn page() -> StatusPage {
    StatusPage {
        state: State::Connected,
        gateway_present: true,
        process: Some(Process::default()),
        ..StatusPage::default()
    }
}

fn of(checks: &[Check], code: CheckCode) -> (Outcome, String) {
    let worst = checks.iter().filter(|check| check.check == code).max_by_key(|check| check.outcome).unwrap();
    (worst.outcome, worst.found.clone())
}

fn event(at: i64, event: &str, details: serde_json::Value) -> HistoryItem {
    let details = details.as_object().cloned().unwrap_or_else(Map::new);
    HistoryItem { at, event: event.to_owned(), details }
}

#[test]
fn every_problem_of_the_page_belongs_to_the_check_that_explains_it() {
    // The codes of docs/control.md; only that no daemon runs, and what a later version adds, is the daemon's own.
    use CheckCode as Code;
    for (code, check) in [
        ("no-network", Code::Network),
        ("moving", Code::Network),
        ("captive-portal", Code::CaptivePortal),
        ("not-registered", Code::Registration),
        ("registration-refused", Code::Registration),
        ("gateway-unreachable", Code::Registration),
        ("not-a-gateway", Code::Registration),
        ("bad-address", Code::Registration),
        ("gateway-silent", Code::Gateway),
        ("broker-unreachable", Code::MqttLogin),
        ("broker-incompatible", Code::MqttLogin),
        ("credentials-refused", Code::MqttLogin),
        ("identity-in-use", Code::MqttLogin),
        ("asked-to-stay-away", Code::MqttLogin),
        ("certificate-untrusted", Code::Tls),
        ("certificate-name", Code::Tls),
        ("certificate-expired", Code::Tls),
        ("certificate-refused", Code::Tls),
        ("clock-ahead", Code::Clock),
        ("clock-behind", Code::Clock),
        ("name-unresolved", Code::Dns),
        ("storage-failed", Code::Store),
        ("storage-damaged", Code::Store),
        ("newer-records", Code::Store),
        ("full", Code::Store),
        ("notifications-denied", Code::Permissions),
        ("channel-off", Code::NotificationChannel),
        ("alarms-inexact", Code::ExactAlarms),
        ("no-foreground-service", Code::ForegroundService),
        ("battery-restricted", Code::Battery),
        ("network-unseen", Code::Network),
        ("manifest", Code::Daemon),
        ("not-running", Code::Daemon),
        ("of-a-later-version", Code::Daemon),
    ] {
        let problem = crate::problems::problem(code, Severity::Error, format!("it is {code}"), "do this");
        let found = of_problem(&problem);
        assert_eq!((found.check, found.outcome), (check, Outcome::Failure), "{code}");
        assert_eq!((&*found.found, found.action.as_deref()), (&*problem.title, Some("do this")));
    }
}

#[test]
fn that_nothing_gets_out_is_the_daemons_word_only_where_nothing_was_tried_from_here() {
    // A try names the layer at which it ends.
    let problem = crate::problems::problem("no-internet", Severity::Error, "it leads nowhere".to_owned(), "see it");
    let mut page = page();
    page.problems.push(problem);
    page.network.transport = Some("wifi".to_owned());
    assert_eq!(of(&checks(Some(&page), &[], 0, false), CheckCode::Network).0, Outcome::Failure);
    assert_eq!(of(&checks(Some(&page), &[], 0, true), CheckCode::Network).0, Outcome::Ok);
}

#[test]
fn what_the_platform_allows_is_told_beside_what_it_denies() {
    // What is denied is a problem of the page; a service without a daemon makes no problems, so they are made here.
    let mut page = page();
    assert!(platform(&page).iter().all(|check| check.outcome == Outcome::NotHere), "a host has none");
    let topics = |topics: &[(&str, &str, Option<&str>)]| -> BTreeMap<String, PlatformTopic> {
        let said = |words: &str, problem: Option<&str>| PlatformTopic {
            words: words.to_owned(),
            problem: problem.map(str::to_owned),
        };
        topics.iter().map(|(topic, words, problem)| ((*topic).to_owned(), said(words, *problem))).collect()
    };
    page.platform = topics(&[("service", "a foreground service", None), ("alarm", "exact, also in Doze", None)]);
    assert!(platform(&page).iter().all(|check| check.outcome == Outcome::Ok), "{:?}", platform(&page));
    page.process = None;
    page.platform = topics(&[
        ("service", "a job every 15 minutes: not allowed from the background", Some("no-foreground-service")),
        ("alarm", "inexact (SCHEDULE_EXACT_ALARM is not granted): late in Doze", Some("alarms-inexact")),
        ("battery", "the phone is in Doze, and the app is not exempt", Some("battery-restricted")),
        ("notifications", "the person has not allowed notifications: messages wait", Some("notifications-denied")),
        ("daemon", "does not run: the app has not registered", None),
    ]);
    let found = checks(Some(&page), &[], 0, false);
    assert_eq!(of(&found, CheckCode::ForegroundService).0, Outcome::Warning);
    assert_eq!(of(&found, CheckCode::ExactAlarms).0, Outcome::Warning);
    assert_eq!(of(&found, CheckCode::Battery).0, Outcome::Warning);
    assert_eq!(of(&found, CheckCode::Permissions).0, Outcome::Failure);
    assert_eq!(
        of(&found, CheckCode::Daemon),
        (Outcome::Failure, "does not run: the app has not registered".to_owned())
    );
}

#[test]
fn a_heartbeat_that_the_network_does_not_allow_is_named() {
    // What was learned last counts; a fixed one may be too long.
    let learned = event(1, "heartbeat-learned", json!({"proved": 200_000, "failed": 300_000, "interval": 240_000}));
    let mut page = page();
    page.heartbeat = 240_000;
    assert_eq!(heartbeat(&page, &[], 0).outcome, Outcome::Ok);
    assert_eq!(heartbeat(&page, std::slice::from_ref(&learned), 0).outcome, Outcome::Ok);
    page.heartbeat = 300_000;
    let found = heartbeat(&page, &[learned], 0);
    assert_eq!(found.outcome, Outcome::Warning);
    assert!(found.found.contains("every 5 min") && found.action.unwrap().contains("at most 150 s"), "{}", found.found);
}

#[test]
fn connections_that_die_in_silence_are_counted_for_a_day() {
    // Two are an access point that was restarted, and what is older than a day is past; other ends are none of it.
    let death = |at| event(at, "disconnected", json!({"cause": "ping-unanswered"}));
    let mut page = page();
    page.heartbeat = 240_000;
    let mut history =
        vec![death(0), death(LATELY), death(LATELY + 1), event(LATELY, "disconnected", json!({"cause": "link"}))];
    assert_eq!(heartbeat(&page, &history, LATELY + 2).outcome, Outcome::Ok);
    history.push(death(LATELY + 2));
    assert_eq!(heartbeat(&page, &history, LATELY + 2).outcome, Outcome::Warning);
}

#[test]
fn a_clock_is_named_beyond_what_nobody_notices() {
    // Five minutes either way.
    assert_eq!(clock(CLOCK_TOLERANCE).outcome, Outcome::Ok);
    assert!(clock(-CLOCK_TOLERANCE - 1).found.contains("behind"));
    assert_eq!(clock(CLOCK_TOLERANCE + 1).outcome, Outcome::Warning);
}

#[test]
fn a_page_is_told_by_how_far_its_connection_has_come() {
    // Without a store there is only that; a connection on its way is named with its reason.
    let found = checks(None, &[], 0, true);
    assert_eq!(of(&found, CheckCode::Store).0, Outcome::Failure);
    let mut page = page();
    page.gateway_present = false;
    let found = checks(Some(&page), &[], 0, false);
    assert_eq!(of(&found, CheckCode::MqttLogin).0, Outcome::Ok);
    assert_eq!(of(&found, CheckCode::Gateway).0, Outcome::Warning);
    page.state = State::Waiting;
    page.reason = Some("connection refused".to_owned());
    let found = checks(Some(&page), &[], 0, false);
    assert!(of(&found, CheckCode::MqttLogin).1.contains("connection refused"));
}
