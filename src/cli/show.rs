//! Looking into a daemon.

use std::io::{self, Write};

use offpush_inspect::{
    Answer, Client, ClientError, HistoryItem, Line, Notification, Operation, StatusPage, history_text,
    notification_text, render,
};

use crate::Failure;
use crate::arguments::{At, History};
use crate::choose;

/// Messages asked for at a time.
const PAGE: usize = 200;

pub(crate) fn status(at: &At) -> Result<(), Failure> {
    let data = choose::directory(at)?;
    let page = match Client::connect(&data) {
        Ok(mut client) => match client.ask(Operation::Status)? {
            Answer::Status(page) => *page,
            _ => return Err(ClientError::NotUnderstood.into()),
        },
        Err(ClientError::NotRunning { .. }) => offpush_daemon::offline::status(&data)?,
        Err(error) => return Err(error.into()),
    };
    print_status(&page, at.json)
}

fn print_status(page: &StatusPage, json: bool) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, page)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", render(page))?;
    }
    Ok(())
}

pub(crate) fn notifications(at: &At) -> Result<(), Failure> {
    let data = choose::directory(at)?;
    let items = match Client::connect(&data) {
        Ok(mut client) => all_notifications(&mut client)?,
        Err(ClientError::NotRunning { .. }) => offpush_daemon::offline::notifications(&data)?,
        Err(error) => return Err(error.into()),
    };
    let mut out = io::stdout().lock();
    if at.json {
        serde_json::to_writer_pretty(&mut out, &items)?;
        writeln!(out)?;
    } else if items.is_empty() {
        writeln!(out, "no messages yet")?;
    }
    for item in items.iter().filter(|_| !at.json) {
        writeln!(out, "{}", notification_text(item))?;
    }
    Ok(())
}

/// Every message, page by page.
pub(crate) fn all_notifications(client: &mut Client) -> Result<Vec<Notification>, ClientError> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        match client.ask(Operation::Notifications { after, limit: Some(PAGE) })? {
            Answer::Notifications { items, next } => {
                all.extend(items);
                match next {
                    Some(next) => after = Some(next),
                    None => return Ok(all),
                }
            }
            _ => return Err(ClientError::NotUnderstood),
        }
    }
}

pub(crate) fn history(options: &History) -> Result<(), Failure> {
    let data = choose::directory(&options.at)?;
    let items = match Client::connect(&data) {
        Ok(mut client) => match client.ask(Operation::History { limit: Some(options.limit) })? {
            Answer::History(items) => items,
            _ => return Err(ClientError::NotUnderstood.into()),
        },
        Err(ClientError::NotRunning { .. }) => offpush_daemon::offline::history(&data, options.limit)?,
        Err(error) => return Err(error.into()),
    };
    let mut out = io::stdout().lock();
    if options.at.json {
        serde_json::to_writer_pretty(&mut out, &items)?;
        writeln!(out)?;
        return Ok(());
    }
    for item in &items {
        writeln!(out, "{}", history_text(item))?;
    }
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
