//! Whom a day is run with.

use std::fmt;
use std::str::FromStr;

use offpush_engine::Timing;

use crate::client::Client;
use crate::day::Day;
use crate::ours::Ours;
use crate::peers::{Chromium, Courier, Fixed, Mars, MicroG, Oracle, Peer};
use crate::world::WALL;

/// A push client's rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strategy {
    /// The real engine.
    Offpush,
    /// Knows everything: the bound.
    Oracle,
    /// Chromium's GCM client.
    Chromium,
    /// microG.
    MicroG,
    /// Tencent Mars.
    Mars,
    /// Gojek's Courier.
    Courier,
    /// A ping each four minutes.
    Fixed4,
    /// A ping each five minutes.
    Fixed5,
    /// A ping each fifteen minutes.
    Fixed15,
}

impl Strategy {
    /// All, in the order of tables.
    pub const ALL: [Strategy; 9] = [
        Self::Offpush,
        Self::Oracle,
        Self::Chromium,
        Self::MicroG,
        Self::Mars,
        Self::Courier,
        Self::Fixed4,
        Self::Fixed5,
        Self::Fixed15,
    ];

    /// Its name on the command line and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Offpush => "offpush",
            Self::Oracle => "oracle",
            Self::Chromium => "chromium",
            Self::MicroG => "microg",
            Self::Mars => "mars",
            Self::Courier => "courier",
            Self::Fixed4 => "fixed-4",
            Self::Fixed5 => "fixed-5",
            Self::Fixed15 => "fixed-15",
        }
    }

    /// Whether its interval changes with what it meets; the dark time of others is never that of learning.
    pub fn learns(self) -> bool {
        matches!(self, Self::Offpush | Self::MicroG | Self::Mars | Self::Courier)
    }

    pub(crate) fn client(self, day: &Day, timing: Timing, seed: u64) -> Box<dyn Client> {
        match self {
            Self::Offpush => Box::new(Ours::new(timing, WALL + day.begins as i64, seed)),
            Self::Oracle => Box::new(Peer::new(Oracle::new(day.phone.align, day.begins), seed)),
            Self::Chromium => Box::new(Peer::new(Chromium::default(), seed)),
            Self::MicroG => Box::new(Peer::new(MicroG::default(), seed)),
            Self::Mars => Box::new(Peer::new(Mars::default(), seed)),
            Self::Courier => Box::new(Peer::new(Courier::default(), seed)),
            Self::Fixed4 => Box::new(Peer::new(Fixed::minutes(4), seed)),
            Self::Fixed5 => Box::new(Peer::new(Fixed::minutes(5), seed)),
            Self::Fixed15 => Box::new(Peer::new(Fixed::minutes(15), seed)),
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No strategy has that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownStrategy(String);

impl fmt::Display for UnknownStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Strategy::ALL.iter().map(|strategy| strategy.name()).collect();
        write!(f, "no strategy is called {:?}; there are {}", self.0, names.join(", "))
    }
}

impl std::error::Error for UnknownStrategy {}

impl FromStr for Strategy {
    type Err = UnknownStrategy;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|strategy| strategy.name() == name);
        found.ok_or_else(|| UnknownStrategy(name.to_owned()))
    }
}
