//! The command line. Stable: scripts depend on it.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Offline push that an app's owner owns.
///
/// `offpush demo` shows the whole of it on this machine. `offpush gateway` is the server, `offpush daemon` the part
/// on the phone; the other commands look into a daemon or act as its app.
#[derive(Debug, Parser)]
#[command(name = "offpush", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the reference document's whole flow on this machine; nothing to configure
    #[cfg(feature = "gateway")]
    Demo(Demo),
    /// Run the push server, with a broker and a database of its own
    #[cfg(feature = "gateway")]
    Gateway(Gateway),
    /// Run the part on the phone
    Daemon(Daemon),
    /// Say whether the daemon is connected, and why not [exit status 3: it is not, or messages do not get through]
    Status(At),
    /// Show what the daemon does, as it happens
    Watch(Watch),
    /// List the messages on this phone, or the way of one
    Notifications(Notifications),
    /// Show what happened
    History(History),
    /// Show what was learned of each network
    Networks(At),
    /// Check everything that push needs, and say what to do about what is wrong
    Doctor(Doctor),
    /// Write one file for a developer: a report, JSON, the history; without secrets and without what messages say
    #[cfg(feature = "tools")]
    Export(Export),
    /// Act as the app: register and print each callback
    Listen(At),
    /// Live through simulated days, beside other push clients
    #[cfg(feature = "tools")]
    Sim(crate::simulate::Simulate),
    /// Make an app's manifest, or check one: text, APK, AAB or AAR
    #[cfg(feature = "tools")]
    #[command(subcommand)]
    Manifest(crate::manifest::Manifest),
    /// Print a shell's completions
    #[cfg(feature = "tools")]
    Completions(crate::help_files::Completions),
    /// Write the man pages
    #[cfg(feature = "tools")]
    Man(crate::help_files::Man),
    #[command(flatten)]
    App(AppCommand),
}

#[cfg(feature = "gateway")]
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Go on until Ctrl-C, with a command to push to the running daemon
    #[arg(long)]
    pub(crate) keep: bool,
}

#[cfg(feature = "gateway")]
#[derive(Debug, Args)]
pub(crate) struct Gateway {
    /// The directory for everything the gateway keeps; made if it does not exist
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Where to serve HTTP; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) http: std::net::SocketAddr,
    /// Where to serve HTTPS; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    pub(crate) https: std::net::SocketAddr,
    /// Where the embedded broker listens; port 0 picks a free one. Given several times, phones try all
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8883")]
    pub(crate) mqtt: Vec<std::net::SocketAddr>,
    /// A name or address of this gateway for its certificates; phones are told the first
    #[arg(long, value_name = "NAME")]
    pub(crate) public_host: Vec<String>,
    /// The database [default: a SQLite file in DIR]
    #[arg(long, value_name = "sqlite:FILE")]
    pub(crate) database: Option<String>,
    /// An external mosquitto instead of the embedded broker (docs/mosquitto.md)
    #[arg(long, value_name = "mqtts://HOST:PORT", requires = "broker_credentials")]
    pub(crate) broker: Option<String>,
    /// A file with the gateway's user name at the broker on the first line and its password on the second
    #[arg(long, value_name = "FILE", requires = "broker")]
    pub(crate) broker_credentials: Option<PathBuf>,
    /// Where phones reach the broker, if that is another address
    #[arg(long, value_name = "mqtts://HOST:PORT", requires = "broker")]
    pub(crate) device_broker: Vec<String>,
    /// Connections a second that the broker should get when all phones come back at once
    #[arg(long, value_name = "N", default_value_t = offpush_gateway::DEFAULT_RECONNECT_RATE,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) reconnect_rate: u32,
    /// The data comes from a backup: begin a new epoch, so that phones notice
    #[arg(long)]
    pub(crate) restored: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Daemon {
    /// The directory for everything the daemon keeps; made if it does not exist
    #[arg(long, value_name = "DIR", env = "OFFPUSH_DATA")]
    pub(crate) data: PathBuf,
    /// The gateway; given several times, all are raced, the first in front
    #[arg(long, value_name = "https://HOST:PORT", required = true)]
    pub(crate) server: Vec<String>,
    /// PEM certificates of the CAs to trust [default: the system's]
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// The AppID
    #[arg(long, value_name = "ID")]
    pub(crate) app_id: String,
    /// The AppKey
    #[arg(long, value_name = "KEY")]
    pub(crate) app_key: String,
    /// The app's package name
    #[arg(long, value_name = "NAME")]
    pub(crate) package: String,
    /// Hold each notification back for so many milliseconds: for demonstrations and tests
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) present_delay: u64,
    /// Seconds of silence before a ping [default: as long as the network is found to allow]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) heartbeat: Option<Duration>,
    /// The search for the heartbeat goes so many times faster, by the same rules: for tests
    #[arg(long, value_name = "N", hide = true, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub(crate) heartbeat_scale: Option<u64>,
    /// Seconds of the first wait after credentials were refused: for tests
    #[arg(long, value_name = "SECONDS", value_parser = seconds, hide = true)]
    pub(crate) long_back_off: Option<Duration>,
    /// Seconds without any broker after which the registration is repeated: for tests
    #[arg(long, value_name = "SECONDS", value_parser = seconds, hide = true)]
    pub(crate) lost_contact: Option<Duration>,
}

