//! Servers tried from here, layer by layer: name, connection, certificate; and whether a gateway is one.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};
use offpush_engine::{Disconnected, Family, HttpAnswer, Internet, LinkFailure};
use offpush_inspect::{Check, CheckCode, Outcome, State, StatusPage, clock_text, duration_text};
use offpush_wire::RegisterAnswer;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::{Here, certificate, told};
use crate::address::Address;
use crate::attempt::REGISTER_PATH;
use crate::clock;
use crate::http::{AnswerReader, post};
use crate::link::{READ_BYTES, failure};
use crate::portal::{self, Portal};
use crate::problems::named;
use crate::race::family_of;
use crate::resolve::{Resolver, literal};
use crate::trust::Trust;

/// How long a connection, and each step of what follows, is waited for: TCP's first retransmissions come after 1 s and
/// 3 s (RFC 6298 §2).
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How long a lookup is waited for: glibc asks two servers for 5 s each.
const LOOKUP: Duration = Duration::from_secs(10);

/// Addresses of a name and family that are tried: with more, the second is as telling as the fifth.
const ADDRESSES: usize = 2;

/// A certificate that ends within so many milliseconds is told of: a week.
const ENDS_SOON: i64 = 7 * 24 * 3_600_000;

/// A TLS connection that stands.
pub(super) type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// What was found.
pub(super) struct Found {
    pub(super) checks: Vec<Check>,
    /// The first broker whose TLS stands.
    pub(super) broker: Option<(String, TlsStream)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gateway,
    Broker,
}

/// How far one server could be reached.
struct Probe {
    kind: Kind,
    server: String,
    /// The layer at which it ended, and why.
    failed: Option<(CheckCode, LinkFailure)>,
    ways: Vec<Way>,
    stream: Option<TlsStream>,
    /// Milliseconds of each layer that stood.
    took: Vec<(CheckCode, u64)>,
    /// The end of the certificate, in milliseconds since 1970.
    not_after: Option<i64>,
}

/// One address.
struct Way {
    to: SocketAddr,
    result: Result<(), LinkFailure>,
}

