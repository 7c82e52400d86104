//! What a look over everything that push needs has found: the type, and its text.

use std::fmt::Write as _;

use serde::Serialize;

use crate::page::SCHEMA;
use crate::text::printable;

/// What was found, check by check, in the order in which one rests on the other.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The software that looked, such as `offpush/0.1.0`.
    pub version: String,
    /// When.
    pub at: i64,
    /// The app's package name, as far as it is known.
    pub package: String,
    /// The worst outcome.
    pub outcome: Outcome,
    /// The checks.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Check {
    /// Which one.
    pub check: CheckCode,
    /// How it went.
    pub outcome: Outcome,
    /// What was found and what it means, in one sentence.
    pub found: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The check whose failure this one follows from, or without which it cannot be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<CheckCode>,
    /// How long what was tried took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub took: Option<u64>,
    /// What was tried, one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

/// How a check went, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// There is nothing to check: another platform, or nobody who could tell.
    #[default]
    NotHere,
    /// It was not made, or is a mere consequence: see [`Check::because`].
    Skipped,
    /// It is as it should be.
    Ok,
    /// Push works, and not as it should, or soon will not.
    Warning,
    /// No push arrives, or something was lost.
    Failure,
}

/// Which check, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckCode {
    /// Whether the daemon runs, and what it says of itself that belongs nowhere else.
    #[default]
    Daemon,
    /// The state on disk.
    Store,
    /// Whether the person lets notifications be shown.
    Permissions,
    /// Exact alarms.
    ExactAlarms,
    /// The exemption from battery optimisation.
    Battery,
    /// The foreground service.
    ForegroundService,
    /// The notification channel.
    NotificationChannel,
    /// Whether there is a network that leads anywhere.
    Network,
    /// A captive portal.
    CaptivePortal,
    /// The device's clock.
    Clock,
    /// Names.
    Dns,
    /// Connections.
    Tcp,
    /// Certificates.
    Tls,
    /// The gateway's HTTP, and whether the app is registered there.
    Registration,
    /// The phone's log-in at the broker.
    MqttLogin,
    /// Whether the gateway is heard through the broker.
    Gateway,
    /// A test message there and back.
    RoundTrip,
    /// The heartbeat against the network's time-out.
    Heartbeat,
    /// IPv6.
    Ipv6,
}

impl CheckCode {
    /// Every check, in their order.
    const ALL: [Self; 19] = [
        Self::Daemon,
        Self::Store,
        Self::Permissions,
        Self::ExactAlarms,
        Self::Battery,
        Self::ForegroundService,
        Self::NotificationChannel,
        Self::Network,
        Self::CaptivePortal,
        Self::Clock,
        Self::Dns,
        Self::Tcp,
        Self::Tls,
        Self::Registration,
        Self::MqttLogin,
        Self::Gateway,
        Self::RoundTrip,
        Self::Heartbeat,
        Self::Ipv6,
    ];

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Daemon => "Daemon",
            Self::Store => "Store",
            Self::Permissions => "Permissions",
            Self::ExactAlarms => "Exact alarms",
            Self::Battery => "Battery optimisation",
            Self::ForegroundService => "Foreground service",
            Self::NotificationChannel => "Notification channel",
            Self::Network => "Network",
            Self::CaptivePortal => "Captive portal",
            Self::Clock => "Clock",
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Registration => "Registration",
            Self::MqttLogin => "MQTT log-in",
            Self::Gateway => "Gateway",
            Self::RoundTrip => "Round trip",
            Self::Heartbeat => "Heartbeat",
            Self::Ipv6 => "IPv6",
        }
    }

    /// The checks whose failure explains one of this.
    fn rests_on(self) -> &'static [Self] {
        match self {
            Self::CaptivePortal => &[Self::Network],
            Self::Dns => &[Self::Network, Self::CaptivePortal],
            Self::Tcp | Self::Ipv6 => &[Self::Dns],
            Self::Tls => &[Self::Tcp, Self::Clock],
            Self::Registration => &[Self::Tls],
            Self::MqttLogin => &[Self::Registration, Self::Tls],
            Self::Gateway => &[Self::MqttLogin],
            Self::RoundTrip => &[Self::Gateway, Self::Daemon, Self::Store],
            _ => &[],
        }
    }
}

impl Check {
    /// A check that went so.
    pub fn new(check: CheckCode, outcome: Outcome, found: impl Into<String>) -> Self {
        Self { check, outcome, found: found.into(), ..Self::default() }
    }

