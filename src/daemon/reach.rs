//! Reaching the first of several servers: the race's sockets and lookups.

use std::sync::Arc;

use mio::Token;
use offpush_engine::{Family, LinkFailure};
use rustls::ClientConfig;

use crate::address::Address;
use crate::attempt::Surroundings;
use crate::link::{Link, Progress};
use crate::race::{Move, Race, family_of};
use crate::resolve::{LookupId, Resolved, literal};

/// A server to reach.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// As it was given.
    pub(crate) text: String,
    pub(crate) address: Address,
}

/// How far it has come.
pub(crate) enum Outcome {
    /// Nobody has won yet.
    Racing,
    /// This link stands, first of all; the others are closed. What it has received already is in the surroundings.
    Won {
        /// The winner.
        link: Box<Link>,
        /// Whose it is.
        endpoint: Endpoint,
        /// Over which version of IP.
        family: Family,
    },
    /// Nobody can be reached, or not in time.
    Lost(LinkFailure),
}

/// See the module's page.
#[derive(Debug)]
pub(crate) struct Reach {
    endpoints: Vec<Endpoint>,
    /// `None`: TCP is enough.
    config: Option<Arc<ClientConfig>>,
    race: Race,
    lookups: Vec<Lookup>,
    contenders: Vec<Contender>,
    /// In boot time.
    deadline: u64,
    /// The most telling failure so far.
    failure: Option<LinkFailure>,
}

/// A name that is looked up, for all endpoints that have it.
#[derive(Debug)]
struct Lookup {
    host: String,
    /// `None` as long as too many others are under way.
    id: Option<LookupId>,
}

#[derive(Debug)]
struct Contender {
    id: usize,
    endpoint: Endpoint,
    family: Family,
    link: Box<Link>,
}

impl Reach {
    /// Starts to reach one of these up to TLS, or up to TCP without a configuration; the favourite starts first.
    /// `failure` is what is known already of others.
    pub(crate) fn new(
        endpoints: Vec<Endpoint>,
        config: Option<Arc<ClientConfig>>,
        favourite: Option<(usize, Family)>,
        boot: u64,
        deadline: u64,
        failure: Option<LinkFailure>,
        around: &mut Surroundings,
    ) -> Self {
        let mut race = Race::new(endpoints.len(), favourite, boot);
        let mut lookups: Vec<Lookup> = Vec::new();
        for (index, Endpoint { address, .. }) in endpoints.iter().enumerate() {
            match literal(&address.host) {
                Some(addresses) => race.resolved(index, &addresses, address.port),
                None if lookups.iter().any(|lookup| lookup.host == address.host) => {}
                None => lookups.push(Lookup { host: address.host.clone(), id: None }),
            }
        }
        let mut reach = Self { endpoints, config, race, lookups, contenders: Vec::new(), deadline, failure };
        reach.look_up(around);
        reach.make_moves(boot, around);
        reach
    }

    /// Takes the result of a lookup if it is one of these.
    pub(crate) fn resolved(&mut self, id: LookupId, result: &Resolved) {
        if let Some(index) = self.lookups.iter().position(|lookup| lookup.id == Some(id)) {
            let host = self.lookups.swap_remove(index).host;
            self.looked_up(host, result);
        }
    }

    fn looked_up(&mut self, host: String, result: &Resolved) {
        let addresses = result.as_deref().unwrap_or_default();
        for (index, Endpoint { address, .. }) in self.endpoints.iter().enumerate() {
            if address.host == host {
                self.race.resolved(index, addresses, address.port);
            }
        }
        match result {
            Ok(addresses) if addresses.is_empty() => {
                self.note(LinkFailure::Name { host, error: "the name has no address".to_owned() });
            }
            Ok(_) => {}
            Err(error) => self.note(LinkFailure::Name { host, error: error.clone() }),
        }
    }

