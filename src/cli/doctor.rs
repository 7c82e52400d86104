//! `offpush doctor`: everything that push needs, looked over.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use clap::Parser;
use offpush_daemon::doctor::{Here, Patient, diagnose};
use offpush_daemon::offline;
use offpush_inspect::{Answer, Client, ClientError, Diagnosis, Operation, Outcome, StatusPage};

use crate::Failure;
use crate::arguments::{Arguments, Command, Doctor};
use crate::choose::{self, Reached};

/// What takes longer is told.
const SLOW: Duration = Duration::from_secs(2);

pub(crate) fn run(options: &Doctor) -> Result<ExitCode, Failure> {
    let diagnosis = diagnosis(options)?;
    let mut out = io::stdout().lock();
    if options.at.json {
        serde_json::to_writer_pretty(&mut out, &diagnosis)?;
        writeln!(out)?;
    } else {
        write!(out, "{}", diagnosis.text(options.verbose))?;
    }
    Ok(match diagnosis.outcome {
        Outcome::Failure => ExitCode::from(2),
        Outcome::Warning => ExitCode::from(1),
        Outcome::NotHere | Outcome::Skipped | Outcome::Ok => ExitCode::SUCCESS,
    })
}

/// Looks everything over.
pub(crate) fn diagnosis(options: &Doctor) -> Result<Diagnosis, Failure> {
    let mut client = None;
    let (page, history) = match choose::reach(&options.at)? {
        Reached::Daemon(mut running, app) => {
            let (mut page, history) = (status(&mut running)?, history(&mut running)?);
            if let Some(said) = app.and_then(|app| app.page().ok()).filter(|_| page.platform.is_empty()) {
                // Only the service itself knows what the phone allows.
                page.platform = said.platform;
            }
            client = Some(running);
            (Some(page), history)
        }
        // A directory that cannot be read has neither.
        Reached::Files(data) => (offline::status(&data).ok(), offline::history(&data, usize::MAX).unwrap_or_default()),
        Reached::Page(page, _) => (Some(*page), Vec::new()),
    };
    let here = if options.at.adb.is_some() { None } else { Some(here(options, page.as_ref())?) };
    let progress = Progress::start();
    let patient = Patient { page, history, client: client.as_mut(), here };
    let diagnosis = diagnose(patient, &mut |step| progress.step(step));
    progress.end();
    Ok(diagnosis)
}

/// What can be tried from this machine, as the running daemon would.
fn here(options: &Doctor, page: Option<&StatusPage>) -> Result<Here, Failure> {
    let data = choose::directory(&options.at)?;
    let (mut servers, mut ca) = (options.server.clone(), options.ca.clone());
    if let Some(process) = page.and_then(|page| page.process.as_ref())
        && let Some(daemon) = daemon_arguments(process.pid)
    {
        if servers.is_empty() {
            servers = daemon.server;
        }
        ca = ca.or(daemon.ca);
    }
    Ok(Here { data, servers, ca })
}

fn status(client: &mut Client) -> Result<StatusPage, ClientError> {
    match client.ask(Operation::Status)? {
        Answer::Status(page) => Ok(*page),
        _ => Err(ClientError::NotUnderstood),
    }
}

fn history(client: &mut Client) -> Result<Vec<offpush_inspect::HistoryItem>, ClientError> {
    match client.ask(Operation::History { limit: None })? {
        Answer::History(items) => Ok(items),
        _ => Err(ClientError::NotUnderstood),
    }
}

/// What this daemon was started with, by its command line; its paths as seen from here.
fn daemon_arguments(pid: u32) -> Option<crate::arguments::Daemon> {
    let process = Path::new("/proc").join(pid.to_string());
    let line = std::fs::read(process.join("cmdline")).ok()?;
    let words = line.strip_suffix(&[0])?.split(|byte| *byte == 0).map(|word| OsString::from_vec(word.to_vec()));
    let Command::Daemon(mut daemon) = Arguments::try_parse_from(words).ok()?.command else { return None };
    let directory: PathBuf = std::fs::read_link(process.join("cwd")).ok()?;
    daemon.ca = daemon.ca.map(|ca| directory.join(ca));
    Some(daemon)
}

/// Tells on standard error what is being waited for, if that takes long.
struct Progress {
    steps: Sender<&'static str>,
    thread: JoinHandle<()>,
}

impl Progress {
    fn start() -> Self {
        let (steps, next) = channel::<&'static str>();
        let thread = thread::spawn(move || {
            let Ok(mut step) = next.recv() else { return };
            let mut told = "";
            loop {
                match next.recv_timeout(SLOW) {
                    Ok(another) => step = another,
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) if told == step => {}
                    Err(RecvTimeoutError::Timeout) => {
                        eprintln!("{step} …");
                        told = step;
                    }
                }
            }
        });
        Self { steps, thread }
    }

    fn step(&self, step: &'static str) {
        // The thread lives as long as this.
        let _ = self.steps.send(step);
    }

    fn end(self) {
        drop(self.steps);
        let _ = self.thread.join();
    }
}