/// Tries every server.
pub(super) fn look(here: &Here, page: Option<&StatusPage>, trust: &Trust, step: &mut dyn FnMut(&'static str)) -> Found {
    let told_servers = page.map(|page| page.servers.as_slice()).unwrap_or_default();
    let servers = if here.servers.is_empty() { told_servers } else { &here.servers };
    let brokers = page.map(|page| page.brokers.as_slice()).unwrap_or_default();
    let gateways = servers.iter().map(|server| (Kind::Gateway, server));
    let all = gateways.chain(brokers.iter().map(|broker| (Kind::Broker, broker)));
    let mut checks = Vec::new();
    let mut probes: Vec<Probe> = all.map(|(kind, server)| Probe::make(kind, server, trust, step)).collect();
    if probes.is_empty() {
        let found = "not tried: no server is known; give the gateway with --server";
        let codes = [CheckCode::Dns, CheckCode::Tcp, CheckCode::Tls];
        checks.extend(codes.map(|code| Check::new(code, Outcome::Skipped, found)));
        return Found { checks, broker: None };
    }
    // A daemon that hears its gateway has all it needs now.
    let works = page.is_some_and(|page| page.state == State::Connected && page.gateway_present);
    for code in [CheckCode::Dns, CheckCode::Tcp, CheckCode::Tls] {
        checks.push(layer(code, &probes, works));
    }
    checks.extend(soon_over(&probes));
    checks.push(ipv6(&probes));
    checks.push(captive_portal(servers, &probes, step));
    let stands = |kind| move |probe: &&mut Probe| probe.kind == kind && probe.stream.is_some();
    if let Some(gateway) = probes.iter_mut().find(stands(Kind::Gateway)) {
        step("asking the gateway");
        checks.extend(ask_gateway(gateway));
    } else if servers.is_empty() {
        let found = "the gateway was not tried: its address is not known here; give it with --server";
        checks.push(Check::new(CheckCode::Registration, Outcome::Skipped, found));
    }
    let broker = probes.iter_mut().find(stands(Kind::Broker));
    let broker = broker.and_then(|broker| Some((broker.server.clone(), broker.stream.take()?)));
    Found { checks, broker }
}

impl Probe {
    fn make(kind: Kind, server: &str, trust: &Trust, step: &mut dyn FnMut(&'static str)) -> Self {
        let mut probe = Self {
            kind,
            server: server.to_owned(),
            failed: None,
            ways: Vec::new(),
            stream: None,
            took: Vec::new(),
            not_after: None,
        };
        let (address, config) = match kind {
            Kind::Gateway => (Address::https(server), &trust.gateways),
            Kind::Broker => (Address::mqtts(server), &trust.brokers),
        };
        let Some(address) = address else {
            probe.failed = Some((CheckCode::Dns, LinkFailure::Address { address: server.to_owned() }));
            return probe;
        };
        step("looking up names");
        let begin = Instant::now();
        let addresses = match look_up(&address.host) {
            Ok(addresses) if addresses.is_empty() => Err("the name has no address".to_owned()),
            resolved => resolved,
        };
        let addresses = match addresses {
            Ok(addresses) => addresses,
            Err(error) => {
                probe.failed = Some((CheckCode::Dns, LinkFailure::Name { host: address.host, error }));
                return probe;
            }
        };
        probe.stood(CheckCode::Dns, begin);
        for family in [Family::V6, Family::V4] {
            let of_family = addresses.iter().filter(|address| family_of(address) == family);
            for ip in of_family.take(ADDRESSES) {
                step("connecting");
                probe.try_way(SocketAddr::new(*ip, address.port), &address.host, config, trust);
            }
        }
        if probe.stream.is_some() {
            probe.failed = None;
        }
        probe
    }

    fn try_way(&mut self, to: SocketAddr, host: &str, config: &Arc<ClientConfig>, trust: &Trust) {
        let begin = Instant::now();
        let result = match TcpStream::connect_timeout(&to, PATIENCE) {
            Err(error) => self.fails(CheckCode::Tcp, failure(&error)),
            Ok(stream) => {
                self.stood(CheckCode::Tcp, begin);
                let begin = Instant::now();
                match secure(stream, host, config, trust) {
                    Err(failure) => self.fails(CheckCode::Tls, failure),
                    Ok(stream) => {
                        self.stood(CheckCode::Tls, begin);
                        let leaf = stream.conn.peer_certificates().and_then(|chain| chain.first());
                        self.not_after = leaf.and_then(|leaf| certificate::not_after(leaf));
                        self.stream = Some(stream);
                        Ok(())
                    }
                }
            }
        };
        self.ways.push(Way { to, result });
    }

    /// Keeps the failure of the way that led farthest.
    fn fails(&mut self, layer: CheckCode, failure: LinkFailure) -> Result<(), LinkFailure> {
        if self.failed.as_ref().is_none_or(|(known, _)| *known <= layer) {
            self.failed = Some((layer, failure.clone()));
        }
        Err(failure)
    }

    fn stood(&mut self, layer: CheckCode, since: Instant) {
        let took = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.took.push((layer, took));
    }
}

fn look_up(host: &str) -> Result<Vec<IpAddr>, String> {
    if let Some(addresses) = literal(host) {
        return Ok(addresses);
    }
    let look_up = || -> io::Result<_> {
        let mut poll = Poll::new()?;
        let mut resolver = Resolver::new(Arc::new(Waker::new(poll.registry(), Token(0))?));
        match resolver.start(host) {
            Ok(_) => {}
            Err(error) => return Ok(Err(error)),
        }
        let begin = Instant::now();
        loop {
            if let Some((_, resolved)) = resolver.take() {
                return Ok(resolved);
            }
            let left = LOOKUP.saturating_sub(begin.elapsed());
            if left.is_zero() {
                return Ok(Err("the system's resolver does not answer".to_owned()));
            }
            match poll.poll(&mut Events::with_capacity(1), Some(left)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
    };
    look_up().unwrap_or_else(|error| Err(error.to_string()))
}

/// Brings TLS up over a connection that stands.
fn secure(stream: TcpStream, host: &str, config: &Arc<ClientConfig>, trust: &Trust) -> Result<TlsStream, LinkFailure> {
    let patient = stream.set_read_timeout(Some(PATIENCE)).and(stream.set_write_timeout(Some(PATIENCE)));
    patient.map_err(|error| failure(&error))?;
    let tls = |error: String| LinkFailure::Tls { error };
    let name = ServerName::try_from(host.to_owned()).map_err(|error| tls(error.to_string()))?;
    let connection = ClientConnection::new(Arc::clone(config), name).map_err(|error| tls(error.to_string()))?;
    let mut stream = StreamOwned::new(connection, stream);
    while stream.conn.is_handshaking() {
        match stream.conn.complete_io(&mut stream.sock) {
            Ok(_) => {}
            Err(error) => {
                let by_library = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
                return Err(match by_library {
                    Some(error) => trust.failure(error, host),
                    None => waited(&error),
                });
            }
        }
    }
    Ok(stream)
}

/// A time-out on a blocking socket is told as `EAGAIN` (`socket(7)`).
fn waited(error: &io::Error) -> LinkFailure {
    if error.kind() == io::ErrorKind::WouldBlock { LinkFailure::TimedOut } else { failure(error) }
}

/// What one layer makes of all servers. It failed if no server of a kind got through it, and some came so far.
fn layer(code: CheckCode, probes: &[Probe], works: bool) -> Check {
    let mut check = Check::new(code, Outcome::Ok, "");
    let (mut stood, mut slowest, mut ended) = (0, 0, 0);
    for probe in probes {
        for (_, took) in probe.took.iter().filter(|(layer, _)| *layer == code) {
            stood += 1;
            slowest = slowest.max(*took);
            let ends = probe.not_after.filter(|_| code == CheckCode::Tls).map(clock_text);
            let ends = ends.map(|end| format!(", the certificate ends on {}", end.get(..10).unwrap_or(&end)));
            check.details.push(format!("{}: {took} ms{}", probe.server, ends.unwrap_or_default()));
        }
        for way in probe.ways.iter().filter(|_| code == CheckCode::Tcp) {
            let result = way.result.as_ref().map_or_else(ToString::to_string, |()| "stands, with TLS".to_owned());
            check.details.push(format!("{} at {}: {result}", probe.server, way.to));
        }
        let Some((_, failure)) = probe.failed.as_ref().filter(|(layer, _)| *layer == code) else { continue };
        ended += 1;
        let others_work = works || probes.iter().any(|other| other.kind == probe.kind && other.failed.is_none());
        let outcome = if others_work { Outcome::Warning } else { Outcome::Failure };
        if outcome > check.outcome {
            check.outcome = outcome;
            check.found = format!("{}: {failure}", probe.server);
            check.action = Some(action(probe.kind, failure));
        }
    }
    if ended > 1 {
        check.found = format!("{} (and {} more)", check.found, ended - 1);
    }
    if check.outcome == Outcome::Ok {
        if stood == 0 {
            return Check { outcome: Outcome::Skipped, found: "no server was reached so far".to_owned(), ..check };
        }
        check.took = Some(slowest);
        check.found = match code {
            CheckCode::Dns => "every server's name has an address".to_owned(),
            CheckCode::Tcp => format!("{} reached", servers(stood)),
            _ => format!("the certificates of {} are trusted", servers(stood)),
        };
    }
    check
}

fn servers(count: usize) -> String {
    if count == 1 { "1 server".to_owned() } else { format!("{count} servers") }
}

fn action(kind: Kind, failure: &LinkFailure) -> String {
    let cause = Disconnected::Link { failure: failure.clone() };
    if let Some(problem) = named(Some(&cause)) {
        return problem.action;
    }
    let what = if kind == Kind::Gateway { "gateway" } else { "broker" };
    match failure {
        LinkFailure::Refused => format!("see whether the {what} runs, and listens on this address and port"),
        LinkFailure::TimedOut => format!(
            "let this port through where packets are dropped (a firewall, the network), or see whether the {what}'s machine is up"
        ),
        LinkFailure::Unreachable => "see whether the network has a route there".to_owned(),
        LinkFailure::Ended | LinkFailure::Reset => {
            format!("see whether it is the {what} that listens there, with TLS 1.3, and nothing in between ends it")
        }
        _ => format!("see the {what}'s log; it has to speak TLS 1.3"),
    }
}

/// A certificate that holds today, and soon no longer.
fn soon_over(probes: &[Probe]) -> Option<Check> {
    let wall = clock::now().wall;
    let ends = probes.iter().filter_map(|probe| Some((probe.not_after?, probe)));
    let (end, probe) = ends.min_by_key(|(end, _)| *end).filter(|(end, _)| *end - wall < ENDS_SOON)?;
    let left = duration_text((end - wall).max(0).unsigned_abs());
    let found = format!("{}: the certificate ends in {left}", probe.server);
    Some(Check::new(CheckCode::Tls, Outcome::Warning, found).action("renew it; a gateway renews its own while it runs"))
}

fn ipv6(probes: &[Probe]) -> Check {
    let ways = || probes.iter().flat_map(|probe| &probe.ways);
    let v6: Vec<&Way> = ways().filter(|way| way.to.is_ipv6() && !way.to.ip().is_loopback()).collect();
    let check = |outcome, found| Check::new(CheckCode::Ipv6, outcome, found);
    if v6.is_empty() {
        return check(Outcome::NotHere, "no server has an IPv6 address that would be used from here");
    }
    if v6.iter().any(|way| way.result.is_ok()) {
        return check(Outcome::Ok, "servers are reached over it");
    }
    if ways().any(|way| way.to.is_ipv4() && way.result.is_ok()) {
        return check(Outcome::Warning, "the servers have IPv6 addresses and are not reached there; over IPv4 they are")
            .action("give the network or the servers a working IPv6, or take the AAAA records out; until then each attempt loses 250 ms");
    }
    check(Outcome::Skipped, "nothing is reached over either version")
}

/// Looked for only where something fails: through TLS that stands, nobody answers in another's place.
fn captive_portal(servers: &[String], probes: &[Probe], step: &mut dyn FnMut(&'static str)) -> Check {
    let check = |outcome, found| Check::new(CheckCode::CaptivePortal, outcome, found);
    if probes.iter().any(|probe| probe.stream.is_some()) {
        return check(Outcome::Ok, "nothing answers in the servers' place");
    }
    let Some(address) = servers.iter().find_map(|server| Address::https(server)) else {
        return check(Outcome::Skipped, "not looked for: no gateway is known");
    };
    step("looking for a captive portal");
    match ask_port_80(&address) {
        Some(Internet::Portal) => check(Outcome::Failure, "a captive portal answers in the servers' place")
            .action("sign in to the network in a browser"),
        _ => check(Outcome::Ok, "none answers in the servers' place"),
    }
}

fn ask_port_80(address: &Address) -> Option<Internet> {
    let addresses = look_up(&address.host).ok()?;
    let mut stream =
        addresses.iter().find_map(|ip| TcpStream::connect_timeout(&(*ip, portal::PORT).into(), PATIENCE).ok())?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(&portal::request(address)).ok()?;
    let mut portal = Portal::default();
    let mut buffer = [0; READ_BYTES];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return Some(portal.end()),
            Ok(count) => {
                if let Some(verdict) = portal.receive(&address.host, buffer.get(..count).unwrap_or_default()) {
                    return Some(verdict);
                }
            }
        }
    }
}

/// A request that registers nobody: a gateway answers it with a code and the time.
fn ask_gateway(probe: &mut Probe) -> Vec<Check> {
    let registration = |outcome, found| Check::new(CheckCode::Registration, outcome, found);
    let (Some(address), Some(stream)) = (Address::https(&probe.server), &mut probe.stream) else { return Vec::new() };
    let begin = Instant::now();
    let answer = exchange(stream, &post(&address.authority(), REGISTER_PATH, b"{}"));
    let took = begin.elapsed();
    let server = &probe.server;
    match answer.map(|answer| RegisterAnswer::decode(&answer.body)) {
        Ok(Ok(answer)) => {
            let found = registration(Outcome::Ok, format!("{server} is a gateway"));
            let half = i64::try_from(took.as_millis() / 2).unwrap_or_default();
            let ahead = clock::now().wall - half - answer.time;
            let found = Check { took: u64::try_from(took.as_millis()).ok(), ..found };
            if answer.time > 0 { vec![found, told::clock(ahead)] } else { vec![found] }
        }
        Ok(Err(_)) => vec![
            registration(Outcome::Failure, format!("{server} answers, and not as a gateway does"))
                .action("see whether the address is the gateway's, and what stands in front of it"),
        ],
        Err(error) => vec![
            registration(Outcome::Failure, format!("{server} gives no proper answer: {error}"))
                .action("see whether the address is the gateway's, and its log"),
        ],
    }
}

fn exchange(stream: &mut TlsStream, request: &[u8]) -> Result<HttpAnswer, String> {
    stream.write_all(request).and_then(|()| stream.flush()).map_err(|error| waited(&error).to_string())?;
    let mut reader = AnswerReader::default();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let count = match stream.read(&mut buffer) {
            // An end without TLS's own is one too: the length tells whether the answer is whole.
            Ok(0) => return reader.end(),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return reader.end(),
            Err(error) => return Err(waited(&error).to_string()),
            Ok(count) => count,
        };
        if let Some(answer) = reader.receive(buffer.get(..count).unwrap_or_default())? {
            return Ok(answer);
        }
    }
}
