//! Simulated days: what a push client does between messages, and what that costs.
//!
//! A [`Day`] is a phone with its networks, a server and the messages that are sent, read from a TOML file (documented
//! in `docs/days.md`; the built-in ones are [`days::NAMES`]). [`run`] lives through it with a [`Strategy`]: ours is
//! the real engine, driven exactly as on a phone, its MQTT answered by a simulated broker and gateway; the others are
//! peers' published rules on a common minimal client. All meet the same messages, NATs, losses and alarms, on virtual
//! time. The same day, strategy and seed give the same [`Trace`], byte for byte.
//!
//! [`table::render`] shows the [`Metrics`] of several runs to people, [`plot::day`] draws one day, [`storm`] lets a
//! million clients come back after a broker's restart.
//!
//! What it never does: IO, real time, threads.

mod client;
mod day;
pub mod days;
mod format;
mod gateway;
pub mod learning;
mod metrics;
mod ours;
mod packets;
mod peers;
mod phone;
pub mod plot;
mod rng;
mod server;
pub mod storm;
mod strategy;
mod svg;
pub mod table;
mod tcp;
mod time;
mod trace;
mod world;

pub use day::Day;
pub use format::DayError;
pub use metrics::{Metrics, settled, within};
pub use offpush_engine::Timing;
pub use ours::Seen;
pub use strategy::{Strategy, UnknownStrategy};
pub use trace::{Fate, Interval, Trace};

use std::cell::RefCell;
use std::rc::Rc;

use ours::Ours;

/// One day with one strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Whose rules.
    pub strategy: Strategy,
    /// What the randomness came from.
    pub seed: u64,
    /// What happened.
    pub trace: Trace,
    /// What it comes to.
    pub metrics: Metrics,
}

/// Lives through a day. `timing` is the engine's; peers have their own rules.
pub fn run_with(day: &Day, strategy: Strategy, seed: u64, timing: Timing) -> Run {
    let client = strategy.client(day, timing, seed);
    let trace = world::World::new(day, client, seed).run();
    let metrics = metrics::measure(strategy, &trace, day.lasts);
    Run { strategy, seed, trace, metrics }
}

/// Lives through a day with the engine as it is delivered.
pub fn run(day: &Day, strategy: Strategy, seed: u64) -> Run {
    run_with(day, strategy, seed, Timing::default())
}

/// Lives through a day with the engine, up to so many milliseconds after its beginning, and shows what tools would see then.
pub fn look(day: &Day, until: u64, seed: u64) -> Option<Seen> {
    let day = Day { lasts: day.lasts.min(until), ..day.clone() };
    let ours = Rc::new(RefCell::new(Ours::with_history(Timing::default(), world::WALL + day.begins as i64, seed)));
    world::World::new(&day, Box::new(Rc::clone(&ours)), seed).run();
    Some(Rc::into_inner(ours)?.into_inner().seen(day.lasts))
}

/// The mean of several runs of the same day with the same strategy; `None` of none.
pub fn mean(runs: &[Run]) -> Option<Metrics> {
    let metrics: Vec<Metrics> = runs.iter().map(|run| run.metrics.clone()).collect();
    Metrics::mean(&metrics)
}
