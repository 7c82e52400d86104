//! All attempts and links: the engine's ids on one side, sockets on the other.

use std::sync::Arc;

use mio::{Registry, Token, Waker};
use offpush_engine::LinkId;
use offpush_engine::config::limit;

use crate::attempt::{Attempt, LinkEvent, Purpose, Surroundings};
use crate::link::READ_BYTES;
use crate::resolve::Resolver;
use crate::trust::Trust;

/// Received plain text that stays allocated between two turns, in bytes: an ordinary message.
const KEPT_BYTES: usize = 4 * 1024;

/// An attempt ends so many milliseconds before the engine gives it up, so that the most telling failure is told and not
/// merely that the time is over.
const EARLIER: u64 = 250;

/// See the module's page.
#[derive(Debug)]
pub(crate) struct Links {
    around: Surroundings,
    attempts: Vec<Attempt>,
    /// Of links that are gone.
    bytes: (u64, u64),
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
        };
        Self { around, attempts: Vec::new(), bytes: (0, 0) }
    }

    /// The time by which certificates are judged; to be told before an attempt begins.
    pub(crate) fn set_time(&self, wall: i64, gateway: Option<i64>) {
        self.around.trust.set_time(wall, gateway);
    }

    /// Begins an attempt to reach the first of these servers.
    pub(crate) fn start(&mut self, id: LinkId, purpose: Purpose, servers: &[String], boot: u64) {
        let time = match purpose {
            Purpose::Broker => limit::CONNECT,
            Purpose::Register(_) => limit::REGISTER,
        };
        let mut attempt = Attempt::new(id, purpose, servers, boot.saturating_add(time - EARLIER));
        attempt.try_next(boot, &mut self.around);
        self.attempts.push(attempt);
    }

    /// Takes note of an event; false if it is about none of these.
    pub(crate) fn ready(&mut self, token: Token, readable: bool, writable: bool) -> bool {
        let link = self.attempts.iter_mut().filter_map(Attempt::link_mut).find(|link| link.token == token);
        link.map(|link| link.ready(readable, writable)).is_some()
    }

    /// Goes as far as possible without waiting, and tells what happened to whom.
    pub(crate) fn advance(&mut self, boot: u64, mut tell: impl FnMut(LinkId, LinkEvent<'_>)) {
        while let Some((lookup, result)) = self.around.resolver.take() {
            for attempt in &mut self.attempts {
                attempt.resolved(lookup, &result, boot, &mut self.around);
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
        if let Some(link) = self.attempts.iter_mut().find(|attempt| attempt.id == id).and_then(Attempt::link_mut) {
            link.send(bytes);
        }
    }

    /// Sends what is there as far as the network takes it.
    pub(crate) fn flush(&mut self) {
        self.attempts.iter_mut().filter_map(Attempt::link_mut).for_each(crate::link::Link::flush);
    }

    /// Ends a link or attempt; nothing is told of it any more.
    pub(crate) fn close(&mut self, id: LinkId) {
        if let Some(index) = self.attempts.iter().position(|attempt| attempt.id == id) {
            let attempt = self.attempts.swap_remove(index);
            if let Some(link) = attempt.link() {
                self.bytes.0 += link.bytes_in;
                self.bytes.1 += link.bytes_out;
            }
            attempt.close(&self.around.registry);
        }
    }

    /// Whether there is something to do without an event.
    pub(crate) fn has_work(&self) -> bool {
        self.attempts.iter().any(Attempt::has_work)
    }

    /// When [`advance`](Self::advance) has something to do without an event, in boot time.
    pub(crate) fn next_timeout(&self) -> Option<u64> {
        self.attempts.iter().map(Attempt::expires).min().filter(|at| *at != u64::MAX)
    }

    /// The broker that is being reached or connected to.
    pub(crate) fn broker(&self) -> Option<&str> {
        self.attempts.iter().rev().find(|attempt| attempt.is_broker()).and_then(Attempt::server)
    }

    /// Bytes received and sent since the start, TLS included.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let links = self.attempts.iter().filter_map(Attempt::link);
        links.fold(self.bytes, |(received, sent), link| (received + link.bytes_in, sent + link.bytes_out))
    }
}

#[cfg(test)]
#[path = "tests/unit/links.rs"]
mod tests;
