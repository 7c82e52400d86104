//! Why a daemon does not run.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use offpush_store::OpenError;

use crate::trust::TrustError;

/// Why a daemon cannot start, or had to end.
#[derive(Debug)]
pub enum DaemonError {
    /// A server's address is none.
    Server {
        /// The address.
        address: String,
    },
    /// No server was given.
    NoServer,
    /// The store cannot be opened; among other reasons because another daemon has it open.
    Store(OpenError),
    /// No certificate can be judged.
    Trust(TrustError),
    /// A file in the data directory cannot be made.
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The system refused something that the loop needs.
    System {
        /// What was being done.
        action: &'static str,
        /// The system's error.
        source: io::Error,
    },
}

impl DaemonError {
    /// For `map_err`.
    pub(crate) fn system<E: Into<io::Error>>(action: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::System { action, source: source.into() }
    }
}

impl fmt::Display for DaemonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server { address } => {
                write!(formatter, "{address:?} is no gateway's address: give it as https://HOST:PORT")
            }
            Self::NoServer => formatter.write_str("no gateway is given: give its address as https://HOST:PORT"),
            Self::Store(error) => error.fmt(formatter),
            Self::Trust(error) => error.fmt(formatter),
            Self::File { path, source } => write!(formatter, "cannot make {}: {source}", path.display()),
            Self::System { action, source } => write!(formatter, "cannot {action}: {source}"),
        }
    }
}

impl Error for DaemonError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Server { .. } | Self::NoServer => None,
            Self::Store(error) => Some(error),
            Self::Trust(error) => Some(error),
            Self::File { source, .. } | Self::System { source, .. } => Some(source),
        }
    }
}
