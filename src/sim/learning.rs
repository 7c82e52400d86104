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

/// An idle day of twelve hours on Wi-Fi behind a NAT with this time-out, which drops what it has forgotten or `resets` it.
pub fn day(nat: u64, resets: bool) -> Result<Day, DayError> {
    let drops = if resets { "with-rst" } else { "silently" };
    let text = format!(
        "title = \"an idle phone\"\nbegins = \"00:00\"\nends = \"12:00\"\n\
         [[network]]\nname = \"wifi\"\ntransport = \"wifi\"\nnat = \"{nat}ms\"\nnat-drops = \"{drops}\"\nround-trip = \"40ms\"\n\
         [[move]]\nat = \"00:00\"\nnetwork = \"wifi\"\n"
    );
    Day::parse("learning", &text)
}

/// What learning comes to behind each NAT, for these strategies.
pub fn measure(strategies: &[Strategy], seed: u64) -> Result<Vec<(u64, Vec<Metrics>)>, DayError> {
    NATS.iter()
        .map(|nat| {
            let day = day(*nat, false)?;
            let metrics = strategies.iter().map(|strategy| crate::run(&day, *strategy, seed).metrics).collect();
            Ok((*nat, metrics))
        })
        .collect()
}

/// For people: minutes until converged, and dark minutes of the whole day.
pub fn render(strategies: &[Strategy], rows: &[(u64, Vec<Metrics>)]) -> String {
    let mut text = String::from(
        "minutes until the interval is right for good / interval at the end / dark minutes, in 12 idle hours\n",
    );
    let _ = write!(text, "  {:>9}", "NAT");
    for strategy in strategies {
        let _ = write!(text, "{:>22}", strategy.name());
    }
    text.push('\n');
    for (nat, metrics) in rows {
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
        let rows = measure(&[Strategy::Oracle], 1).expect("days");
        assert_eq!(rows.len(), NATS.len());
        for (nat, metrics) in rows {
            assert_eq!((metrics[0].converged_after, metrics[0].dark), (Some(0.0), 0.0), "{nat}");
        }
    }

    #[test]
    fn mars_and_microg_never_reach_what_they_do_not_try() {
        // Behind a NAT of 24 min their caps of 9:40 and 15 min are far below.
        let rows = measure(&[Strategy::Mars, Strategy::MicroG], 1).expect("days");
        let (_, metrics) = rows.iter().find(|(nat, _)| *nat == 24 * MINUTE).expect("it");
        assert!(metrics.iter().all(|metrics| metrics.converged_after.is_none()));
    }
}
