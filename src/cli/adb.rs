//! A phone at the other end of `adb`.
//!
//! An app that may be debugged listens on the abstract name `offpush.PACKAGE`. It is reached through `adb forward` from a
//! socket in a directory of our own, because a port could be used by everybody on this machine; the forward is taken back
//! as soon as the connection stands, so that none is left behind however the tool ends. An app of a release build listens
//! to nobody: there `dumpsys` has the service print what changes nothing.

use std::fs::{DirBuilder, remove_dir_all};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use offpush_inspect::{Answer, Client, ClientError, Line, Operation, StatusPage};
use serde::de::DeserializeOwned;

use crate::Failure;
use crate::arguments::At;

/// The service whose page is asked for (design §5).
const SERVICE: &str = "com.xiaomi.push.service.XMPushService";

/// What the daemon's lines in the phone's log are tagged with.
#[cfg(feature = "tools")]
const LOG_TAG: &str = "offpush";

/// How long the first answer through a forward may take: USB and the phone's main thread, both busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// An app on a phone.
pub(crate) struct App {
    package: String,
    serial: String,
}

impl App {
    /// The app that is asked for, if it is one on a phone.
    pub(crate) fn chosen(at: &At) -> Result<Option<Self>, Failure> {
        at.adb.as_ref().map(|package| Self::find(package, at.serial.as_deref())).transpose()
    }