    /// What to do about it.
    #[must_use]
    pub fn action(self, action: impl Into<String>) -> Self {
        Self { action: Some(action.into()), ..self }
    }
}

impl Diagnosis {
    /// Puts checks in order, of each the worst and of equal ones the first; those that were not made have nothing to say.
    /// Marks those that only follow from another's failure.
    pub fn new(version: &str, at: i64, package: &str, mut checks: Vec<Check>) -> Self {
        let is_missing = |code: &CheckCode| checks.iter().all(|check| check.check != *code);
        let missing: Vec<CheckCode> = CheckCode::ALL.into_iter().filter(is_missing).collect();
        checks.extend(missing.into_iter().map(|check| Check::new(check, Outcome::NotHere, "not looked at")));
        checks.sort_by_key(|check| (check.check, std::cmp::Reverse(check.outcome)));
        checks.dedup_by(|other, kept| {
            let is_same = other.check == kept.check;
            if is_same && other.outcome == kept.outcome && other.found != kept.found {
                kept.details.push(std::mem::take(&mut other.found));
            }
            is_same
        });
        let failed: Vec<CheckCode> =
            checks.iter().filter(|check| check.outcome == Outcome::Failure).map(|check| check.check).collect();
        for check in &mut checks {
            if check.outcome != Outcome::Ok
                && let Some(cause) = cause(check.check, &failed)
            {
                check.outcome = Outcome::Skipped;
                check.because = Some(cause);
                check.action = None;
            }
        }
        let outcome = checks.iter().map(|check| check.outcome).max().unwrap_or_default();
        Self { schema: SCHEMA, version: version.to_owned(), at, package: package.to_owned(), outcome, checks }
    }

    /// As text: a line a check, with what to do below it, and the sum in the last line. Consequences, what there is nothing
    /// to check of, and what was tried one by one stand there only if it is to be `verbose`.
    pub fn text(&self, verbose: bool) -> String {
        let mut text = String::new();
        for check in &self.checks {
            let hidden = matches!(check.outcome, Outcome::Skipped | Outcome::NotHere);
            if hidden && !verbose {
                continue;
            }
            let mark = match check.outcome {
                Outcome::Ok => "[✓]",
                Outcome::Warning => "[!]",
                Outcome::Failure => "[✗]",
                Outcome::Skipped | Outcome::NotHere => "[-]",
            };
            let took = check.took.map(|took| format!(" ({took} ms)")).unwrap_or_default();
            let because = check.because.map(|cause| format!(" (because of: {})", cause.title())).unwrap_or_default();
            line(&mut text, &format!("{mark} {}: {}{took}{because}", check.check.title(), check.found));
            check.action.iter().for_each(|action| line(&mut text, &format!("    → {action}")));
            check.details.iter().filter(|_| verbose).for_each(|detail| line(&mut text, &format!("      {detail}")));
        }
        line(&mut text, &self.sum(verbose));
        text
    }

    fn sum(&self, verbose: bool) -> String {
        let count = |outcome| self.checks.iter().filter(|check| check.outcome == outcome).count();
        let (failures, warnings) = (count(Outcome::Failure), count(Outcome::Warning));
        let number = |count: usize, what: &str| match count {
            1 => format!("1 {what}"),
            _ => format!("{count} {what}s"),
        };
        let hidden = match count(Outcome::Skipped) {
            skipped if skipped > 0 && !verbose => format!(" {} left out; -v says why.", number(skipped, "check")),
            _ => String::new(),
        };
        let found = match (failures, warnings) {
            (0, 0) => format!("No problem found; {} passed.", number(count(Outcome::Ok), "check")),
            (0, _) => format!("{}.", number(warnings, "warning")),
            (_, 0) => format!("{}.", number(failures, "failure")),
            _ => format!("{}, {}.", number(failures, "failure"), number(warnings, "warning")),
        };
        found + &hidden
    }
}

/// The failure that this check's follows from, the deepest first.
fn cause(check: CheckCode, failed: &[CheckCode]) -> Option<CheckCode> {
    check.rests_on().iter().find_map(|base| {
        let deeper = cause(*base, failed);
        deeper.or_else(|| failed.contains(base).then_some(*base))
    })
}

fn line(text: &mut String, content: &str) {
    let _ = writeln!(text, "{}", printable(content));
}