    /// Goes as far as it can without waiting.
    pub(crate) fn advance(&mut self, boot: u64, around: &mut Surroundings) -> Outcome {
        self.look_up(around);
        let mut index = 0;
        while let Some(Contender { id, endpoint, family, link }) = self.contenders.get_mut(index) {
            around.plain.clear();
            match link.advance(&around.trust, &endpoint.address.host, &mut around.buffer, &mut around.plain) {
                Progress::Waiting => index += 1,
                Progress::Established => {
                    let Contender { link, endpoint, family, .. } = self.contenders.remove(index);
                    self.close(around);
                    return Outcome::Won { link, endpoint, family };
                }
                Progress::Failed(failure) => {
                    let id = *id;
                    log::debug!("{} over {family:?}: {failure}", endpoint.text);
                    self.drop_contender(id, around);
                    self.race.failed(id, boot);
                    self.note(failure);
                }
            }
        }
        if boot < self.deadline {
            self.make_moves(boot, around);
            if !self.race.is_lost() {
                return Outcome::Racing;
            }
        } else if let Some(Lookup { host, .. }) = self.lookups.pop() {
            self.note(LinkFailure::Name { host, error: "the system's resolver does not answer".to_owned() });
        } else {
            self.note(LinkFailure::TimedOut);
        }
        self.close(around);
        Outcome::Lost(self.failure.take().unwrap_or(LinkFailure::Unreachable))
    }

    fn look_up(&mut self, around: &mut Surroundings) {
        let mut index = 0;
        while let Some(lookup) = self.lookups.get_mut(index) {
            if lookup.id.is_none() {
                match around.resolver.start(&lookup.host) {
                    Ok(id) => lookup.id = id,
                    Err(error) => {
                        let host = self.lookups.swap_remove(index).host;
                        self.looked_up(host, &Err(error));
                        continue;
                    }
                }
            }
            index += 1;
        }
    }

    fn make_moves(&mut self, boot: u64, around: &mut Surroundings) {
        while let Some(next) = self.race.next(boot) {
            match next {
                Move::GiveUp { contender } => {
                    self.drop_contender(contender, around);
                    self.note(LinkFailure::TimedOut);
                }
                Move::Start { contender: id, server, to } => {
                    let Some(endpoint) = self.endpoints.get(server).cloned() else { continue };
                    let token = Token(around.next_token);
                    around.next_token += 1;
                    let host = &endpoint.address.host;
                    match Link::start(to, host, self.config.as_ref(), &around.registry, token) {
                        Ok(link) => {
                            let (link, family) = (Box::new(link), family_of(&to.ip()));
                            self.contenders.push(Contender { id, endpoint, family, link });
                        }
                        Err(failure) => {
                            self.race.failed(id, boot);
                            self.note(failure);
                        }
                    }
                }
            }
        }
    }

    fn drop_contender(&mut self, id: usize, around: &mut Surroundings) {
        if let Some(index) = self.contenders.iter().position(|contender| contender.id == id) {
            around.close(*self.contenders.remove(index).link);
        }
    }

    /// Ends what is under way; nobody has sent anything beyond the handshake.
    pub(crate) fn close(&mut self, around: &mut Surroundings) {
        for contender in self.contenders.drain(..) {
            around.close(*contender.link);
        }
    }

    fn note(&mut self, failure: LinkFailure) {
        keep_more_telling(&mut self.failure, failure);
    }

    /// Whether there is something to do without an event.
    pub(crate) fn has_work(&self) -> bool {
        self.race.is_lost() || self.links().any(Link::has_work)
    }

    /// When there is something to do without an event, in boot time.
    pub(crate) fn next_timeout(&self) -> u64 {
        self.race.next_timeout().map_or(self.deadline, |at| at.min(self.deadline))
    }

    /// The server that was started last.
    pub(crate) fn server(&self) -> Option<&str> {
        self.contenders.last().map(|contender| contender.endpoint.text.as_str())
    }

    pub(crate) fn links(&self) -> impl Iterator<Item = &Link> {
        self.contenders.iter().map(|contender| &*contender.link)
    }

    pub(crate) fn links_mut(&mut self) -> impl Iterator<Item = &mut Link> {
        self.contenders.iter_mut().map(|contender| &mut *contender.link)
    }
}

/// Keeps the failure that tells most, of equal ones the last: a certificate's over an answer that is none, that over a
/// refusal or an end, and that over silence.
pub(crate) fn keep_more_telling(known: &mut Option<LinkFailure>, failure: LinkFailure) {
    fn weight(failure: &LinkFailure) -> u8 {
        match failure {
            LinkFailure::Certificate { .. } => 4,
            LinkFailure::Http { .. } | LinkFailure::Tls { .. } => 3,
            LinkFailure::Refused | LinkFailure::Ended | LinkFailure::Reset | LinkFailure::System { .. } => 2,
            LinkFailure::Name { .. } | LinkFailure::TimedOut => 1,
            LinkFailure::Unreachable | LinkFailure::Address { .. } => 0,
        }
    }
    if known.as_ref().is_none_or(|known| weight(known) <= weight(&failure)) {
        *known = Some(failure);
    }
}
