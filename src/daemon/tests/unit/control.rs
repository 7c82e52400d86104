use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream as Peer;
use std::time::Duration;

use mio::{Events, Poll};
use offpush_inspect::HistoryItem;

use nix::libc;

use super::*;
use crate::skip::skip;

const LISTENER: Token = Token(0);

/// The user of an app, as Android numbers them (`AID_APP_START`).
const APP: u32 = 10_000;

struct Driver {
    poll: Poll,
    control: Control,
    directory: PathBuf,
}

/// Runs this in a thread that the kernel takes for this user's. Only root can.
fn as_user<T: Send>(user: u32, act: impl FnOnce() -> T + Send) -> T {
    let run = || {
        let (unchanged, user): (libc::c_long, libc::c_long) = (-1, user.into());
        // SAFETY: it takes three numbers. Unlike the C library's function it changes this thread alone, which ends here.
        let result = unsafe { libc::syscall(libc::SYS_setresuid, unchanged, user, unchanged) };
        assert_eq!(result, 0);
        act()
    };
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

fn open(poll: &Poll, place: Place<'_>) -> io::Result<Control> {
    Control::open(place, poll.registry().try_clone()?, LISTENER, 1)
}

impl Driver {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("offpush-control-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        let poll = Poll::new().unwrap();
        let control = open(&poll, Place::Directory(&directory)).unwrap();
        Self { poll, control, directory }
    }

    /// A client that watches.
    fn watcher(&mut self) -> (Token, Peer) {
        let peer = Peer::connect(self.directory.join(SOCKET_FILE)).unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        self.turn();
        let token = self.control.clients.last().unwrap().token;
        self.control.watch(token);
        (token, peer)
    }

    fn turn(&mut self) -> Vec<(Token, Operation)> {
        let mut events = Events::with_capacity(16);
        self.poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        for event in &events {
            self.control.acceptable();
            self.control.ready(event.token(), event.is_readable(), event.is_writable(), event.is_write_closed());
        }
        let mut requests = Vec::new();
        self.control.advance(0, &mut requests);
        self.control.flush();
        requests
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

#[test]
fn in_an_app_that_may_be_debugged_the_app_root_and_the_shell_may_speak_and_no_other_app() {
    // Every app may connect to an abstract name; the kernel says who did, before a word is read.
    let test = "in_an_app_that_may_be_debugged_the_app_root_and_the_shell_may_speak_and_no_other_app";
    if !geteuid().is_root() {
        return skip(test, "only root can connect as somebody else");
    }
    let name = format!("offpush.users.{}", std::process::id());
    let mut driver = Driver::new("users");
    driver.control = open(&driver.poll, Place::Abstract(&name)).unwrap();
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    for (user, may) in [(APP, true), (0, true), (ANDROID_SHELL, true), (APP + 1, false), (1_000, false)] {
        let mut peer = as_user(user, || Peer::connect_addr(&address)).unwrap();
        peer.write_all(b"{\"op\":\"status\"}\n").unwrap();
        let requests = as_user(APP, || driver.turn());
        assert_eq!(requests.len(), usize::from(may), "{user}");
        if !may {
            let mut told = String::new();
            peer.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            // What it had written is thrown away, which resets the connection once the answer is read.
            let _ = peer.read_to_string(&mut told);
            assert!(told.contains(r#""code":"not-allowed""#) && told.ends_with("}\n"), "{user}: {told}");
        }
    }
}

#[test]
fn a_directorys_socket_is_closed_to_the_shell() {
    // The file is its owner's alone, and a place at an abstract name has no file.
    if !geteuid().is_root() {
        return skip("a_directorys_socket_is_closed_to_the_shell", "only root can connect as somebody else");
    }
    let driver = Driver::new("closed");
    let path = driver.directory.join(SOCKET_FILE);
    let error = as_user(ANDROID_SHELL, || Peer::connect(&path)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

#[test]
fn an_abstract_name_that_is_taken_is_an_error_and_a_free_one_leaves_no_file() {
    // Another app may hold it: the caller has to hear of it.
    let name = format!("offpush.taken.{}", std::process::id());
    let driver = Driver::new("taken");
    let held = open(&driver.poll, Place::Abstract(&name)).unwrap();
    assert!(held.path.is_none());
    assert_eq!(open(&driver.poll, Place::Abstract(&name)).unwrap_err().kind(), ErrorKind::AddrInUse);
}

#[test]
fn a_client_that_does_not_read_is_dropped_and_the_others_are_not() {
    // Its buffer is bounded; no event waits for it, and who reads misses none.
    let mut driver = Driver::new("slow");
    let (_slow, _slow_peer) = driver.watcher();
    let (_, reading) = driver.watcher();
    let event = format!("{{\"at\":1,\"event\":\"{}\"}}", "x".repeat(10_000));
    let (mut lines, mut reading, mut sent) = (0, BufReader::new(reading), 0);
    while driver.control.clients.len() == 2 {
        assert!(sent < 1_000, "the slow client is never dropped");
        driver.control.event(&event);
        driver.control.flush();
        sent += 1;
        let mut line = String::new();
        reading.read_line(&mut line).unwrap();
        lines += usize::from(line.ends_with("}}\n"));
        driver.turn();
    }
    assert_eq!(lines, sent);
    assert_eq!((driver.control.take_dropped(), driver.control.take_dropped()), (1, 0), "told once");
}

#[test]
fn what_waits_for_a_watcher_is_bounded() {
    // A quarter of a megabyte beside what the kernel takes, whatever happens and however many watch.
    let mut driver = Driver::new("bounded");
    let peers: Vec<_> = (0..MAXIMUM_CLIENTS).map(|_| driver.watcher()).collect();
    let event = format!("{{\"at\":1,\"event\":\"{}\"}}", "x".repeat(1_000));
    let mut most = 0;
    while !driver.control.clients.is_empty() {
        driver.control.event(&event);
        let waits = driver.control.clients.iter().map(|client| client.output.len() - client.written).max();
        most = most.max(waits.unwrap_or(0));
        driver.control.flush();
    }
    assert!((MAXIMUM_EVENT_BYTES..MAXIMUM_EVENT_BYTES + 2_000).contains(&most), "{most}");
    assert_eq!(driver.control.take_dropped(), peers.len());
}

#[test]
fn a_burst_within_one_turn_drops_nobody_who_reads() {
    // More than may wait, before there was a turn to write it: the kernel takes the first part.
    let mut driver = Driver::new("burst");
    let (_, reading) = driver.watcher();
    let event = format!("{{\"at\":1,\"event\":\"{}\"}}", "x".repeat(1_000));
    let count = MAXIMUM_EVENT_BYTES / 1_000 + 20;
    (0..count).for_each(|_| driver.control.event(&event));
    assert_eq!(driver.control.take_dropped(), 0);
    let mut reading = BufReader::new(reading);
    for _ in 0..count {
        let mut line = String::new();
        driver.turn();
        reading.read_line(&mut line).unwrap();
        assert!(line.ends_with("}}\n"));
    }
}

#[test]
fn a_client_that_goes_is_forgotten() {
    // The end of an app is noticed without a request of its own.
    let mut driver = Driver::new("gone");
    let (token, peer) = driver.watcher();
    driver.control.listen(token);
    assert!(driver.control.has_listener());
    drop(peer);
    driver.turn();
    assert!(!driver.control.has_listener());
    assert!(driver.control.clients.is_empty());
}

#[test]
fn a_client_whose_answers_pile_up_is_not_asked_on() {
    // Its requests wait in its own buffer and in the socket, and are taken once it has read.
    let mut driver = Driver::new("crowded");
    let (token, mut peer) = driver.watcher();
    let answer = Answer::History(vec![HistoryItem {
        event: "x".repeat(CROWDED_OUTPUT_BYTES + 1_000_000),
        ..Default::default()
    }]);
    driver.control.answer(token, Ok(answer));
    peer.write_all(b"{\"op\":\"status\"}\n").unwrap();
    assert_eq!(driver.turn(), []);
    assert!(!driver.control.has_work());
    let mut line = vec![0; CROWDED_OUTPUT_BYTES + 1_000_000];
    let mut requests = Vec::new();
    while requests.is_empty() {
        let _ = peer.read(&mut line).unwrap();
        requests = driver.turn();
    }
    assert_eq!(requests, [(token, Operation::Status)]);
}
