//! What the daemon says of itself, or its files do: as checks.

use offpush_inspect::{Check, CheckCode, HistoryItem, Outcome, Problem, Severity, State, StatusPage, duration_text};

use crate::said::Said;

/// The events of so many milliseconds count for the heartbeat: a day.
const LATELY: i64 = 24 * 3_600_000;

/// So many connections that died in silence within a day are more than an access point that is restarted now and then.
const MANY_SILENT_DEATHS: usize = 3;

/// The checks that this page and these events allow; beside what was tried from here, if it was.
pub(super) fn checks(page: Option<&StatusPage>, history: &[HistoryItem], wall: i64, tried: bool) -> Vec<Check> {
    let Some(page) = page else {
        return vec![
            Check::new(CheckCode::Store, Outcome::Failure, "there is no store: no daemon has run here yet")
                .action("see whether --data names the daemon's directory; else start one with `offpush daemon`"),
        ];
    };
    // That nothing gets out is what the daemon concludes from names and routes: each was tried.
    let told = page.problems.iter().filter(|problem| !tried || problem.code != "no-internet");
    let mut checks: Vec<Check> = told.map(of_problem).collect();
    if page.process.is_none() {
        // A service without a daemon says how the platform is, and makes no problem of it.
        let mut said = Said::default();
        said.tell(wall, page.platform.clone());
        checks.extend(said.problems().iter().map(of_problem));
    }
    // The files say it themselves.
    if page.problems.iter().all(|problem| problem.code != "not-running") {
        checks.push(daemon(page));
    }
    checks.push(Check::new(CheckCode::Store, Outcome::Ok, "everything in it can be read"));
    checks.extend(platform(page));
    if page.state != State::NotRunning {
        checks.extend(page.network.transport.as_deref().map(network));
        checks.extend(connection(page));
    }
    if let Some(ahead) = page.clock_ahead {
        checks.push(clock(ahead));
    }
    checks.push(heartbeat(page, history, wall));
    checks
}

/// A problem on the page belongs to a check. One that this version does not know is told all the same.
fn of_problem(problem: &Problem) -> Check {
    use CheckCode as Code;
    let check = match problem.code.as_str() {
        "storage-failed" | "storage-damaged" | "newer-records" | "full" => Code::Store,
        "certificate-untrusted" | "certificate-name" | "certificate-expired" | "certificate-refused" => Code::Tls,
        "no-network" | "no-internet" | "moving" => Code::Network,
        "captive-portal" => Code::CaptivePortal,
        "clock-ahead" | "clock-behind" => Code::Clock,
        "name-unresolved" => Code::Dns,
        "not-registered" | "registration-refused" | "gateway-unreachable" | "not-a-gateway" | "bad-address" => {
            Code::Registration
        }
        "broker-unreachable"
        | "broker-incompatible"
        | "credentials-refused"
        | "identity-in-use"
        | "asked-to-stay-away" => Code::MqttLogin,
        "gateway-silent" => Code::Gateway,
        "notifications-denied" => Code::Permissions,
        "channel-off" => Code::NotificationChannel,
        "alarms-inexact" => Code::ExactAlarms,
        "no-foreground-service" => Code::ForegroundService,
        "battery-restricted" => Code::Battery,
        "network-unseen" => Code::Network,
        _ => Code::Daemon,
    };
    let outcome = match problem.severity {
        Severity::Error => Outcome::Failure,
        Severity::Warning | Severity::Unknown => Outcome::Warning,
        // Without a registration nothing comes, whoever's wish that is.
        Severity::Note if check == Code::Registration => Outcome::Warning,
        Severity::Note => Outcome::Ok,
    };
    Check::new(check, outcome, &*problem.title).action(&*problem.action)
}

fn daemon(page: &StatusPage) -> Check {
    let check = |outcome, found| Check::new(CheckCode::Daemon, outcome, found);
    match (&page.process, page.platform.get("daemon")) {
        (Some(process), _) => check(Outcome::Ok, format!("{} runs as process {}", page.version, process.pid)),
        (None, Some(said)) => check(Outcome::Failure, said.words.clone()).action("open the app once, and see its log"),
        (None, None) => check(Outcome::Failure, "no daemon runs".to_owned()).action("start it"),
    }
}

/// What only the platform can know, from its own words; what of it is wrong is a problem beside.
fn platform(page: &StatusPage) -> Vec<Check> {
    use CheckCode as Code;
    let of = |check, topic: &str, silent: (Outcome, &str)| match page.platform.get(topic) {
        Some(said) => Check::new(check, Outcome::Ok, &*said.words),
        None => Check::new(check, silent.0, silent.1),
    };
    if page.platform.is_empty() {
        let all =
            [Code::Permissions, Code::ExactAlarms, Code::Battery, Code::ForegroundService, Code::NotificationChannel];
        return all.map(|check| Check::new(check, Outcome::NotHere, "not on this platform")).to_vec();
    }
    let unsaid = (Outcome::NotHere, "nothing is said of it");
    vec![
        // A topic that is not there has nothing to complain of.
        of(Code::Permissions, "notifications", (Outcome::Ok, "notifications may be shown")),
        of(Code::NotificationChannel, "channel", (Outcome::Ok, "none of the app's channels is switched off")),
        of(Code::ExactAlarms, "alarm", unsaid),
        of(Code::ForegroundService, "service", unsaid),
        of(Code::Battery, "battery", (Outcome::Ok, "it is not in the way now")),
    ]
}

