//! An app on the host: a client of a daemon's control socket.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::wait;

/// A connection to the control socket. What it says stands in `docs/control.md`; it is spoken here in its raw form.
#[derive(Debug)]
pub struct App {
    stream: UnixStream,
    lines: Receiver<Value>,
    /// Lines that were read while another was waited for.
    kept: Vec<Value>,
}

impl App {
    /// Connects to the daemon that owns this data directory, if there is one.
    pub fn connect(data: &Path) -> std::io::Result<Self> {
        let stream = UnixStream::connect(data.join("control.sock"))?;
        let reader = BufReader::new(stream.try_clone()?);
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { stream, lines, kept: Vec::new() })
    }

    /// Sends bytes as they are.
    pub fn send_raw(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Asks, and returns the whole answer: `{"ok": …}` or `{"error": …}`; `None` if the daemon ended the connection.
    pub fn ask(&mut self, request: &Value) -> Option<Value> {
        let _ = self.send_raw(format!("{request}\n").as_bytes());
        self.answer()
    }

    /// The next answer.
    pub fn answer(&mut self) -> Option<Value> {
        self.next(wait::SOON, |line| line.get("ok").is_some() || line.get("error").is_some())
    }

    /// The next line that fits. `None` if the connection ended; panics if there is none in time.
    fn next(&mut self, within: Duration, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        if let Some(place) = self.kept.iter().position(&fits) {
            return Some(self.kept.remove(place));
        }
        let deadline = Instant::now() + within;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if fits(&line) => return Some(line),
                Ok(line) => self.kept.push(line),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("no line in time; others: {:?}", self.kept),
            }
        }
    }

    /// The next event that this client is told, if one comes before the deadline.
    pub(crate) fn event(&mut self, deadline: Instant) -> Option<Value> {
        loop {
            let mut line = match self.kept.is_empty() {
                true => self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()?,
                false => self.kept.remove(0),
            };
            if line.get("event").is_some() {
                return Some(line["event"].take());
            }
        }
    }

    /// The events that this client has been told and not taken yet.
    pub(crate) fn told(&mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.event(Instant::now())).collect()
    }

    /// Drops the lines that came before the last answer.
    pub(crate) fn forget(&mut self) {
        self.kept.clear();
    }

    /// From now on this client is the app.
    pub fn listen(&mut self) {
        let answer = self.ask(&json!({ "op": "listen" }));
        assert!(answer.as_ref().is_some_and(|answer| answer.get("ok").is_some()), "listen: {answer:?}");
    }

    /// The next callback of this kind, which is confirmed so that it is not repeated.
    pub fn callback(&mut self, kind: &str, within: Duration) -> Value {
        let line = self.next(within, |line| line["callback"]["kind"] == kind);
        let callback =
            line.unwrap_or_else(|| panic!("the daemon ended while {kind} was waited for"))["callback"].take();
        if let Some(id) = callback.get("id") {
            let _ = self.ask(&json!({ "op": "taken", "id": id }));
        }
        callback
    }

    /// Has the gateway say a text back.
    pub fn echo(&mut self, text: &str) {
        let watches = self.ask(&json!({ "op": "watch" }));
        assert!(watches.is_some_and(|answer| answer.get("ok").is_some()), "watch");
        let answer = self.ask(&json!({ "op": "echo", "text": text }));
        assert!(answer.as_ref().is_some_and(|answer| answer.get("ok").is_some()), "echo: {answer:?}");
        let echoed = self.next(wait::SOON, |line| line["event"]["event"] == "echoed" && line["event"]["text"] == text);
        echoed.expect("the daemon goes on");
    }

    /// Gives a command and waits for the gateway's result.
    pub fn command(&mut self, command: &str, fields: Value) -> Value {
        let mut request = json!({ "op": "command", "command": command });
        for (name, value) in fields.as_object().into_iter().flatten() {
            request[name] = value.clone();
        }
        let answer = self.ask(&request);
        assert!(answer.as_ref().is_some_and(|answer| answer.get("ok").is_some()), "{command}: {answer:?}");
        loop {
            let result = self.callback("command-result", wait::LATER);
            if result["command"] == command {
                return result;
            }
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // The reading thread has a handle of its own.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}
