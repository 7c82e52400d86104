//! `offpush doctor`: everything that push needs, looked over.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use clap::Parser;
use offpush_daemon::doctor::{Here, Patient, diagnose};
use offpush_inspect::{Diagnosis, Outcome, StatusPage};

use crate::adb::App;
use crate::arguments::{Arguments, Command, Doctor};
use crate::choose;
use crate::show;
use crate::source::Source;
use crate::{BAD_NEWS, Failure};

/// What takes longer is told.
const SLOW: Duration = Duration::from_secs(2);

pub(crate) fn run(options: &Doctor) -> Result<ExitCode, Failure> {
    let diagnosis = diagnosis(options)?;
    if options.at.json {
        show::print_json(&diagnosis)?;
    } else {
        show::print_text(&diagnosis.text(options.verbose))?;
    }
    Ok(match diagnosis.outcome {
        Outcome::Failure => ExitCode::from(BAD_NEWS),
        _ => ExitCode::SUCCESS,
    })
}

/// Looks everything over.
pub(crate) fn diagnosis(options: &Doctor) -> Result<Diagnosis, Failure> {
    let app = App::chosen(&options.at)?;
    let is_elsewhere = app.is_some();
    // Only the service itself knows all that the phone allows.
    let said = app.as_ref().and_then(|app| app.page().ok()).map(|page| page.platform).unwrap_or_default();
    let mut source = match app {
        Some(app) => Source::of(app)?,
        None => Source::open(&options.at)?,
    };
    let (mut page, history) = match &mut source {
        // A directory that cannot be read has neither.
        Source::Files(_) => (source.status().ok(), source.history().unwrap_or_default()),
        Source::Daemon(_) | Source::Service(_) => (Some(source.status()?), source.history().unwrap_or_default()),
    };
    if let Some(page) = &mut page {
        for (topic, told) in said {
            page.platform.entry(topic).or_insert(told);
        }
    }
    let here = if is_elsewhere { None } else { Some(here(options, page.as_ref())?) };
    let mut client = if let Source::Daemon(client) = source { Some(client) } else { None };
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
