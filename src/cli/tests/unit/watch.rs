use offpush_inspect::{Learned, Next, Problem, Severity, State};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};

use super::*;

/// 2023-11-14 22:13:20 UTC.
const NOW: i64 = 1_700_000_000_000;

/// Seconds before now, and what happened then.
fn event((ago, details): (i64, Value)) -> HistoryItem {
    let mut details = details;
    details["at"] = (NOW - ago * 1_000).into();
    serde_json::from_value(details).unwrap()
}

fn recorded() -> Vec<HistoryItem> {
    let events = [
        (590, json!({ "event": "started", "pending": 0, "registered": true })),
        (590, json!({ "event": "network-changed", "network": "up", "transport": "wifi", "key": 255 })),
        (589, json!({ "event": "connected", "took": 80 })),
        (400, json!({ "event": "pong", "roundTrip": 41 })),
        (330, json!({ "event": "arrived", "id": "m1", "sequence": 1 })),
        (330, json!({ "event": "message", "id": "m1", "sequence": 1, "state": "shown" })),
        (200, json!({ "event": "disconnected", "cause": "ping-unanswered", "lasted": 389_000, "retryIn": 30_000 })),
        (160, json!({ "event": "connecting", "brokers": ["mqtts://b:8883"] })),
        (150, json!({ "event": "connected", "took": 95 })),
        (10, json!({ "event": "pong", "roundTrip": 38 })),
    ];
    events.into_iter().map(event).collect()
}

fn page() -> StatusPage {
    StatusPage {
        at: NOW - 3_000,
        state: State::Connected,
        since: NOW - 150_000,
        gateway_present: true,
        next: Some(Next { action: "ping".into(), at: NOW + 60_000 }),
        heartbeat: 235_000,
        learned: Some(Learned { proved: 235_000, failed: 251_000, settled: true }),
        ..StatusPage::default()
    }
}

fn model() -> Model {
    let mut model = Model::new(NOW);
    model.begin(recorded());
    model.page = Some(page());
    model
}

/// The lines of a frame, without blanks at their ends.
fn frame(model: &Model, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| view::draw(model, frame)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
    (0..height).map(row).collect()
}

fn press(model: &mut Model, keys: &[KeyCode]) {
    keys.iter().for_each(|key| assert!(model.key(KeyEvent::new(*key, KeyModifiers::NONE), 4)));
}

#[test]
fn a_frame_shows_verdict_timeline_and_events() {
    // The verdict counts from now, not from when the page was made; a death and a reconnection are in their place.
    let shown = frame(&model(), 90, 18).join("\n");
    let expected = "\
Connected for 2 min 30 s; the gateway answers.
next       in 1 min: a ping, unless something comes before
heartbeat  every 3 min 55 s, settled: 3 min 55 s is proved, 4 min 11 s has killed
messages   none
┌ the last 10 min ───────────────────────────────────────────────────────────────────────┐
│network     ├wifi───────────────────────────────────────────────────────────────────────│
│connection  ▒█████████████████████████████████████████████████▁▁▁▁▁▁▒███████████████████│
│beats                               |                         ×                       | │
│messages                                     v                                          │
│           -10 min                               -5 min                              now│
└────────────────────────────────────────────────────────────────────────────────────────┘
┌ events (UTC) ──────────────────────────────────────────────────────────────────────────┐
│22:10:00.000 disconnected      cause=ping-unanswered lasted=6 min 29 s retryIn=30 s     │
│22:10:40.000 connecting        brokers=mqtts://b:8883                                   │
│22:10:50.000 connected         took=95 ms                                               │
│22:13:10.000 pong              roundTrip=38 ms                                          │
└────────────────────────────────────────────────────────────────────────────────────────┘
q quit · ↑↓ PgUp PgDn Home End scroll · ←→ timeline · / filter · p pause";
    assert_eq!(shown, expected, "\n{shown}");
}

#[test]
fn what_is_wrong_comes_before_what_goes_well() {
    // The room above the timeline is short: facts go first.
    let problem = |title: &str| Problem {
        code: title.into(),
        severity: Severity::Error,
        title: title.into(),
        impact: "i".into(),
        action: "do it".into(),
        ..Problem::default()
    };
    let page = StatusPage { state: State::Waiting, problems: vec![problem("first"), problem("second")], ..page() };
    let mut model = model();
    model.page = Some(page);
    let shown = frame(&model, 60, 16);
    assert_eq!(shown[0], "Not connected for 2 min 30 s: first.");
    assert_eq!(shown[1..6], ["!! first", "   breaks: i", "   → do it", "!! second", "   breaks: i"]);
    assert!(shown[6].starts_with("┌ the last"), "{shown:?}");
    model.lost = Some("the daemon\x1b[2J ended".into());
    assert_eq!(frame(&model, 60, 16)[0], "the daemon [2J ended");
}

