//! Days as TOML files; `docs/days.md` documents the format. Strict: an unknown key, a wrong unit or a name that does
//! not exist is an error that names the line.

mod values;

use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::day::{Bucket, Change, Day, Messages, Move, NetworkPlan, Outage, Path, Phone, ServerPlan, Transport};
use crate::time::{HOUR, SECOND};
use values::{Clock, Duration, Fraction, NatTimeout, Span};

/// Why a text is no day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayError {
    /// The day's name.
    pub name: String,
    /// The line, from 1; 0 where none is to blame.
    pub line: usize,
    /// What is wrong there.
    pub problem: String,
}

impl fmt::Display for DayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.name, self.problem),
            line => write!(f, "{}, line {line}: {}", self.name, self.problem),
        }
    }
}

impl std::error::Error for DayError {}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawTransport {
    Wifi,
    Cellular,
    Ethernet,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawBucket {
    Active,
    Working,
    Frequent,
    Rare,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum NatDrops {
    Silently,
    WithRst,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawDay {
    title: String,
    begins: Clock,
    ends: Spanned<Clock>,
    #[serde(default)]
    phone: RawPhone,
    network: Vec<RawNetwork>,
    #[serde(rename = "move")]
    moves: Vec<RawMove>,
    #[serde(default)]
    flap: Vec<RawFlap>,
    #[serde(default)]
    change: Vec<RawChange>,
    #[serde(default)]
    server: RawServer,
    #[serde(default)]
    messages: RawMessages,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct RawPhone {
    android: Spanned<u8>,
    foreground_service: bool,
    exact_alarms: bool,
    align_alarms: Option<Duration>,
    bucket: RawBucket,
    screen_on: Vec<Spanned<Span>>,
    still: Vec<Spanned<Span>>,
    other_wakes_per_hour: f64,
}

impl Default for RawPhone {
    fn default() -> Self {
        Self {
            android: Spanned::new(0..0, 14),
            foreground_service: true,
            exact_alarms: true,
            align_alarms: None,
            bucket: RawBucket::Active,
            screen_on: Vec::new(),
            still: Vec::new(),
            other_wakes_per_hour: 0.0,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawNetwork {
    name: Spanned<String>,
    transport: RawTransport,
    nat: NatTimeout,
    #[serde(default)]
    nat_drops: Option<NatDrops>,
    round_trip: Duration,
    #[serde(default)]
    jitter: Option<Duration>,
    #[serde(default)]
    loss: Option<Fraction>,
    #[serde(default)]
    portal: bool,
    #[serde(default)]
    black_hole: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawMove {
    at: Spanned<Clock>,
    network: Spanned<String>,
    overlap: Option<Duration>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawFlap {
    between: Spanned<Span>,
    every: Spanned<Duration>,
    lasting: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawChange {
    at: Spanned<Clock>,
    network: Spanned<String>,
    nat: Option<NatTimeout>,
    nat_drops: Option<NatDrops>,
    round_trip: Option<Duration>,
    jitter: Option<Duration>,
    loss: Option<Fraction>,
    portal: Option<bool>,
    black_hole: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct RawServer {
    keep_alive: Option<Spanned<Duration>>,
    outage: Vec<RawOutage>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawOutage {
    at: Spanned<Clock>,
    lasting: Duration,
    #[serde(default = "yes")]
    says_goodbye: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct RawMessages {
    at: Vec<Spanned<Clock>>,
    random: u32,
    between: Vec<Spanned<Span>>,
    bytes: u16,
    expire_after: Duration,
}

impl Default for RawMessages {
    fn default() -> Self {
        Self { at: Vec::new(), random: 0, between: Vec::new(), bytes: 200, expire_after: Duration(24 * HOUR) }
    }
}

/// The longest day, in milliseconds: three days let a person look at how learning goes on.
const LONGEST: u64 = 72 * HOUR;

impl Day {
    /// Reads a day from its text; `name` is what it is called in tables.
    pub fn parse(name: &str, text: &str) -> Result<Day, DayError> {
        let reader = Reader { name, text };
        let raw: RawDay = toml::from_str(text).map_err(|error| {
            let offset = error.span().map(|span| span.start);
            reader.error(offset, error.message().to_owned())
        })?;
        reader.day(raw)
    }
}

struct Reader<'a> {
    name: &'a str,
    text: &'a str,
}

impl Reader<'_> {
    fn error(&self, offset: Option<usize>, problem: impl Into<String>) -> DayError {
        let line =
            offset.and_then(|offset| self.text.get(..offset)).map_or(0, |before| before.matches('\n').count() + 1);
        DayError { name: self.name.to_owned(), line, problem: problem.into() }
    }

    fn day(&self, raw: RawDay) -> Result<Day, DayError> {
        let begins = raw.begins.0;
        let lasts = raw.ends.get_ref().0.checked_sub(begins).filter(|lasts| (1..=LONGEST).contains(lasts));
        let lasts = lasts
            .ok_or_else(|| self.error(Some(raw.ends.span().start), "a day ends after it begins, within 72 hours"))?;
        let within = Within { reader: self, begins, lasts };
        let networks = self.networks(&raw.network)?;
        let find = |name: &Spanned<String>| {
            let place = networks.iter().position(|network| network.name == *name.get_ref());
            place.ok_or_else(|| {
                self.error(Some(name.span().start), format!("no network is called {:?}", name.get_ref()))
            })
        };
        let mut moves = Vec::new();
        for raw in &raw.moves {
            let network = if raw.network.get_ref() == NONE { None } else { Some(find(&raw.network)?) };
            let overlap = raw.overlap.map_or(0, |overlap| overlap.0);
            moves.push(Move { at: within.moment(&raw.at)?, network, overlap, keeps_sockets: false });
        }
        moves.sort_by_key(|step| step.at);
        if moves.first().is_none_or(|first| first.at != 0) {
            return Err(self.error(None, "the first [[move]] is at the moment the day begins"));
        }
        let mut flaps = Vec::new();
        for raw in &raw.flap {
            self.flap(raw, &within, &moves, &mut flaps)?;
        }
        moves.extend(flaps);
        moves.sort_by_key(|step| step.at);
        let mut paths: Vec<Path> = networks.iter().map(|network| network.path.clone()).collect();
        let mut raw_changes = Vec::new();
        for raw in &raw.change {
            raw_changes.push((within.moment(&raw.at)?, find(&raw.network)?, raw));
        }
        raw_changes.sort_by_key(|(at, ..)| *at);
        let mut changes = Vec::new();
        for (at, network, raw) in raw_changes {
            let path = &mut paths[network];
            change(path, raw);
            changes.push(Change { at, network, path: path.clone() });
        }
        Ok(Day {
            name: self.name.to_owned(),
            title: raw.title,
            begins,
            lasts,
            phone: self.phone(raw.phone, &within)?,
            networks,
            moves,
            changes,
            server: self.server(&raw.server, &within)?,
            messages: self.messages(&raw.messages, &within)?,
        })
    }

    fn networks(&self, raw: &[RawNetwork]) -> Result<Vec<NetworkPlan>, DayError> {
        let mut networks: Vec<NetworkPlan> = Vec::new();
        for raw in raw {
            let name = raw.name.get_ref().clone();
            if name == NONE || name.is_empty() || networks.iter().any(|other| other.name == name) {
                let problem = format!("{name:?} cannot be this network's name: it is taken, empty or \"none\"");
                return Err(self.error(Some(raw.name.span().start), problem));
            }
            let transport = match raw.transport {
                RawTransport::Wifi => Transport::Wifi,
                RawTransport::Cellular => Transport::Cellular,
                RawTransport::Ethernet => Transport::Ethernet,
            };
            let path = Path {
                nat: raw.nat.0,
                nat_resets: raw.nat_drops == Some(NatDrops::WithRst),
                round_trip: raw.round_trip.0,
                jitter: raw.jitter.map_or(0, |jitter| jitter.0),
                loss: raw.loss.map_or(0.0, |loss| loss.0),
                portal: raw.portal,
                black_hole: raw.black_hole,
            };
            networks.push(NetworkPlan { name, transport, path });
        }
        Ok(networks)
    }

    /// A flap is the network going and coming back, wherever the phone is by then.
    fn flap(&self, raw: &RawFlap, within: &Within<'_>, moves: &[Move], into: &mut Vec<Move>) -> Result<(), DayError> {
        let span = within.span(&raw.between)?;
        let every = raw.every.get_ref().0;
        if raw.lasting.0 == 0 || every <= raw.lasting.0 {
            return Err(self.error(Some(raw.every.span().start), "a flap lasts less long than `every`, and not 0"));
        }
        let network_at = |at: u64| moves.iter().rev().find(|step| step.at <= at).and_then(|step| step.network);
        let mut at = span.start;
        while at + raw.lasting.0 < span.end {
            let back = at + raw.lasting.0;
            let moved = moves.iter().any(|step| step.at > at && step.at <= back);
            if let (Some(network), false) = (network_at(at), moved) {
                into.push(Move { at, network: None, overlap: 0, keeps_sockets: true });
                into.push(Move { at: back, network: Some(network), overlap: 0, keeps_sockets: true });
            }
            at += every;
        }
        Ok(())
    }

    fn phone(&self, raw: RawPhone, within: &Within<'_>) -> Result<Phone, DayError> {
        let android = *raw.android.get_ref();
        if !(6..=16).contains(&android) {
            return Err(self.error(Some(raw.android.span().start), "android is a release from 6 to 16"));
        }
        if !(0.0..=720.0).contains(&raw.other_wakes_per_hour) {
            return Err(self.error(None, "other-wakes-per-hour is a number from 0 to 720"));
        }
        let bucket = match raw.bucket {
            RawBucket::Active => Bucket::Active,
            RawBucket::Working => Bucket::Working,
            RawBucket::Frequent => Bucket::Frequent,
            RawBucket::Rare => Bucket::Rare,
        };
        Ok(Phone {
            android,
            foreground_service: raw.foreground_service,
            exact_alarms: raw.exact_alarms,
            align: raw.align_alarms.map(|align| align.0).filter(|align| *align > 0),
            bucket,
            screen_on: within.spans(&raw.screen_on)?,
            still: within.spans(&raw.still)?,
            other_wakes: raw.other_wakes_per_hour,
        })
    }

    fn server(&self, raw: &RawServer, within: &Within<'_>) -> Result<ServerPlan, DayError> {
        let keep_alive = match &raw.keep_alive {
            None => None,
            Some(raw) => {
                let seconds = u16::try_from(raw.get_ref().0 / SECOND).ok().filter(|seconds| *seconds > 0);
                let problem = "a keep-alive is from 1 second to 18 hours (MQTT 5 §3.2.2.3.14)";
                Some(seconds.ok_or_else(|| self.error(Some(raw.span().start), problem))?)
            }
        };
        let mut outages = Vec::new();
        for raw in &raw.outage {
            let from = within.moment(&raw.at)?;
            outages.push(Outage { from, to: from + raw.lasting.0, says_goodbye: raw.says_goodbye });
        }
        Ok(ServerPlan { keep_alive, outages })
    }

    fn messages(&self, raw: &RawMessages, within: &Within<'_>) -> Result<Messages, DayError> {
        let at = raw.at.iter().map(|at| within.moment(at)).collect::<Result<_, _>>()?;
        let mut between = within.spans(&raw.between)?;
        if between.is_empty() {
            between.push(0..within.lasts);
        }
        Ok(Messages { at, random: raw.random, between, bytes: raw.bytes, expires: raw.expire_after.0 })
    }
}

/// The name of no network.
const NONE: &str = "none";

fn change(path: &mut Path, raw: &RawChange) {
    if let Some(nat) = raw.nat {
        path.nat = nat.0;
    }
    if let Some(drops) = raw.nat_drops {
        path.nat_resets = drops == NatDrops::WithRst;
    }
    if let Some(round_trip) = raw.round_trip {
        path.round_trip = round_trip.0;
    }
    if let Some(jitter) = raw.jitter {
        path.jitter = jitter.0;
    }
    if let Some(loss) = raw.loss {
        path.loss = loss.0;
    }
    path.portal = raw.portal.unwrap_or(path.portal);
    path.black_hole = raw.black_hole.unwrap_or(path.black_hole);
}

/// Turns times of the day into moments of this day.
struct Within<'a> {
    reader: &'a Reader<'a>,
    begins: u64,
    lasts: u64,
}

impl Within<'_> {
    fn moment(&self, at: &Spanned<Clock>) -> Result<u64, DayError> {
        let moment = at.get_ref().0.checked_sub(self.begins).filter(|moment| *moment < self.lasts);
        moment.ok_or_else(|| self.reader.error(Some(at.span().start), "this time is not within the day"))
    }

    fn span(&self, span: &Spanned<Span>) -> Result<Range<u64>, DayError> {
        let Range { start, end } = span.get_ref().0;
        match (start.checked_sub(self.begins), end.checked_sub(self.begins)) {
            (Some(start), Some(end)) if end <= self.lasts => Ok(start..end),
            _ => Err(self.reader.error(Some(span.span().start), "this range is not within the day")),
        }
    }

    fn spans(&self, spans: &[Spanned<Span>]) -> Result<Vec<Range<u64>>, DayError> {
        let mut all = spans.iter().map(|span| self.span(span)).collect::<Result<Vec<_>, _>>()?;
        all.sort_by_key(|span| span.start);
        Ok(all)
    }
}
