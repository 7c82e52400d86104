//! The gateway's part, for one device: numbers, the window, marks. Like the real one it forgets nothing until the
//! phone's mark covers it, and a message whose time is over goes on as a void number.

use std::collections::{BTreeMap, VecDeque};

use offpush_wire::{
    Applied, Bindings, Down, DownFrame, Entry, HelloAnswer, Message, NotifyType, RawEntry, Target, UpFrame,
};

/// Entries without mark, at most (design §3).
const WINDOW: usize = 64;

/// Seconds in which phones come back after an end that the server caused: what a small gateway asks for.
const RECONNECT_WINDOW: u32 = 3;

const EPOCH: &str = "simulated-epoch";

/// A message the server's caller sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) id: String,
    pub(crate) at: u64,
    pub(crate) expires_at: u64,
    pub(crate) bytes: u16,
}

/// Numbers, window and marks of the one device.
#[derive(Debug)]
pub(crate) struct Gateway {
    /// Wall time when the day began.
    wall: i64,
    /// When its broker began, in simulated time.
    pub(crate) since: u64,
    waiting: VecDeque<Sent>,
    window: VecDeque<(u64, Sent)>,
    last: u64,
    outbox: String,
    applied: u64,
    /// The connections of the last two hellos.
    connection: Option<String>,
    previous: Option<String>,
}

impl Gateway {
    pub(crate) fn new(wall: i64) -> Self {
        Self {
            wall,
            since: 0,
            waiting: VecDeque::new(),
            window: VecDeque::new(),
            last: 0,
            outbox: String::new(),
            applied: 0,
            connection: None,
            previous: None,
        }
    }

    /// Accepts a message; gives the frames to publish now.
    pub(crate) fn accept(&mut self, now: u64, message: Sent) -> Vec<Vec<u8>> {
        self.waiting.push_back(message);
        self.fill_window(now)
    }

    fn fill_window(&mut self, now: u64) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while self.window.len() < WINDOW
            && let Some(message) = self.waiting.pop_front()
        {
            self.last += 1;
            frames.push(self.entry(now, self.last, &message));
            self.window.push_back((self.last, message));
        }
        frames
    }

    fn entry(&self, now: u64, n: u64, message: &Sent) -> Vec<u8> {
        let content = match message.expires_at.checked_sub(now) {
            None | Some(0) => Down::Void,
            Some(left) => Down::Message(Box::new(Message {
                id: message.id.clone(),
                target: Target::RegId,
                pass_through: 0,
                title: "A message".to_owned(),
                description: "x".repeat(message.bytes.into()),
                payload: String::new(),
                notify_type: NotifyType::default(),
                notify_id: n as i32,
                expires_in: left,
                sent_at: self.wall + message.at as i64,
                binding: None,
                extra: BTreeMap::new(),
                offline_push_info: None,
                again: false,
            })),
        };
        let mut frame = DownFrame::new(EPOCH);
        frame.entries.push(Entry { n, id: message.id.clone(), content });
        frame.encode()
    }

    /// Takes a frame from the phone; gives the frames to publish.
    pub(crate) fn take(&mut self, now: u64, payload: &[u8]) -> Vec<Vec<u8>> {
        let Ok(frame) = UpFrame::<'_, RawEntry<'_>>::decode(payload) else { return Vec::new() };
        if frame.gone.is_some() {
            return Vec::new();
        }
        if frame.outbox != self.outbox {
            self.outbox = frame.outbox.clone().into_owned();
            self.applied = 0;
        }
        if let Some(have) = frame.have.as_ref().filter(|have| have.epoch == EPOCH) {
            self.window.retain(|(n, _)| *n > have.up_to);
        }
        for entry in &frame.entries {
            if entry.n == self.applied + 1 {
                self.applied = entry.n;
            }
        }
        if let Some(hello) = frame.hello.as_ref().filter(|hello| self.connection.as_ref() != Some(&hello.connection)) {
            self.previous = self.connection.replace(hello.connection.clone());
        }
        let mut frames = Vec::new();
        if frame.hello.is_some() || !frame.entries.is_empty() {
            let mut answer: DownFrame<'_, Entry<Down>> = DownFrame::new(EPOCH);
            answer.applied = Some(Applied { outbox: self.outbox.clone(), n: self.applied });
            answer.answer = frame.hello.as_ref().map(|hello| HelloAnswer {
                connection: hello.connection.clone(),
                previous: self.previous.clone(),
                bindings: Bindings::default(),
                time: self.wall + now as i64,
                broker_since: Some(self.wall + self.since as i64),
                reconnect_window: Some(RECONNECT_WINDOW),
            });
            frames.push(answer.encode());
        }
        if frame.hello.is_some() {
            frames.extend(self.window.iter().map(|(n, message)| self.entry(now, *n, message)));
        }
        frames.extend(self.fill_window(now));
        frames
    }
}