#[test]
fn a_filter_is_typed_and_kept_or_dropped() {
    // Letters are no commands meanwhile; Enter keeps, Esc shows all again.
    let mut model = model();
    press(&mut model, &[KeyCode::Char('/'), KeyCode::Char('P'), KeyCode::Char('q'), KeyCode::Backspace]);
    press(&mut model, &['O', 'N', 'G'].map(KeyCode::Char));
    assert!(frame(&model, 60, 17)[11].contains(" only with: PONG▏ "), "{:?}", frame(&model, 60, 17));
    press(&mut model, &[KeyCode::Enter]);
    let listed = |model: &Model| model.listed().map(|item| item.event.clone()).collect::<Vec<_>>();
    assert_eq!(listed(&model), ["pong", "pong"]);
    press(&mut model, &[KeyCode::Esc]);
    assert_eq!(listed(&model).len(), 10);
    assert!(!model.key(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE), 3));
    press(&mut model, &[KeyCode::Char('/')]);
    assert!(!model.key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL), 3), "always a way out");
}

#[test]
fn what_is_looked_at_stays_while_more_happens() {
    // Scrolled up, the same lines stay; paused, nothing new is seen at all.
    let mut model = model();
    press(&mut model, &[KeyCode::Up, KeyCode::PageUp]);
    let before = frame(&model, 80, 18)[12..16].to_vec();
    let next = |ago| event((ago, json!({ "event": "ping", "idle": 1 })));
    model.add(next(1));
    assert_eq!(frame(&model, 80, 18)[12..16], before);
    press(&mut model, &[KeyCode::End]);
    assert!(frame(&model, 80, 18)[15].contains(" ping "), "the newest again");
    press(&mut model, &[KeyCode::Char('p')]);
    model.now += 60_000;
    model.add(next(-30));
    let paused = frame(&model, 80, 18);
    assert!(
        paused[0].starts_with("Connected for 2 min 30 s") && paused[15].contains("22:13:19.000 ping"),
        "{paused:?}"
    );
    press(&mut model, &[KeyCode::Char('p')]);
    assert!(frame(&model, 80, 18)[15].contains("22:13:50.000 ping"));
    press(&mut model, &[KeyCode::Home]);
    assert!(frame(&model, 80, 18)[12].contains("started"), "no further than the first");
    assert_eq!(view::page_lines(&model, 18), 4);
}

#[test]
fn every_size_of_a_terminal_is_drawn() {
    // Down to nothing, and wider than anybody has; with text that is wider than its number of letters.
    let mut model = model();
    model.add(event((1, json!({ "event": "not-understood", "reason": "消息".repeat(40) }))));
    for (width, height) in [(0, 0), (1, 1), (5, 3), (12, 40), (13, 12), (400, 4), (300, 90)] {
        frame(&model, width, height);
        press(&mut model, &[KeyCode::Left, KeyCode::PageDown]);
    }
}

#[test]
fn a_flood_of_events_is_forgotten_from_its_beginning() {
    // The view of a day-long session stays small.
    let mut model = model();
    for ago in (0..20_000).rev() {
        model.add(event((ago, json!({ "event": "ping", "idle": 1 }))));
    }
    assert_eq!(model.events.len(), 10_000);
    assert_eq!(model.events.back().map(|item| item.at), Some(NOW));
}

#[test]
fn a_picture_is_the_frame_in_xml() {
    // Every line of the frame is in it, and what would be markup is text.
    let mut model = model();
    model.add(event((1, json!({ "event": "<b>&", "reason": "r" }))));
    let mut terminal = Terminal::new(TestBackend::new(90, 20)).unwrap();
    terminal.draw(|frame| view::draw(&model, frame)).unwrap();
    let svg = picture::svg(terminal.backend().buffer());
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert!(svg.contains(">Connected for 2 min 30 s; the gateway answers.") && svg.contains("&lt;b&gt;&amp;"));
    assert!(!svg.contains("<b>"));
}
