//! What a daemon tells of itself, as it happens.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{App, Phone, wait};

/// How many events are printed when one is waited for in vain.
const LAST_EVENTS: usize = 30;

/// The history of a running daemon up to now, and what follows.
#[derive(Debug)]
pub struct Watch {
    app: App,
    /// All events so far, oldest first.
    pub events: Vec<Value>,
}

impl Watch {
    /// Begins to watch, as soon as there is a control socket.
    pub fn new(phone: &Phone) -> Self {
        let mut app = wait::until("the control socket", wait::SOON, || App::connect(phone.data()).ok());
        let ask = |app: &mut App, request| app.ask(&request).expect("the daemon answers")["ok"].take();
        ask(&mut app, json!({ "op": "watch" }));
        let mut history = ask(&mut app, json!({ "op": "history", "limit": 2_000 }));
        // What was told before this answer stands in it.
        app.forget();
        let events = history["history"].as_array_mut().map(std::mem::take).unwrap_or_default();
        Self { app, events }
    }

    /// Takes note of events until there is what is looked for among all so far; panics after `within`.
    pub fn until<T>(&mut self, what: &str, within: Duration, mut look: impl FnMut(&[Value]) -> Option<T>) -> T {
        let deadline = std::time::Instant::now() + within;
        loop {
            if let Some(found) = look(&self.events) {
                return found;
            }
            match self.app.event(deadline) {
                Some(event) => self.events.push(event),
                None => panic!("waited {} s in vain for: {what}; {}", within.as_secs(), self.last()),
            }
        }
    }

    /// Waits for the next event that fits, after the first `from` events; returns its place.
    pub fn next(&mut self, what: &str, from: usize, within: Duration, fits: impl Fn(&Value) -> bool) -> usize {
        self.until(what, within, |events| Some(from + events.get(from..)?.iter().position(&fits)?))
    }

    /// Takes note of what has been told until now.
    pub fn catch_up(&mut self) -> &[Value] {
        let told = self.app.told();
        self.events.extend(told);
        &self.events
    }

    /// The events of this name so far.
    pub fn all(&self, name: &str) -> Vec<&Value> {
        self.events.iter().filter(|event| event["event"] == name).collect()
    }

    /// The last events, for messages.
    pub fn last(&self) -> String {
        let from = self.events.len().saturating_sub(LAST_EVENTS);
        let lines: Vec<String> = self.events[from..].iter().map(Value::to_string).collect();
        format!("the last events:\n{}", lines.join("\n"))
    }
}
