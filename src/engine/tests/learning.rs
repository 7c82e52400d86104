//! How long a network lets a connection be silent: learned from its heartbeats, and from nothing else.

mod common;

use common::{Broker, Input, MINUTE, Phone, SECOND, cellular, config, wifi};
use offpush_engine::{Disconnected, Event, LinkFailure, Network};

/// A connected phone that learns its heartbeat.
fn learner() -> Phone {
    let mut config = config();
    config.timing.heartbeat = None;
    let mut phone = Phone::with(config, 1);
    phone.input(Input::Network(wifi()));
    phone.advance(SECOND);
    phone.forget();
    phone
}

fn heartbeat(phone: &Phone) -> u64 {
    phone.status().heartbeat / SECOND
}

/// The next ping has no answer; a broker is reached again within seconds.
fn die_in_silence(phone: &mut Phone) {
    phone.broker_answers = false;
    phone.advance(phone.status().heartbeat + 10 * SECOND);
    assert_eq!(phone.disconnected().pop().expect("an end").0, Disconnected::PingUnanswered);
    phone.broker_answers = true;
    phone.advance(5 * SECOND);
    assert!(phone.link().is_some(), "back");
}

#[test]
fn a_network_that_lets_be_is_asked_for_more_step_by_step() {
    // Each answered ping proves its silence, and the next one goes further, up to the ceiling of 28 minutes.
    let mut phone = learner();
    let start = phone.now.boot - SECOND;
    phone.advance(4 * 60 * MINUTE);
    let pings = phone.pings();
    let silences: Vec<u64> = [start].iter().chain(&pings).zip(&pings).map(|(a, b)| (b - a) / SECOND).collect();
    assert_eq!(silences[..8], [235, 251, 295, 345, 367, 431, 507, 595]);
    assert_eq!(silences[8..], [647, 761, 895, 1033, 1214, 1428, 1680, 1680, 1680]);
}

#[test]
fn a_silent_death_steps_back_at_once_and_is_kept() {
    // The interval that killed is not used again, and a restart begins with what was learned.
    let mut phone = learner();
    phone.advance(240 * SECOND);
    die_in_silence(&mut phone);
    assert_eq!(heartbeat(&phone), 235);
    assert!(phone.events().iter().any(|event| matches!(event, Event::HeartbeatLearned { failed: 251_000, .. })));
    phone.crash();
    assert_eq!(heartbeat(&phone), 235);
}

#[test]
fn a_link_that_breaks_at_the_ping_died_of_the_silence() {
    // Some NATs answer for the server they have forgotten.
    let mut phone = learner();
    phone.broker_answers = false;
    phone.advance(235 * SECOND);
    phone.close_link(LinkFailure::Reset);
    phone.broker_answers = true;
    phone.advance(5 * SECOND);
    assert_eq!(heartbeat(&phone), 55);
}

#[test]
fn a_first_attempt_that_its_alarm_brought_late_still_tells_a_silent_death() {
    // A vendor keeps the alarm for five minutes: the broker is reached by the first attempt, so it was no outage.
    let mut phone = learner();
    phone.advance(240 * SECOND);
    phone.broker_answers = false;
    // The ping before went out at 235 s.
    phone.advance((235 + 251 + 10 - 240) * SECOND);
    assert_eq!(phone.disconnected().pop().expect("an end").0, Disconnected::PingUnanswered);
    phone.broker_answers = true;
    phone.jump(5 * MINUTE);
    phone.input(Input::Timeout);
    phone.advance(SECOND);
    assert!(phone.link().is_some(), "back");
    assert_eq!(heartbeat(&phone), 235);
    assert!(phone.events().iter().any(|event| matches!(event, Event::HeartbeatLearned { failed: 251_000, .. })));
}

#[test]
fn an_outage_is_not_blamed_on_the_silence() {
    // No broker could be reached for a minute: the radio was gone, and the interval stays.
    let mut phone = learner();
    phone.advance(240 * SECOND);
    phone.broker_answers = false;
    phone.advance(251 * SECOND);
    phone.broker = Broker::Silent;
    phone.advance(MINUTE);
    (phone.broker, phone.broker_answers) = (Broker::Accepts, true);
    phone.advance(2 * MINUTE);
    assert!(phone.link().is_some());
    assert_eq!(heartbeat(&phone), 251);
}

#[test]
fn an_end_while_nothing_was_asked_is_no_evidence() {
    // A server that restarts ends its links while they idle.
    let mut phone = learner();
    phone.advance(100 * SECOND);
    phone.close_link(LinkFailure::Reset);
    phone.advance(5 * SECOND);
    assert_eq!(heartbeat(&phone), 235);
}

#[test]
fn a_flap_is_not_blamed_on_the_silence() {
    // The ping after it asks after the flap.
    let mut phone = learner();
    phone.advance(230 * SECOND);
    phone.broker_answers = false;
    phone.input(Input::Network(Network::None));
    phone.input(Input::Network(wifi()));
    phone.advance(10 * SECOND);
    phone.broker_answers = true;
    phone.advance(5 * SECOND);
    assert_eq!(heartbeat(&phone), 235);
}

#[test]
fn each_network_has_its_own_heartbeat_and_gets_it_back_at_once() {
    // What was learned on one says nothing of another, and is there when the first returns.
    let mut phone = learner();
    phone.advance(240 * SECOND);
    die_in_silence(&mut phone);
    phone.input(Input::Network(cellular()));
    phone.advance(SECOND);
    assert_eq!(heartbeat(&phone), 235);
    phone.input(Input::Network(wifi()));
    phone.advance(SECOND);
    assert_eq!(heartbeat(&phone), 235);
    phone.forget();
    phone.advance(294 * SECOND);
    assert_eq!(phone.pings().len(), 1);
}

