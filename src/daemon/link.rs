//! One connection over non-blocking TCP, from its first packet on: with TLS, or plain for a probe.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use offpush_engine::LinkFailure;
use offpush_engine::input::CertificateProblem;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::trust::Trust;

/// Bytes read from the network in one turn of the loop, so that a flood leaves room for everything else: what a window
/// of the largest ordinary messages takes.
const READ_BUDGET: usize = 256 * 1024;

/// Bytes of one read: the largest TLS record. It stays resident once a flood has filled it, and is worth no more.
pub(crate) const READ_BYTES: usize = 16 * 1024;

/// Bytes that wait for the network before the link is given up: ten times what the engine has under way at most. A
/// server that sends and never reads must not cost memory without a bound.
const MAXIMUM_BACKLOG_BYTES: usize = 4 * 1024 * 1024;

/// Bytes that a TLS 1.3 record adds to its content (RFC 8446 §5.2: header, content type and tag).
const RECORD_OVERHEAD: usize = 22;

/// How far a link has come.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing new: it waits for the network.
    Waiting,
    /// TLS stands since just now; on a plain link, TCP.
    Established,
    /// It ended, or there is no way on.
    Failed(LinkFailure),
}

/// How a link is secured.
#[derive(Debug)]
enum Security {
    /// Not at all.
    Plain,
    /// With TLS, once TCP stands: a session to resume, and memory, are not spent on addresses where nobody answers.
    Later(Arc<ClientConfig>, ServerName<'static>),
    /// With TLS.
    Tls(Box<ClientConnection>),
}

/// A TCP connection, usually with TLS in it.
#[derive(Debug)]
pub(crate) struct Link {
    stream: TcpStream,
    security: Security,
    pub(crate) token: Token,
    stage: Stage,
    /// The network may have something for us. Events come once a change, so this stays set until a read said no.
    pub(crate) readable: bool,
    /// The network may have room for more.
    writable: bool,
    /// To be sent, not encrypted yet: what one turn of the loop writes makes as few TLS records as it can.
    unsent: Vec<u8>,
    /// Given to TLS and not taken by the network yet, in bytes.
    backlog: usize,
    write_failure: Option<LinkFailure>,
    verdict: Verdict,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

/// What the platform thinks of the certificate.
#[derive(Debug)]
enum Verdict {
    /// It was not asked, or not yet.
    NotAsked,
    /// The question has this number.
    Awaited(u64),
    /// It is trusted.
    Trusted,
    /// It is not, for this reason.
    Refused(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connecting,
    Handshaking,
    Open,
}

impl Link {
    /// Starts to connect; without a TLS configuration the link is plain.
    pub(crate) fn start(
        to: SocketAddr,
        host: &str,
        config: Option<&Arc<ClientConfig>>,
        registry: &Registry,
        token: Token,
    ) -> Result<Self, LinkFailure> {
        let security = match config {
            None => Security::Plain,
            Some(config) => {
                let name = ServerName::try_from(host.to_owned())
                    .map_err(|error| LinkFailure::Tls { error: error.to_string() })?;
                Security::Later(Arc::clone(config), name)
            }
        };
        let mut stream = TcpStream::connect(to).map_err(|error| failure(&error))?;
        registry
            .register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)
            .map_err(|error| failure(&error))?;
        Ok(Self {
            stream,
            security,
            token,
            stage: Stage::Connecting,
            readable: false,
            writable: false,
            unsent: Vec::new(),
            backlog: 0,
            write_failure: None,
            verdict: Verdict::NotAsked,
            bytes_in: 0,
            bytes_out: 0,
        })
    }

    /// Takes note of an event.
    pub(crate) fn ready(&mut self, readable: bool, writable: bool) {
        self.readable |= readable;
        self.writable |= writable;
    }

