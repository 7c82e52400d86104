//! A gateway without database and HTTP: it numbers, keeps the window, answers hello and marks.
//!
//! One thread, one plain connection. It does what `docs/wire.md` asks of a gateway as cheaply as it can, so that the
//! measured side and the broker get the two processors.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::num::NonZeroU16;
use std::time::{Duration, Instant};

use offpush_mqtt as mqtt;
use offpush_mqtt::{Packet, PublishOut, QoS, ReasonCode};
use offpush_wire::{
    Applied, Bindings, CommandResult, Down, DownFrame, Entry, HelloAnswer, MAXIMUM_FRAME_BYTES, Up, UpFrame,
    down_topic, up_topic,
};

use crate::Failure;
use crate::broker::{GATEWAY, GATEWAY_PASSWORD};
use crate::frame::{EPOCH, MessageFrames};

/// Entries without mark that a gateway sends at most (docs/wire.md).
pub(crate) const WINDOW: u64 = 64;

/// A stand-in for an outbox id where there is no phone: as long as a real one, so that frames are alike.
const NO_OUTBOX: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// The largest packet taken.
const MAXIMUM_PACKET: u32 = MAXIMUM_FRAME_BYTES as u32 + 1024;

/// How long is read before the caller's condition is looked at again.
const TURN: Duration = Duration::from_millis(100);

/// What limits how far the stand-in runs ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// The window of 64 entries without mark, and MQTT's flow control: what a gateway does.
    Window,
    /// MQTT's flow control alone.
    FlowControl,
}

/// What came from the phone.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Upstream {
    /// PUBLISH packets.
    pub(crate) packets: u64,
    /// Bytes of their payloads.
    pub(crate) bytes: u64,
    /// Entries in them.
    pub(crate) entries: u64,
    /// Hellos among them.
    pub(crate) hellos: u64,
}

/// The connection of the stand-in and the one device it serves.
#[derive(Debug)]
pub(crate) struct StandIn {
    stream: TcpStream,
    received: Vec<u8>,
    out: Vec<u8>,
    down_topic: String,
    pace: Pace,
    packet_id: u16,
    unacknowledged: usize,
    receive_maximum: usize,
    last_answer: Option<ReasonCode>,
    frames: MessageFrames,
    /// The number sent next.
    next: u64,
    /// The highest number there is.
    last: u64,
    /// Entries that are no messages.
    special: BTreeMap<u64, Down>,
    /// The phone's mark.
    mark: u64,
    applied: Applied,
    /// The phone does not know `applied` yet.
    owes_applied: bool,
    upstream: Upstream,
    /// From the read that brought a hello to the write of its answer.
    own_time: Duration,
}

