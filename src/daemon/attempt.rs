//! One attempt to reach the first server of a list, and what it becomes: a link to a broker, or one HTTPS exchange.

use std::collections::VecDeque;
use std::net::SocketAddr;

use mio::{Registry, Token};
use offpush_engine::{Family, HttpAnswer, LinkFailure, LinkId, Path};

use crate::address::Address;
use crate::http::{AnswerReader, post};
use crate::link::{Link, Progress};
use crate::resolve::{LookupId, Resolved, Resolver, literal};
use crate::trust::Trust;

/// The least an address or lookup gets of the time that is left when there are others to try, in milliseconds: TCP's first
/// retransmission comes after 1 s (RFC 6298 §2), and half a world's round trips for TCP and TLS take another.
const ADDRESS_MINIMUM: u64 = 3_000;

/// The path of a registration (design §3).
const REGISTER_PATH: &str = "/v1/register";

/// What an attempt is for.
#[derive(Debug)]
pub(crate) enum Purpose {
    /// A link to a broker.
    Broker,
    /// One request, with this body.
    Register(Vec<u8>),
}

/// What became of an attempt, for the engine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LinkEvent<'a> {
    /// TLS with a broker stands, by this way.
    Connected(Path),
    /// These bytes came from a broker.
    Received(&'a [u8]),
    /// There is no link to a broker, or no longer.
    Closed(LinkFailure),
    /// The answer to a registration, or none.
    Answered(Result<HttpAnswer, LinkFailure>),
}

/// How an attempt goes on.
enum After {
    /// With what the network brings.
    Wait,
    /// Not at all: everything is told.
    Done,
    /// With the next address.
    TryNext,
}

/// What an attempt needs from around it.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) registry: Registry,
    pub(crate) resolver: Resolver,
    pub(crate) trust: Trust,
    /// The next link's token.
    pub(crate) next_token: usize,
    /// For reading; its content means nothing.
    pub(crate) buffer: Box<[u8]>,
    /// For what was received.
    pub(crate) plain: Vec<u8>,
}

/// See the module's page.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) id: LinkId,
    purpose: Purpose,
    /// Addresses as texts, to be tried after the current one.
    servers: VecDeque<String>,
    server: Option<(String, Address)>,
    lookup: Option<LookupId>,
    addresses: VecDeque<SocketAddr>,
    link: Option<Link>,
    established: bool,
    answer: AnswerReader,
    /// The end of the whole attempt, or of the exchange, in boot time.
    deadline: u64,
    /// The end of the current address's or lookup's share of it.
    address_deadline: u64,
    /// The most telling failure so far.
    failure: Option<LinkFailure>,
    /// There is no way on; to be told.
    failed: bool,
}

impl Attempt {
    pub(crate) fn new(id: LinkId, purpose: Purpose, servers: &[String], deadline: u64) -> Self {
        Self {
            id,
            purpose,
            servers: servers.iter().cloned().collect(),
            server: None,
            lookup: None,
            addresses: VecDeque::new(),
            link: None,
            established: false,
            answer: AnswerReader::default(),
            deadline,
            address_deadline: deadline,
            failure: None,
            failed: false,
        }
    }

    /// Starts to reach the next address; if there is none, the attempt has failed.
    pub(crate) fn try_next(&mut self, boot: u64, around: &mut Surroundings) {
        loop {
            if let (Some(to), Some((_, address))) = (self.addresses.pop_front(), &self.server) {
                let config = match self.purpose {
                    Purpose::Broker => &around.trust.brokers,
                    Purpose::Register(_) => &around.trust.gateways,
                };
                let token = Token(around.next_token);
                around.next_token += 1;
                match Link::start(to, address, config, &around.registry, token) {
                    Ok(link) => {
                        self.share_time(boot);
                        self.link = Some(link);
                        return;
                    }
                    Err(failure) => self.note(failure),
                }
            } else if let Some(server) = self.servers.pop_front() {
                let address = match self.purpose {
                    Purpose::Broker => Address::mqtts(&server),
                    Purpose::Register(_) => Address::https(&server),
                };
                let Some(address) = address else {
                    self.note(LinkFailure::Address { address: server });
                    continue;
                };
                self.server = Some((server, address.clone()));
                match literal(&address.host, address.port) {
                    Some(addresses) => self.addresses = addresses.into(),
                    None => match around.resolver.start(&address.host, address.port) {
                        Ok(lookup) => {
                            self.share_time(boot);
                            self.lookup = Some(lookup);
                            return;
                        }
                        Err(error) => self.note(LinkFailure::Name { host: address.host, error }),
                    },
                }
            } else {
                self.failed = true;
                return;
            }
        }
    }

    /// Gives what begins now its share of the time that is left.
    fn share_time(&mut self, boot: u64) {
        let others = (self.addresses.len() + self.servers.len()) as u64;
        let share = self.deadline.saturating_sub(boot) / (others + 1);
        self.address_deadline = self.deadline.min(boot.saturating_add(share.max(ADDRESS_MINIMUM)));
    }

    /// Takes the result of a lookup if it is this attempt's.
    pub(crate) fn resolved(&mut self, id: LookupId, result: &Resolved, boot: u64, around: &mut Surroundings) {
        if self.lookup != Some(id) {
            return;
        }
        self.lookup = None;
        let host = self.server.as_ref().map(|(_, address)| address.host.clone()).unwrap_or_default();
        match result {
            Ok(addresses) if addresses.is_empty() => {
                self.note(LinkFailure::Name { host, error: "the name has no address".to_owned() });
            }
            Ok(addresses) => self.addresses = addresses.iter().copied().collect(),
            Err(error) => self.note(LinkFailure::Name { host, error: error.clone() }),
        }
        self.try_next(boot, around);
    }

