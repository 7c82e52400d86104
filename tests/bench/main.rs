//! `offpush-bench`: what the daemon costs, beside other MQTT clients.
//!
//! It is no test: it judges nothing by the clock of a shared machine. Each figure stands beside one that was measured
//! in the same run on the same broker, and what counts is their ratio. The program under test is a separate process;
//! the broker is Debian's mosquitto, started here on free ports of the loopback interface; the gateway is a stand-in
//! ([`stand_in`]), so that neither a database nor an HTTP API takes part.
//!
//! | command | what it measures |
//! |---|---|
//! | `flood` | messages a second and CPU a message, beside `rumqttc` and `mosquitto_sub` |
//! | `idle` | memory and wake-ups with messages waiting |
//! | `heartbeat` | bytes and packets of a heartbeat and of a reconnect; the first message after it |
//! | `sizes` | the program's bytes and the crates in it |

mod broker;
mod certificates;
mod drain;
mod facts;
mod flood;
mod frame;
mod heartbeat;
mod idle;
mod peers;
mod phone;
mod registrar;
mod report;
mod sizes;
mod stand_in;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::report::Report;

/// Why a measurement could not be made.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measure the daemon beside other MQTT clients.
#[derive(Debug, Parser)]
#[command(name = "offpush-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Messages a second and CPU a message, beside rumqttc and mosquitto_sub
    Flood(Options),
    /// Memory and wake-ups with 1,000 messages waiting
    Idle(Options),
    /// Bytes and packets of a heartbeat and a reconnect, and the first message after it
    Heartbeat(Options),
    /// The program's bytes and the crates in it
    Sizes(Options),
    /// All of them
    All(Options),
    /// The peer of the flood: a rumqttc client that acknowledges from memory
    #[command(hide = true)]
    PeerRumqttc(peers::PeerOptions),
    /// The peer of the flood that does the least
    #[command(hide = true)]
    PeerDrain(peers::PeerOptions),
}

/// What a measurement can be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The program to measure [default: the device build beside this program's profile directory]
    #[arg(long, value_name = "PATH")]
    offpush: Option<PathBuf>,
    /// Messages of a flood
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    messages: u64,
    /// Rounds of a flood; in each one all clients take their turn
    #[arg(long, value_name = "N", default_value_t = 3)]
    rounds: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    /// The program to measure: `TARGET/device/offpush` where this one is `TARGET/PROFILE/offpush-bench`.
    fn offpush(&self) -> Result<PathBuf, Failure> {
        let path = match &self.offpush {
            Some(path) => path.clone(),
            None => {
                let own = std::env::current_exe()?;
                let target = own.parent().and_then(|profile| profile.parent()).ok_or("no target directory")?;
                target.join("device").join("offpush")
            }
        };
        if !path.is_file() {
            let build = "cargo build --profile device -p offpush-cli --no-default-features";
            return Err(
                format!("there is no {}: build it with `{build}` or name it with --offpush", path.display()).into()
            );
        }
        Ok(path)
    }
}

type Measurement = fn(&Options) -> Result<Report, Failure>;

fn run(command: &Command) -> Result<(), Failure> {
    let all: [Measurement; 4] = [flood::run, idle::run, heartbeat::run, sizes::run];
    let (options, measurements) = match command {
        Command::Flood(options) => (options, &all[..1]),
        Command::Idle(options) => (options, &all[1..2]),
        Command::Heartbeat(options) => (options, &all[2..3]),
        Command::Sizes(options) => (options, &all[3..]),
        Command::All(options) => (options, &all[..]),
        Command::PeerRumqttc(options) => return peers::run_rumqttc(options),
        Command::PeerDrain(options) => return drain::run(options),
    };
    let mut reports = Vec::new();
    for measure in measurements {
        let report = measure(options)?;
        if !options.json {
            report.print();
        }
        reports.push(report);
    }
    if options.json {
        println!("{}", report::to_json(&reports));
    }
    Ok(())
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("offpush-bench: {failure}");
            ExitCode::FAILURE
        }
    }
}
