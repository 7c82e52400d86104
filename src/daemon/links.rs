//! All attempts and links: the engine's ids on one side, sockets on the other.

use std::sync::Arc;

use mio::{Registry, Token, Waker};
use offpush_engine::{LinkId, Path};

use crate::attempt::{Attempt, LinkEvent, Purpose, Surroundings};
use crate::judge::Question;
use crate::link::{Link, READ_BYTES};
use crate::resolve::Resolver;
use crate::trust::Trust;

/// Received plain text that stays allocated between two turns, in bytes: an ordinary message.
const KEPT_BYTES: usize = 4 * 1024;

/// See the module's page.
#[derive(Debug)]
pub(crate) struct Links {
    around: Surroundings,
    attempts: Vec<Attempt>,
}

impl Links {
    /// Tokens are drawn from `first_token` up. The waker is called when a lookup is done.
    pub(crate) fn new(registry: Registry, waker: Arc<Waker>, trust: Trust, first_token: usize) -> Self {
        let around = Surroundings {
            registry,
            resolver: Resolver::new(waker),
            trust,
            next_token: first_token,
            buffer: vec![0; READ_BYTES].into_boxed_slice(),
            plain: Vec::new(),
            bytes: (0, 0),
        };
        Self { around, attempts: Vec::new() }
    }

    /// The time by which certificates are judged; to be told before an attempt begins.
    pub(crate) fn set_time(&self, wall: i64, gateway: Option<i64>) {
        self.around.trust.set_time(wall, gateway);
    }

    /// Begins an attempt to reach the first of these servers; `prefer` starts first.
    pub(crate) fn start(&mut self, id: LinkId, purpose: Purpose, servers: &[String], prefer: Option<&Path>, boot: u64) {
        self.attempts.push(Attempt::new(id, purpose, servers, prefer, boot, &mut self.around));
    }

    /// Takes note of an event; false if it is about none of these.
    pub(crate) fn ready(&mut self, token: Token, readable: bool, writable: bool) -> bool {
        let link = self.attempts.iter_mut().flat_map(Attempt::links_mut).find(|link| link.token == token);
        link.map(|link| link.ready(readable, writable)).is_some()
    }

    /// Goes as far as possible without waiting, and tells what happened to whom.
    pub(crate) fn advance(&mut self, boot: u64, mut tell: impl FnMut(LinkId, LinkEvent<'_>)) {
        while let Some((lookup, result)) = self.around.resolver.take() {
            for attempt in &mut self.attempts {
                attempt.resolved(lookup, &result);
            }
        }
        let mut index = 0;
        while let Some(attempt) = self.attempts.get_mut(index) {
            let id = attempt.id;
            if attempt.advance(boot, &mut self.around, &mut |event| tell(id, event)) {
                index += 1;
            } else {
                self.close(id);
            }
        }
        if self.around.plain.capacity() > KEPT_BYTES {
            self.around.plain = Vec::new();
        }
    }

    /// Bytes to send; [`flush`](Self::flush) sends them. For a link that is gone they are dropped.
    pub(crate) fn send(&mut self, id: LinkId, bytes: &[u8]) {
        if let Some(link) = self.attempts.iter_mut().find(|attempt| attempt.id == id).and_then(Attempt::open_link) {
            link.send(bytes);
        }
    }

    /// Sends what is there as far as the network takes it.
    pub(crate) fn flush(&mut self) {
        self.attempts.iter_mut().filter_map(Attempt::open_link).for_each(Link::flush);
    }

    /// The next certificate chain to put to the platform.
    pub(crate) fn question(&self) -> Option<Question> {
        self.around.trust.question()
    }

    /// The platform's verdict on one of them.
    pub(crate) fn judged(&mut self, question: u64, verdict: &Result<(), String>) {
        self.attempts.iter_mut().flat_map(Attempt::links_mut).for_each(|link| link.judged(question, verdict));
    }

    /// Ends a link or attempt; nothing is told of it any more.
    pub(crate) fn close(&mut self, id: LinkId) {
        if let Some(index) = self.attempts.iter().position(|attempt| attempt.id == id) {
            self.attempts.swap_remove(index).close(&mut self.around);
        }
    }

    /// Whether there is something to do without an event.
    pub(crate) fn has_work(&self) -> bool {
        self.attempts.iter().any(Attempt::has_work)
    }

    /// When [`advance`](Self::advance) has something to do without an event, in boot time.
    pub(crate) fn next_timeout(&self) -> Option<u64> {
        self.attempts.iter().map(Attempt::next_timeout).min().filter(|at| *at != u64::MAX)
    }

    /// The broker that was connected last, of those that still are; else the one that is being reached. (Ids grow, and
    /// the engine has one attempt at a time.)
    pub(crate) fn broker(&self) -> Option<&str> {
        let brokers = self.attempts.iter().filter(|attempt| attempt.is_broker());
        brokers.max_by_key(|attempt| (attempt.is_open(), attempt.id)).and_then(Attempt::server)
    }

    /// Bytes received and sent since the start, TLS included.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let links = self.attempts.iter().flat_map(Attempt::links);
        links.fold(self.around.bytes, |(received, sent), link| (received + link.bytes_in, sent + link.bytes_out))
    }
}

#[cfg(test)]
#[path = "tests/unit/links.rs"]
mod tests;
