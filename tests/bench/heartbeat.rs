//! What a heartbeat and a reconnect cost on the wire, and how soon the first message is shown after one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use offpush_tests::net::{Direction, Relay, Traffic};

use crate::phone::{Installation, Phone, PhoneOptions};
use crate::report::{Report, Table, median_and_range};
use crate::stand_in::{Pace, StandIn};
use crate::{Failure, Options};

/// The heartbeat of the measurement, in seconds.
const HEARTBEAT_S: u32 = 3;
/// Heartbeats measured.
const BEATS: usize = 3;
/// One way through the relay; twice this is the round trip.
const ONE_WAY: Duration = Duration::from_millis(100);
/// Reconnects measured.
const RECONNECTS: usize = 5;
/// Silence after which nothing more of an exchange is expected; below the heartbeat.
const SILENCE: Duration = Duration::from_millis(1_500);
/// How often the relay's counters and the notifications file are looked at.
const PACE: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn run(options: &Options) -> Result<Report, Failure> {
    let mut installation = Installation::new(&options.offpush()?, true)?;
    let relay = installation.relay.take().ok_or("no relay")?;
    let before = Both::of(&relay);
    let with = PhoneOptions { heartbeat: Some(HEARTBEAT_S), ..Default::default() };
    let phone = installation.phone("phone", &with)?;
    let stand_in = &mut installation.stand_in;
    stand_in.serve("the phone's hello", PATIENCE, |stand_in| stand_in.upstream().hellos > 0)?;
    let first = quiet(stand_in, &relay)?.since(before);

    let mut beats = Vec::new();
    for _ in 0..BEATS {
        let before = quiet(stand_in, &relay)?;
        stand_in.serve("a heartbeat", PATIENCE, |_| Both::of(&relay).down.segments > before.down.segments)?;
        beats.push(quiet(stand_in, &relay)?.since(before));
    }

    let before = quiet(stand_in, &relay)?;
    cut(stand_in, &relay)?;
    let resumed = quiet(stand_in, &relay)?.since(before);

    for direction in [Direction::Up, Direction::Down] {
        relay.set_delay(direction, ONE_WAY);
    }
    phone.kill();
    let mut latencies = Vec::new();
    for round in 0..RECONNECTS {
        // A daemon of its own each time: the back-off of one that is cut again and again would grow.
        installation.stand_in.start_over(Pace::Window);
        let phone = installation.phone(&format!("reconnect-{round}"), &with)?;
        let stand_in = &mut installation.stand_in;
        stand_in.serve("the phone's hello", PATIENCE, |stand_in| stand_in.upstream().hellos > 0)?;
        latencies.push(first_message(stand_in, &relay, &phone)?);
        phone.kill();
    }

    let mut report = Report::new("heartbeat");
    report.note(
        "Through a relay that counts what passes: bytes with TLS 1.3, without TCP and IP; packets are TCP segments with \
         content (acknowledgements alone are not among them).",
    );
    report.note(
        "A connection here: TLS, CONNECT, SUBSCRIBE and hello, their answers, the gateway's answer; no message waits. \
         The later connection sends no certificate: the TLS session was resumed.",
    );
    report.table(traffic_table(&first, &beats, &resumed));
    report.note(format!(
        "First message: {} ms each way. The kernel answers TCP's SYN on loopback at once, so TCP's own round trip is not \
         in the measured time; it is added.",
        ONE_WAY.as_millis()
    ));
    report.table(latency_table(&latencies));
    Ok(report)
}

#[derive(Debug, Clone, Copy)]
struct Both {
    up: Traffic,
    down: Traffic,
}

impl Both {
    fn of(relay: &Relay) -> Self {
        Self { up: relay.traffic(Direction::Up), down: relay.traffic(Direction::Down) }
    }

    fn since(self, before: Self) -> Self {
        let less = |now: Traffic, before: Traffic| Traffic {
            bytes: now.bytes - before.bytes,
            segments: now.segments - before.segments,
        };
        Self { up: less(self.up, before.up), down: less(self.down, before.down) }
    }

    fn passed(self) -> u64 {
        self.up.bytes + self.down.bytes
    }
}