/// Which daemon, and how to print.
#[derive(Debug, Clone, Args)]
pub(crate) struct At {
    /// The daemon's directory [default: $OFFPUSH_DATA, or the one daemon that runs]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// The daemon of this app, on a phone that adb reaches
    #[arg(long, value_name = "PACKAGE", conflicts_with = "data")]
    pub(crate) adb: Option<String>,
    /// Which phone, as `adb devices` names it
    #[arg(long, value_name = "S", requires = "adb")]
    pub(crate) serial: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(feature = "tools")]
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) at: At,
    /// The file to write, a zip archive [default: offpush-TIME.zip, here]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Add this log of the daemon, cleaned like the rest [default: with --adb, the phone's]
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    pub(crate) at: At,
    /// Draw the view once, into this SVG file
    #[cfg(feature = "tools")]
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub(crate) picture: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Notifications {
    #[command(flatten)]
    pub(crate) at: At,
    /// Only those that arrived within this time, such as 2h
    #[arg(long, value_name = "TIME", value_parser = time_back)]
    pub(crate) since: Option<Duration>,
    /// Only those that arrived on this network: its key's first digits, as `offpush networks` shows it
    #[arg(long, value_name = "KEY")]
    pub(crate) network: Option<String>,
    /// The way of this message, from the gateway to the click
    #[arg(long, value_name = "ID", conflicts_with_all = ["since", "network"])]
    pub(crate) message: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    #[command(flatten)]
    pub(crate) at: At,
    /// Only what happened within this time, such as 90s, 30min, 2h or 7d
    #[arg(long, value_name = "TIME", value_parser = time_back)]
    pub(crate) since: Option<Duration>,
    /// Only what happened on this network: its key's first digits, as `offpush networks` shows it
    #[arg(long, value_name = "KEY")]
    pub(crate) network: Option<String>,
    /// Only what happened to this message
    #[arg(long, value_name = "ID")]
    pub(crate) message: Option<String>,
    /// At most so many events
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: usize,
}

#[derive(Debug, Args)]
#[command(after_help = "Exit status 0: nothing has failed, warnings or not; 3: something has.")]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) at: At,
    /// The gateway [default: that of the running daemon]; may be given several times
    #[arg(long, value_name = "https://HOST:PORT")]
    pub(crate) server: Vec<String>,
    /// PEM certificates of the CAs to trust [default: those of the running daemon, else the system's]
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Tell also what follows from other failures, what there is nothing to check of, and each thing that was tried
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// What an app does.
#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Set or remove an alias of this device
    Alias(Named),
    /// Set or remove an account of this device
    Account(Named),
    /// Subscribe to a topic or leave it
    Topic(Named),
    /// Show messages only between two times of the day
    AcceptTime {
        /// From, HH:mm
        start: Clock,
        /// To the end of this minute, HH:mm
        end: Clock,
        #[command(flatten)]
        at: At,
    },
    /// Show no message until `resume`
    Pause(At),
    /// Show messages at any time
    Resume(At),
    /// Give up the regId
    Unregister(At),
    /// A user is logged in: IM messages for them come through this certificate
    ReportToken {
        /// The certificate id
        certificate: u64,
        /// The user's name
        #[arg(long, value_name = "ID")]
        user: String,
        /// The user's ticket, a UserSig
        #[arg(long)]
        sig: String,
        #[command(flatten)]
        at: At,
    },
    /// The user is logged out
    Logout {
        /// The user's name
        #[arg(long, value_name = "ID")]
        user: String,
        #[command(flatten)]
        at: At,
    },
    /// Click a notification
    Click {
        /// The message's id, as `offpush notifications` shows it
        message_id: String,
        #[command(flatten)]
        at: At,
    },
    /// Swipe a notification away
    Dismiss {
        /// The message's id, as `offpush notifications` shows it
        message_id: String,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// What to do with it
    #[arg(value_enum)]
    pub(crate) change: Change,
    /// Its name
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Change {
    Add,
    Remove,
}

/// A time of the day, in minutes since midnight.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(pub(crate) u16);

impl std::str::FromStr for Clock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (hours, minutes) = text.split_once(':')?;
            let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
            (hours < 24 && minutes < 60).then_some(Self(hours * 60 + minutes))
        };
        parse().ok_or_else(|| "a time of the day is written HH:mm, from 00:00 to 23:59".to_owned())
    }
}

/// A time such as `2h`: a number and its unit.
fn time_back(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err("a time is a number with its unit: s, min, h or d, such as 2h".to_owned()),
    };
    let number: u32 = digits.trim_end().parse().map_err(|_| format!("{digits:?} is no whole number"))?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

/// Seconds, with a fraction where a test wants one.
fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .filter(|seconds: &f64| (0.001..=86_400.0).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| "a number of seconds, up to a day".to_owned())
}
