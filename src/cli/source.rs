//! Where the answers come from: the daemon if it can be asked, else its files, or on a phone its service.

use std::path::PathBuf;

use offpush_daemon::offline;
use offpush_inspect::{Answer, Client, ClientError, HistoryItem, KnownNetwork, Notification, Operation, StatusPage};

use crate::Failure;
use crate::adb::App;
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
    /// The service of an app on a phone, which prints what it is asked for.
    Service(App),
}

impl Source {
    pub(crate) fn open(at: &At) -> Result<Self, Failure> {
        if let Some(app) = App::chosen(at)? {
            return Self::of(app);
        }
        let data = choose::directory(at)?;
        match Client::connect(&data) {
            Ok(client) => Ok(Self::Daemon(client)),
            Err(ClientError::NotRunning { .. }) => Ok(Self::Files(data)),
            Err(error) => Err(error.into()),
        }
    }

    /// An app on a phone.
    pub(crate) fn of(app: App) -> Result<Self, Failure> {
        Ok(match app.connect()? {
            Some(client) => Self::Daemon(client),
            None => Self::Service(app),
        })
    }

    pub(crate) fn status(&mut self) -> Result<StatusPage, Failure> {
        match self {
            Self::Daemon(client) => match client.ask(Operation::Status)? {
                Answer::Status(page) => Ok(*page),
                _ => Err(ClientError::NotUnderstood.into()),
            },
            Self::Files(data) => Ok(offline::status(data)?),
            Self::Service(app) => app.page(),
        }
    }

    /// Every message by its number.
    pub(crate) fn notifications(&mut self) -> Result<Vec<Notification>, Failure> {
        match self {
            Self::Daemon(client) => Ok(all_notifications(client)?),
            Self::Files(data) => Ok(offline::notifications(data)?),
            Self::Service(app) => {
                all_pages(|after| app.ask(&["notifications", &after.unwrap_or_default().to_string()]))
            }
        }
    }

    /// As much of the history as a daemon gives at once, oldest first.
    pub(crate) fn history(&mut self) -> Result<Vec<HistoryItem>, Failure> {
        match self {
            Self::Daemon(client) => match client.ask(Operation::History { limit: None })? {
                Answer::History(items) => Ok(items),
                _ => Err(ClientError::NotUnderstood.into()),
            },
            Self::Files(data) => {
                // Without a store it is no daemon's directory.
                offline::status(data)?;
                Ok(offline::history(data, usize::MAX)?)
            }
            Self::Service(app) => match app.ask(&["history"])? {
                Answer::History(items) => Ok(items),
                _ => Err(ClientError::NotUnderstood.into()),
            },
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
            Self::Service(app) => match app.ask(&["networks"])? {
                Answer::Networks(networks) => Ok(networks),
                _ => Err(ClientError::NotUnderstood.into()),
            },
        }
    }
}

/// Every message, page by page.
pub(crate) fn all_notifications(client: &mut Client) -> Result<Vec<Notification>, ClientError> {
    all_pages(|after| client.ask(Operation::Notifications { after, limit: Some(PAGE) }))
}

fn all_pages<E: From<ClientError>>(
    mut ask: impl FnMut(Option<u64>) -> Result<Answer, E>,
) -> Result<Vec<Notification>, E> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        match ask(after)? {
            Answer::Notifications { items, next } => {
                all.extend(items);
                match next {
                    Some(next) => after = Some(next),
                    None => return Ok(all),
                }
            }
            _ => return Err(ClientError::NotUnderstood.into()),
        }
    }
}
