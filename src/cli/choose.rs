//! Which daemon a command is for.

use std::path::PathBuf;

use offpush_inspect::{Client, ClientError};

use crate::Failure;
use crate::arguments::At;
use crate::source::Source;

/// The daemon's directory: `--data`, else `$OFFPUSH_DATA`, else that of the one daemon that runs.
pub(crate) fn directory(at: &At) -> Result<PathBuf, Failure> {
    if let Some(data) = &at.data {
        return Ok(data.clone());
    }
    if let Some(data) = std::env::var_os("OFFPUSH_DATA").filter(|data| !data.is_empty()) {
        return Ok(data.into());
    }
    let running = running();
    match &running[..] {
        [one] => Ok(one.clone()),
        [] => Err("no daemon runs on this machine: name its directory with --data DIR or $OFFPUSH_DATA".into()),
        several => {
            let list: Vec<String> = several.iter().map(|data| data.display().to_string()).collect();
            Err(format!("several daemons run: choose one with --data DIR, of {}", list.join(", ")).into())
        }
    }
}

/// Connects to the daemon.
pub(crate) fn connect(at: &At) -> Result<Client, Failure> {
    match Source::open(at)? {
        Source::Daemon(client) => Ok(client),
        Source::Files(data) => Err(ClientError::NotRunning { data }.into()),
        Source::Service(app) => Err(app.cannot_be_asked()),
    }
}

/// The directories of the daemons that run, found by their command lines, that can be spoken to.
fn running() -> Vec<PathBuf> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let mut found: Vec<PathBuf> = processes
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()))
        .filter_map(|entry| {
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            let data = data_argument(&line)?;
            // Relative to where that process was started.
            let data = std::fs::read_link(entry.path().join("cwd")).ok()?.join(data);
            Client::connect(&data).ok().map(|_| data)
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// `--data` of `offpush daemon …`, from a command line as the kernel gives it.
fn data_argument(line: &[u8]) -> Option<PathBuf> {
    let words: Vec<_> = line.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    let program = std::path::Path::new(&**words.first()?).file_name()?.to_owned();
    if program != "offpush" || words.get(1)? != "daemon" {
        return None;
    }
    words.iter().enumerate().find_map(|(index, word)| match word.strip_prefix("--data=") {
        Some(data) => Some(data.into()),
        None if word == "--data" => words.get(index + 1).map(|data| (&**data).into()),
        None => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_daemon_with_a_directory_is_found_by_its_command_line() {
        // The directory of a running daemon is read from its command line, in both ways of writing it.
        let found = |line: &str| data_argument(line.replace(' ', "\0").as_bytes());
        assert_eq!(found("/usr/bin/offpush daemon --data /d --app-id 1"), Some("/d".into()));
        assert_eq!(found("./offpush daemon --app-id 1 --data=d"), Some("d".into()));
        assert_eq!(found("offpush gateway --data /d"), None);
        assert_eq!(found("vim daemon --data /d"), None);
        assert_eq!(found("offpush daemon --data"), None);
        assert_eq!(found(""), None);
    }
}
