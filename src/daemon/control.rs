//! The control socket: who may speak, lines in, lines out. What requests mean is in `operations`.
//!
//! Nothing here waits: what a client does not read stays in its buffer, requests of a client that does not read its
//! answers are left alone, and one whose buffer is full is dropped.

use std::io::{self, ErrorKind, Read, Write};
#[cfg(target_os = "android")]
use std::os::android::net::SocketAddrExt;
use std::os::fd::{AsRawFd, OwnedFd};
#[cfg(not(target_os = "android"))]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use mio::net::{UnixListener, UnixStream};
use mio::{Interest, Registry, Token};
use nix::fcntl::{OFlag, open};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Uid, geteuid};
use offpush_inspect::{
    Answer, CallbackLine, ControlError, ErrorCode, Line, MAXIMUM_REQUEST_BYTES, Operation, Request, SOCKET_FILE,
};

/// Clients at a time. An app, a few tools and scripts; more is a script gone wrong.
const MAXIMUM_CLIENTS: usize = 32;

/// Bytes that wait for a client before it is dropped: a hundred ordinary callbacks at once, or several of the largest.
const MAXIMUM_OUTPUT_BYTES: usize = 2 * 1024 * 1024;

/// Bytes that wait for a client that watches before it is dropped: about a thousand events. Whoever watches can ask for
/// the history, which forgets less.
const MAXIMUM_EVENT_BYTES: usize = 256 * 1024;

/// Bytes that wait for a client above which its requests are left alone until it has read.
const CROWDED_OUTPUT_BYTES: usize = 64 * 1024;

/// Requests taken from one client in one turn of the loop, so that a flood of them leaves room for messages.
const REQUESTS_A_TURN: usize = 16;

/// Milliseconds until the next try when no connection could be accepted, which means that file descriptors are short.
const ACCEPT_RETRY: u64 = 1_000;

/// The user that Android's debugging daemon connects as, whatever it forwards (`AID_SHELL`, android_filesystem_config.h).
const ANDROID_SHELL: u32 = 2_000;