/// There is a network.
pub(super) fn network(transport: &str) -> Check {
    Check::new(CheckCode::Network, Outcome::Ok, format!("there is one: {transport}"))
}

/// How far the daemon's own connection has come.
fn connection(page: &StatusPage) -> Vec<Check> {
    let since = duration_text(page.at.abs_diff(page.since));
    let check = |check, outcome, found: String| Check::new(check, outcome, found);
    let registered = page
        .reg_id
        .as_deref()
        .map(|reg_id| check(CheckCode::Registration, Outcome::Ok, format!("the app is registered as {reg_id}")));
    let mut checks: Vec<Check> = registered.into_iter().collect();
    match page.state {
        State::Connected => {
            let broker = page.broker.as_deref().unwrap_or("the broker");
            checks.push(check(CheckCode::MqttLogin, Outcome::Ok, format!("logged in at {broker} for {since}")));
            checks.push(if page.gateway_present {
                check(CheckCode::Gateway, Outcome::Ok, "it answers through the broker".to_owned())
            } else {
                check(
                    CheckCode::Gateway,
                    Outcome::Warning,
                    format!("it has not answered through the broker for {since}"),
                )
                .action("see whether the gateway runs and is connected to the same broker")
            });
        }
        State::Unregistered | State::NoNetwork => {}
        State::RegistrationRefused | State::Registering | State::WaitingToRegister => {
            let why = page.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            checks.push(
                check(CheckCode::Registration, Outcome::Warning, format!("not registered for {since}{why}"))
                    .action("see whether the gateway runs and can be reached from here"),
            );
        }
        _ => {
            let why = page.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            checks.push(
                check(CheckCode::MqttLogin, Outcome::Warning, format!("not logged in for {since}{why}"))
                    .action("see whether the broker runs and can be reached from here"),
            );
        }
    }
    checks
}

/// A clock this far from the gateway's is named, in milliseconds.
pub(super) const CLOCK_TOLERANCE: i64 = crate::problems::CLOCK_TOLERANCE;

/// Differences below it, in milliseconds, are those of the network.
const SECOND: i64 = 1_000;

/// The device's clock against a gateway's.
pub(super) fn clock(ahead: i64) -> Check {
    let far = duration_text(ahead.unsigned_abs());
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    if ahead.abs() > CLOCK_TOLERANCE {
        Check::new(
            CheckCode::Clock,
            Outcome::Warning,
            format!("this device's clock is {far} {direction} the gateway's"),
        )
        .action("set this device's clock")
    } else if ahead.abs() < SECOND {
        Check::new(CheckCode::Clock, Outcome::Ok, "less than a second from the gateway's")
    } else {
        Check::new(CheckCode::Clock, Outcome::Ok, format!("{far} {direction} the gateway's"))
    }
}

/// The heartbeat against what the network was found to allow.
fn heartbeat(page: &StatusPage, history: &[HistoryItem], wall: i64) -> Check {
    let number = |item: &HistoryItem, field: &str| item.details.get(field).and_then(|value| value.as_u64());
    let learned = history.iter().rfind(|item| item.event == "heartbeat-learned");
    let failed = page.learned.map(|learned| learned.failed).or(learned.and_then(|item| number(item, "failed")));
    let failed = failed.filter(|failed| *failed > 0);
    let interval = Some(page.heartbeat).filter(|interval| *interval > 0);
    let interval = interval.or(learned.and_then(|item| number(item, "interval")));
    let silent = history.iter().filter(|item| {
        let cause = item.details.get("cause").and_then(|cause| cause.as_str());
        item.event == "disconnected" && cause == Some("ping-unanswered") && wall - item.at < LATELY
    });
    let silent = silent.count();
    let check = |outcome, found: String| Check::new(CheckCode::Heartbeat, outcome, found);
    let every =
        interval.map_or_else(|| "no heartbeat is in force".to_owned(), |ms| format!("every {}", duration_text(ms)));
    match (interval, failed) {
        (Some(interval), Some(failed)) if interval >= failed => check(
            Outcome::Warning,
            format!("{every}, and this network has killed a connection after {} of silence", duration_text(failed)),
        )
        .action(format!("leave out --heartbeat, or give at most {} s", failed / 2_000)),
        _ if silent >= MANY_SILENT_DEATHS => {
            check(Outcome::Warning, format!("{every}; {silent} connections died in silence within a day"))
                .action("see whether the network drops idle connections, or its link is poor; a shorter heartbeat is being looked for")
        }
        (_, Some(failed)) => check(Outcome::Ok, format!("{every}; the network allows less than {}", duration_text(failed))),
        (Some(_), None) => check(Outcome::Ok, format!("{every}; no silence is known to kill a connection here")),
        (None, None) => check(Outcome::NotHere, every),
    }
}

#[cfg(test)]
#[path = "../tests/unit/told.rs"]
mod tests;
