//! A whole daemon against a scripted gateway and broker.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use offpush_daemon::{NOTIFICATIONS_FILE, Options, offline};
use offpush_inspect::{Answer, AppCallback, AppMessage, CallbackLine, Client, Line, Operation, State};

mod common;

use common::broker::{World, message_frame};
use common::tls::Authority;
use common::{Running, Scratch};

const CONNECT: u8 = 1;
const PUBACK: u8 = 4;
const DISCONNECT: u8 = 14;

fn options(scratch: &Scratch, authority: &Authority, world: &World) -> Options {
    let mut options = scratch.options();
    std::fs::write(options.ca.as_ref().unwrap(), &authority.pem).unwrap();
    options.servers = vec![world.gateway.clone()];
    options
}

/// Waits until a watching client is told this state of this message.
fn wait_for(client: &mut Client, id: &str, state: &str) {
    loop {
        match client.next_line().unwrap() {
            Line::Event(item)
                if item.event == "message" && item.details["id"] == id && item.details["state"] == state =>
            {
                return;
            }
            _ => {}
        }
    }
}

fn next_callback(client: &mut Client) -> CallbackLine {
    loop {
        if let Line::Callback(callback) = client.next_line().unwrap() {
            return callback;
        }
    }
}

fn lines(running: &Running) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(running.data.join(NOTIFICATIONS_FILE)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_message_is_stored_acknowledged_shown_and_its_click_reaches_the_app() {
    // From the registration to the click's callback, and the daemon says goodbye at its end.
    let (scratch, authority) = (Scratch::new("delivery"), Authority::new());
    let world = World::new(&authority);
    let mut options = options(&scratch, &authority, &world);
    // Held back until somebody watches.
    options.present_delay = Duration::from_millis(300);
    world.frames.lock().unwrap().push(message_frame(1, "m1", "a title"));
    let daemon = Running::start(options);
    let mut watcher = daemon.client();
    watcher.ask(Operation::Watch).unwrap();
    wait_for(&mut watcher, "m1", "shown");
    let acknowledged: Vec<u8> = (0..2).map(|_| world.wait(PUBACK).rest[1]).collect();
    assert_eq!(acknowledged, [1, 2]);

    let shown = lines(&daemon);
    assert_eq!(shown.len(), 1);
    assert_eq!(
        (&shown[0]["id"], &shown[0]["title"], &shown[0]["payload"]),
        (&"m1".into(), &"a title".into(), &"p".into())
    );
    let listed = daemon.notifications();
    assert_eq!((listed[0].id.as_str(), listed[0].state.as_str()), ("m1", "shown"));
    assert!(listed[0].shown_at.is_some() && listed[0].clicked_at.is_none());
    assert_eq!(listed[0].click, serde_json::json!({"type": "app"}));
    let page = daemon.status();
    assert_eq!((page.state, page.gateway_present), (State::Connected, true));
    assert_eq!(page.mark.map(|mark| mark.up_to), Some(1));
    assert_eq!(page.problems, []);

    assert!(matches!(daemon.client().ask(Operation::Click { id: "m1".to_owned() }), Ok(Answer::Done)));
    let mut app = daemon.client();
    app.ask(Operation::Listen).unwrap();
    let (mut registered, mut clicked) = (None, None);
    while registered.is_none() || clicked.is_none() {
        match next_callback(&mut app) {
            CallbackLine { callback: AppCallback::Registered { code, reg_id, .. }, .. } => {
                registered = Some((code, reg_id));
            }
            CallbackLine { id, callback: AppCallback::NotificationClicked { message } } => {
                clicked = Some((id.unwrap(), *message));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(registered, Some((0, Some("r".repeat(43)))));
    let (callback, message): (u64, AppMessage) = clicked.unwrap();
    assert_eq!((message.id.as_str(), message.extra["ext"].as_str(), message.notified), ("m1", "x", true));
    app.ask(Operation::Taken { callback }).unwrap();
    assert_eq!(daemon.status().callbacks, 0);

    let data = daemon.data.clone();
    daemon.stop();
    world.wait(DISCONNECT);
    let page = offline::status(&data).unwrap();
    assert_eq!((page.messages.get("clicked"), page.callbacks), (Some(&1), 0));
    assert_eq!(offline::notifications(&data).unwrap()[0].title, "a title");
}

#[test]
fn a_callback_waits_until_an_app_has_taken_it() {
    // An app that dies before it has taken a callback gets it again when it comes back.
    let (scratch, authority) = (Scratch::new("callback"), Authority::new());
    let world = World::new(&authority);
    world.frames.lock().unwrap().push(message_frame(1, "m1", "a title"));
    let daemon = Running::start(options(&scratch, &authority, &world));
    let mut first = daemon.client();
    first.ask(Operation::Listen).unwrap();
    // The end of the message's way tells that it can be clicked.
    while !daemon.notifications().iter().any(|item| item.state == "shown") {
        std::thread::yield_now();
    }
    daemon.client().ask(Operation::Click { id: "m1".to_owned() }).unwrap();
    let clicked = |client: &mut Client| loop {
        if let CallbackLine { id: Some(id), callback: AppCallback::NotificationClicked { .. } } = next_callback(client)
        {
            return id;
        }
    };
    let id = clicked(&mut first);
    drop(first);
    let mut second = daemon.client();
    second.ask(Operation::Listen).unwrap();
    assert_eq!(clicked(&mut second), id);
}

#[test]
fn what_a_restart_finds_shown_is_not_shown_again() {
    // The same message, published again by a broker that knows nothing, leaves one line.
    let (scratch, authority) = (Scratch::new("restart"), Authority::new());
    let world = World::new(&authority);
    world.frames.lock().unwrap().push(message_frame(1, "m1", "a title"));
    for _ in 0..2 {
        let daemon = Running::start(options(&scratch, &authority, &world));
        let acknowledged: Vec<u8> = (0..2).map(|_| world.wait(PUBACK).rest[1]).collect();
        assert_eq!(acknowledged, [1, 2]);
        while !daemon.notifications().iter().any(|item| item.state == "shown") {
            std::thread::yield_now();
        }
        assert_eq!(lines(&daemon).len(), 1);
        daemon.stop();
    }
}

#[test]
fn a_delayed_notification_waits_and_the_page_says_so() {
    // Nothing is shown before its time, and the daemon goes on answering.
    let (scratch, authority) = (Scratch::new("delay"), Authority::new());
    let world = World::new(&authority);
    world.frames.lock().unwrap().push(message_frame(1, "m1", "a title"));
    let mut options = options(&scratch, &authority, &world);
    options.present_delay = Duration::from_secs(3_600);
    let daemon = Running::start(options);
    while daemon.status().messages.get("presenting") != Some(&1) {
        std::thread::yield_now();
    }
    assert_eq!(lines(&daemon), Vec::<serde_json::Value>::new());
}

#[test]
fn being_looked_at_costs_no_wake_up() {
    // The count is that of the day's own work, however often somebody asks for it.
    let (scratch, authority) = (Scratch::new("looked-at"), Authority::new());
    let world = World::new(&authority);
    let daemon = Running::start(options(&scratch, &authority, &world));
    while daemon.status().mark.is_none() {
        std::thread::yield_now();
    }
    // Two acknowledgements: what comes after them is nothing for minutes.
    let count = || daemon.status().process.unwrap().wake_ups;
    let before = count();
    (0..200).for_each(|_| _ = count());
    assert!((before..before + 20).contains(&count()), "{before} and then {}", count());
}

#[test]
fn a_gateway_that_hangs_does_not_keep_the_phone_from_another() {
    // The first gateway takes connections and says nothing; the phone registers with the second and is connected.
    let (scratch, authority) = (Scratch::new("hanging"), Authority::new());
    let world = World::new(&authority);
    let mut options = options(&scratch, &authority, &world);
    let hanging = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    options.servers.insert(0, format!("https://{}", hanging.local_addr().unwrap()));
    let running = Running::start(options);
    world.wait(CONNECT);
    assert!(running.status().broker.is_some_and(|broker| broker.starts_with("mqtts://127.0.0.1:")));
    running.stop();
}

#[test]
fn a_watcher_that_never_reads_slows_no_message_and_is_dropped_with_an_event() {
    // A thousand events of half a kilobyte: more than its buffers hold.
    let (scratch, authority) = (Scratch::new("dead-watcher"), Authority::new());
    let world = World::new(&authority);
    // The broker waits for them until somebody watches.
    let mut frames = world.frames.lock().unwrap();
    let daemon = Running::start(options(&scratch, &authority, &world));
    let mut dead = daemon.client();
    dead.ask(Operation::Watch).unwrap();
    let id = |n: u64| format!("{n:0>500}");
    frames.extend((1..=400).map(|n| message_frame(n, &id(n), "a title")));
    drop(frames);
    while daemon.status().messages.get("shown") != Some(&400) {
        std::thread::yield_now();
    }
    assert_eq!(lines(&daemon).len(), 400);
    let took = |item: &offpush_inspect::Notification| item.shown_at.unwrap() - item.arrived_at;
    daemon.stop();
    let data = scratch.path().join("data");
    let slowest = offline::notifications(&data).unwrap().iter().map(took).max().unwrap();
    assert!(slowest < 5_000, "{slowest} ms");
    let history = offline::history(&data, usize::MAX).unwrap();
    assert_eq!(history.iter().filter(|item| item.event == "client-dropped").count(), 1);
}
