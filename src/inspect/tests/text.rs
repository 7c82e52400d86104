//! What people read.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use offpush_inspect::{
    HistoryItem, Next, Problem, Severity, State, StatusPage, clock_text, duration_text, history_text, relative_text,
    render,
};

const NOW: i64 = 1_700_000_000_000;

fn page(state: State) -> StatusPage {
    StatusPage { state, at: NOW, since: NOW - 125_000, package: "com.example".into(), ..StatusPage::default() }
}

fn first_line(page: &StatusPage) -> String {
    render(page).lines().next().unwrap().to_owned()
}

#[test]
fn the_first_line_is_the_verdict() {
    // Connected or not, for how long, and why.
    let connected = StatusPage { gateway_present: true, ..page(State::Connected) };
    assert_eq!(first_line(&connected), "Connected for 2 min 5 s; the gateway answers.");
    let waiting = StatusPage { reason: Some("connection refused".into()), ..page(State::Waiting) };
    assert_eq!(first_line(&waiting), "Not connected for 2 min 5 s: connection refused.");
    let connecting = StatusPage { down_since: Some(NOW - 3_600_000), state: State::Connecting, ..waiting };
    assert_eq!(first_line(&connecting), "Not connected for 1 h, connecting: connection refused.");
    assert_eq!(first_line(&page(State::NoNetwork)), "Not connected for 2 min 5 s: there is no network.");
    assert_eq!(first_line(&page(State::NotRunning)), "Not running: this is what the daemon's files say.");
}

#[test]
fn problems_come_with_what_to_do_and_the_next_action_with_its_time() {
    // Right below the verdict.
    let problem = Problem {
        code: "clock-ahead".into(),
        severity: Severity::Error,
        title: "the clock is ahead".into(),
        since: Some(NOW - 5_000),
        action: "set the clock".into(),
        ..Problem::default()
    };
    let next = Some(Next { action: "connect".into(), at: NOW + 3_000 });
    let text = render(&StatusPage { problems: vec![problem], next, ..page(State::Waiting) });
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "!! the clock is ahead (for 5 s)");
    assert_eq!(lines[2], "   → set the clock");
    assert_eq!(lines[3], "next       in 3 s: an attempt to connect");
}

#[test]
fn what_servers_send_does_not_steer_the_terminal() {
    // Control characters become spaces, wherever they come from.
    let escape = "\x1b[2J\nx";
    let page = StatusPage { reason: Some(escape.into()), brokers: vec![escape.into()], ..page(State::Waiting) };
    let item = HistoryItem {
        event: escape.into(),
        details: [("k".to_owned(), escape.into())].into_iter().collect(),
        ..HistoryItem::default()
    };
    for text in [render(&page), history_text(&item)] {
        assert!(!text.chars().any(|character| character.is_control() && character != '\n'), "{text:?}");
        assert!(!text.contains("\nx"), "{text:?}");
    }
}

#[test]
fn times_are_told_in_words() {
    // The largest unit, and the next where that matters.
    assert_eq!(duration_text(999), "999 ms");
    assert_eq!(duration_text(59_999), "59 s");
    assert_eq!(duration_text(60_000), "1 min");
    assert_eq!(duration_text(3_661_000), "1 h 1 min");
    assert_eq!(duration_text(11 * 3_600_000 + 60_000), "11 h");
    assert_eq!(duration_text(26 * 3_600_000), "1 d 2 h");
    assert_eq!(relative_text(NOW - 3_000, NOW), "3 s ago");
    assert_eq!(relative_text(NOW + 3_000, NOW), "in 3 s");
    assert_eq!(relative_text(NOW, NOW), "just now");
    assert_eq!(relative_text(i64::MIN, i64::MAX), "213503982334 d ago");
}

#[test]
fn dates_follow_the_calendar() {
    // Leap days, the turn of a century, and times before 1970.
    assert_eq!(clock_text(0), "1970-01-01 00:00:00.000");
    assert_eq!(clock_text(951_782_400_000), "2000-02-29 00:00:00.000");
    assert_eq!(clock_text(1_709_251_199_999), "2024-02-29 23:59:59.999");
    assert_eq!(clock_text(4_107_542_400_000), "2100-03-01 00:00:00.000");
    assert_eq!(clock_text(-1), "1969-12-31 23:59:59.999");
}

#[test]
fn an_event_is_one_line_with_its_details() {
    // Times in words, a network's key in digits; null details are left out.
    let details = [
        ("took", 12_000.into()),
        ("ahead", (-1_500).into()),
        ("why", "x".into()),
        ("no", ().into()),
        ("key", u64::MAX.into()),
        ("code", 7.into()),
    ];
    let details = details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let item = HistoryItem { at: 0, event: "connected".into(), details };
    let text = "1970-01-01 00:00:00.000 connected ahead=-1 s code=7 key=ffffffffffffffff took=12 s why=x";
    assert_eq!(history_text(&item), text);
    assert_eq!(history_text(&HistoryItem { details: Default::default(), ..item }), "1970-01-01 00:00:00.000 connected");
}
