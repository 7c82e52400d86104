//! A client of the control socket.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::protocol::{Answer, ControlError, Line, MAXIMUM_ANSWER_BYTES, Operation, Request, SOCKET_FILE};

/// A connection to a daemon. Blocking; for tools, and for apps on a host.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
    /// Events and callbacks that came while an answer was waited for.
    waiting: std::collections::VecDeque<Line>,
}

impl Client {
    /// Connects to the daemon that owns this data directory.
    pub fn connect(data: &Path) -> Result<Self, ClientError> {
        let connected = File::open(data).and_then(|directory| {
            // Through the open directory, because a socket's whole path may have at most 107 bytes (`unix(7)`).
            UnixStream::connect(format!("/proc/self/fd/{}/{SOCKET_FILE}", directory.as_raw_fd()))
        });
        match connected {
            Ok(stream) => Ok(Self::over(stream)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                Err(ClientError::NotRunning { data: data.to_owned() })
            }
            Err(error) => Err(ClientError::Io(error)),
        }
    }

    /// Connects to a socket that leads to a daemon, such as one that `adb forward` has made.
    pub fn connect_to(socket: &Path) -> Result<Self, ClientError> {
        UnixStream::connect(socket).map(Self::over).map_err(ClientError::Io)
    }

    fn over(stream: UnixStream) -> Self {
        Self { stream: BufReader::new(stream), waiting: Default::default() }
    }

    /// How long one read may take; `None`, as at the start, for as long as it wants.
    pub fn set_timeout(&self, timeout: Option<Duration>) -> Result<(), ClientError> {
        self.stream.get_ref().set_read_timeout(timeout).map_err(ClientError::Io)
    }

    /// Asks and waits for the answer. What else comes meanwhile is kept for [`next_line`](Self::next_line).
    pub fn ask(&mut self, operation: Operation) -> Result<Answer, ClientError> {
        let mut line = serde_json::to_vec(&Request::from(operation)).map_err(|error| ClientError::Io(error.into()))?;
        line.push(b'\n');
        // A daemon that closes the connection says why before it does: the answer is read even if this fails.
        let sent = self.stream.get_mut().write_all(&line);
        loop {
            match self.read_line() {
                Ok(Line::Ok(answer)) => return Ok(answer),
                Ok(Line::Error(error)) => return Err(ClientError::Refused(error)),
                Ok(other) => self.waiting.push_back(other),
                Err(error) => return Err(sent.map_or_else(ClientError::Io, |()| error)),
            }
        }
    }

    /// Waits for the next event or callback.
    pub fn next_line(&mut self) -> Result<Line, ClientError> {
        match self.waiting.pop_front() {
            Some(line) => Ok(line),
            None => self.read_line(),
        }
    }

    fn read_line(&mut self) -> Result<Line, ClientError> {
        let mut line = Vec::new();
        let limit = MAXIMUM_ANSWER_BYTES as u64 + 1;
        (&mut self.stream).take(limit).read_until(b'\n', &mut line).map_err(ClientError::Io)?;
        if line.last() != Some(&b'\n') {
            return Err(if line.len() as u64 == limit { ClientError::NotUnderstood } else { ClientError::Ended });
        }
        serde_json::from_slice(&line).map_err(|_| ClientError::NotUnderstood)
    }
}

/// Why a daemon could not be asked, or did not do it.
#[derive(Debug)]
pub enum ClientError {
    /// No daemon runs with this data directory.
    NotRunning {
        /// The data directory.
        data: PathBuf,
    },
    /// The daemon refused.
    Refused(ControlError),
    /// What the daemon said is not in the protocol.
    NotUnderstood,
    /// The daemon ended the connection.
    Ended,
    /// The system's error.
    Io(io::Error),
}

impl fmt::Display for ClientError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRunning { data } => write!(
                formatter,
                "no daemon runs with the data directory {}: start one with `offpush daemon --data {0} …`",
                data.display()
            ),
            Self::Refused(error) => error.fmt(formatter),
            Self::NotUnderstood => {
                formatter.write_str("the daemon's answer is not understood: use the same version of offpush for both")
            }
            Self::Ended => formatter.write_str("the daemon ended the connection"),
            Self::Io(error) => write!(formatter, "the daemon cannot be asked: {error}"),
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(error) => Some(error),
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}
