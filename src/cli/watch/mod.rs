//! `offpush watch`: the live view where there is a terminal, else one line an event.
//!
//! Events come over a connection of their own, read by a thread; the status page is asked for when something has
//! happened, so that a phone is not woken by being looked at.

pub(crate) mod model;
pub(crate) mod picture;
pub(crate) mod view;

use std::io::{self, IsTerminal};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use offpush_inspect::{Answer, Client, ClientError, HistoryItem, Line, Operation, StatusPage};
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use ratatui::{Terminal, backend::TestBackend};

use crate::arguments::{At, Watch};
use crate::lists::now;
use crate::{Failure, choose, show};
use model::Model;

/// How long a key or an event waits before it is seen.
const TICK: Duration = Duration::from_millis(100);

/// The frame is drawn anew after this time even if nothing has happened: its times are relative.
const REDRAW: Duration = Duration::from_secs(1);

/// Before a daemon that is gone is looked for again.
const RETRY: Duration = Duration::from_secs(1);

/// How long the status page is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// Events at the end of the history among which those are looked for that are told again.
const TOLD_TWICE: usize = 100;

/// Columns and lines of a picture.
const PICTURE: (u16, u16) = (110, 30);

pub(crate) fn run(options: &Watch) -> Result<(), Failure> {
    if let Some(file) = &options.picture {
        return Ok(std::fs::write(file, one_frame(&options.at)?)?);
    }
    if options.at.json || !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return show::watch(&options.at);
    }
    // What is wrong with the choice of a daemon is said before the screen is taken.
    choose::connect(&options.at)?;
    let (sender, updates) = channel();
    let at = options.at.clone();
    std::thread::spawn(move || follow(&at, &sender));
    let mut terminal = ratatui::try_init()?;
    let result = live(&options.at, &mut terminal, &updates);
    ratatui::try_restore()?;
    result
}

/// What the thread that reads events tells.
enum Update {
    Began(Vec<HistoryItem>),
    Event(HistoryItem),
    Lost(String),
}

/// Reads events for as long as somebody wants them, over a new connection when one has ended.
fn follow(at: &At, updates: &Sender<Update>) {
    loop {
        let lost = match events(at, updates) {
            Ok(()) => return,
            Err(failure) => failure.to_string(),
        };
        if updates.send(Update::Lost(lost)).is_err() {
            return;
        }
        std::thread::sleep(RETRY);
    }
}

fn events(at: &At, updates: &Sender<Update>) -> Result<(), Failure> {
    let mut client = choose::connect(at)?;
    // In this order: what happens in between is told twice rather than not at all.
    client.ask(Operation::Watch)?;
    let Answer::History(history) = client.ask(Operation::History { limit: None })? else {
        return Err(ClientError::NotUnderstood.into());
    };
    // So many may have come between the two questions.
    let told: Vec<HistoryItem> = history.iter().rev().take(TOLD_TWICE).cloned().collect();
    if updates.send(Update::Began(history)).is_err() {
        return Ok(());
    }
    loop {
        let Line::Event(item) = client.next_line()? else { continue };
        let is_old = told.first().is_some_and(|newest| item.at <= newest.at);
        if is_old && told.contains(&item) {
            continue;
        }
        if updates.send(Update::Event(item)).is_err() {
            return Ok(());
        }
    }
}

fn live(at: &At, terminal: &mut ratatui::DefaultTerminal, updates: &Receiver<Update>) -> Result<(), Failure> {
    let mut model = Model::new(now());
    let mut client = None;
    let mut is_stale = true;
    let mut drawn: Option<Instant> = None;
    loop {
        let mut is_new = false;
        for update in updates.try_iter() {
            (is_new, is_stale) = (true, true);
            match update {
                Update::Began(history) => model.begin(history),
                Update::Event(item) => model.add(item),
                Update::Lost(why) => {
                    model.lost = Some(why);
                    client = None;
                }
            }
        }
        if is_stale && model.lost.is_none() {
            is_stale = false;
            model.page = status(at, &mut client).or(model.page.take());
        }
        if is_new || drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW) {
            model.now = now();
            terminal.draw(|frame| view::draw(&model, frame))?;
            drawn = Some(Instant::now());
        }
        if event::poll(TICK)? {
            let page = view::page_lines(&model, terminal.size()?.height);
            match event::read()? {
                Event::Key(key) if key.kind != KeyEventKind::Release && !model.key(key, page) => return Ok(()),
                _ => drawn = None,
            }
        }
    }
}

/// The status page, over a connection that is kept; `None` if the daemon does not answer, which the other one notices.
fn status(at: &At, client: &mut Option<Client>) -> Option<StatusPage> {
    if client.is_none() {
        *client = choose::connect(at).ok();
        client.as_ref()?.set_timeout(Some(PATIENCE)).ok()?;
    }
    match client.as_mut()?.ask(Operation::Status) {
        Ok(Answer::Status(page)) => Some(*page),
        _ => {
            *client = None;
            None
        }
    }
}

fn one_frame(at: &At) -> Result<String, Failure> {
    let mut source = crate::source::Source::open(at)?;
    let mut model = Model::new(now());
    model.page = Some(source.status()?);
    model.begin(source.history()?);
    let mut terminal = Terminal::new(TestBackend::new(PICTURE.0, PICTURE.1))?;
    terminal.draw(|frame| view::draw(&model, frame))?;
    Ok(picture::svg(terminal.backend().buffer()))
}

#[cfg(test)]
#[path = "../tests/unit/watch.rs"]
mod tests;
