//! The status page, as people and scripts read it.

use std::collections::BTreeMap;

use offpush_inspect::{
    Alarm, LastMessage, Learned, Network, Next, PlatformTopic, Problem, Role, Severity, State, StatusPage, Today,
    checkin, render, rows, settle,
};

const NOW: i64 = 1_700_000_000_000;

fn problem(code: &str, severity: Severity) -> Problem {
    Problem {
        code: code.into(),
        severity,
        title: format!("what {code} is"),
        impact: format!("what {code} breaks"),
        action: format!("what mends {code}"),
        ..Problem::default()
    }
}

/// A page with everything on it.
fn full() -> StatusPage {
    let service = PlatformTopic { words: "a foreground service".into(), problem: None };
    StatusPage {
        version: "offpush/0.1.0".into(),
        at: NOW,
        state: State::Connected,
        since: NOW - 7_200_000,
        next: Some(Next { action: "ping".into(), at: NOW + 60_000 }),
        package: "com.example".into(),
        network: Network { transport: Some("wifi".into()), key: Some("00ff".into()), internet: Some("works".into()) },
        servers: vec!["https://push.example.com".into()],
        broker: Some("mqtts://b:8883".into()),
        reg_id: Some("abcdef…".into()),
        heartbeat: 251_000,
        learned: Some(Learned { proved: 235_000, failed: 0, settled: false }),
        alarm: Some(Alarm { earliest: NOW + 50_000, latest: NOW + 60_000, rung: "exact, also in Doze".into() }),
        last_received: Some(NOW - 5_000),
        gateway_present: true,
        messages: BTreeMap::from([("pending".into(), 1), ("shown".into(), 2), ("blocked".into(), 0)]),
        last_message: Some(LastMessage {
            id: "m7".into(),
            state: "shown".into(),
            arrived_at: NOW - 3_000,
            shown_at: Some(NOW - 2_000),
            clicked_at: None,
        }),
        outbox: 1,
        platform: BTreeMap::from([("service".into(), service)]),
        today: Some(Today { since: NOW - 3_600_000, wake_ups: 12, bytes_in: 5, bytes_out: 6, radio_estimate: 90_000 }),
        ..StatusPage::default()
    }
}

#[test]
fn the_page_tells_on_one_screen_what_holds_and_what_it_rests_on() {
    // Each fact has a line of its own, in this order, and the page is no longer than a terminal.
    let text = render(&full());
    for (line, expected) in text.lines().zip([
        "Connected for 2 h; the gateway answers.",
        "next       in 1 min: a ping, unless something comes before",
        "app        com.example",
        "broker     mqtts://b:8883",
        "regId      abcdef…",
        "heartbeat  every 4 min 11 s, learning: 3 min 55 s is proved, none has killed a connection yet; last byte 5 s ago",
        "alarm      in 50 s to in 1 min: exact, also in Doze",
        "messages   1 pending, 2 shown; the last, m7, is shown (2 s ago)",
        "waiting    1 for the gateway, 0 for the app",
        "service    a foreground service",
        "today      12 wake-ups, 5 B in, 6 B out, radio up for about 1 min 30 s (estimated), in the last 1 h",
    ]) {
        assert_eq!(line, expected);
    }
    assert_eq!(text.lines().count(), 11);
    let settled = Learned { proved: 895_000, failed: 1_033_000, settled: true };
    let settled = render(&StatusPage { heartbeat: 895_000, learned: Some(settled), ..full() });
    assert!(settled.contains("every 14 min, settled: 14 min is proved, 17 min has killed;"), "{settled}");
    assert!(render(&StatusPage { learned: None, ..full() }).contains("every 4 min 11 s, fixed;"));
}

#[test]
fn an_error_is_in_the_verdict_and_makes_the_page_unhealthy_while_a_warning_does_not() {
    // Connected alone is not well: what is taken may not be shown.
    let with = |problem| StatusPage { problems: vec![problem], ..full() };
    let warned = with(problem("moving", Severity::Warning));
    assert!(warned.is_healthy());
    assert_eq!(warned.verdict(), "Connected for 2 h; the gateway answers.");
    let failed = with(problem("storage-failed", Severity::Error));
    assert!(!failed.is_healthy());
    assert_eq!(failed.verdict(), "Connected for 2 h, but what storage-failed is.");
    assert_eq!(rows(&failed)[0].role, Role::Bad);
    assert!(!StatusPage { state: State::Waiting, ..full() }.is_healthy());
    let waiting = StatusPage { state: State::Waiting, ..failed };
    assert_eq!(waiting.verdict(), "Not connected for 2 h: what storage-failed is.");
}

#[test]
fn mere_consequences_are_linked_to_their_causes_and_folded_away() {
    // The worst comes first, one of a kind, and what follows from another is only named.
    let mut problems = vec![
        problem("moving", Severity::Warning),
        problem("full", Severity::Error),
        problem("no-network", Severity::Error),
        problem("broker-unreachable", Severity::Error),
        problem("no-network", Severity::Note),
    ];
    settle(&mut problems);
    let found: Vec<(&str, Vec<String>)> =
        problems.iter().map(|problem| (problem.code.as_str(), problem.depends_on.clone())).collect();
    let causes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        found,
        [
            ("full", causes(&["no-network", "broker-unreachable"])),
            ("no-network", causes(&[])),
            ("broker-unreachable", causes(&["no-network"])),
            ("moving", causes(&[])),
        ]
    );
    let text = render(&StatusPage { problems, ..full() });
    let lines: Vec<&str> = text.lines().take(9).collect();
    assert_eq!(
        lines,
        [
            "Connected for 2 h, but what no-network is.",
            "!! what no-network is",
            "   breaks: what no-network breaks",
            "   → what mends no-network",
            "! what moving is",
            "   breaks: what moving breaks",
            "   → what mends moving",
            "   and so: what full is; what broker-unreachable is",
            "next       in 1 min: a ping, unless something comes before",
        ]
    );
}

#[test]
fn the_form_for_scripts_stays_as_it_is() {
    // Scripts split it at commas: those in texts become semicolons, and no text makes a line of its own.
    let title = "a, b\n1,end".to_owned();
    let mut page = full();
    page.problems = vec![Problem { title, since: Some(NOW), ..problem("full", Severity::Error) }];
    page.reason = Some("why".into());
    let expected = "1,page,1,offpush/0.1.0,1700000000000
1,state,connected,1699992800000,why
1,verdict,0,Connected for 2 h; but a; b 1;end.
1,next,ping,1700000060000
1,problem,full,error,1700000000000,,a; b 1;end,what mends full
1,app,com.example,0,abcdef…
1,network,wifi,00ff,works
1,broker,mqtts://b:8883,0,1
1,heartbeat,251000,235000,0,0,1699999995000
1,alarm,1700000050000,1700000060000,exact; also in Doze
1,messages,blocked,0
1,messages,pending,1
1,messages,shown,2
1,last-message,m7,shown,1699999997000
1,waiting,1,0
1,platform,service,a foreground service,
1,today,1699996400000,12,5,6,90000
1,end
";
    assert_eq!(checkin(&page), expected);
}
