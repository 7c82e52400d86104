//! A daemon inside an app's service: what is around it is played by the test, from other threads.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use offpush_daemon::{
    Daemon, DaemonError, Embedding, Internet, Network, Options, Platform, PlatformEvent, Presentation, Presented,
    Remote, StateLine, Wake,
};
use offpush_inspect::{CallbackLine, State};

mod common;

use common::broker::{World, message_frame};
use common::tls::{Authority, serve};
use common::{PATIENCE, Scratch};

/// What the daemon asks of what is around it.
#[derive(Debug)]
enum Asked {
    Present(Presentation),
    Alarm(Option<Wake>),
    WakeLock(Option<u64>),
    Judge { question: u64, certificates: usize, host: String },
    Callback(CallbackLine),
    State(StateLine),
}

struct Around(Sender<Asked>);

impl Around {
    fn tell(&self, asked: Asked) {
        // A test that is over does not listen any more.
        let _ = self.0.send(asked);
    }
}

impl Platform for Around {
    fn showing(&mut self, _: &[u64]) -> Vec<u64> {
        Vec::new()
    }

    fn present(&mut self, _: u64, presentation: Presentation) {
        self.tell(Asked::Present(presentation));
    }

    fn cancel(&mut self, _: u64, _: u64) {}

    fn poll(&mut self, _: u64) -> Option<PlatformEvent> {
        None
    }

    fn next_timeout(&self) -> Option<u64> {
        None
    }

    fn alarm(&mut self, wake: Option<Wake>) {
        self.tell(Asked::Alarm(wake));
    }

    fn wake_lock(&mut self, longest: Option<u64>) {
        self.tell(Asked::WakeLock(longest));
    }

    fn judge(&mut self, question: u64, chain: &[Vec<u8>], host: &str) {
        self.tell(Asked::Judge { question, certificates: chain.len(), host: host.to_owned() });
    }

    fn callback(&mut self, line: &CallbackLine) {
        self.tell(Asked::Callback(line.clone()));
    }

    fn state(&mut self, state: &StateLine) {
        self.tell(Asked::State(state.clone()));
    }
}

/// A daemon in a thread, and what it asks.
struct Service {
    remote: Remote,
    asked: Receiver<Asked>,
    thread: Option<JoinHandle<Result<(), DaemonError>>>,
}

impl Service {
    /// With a network from the start.
    fn start(options: Options, ca: Option<&str>) -> Self {
        let service = Self::offline(options, ca);
        service.remote.network(wifi(1));
        service
    }

    fn offline(options: Options, ca: Option<&str>) -> Self {
        Self::listening(options, ca, None)
    }

    /// With a control socket of this name.
    fn listening(options: Options, ca: Option<&str>, socket: Option<&str>) -> Self {
        let socket = socket.map(str::to_owned);
        let (sender, asked) = channel();
        let (tell, told) = channel();
        let ca = ca.map(|pem| pem.as_bytes().to_vec());
        let thread = thread::spawn(move || {
            let embedding = Embedding { platform: Box::new(Around(sender)), ca, boot_id: 1, socket };
            let daemon = Daemon::embed(options, embedding)?;
            tell.send(daemon.remote()).unwrap();
            daemon.run()
        });
        Self { remote: told.recv().expect("the daemon did not start"), asked, thread: Some(thread) }
    }

    /// The next thing asked that this takes.
    fn next<T>(&self, mut take: impl FnMut(Asked) -> Option<T>) -> T {
        loop {
            if let Some(taken) = take(self.asked.recv_timeout(PATIENCE).expect("never asked")) {
                return taken;
            }
        }
    }

    fn question(&self) -> (u64, String) {
        self.next(|asked| match asked {
            Asked::Judge { question, certificates, host } => {
                assert_eq!(certificates, 1);
                Some((question, host))
            }
            _ => None,
        })
    }

    fn presentation(&self) -> Presentation {
        self.next(|asked| if let Asked::Present(presentation) = asked { Some(presentation) } else { None })
    }

    fn wait_for(&self, state: State) -> StateLine {
        self.next(|asked| match asked {
            Asked::State(line) if line.state == state => Some(line),
            _ => None,
        })
    }

