//! The gateway's part: numbers, window, marks, answers.

use std::collections::VecDeque;

use offpush_wire::{
    Applied, Bindings, Command, CommandResult, Down, DownFrame, Entry, Hello, HelloAnswer, Up, UpFrame, VERSION,
};

/// The window: entries without mark, at most.
const WINDOW: usize = 64;

#[derive(Debug)]
pub(crate) struct Gateway {
    /// Whether it answers at all; a broker may be there without it.
    pub(crate) present: bool,
    /// Whether it answers commands with a result.
    pub(crate) gives_results: bool,
    /// The code of every result.
    pub(crate) result_code: i64,
    /// Whether `applied` is told.
    pub(crate) tells_applied: bool,
    pub(crate) epoch: String,
    /// The connection before this one, as answers name it.
    pub(crate) previous: Option<String>,
    pub(crate) reconnect_window: Option<u32>,
    pub(crate) broker_since: Option<i64>,
    pub(crate) time: i64,
    pub(crate) bindings: Bindings,
    /// Accepted and not numbered yet.
    waiting: VecDeque<(String, Down)>,
    /// Numbered and not covered by the phone's mark.
    pub(crate) window: VecDeque<(u64, String, Down)>,
    pub(crate) last: u64,
    pub(crate) settled: u64,
    pub(crate) outbox: String,
    pub(crate) applied: u64,
    /// What was applied, of all outboxes.
    pub(crate) taken: Vec<Up>,
    pub(crate) hellos: Vec<Hello>,
    pub(crate) gone: Vec<String>,
}

impl Gateway {
    pub(crate) fn new(time: i64) -> Self {
        Self {
            present: true,
            gives_results: true,
            result_code: 0,
            tells_applied: true,
            epoch: "epoch-1".to_owned(),
            previous: None,
            reconnect_window: None,
            broker_since: None,
            time,
            bindings: Bindings::default(),
            waiting: VecDeque::new(),
            window: VecDeque::new(),
            last: 0,
            settled: 0,
            outbox: String::new(),
            applied: 0,
            taken: Vec::new(),
            hellos: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// Accepts an entry; gives what is to be published now.
    pub(crate) fn accept(&mut self, id: &str, down: Down) -> Vec<Vec<u8>> {
        self.waiting.push_back((id.to_owned(), down));
        self.fill_window()
    }

    /// It was restored: everything unsettled is numbered anew under another epoch.
    pub(crate) fn restore(&mut self, epoch: &str) {
        self.epoch = epoch.to_owned();
        let mut again: VecDeque<(String, Down)> = self.window.drain(..).map(|(_, id, down)| (id, down)).collect();
        for (_, down) in &mut again {
            if let Down::Message(message) = down {
                message.again = true;
            }
        }
        again.append(&mut self.waiting);
        self.waiting = again;
        (self.last, self.settled) = (0, 0);
    }

    fn fill_window(&mut self) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while self.window.len() < WINDOW
            && let Some((id, down)) = self.waiting.pop_front()
        {
            self.last += 1;
            frames.push(self.frame(self.last, &id, &down));
            self.window.push_back((self.last, id, down));
        }
        frames
    }

    pub(crate) fn frame(&self, n: u64, id: &str, down: &Down) -> Vec<u8> {
        let mut frame = DownFrame::new(&self.epoch);
        frame.entries.push(Entry { n, id: id.to_owned(), content: down.clone() });
        frame.encode()
    }

    fn hello_answer(&self, connection: &str) -> Vec<u8> {
        let mut frame: DownFrame<'_, Entry<Down>> = DownFrame::new(&self.epoch);
        frame.answer = Some(HelloAnswer {
            connection: connection.to_owned(),
            previous: self.previous.clone(),
            bindings: self.bindings.clone(),
            time: self.time,
            broker_since: self.broker_since,
            reconnect_window: self.reconnect_window,
        });
        frame.applied = Some(Applied { outbox: self.outbox.clone(), n: self.applied });
        frame.encode()
    }

    pub(crate) fn applied_frame(&self) -> Vec<u8> {
        let mut frame: DownFrame<'_, Entry<Down>> = DownFrame::new(&self.epoch);
        frame.applied = Some(Applied { outbox: self.outbox.clone(), n: self.applied });
        frame.encode()
    }

    /// Takes a frame from the phone; gives what is to be published.
    pub(crate) fn take(&mut self, payload: &[u8]) -> Vec<Vec<u8>> {
        let frame = UpFrame::decode(payload).expect("a frame from the phone");
        assert_eq!(frame.v, VERSION);
        let mut frames = Vec::new();
        if let Some(gone) = &frame.gone {
            self.gone.push(gone.connection.clone());
        }
        if frame.outbox != self.outbox && (frame.hello.is_some() || frame.entries.first().is_some_and(|e| e.n == 1)) {
            self.outbox = frame.outbox.clone().into_owned();
            self.applied = 0;
        }
        if let Some(have) = &frame.have
            && have.epoch == self.epoch
        {
            assert!(have.up_to <= self.last, "the phone has a number that was never given");
            self.settled = self.settled.max(have.up_to);
            self.window.retain(|(n, ..)| *n > have.up_to);
        }
        if let Some(hello) = &frame.hello {
            self.hellos.push(hello.clone());
            if !self.present {
                return frames;
            }
            frames.push(self.hello_answer(&hello.connection));
            frames.extend(self.window.iter().map(|(n, id, down)| self.frame(*n, id, down)));
        }
        let applied_before = self.applied;
        for entry in &frame.entries {
            if entry.n != self.applied + 1 || frame.outbox != self.outbox {
                continue;
            }
            self.applied = entry.n;
            let up = entry.up().expect("an entry from the phone");
            if let (Up::Command(command), true) = (&up, self.gives_results) {
                let result = self.result(entry.n, command);
                self.waiting.push_back((String::new(), Down::Result(result)));
            }
            self.taken.push(up);
        }
        if !frame.entries.is_empty() && self.tells_applied && self.applied >= applied_before {
            frames.push(self.applied_frame());
        }
        frames.extend(self.fill_window());
        frames
    }

    pub(crate) fn result(&self, n: u64, command: &Command) -> CommandResult {
        CommandResult {
            outbox: self.outbox.clone(),
            n,
            command: command.name().to_owned(),
            arguments: command.arguments(),
            code: self.result_code,
            reason: (self.result_code != 0).then(|| "not today".to_owned()),
        }
    }
}
