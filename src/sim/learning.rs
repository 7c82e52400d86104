//! How long a strategy takes to find the interval, over the whole range of NATs: an idle phone on one network.

use std::fmt::Write;

use crate::day::Day;
use crate::format::DayError;
use crate::metrics::Metrics;
use crate::strategy::Strategy;
use crate::time::{MINUTE, SECOND};

/// The time-outs tried, in milliseconds: from the shortest that is promised to well beyond the ceiling.
pub const NATS: [u64; 16] = [
    60 * SECOND,
    75 * SECOND,
    90 * SECOND,
    2 * MINUTE,
    3 * MINUTE,
    4 * MINUTE,
    5 * MINUTE,
    7 * MINUTE,
    10 * MINUTE,
    13 * MINUTE,
    16 * MINUTE,
    20 * MINUTE,
    24 * MINUTE,
    28 * MINUTE,
    32 * MINUTE,
    40 * MINUTE,
];

/// How long each day lasts, in hours.
pub const HOURS: u32 = 12;

/// What learning comes to behind one NAT.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The NAT's time-out in milliseconds.
    pub nat: u64,
    /// A strategy each, in the order they were asked for.
    pub metrics: Vec<Metrics>,
}

/// Time-outs for a smooth curve, in milliseconds: 60 s to 40 min, each 2 % above the one before.
pub fn many() -> Vec<u64> {
    let next = |nat: &u64| Some(nat + nat / 50).filter(|nat| *nat <= 40 * MINUTE);
    std::iter::successors(Some(60 * SECOND), next).collect()
}

/// An idle day of [`HOURS`] on Wi-Fi behind a NAT with this time-out, which drops what it has forgotten or `resets` it.
pub fn day(nat: u64, resets: bool) -> Result<Day, DayError> {
    let drops = if resets { "with-rst" } else { "silently" };
    let text = format!(
        "title = \"an idle phone\"\nbegins = \"00:00\"\nends = \"{HOURS}:00\"\n\
         [[network]]\nname = \"wifi\"\ntransport = \"wifi\"\nnat = \"{nat}ms\"\nnat-drops = \"{drops}\"\nround-trip = \"40ms\"\n\
         [[move]]\nat = \"00:00\"\nnetwork = \"wifi\"\n"
    );
    Day::parse("learning", &text)
}

/// What learning comes to behind each NAT, for these strategies.
pub fn measure(nats: &[u64], strategies: &[Strategy], seed: u64) -> Result<Vec<Row>, DayError> {
    nats.iter()
        .map(|nat| {
            let day = day(*nat, false)?;
            let metrics = strategies.iter().map(|strategy| crate::run(&day, *strategy, seed).metrics).collect();
            Ok(Row { nat: *nat, metrics })
        })
        .collect()
}

/// For people: minutes until converged, and dark minutes of the whole day.
pub fn render(strategies: &[Strategy], rows: &[Row]) -> String {
    let mut text = String::from(
        "minutes until the interval is right for good / interval at the end / dark minutes, in 12 idle hours\n",
    );
    let _ = write!(text, "  {:>9}", "NAT");
    for strategy in strategies {
        let _ = write!(text, "{:>22}", strategy.name());
    }
    text.push('\n');
    for Row { nat, metrics } in rows {
        let _ = write!(text, "  {:>7} s", nat / SECOND);
        for metrics in metrics {
            let converged = metrics.converged_after.map_or("–".to_owned(), |minutes| format!("{minutes:.0}"));
            let _ = write!(text, "{:>22}", format!("{converged} / {:.0} s / {:.1}", metrics.interval, metrics.dark));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oracle_needs_no_time_to_learn() {
        // It is right from the start behind every NAT, and never dark.
        let rows = measure(&NATS, &[Strategy::Oracle], 1).expect("days");
        assert_eq!(rows.len(), NATS.len());
        for Row { nat, metrics } in rows {
            assert_eq!((metrics[0].converged_after, metrics[0].dark), (Some(0.0), 0.0), "{nat}");
        }
    }

    #[test]
    fn mars_and_microg_never_reach_what_they_do_not_try() {
        // Behind a NAT of 24 min their caps of 9:40 and 15 min are far below.
        let rows = measure(&NATS, &[Strategy::Mars, Strategy::MicroG], 1).expect("days");
        let Row { metrics, .. } = rows.iter().find(|row| row.nat == 24 * MINUTE).expect("it");
        assert!(metrics.iter().all(|metrics| metrics.converged_after.is_none()));
    }
}
