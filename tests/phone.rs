//! A phone: a daemon with its data directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

use crate::process::offpush;
use crate::{Account, App, Doctor, Process, wait};

/// The notifications file in a daemon's data directory. (It is renamed at 64 MiB, far beyond any test.)
const NOTIFICATIONS_FILE: &str = "notifications.jsonl";

/// How a daemon is started.
#[derive(Debug, Clone)]
pub struct PhoneOptions {
    /// The gateway.
    pub server: String,
    /// The certificates to trust.
    pub ca: PathBuf,
    /// The AppID.
    pub app_id: String,
    /// The AppKey.
    pub app_key: String,
    /// The package.
    pub package: String,
    /// How long a presentation is held back, in milliseconds.
    pub present_delay: Option<u64>,
    /// The clock as `faketime` takes it, such as `-2d`.
    pub clock: Option<String>,
    /// The network namespace it runs in, where that is another one.
    pub namespace: Option<String>,
    /// More arguments.
    pub more: Vec<String>,
}

impl PhoneOptions {
    /// The right ones for this app.
    pub fn new(server: &str, ca: &Path, app: &Account) -> Self {
        Self {
            server: server.to_owned(),
            ca: ca.to_owned(),
            app_id: app.app_id.clone(),
            app_key: app.app_key.clone(),
            package: app.package.clone(),
            present_delay: None,
            clock: None,
            namespace: None,
            more: Vec::new(),
        }
    }
}

/// A daemon that can be killed and started again on the same data.
#[derive(Debug)]
pub struct Phone {
    process: Option<Process>,
    data: PathBuf,
    log: PathBuf,
    /// How it is started the next time.
    pub options: PhoneOptions,
}

/// Debian's libfaketime, wherever this architecture has it.
fn fake_clock() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("/usr/lib").filter_map(Result::ok);
    let library = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1")).find(|path| path.is_file());
    library.expect("libfaketime: install Debian's package faketime")
}

impl Phone {
    /// Starts one; nothing is waited for.
    pub fn start(data: PathBuf, options: PhoneOptions) -> Self {
        let log = data.with_extension("log");
        let mut phone = Self { process: None, data, log, options };
        phone.start_again();
        phone
    }

    /// The command that starts it.
    pub fn command(&self) -> Command {
        let options = &self.options;
        let mut command = self.program();
        if let Some(clock) = &options.clock {
            // In the daemon itself: the `faketime` program stays between it and our signals. Only the wall clock moves,
            // for the daemon's deadlines count on the boot clock.
            command.env("LD_PRELOAD", fake_clock()).env("FAKETIME", clock).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        }
        command.arg("daemon").arg("--data").arg(&self.data).args(["--server", &options.server]);
        command.arg("--ca").arg(&options.ca);
        command.args(["--app-id", &options.app_id, "--app-key", &options.app_key, "--package", &options.package]);
        if let Some(delay) = options.present_delay {
            command.args(["--present-delay", &delay.to_string()]);
        }
        command.args(&options.more);
        command
    }

    /// The program, where the phone is.
    fn program(&self) -> Command {
        match &self.options.namespace {
            Some(namespace) => {
                // It becomes the program, with the same process id.
                let mut command = Command::new("ip");
                command.args(["netns", "exec", namespace]).arg(offpush().get_program());
                command
            }
            None => offpush(),
        }
    }

    /// Runs `offpush doctor ARGUMENTS` where the phone is.
    pub fn doctor(&self, arguments: &[&str]) -> Doctor {
        let run = |more: &[&str]| {
            let mut command = self.program();
            command.arg("doctor").arg("--data").arg(&self.data).args(arguments).args(more);
            command.output().expect("the tool runs")
        };
        Doctor::new(&run(&[]), &run(&["--json"]))
    }

    /// Starts it again with the same data.
    pub fn start_again(&mut self) {
        assert!(self.process.is_none(), "the daemon runs already");
        self.process = Some(Process::start(self.command(), "the daemon", self.log.clone()));
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.take().expect("a running daemon").kill();
    }

    /// SIGTERM.
    pub fn stop(&mut self) {
        let status = self.process.take().expect("a running daemon").terminate();
        assert!(status.success(), "the daemon ended with {status}");
    }

