//! The demo's child processes. Each is ended by its id when its owner is dropped.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use offpush_inspect::{Answer, AppCallback, CallbackLine, Client, Notification, Operation};
use serde_json::Value;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::gateway::Gateway;
use crate::Failure;
use crate::source::all_notifications;

/// How long the demo waits for anything. Far longer than it should take; a shared machine may be slow.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// How often something is looked at that cannot tell by itself.
const LOOK: Duration = Duration::from_millis(5);

/// Whether the demo was asked to end, by Ctrl-C or SIGTERM.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Ctrl-C and SIGTERM end the demo in an orderly way: the children are ended by their ids.
pub(super) fn heed_interrupts() -> Result<(), Failure> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let main = std::thread::current();
    std::thread::spawn(move || {
        for _ in signals.forever() {
            INTERRUPTED.store(true, Ordering::Relaxed);
            main.unpark();
        }
    });
    Ok(())
}

/// Waits for Ctrl-C.
pub(super) fn wait_for_interrupt() {
    while !INTERRUPTED.load(Ordering::Relaxed) {
        std::thread::park();
    }
}

/// Waits until `look` finds something.
pub(super) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Result<Option<T>, Failure>) -> Result<T, Failure> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if INTERRUPTED.load(Ordering::Relaxed) {
            return Err("interrupted".into());
        }
        if Instant::now() >= deadline {
            return Err(format!("{what}: not within {} s", PATIENCE.as_secs()).into());
        }
        std::thread::park_timeout(LOOK);
    }
}

/// A child of the demo.
struct Process(Child);

impl Process {
    /// Starts `offpush` again with these words; what it writes goes to the log.
    fn start(log: &Path, words: &[&str], stdout: Option<Stdio>) -> Result<Self, Failure> {
        let log = File::options().create(true).append(true).open(log)?;
        let child = Command::new(std::env::current_exe()?)
            .args(words)
            .stdin(Stdio::null())
            .stdout(stdout.map_or_else(|| log.try_clone().map(Stdio::from), Ok)?)
            .stderr(log)
            .spawn()?;
        Ok(Self(child))
    }

    fn id(&self) -> u32 {
        self.0.id()
    }