/// Serves until nothing has passed for a while; returns the counters then.
fn quiet(stand_in: &mut StandIn, relay: &Relay) -> Result<Both, Failure> {
    let mut last = Both::of(relay);
    let mut since = Instant::now();
    stand_in.serve("silence", PATIENCE, |_| {
        let now = Both::of(relay);
        if now.passed() != last.passed() {
            (last, since) = (now, Instant::now());
        }
        since.elapsed() >= SILENCE
    })?;
    Ok(last)
}

/// Ends the connection and serves until the phone has said hello on the next.
fn cut(stand_in: &mut StandIn, relay: &Relay) -> Result<(), Failure> {
    let hellos = stand_in.upstream().hellos;
    relay.cut();
    stand_in.serve("the next hello", PATIENCE, |stand_in| stand_in.upstream().hellos > hellos)
}

/// One reconnect with a message waiting.
#[derive(Debug)]
struct Latency {
    /// From the accepted TCP connection to the line in the notifications file.
    measured: Duration,
    /// From the read that brought the hello to the write of the answer and the message.
    gateway: Duration,
}

fn first_message(stand_in: &mut StandIn, relay: &Relay, phone: &Phone) -> Result<Latency, Failure> {
    quiet(stand_in, relay)?;
    let file = phone.data().join("notifications.jsonl");
    let length = || std::fs::metadata(&file).map_or(0, |facts| facts.len());
    let (accepted, before) = (relay.accepted(), length());
    let give_up = AtomicBool::new(false);
    let measured = std::thread::scope(|scope| {
        // Beside the stand-in, which is busy being the gateway.
        let clock = scope.spawn(|| {
            let wait = |condition: &dyn Fn() -> bool| {
                while !condition() && !give_up.load(Ordering::Relaxed) {
                    std::thread::park_timeout(PACE);
                }
            };
            wait(&|| relay.accepted() > accepted);
            let begin = Instant::now();
            wait(&|| length() > before);
            begin.elapsed()
        });
        relay.cut();
        // Offered while no phone is there: it follows the answer to the next hello.
        let hellos = stand_in.upstream().hellos;
        stand_in.offer(1);
        let served = stand_in
            .serve("the next hello", PATIENCE, |stand_in| stand_in.upstream().hellos > hellos)
            .and_then(|()| stand_in.serve("the message's mark", PATIENCE, |stand_in| stand_in.mark() >= 1));
        give_up.store(served.is_err(), Ordering::Relaxed);
        let measured = clock.join().map_err(|_| Failure::from("the clock's thread ended"));
        served.and(measured)
    })?;
    Ok(Latency { measured, gateway: stand_in.own_time() })
}

fn traffic_table(first: &Both, beats: &[Both], resumed: &Both) -> Table {
    let columns = ["", "bytes up", "packets up", "bytes down", "packets down"];
    let mut table = Table::new("On the wire", &columns);
    let mut row = |name: String, both: &Both| {
        let Both { up, down } = both;
        table.row(vec![name.into(), up.bytes.into(), up.segments.into(), down.bytes.into(), down.segments.into()]);
    };
    for (place, beat) in beats.iter().enumerate() {
        row(format!("heartbeat {}", place + 1), beat);
    }
    row("first connection, full TLS handshake".to_owned(), first);
    row("next connection, TLS session resumed".to_owned(), resumed);
    table
}

fn latency_table(latencies: &[Latency]) -> Table {
    let columns = ["", "median", "range", "target", "met"];
    let mut table = Table::new("From the attempt to connect to the first waiting message shown", &columns);
    let round_trip = (ONE_WAY * 2).as_secs_f64();
    let over = |value: &dyn Fn(&Latency) -> f64| median_and_range(&latencies.iter().map(value).collect::<Vec<_>>());
    let (measured, range) = over(&|latency| latency.measured.as_secs_f64() * 1e3);
    table.row(vec!["ms after TCP stands".into(), measured.into(), range.into(), "".into(), "".into()]);
    let (gateway, range) = over(&|latency| latency.gateway.as_secs_f64() * 1e3);
    table.row(vec!["of it the stand-in gateway's own, ms".into(), gateway.into(), range.into(), "".into(), "".into()]);
    let (trips, range) = over(&|latency| latency.measured.as_secs_f64() / round_trip + 1.0);
    let whole = trips.round() <= 3.0;
    table.row(vec![
        "round trips, TCP's included".into(),
        trips.into(),
        range.into(),
        "3".into(),
        if whole { "yes" } else { "no" }.into(),
    ]);
    table
}
