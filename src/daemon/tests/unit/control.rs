use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream as Peer;
use std::time::Duration;

use mio::{Events, Poll};

use super::*;

const LISTENER: Token = Token(0);

struct Driver {
    poll: Poll,
    control: Control,
    directory: PathBuf,
}

impl Driver {
    fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("offpush-control-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        let poll = Poll::new().unwrap();
        let registry = poll.registry().try_clone().unwrap();
        let control = Control::open(Place::Directory(&directory), registry, LISTENER, 1).unwrap();
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
    driver.control.event(&"x".repeat(CROWDED_OUTPUT_BYTES + 1_000_000));
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