    /// The running process.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("a running daemon")
    }

    /// Its data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Runs a tool on it: `offpush ARGUMENTS --data DIR`.
    pub fn tool(&self, arguments: &[&str]) -> Output {
        offpush().args(arguments).arg("--data").arg(&self.data).output().expect("the tool runs")
    }

    /// Runs a tool with `--json` that works; returns what it printed.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let output = self.tool(&arguments);
        // `status` has done its work too if what it says is bad.
        assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {output:?}"))
    }

    /// What `offpush status` prints for people, and its exit status.
    pub fn told(&self) -> (String, Option<i32>) {
        let output = self.tool(&["status"]);
        (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
    }

    /// Waits until the first line of `offpush status` contains these words; returns all of it.
    pub fn tells(&self, words: &str) -> String {
        wait::until(&format!("the first line says {words:?}"), wait::LATER, || {
            let (text, code) = self.told();
            text.lines().next()?.contains(words).then(|| {
                assert_eq!(code, Some(3), "{text}");
                text
            })
        })
    }

    /// What a person who looks at this broken phone is told, by `status` and by `doctor`; printed under a heading that gives
    /// nothing away, so that somebody can be asked to find the fault from it (`-- --nocapture`). The first line of
    /// the one and the first finding of the other have to name the fault with these words, and both what to do.
    pub fn names_its_fault(&self, heading: char, [line, finding]: [&str; 2], action: &str) {
        let (status, code) = self.told();
        let doctor = self.doctor(&[]);
        println!("=== {heading}\n\n$ offpush status\n{status}\n$ offpush doctor\n{}", doctor.text);
        assert_eq!((code, doctor.exit), (Some(3), Some(3)), "{status}{}", doctor.text);
        let first = status.lines().next().unwrap_or_default();
        assert!(first.contains(line), "{line:?} in {first}");
        let to_do = status.lines().find_map(|line| line.trim_start().strip_prefix("→ ")).unwrap_or_default();
        assert!(to_do.contains(action), "{action:?} in {to_do}");
        let findings = doctor.findings();
        let (found, to_do) = findings.first().unwrap_or_else(|| panic!("a finding: {}", doctor.text));
        assert!(found.starts_with("[✗]") && found.contains(finding), "{finding:?} in {found}");
        assert!(to_do.contains(action), "{action:?} in {to_do}");
    }

    /// Its status page, if it answers.
    pub fn status(&self) -> Option<Value> {
        let mut app = App::connect(&self.data).ok()?;
        Some(app.ask(&serde_json::json!({ "op": "status" }))?["ok"]["status"].take())
    }

    /// Waits until its status fits.
    pub fn wait_for(&self, what: &str, within: Duration, fits: impl Fn(&Value) -> bool) -> Value {
        let mut last = None;
        let guard = LastWords(&mut last);
        wait::until(what, within, || {
            let status = self.status()?;
            let found = fits(&status);
            *guard.0 = Some(status.clone());
            found.then_some(status)
        })
    }

    /// Waits until it is connected and the gateway answers.
    pub fn connected(&self) -> Value {
        self.wait_for("the phone is connected", wait::LATER, is_connected)
    }

    /// Waits until `status` names this problem.
    pub fn problem(&self, code: &str) -> Value {
        let page = self.wait_for(&format!("the problem {code}"), wait::LATER, |page| problem(page, code).is_some());
        problem(&page, code).expect("just found").clone()
    }

    /// Every line of the notifications file, oldest first.
    pub fn lines(&self) -> Vec<Value> {
        let text = fs::read(self.data.join(NOTIFICATIONS_FILE)).unwrap_or_default();
        // A line that is being written may be seen in part.
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let text = std::str::from_utf8(&text[..whole]).expect("UTF-8");
        let lines =
            text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
        lines.collect()
    }

    /// The lines that present this message.
    pub fn presentations(&self, id: &str) -> usize {
        self.lines().iter().filter(|line| is_presentation(line) && line["id"] == id).count()
    }

    /// The ids of the messages presented, in order.
    pub fn presented(&self) -> Vec<String> {
        let lines = self.lines();
        let ids = lines.iter().filter(|line| is_presentation(line)).filter_map(|line| line["id"].as_str());
        ids.map(str::to_owned).collect()
    }

    /// Whether this message's notification was cancelled after it was presented.
    pub fn is_cancelled(&self, id: &str) -> bool {
        let lines = self.lines();
        let sequence = lines.iter().find(|line| is_presentation(line) && line["id"] == id).map(|line| &line["seq"]);
        sequence.is_some_and(|sequence| lines.iter().any(|line| line.get("cancel") == Some(sequence)))
    }

    /// Waits until this message is presented.
    pub fn shows(&self, id: &str) {
        wait::until_true(&format!("{id} is shown"), wait::LATER, || self.presentations(id) > 0);
    }

    /// The message in `offpush notifications`.
    pub fn notification(&self, id: &str) -> Option<Value> {
        self.json(&["notifications"]).as_array()?.iter().find(|item| item["id"] == id).cloned()
    }

    /// The events of the history with this name.
    pub fn events(&self, name: &str) -> Vec<Value> {
        let history = self.json(&["history", "--limit", "1000"]);
        history.as_array().into_iter().flatten().filter(|item| item["event"] == name).cloned().collect()
    }

    /// An app that listens.
    pub fn app(&self) -> App {
        let mut app = wait::until("the control socket", wait::SOON, || App::connect(&self.data).ok());
        app.listen();
        app
    }
}

/// Whether a status page says that everything works.
pub(crate) fn is_connected(page: &Value) -> bool {
    page["state"] == "connected" && page["gatewayPresent"] == true
}

fn problem<'a>(page: &'a Value, code: &str) -> Option<&'a Value> {
    page["problems"].as_array()?.iter().find(|problem| problem["code"] == code)
}

/// A line either presents a message or cancels one.
fn is_presentation(line: &Value) -> bool {
    line.get("cancel").is_none()
}

/// Prints the last status page when the wait for a better one fails.
struct LastWords<'a>(&'a mut Option<Value>);

impl Drop for LastWords<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the last status: {}", self.0.as_ref().map_or("none".to_owned(), Value::to_string));
        }
    }
}