    /// Finds the phone: the one with this serial number, else the only one there is.
    fn find(package: &str, serial: Option<&str>) -> Result<Self, Failure> {
        // It becomes part of a command line on the phone.
        let is_name = |part: &str| {
            part.starts_with(|first: char| first.is_ascii_alphabetic())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if !package.split('.').all(is_name) {
            return Err(format!("{package:?} is no package name").into());
        }
        let serial = serial.map(str::to_owned).or_else(|| std::env::var("ANDROID_SERIAL").ok());
        let listed = adb(&["devices", "-l"])?;
        let serial = choose(&devices(&listed), serial.as_deref().filter(|serial| !serial.is_empty()))?;
        Ok(Self { package: package.to_owned(), serial })
    }

    /// A connection to the daemon's control socket; `None` if nobody listens there.
    pub(crate) fn connect(&self) -> Result<Option<Client>, Failure> {
        let directory = Directory::make()?;
        let socket = directory.0.join("control");
        let near = format!("localfilesystem:{}", socket.display());
        let far = format!("localabstract:offpush.{}", self.package);
        self.adb(&["forward", &near, &far])?;
        let connected = Client::connect_to(&socket);
        // The connection goes on without it.
        let removed = self.adb(&["forward", "--remove", &near]);
        let mut client = connected?;
        removed?;
        client.set_timeout(Some(PATIENCE))?;
        match client.ask(Operation::Status) {
            Ok(Answer::Status(_)) => {
                client.set_timeout(None)?;
                Ok(Some(client))
            }
            // adb accepts at once, and ends the connection when the phone has nobody who does.
            Err(ClientError::Ended) => Ok(None),
            Err(ClientError::Io(error))
                if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) =>
            {
                Ok(None)
            }
            Ok(_) => Err(ClientError::NotUnderstood.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// What the service prints of itself.
    pub(crate) fn page(&self) -> Result<StatusPage, Failure> {
        self.dump(&[])
    }

    /// The answer to a question that changes nothing: `history`, `notifications` behind a number, `networks`.
    pub(crate) fn ask(&self, question: &[&str]) -> Result<Answer, Failure> {
        match self.dump(question)? {
            Line::Ok(answer) => Ok(answer),
            Line::Error(error) => Err(error.into()),
            Line::Event(_) | Line::Callback(_) => Err(ClientError::NotUnderstood.into()),
        }
    }

    fn dump<T: DeserializeOwned>(&self, question: &[&str]) -> Result<T, Failure> {
        let service = format!("{}/{SERVICE}", self.package);
        let command = ["shell", "dumpsys", "activity", "service", &service, "--json"];
        let printed = self.adb(&[&command, question].concat())?;
        // What dumpsys puts before it, and indents it by, is no part of the answer.
        if let Some(json) = printed.lines().map(str::trim).find(|line| line.starts_with('{')) {
            return serde_json::from_str(json)
                .map_err(|_| "what the app prints is not understood: use the same version of offpush for both".into());
        }
        Err(self.why_nothing().into())
    }

    /// What the daemon has logged, as far as the phone still has it.
    #[cfg(feature = "tools")]
    pub(crate) fn log(&self) -> Result<String, Failure> {
        self.adb(&["shell", "logcat", "-d", "-v", "threadtime", "-s", LOG_TAG])
    }

    fn why_nothing(&self) -> String {
        let package = &self.package;
        let installed = self.adb(&["shell", "pm", "path", package]);
        if installed.is_ok_and(|path| !path.contains("package:")) {
            return format!("{package} is not installed on {}", self.serial);
        }
        format!(
            "the push service of {package} does not run on {}: open the app once, or \
             `adb shell monkey -p {package} -c android.intent.category.LAUNCHER 1`",
            self.serial
        )
    }

    /// Why a command cannot be given, nor events be had.
    pub(crate) fn cannot_be_asked(&self) -> Failure {
        format!(
            "{} is a release build, or its daemon does not run: it shows its state and takes no commands; for this, install \
             a build that may be debugged (android:debuggable)",
            self.package
        )
        .into()
    }

    fn adb(&self, arguments: &[&str]) -> Result<String, Failure> {
        adb(&[&["-s", self.serial.as_str()], arguments].concat())
    }
}

/// Runs adb; what it printed.
fn adb(arguments: &[&str]) -> Result<String, Failure> {
    let output = match Command::new("adb").args(arguments).stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err("adb is not installed: install Android's platform-tools (Debian: apt-get install adb)".into());
        }
        Err(error) => return Err(format!("adb cannot be started: {error}").into()),
    };
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last = words.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it gives no reason");
    Err(format!(
        "`adb {}` failed: {}",
        arguments.join(" "),
        last.trim_start_matches("adb: ").trim_start_matches("error: ")
    )
    .into())
}

/// A line of `adb devices -l`.
#[derive(Debug, PartialEq, Eq)]
struct Device {
    serial: String,
    state: String,
    model: Option<String>,
}

fn devices(listed: &str) -> Vec<Device> {
    let lines = listed.lines().skip_while(|line| !line.starts_with("List of devices")).skip(1);
    lines
        .filter_map(|line| {
            let (serial, rest) = line.split_once(char::is_whitespace)?;
            let rest = rest.trim_start();
            // The one state of several words: "no permissions (…); see [http://…]".
            let state = if rest.starts_with("no permissions") { "no permissions" } else { rest.split(' ').next()? };
            let model = rest.split(' ').find_map(|word| word.strip_prefix("model:")).map(str::to_owned);
            Some(Device { serial: serial.to_owned(), state: state.to_owned(), model })
        })
        .collect()
}

/// The serial number of the phone to use, or what to switch on.
fn choose(devices: &[Device], serial: Option<&str>) -> Result<String, String> {
    let device = match (serial, devices) {
        (_, []) => {
            return Err("no phone is connected: connect one by USB and switch on Settings → System → Developer \
                        options → USB debugging, or `adb connect ADDRESS:PORT`"
                .to_owned());
        }
        (Some(serial), _) => devices.iter().find(|device| device.serial == serial).ok_or_else(|| {
            format!("no phone has the serial number {serial}: choose one with --serial S, of {}", list(devices))
        })?,
        (None, [only]) => only,
        (None, _) => match &devices.iter().filter(|device| device.state == "device").collect::<Vec<_>>()[..] {
            [only] => only,
            _ => return Err(format!("several phones are connected: choose one with --serial S, of {}", list(devices))),
        },
    };
    let name = &device.serial;
    Err(match device.state.as_str() {
        "device" => return Ok(device.serial.clone()),
        "unauthorized" | "authorizing" => {
            format!("{name} is not authorised: unlock the phone and allow USB debugging for this computer")
        }
        "offline" => format!("{name} is offline: connect it again, or `adb reconnect offline`"),
        "no permissions" => {
            format!(
                "this user may not use {name}: install Debian's android-sdk-platform-tools-common (udev rules), and connect it again"
            )
        }
        state => format!("{name} is in the state {state}: start Android on it"),
    })
}

fn list(devices: &[Device]) -> String {
    let names = devices.iter().map(|device| {
        let model = device.model.as_ref().map(|model| format!("{model}, ")).unwrap_or_default();
        format!("{} ({model}{})", device.serial, device.state)
    });
    names.collect::<Vec<_>>().join(", ")
}

/// A directory that only its owner may enter, removed when dropped.
struct Directory(PathBuf);

impl Directory {
    fn make() -> io::Result<Self> {
        let place = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        // Another process of the same id may have left one behind.
        for attempt in 0..100_u32 {
            let path = place.join(format!("offpush-adb-{}-{attempt}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Self(path)),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = remove_dir_all(AsRef::<Path>::as_ref(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `adb devices -l` of Android's platform-tools 29 prints.
    const LISTED: &str = "* daemon not running; starting now at tcp:5037\n* daemon started successfully\n\
        List of devices attached\n\
        0a388e93               device usb:1-1 product:razor model:Nexus_7 device:flo transport_id:1\n\
        emulator-5554          offline transport_id:2\n\
        ZY22                   unauthorized usb:1-2 transport_id:3\n\
        ????????????           no permissions (user in plugdev group; are your udev rules wrong?); see [http://developer.android.com/tools/device.html] usb:1-3\n\n";

    #[test]
    fn devices_are_read_with_their_states() {
        // Serial number, state and model; what adb says before and after is no device.
        let found = devices(LISTED);
        let states: Vec<_> = found.iter().map(|device| (&*device.serial, &*device.state)).collect();
        assert_eq!(
            states,
            [
                ("0a388e93", "device"),
                ("emulator-5554", "offline"),
                ("ZY22", "unauthorized"),
                ("????????????", "no permissions")
            ]
        );
        assert_eq!(found[0].model.as_deref(), Some("Nexus_7"));
        assert_eq!(devices("garbage"), []);
        assert_eq!(devices("List of devices attached\n\n"), []);
    }

    #[test]
    fn the_one_usable_phone_is_taken_and_every_other_case_says_what_to_switch_on() {
        // One that may be used among others that may not is no ambiguity.
        let found = devices(LISTED);
        assert_eq!(choose(&found, None).as_deref(), Ok("0a388e93"));
        let refused = |serial| choose(&found, Some(serial)).unwrap_err();
        assert!(refused("emulator-5554").contains("offline"));
        assert!(refused("ZY22").contains("allow USB debugging"));
        assert!(refused("????????????").contains("udev rules"));
        let unknown = refused("nobody");
        assert!(unknown.contains("0a388e93 (Nexus_7, device)") && unknown.contains("--serial"), "{unknown}");
        assert!(choose(&[], None).unwrap_err().contains("USB debugging"));
        let two = devices("List of devices attached\na device model:One\nb device model:Two\n");
        let several = choose(&two, None).unwrap_err();
        assert!(several.contains("a (One, device), b (Two, device)"), "{several}");
    }

    #[test]
    fn what_is_no_package_never_reaches_the_phones_shell() {
        // A package's name is part of a command line there.
        for name in ["", ".", "a..b", "a b", "a;reboot", "a.$(reboot)", "1a", "-h", "a/b"] {
            assert!(
                App::find(name, None).is_err_and(|error| error.to_string().contains("no package name")),
                "{name:?}"
            );
        }
    }
}
