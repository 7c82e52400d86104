//! The status page, and the stream of events.

use std::io::{self, Write};
use std::process::ExitCode;

use offpush_inspect::{HistoryItem, Line, Operation, history_text, rows};
use serde::Serialize;

use crate::arguments::At;
use crate::source::Source;
use crate::{BAD_NEWS, Failure, choose, colour};

pub(crate) fn status(at: &At) -> Result<ExitCode, Failure> {
    let page = Source::open(at)?.status()?;
    if at.json {
        print_json(&page)?;
    } else {
        let is_coloured = colour::wanted();
        let mut out = io::stdout().lock();
        for row in rows(&page) {
            writeln!(out, "{}", colour::row(&row, is_coloured))?;
        }
    }
    Ok(if page.is_healthy() { ExitCode::SUCCESS } else { ExitCode::from(BAD_NEWS) })
}

/// Prints one JSON document.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

/// Prints text.
pub(crate) fn print_text(text: &impl std::fmt::Display) -> Result<(), Failure> {
    write!(io::stdout().lock(), "{text}")?;
    Ok(())
}

pub(crate) fn watch(at: &At) -> Result<(), Failure> {
    let mut client = choose::connect(at)?;
    client.ask(Operation::Watch)?;
    loop {
        if let Line::Event(item) = client.next_line()? {
            print_event(&item, at.json)?;
        }
    }
}

fn print_event(item: &HistoryItem, json: bool) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer(&mut out, item)?;
        writeln!(out)?;
    } else {
        writeln!(out, "{}", history_text(item))?;
    }
    out.flush()?;
    Ok(())
}
