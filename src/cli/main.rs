//! `offpush`: the gateway, the daemon, and the tools to look into a daemon.

mod adb;
mod app;
mod arguments;
mod choose;
mod colour;
#[cfg(feature = "gateway")]
mod demo;
mod doctor;
#[cfg(feature = "tools")]
mod export;
#[cfg(feature = "tools")]
mod help_files;
mod lists;
#[cfg(feature = "tools")]
mod manifest;
mod serve;
mod show;
#[cfg(feature = "tools")]
mod simulate;
mod source;
mod table;
#[cfg(feature = "tools")]
mod timeline;
#[cfg(feature = "tools")]
mod watch;
mod way;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};

/// Why a command did not work: one line that says what and what to do.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// The exit status of a command that did its work and whose answer is that something is wrong; 3 is what `systemctl status`
/// says of a service that does not run.
pub(crate) const BAD_NEWS: u8 = 3;

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        // The reader of our output has gone: nobody is left to be told.
        Err(failure) if is_broken_pipe(&*failure) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("offpush: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        #[cfg(feature = "gateway")]
        Command::Demo(options) => demo::run(&options)?,
        #[cfg(feature = "gateway")]
        Command::Gateway(options) => serve::gateway(options)?,
        Command::Daemon(options) => serve::daemon(options)?,
        Command::Status(at) => return show::status(&at),
        #[cfg(feature = "tools")]
        Command::Watch(options) => watch::run(&options)?,
        #[cfg(not(feature = "tools"))]
        Command::Watch(options) => show::watch(&options.at)?,
        Command::Notifications(options) => lists::notifications(&options)?,
        Command::History(options) => lists::history(&options)?,
        Command::Networks(at) => lists::networks(&at)?,
        Command::Doctor(options) => return doctor::run(&options),
        #[cfg(feature = "tools")]
        Command::Export(options) => export::run(&options)?,
        Command::Listen(at) => app::listen(&at)?,
        #[cfg(feature = "tools")]
        Command::Sim(options) => simulate::run(&options)?,
        #[cfg(feature = "tools")]
        Command::Manifest(command) => return manifest::run(&command),
        #[cfg(feature = "tools")]
        Command::Completions(options) => help_files::completions(&options)?,
        #[cfg(feature = "tools")]
        Command::Man(options) => help_files::man(&options)?,
        Command::App(command) => app::command(command)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(all(test, feature = "tools"))]
#[path = "tests/unit/pictures.rs"]
mod pictures;

fn is_broken_pipe(failure: &(dyn std::error::Error + 'static)) -> bool {
    failure.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
