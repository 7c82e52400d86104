//! Processes that end with the test.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::wait;

/// How many lines of a log are printed when a test fails.
const LAST_LINES: usize = 60;

/// The program under test.
pub(crate) fn offpush() -> Command {
    let path =
        std::env::var_os("OFFPUSH_BIN").expect("OFFPUSH_BIN names the program under test; `tests/run e2e` sets it");
    Command::new(path)
}

/// A running process. Dropping it kills it; what it wrote goes to a log file.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: String,
    log: PathBuf,
}

impl Process {
    /// Starts `command` and appends what it writes to `log`. The process ends when the calling thread does.
    pub fn start(mut command: Command, name: &str, log: PathBuf) -> Self {
        let file = File::options().create(true).append(true).open(&log).expect("a log file");
        command.stdin(Stdio::null()).stdout(file.try_clone().expect("a second handle")).stderr(file);
        // SAFETY: between fork and exec only `prctl`, which is async-signal-safe and touches no memory, is called.
        unsafe {
            command.pre_exec(|| {
                nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
                Ok(())
            });
        }
        let child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start ({command:?}): {error}"));
        Self { child, name: name.to_owned(), log }
    }

    /// Its id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its name in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it wrote, together with what its predecessors with the same log did.
    pub fn log(&self) -> String {
        read_log(&self.log)
    }

    /// SIGKILL; returns when it is gone.
    pub fn kill(mut self) {
        self.child.kill().expect("the process is ours");
        self.child.wait().expect("the process is ours");
    }

    /// SIGTERM; returns when it is gone.
    pub fn terminate(mut self) -> ExitStatus {
        let pid = Pid::from_raw(i32::try_from(self.pid()).expect("a process id"));
        kill(pid, Signal::SIGTERM).expect("the process is ours");
        self.wait(wait::SOON)
    }

    /// Waits until it has ended by itself.
    pub fn wait(&mut self, within: Duration) -> ExitStatus {
        let what = format!("the end of {}", self.name);
        wait::until(&what, within, || self.ended())
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the process is ours")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = read_log(&self.log);
            let lines: Vec<_> = log.lines().collect();
            eprintln!("--- the last lines of {}", self.name);
            for line in &lines[lines.len().saturating_sub(LAST_LINES)..] {
                eprintln!("{line}");
            }
        }
    }
}

fn read_log(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}