#[test]
fn late_alarms_are_planned_for() {
    // An alarm that came four minutes late made a longer silence than was meant: the next one is asked for four minutes
    // earlier, and that is forgotten when the alarms come on time again.
    let mut phone = learner();
    phone.jump(235 * SECOND + 4 * MINUTE);
    phone.input(Input::Timeout);
    let first = phone.now.boot;
    assert_eq!(heartbeat(&phone), 507, "475 s were survived");
    phone.advance(15 * MINUTE);
    let second = phone.pings()[1];
    let silence = second - first;
    assert!((507 - 242..=507 - 239).contains(&(silence / SECOND)), "{silence}");
    phone.forget();
    phone.advance(24 * 60 * MINUTE);
    let pings = phone.pings();
    let last = pings[pings.len() - 1] - pings[pings.len() - 2];
    assert!(last > 1_600 * SECOND, "{last}");
}

#[test]
fn a_vendor_that_fires_alarms_at_marks_is_aimed_at() {
    // Three late alarms at five-minute marks, and each later one is asked for at the last mark that is in time.
    let mut phone = learner();
    for _ in 0..3 {
        let due = phone.now.boot + phone.next_timeout().expect("a ping");
        let mark = (due + 10 * SECOND).next_multiple_of(5 * MINUTE);
        phone.jump(mark - phone.now.boot);
        phone.input(Input::Timeout);
        phone.advance(SECOND);
    }
    phone.forget();
    for minutes in [0, 1] {
        // Something came in between two marks.
        phone.advance(minutes * MINUTE + 7 * SECOND);
        phone.receive(&common::packets::ping_resp());
        phone.advance(SECOND);
        let due = phone.now.boot + phone.next_timeout().expect("a ping");
        assert_eq!(due % (5 * MINUTE), 0, "{due}");
        let silence = due - phone.now.boot;
        let latest = (heartbeat(&phone) + 6) * SECOND;
        assert!((latest - 5 * MINUTE..=latest).contains(&silence), "the last one before {latest}: {silence}");
        phone.jump(due - phone.now.boot);
        phone.input(Input::Timeout);
    }
}

#[test]
fn a_test_may_scale_the_search_and_nothing_else() {
    // Sixty times faster: the same rungs in seconds, and the ping's answer still has its ten seconds.
    let mut config = config();
    config.timing.heartbeat = None;
    config.timing.heartbeat_scale = 60;
    let mut phone = Phone::with(config, 1);
    phone.input(Input::Network(wifi()));
    phone.advance(SECOND);
    phone.forget();
    let start = phone.now.boot - SECOND;
    phone.advance(4 * 60 * SECOND);
    let pings = phone.pings();
    let silences: Vec<u64> = [start].iter().chain(&pings).zip(&pings).map(|(a, b)| b - a).collect();
    assert_eq!(silences[..3], [235_000 / 60, 251_000 / 60, 295_000 / 60]);
    assert_eq!(silences.last(), Some(&(28 * SECOND)));
    phone.broker_answers = false;
    phone.advance(28 * SECOND);
    let ping = *phone.pings().last().expect("a ping");
    phone.advance(ping + 10 * SECOND - 1 - phone.now.boot);
    assert!(phone.link().is_some());
    phone.advance(1);
    assert_eq!(phone.disconnected().pop().expect("an end").0, Disconnected::PingUnanswered);
}

#[test]
fn a_settled_heartbeat_rides_on_another_wake_up() {
    // In the last sixth of the interval a phone that is awake anyway pings, and saves a wake-up of its own.
    let mut phone = learner();
    phone.advance(240 * SECOND);
    die_in_silence(&mut phone);
    phone.advance(10 * MINUTE);
    let last = *phone.pings().last().expect("a ping");
    let pings = phone.pings().len();
    phone.jump(last + 190 * SECOND - phone.now.boot);
    phone.input(Input::Timeout);
    assert_eq!(phone.pings().len(), pings, "too early");
    phone.jump(10 * SECOND);
    phone.input(Input::Timeout);
    assert_eq!(phone.pings().len(), pings + 1);
}

#[test]
fn what_is_searched_for_is_not_cut_short_by_another_wake_up() {
    // A ping that came early would prove nothing new.
    let mut phone = learner();
    phone.jump(230 * SECOND);
    phone.input(Input::Timeout);
    assert_eq!(phone.pings().len(), 0);
    phone.advance(10 * SECOND);
    assert_eq!(phone.pings().len(), 1);
}

#[test]
fn what_comes_soon_teaches_nothing_and_costs_no_write() {
    // Messages seconds apart are no silence worth keeping.
    let mut phone = learner();
    let commits = phone.commits;
    for n in 0..5 {
        phone.jump(SECOND);
        phone.receive(&common::packets::ping_resp());
        assert!(!phone.events().iter().any(|event| matches!(event, Event::HeartbeatLearned { .. })), "{n}");
    }
    assert_eq!(phone.commits, commits);
}

#[test]
fn a_server_that_vanished_in_the_silence_is_not_blamed_on_it() {
    // The gateway says that its broker is younger than the last byte: what was learned stays, and the cause is recorded.
    let mut phone = learner();
    phone.advance(500 * SECOND);
    let before = heartbeat(&phone);
    phone.gateway.time = phone.now.wall + phone.status().heartbeat as i64;
    phone.gateway.broker_since = Some(phone.gateway.time - 60 * SECOND as i64);
    die_in_silence(&mut phone);
    assert_eq!(heartbeat(&phone), before);
    assert!(phone.events().iter().any(|event| matches!(event, Event::ServerBeganAnew { .. })));
    phone.gateway.broker_since = Some(0);
    die_in_silence(&mut phone);
    assert!(heartbeat(&phone) < before, "one that is older is blamed");
}
