//! The numbers of a day for people.

use std::fmt::Write;

use crate::Run;
use crate::day::Day;
use crate::metrics::{Metrics, settled, within};
use crate::strategy::Strategy;
use crate::time::MINUTE;

const COLUMNS: [(&str, usize); 11] = [
    ("pings", 6),
    ("wake-ups", 9),
    ("radio s", 8),
    ("kB", 7),
    ("connects", 9),
    ("dark min", 9),
    ("learning", 9),
    ("delivered", 10),
    ("delay s", 9),
    ("worst s", 9),
    ("converged", 10),
];

/// One day's table: a line a strategy.
pub fn render(day: &Day, rows: &[(Strategy, Metrics)]) -> String {
    let mut text = String::new();
    let hours = day.lasts as f64 / crate::time::HOUR as f64;
    let _ = writeln!(text, "{}: {} ({hours} h)", day.name, day.title);
    let _ = write!(text, "  {:<9}", "");
    for (name, width) in COLUMNS {
        let _ = write!(text, "{name:>width$}");
    }
    text.push('\n');
    for (strategy, metrics) in rows {
        let or_dash = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.1}"));
        let cells = [
            metrics.pings.to_string(),
            metrics.wakes.to_string(),
            format!("{:.0}", metrics.radio_on),
            format!("{:.1}", metrics.bytes as f64 / 1_000.0),
            metrics.connects.to_string(),
            format!("{:.1}", metrics.dark),
            format!("{:.1}", metrics.dark_learning),
            format!("{}/{}", metrics.delivered, metrics.sent),
            or_dash(metrics.delay_median),
            or_dash(metrics.delay_worst),
            metrics.converged_after.map_or("–".to_owned(), |minutes| format!("{minutes:.0} min")),
        ];
        let _ = write!(text, "  {strategy:<9}");
        for (cell, (_, width)) in cells.iter().zip(COLUMNS) {
            let _ = write!(text, "{cell:>width$}");
        }
        text.push('\n');
    }
    text
}

/// Where ours is settled (see [`crate::settled`]): what that time cost each strategy; nothing if ours never was. One
/// run a strategy, all with the same seed.
pub fn compare(day: &Day, runs: &[Run]) -> Option<String> {
    let ours = runs.iter().find(|run| run.strategy == Strategy::Offpush)?;
    let windows = settled(day, &ours.trace);
    let minutes = windows.iter().map(|window| window.end - window.start).sum::<u64>() / MINUTE;
    if minutes == 0 {
        return None;
    }
    let mut text = format!("  of these in the {minutes} settled minutes (wake-ups/dark min):");
    for run in runs {
        let (dark, wakes) = within(&run.trace, &windows);
        let _ = write!(text, " {} {wakes}/{dark:.1},", run.strategy.name());
    }
    text.pop();
    Some(text)
}

/// All days in one table, a line each, in Markdown: what the settled time cost ours, the oracle and the best peer.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    lines: String,
}

impl Overview {
    /// Adds a day. `runs`: for each seed one run of each strategy, ours and the oracle's among them.
    pub fn add(&mut self, day: &Day, runs: &[Vec<Run>]) {
        let seeds = runs.len().max(1) as f64;
        let mut sums: Vec<(Strategy, f64, f64)> = Vec::new();
        let (mut minutes, mut learning) = (0.0, 0.0);
        for of_seed in runs {
            let Some(ours) = of_seed.iter().find(|run| run.strategy == Strategy::Offpush) else { return };
            let windows = settled(day, &ours.trace);
            let settled: u64 = windows.iter().map(|window| window.end - window.start).sum();
            minutes += settled as f64 / MINUTE as f64 / seeds;
            learning += (ours.metrics.dark - ours.metrics.dark_server) / seeds;
            for run in of_seed {
                let (dark, wakes) = within(&run.trace, &windows);
                match sums.iter_mut().find(|(strategy, ..)| *strategy == run.strategy) {
                    Some((_, all_wakes, all_dark)) => {
                        *all_wakes += wakes as f64 / seeds;
                        *all_dark += dark / seeds;
                    }
                    None => sums.push((run.strategy, wakes as f64 / seeds, dark / seeds)),
                }
            }
        }
        let find = |wanted| sums.iter().find(|(strategy, ..)| *strategy == wanted);
        let (Some((_, wakes, dark)), Some((_, least_wakes, least_dark))) =
            (find(Strategy::Offpush), find(Strategy::Oracle))
        else {
            return;
        };
        let peers = sums.iter().filter(|(peer, ..)| !matches!(peer, Strategy::Offpush | Strategy::Oracle));
        let (reachable, others): (Vec<&(Strategy, f64, f64)>, Vec<_>) =
            peers.partition(|(_, _, peers)| *peers <= dark + 1.0);
        let fewest = reachable.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let best = fewest.or_else(|| others.iter().min_by(|a, b| a.2.total_cmp(&b.2)));
        let best = best.map_or(String::new(), |(peer, wakes, dark)| format!("{wakes:.0} / {dark:.1} {peer}"));
        let hours = minutes / 60.0;
        let cells = match minutes {
            0.0 => "– | – | –".to_owned(),
            _ => format!("**{wakes:.0} / {dark:.1}** | {least_wakes:.0} / {least_dark:.1} | {best}"),
        };
        let _ = writeln!(self.lines, "| {} | {hours:.1} h | {cells} | {learning:.1} |", day.name);
    }

    /// The table.
    pub fn render(&self) -> String {
        format!(
            "| day | settled | offpush | oracle | best peer | dark, whole day |\n|---|--:|--:|--:|--:|--:|\n{}",
            self.lines
        )
    }
}

/// What the columns mean, for below the tables.
pub const LEGEND: &str = "\
wake-ups: of the phone's CPU for this client. radio: seconds with the tail of each radio. kB: over the air, both ways.
dark: minutes in which the connection was dead, the client did not know, and there was a network; learning: the part of
it before the interval was right. delay: median from the server's call to the app. converged: time until the interval
stayed within 15 % below the NAT's time-out or at the ceiling of 28 min, on the network where the phone was longest.";

/// What the columns of an [`Overview`] mean.
pub const OVERVIEW_LEGEND: &str = "\
wake-ups / dark minutes in the settled time: from the first full hour after ours had found what the network allows. best
peer: the fewest wake-ups of those at most one dark minute behind ours; if there is none, the least dark one. dark, whole
day: ours, in minutes, what learning took included.";
