//! `offpush sim`: simulated days and storms.

use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use offpush_sim::{Day, Metrics, Run, Strategy, days, learning, plot, storm, table};
use serde_json::json;

use crate::Failure;

/// Which days, with whom, and what to show of them.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// Days: TOML files (docs/days.md) or names of built-in ones [default: all built-in ones]
    #[arg(value_name = "FILE")]
    days: Vec<String>,
    /// Whose rules; may be repeated [default: all]
    #[arg(long, value_name = "NAME")]
    strategy: Vec<Strategy>,
    /// Run each day with so many seeds and show the mean
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    seeds: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Draw the one day, the curve of learning or the storm into this file
    #[arg(long, value_name = "OUT.svg")]
    plot: Option<PathBuf>,
    /// Print a built-in day's file, to be changed
    #[arg(long, value_name = "NAME", conflicts_with_all = ["days", "strategy", "seeds", "json", "plot", "storm"])]
    show: Option<String>,
    /// Show how long learning takes behind NATs from one to forty minutes, instead of days
    #[arg(long, conflicts_with_all = ["days", "seeds", "json", "storm"])]
    learning: bool,
    /// One line a day, in Markdown: ours, the oracle and the best peer
    #[arg(long, conflicts_with_all = ["strategy", "json", "plot", "learning", "storm"])]
    overview: bool,
    /// Let a million clients come back after a broker's restart, instead of days
    #[arg(long, conflicts_with_all = ["days", "strategy", "seeds"])]
    storm: bool,
    /// How many clients the storm has
    #[arg(long, value_name = "N", default_value_t = 1_000_000, requires = "storm",
          value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    clients: u32,
    /// Seconds in which the server asks the storm's clients to come back; may be repeated, to compare
    #[arg(long, value_name = "SECONDS", requires = "storm", value_parser = clap::value_parser!(u32).range(0..=86_400))]
    window: Vec<u32>,
}

pub(crate) fn run(options: &Simulate) -> Result<(), Failure> {
    if let Some(name) = &options.show {
        let text = days::text(name).ok_or_else(|| unknown(name))?;
        return Ok(std::io::stdout().write_all(text.as_bytes())?);
    }
    if options.storm {
        return run_storm(options);
    }
    let strategies = if options.strategy.is_empty() { Strategy::ALL.to_vec() } else { options.strategy.clone() };
    if options.learning {
        return run_learning(options);
    }
    let days = match options.days.is_empty() {
        true => days::all()?,
        false => options.days.iter().map(|name| read(name)).collect::<Result<_, _>>()?,
    };
    if options.plot.is_some() && days.len() != 1 {
        return Err("a picture shows one day: name it, as in `offpush sim office-day --plot day.svg`".into());
    }
    if options.overview {
        return run_overview(options, &days);
    }
    let mut progress = Progress::new();
    let mut documents = Vec::new();
    for (place, day) in days.iter().enumerate() {
        let mut rows: Vec<(Strategy, Metrics)> = Vec::new();
        let mut first: Vec<Run> = Vec::new();
        for strategy in &strategies {
            let mut runs = Vec::new();
            for seed in 1..=options.seeds {
                progress.tell(|| format!("day {} of {}: {}, {strategy}, seed {seed}", place + 1, days.len(), day.name));
                let run = offpush_sim::run(day, *strategy, seed);
                if seed == 1 {
                    first.push(run.clone());
                }
                runs.push(run);
            }
            rows.extend(offpush_sim::mean(&runs).map(|metrics| (*strategy, metrics)));
        }
        progress.clear();
        if let Some(path) = &options.plot {
            save(path, &plot::day(day, &first))?;
        }
        if options.json {
            documents.push(document(day, options.seeds, &rows)?);
        } else {
            let mut out = std::io::stdout().lock();
            write!(out, "{}", table::render(day, &rows))?;
            if let Some(compared) = table::compare(day, &first) {
                writeln!(out, "{compared}")?;
            }
            writeln!(out)?;
        }
    }
    if options.json {
        writeln!(std::io::stdout(), "{}", json!({ "days": documents }))?;
    } else {
        writeln!(std::io::stdout(), "{}", table::LEGEND)?;
    }
    Ok(())
}

fn run_overview(options: &Simulate, days: &[Day]) -> Result<(), Failure> {
    let mut progress = Progress::new();
    let mut overview = table::Overview::default();
    for (place, day) in days.iter().enumerate() {
        let mut runs = Vec::new();
        for seed in 1..=options.seeds {
            progress.tell(|| format!("day {} of {}: {}, seed {seed}", place + 1, days.len(), day.name));
            runs.push(Strategy::ALL.iter().map(|strategy| offpush_sim::run(day, *strategy, seed)).collect());
        }
        overview.add(day, &runs);
    }
    progress.clear();
    Ok(writeln!(std::io::stdout(), "{}\n{}", overview.render(), table::OVERVIEW_LEGEND)?)
}