impl StandIn {
    /// Connects and subscribes to what the device publishes.
    pub(crate) fn connect(port: u16, reg_id: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TURN))?;
        let mut stand_in = Self {
            stream,
            received: Vec::new(),
            out: Vec::new(),
            down_topic: down_topic(offpush_wire::DEFAULT_TOPIC_PREFIX, reg_id),
            pace: Pace::Window,
            packet_id: 0,
            unacknowledged: 0,
            receive_maximum: 0,
            last_answer: None,
            frames: MessageFrames::new(),
            next: 1,
            last: 0,
            special: BTreeMap::new(),
            mark: 0,
            applied: Applied { outbox: NO_OUTBOX.to_owned(), n: 0 },
            owes_applied: false,
            upstream: Upstream::default(),
            own_time: Duration::ZERO,
        };
        let connect = mqtt::Connect {
            client_id: GATEWAY,
            username: GATEWAY,
            password: GATEWAY_PASSWORD.as_bytes(),
            keep_alive_seconds: 0,
            clean_start: true,
            session_expiry_seconds: 0,
            receive_maximum: u16::MAX,
            maximum_packet_size: MAXIMUM_PACKET,
            will: None,
        };
        mqtt::encode_connect(&mut stand_in.out, &connect)?;
        let topic = up_topic(offpush_wire::DEFAULT_TOPIC_PREFIX, reg_id);
        let id = stand_in.next_packet_id();
        mqtt::encode_subscribe(&mut stand_in.out, id, &topic, QoS::AtLeastOnce)?;
        stand_in.flush()?;
        let until = Instant::now() + Duration::from_secs(10);
        while stand_in.receive_maximum == 0 {
            stand_in.turn()?;
            if Instant::now() > until {
                return Err("the broker does not answer the stand-in".into());
            }
        }
        Ok(stand_in)
    }

    /// Forgets what was numbered so far.
    pub(crate) fn start_over(&mut self, pace: Pace) {
        self.pace = pace;
        (self.next, self.last, self.mark) = (1, 0, 0);
        self.special.clear();
        self.applied = Applied { outbox: NO_OUTBOX.to_owned(), n: 0 };
        self.owes_applied = false;
        self.upstream = Upstream::default();
    }

    /// So many more messages are to be sent.
    pub(crate) fn offer(&mut self, messages: u64) {
        self.last += messages;
    }

    /// Serves until the condition holds.
    pub(crate) fn serve(
        &mut self,
        what: &str,
        within: Duration,
        mut until: impl FnMut(&Self) -> bool,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + within;
        loop {
            self.send()?;
            if until(self) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!(
                    "waited {} s in vain for: {what} (sent up to {}, mark {}, applied {})",
                    within.as_secs(),
                    self.next - 1,
                    self.mark,
                    self.applied.n
                )
                .into());
            }
            self.turn()?;
        }
    }

    /// Publishes messages until one finds a subscriber; the subscriber has then got exactly one.
    pub(crate) fn find_subscriber(&mut self) -> Result<(), Failure> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let frame = self.frames.frame(1, &self.applied);
            self.publish(&frame)?;
            self.flush()?;
            while self.unacknowledged > 0 {
                self.turn()?;
            }
            if self.last_answer == Some(ReasonCode::SUCCESS) {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err("the client does not subscribe".into());
            }
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// One more message than was offered.
    pub(crate) fn push_the_queue(&mut self) -> Result<(), Failure> {
        let frame = self.frames.frame(1, &self.applied);
        self.publish(&frame)?;
        self.flush()?;
        while self.unacknowledged > 0 {
            self.turn()?;
        }
        Ok(())
    }

    /// The phone's mark.
    pub(crate) fn mark(&self) -> u64 {
        self.mark
    }

    /// The phone's entries taken.
    pub(crate) fn applied(&self) -> u64 {
        self.applied.n
    }

    /// Everything was sent and the broker has acknowledged it.
    pub(crate) fn all_sent(&self) -> bool {
        self.next > self.last && self.unacknowledged == 0
    }

    pub(crate) fn upstream(&self) -> Upstream {
        self.upstream
    }

    /// How long the last hello's answer took.
    pub(crate) fn own_time(&self) -> Duration {
        self.own_time
    }

    /// Reads once, and takes all that came.
    fn turn(&mut self) -> Result<(), Failure> {
        let mut chunk = [0; 64 * 1024];
        let count = match self.stream.read(&mut chunk) {
            Ok(0) => return Err("the broker ended the stand-in's connection".into()),
            Ok(count) => count,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let begin = Instant::now();
        let hellos = self.upstream.hellos;
        self.received.extend_from_slice(&chunk[..count]);
        let received = std::mem::take(&mut self.received);
        let mut rest = &received[..];
        while let Some((packet, length)) = mqtt::decode(rest, MAXIMUM_PACKET)? {
            rest = &rest[length..];
            self.packet(packet)?;
        }
        self.received = rest.to_vec();
        self.send()?;
        if self.upstream.hellos > hellos {
            self.own_time = begin.elapsed();
        }
        Ok(())
    }

    fn packet(&mut self, packet: Packet<'_>) -> Result<(), Failure> {
        match packet {
            Packet::ConnAck(answer) if answer.reason.is_error() => {
                return Err(format!("the broker refuses the stand-in: {}", answer.reason.name()).into());
            }
            Packet::ConnAck(answer) => {
                self.receive_maximum = usize::from(answer.properties.receive_maximum.unwrap_or(u16::MAX));
            }
            Packet::PubAck(answer) => {
                self.unacknowledged -= 1;
                self.last_answer = Some(answer.reason);
            }
            Packet::Publish(publish) => {
                self.frame(publish.payload)?;
                if let Some(id) = publish.packet_id {
                    mqtt::encode_puback(&mut self.out, id, ReasonCode::SUCCESS);
                }
            }
            Packet::Disconnect(end) => return Err(format!("the broker says {}", end.reason.name()).into()),
            _ => {}
        }
        Ok(())
    }

    /// A frame of the phone.
    fn frame(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let frame = UpFrame::decode(bytes)?;
        if frame.gone.is_some() {
            return Ok(());
        }
        self.upstream.packets += 1;
        self.upstream.bytes += bytes.len() as u64;
        self.upstream.entries += frame.entries.len() as u64;
        if frame.outbox != self.applied.outbox {
            self.applied = Applied { outbox: frame.outbox.into_owned(), n: 0 };
        }
        let have = frame.have.filter(|have| have.epoch == EPOCH).map_or(0, |have| have.up_to);
        if frame.hello.is_some() {
            // A new connection has no session: what has no mark is sent again.
            self.mark = have;
            self.next = have + 1;
        }
        self.mark = self.mark.max(have);
        for entry in &frame.entries {
            if entry.n == self.applied.n + 1 {
                self.applied.n = entry.n;
                if let Up::Command(command) = entry.up()? {
                    self.last += 1;
                    let result = CommandResult {
                        outbox: self.applied.outbox.clone(),
                        n: entry.n,
                        command: command.name().to_owned(),
                        arguments: command.arguments(),
                        code: 0,
                        reason: None,
                    };
                    self.special.insert(self.last, Down::Result(result));
                }
            }
            self.owes_applied = true;
        }
        if let Some(hello) = frame.hello {
            self.upstream.hellos += 1;
            let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_millis();
            let mut answer = DownFrame::new(EPOCH);
            answer.applied = Some(self.applied.clone());
            answer.answer = Some(HelloAnswer {
                connection: hello.connection,
                previous: None,
                bindings: Bindings::default(),
                time: i64::try_from(time)?,
                broker_since: None,
                reconnect_window: None,
            });
            self.owes_applied = false;
            self.publish(&answer.encode())?;
        }
        Ok(())
    }

    /// Sends what the pace allows now.
    fn send(&mut self) -> Result<(), Failure> {
        while self.next <= self.last
            && self.unacknowledged < self.receive_maximum
            && (self.pace == Pace::FlowControl || self.next <= self.mark + WINDOW)
        {
            let n = self.next;
            let frame = match self.special.get(&n) {
                None => self.frames.frame(n, &self.applied),
                Some(content) => {
                    let mut frame = DownFrame::new(EPOCH);
                    frame.applied = Some(self.applied.clone());
                    frame.entries.push(Entry { n, id: String::new(), content: content.clone() });
                    frame.encode()
                }
            };
            self.publish(&frame)?;
            self.next += 1;
            self.owes_applied = false;
        }
        if self.owes_applied && self.unacknowledged < self.receive_maximum {
            let mut frame = DownFrame::new(EPOCH);
            frame.applied = Some(self.applied.clone());
            self.publish(&frame.encode())?;
            self.owes_applied = false;
        }
        self.flush()
    }

    fn publish(&mut self, payload: &[u8]) -> Result<(), Failure> {
        let id = self.next_packet_id();
        let topic = &self.down_topic;
        let publish = PublishOut { topic, qos: QoS::AtLeastOnce, packet_id: Some(id), duplicate: false, payload };
        mqtt::encode_publish(&mut self.out, &publish)?;
        self.unacknowledged += 1;
        Ok(())
    }

    /// The ids run round; the broker acknowledges in order, and far fewer than there are ids are under way.
    fn next_packet_id(&mut self) -> NonZeroU16 {
        self.packet_id = self.packet_id.checked_add(1).unwrap_or(1);
        NonZeroU16::new(self.packet_id).unwrap_or(NonZeroU16::MIN)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if !self.out.is_empty() {
            self.stream.write_all(&self.out)?;
            self.out.clear();
        }
        Ok(())
    }
}
