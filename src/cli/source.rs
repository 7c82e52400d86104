//! Where the answers come from: the daemon if it runs, else its files.

use std::path::PathBuf;

use offpush_daemon::offline;
use offpush_inspect::{Answer, Client, ClientError, HistoryItem, KnownNetwork, Notification, Operation, StatusPage};

use crate::Failure;
use crate::arguments::At;
use crate::choose;

/// Messages asked for at a time.
const PAGE: usize = 200;

/// See the module's page.
pub(crate) enum Source {
    /// A daemon that runs.
    Daemon(Client),
    /// The files of one that does not.
    Files(PathBuf),
}

impl Source {
    pub(crate) fn open(at: &At) -> Result<Self, Failure> {
        let data = choose::directory(at)?;
        match Client::connect(&data) {
            Ok(client) => Ok(Self::Daemon(client)),
            Err(ClientError::NotRunning { .. }) => Ok(Self::Files(data)),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn status(&mut self) -> Result<StatusPage, Failure> {
        match self {
            Self::Daemon(client) => match client.ask(Operation::Status)? {
                Answer::Status(page) => Ok(*page),
                _ => Err(ClientError::NotUnderstood.into()),
            },
            Self::Files(data) => Ok(offline::status(data)?),
        }
    }

    /// Every message by its number.
    pub(crate) fn notifications(&mut self) -> Result<Vec<Notification>, Failure> {
        match self {
            Self::Daemon(client) => Ok(all_notifications(client)?),
            Self::Files(data) => Ok(offline::notifications(data)?),
        }
    }

    /// As much of the history as a daemon gives at once, oldest first.
    pub(crate) fn history(&mut self) -> Result<Vec<HistoryItem>, Failure> {
        match self {
            Self::Daemon(client) => match client.ask(Operation::History { limit: None })? {
                Answer::History(items) => Ok(items),
                _ => Err(ClientError::NotUnderstood.into()),
            },
            Self::Files(data) => Ok(offline::history(data, usize::MAX)?),
        }
    }

    /// What was learned of each network, the last used first.
    pub(crate) fn networks(&mut self) -> Result<Vec<KnownNetwork>, Failure> {
        match self {
            Self::Daemon(client) => match client.ask(Operation::Networks)? {
                Answer::Networks(networks) => Ok(networks),
                _ => Err(ClientError::NotUnderstood.into()),
            },
            Self::Files(data) => Ok(offline::networks(data)?),
        }
    }
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