    /// Goes as far as it can without waiting, and appends what was received to `plain`.
    pub(crate) fn advance(&mut self, trust: &Trust, host: &str, buffer: &mut [u8], plain: &mut Vec<u8>) -> Progress {
        if self.stage == Stage::Connecting {
            match self.finish_connecting().and_then(|connected| connected.then(|| self.secure()).transpose()) {
                Ok(Some(Stage::Open)) => return Progress::Established,
                Ok(Some(_)) => {}
                Ok(None) => return Progress::Waiting,
                Err(failure) => return Progress::Failed(failure),
            }
        }
        match &self.verdict {
            Verdict::Awaited(_) => return Progress::Waiting,
            Verdict::Refused(reason) => {
                let problem = CertificateProblem::Other { error: reason.clone() };
                return Progress::Failed(LinkFailure::Certificate { problem });
            }
            Verdict::NotAsked | Verdict::Trusted => {}
        }
        self.flush();
        if self.is_overloaded() {
            let error = "the other side does not take what it is sent".to_owned();
            return Progress::Failed(LinkFailure::System { error });
        }
        let mut ended = self.read(trust, host, buffer, plain);
        // Reading makes answers: the client's part of the handshake, alerts, key updates.
        self.flush();
        if ended.is_none() && !self.readable {
            ended = self.write_failure.take();
        }
        if ended.is_none() && self.is_judged() {
            return Progress::Waiting;
        }
        if self.stage == Stage::Handshaking && !self.is_handshaking() {
            self.stage = Stage::Open;
            if let Some(failure) = ended {
                return Progress::Failed(failure);
            }
            return Progress::Established;
        }
        ended.map_or(Progress::Waiting, Progress::Failed)
    }

    fn is_handshaking(&self) -> bool {
        matches!(&self.security, Security::Tls(tls) if tls.is_handshaking())
    }

    /// Begins TLS, if there is to be any, over the connection that stands.
    fn secure(&mut self) -> Result<Stage, LinkFailure> {
        self.stage = Stage::Open;
        if let Security::Later(config, name) = &self.security {
            let mut tls = ClientConnection::new(Arc::clone(config), name.clone())
                .map_err(|error| LinkFailure::Tls { error: error.to_string() })?;
            // The engine bounds what it sends; half of a packet would be of no use.
            tls.set_buffer_limit(None);
            self.security = Security::Tls(Box::new(tls));
            self.stage = Stage::Handshaking;
        }
        Ok(self.stage)
    }

    /// Whether there is something to do without an event.
    pub(crate) fn has_work(&self) -> bool {
        let held = self.stage == Stage::Connecting || self.is_judged();
        !held && (self.readable || self.write_failure.is_some() || self.is_overloaded())
    }

    /// The platform has been asked for its verdict, and not given it yet.
    fn is_judged(&self) -> bool {
        matches!(self.verdict, Verdict::Awaited(_))
    }

    /// Takes the platform's verdict if it is about this link's question; then [`advance`](Self::advance) goes on.
    pub(crate) fn judged(&mut self, question: u64, verdict: &Result<(), String>) {
        if matches!(self.verdict, Verdict::Awaited(asked) if asked == question) {
            self.verdict = match verdict {
                Ok(()) => Verdict::Trusted,
                Err(reason) => Verdict::Refused(reason.clone()),
            };
        }
    }

    fn is_overloaded(&self) -> bool {
        self.backlog > MAXIMUM_BACKLOG_BYTES
    }

    fn finish_connecting(&mut self) -> Result<bool, LinkFailure> {
        if !self.writable {
            return Ok(false);
        }
        if let Some(error) = self.stream.take_error().map_err(|error| failure(&error))? {
            return Err(failure(&error));
        }
        match self.stream.peer_addr() {
            Ok(_) => {
                // A small packet must not wait for the acknowledgement of the one before.
                self.stream.set_nodelay(true).map_err(|error| failure(&error))?;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::NotConnected => {
                self.writable = false;
                Ok(false)
            }
            Err(error) => Err(failure(&error)),
        }
    }

    /// Reads until there is nothing more or the turn's budget is used up; says why no more will come.
    fn read(&mut self, trust: &Trust, host: &str, buffer: &mut [u8], plain: &mut Vec<u8>) -> Option<LinkFailure> {
        let mut budget = READ_BUDGET;
        while self.readable && budget > 0 && !self.is_judged() {
            let count = match self.stream.read(buffer) {
                Ok(0) => {
                    self.readable = false;
                    return Some(LinkFailure::Ended);
                }
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.readable = false;
                    return None;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.readable = false;
                    return Some(failure(&error));
                }
            };
            self.bytes_in += count as u64;
            budget = budget.saturating_sub(count);
            let failure = self.decrypt(buffer.get(..count).unwrap_or_default(), trust, host, plain);
            // In every case: a chain must not be taken for another link's.
            let question = trust.ask(host);
            if let Some(failure) = failure {
                self.readable = false;
                return Some(failure);
            }
            if let Some(question) = question {
                self.verdict = Verdict::Awaited(question);
                if !plain.is_empty() {
                    // A server may (RFC 8446 §2.3); those of ours wait for what we say.
                    self.readable = false;
                    return Some(LinkFailure::Tls { error: "data before the certificate was judged".to_owned() });
                }
            }
        }
        None
    }

