//! Daemons in threads, for tests.
#![allow(unreachable_pub, dead_code, reason = "each test takes what it needs")]

pub mod broker;
pub mod tls;

use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use offpush_daemon::{Daemon, DaemonError, Options, Stopper};
use offpush_inspect::{Answer, Client, Notification, Operation, StatusPage};

/// How long something on one machine may take before a test has failed.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A directory that goes with the test.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        let directory = std::env::temp_dir().join(format!("offpush-daemon-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A daemon's options with a data directory in here, and a gateway that does not exist.
    pub fn options(&self) -> Options {
        let mut options = Options::new(self.0.join("data"), "https://127.0.0.1:1", "1", "key", "com.example.app");
        options.ca = Some(self.0.join("ca.pem"));
        std::fs::write(self.0.join("ca.pem"), tls::Authority::new().pem).unwrap();
        options
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A daemon that runs.
pub struct Running {
    pub data: PathBuf,
    stopper: Stopper,
    thread: Option<JoinHandle<Result<(), DaemonError>>>,
}

impl Running {
    pub fn start(options: Options) -> Self {
        let data = options.data.clone();
        let (tell, told) = channel();
        let thread = thread::spawn(move || {
            let daemon = Daemon::open(options)?;
            tell.send(daemon.stopper()).unwrap();
            daemon.run()
        });
        let stopper = told.recv().expect("the daemon did not start");
        Self { data, stopper, thread: Some(thread) }
    }

    pub fn client(&self) -> Client {
        let client = Client::connect(&self.data).unwrap();
        client.set_timeout(Some(PATIENCE)).unwrap();
        client
    }

    pub fn status(&self) -> StatusPage {
        match self.client().ask(Operation::Status).unwrap() {
            Answer::Status(page) => *page,
            other => panic!("{other:?}"),
        }
    }

    pub fn notifications(&self) -> Vec<Notification> {
        match self.client().ask(Operation::Notifications { after: None, limit: None }).unwrap() {
            Answer::Notifications { items, next: None } => items,
            other => panic!("{other:?}"),
        }
    }

    pub fn stop(mut self) {
        self.end().unwrap();
    }

    fn end(&mut self) -> Result<(), DaemonError> {
        self.stopper.stop();
        self.thread.take().map_or(Ok(()), |thread| thread.join().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.end();
    }
}
