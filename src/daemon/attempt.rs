//! One attempt to reach the first server of a list, and what it becomes: a link to a broker, or one HTTP exchange.

use std::sync::Arc;

use mio::Registry;
use offpush_engine::config::limit;
use offpush_engine::{Family, HttpAnswer, Internet, LinkFailure, LinkId, Path};

use crate::address::Address;
use crate::http::{AnswerReader, post};
use crate::link::{Link, Progress};
use crate::portal::{self, Portal};
use crate::reach::{Endpoint, Outcome, Reach, keep_more_telling};
use crate::resolve::{LookupId, Resolved, Resolver};
use crate::trust::Trust;

/// An attempt ends so many milliseconds before the engine gives it up, so that the most telling failure is told and not
/// merely that the time is over.
pub(crate) const EARLIER: u64 = 250;

/// The path of a registration (design §3).
pub(crate) const REGISTER_PATH: &str = "/v1/register";

/// What an attempt is for.
#[derive(Debug)]
pub(crate) enum Purpose {
    /// A link to a broker.
    Broker,
    /// One request, with this body.
    Register(Vec<u8>),
    /// Whether something answers in the place of the first gateway, on this port: [`portal::PORT`].
    Probe(u16),
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
    /// What a probe found.
    Probed(Internet),
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
    /// Bytes received and sent by links that are closed.
    pub(crate) bytes: (u64, u64),
}

impl Surroundings {
    /// Closes a link.
    pub(crate) fn close(&mut self, link: Link) {
        self.bytes.0 += link.bytes_in;
        self.bytes.1 += link.bytes_out;
        link.close(&self.registry);
    }
}

/// See the module's page.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) id: LinkId,
    purpose: Purpose,
    /// Those to choose from.
    endpoints: Vec<Endpoint>,
    state: State,
    answer: AnswerReader,
    portal: Portal,
    /// The end of the whole attempt, or of the exchange, in boot time.
    deadline: u64,
    /// The most telling failure of exchanges so far.
    failure: Option<LinkFailure>,
}

#[derive(Debug)]
enum State {
    Reaching(Reach),
    Open(Box<Link>, Endpoint),
}

impl Attempt {
    /// Starts to reach these servers, what worked last first.
    pub(crate) fn new(
        id: LinkId,
        purpose: Purpose,
        servers: &[String],
        prefer: Option<&Path>,
        boot: u64,
        around: &mut Surroundings,
    ) -> Self {
        let mut failure = None;
        let mut endpoints = Vec::new();
        for text in servers {
            let address = match purpose {
                Purpose::Broker => Address::mqtts(text),
                Purpose::Register(_) => Address::https(text),
                Purpose::Probe(port) => Address::https(text).map(|address| Address { port, ..address }),
            };
            let text = text.clone();
            match address {
                Some(address) => endpoints.push(Endpoint { text, address }),
                None => keep_more_telling(&mut failure, LinkFailure::Address { address: text }),
            }
        }
        if matches!(purpose, Purpose::Probe(_)) {
            endpoints.truncate(1);
        }
        let time = match purpose {
            Purpose::Broker => limit::CONNECT - EARLIER,
            Purpose::Register(_) => limit::REGISTER - EARLIER,
            Purpose::Probe(_) => portal::DEADLINE,
        };
        let favourite = prefer.and_then(|path| favourite(&endpoints, path));
        let deadline = boot.saturating_add(time);
        let reach = reach(&purpose, endpoints.clone(), favourite, boot, deadline, failure.clone(), around);
        Self {
            id,
            purpose,
            endpoints,
            state: State::Reaching(reach),
            answer: AnswerReader::default(),
            portal: Portal::default(),
            deadline,
            failure,
        }
    }

    /// Takes the result of a lookup if it is this attempt's.
    pub(crate) fn resolved(&mut self, id: LookupId, result: &Resolved) {
        if let State::Reaching(reach) = &mut self.state {
            reach.resolved(id, result);
        }
    }