    /// SIGKILL: no time for anything.
    fn kill(&mut self) {
        // An error means that it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Why it ended, if it did.
    fn ended(&mut self) -> Result<Option<std::process::ExitStatus>, Failure> {
        Ok(self.0.try_wait()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The gateway with its embedded broker.
pub(super) struct GatewayProcess {
    process: Process,
    pub(super) http: Gateway,
}

impl GatewayProcess {
    /// Starts it on free ports, or on those it had before.
    pub(super) fn start(data: &Path, before: Option<&Gateway>) -> Result<Self, Failure> {
        let _ = std::fs::remove_file(data.join("gateway.json"));
        let addresses = before.map_or_else(|| [(); 3].map(|()| "127.0.0.1:0".to_owned()), Gateway::addresses);
        let words = [
            "gateway",
            "--data",
            path_text(data)?,
            "--http",
            &addresses[0],
            "--https",
            &addresses[1],
            "--mqtt",
            &addresses[2],
        ];
        let log = data.with_extension("log");
        let mut process = Process::start(&log, &words, None)?;
        let description = wait_for("the gateway serves", || match std::fs::read(data.join("gateway.json")) {
            Ok(text) => Ok(Some(serde_json::from_slice::<Value>(&text)?)),
            Err(_) => match process.ended()? {
                Some(status) => Err(format!("the gateway ended ({status}); see {}", log.display()).into()),
                None => Ok(None),
            },
        })?;
        let http = Gateway::new(data, &description)?;
        Ok(Self { process, http })
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// SIGKILL, and it starts again on the same ports with the same data.
    pub(super) fn kill(mut self) -> Gateway {
        self.process.kill();
        self.http.clone()
    }
}

/// The AppID, AppKey and package that a daemon is given.
#[derive(Clone)]
pub(super) struct AppKeys {
    pub(super) app_id: String,
    pub(super) app_key: String,
    pub(super) package: String,
}

/// A daemon, and its data directory that outlives it.
pub(super) struct DaemonProcess {
    process: Process,
    pub(super) data: PathBuf,
}

impl DaemonProcess {
    pub(super) fn start(data: &Path, gateway: &Gateway, keys: &AppKeys, delay: Duration) -> Result<Self, Failure> {
        let delay = delay.as_millis().to_string();
        let words = [
            "daemon",
            "--data",
            path_text(data)?,
            "--server",
            &gateway.https,
            "--ca",
            &gateway.ca,
            "--app-id",
            &keys.app_id,
            "--app-key",
            &keys.app_key,
            "--package",
            &keys.package,
            "--present-delay",
            &delay,
        ];
        let log = data.with_extension("log");
        let mut process = Process::start(&log, &words, None)?;
        wait_for("the daemon answers", || match Client::connect(data) {
            Ok(_) => Ok(Some(())),
            Err(_) => match process.ended()? {
                Some(status) => Err(format!("the daemon ended ({status}); see {}", log.display()).into()),
                None => Ok(None),
            },
        })?;
        Ok(Self { process, data: data.to_owned() })
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn kill(mut self) {
        self.process.kill();
    }

    /// Asks the daemon for one thing.
    pub(super) fn ask(&self, operation: Operation) -> Result<(), Failure> {
        Client::connect(&self.data)?.ask(operation)?;
        Ok(())
    }

    /// Bytes received from the broker and sent to it, before TLS.
    pub(super) fn bytes(&self) -> Result<(u64, u64), Failure> {
        match Client::connect(&self.data)?.ask(Operation::Status)? {
            Answer::Status(page) => Ok(page.process.map_or((0, 0), |process| (process.bytes_in, process.bytes_out))),
            _ => Err("the daemon does not tell its status".into()),
        }
    }

    pub(super) fn notifications(&self) -> Result<Vec<Notification>, Failure> {
        Ok(all_notifications(&mut Client::connect(&self.data)?)?)
    }

    /// Waits until the message is in one of these states.
    pub(super) fn wait_state(&self, id: &str, states: &[&str]) -> Result<Notification, Failure> {
        wait_for(&format!("message {id} is {}", states.join(" or ")), || {
            let all = self.notifications()?;
            Ok(all.into_iter().find(|item| item.id == id && states.contains(&item.state.as_str())))
        })
    }

    /// How often the notification bar (a file on a host) was given this message.
    pub(super) fn times_shown(&self, id: &str) -> Result<usize, Failure> {
        let file = match std::fs::read_to_string(self.data.join(offpush_daemon::NOTIFICATIONS_FILE)) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(error.into()),
        };
        let shows = |line: &&str| {
            serde_json::from_str::<Value>(line).is_ok_and(|line| line.get("id").and_then(Value::as_str) == Some(id))
        };
        Ok(file.lines().filter(shows).count())
    }
}

/// The app: a process that listens for callbacks.
pub(super) struct AppProcess {
    process: Process,
    callbacks: Receiver<CallbackLine>,
}

impl AppProcess {
    pub(super) fn start(data: &Path) -> Result<Self, Failure> {
        let log = data.with_extension("app.log");
        let mut process =
            Process::start(&log, &["listen", "--data", path_text(data)?, "--json"], Some(Stdio::piped()))?;
        let stdout = process.0.stdout.take().ok_or("the app has no output")?;
        let (sender, callbacks) = mpsc::channel();
        // Ends with the app's output.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let Ok(callback) = serde_json::from_str(&line) else { return };
                if sender.send(callback).is_err() {
                    return;
                }
            }
        });
        Ok(Self { process, callbacks })
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn kill(mut self) {
        self.process.kill();
    }

    /// Waits for the next callback that `wanted` picks.
    pub(super) fn wait<T>(&self, what: &str, wanted: impl Fn(AppCallback) -> Option<T>) -> Result<T, Failure> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.callbacks.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(found) = wanted(line.callback) {
                        return Ok(found);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    return Err(format!("{what}: no callback within {} s", PATIENCE.as_secs()).into());
                }
                Err(RecvTimeoutError::Disconnected) => return Err(format!("{what}: the app has ended").into()),
            }
        }
    }

    /// Waits for the result of the registration: code and regId.
    pub(super) fn wait_registered(&self) -> Result<(i64, String), Failure> {
        self.wait("the register result", |callback| match callback {
            AppCallback::Registered { code, reg_id, .. } => Some((code, reg_id.unwrap_or_default())),
            _ => None,
        })
    }
}

fn path_text(path: &Path) -> Result<&str, Failure> {
    Ok(path.to_str().ok_or("the temporary folder's name is not UTF-8")?)
}