/// The strategies that learn, unless others are asked for.
fn run_learning(options: &Simulate) -> Result<(), Failure> {
    let strategies = match options.strategy.is_empty() {
        true => Strategy::ALL.into_iter().filter(|strategy| strategy.learns()).collect(),
        false => options.strategy.clone(),
    };
    if let Some(path) = &options.plot {
        save(path, &plot::learning(&strategies, &learning::measure(&learning::many(), &strategies, 1)?))?;
    }
    let rows = learning::measure(&learning::NATS, &strategies, 1)?;
    Ok(write!(std::io::stdout(), "{}", learning::render(&strategies, &rows))?)
}

fn unknown(name: &str) -> Failure {
    format!("no file and no built-in day is called {name:?}; there are {}", days::NAMES.join(", ")).into()
}

/// A file, or a built-in day.
fn read(name: &str) -> Result<Day, Failure> {
    let path = Path::new(name);
    if let Some(text) = days::text(name).filter(|_| !path.exists()) {
        return Ok(Day::parse(name, text)?);
    }
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => unknown(name),
        _ => format!("cannot read {name}: {error}").into(),
    })?;
    Ok(Day::parse(name.strip_suffix(".toml").unwrap_or(name), &text)?)
}

fn save(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}

fn document(day: &Day, seeds: u64, rows: &[(Strategy, Metrics)]) -> Result<serde_json::Value, Failure> {
    let mut strategies = Vec::new();
    for (strategy, metrics) in rows {
        let mut row = serde_json::to_value(metrics)?;
        row["strategy"] = strategy.name().into();
        strategies.push(row);
    }
    Ok(json!({
        "day": day.name,
        "title": day.title,
        "hours": day.lasts as f64 / 3_600_000.0,
        "seeds": seeds,
        "strategies": strategies,
    }))
}

fn run_storm(options: &Simulate) -> Result<(), Failure> {
    let usual = storm::Storm { clients: options.clients, ..storm::Storm::default() };
    let windows = match options.window.is_empty() {
        true => vec![usual.window],
        false => options.window.iter().map(|seconds| u64::from(*seconds) * 1_000).collect(),
    };
    if options.plot.is_some() && windows.len() != 1 {
        return Err("a picture shows one storm: name one --window".into());
    }
    let mut documents = Vec::new();
    for window in windows {
        let plan = storm::Storm { window, ..usual };
        let mut progress = Progress::new();
        let returned = storm::run(&plan, |second, back| {
            progress.tell(|| format!("second {second}: {back} of {} back", plan.clients));
        });
        progress.clear();
        if let Some(path) = &options.plot {
            save(path, &plot::storm(&plan, &returned))?;
        }
        if options.json {
            documents.push(storm_document(&plan, &returned));
        } else {
            write!(std::io::stdout(), "window {:>4} s: {}", window / 1_000, returned.render())?;
        }
    }
    if options.json {
        writeln!(std::io::stdout(), "{}", json!({ "storms": documents }))?;
    }
    Ok(())
}

fn storm_document(plan: &storm::Storm, returned: &storm::Returned) -> serde_json::Value {
    json!({
        "clients": returned.clients,
        "windowSeconds": plan.window / 1_000,
        "peakAttempts": returned.peak(),
        "peakConnections": returned.connections.iter().max(),
        "halfBack": returned.back(0.5),
        "backTo99Percent": returned.back(0.99),
        "allBack": returned.back(1.0),
        "attempts": returned.attempts,
        "connections": returned.connections,
    })
}

/// A line on standard error while something takes longer than a person likes to wait without a word.
struct Progress {
    last: Instant,
    shown: bool,
}

/// After two seconds a person wonders; then the line changes often enough to be seen to move.
const SILENT: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_millis(200);

impl Progress {
    fn new() -> Self {
        Self { last: Instant::now(), shown: false }
    }

    fn tell(&mut self, text: impl FnOnce() -> String) {
        let patience = if self.shown { AGAIN } else { SILENT };
        if self.last.elapsed() < patience {
            return;
        }
        self.last = Instant::now();
        self.shown = true;
        if std::io::stderr().is_terminal() {
            eprint!("\r\x1b[K{}", text());
        } else {
            eprintln!("{}", text());
        }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) && std::io::stderr().is_terminal() {
            eprint!("\r\x1b[K");
        }
    }
}
