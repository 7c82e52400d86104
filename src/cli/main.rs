//! `offpush`: the gateway, the daemon, and the tools to look into a daemon.

mod app;
mod arguments;
mod choose;
#[cfg(feature = "gateway")]
mod demo;
mod doctor;
mod serve;
mod show;
#[cfg(feature = "tools")]
mod simulate;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};

/// Why a command did not work: one line that says what and what to do.
pub(crate) type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        #[cfg(feature = "gateway")]
        Command::Demo(options) => demo::run(&options),
        #[cfg(feature = "gateway")]
        Command::Gateway(options) => serve::gateway(options),
        Command::Daemon(options) => serve::daemon(options),
        Command::Status(at) => show::status(&at),
        Command::Watch(at) => show::watch(&at),
        Command::Notifications(at) => show::notifications(&at),
        Command::History(options) => show::history(&options),
        Command::Doctor(options) => match doctor::run(&options) {
            Ok(code) => return code,
            Err(failure) => Err(failure),
        },
        Command::Listen(at) => app::listen(&at),
        #[cfg(feature = "tools")]
        Command::Sim(options) => simulate::run(&options),
        Command::App(command) => app::command(command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output has gone: nobody is left to be told.
        Err(failure) if is_broken_pipe(&*failure) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("offpush: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(failure: &(dyn std::error::Error + 'static)) -> bool {
    failure.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