    /// Goes as far as it can and tells what happened. Returns false once there is nothing more to come.
    pub(crate) fn advance(
        &mut self,
        boot: u64,
        around: &mut Surroundings,
        tell: &mut dyn FnMut(LinkEvent<'_>),
    ) -> bool {
        if let (Some(link), Some((_, address))) = (&mut self.link, &self.server) {
            around.plain.clear();
            let progress = link.advance(&around.trust, &address.host, &mut around.buffer, &mut around.plain);
            let established = progress == Progress::Established;
            if established {
                self.established = true;
                match &self.purpose {
                    Purpose::Broker => {
                        let broker = self.server.as_ref().map(|(text, _)| text.clone()).unwrap_or_default();
                        tell(LinkEvent::Connected(Path { broker, family: Family::V4 }));
                    }
                    Purpose::Register(body) => {
                        link.send(&post(&address.authority(), REGISTER_PATH, body));
                        link.flush();
                    }
                }
            }
            let ended = if let Progress::Failed(failure) = progress { Some(failure) } else { None };
            match self.take_received(&around.plain, ended, &around.registry, tell) {
                After::Wait => {}
                After::Done => return false,
                After::TryNext => self.try_next(boot, around),
            }
        }
        if !self.failed && boot >= self.expires() {
            self.drop_link(&around.registry);
            self.lookup = None;
            self.note(LinkFailure::TimedOut);
            if boot >= self.deadline {
                self.failed = true;
            } else {
                self.try_next(boot, around);
            }
        }
        if self.failed {
            let failure = self.failure.take().unwrap_or(LinkFailure::Unreachable);
            tell(match self.purpose {
                Purpose::Broker => LinkEvent::Closed(failure),
                Purpose::Register(_) => LinkEvent::Answered(Err(failure)),
            });
            return false;
        }
        true
    }

    /// Hands on what was received, and the end.
    fn take_received(
        &mut self,
        plain: &[u8],
        ended: Option<LinkFailure>,
        registry: &Registry,
        tell: &mut dyn FnMut(LinkEvent<'_>),
    ) -> After {
        let failure = match self.purpose {
            Purpose::Broker => {
                if self.established && !plain.is_empty() {
                    tell(LinkEvent::Received(plain));
                }
                let Some(failure) = ended else { return After::Wait };
                self.drop_link(registry);
                if self.established {
                    tell(LinkEvent::Closed(failure));
                    return After::Done;
                }
                failure
            }
            Purpose::Register(_) => {
                let Some(answer) = self.take_answer(plain, ended) else { return After::Wait };
                self.drop_link(registry);
                match answer {
                    Ok(answer) => {
                        tell(LinkEvent::Answered(Ok(answer)));
                        return After::Done;
                    }
                    Err(failure) => failure,
                }
            }
        };
        log::debug!("link {}: {}: {failure}", self.id.0, self.server().unwrap_or_default());
        self.note(failure);
        After::TryNext
    }

    /// The answer of the server asked last, or why there is none; `None` as long as neither is known.
    fn take_answer(&mut self, plain: &[u8], ended: Option<LinkFailure>) -> Option<Result<HttpAnswer, LinkFailure>> {
        let http = |error| LinkFailure::Http { error };
        let answer = match (self.answer.receive(plain), ended) {
            (Ok(Some(answer)), _) => Ok(answer),
            (Err(error), _) => Err(http(error)),
            (Ok(None), None) => return None,
            (Ok(None), Some(LinkFailure::Ended)) if self.established => {
                std::mem::take(&mut self.answer).end().map_err(http)
            }
            (Ok(None), Some(failure)) => Err(failure),
        };
        self.answer = AnswerReader::default();
        self.established = false;
        Some(answer)
    }

    fn drop_link(&mut self, registry: &Registry) {
        if let Some(link) = self.link.take() {
            link.close(registry);
        }
    }

    /// Keeps the failure that tells most: a certificate's over an answer that is none, and that over silence.
    fn note(&mut self, failure: LinkFailure) {
        fn weight(failure: &LinkFailure) -> u8 {
            match failure {
                LinkFailure::Certificate { .. } => 3,
                LinkFailure::Http { .. } | LinkFailure::Tls { .. } => 2,
                LinkFailure::Unreachable | LinkFailure::Address { .. } => 0,
                _ => 1,
            }
        }
        if self.failure.as_ref().is_none_or(|known| weight(known) <= weight(&failure)) {
            self.failure = Some(failure);
        }
    }

    /// When this attempt's patience ends, in boot time; never for a link to a broker, which the engine watches.
    pub(crate) fn expires(&self) -> u64 {
        match (&self.purpose, self.established) {
            (Purpose::Broker, true) => u64::MAX,
            (Purpose::Register(_), true) => self.deadline,
            (_, false) => self.address_deadline.min(self.deadline),
        }
    }

    /// Whether there is something to do without an event.
    pub(crate) fn has_work(&self) -> bool {
        self.failed || self.link.as_ref().is_some_and(Link::has_work)
    }

    pub(crate) fn link(&self) -> Option<&Link> {
        self.link.as_ref()
    }

    pub(crate) fn link_mut(&mut self) -> Option<&mut Link> {
        self.link.as_mut()
    }

    /// The server that is being reached, or was.
    pub(crate) fn server(&self) -> Option<&str> {
        self.server.as_ref().map(|(text, _)| text.as_str())
    }

    pub(crate) fn is_broker(&self) -> bool {
        matches!(self.purpose, Purpose::Broker)
    }

    /// Ends it without telling.
    pub(crate) fn close(mut self, registry: &Registry) {
        self.drop_link(registry);
    }
}