/// Where to listen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// At a file in this directory, which only its owner may enter.
    Directory(&'a Path),
    /// At this abstract name, as `adb forward` reaches it: for an app that may be debugged, where the person who may debug
    /// it may speak too. Every app can connect; who it is, is asked from the kernel.
    Abstract(&'a str),
    /// Nowhere.
    Nowhere,
}

/// See the module's page.
#[derive(Debug)]
pub(crate) struct Control {
    registry: Registry,
    /// `None` if nobody can connect.
    listener: Option<UnixListener>,
    /// The socket's file, if it has one.
    path: Option<PathBuf>,
    /// Who may speak beside the own user and root.
    others: &'static [u32],
    next_token: usize,
    clients: Vec<Client>,
    acceptable: bool,
    accept_at: Option<u64>,
    /// Clients that did not read what they asked for, since that was asked for last.
    dropped: usize,
}

#[derive(Debug)]
struct Client {
    token: Token,
    stream: UnixStream,
    readable: bool,
    writable: bool,
    /// No more requests will come.
    ended: bool,
    /// Refused: closed as soon as its output is out.
    closing: bool,
    /// To be forgotten.
    gone: bool,
    /// That is because it did not read what it asked for.
    overflowed: bool,
    input: Vec<u8>,
    output: Vec<u8>,
    /// How much of `output` is written.
    written: usize,
    watches: bool,
    listens: bool,
}

impl Control {
    /// Listens. A socket that is in the directory already is a dead daemon's: the caller holds the lock.
    pub(crate) fn open(place: Place<'_>, registry: Registry, token: Token, first_client: usize) -> io::Result<Self> {
        let (mut listener, path, others): (_, _, &[u32]) = match place {
            Place::Directory(data) => {
                let path = data.join(SOCKET_FILE);
                match std::fs::remove_file(&path) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
                (Some(bind(data)?), Some(path), &[])
            }
            Place::Abstract(name) => {
                let address = SocketAddr::from_abstract_name(name)?;
                (Some(UnixListener::bind_addr(&address)?), None, &[ANDROID_SHELL])
            }
            Place::Nowhere => (None, None, &[]),
        };
        if let Some(listener) = &mut listener {
            registry.register(listener, token, Interest::READABLE)?;
        }
        Ok(Self {
            registry,
            acceptable: listener.is_some(),
            listener,
            path,
            others,
            next_token: first_client,
            clients: Vec::new(),
            accept_at: None,
            dropped: 0,
        })
    }

    /// A client waits to be accepted.
    pub(crate) fn acceptable(&mut self) {
        self.acceptable = true;
    }

    /// Takes note of an event about a client.
    pub(crate) fn ready(&mut self, token: Token, readable: bool, writable: bool, closed: bool) {
        if let Some(client) = self.clients.iter_mut().find(|client| client.token == token) {
            client.readable |= readable;
            client.writable |= writable;
            // It is gone altogether: nobody reads what it asked for.
            client.gone |= closed;
        }
    }

    /// Accepts and reads as far as possible without waiting, and adds what clients ask for to `requests`.
    pub(crate) fn advance(&mut self, boot: u64, requests: &mut Vec<(Token, Operation)>) {
        if self.accept_at.is_some_and(|at| at <= boot) {
            self.accept_at = None;
            self.acceptable = true;
        }
        if self.acceptable {
            self.accept(boot);
        }
        for client in &mut self.clients {
            client.advance(requests);
        }
    }

    fn accept(&mut self, boot: u64) {
        loop {
            let Some(listener) = &self.listener else { return };
            match listener.accept() {
                Ok((stream, _)) => self.add(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.acceptable = false;
                    return;
                }
                Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                Err(error) => {
                    log::warn!("{SOCKET_FILE}: no connection can be accepted: {error}");
                    self.acceptable = false;
                    self.accept_at = Some(boot.saturating_add(ACCEPT_RETRY));
                    return;
                }
            }
        }
    }

    fn add(&mut self, mut stream: UnixStream) {
        let token = Token(self.next_token);
        self.next_token += 1;
        let refused = if !may_speak(&stream, self.others) {
            Some((ErrorCode::NotAllowed, "only the daemon's own user and root may ask it"))
        } else if self.clients.len() >= MAXIMUM_CLIENTS {
            Some((ErrorCode::TooManyClients, "too many clients are connected: close some"))
        } else {
            None
        };
        if self.registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE).is_err() {
            return;
        }
        let mut client = Client {
            token,
            stream,
            readable: true,
            writable: true,
            ended: false,
            closing: false,
            gone: false,
            overflowed: false,
            input: Vec::new(),
            output: Vec::new(),
            written: 0,
            watches: false,
            listens: false,
        };
        if let Some((code, message)) = refused {
            client.refuse(code, message.to_owned());
            client.flush();
            return;
        }
        self.clients.push(client);
    }

    /// Answers a request.
    pub(crate) fn answer(&mut self, to: Token, answer: Result<Answer, ControlError>) {
        if let Some(client) = self.clients.iter_mut().find(|client| client.token == to) {
            client.line(&answer.map_or_else(Line::Error, Line::Ok));
        }
    }

    /// This client gets events from now on.
    pub(crate) fn watch(&mut self, token: Token) {
        self.clients.iter_mut().filter(|client| client.token == token).for_each(|client| client.watches = true);
    }

    /// This client gets callbacks from now on.
    pub(crate) fn listen(&mut self, token: Token) {
        self.clients.iter_mut().filter(|client| client.token == token).for_each(|client| client.listens = true);
    }

    /// Whether there is a client that gets callbacks.
    pub(crate) fn has_listener(&self) -> bool {
        self.clients.iter().any(|client| client.listens && !client.gone)
    }

    /// Tells an event, given as a JSON object, to those who watch.
    pub(crate) fn event(&mut self, json: &str) {
        for client in self.clients.iter_mut().filter(|client| client.watches) {
            client.push(&["{\"event\":", json, "}\n"], MAXIMUM_EVENT_BYTES);
        }
    }

    /// How many clients were dropped since the last call, because they did not read what they asked for.
    pub(crate) fn take_dropped(&mut self) -> usize {
        std::mem::take(&mut self.dropped)
    }

    /// Tells a callback to those who listen.
    pub(crate) fn callback(&mut self, callback: CallbackLine) {
        let line = Line::Callback(callback);
        for client in self.clients.iter_mut().filter(|client| client.listens) {
            client.line(&line);
        }
    }

    /// Writes what can be written without waiting, and forgets who is gone.
    pub(crate) fn flush(&mut self) {
        for client in &mut self.clients {
            client.flush();
        }
        let registry = &self.registry;
        self.clients.retain_mut(|client| {
            if client.gone {
                // Only fails if it is in order already.
                let _ = registry.deregister(&mut client.stream);
                self.dropped += usize::from(client.overflowed);
            }
            !client.gone
        });
    }

    /// Whether there is something to do without an event.
    pub(crate) fn has_work(&self) -> bool {
        self.clients.iter().any(Client::has_work)
    }

    /// When [`advance`](Self::advance) has something to do without an event, in boot time.
    pub(crate) fn next_timeout(&self) -> Option<u64> {
        self.accept_at
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // The next daemon would do it too.
            let _ = std::fs::remove_file(path);
        }
    }
}

