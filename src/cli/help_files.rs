//! Shell completions and man pages, from the same source as the help.

use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;

use crate::Failure;
use crate::arguments::Arguments;

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// The directory for the pages, one for each command; made if it does not exist
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

pub(crate) fn completions(options: &Completions) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), "offpush", &mut script);
    std::io::Write::write_all(&mut std::io::stdout().lock(), &script)?;
    Ok(())
}

pub(crate) fn man(options: &Man) -> Result<(), Failure> {
    std::fs::create_dir_all(&options.directory).map_err(|error| format!("{}: {error}", options.directory.display()))?;
    let mut command = Arguments::command();
    command.build();
    pages(&options.directory, &command, "offpush")
}

/// The page of a command and those of its own commands.
fn pages(directory: &Path, command: &Command, name: &str) -> Result<(), Failure> {
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help" && !inner.is_hide_set()) {
        pages(directory, inner, &format!("{name}-{}", inner.get_name()))?;
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).title(name).render(&mut page)?;
    let path = directory.join(format!("{name}.1"));
    std::fs::write(&path, page).map_err(|error| format!("{}: {error}", path.display()).into())
}