    /// Goes as far as it can and tells what happened. Returns false once there is nothing more to come.
    pub(crate) fn advance(
        &mut self,
        boot: u64,
        around: &mut Surroundings,
        tell: &mut dyn FnMut(LinkEvent<'_>),
    ) -> bool {
        let ended = match &mut self.state {
            State::Reaching(reach) => match reach.advance(boot, around) {
                Outcome::Racing => return true,
                Outcome::Lost(failure) => {
                    tell(self.lost(failure));
                    return false;
                }
                Outcome::Won { link, endpoint, family } => {
                    self.open(link, endpoint, family, tell);
                    None
                }
            },
            State::Open(link, endpoint) => {
                around.plain.clear();
                let host = &endpoint.address.host;
                match link.advance(&around.trust, host, &mut around.buffer, &mut around.plain) {
                    Progress::Failed(failure) => Some(failure),
                    Progress::Waiting | Progress::Established => None,
                }
            }
        };
        match self.purpose {
            Purpose::Broker => {
                if !around.plain.is_empty() {
                    tell(LinkEvent::Received(&around.plain));
                }
                let goes_on = ended.is_none();
                if let Some(failure) = ended {
                    tell(LinkEvent::Closed(failure));
                }
                goes_on
            }
            Purpose::Register(_) => self.advance_registration(boot, ended, around, tell),
            Purpose::Probe(_) => self.advance_probe(boot, ended, around, tell),
        }
    }

    /// A link stands: the first of all, and the only one that hears what this attempt has to say.
    fn open(&mut self, mut link: Box<Link>, endpoint: Endpoint, family: Family, tell: &mut dyn FnMut(LinkEvent<'_>)) {
        log::debug!("link {}: {} over {family:?}", self.id.0, endpoint.text);
        match &self.purpose {
            Purpose::Broker => tell(LinkEvent::Connected(Path { broker: endpoint.text.clone(), family })),
            Purpose::Register(body) => link.send(&post(&endpoint.address.authority(), REGISTER_PATH, body)),
            Purpose::Probe(_) => link.send(&portal::request(&endpoint.address)),
        }
        link.flush();
        self.state = State::Open(link, endpoint);
    }

    /// Nobody was reached.
    fn lost(&self, failure: LinkFailure) -> LinkEvent<'static> {
        match self.purpose {
            Purpose::Broker => LinkEvent::Closed(failure),
            Purpose::Register(_) => LinkEvent::Answered(Err(failure)),
            Purpose::Probe(_) => LinkEvent::Probed(portal::unconnected(&failure)),
        }
    }

    fn advance_registration(
        &mut self,
        boot: u64,
        ended: Option<LinkFailure>,
        around: &mut Surroundings,
        tell: &mut dyn FnMut(LinkEvent<'_>),
    ) -> bool {
        let ended = ended.or_else(|| (boot >= self.deadline).then_some(LinkFailure::TimedOut));
        let http = |error| LinkFailure::Http { error };
        let failure = match (self.answer.receive(&around.plain), ended) {
            (Ok(Some(answer)), _) => {
                tell(LinkEvent::Answered(Ok(answer)));
                return false;
            }
            (Err(error), _) => http(error),
            (Ok(None), None) => return true,
            (Ok(None), Some(LinkFailure::Ended)) => match std::mem::take(&mut self.answer).end() {
                Ok(answer) => {
                    tell(LinkEvent::Answered(Ok(answer)));
                    return false;
                }
                Err(error) => http(error),
            },
            (Ok(None), Some(failure)) => failure,
        };
        self.ask_another(boot, failure, around, tell)
    }

    /// The server that was reached first gave no answer: the request may be repeated, so the others are asked.
    fn ask_another(
        &mut self,
        boot: u64,
        failure: LinkFailure,
        around: &mut Surroundings,
        tell: &mut dyn FnMut(LinkEvent<'_>),
    ) -> bool {
        if let State::Open(_, asked) = &self.state {
            log::debug!("link {}: {}: {failure}", self.id.0, asked.text);
            self.endpoints.retain(|endpoint| endpoint.text != asked.text);
        }
        keep_more_telling(&mut self.failure, failure);
        if boot >= self.deadline || self.endpoints.is_empty() {
            tell(LinkEvent::Answered(Err(self.failure.take().unwrap_or(LinkFailure::TimedOut))));
            return false;
        }
        let reach =
            reach(&self.purpose, self.endpoints.clone(), None, boot, self.deadline, self.failure.clone(), around);
        if let State::Open(link, _) = std::mem::replace(&mut self.state, State::Reaching(reach)) {
            around.close(*link);
        }
        self.answer = AnswerReader::default();
        true
    }

    fn advance_probe(
        &mut self,
        boot: u64,
        ended: Option<LinkFailure>,
        around: &Surroundings,
        tell: &mut dyn FnMut(LinkEvent<'_>),
    ) -> bool {
        let State::Open(_, endpoint) = &self.state else { return true };
        let found = self.portal.receive(&endpoint.address.host, &around.plain).or_else(|| match ended {
            Some(_) => Some(self.portal.end()),
            None => (boot >= self.deadline).then(|| self.portal.end()),
        });
        found.map(|found| tell(LinkEvent::Probed(found))).is_none()
    }

    /// When there is something to do without an event, in boot time; never for a link to a broker, which the engine
    /// watches.
    pub(crate) fn next_timeout(&self) -> u64 {
        match (&self.state, &self.purpose) {
            (State::Reaching(reach), _) => reach.next_timeout(),
            (State::Open(..), Purpose::Broker) => u64::MAX,
            (State::Open(..), _) => self.deadline,
        }
    }

    /// Whether there is something to do without an event.
    pub(crate) fn has_work(&self) -> bool {
        match &self.state {
            State::Reaching(reach) => reach.has_work(),
            State::Open(link, _) => link.has_work(),
        }
    }

    /// Every socket of it.
    pub(crate) fn links(&self) -> impl Iterator<Item = &Link> {
        let (reach, open) = match &self.state {
            State::Reaching(reach) => (Some(reach), None),
            State::Open(link, _) => (None, Some(&**link)),
        };
        reach.into_iter().flat_map(Reach::links).chain(open)
    }

    /// Every socket of it.
    pub(crate) fn links_mut(&mut self) -> impl Iterator<Item = &mut Link> {
        let (reach, open) = match &mut self.state {
            State::Reaching(reach) => (Some(reach), None),
            State::Open(link, _) => (None, Some(&mut **link)),
        };
        reach.into_iter().flat_map(Reach::links_mut).chain(open)
    }

    /// The link that stands, if one does: the only one to send on.
    pub(crate) fn open_link(&mut self) -> Option<&mut Link> {
        match &mut self.state {
            State::Reaching(_) => None,
            State::Open(link, _) => Some(link),
        }
    }

    /// The server that is connected, or was tried last.
    pub(crate) fn server(&self) -> Option<&str> {
        match &self.state {
            State::Reaching(reach) => reach.server(),
            State::Open(_, endpoint) => Some(&endpoint.text),
        }
    }

    pub(crate) fn is_broker(&self) -> bool {
        matches!(self.purpose, Purpose::Broker)
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Open(..))
    }

    /// Ends it without telling.
    pub(crate) fn close(self, around: &mut Surroundings) {
        match self.state {
            State::Reaching(mut reach) => reach.close(around),
            State::Open(link, _) => around.close(*link),
        }
    }
}

/// The place in the list of what worked last; `None` if it is not in it any more.
fn favourite(endpoints: &[Endpoint], path: &Path) -> Option<(usize, Family)> {
    endpoints.iter().position(|endpoint| endpoint.text == path.broker).map(|index| (index, path.family))
}

/// The race that this purpose needs. DNS, TCP and TLS have one deadline, as a broker's have.
fn reach(
    purpose: &Purpose,
    endpoints: Vec<Endpoint>,
    favourite: Option<(usize, Family)>,
    boot: u64,
    deadline: u64,
    failure: Option<LinkFailure>,
    around: &mut Surroundings,
) -> Reach {
    let config = match purpose {
        Purpose::Broker => Some(Arc::clone(&around.trust.brokers)),
        Purpose::Register(_) => Some(Arc::clone(&around.trust.gateways)),
        Purpose::Probe(_) => None,
    };
    let deadline = deadline.min(boot.saturating_add(limit::CONNECT - EARLIER));
    Reach::new(endpoints, config, favourite, boot, deadline, failure, around)
}