    fn ask(&self, line: &str) -> String {
        String::from_utf8(self.remote.request(line.as_bytes(), PATIENCE).expect("no answer")).unwrap()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.remote.stop();
        let ended = self.thread.take().unwrap().join();
        if !thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}

fn wifi(key: u64) -> Network {
    Network::Up { key, transport: "wifi".to_owned(), addresses: key, internet: Internet::Works }
}

fn options(scratch: &Scratch, gateway: &str) -> Options {
    let mut options = Options::new(scratch.path().join("data"), gateway, "1", "key", "com.example.app");
    // What a host is given does not count.
    options.ca = Some(scratch.path().join("no-such-file"));
    // What a test waits for.
    options.timing.back_off_base = 1;
    options.timing.long_back_off_base = 1;
    options
}

#[test]
fn a_message_is_presented_and_its_outcome_comes_from_another_thread() {
    // Each outcome is taken as it is told; the app gets its callbacks, and confirms them, in the same way.
    let (scratch, authority) = (Scratch::new("embedded"), Authority::new());
    let world = World::new(&authority);
    world.frames.lock().unwrap().extend([
        message_frame(1, "m1", "one"),
        message_frame(2, "m2", "two"),
        message_frame(3, "m3", "three"),
    ]);
    let service = Service::start(options(&scratch, &world.gateway), Some(&authority.pem));
    service.remote.app(true);
    let outcomes =
        [Presented::Shown, Presented::Folded, Presented::Blocked { reason: "the channel is switched off".to_owned() }];
    for (outcome, title) in outcomes.into_iter().zip(["one", "two", "three"]) {
        let Presentation { sequence, message, .. } = service.presentation();
        assert_eq!(message.title, title);
        service.remote.presented(sequence, outcome);
    }
    let list = service.ask(r#"{"op":"notifications"}"#);
    let states: Vec<_> =
        ["shown", "folded", "blocked"].map(|state| list.contains(&format!(r#""state":"{state}""#))).into();
    assert_eq!(states, [true; 3], "{list}");
    let message = service.ask(r#"{"op":"message","seq":2}"#);
    assert!(message.contains(r#""title":"two""#) && message.contains(r#""notifyType":"#), "{message}");
    assert!(service.ask(r#"{"op":"dismiss-summary","ids":["m2","nobody"]}"#).contains("done"));
    assert!(service.ask(r#"{"op":"notifications"}"#).contains(r#""state":"dismissed""#));

    assert!(service.ask(r#"{"op":"click","id":"m1"}"#).contains("ok"));
    let id = service.next(|asked| match asked {
        Asked::Callback(CallbackLine { id, callback }) if format!("{callback:?}").contains("Clicked") => id,
        _ => None,
    });
    service.ask(&format!(r#"{{"op":"taken","id":{id}}}"#));
    let page = service.remote.status(PATIENCE).unwrap();
    assert_eq!((page.callbacks, page.app.listens), (0, true));
    service.remote.app(false);
    assert!(!service.remote.status(PATIENCE).unwrap().app.listens);
}

#[test]
fn what_cannot_be_shown_now_waits_until_the_platform_says_so() {
    // A permission that was refused and then given: the same message is presented again.
    let (scratch, authority) = (Scratch::new("later"), Authority::new());
    let world = World::new(&authority);
    world.frames.lock().unwrap().push(message_frame(1, "m1", "one"));
    let service = Service::start(options(&scratch, &world.gateway), Some(&authority.pem));
    let sequence = service.presentation().sequence;
    service.remote.presented(sequence, Presented::Later { reason: "notifications are not allowed".to_owned() });
    assert!(service.ask(r#"{"op":"notifications"}"#).contains(r#""state":"pending""#));
    service.remote.can_present();
    assert_eq!(service.presentation().sequence, sequence);
}

#[test]
fn without_a_network_nothing_is_tried_and_the_one_that_is_told_is_used() {
    // The daemon does not look by itself, not even where it could.
    let (scratch, authority) = (Scratch::new("network"), Authority::new());
    let world = World::new(&authority);
    let service = Service::offline(options(&scratch, &world.gateway), Some(&authority.pem));
    service.wait_for(State::NoNetwork);
    assert_eq!(service.remote.status(PATIENCE).unwrap().attempts, 0);
    service.remote.network(wifi(1));
    service.wait_for(State::Connected);
    assert_eq!(service.remote.status(PATIENCE).unwrap().network.transport.as_deref(), Some("wifi"));
    service.remote.network(Network::None);
    service.wait_for(State::NoNetwork);
}

#[test]
fn a_certificate_is_used_only_once_the_platform_trusts_it() {
    // Nothing is sent before the verdict, an answer to another question changes nothing, a refusal is named with its
    // reason and tried again, and a session that is resumed is not judged again.
    let (scratch, authority) = (Scratch::new("judged"), Authority::new());
    let world = World::new(&authority);
    let service = Service::start(options(&scratch, &world.gateway), None);
    let (first, host) = service.question();
    assert_eq!(host, "127.0.0.1");
    service.remote.judged(first + 1, Ok(()));
    assert_eq!(service.remote.status(PATIENCE).unwrap().state, State::Registering);
    service.remote.judged(first, Err("its root is not in this device's store".to_owned()));
    let (second, _) = service.question();
    assert!(second > first);
    // Too late.
    service.remote.judged(first, Ok(()));
    let page = service.remote.status(PATIENCE).unwrap();
    assert!(format!("{page:?}").contains("its root is not in this device's store"), "{page:?}");
    service.remote.judged(second, Ok(()));

    let (broker, _) = service.question();
    assert_eq!(world.packets.try_recv().map(|packet| packet.first).ok(), None, "something was sent to the broker");
    service.remote.judged(broker, Ok(()));
    service.wait_for(State::Connected);
    world.wait(1);
    // Another network: a new link to the same broker.
    service.remote.network(wifi(2));
    loop {
        match service.asked.recv_timeout(PATIENCE) {
            Ok(Asked::Judge { .. }) => panic!("a resumed session is judged"),
            Ok(_) if world.packets.try_iter().any(|packet| packet.first >> 4 == 1) => break,
            Ok(_) => {}
            Err(_) => panic!("no second link"),
        }
    }
}

#[test]
fn a_certificate_for_another_name_is_refused_without_asking() {
    // The platform judges chains; names are compared here.
    let (scratch, authority) = (Scratch::new("name"), Authority::new());
    let gateway = serve(authority.server("example.com", (2000, 2100)), |mut stream| {
        // It ends with the handshake.
        let _ = std::io::Read::read(&mut stream, &mut [0; 1]);
    });
    let service = Service::start(options(&scratch, &format!("https://127.0.0.1:{gateway}")), None);
    let line = service.next(|asked| match asked {
        Asked::Judge { .. } => panic!("asked"),
        Asked::State(line) if line.state == State::WaitingToRegister => Some(line),
        _ => None,
    });
    assert!(format!("{:?}", service.remote.status(PATIENCE).unwrap()).contains("not for 127.0.0.1"), "{line:?}");
}

#[test]
fn the_platform_is_asked_to_wake_the_device_when_nothing_keeps_it_awake() {
    // While connecting the wake lock is held; then it is let go and the heartbeat is an alarm. Whoever wakes the daemon is
    // told that it may let go of its own wake lock, and the alarm is asked for anew.
    let (scratch, authority) = (Scratch::new("alarm"), Authority::new());
    let world = World::new(&authority);
    let service = Service::start(options(&scratch, &world.gateway), Some(&authority.pem));
    let held = service.next(|asked| if let Asked::WakeLock(longest) = asked { Some(longest) } else { None });
    assert!(held.is_some_and(|longest| (1..=60_000).contains(&longest)), "{held:?}");
    service.wait_for(State::Connected);
    let alarm = |asked| if let Asked::Alarm(wake) = asked { wake } else { None };
    let heartbeat = service.next(alarm);
    service.remote.wake();
    let mut held = Some(1);
    let again = service.next(|asked| match asked {
        Asked::WakeLock(longest) => {
            held = longest;
            None
        }
        other => alarm(other),
    });
    assert_eq!((held, again), (None, heartbeat));
}

#[test]
fn an_app_is_looked_into_through_its_socket_and_runs_without_it_where_the_name_is_taken() {
    // Any app may have taken the name before; that is no reason for a phone without push.
    let (scratch, other, authority) = (Scratch::new("socket"), Scratch::new("no-socket"), Authority::new());
    let world = World::new(&authority);
    let name = format!("offpush.embedded.{}", std::process::id());
    let _first = Service::listening(options(&scratch, &world.gateway), Some(&authority.pem), Some(&name));
    let mut peer = UnixStream::connect_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    peer.write_all(b"{\"op\":\"status\"}\n").unwrap();
    let mut answer = String::new();
    BufReader::new(peer).read_line(&mut answer).unwrap();
    assert!(answer.contains("com.example.app"), "{answer}");

    let second = Service::listening(options(&other, &world.gateway), Some(&authority.pem), Some(&name));
    assert!(second.ask(r#"{"op":"status"}"#).contains("com.example.app"));
}

#[test]
fn a_request_gets_its_answer_or_none_in_time() {
    // The control protocol from within the process: bad lines are answered too, and after the end there is no answer.
    let (scratch, authority) = (Scratch::new("request"), Authority::new());
    let world = World::new(&authority);
    let service = Service::offline(options(&scratch, &world.gateway), Some(&authority.pem));
    assert!(service.ask(r#"{"op":"status"}"#).contains("com.example.app"));
    assert!(service.ask(r#"{"op":"history","limit":3}"#).contains("ok"));
    for (line, code) in [
        ("nonsense", "bad-request"),
        (r#"{"op":"listen"}"#, "bad-request"),
        (r#"{"op":"watch"}"#, "bad-request"),
        (r#"{"op":"dance"}"#, "unknown-operation"),
        (r#"{"op":"click","id":"nobody"}"#, "unknown-message"),
        (r#"{"op":"message","seq":1}"#, "unknown-message"),
    ] {
        let answer = service.ask(line);
        assert!(answer.contains(code), "{line}: {answer}");
    }
    let (remote, patient) = (service.remote.clone(), Arc::new(service.remote.clone()));
    drop(service);
    assert_eq!(remote.request(br#"{"op":"status"}"#, PATIENCE), None);
    assert!(patient.status(Duration::ZERO).is_none());
}
