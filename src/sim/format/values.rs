//! The values of a day's file: times, ranges, durations, each with its unit and its own words for what is wrong.

use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::time::{HOUR, MINUTE, SECOND};

/// A time of the day, `HH:MM` or `HH:MM:SS`; hours from 24 on are those of the next day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock(pub(super) u64);

impl<'de> Deserialize<'de> for Clock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_clock(&text).map(Clock).ok_or_else(|| {
            D::Error::custom(format!("{text:?} is no time of the day like \"07:30\" (\"31:30\" is 07:30 the next day)"))
        })
    }
}

fn parse_clock(text: &str) -> Option<u64> {
    let mut parts = text.split(':').map(|part| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<u64>().ok()).flatten()
    });
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = match parts.next() {
        Some(seconds) => seconds?,
        None => 0,
    };
    (hours < 72 && minutes < 60 && seconds < 60 && parts.next().is_none())
        .then_some(hours * HOUR + minutes * MINUTE + seconds * SECOND)
}

/// `HH:MM-HH:MM`.
#[derive(Debug, Clone)]
pub(super) struct Span(pub(super) Range<u64>);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parse = || {
            let (from, to) = text.split_once('-')?;
            let (from, to) = (parse_clock(from)?, parse_clock(to)?);
            (from < to).then_some(from..to)
        };
        parse().map(Span).ok_or_else(|| D::Error::custom(format!("{text:?} is no range like \"22:00-31:00\"")))
    }
}

/// A number with its unit: `250ms`, `30s`, `4m`, `2h`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Duration(pub(super) u64);

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parse = || {
            let digits = text.find(|c: char| !c.is_ascii_digit())?;
            let (number, unit) = text.split_at(digits);
            let unit = match unit {
                "ms" => 1,
                "s" => SECOND,
                "m" => MINUTE,
                "h" => HOUR,
                _ => return None,
            };
            number.parse::<u64>().ok()?.checked_mul(unit).filter(|total| *total <= 72 * HOUR)
        };
        parse().map(Duration).ok_or_else(|| {
            D::Error::custom(format!("{text:?} is no duration like \"250ms\", \"30s\", \"4m\" or \"2h\""))
        })
    }
}

/// A NAT's time-out, or `never`.
#[derive(Debug, Clone, Copy)]
pub(super) struct NatTimeout(pub(super) Option<u64>);

impl<'de> Deserialize<'de> for NatTimeout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Duration(Duration),
            Word(String),
        }
        match Raw::deserialize(deserializer)? {
            Raw::Duration(Duration(0)) => Err(D::Error::custom("a NAT that forgets at once lets nothing through")),
            Raw::Duration(Duration(milliseconds)) => Ok(Self(Some(milliseconds))),
            Raw::Word(word) if word == "never" => Ok(Self(None)),
            Raw::Word(word) => {
                Err(D::Error::custom(format!("{word:?} is neither a duration like \"4m\" nor \"never\"")))
            }
        }
    }
}

/// A fraction from 0 to below 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fraction(pub(super) f64);

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        if (0.0..1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(D::Error::custom("a fraction from 0.0 to below 1.0"))
        }
    }
}
