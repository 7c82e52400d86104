//! A TCP relay with a network's properties.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How much is read at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// What passed in one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes.
    pub bytes: u64,
    /// Reads that brought something: on loopback, with both ends writing at once, the segments that were sent.
    pub segments: u64,
}

/// A relay from a port of its own to a server on this machine. It ends, with its connections, when dropped.
#[derive(Debug)]
pub struct Relay {
    port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: u16,
    closed: AtomicBool,
    swallows: AtomicBool,
    ways: [Way; 2],
    accepted: AtomicU64,
    connections: Mutex<Vec<TcpStream>>,
}

/// One direction's properties and counters.
#[derive(Debug, Default)]
struct Way {
    delay_us: AtomicU64,
    bytes_per_second: AtomicU64,
    bytes: AtomicU64,
    segments: AtomicU64,
}

/// Chunks under way, each with the moment at which it arrives; `None` ends.
type Line = (Mutex<VecDeque<(Instant, Option<Vec<u8>>)>>, Condvar);

impl Relay {
    /// A relay to this port, which neither delays nor drops anything yet.
    pub fn to(target: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let shared = Arc::new(Shared {
            target,
            closed: AtomicBool::new(false),
            swallows: AtomicBool::new(false),
            ways: Default::default(),
            accepted: AtomicU64::new(0),
            connections: Mutex::default(),
        });
        let for_thread = shared.clone();
        thread::spawn(move || accept(&listener, &for_thread));
        Self { port, shared }
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How long each byte travels in this direction from now on.
    pub fn set_delay(&self, direction: Direction, delay: Duration) {
        let microseconds = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        self.way(direction).delay_us.store(microseconds, Ordering::Relaxed);
    }

    /// How many bytes a second pass in this direction; 0 for any number.
    pub fn set_rate(&self, direction: Direction, bytes_per_second: u64) {
        self.way(direction).bytes_per_second.store(bytes_per_second, Ordering::Relaxed);
    }

    /// From now on everything vanishes without a word, in both directions: what a dead mobile link looks like. Whether
    /// connections are accepted does not change. `false` lets later bytes pass; what vanished is gone, so a stream
    /// that lost something is of no use any more and is cut.
    pub fn swallow(&self, swallows: bool) {
        self.shared.swallows.store(swallows, Ordering::Relaxed);
        if !swallows {
            self.cut();
        }
    }

    /// Ends every connection.
    pub fn cut(&self) {
        for connection in self.shared.connections().drain(..) {
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// What passed in this direction so far.
    pub fn traffic(&self, direction: Direction) -> Traffic {
        let way = self.way(direction);
        Traffic { bytes: way.bytes.load(Ordering::Relaxed), segments: way.segments.load(Ordering::Relaxed) }
    }

    /// How many connections were accepted so far.
    pub fn accepted(&self) -> u64 {
        self.shared.accepted.load(Ordering::Relaxed)
    }

    fn way(&self, direction: Direction) -> &Way {
        self.shared.way(direction)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        self.cut();
        // Wakes the thread that accepts.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl Shared {
    fn way(&self, direction: Direction) -> &Way {
        &self.ways[direction as usize]
    }

    fn connections(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.closed.load(Ordering::Relaxed) {
            return;
        }
        let Ok(client) = client else { return };
        let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.target)) else { continue };
        shared.accepted.fetch_add(1, Ordering::Relaxed);
        for (direction, from, to) in [(Direction::Up, &client, &server), (Direction::Down, &server, &client)] {
            let (Ok(from), Ok(to), Ok(kept)) = (from.try_clone(), to.try_clone(), from.try_clone()) else { continue };
            let _ = to.set_nodelay(true);
            shared.connections().push(kept);
            let line: Arc<Line> = Arc::default();
            let (receiver, shared) = (line.clone(), shared.clone());
            thread::spawn(move || take(from, direction, &shared, &line));
            thread::spawn(move || deliver(to, &receiver));
        }
    }
}

/// Reads, and puts each chunk on the line with its moment of arrival.
fn take(mut from: TcpStream, direction: Direction, shared: &Shared, line: &Line) {
    let way = shared.way(direction);
    let mut free_at = Instant::now();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let length = from.read(&mut chunk).unwrap_or(0);
        let now = Instant::now();
        let swallowed = shared.swallows.load(Ordering::Relaxed);
        if !swallowed {
            way.bytes.fetch_add(length as u64, Ordering::Relaxed);
            way.segments.fetch_add(u64::from(length > 0), Ordering::Relaxed);
        }
        let rate = way.bytes_per_second.load(Ordering::Relaxed);
        free_at = free_at.max(now);
        if let Some(microseconds) = (length as u64 * 1_000_000).checked_div(rate) {
            free_at += Duration::from_micros(microseconds);
        }
        let arrival = free_at + Duration::from_micros(way.delay_us.load(Ordering::Relaxed));
        if !swallowed {
            let content = (length > 0).then(|| chunk[..length].to_vec());
            line.0.lock().unwrap_or_else(PoisonError::into_inner).push_back((arrival, content));
            line.1.notify_one();
        }
        if length == 0 {
            return;
        }
    }
}

/// Writes each chunk at its moment.
fn deliver(mut to: TcpStream, line: &Line) {
    loop {
        let mut chunks = line.0.lock().unwrap_or_else(PoisonError::into_inner);
        let chunk = loop {
            match chunks.front() {
                None => chunks = line.1.wait(chunks).unwrap_or_else(PoisonError::into_inner),
                Some((arrival, _)) => {
                    let early = arrival.saturating_duration_since(Instant::now());
                    if early.is_zero() {
                        break chunks.pop_front().and_then(|(_, content)| content);
                    }
                    chunks = line.1.wait_timeout(chunks, early).unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        };
        drop(chunks);
        match chunk {
            Some(bytes) if to.write_all(&bytes).is_ok() => {}
            _ => {
                let _ = to.shutdown(Shutdown::Write);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A port whose server sends back what it gets.
    fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("bound").port();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut back = stream.try_clone().expect("a second handle");
                    let _ = std::io::copy(&mut stream, &mut back);
                });
            }
        });
        port
    }

