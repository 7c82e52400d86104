//! Which daemon a command is for.

use std::path::PathBuf;

use offpush_inspect::{Client, ClientError, StatusPage};

use crate::Failure;
use crate::adb;
use crate::arguments::At;

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

/// What there is of a daemon.
pub(crate) enum Reached {
    /// One that runs, and can be asked; the app, if it is on a phone.
    Daemon(Client, Option<adb::App>),
    /// The directory of one that does not run.
    Files(PathBuf),
    /// The page of one that runs on a phone and cannot be asked for more.
    Page(Box<StatusPage>, adb::App),
}

/// Reaches the daemon, or what there is of it.
pub(crate) fn reach(at: &At) -> Result<Reached, Failure> {
    if let Some(package) = &at.adb {
        let app = adb::App::find(package, at.serial.as_deref())?;
        return Ok(match app.reach()? {
            adb::Reached::Daemon(client) => Reached::Daemon(client, Some(app)),
            adb::Reached::Page(page) => Reached::Page(page, app),
        });
    }
    let data = directory(at)?;
    match Client::connect(&data) {
        Ok(client) => Ok(Reached::Daemon(client, None)),
        Err(ClientError::NotRunning { .. }) => Ok(Reached::Files(data)),
        Err(error) => Err(error.into()),
    }
}

/// Connects to the daemon.
pub(crate) fn connect(at: &At) -> Result<Client, Failure> {
    match reach(at)? {
        Reached::Daemon(client, _) => Ok(client),
        Reached::Files(data) => Err(ClientError::NotRunning { data }.into()),
        Reached::Page(_, app) => Err(app.only_a_page()),
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
