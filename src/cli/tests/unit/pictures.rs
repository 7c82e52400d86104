//! The pictures in the documentation are what the program draws of a simulated day, by the same code as of a real phone.
//! With `OFFPUSH_PICTURES` set, `docs/watch.svg` is written anew, and the report into the directory that it names; without
//! it the picture in the tree is compared.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use offpush_inspect::{
    App, HistoryItem, KnownNetwork, LastMessage, Learned, Network, Next, Notification, State, StatusPage,
};
use offpush_sim::{Day, Seen, days, look};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::json;

use crate::export::report::{Contents, html};
use crate::export::scrub::Scrubber;
use crate::watch::model::Model;
use crate::watch::{picture, view};

/// The day, and when it is looked at: a way to work by train, half a day on a network whose time-out is found, the way home.
const DAY: &str = "commuter-lte-wifi";
const SEED: u64 = 1;

/// Milliseconds of an hour.
const HOUR: u64 = 3_600_000;

/// What the tools would know of the simulated phone.
struct Known {
    page: StatusPage,
    history: Vec<HistoryItem>,
    messages: Vec<Notification>,
    networks: Vec<KnownNetwork>,
}

fn known(hours: u64) -> Known {
    let day = Day::parse(DAY, days::text(DAY).unwrap()).unwrap();
    let seen = look(&day, hours * HOUR, SEED).unwrap();
    let history: Vec<HistoryItem> = seen.history.iter().map(|(at, event)| item(*at, event)).collect();
    let messages = messages(&seen);
    let network = network(&history);
    Known { networks: networks(&seen, &network), page: page(&seen, network, &messages), history, messages }
}

fn item(at: i64, event: &impl serde::Serialize) -> HistoryItem {
    let mut value = serde_json::to_value(event).unwrap();
    value["at"] = at.into();
    serde_json::from_value(value).unwrap()
}

fn messages(seen: &Seen) -> Vec<Notification> {
    let messages = seen.engine.messages().map(|view| Notification {
        id: view.id.to_owned(),
        seq: view.sequence,
        state: "shown".to_owned(),
        click: json!({ "type": "app" }),
        sent_at: Some(view.arrived_at),
        arrived_at: view.arrived_at,
        shown_at: Some(view.shown_at),
        ..Notification::default()
    });
    messages.collect()
}

fn networks(seen: &Seen, current: &Network) -> Vec<KnownNetwork> {
    let networks = seen.engine.networks().map(|known| {
        let key = format!("{:016x}", known.key);
        KnownNetwork {
            current: current.key.as_ref() == Some(&key),
            key,
            heartbeat: known.learned.interval,
            learned: Learned {
                proved: known.learned.proved,
                failed: known.learned.failed,
                settled: known.learned.settled,
            },
            used_at: known.record.used_at,
            ..KnownNetwork::default()
        }
    });
    networks.collect()
}

/// The default network at the end.
fn network(history: &[HistoryItem]) -> Network {
    let change = history.iter().rev().find(|item| item.event == "network-changed").unwrap();
    let transport = change.details["transport"].as_str().map(str::to_owned);
    let key = change.details["key"].as_u64().map(|key| format!("{key:016x}"));
    Network { transport, key, internet: Some("works".to_owned()) }
}

fn page(seen: &Seen, network: Network, messages: &[Notification]) -> StatusPage {
    let status = seen.engine.status(seen.now);
    assert!(
        status.down_since.is_none() && status.gateway_present,
        "it is connected at that moment: {:?}",
        status.phase
    );
    let last = messages.last().unwrap();
    StatusPage {
        schema: offpush_inspect::SCHEMA,
        version: concat!("offpush/", env!("CARGO_PKG_VERSION")).to_owned(),
        at: seen.now.wall,
        state: State::Connected,
        since: status.since,
        next: status.next.map(|(_, at)| Next { action: "ping".to_owned(), at }),
        package: "com.example.app".to_owned(),
        network,
        servers: vec!["https://push.example.com".to_owned()],
        broker: status.brokers.first().cloned(),
        reg_id: status.reg_id.map(|reg_id| format!("{}…", &reg_id[..6])),
        heartbeat: status.heartbeat,
        learned: status.learned.map(|learned| Learned {
            proved: learned.proved,
            failed: learned.failed,
            settled: learned.settled,
        }),
        last_received: status.last_received,
        gateway_present: true,
        messages: [("shown".to_owned(), messages.len())].into(),
        last_message: Some(LastMessage {
            id: last.id.clone(),
            state: last.state.clone(),
            arrived_at: last.arrived_at,
            shown_at: last.shown_at,
            clicked_at: None,
        }),
        app: App { listens: true },
        ..StatusPage::default()
    }
}

#[test]
fn the_picture_of_watch_is_what_the_program_draws() {
    // Six hours: the way to work with its tunnels, and the ends of connections by which a network's time-out is found.
    let known = known(6);
    let mut model = Model::new(known.page.at);
    model.begin(known.history);
    model.page = Some(known.page);
    for _ in 0..3 {
        model.key(KeyEvent::new(KeyCode::Left, KeyModifiers::NONE), 1);
    }
    let mut terminal = Terminal::new(TestBackend::new(110, 28)).unwrap();
    terminal.draw(|frame| view::draw(&model, frame)).unwrap();
    let drawn = picture::svg(terminal.backend().buffer());
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/watch.svg");
    if std::env::var_os("OFFPUSH_PICTURES").is_some() {
        std::fs::write(&place, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(place).unwrap();
    assert!(kept == drawn, "docs/watch.svg is not what the program draws: see docs/pictures.md");
}

#[test]
fn the_report_of_a_day_tells_its_networks_ends_and_messages() {
    // The one whose picture is in the documentation.
    let known = known(12);
    let mut scrubber = Scrubber::new(&known.page, &known.messages);
    let contents = Contents {
        page: &scrubber.page(known.page.clone()),
        history: &scrubber.history(known.history),
        messages: &scrubber.messages(known.messages),
        networks: &known.networks,
        doctor: "",
        removed: &scrubber.removed(),
    };
    let report = html(&contents);
    for part in [
        ">wifi<",
        ">cellular<",
        "class=\"death\"",
        "class=\"beat\"",
        "class=\"message\"",
        "class=\"none\"",
        "class=\"up\"",
    ] {
        assert!(report.contains(part), "{part}");
    }
    if let Some(directory) = std::env::var_os("OFFPUSH_PICTURES") {
        std::fs::write(Path::new(&directory).join("report.html"), report).unwrap();
    }
}