impl Client {
    fn advance(&mut self, requests: &mut Vec<(Token, Operation)>) {
        let mut taken = 0;
        while taken < REQUESTS_A_TURN && self.may_ask() {
            match self.take_line() {
                Some(line) => match Request::parse(&line) {
                    Ok(request) => {
                        requests.push((self.token, request.operation));
                        taken += 1;
                    }
                    Err(error) => self.refuse(ErrorCode::BadRequest, format!("this is no request: {error}")),
                },
                None if self.input.len() > MAXIMUM_REQUEST_BYTES => self
                    .refuse(ErrorCode::BadRequest, format!("a request is longer than {MAXIMUM_REQUEST_BYTES} bytes")),
                None if self.readable => self.read(),
                None => break,
            }
        }
    }

    fn may_ask(&self) -> bool {
        !self.closing && !self.gone && self.output.len() - self.written < CROWDED_OUTPUT_BYTES
    }

    fn has_work(&self) -> bool {
        let has_line = || self.input.contains(&b'\n') || self.ended && !self.input.is_empty();
        self.gone || self.may_ask() && (self.readable || has_line())
    }

    /// The next line without its end; at the end of all the rest counts as one.
    fn take_line(&mut self) -> Option<Vec<u8>> {
        match self.input.iter().position(|byte| *byte == b'\n') {
            Some(end) if end <= MAXIMUM_REQUEST_BYTES => {
                let mut line: Vec<u8> = self.input.drain(..=end).collect();
                line.pop();
                Some(line)
            }
            None if self.ended && !self.input.is_empty() => Some(std::mem::take(&mut self.input)),
            _ => None,
        }
    }

    fn read(&mut self) {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => {
                self.ended = true;
                self.readable = false;
            }
            Ok(count) => self.input.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => self.gone = true,
        }
    }

    /// One error line, and the end.
    fn refuse(&mut self, code: ErrorCode, message: String) {
        self.line(&Line::Error(ControlError { code, message }));
        self.closing = true;
        self.input = Vec::new();
    }

    fn line(&mut self, line: &Line) {
        match serde_json::to_string(line) {
            Ok(text) => self.push(&[&text, "\n"], MAXIMUM_OUTPUT_BYTES),
            Err(error) => log::error!("a line for a control client cannot be made: {error}"),
        }
    }

    fn push(&mut self, parts: &[&str], most: usize) {
        if self.closing || self.gone {
            return;
        }
        parts.iter().for_each(|part| self.output.extend_from_slice(part.as_bytes()));
        if self.output.len() - self.written > most {
            // A burst within one turn is no reason to drop who reads.
            self.flush();
        }
        if self.output.len() - self.written > most {
            self.overflowed = true;
            self.gone = true;
        }
    }

    fn flush(&mut self) {
        while self.writable && !self.gone && self.written < self.output.len() {
            match self.stream.write(self.output.get(self.written..).unwrap_or_default()) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.gone = true,
            }
        }
        if self.written == self.output.len() {
            self.output = Vec::new();
            self.written = 0;
            // Whoever asks nothing more, was answered and waits for nothing, is done.
            let done = self.ended && self.input.is_empty() && !self.watches && !self.listens;
            self.gone |= self.closing || done;
        } else if self.written > CROWDED_OUTPUT_BYTES {
            self.output.drain(..self.written);
            self.written = 0;
        }
    }
}

/// Binds through the open directory, because a socket's whole path may have at most 107 bytes (`unix(7)`); readable and
/// writable for its owner alone from the first moment.
fn bind(data: &Path) -> io::Result<UnixListener> {
    let directory: OwnedFd = open(data, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
    let former = umask(Mode::from_bits_truncate(0o177));
    let bound = UnixListener::bind(format!("/proc/self/fd/{}/{SOCKET_FILE}", directory.as_raw_fd()));
    umask(former);
    bound
}

/// The daemon's own user, root, and these.
fn may_speak(stream: &UnixStream, others: &[u32]) -> bool {
    getsockopt(stream, PeerCredentials).is_ok_and(|peer| {
        peer.uid() == geteuid().as_raw() || Uid::from_raw(peer.uid()).is_root() || others.contains(&peer.uid())
    })
}

#[cfg(test)]
#[path = "tests/unit/control.rs"]
mod tests;