    fn decrypt(&mut self, mut bytes: &[u8], trust: &Trust, host: &str, plain: &mut Vec<u8>) -> Option<LinkFailure> {
        let Security::Tls(tls) = &mut self.security else {
            plain.extend_from_slice(bytes);
            return None;
        };
        while !bytes.is_empty() {
            match tls.read_tls(&mut bytes) {
                // It takes nothing after the other side's close_notify.
                Ok(0) => return Some(LinkFailure::Ended),
                Ok(_) => {}
                Err(error) => return Some(LinkFailure::Tls { error: error.to_string() }),
            }
            match tls.process_new_packets() {
                Ok(state) => {
                    let length = plain.len();
                    plain.resize(length + state.plaintext_bytes_to_read(), 0);
                    let room = plain.get_mut(length..).unwrap_or_default();
                    if let Err(error) = tls.reader().read_exact(room) {
                        return Some(LinkFailure::Tls { error: error.to_string() });
                    }
                    if state.peer_has_closed() {
                        return Some(LinkFailure::Ended);
                    }
                }
                Err(error) => {
                    let failure = trust.failure(&error, host);
                    // Tells the other side why, if that is possible at once.
                    self.write();
                    return Some(failure);
                }
            }
        }
        None
    }

    /// Takes bytes to send; [`flush`](Self::flush) sends them.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
    }

    /// Sends what is there as far as the network takes it.
    pub(crate) fn flush(&mut self) {
        if let (Security::Tls(tls), false) = (&mut self.security, self.unsent.is_empty()) {
            // Without a limit on its buffer this takes everything.
            let _ = tls.writer().write_all(&self.unsent);
            self.backlog += self.unsent.len() + RECORD_OVERHEAD;
            self.unsent.clear();
        }
        self.write();
    }

    fn write(&mut self) {
        while self.writable && self.stage != Stage::Connecting {
            let written = match &mut self.security {
                Security::Tls(tls) if tls.wants_write() => tls.write_tls(&mut self.stream),
                Security::Plain if !self.unsent.is_empty() => {
                    let written = self.stream.write(&self.unsent);
                    self.unsent.drain(..*written.as_ref().unwrap_or(&0));
                    written
                }
                _ => return,
            };
            match written {
                Ok(count) => {
                    self.bytes_out += count as u64;
                    self.backlog = self.backlog.saturating_sub(count);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    // What the other side said before it went can still be read, and tells more.
                    self.writable = false;
                    self.write_failure = Some(failure(&error));
                }
            }
        }
    }

    /// Sends what can be sent at once, and closes. A link that is not open yet sends nothing more.
    pub(crate) fn close(mut self, registry: &Registry) {
        if self.stage == Stage::Open {
            self.flush();
            if let Security::Tls(tls) = &mut self.security {
                tls.send_close_notify();
            }
            self.write();
        }
        // Dropping it closes it; this keeps the registry in order, and only fails if it is so already.
        let _ = registry.deregister(&mut self.stream);
    }
}

/// The system's errors in the engine's words.
pub(crate) fn failure(error: &io::Error) -> LinkFailure {
    match error.kind() {
        ErrorKind::ConnectionRefused => LinkFailure::Refused,
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::AddrNotAvailable => {
            LinkFailure::Unreachable
        }
        ErrorKind::TimedOut => LinkFailure::TimedOut,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => LinkFailure::Reset,
        ErrorKind::UnexpectedEof => LinkFailure::Ended,
        _ => LinkFailure::System { error: error.to_string() },
    }
}