    fn exchange(stream: &mut TcpStream) {
        stream.write_all(b"hello").expect("sent");
        let mut answer = [0; 5];
        stream.read_exact(&mut answer).expect("answered");
        assert_eq!(&answer, b"hello");
    }

    /// Each direction's delay adds to the round trip, and what passes is counted.
    #[test]
    fn a_round_trip_takes_the_sum_of_both_delays() {
        let relay = Relay::to(echo());
        relay.set_delay(Direction::Up, Duration::from_millis(30));
        relay.set_delay(Direction::Down, Duration::from_millis(20));
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port())).expect("connected");
        let begin = Instant::now();
        exchange(&mut stream);
        assert!(begin.elapsed() >= Duration::from_millis(50));
        assert_eq!(relay.traffic(Direction::Up), Traffic { bytes: 5, segments: 1 });
        assert_eq!(relay.traffic(Direction::Down), Traffic { bytes: 5, segments: 1 });
        assert_eq!(relay.accepted(), 1);
    }

    /// While it swallows, nothing arrives and nothing ends; cut connections end.
    #[test]
    fn what_is_swallowed_never_arrives() {
        let relay = Relay::to(echo());
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port())).expect("connected");
        exchange(&mut stream);
        relay.swallow(true);
        stream.write_all(b"lost").expect("sent");
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("set");
        assert_eq!(stream.read(&mut [0; 8]).map_err(|error| error.kind()), Err(std::io::ErrorKind::WouldBlock));
        relay.swallow(false);
        assert!(matches!(stream.read(&mut [0; 8]), Ok(0) | Err(_)), "the connection ended");
    }
}
