//! Where the answers come from: the daemon if it runs, else its files, or the page that a phone prints.

use offpush_daemon::offline;
use offpush_inspect::{Answer, Client, ClientError, HistoryItem, KnownNetwork, Notification, Operation, StatusPage};

use crate::Failure;
use crate::arguments::At;
use crate::choose::{self, Reached};

/// Messages asked for at a time.
const PAGE: usize = 200;

/// See the module's page.
pub(crate) struct Source(Reached);

impl Source {
    pub(crate) fn open(at: &At) -> Result<Self, Failure> {
        Ok(Self(choose::reach(at)?))
    }

    pub(crate) fn status(&mut self) -> Result<StatusPage, Failure> {
        match &mut self.0 {
            Reached::Daemon(client, _) => match client.ask(Operation::Status)? {
                Answer::Status(page) => Ok(*page),
                _ => Err(ClientError::NotUnderstood.into()),
            },
            Reached::Files(data) => Ok(offline::status(data)?),
            Reached::Page(page, _) => Ok((**page).clone()),
        }
    }

    /// Every message by its number.
    pub(crate) fn notifications(&mut self) -> Result<Vec<Notification>, Failure> {
        match &mut self.0 {
            Reached::Daemon(client, _) => Ok(all_notifications(client)?),
            Reached::Files(data) => Ok(offline::notifications(data)?),
            Reached::Page(_, app) => Err(app.only_a_page()),
        }
    }

    /// As much of the history as a daemon gives at once, oldest first.
    pub(crate) fn history(&mut self) -> Result<Vec<HistoryItem>, Failure> {
        match &mut self.0 {
            Reached::Daemon(client, _) => match client.ask(Operation::History { limit: None })? {
                Answer::History(items) => Ok(items),
                _ => Err(ClientError::NotUnderstood.into()),
            },
            Reached::Files(data) => Ok(offline::history(data, usize::MAX)?),
            Reached::Page(_, app) => Err(app.only_a_page()),
        }
    }

    /// What was learned of each network, the last used first.
    pub(crate) fn networks(&mut self) -> Result<Vec<KnownNetwork>, Failure> {
        match &mut self.0 {
            Reached::Daemon(client, _) => match client.ask(Operation::Networks)? {
                Answer::Networks(networks) => Ok(networks),
                _ => Err(ClientError::NotUnderstood.into()),
            },
            Reached::Files(data) => Ok(offline::networks(data)?),
            Reached::Page(_, app) => Err(app.only_a_page()),
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
