//! What is wrong, why, and what to do: derived from the engine's state, for people.

use offpush_engine::input::CertificateProblem;
use offpush_engine::status::{Phase, WaitReason};
use offpush_engine::{Disconnected, Internet, LinkFailure, Status};
use offpush_inspect::{Problem, Severity, Storage, duration_text, settle};
use offpush_wire::code;

use crate::said::Said;

/// A clock this far from the gateway's is a problem, in milliseconds. Five minutes, as for Kerberos (RFC 4120 §8.2):
/// below that nobody notices.
pub(crate) const CLOCK_TOLERANCE: i64 = 5 * 60_000;

/// Milliseconds without an answer of the gateway, while connected to the broker, before that is a problem: the hello has
/// been repeated once by then.
const GATEWAY_SILENT: i64 = 60_000;

/// Everything that is wrong, the worst first.
pub(crate) fn problems(status: &Status, storage: &Storage, said: &Said, wall: i64) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(connection_problem(status, wall));
    problems.extend(clock_problem(status));
    if let Some(failure) = &status.storage_failure {
        problems.push(problem(
            "storage-failed",
            Severity::Error,
            format!("the disk refuses writes: {failure}"),
            "make room or mend the disk; it is tried again every 10 s, and nothing new is taken meanwhile",
        ));
    }
    if let Some(what) = status.full {
        problems.push(problem(
            "full",
            Severity::Error,
            format!("nothing new is taken: {what} is full"),
            "see what keeps messages from being shown, or entries from reaching the gateway",
        ));
    }
    problems.extend(storage_problems(storage));
    problems.extend(said.problems());
    settle(&mut problems);
    problems
}

fn connection_problem(status: &Status, wall: i64) -> Option<Problem> {
    let failure = status.last_failure.as_ref();
    let found = match &status.phase {
        Phase::Connected if !status.gateway_present && wall - status.since > GATEWAY_SILENT => problem(
            "gateway-silent",
            Severity::Error,
            "the broker is reached and the gateway does not answer through it".to_owned(),
            "see whether the gateway runs and is connected to the same broker",
        ),
        Phase::Connected if status.moving => problem(
            "moving",
            Severity::Note,
            "no broker is reached on the new network yet; the connection on the one before still serves".to_owned(),
            "nothing, for now: it goes on being tried",
        ),
        Phase::Connected => return None,
        Phase::NoNetwork => problem(
            "no-network",
            Severity::Error,
            "there is no network: no default route".to_owned(),
            "connect the device to a network; nothing is attempted until then",
        ),
        Phase::Unregistered => problem(
            "not-registered",
            Severity::Note,
            "the app has unregistered or not registered yet".to_owned(),
            "let the app register again",
        ),
        Phase::RegistrationRefused { code, reason } => registration_refused(*code, reason.as_deref()),
        Phase::Waiting(WaitReason::CaptivePortal) => captive_portal(),
        Phase::Waiting(WaitReason::NoInternet) => no_internet(),
        Phase::WaitingToRegister { .. } if status.internet == Internet::Portal => captive_portal(),
        Phase::WaitingToRegister { .. } if status.internet == Internet::None => no_internet(),
        Phase::WaitingToRegister { reason } => named(failure).unwrap_or_else(|| gateway_unreachable(reason)),
        Phase::Registering | Phase::Connecting | Phase::Handshaking => named(failure)?,
        Phase::Waiting(WaitReason::IdentityInUse) => problem(
            "identity-in-use",
            Severity::Error,
            "another phone connects with this one's identity".to_owned(),
            "stop the other daemon, or give it a data directory of its own; copies of one must not run at once",
        ),
        Phase::Waiting(WaitReason::CredentialsRefused) => problem(
            "credentials-refused",
            Severity::Error,
            "the broker refuses this phone's credentials".to_owned(),
            "nothing, for now: the gateway is asked to put them right; if it lasts, see the gateway's log",
        ),
        Phase::Waiting(WaitReason::BrokerIncompatible) => problem(
            "broker-incompatible",
            Severity::Error,
            format!("the broker refuses the connection: {}", failure_text(failure)),
            "see the broker's log; it has to speak MQTT 5 and let this phone reach its two topics",
        ),
        Phase::Waiting(WaitReason::AskedToStayAway) => problem(
            "asked-to-stay-away",
            Severity::Error,
            format!("the server asked to be left alone for a while: {}", failure_text(failure)),
            "nothing, for now; if it lasts, see the broker's log",
        ),
        Phase::Waiting(WaitReason::BackOff) => named(failure).unwrap_or_else(|| {
            problem(
                "broker-unreachable",
                Severity::Error,
                format!("no broker is reached: {}", failure_text(failure)),
                "see whether the gateway and its broker run and can be reached from here",
            )
        }),
    };
    let since = match status.phase {
        // Attempts come and go; what keeps them from succeeding stays.
        Phase::Connecting | Phase::Handshaking | Phase::Waiting(_) => status.down_since,
        _ => None,
    };
    Some(Problem { since: since.or(Some(status.since)), ..found })
}

/// Failures that have a name and a remedy of their own.
pub(crate) fn named(failure: Option<&Disconnected>) -> Option<Problem> {
    let Some(Disconnected::Link { failure }) = failure else { return None };
    let (code, action) = match failure {
        LinkFailure::Certificate { problem } => match problem {
            CertificateProblem::UnknownIssuer => {
                ("certificate-untrusted", "give the gateway's own CA with --ca (`ca` in its gateway.json)")
            }
            CertificateProblem::WrongName { .. } => {
                ("certificate-name", "use the name in the certificate, or start the gateway with --public-host NAME")
            }
            CertificateProblem::Expired { clock_ahead: true } => ("clock-ahead", "set this device's clock"),
            CertificateProblem::Expired { clock_ahead: false } => {
                ("certificate-expired", "renew the server's certificate; and see whether this device's clock is right")
            }
            CertificateProblem::NotYetValid => ("clock-behind", "set this device's clock"),
            CertificateProblem::Other { .. } => ("certificate-refused", "see the server's certificate"),
        },
        LinkFailure::Name { .. } => ("name-unresolved", "see whether the name is right and DNS works"),
        LinkFailure::Http { .. } => {
            ("not-a-gateway", "see whether the address is the gateway's, and whether a captive portal is in between")
        }
        LinkFailure::Address { .. } => ("bad-address", "give the address as https://HOST:PORT"),
        _ => return None,
    };
    Some(problem(code, Severity::Error, failure.to_string(), action))
}

fn captive_portal() -> Problem {
    problem(
        "captive-portal",
        Severity::Error,
        "a captive portal answers in the servers' place".to_owned(),
        "sign in to the network in a browser",
    )
}

fn no_internet() -> Problem {
    problem(
        "no-internet",
        Severity::Error,
        "there is a network, and it leads nowhere: no name is resolved, or there is no route".to_owned(),
        "see whether the network has a way to the internet",
    )
}

fn gateway_unreachable(reason: &str) -> Problem {
    problem(
        "gateway-unreachable",
        Severity::Error,
        format!("the gateway cannot be asked for a registration: {reason}"),
        "see whether the gateway runs and can be reached from here",
    )
}

fn registration_refused(refused: i64, reason: Option<&str>) -> Problem {
    let (meaning, action) = match refused {
        code::APP_ID => ("the AppID is wrong", "give the AppID that the gateway has for this app"),
        code::APP_KEY => ("the AppKey is wrong", "give the AppKey that the gateway has for this app"),
        code::PACKAGE => ("the package name is not the one of the app", "give the package that the gateway has"),
        _ => ("the gateway refuses", "see the gateway's log"),
    };
    let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    problem(
        "registration-refused",
        Severity::Error,
        format!("the registration is refused with {refused}, {meaning}{reason}"),
        action,
    )
}

fn clock_problem(status: &Status) -> Option<Problem> {
    let ahead = status.clock_ahead.filter(|ahead| ahead.abs() > CLOCK_TOLERANCE)?;
    let (code, direction) = if ahead > 0 { ("clock-ahead", "ahead of") } else { ("clock-behind", "behind") };
    Some(problem(
        code,
        Severity::Warning,
        format!("this device's clock is {} {direction} the gateway's", duration_text(ahead.unsigned_abs())),
        "set this device's clock",
    ))
}

/// What was found when the store was opened.
pub(crate) fn storage_problems(storage: &Storage) -> Vec<Problem> {
    let mut problems = Vec::new();
    if let Some(first) = storage.damage.first() {
        let more = storage.damage.len() - 1;
        let more = if more == 0 { String::new() } else { format!(" (and {more} more)") };
        let set_aside = storage.set_aside.as_deref();
        problems.push(problem(
            "storage-damaged",
            Severity::Warning,
            format!("part of the stored state could not be read: {first}{more}"),
            &set_aside.map_or_else(
                || "nothing: what could be read is used".to_owned(),
                |path| format!("nothing: what could be read is used; the damaged file is kept as {path}"),
            ),
        ));
    }
    if storage.unknown_records > 0 {
        problems.push(problem(
            "newer-records",
            Severity::Warning,
            format!("{} stored records are of a newer version and are not used", storage.unknown_records),
            "use the newer version of offpush again; the records are kept",
        ));
    }
    problems
}

fn failure_text(failure: Option<&Disconnected>) -> String {
    failure.map_or_else(|| "no reason is known".to_owned(), disconnected_text)
}

/// Why there is no connection, in words.
pub(crate) fn disconnected_text(cause: &Disconnected) -> String {
    match cause {
        Disconnected::Link { failure } => failure.to_string(),
        Disconnected::NoConnAck => "the broker did not answer in time".to_owned(),
        Disconnected::PingUnanswered => "a ping was not answered in time".to_owned(),
        Disconnected::Broker { code, name, reason } => {
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("the broker ended it with 0x{code:02X}, {name}{reason}")
        }
        Disconnected::Protocol { error } => format!("the broker sent what MQTT 5 does not allow: {error}"),
        Disconnected::IdentityShared => "another phone connects with this one's identity".to_owned(),
        Disconnected::NetworkChanged => "the network changed".to_owned(),
        Disconnected::Unregistered => "the app unregistered".to_owned(),
        Disconnected::Stopping => "the daemon stops".to_owned(),
    }
}

pub(crate) fn problem(code: &str, severity: Severity, title: String, action: &str) -> Problem {
    Problem {
        code: code.to_owned(),
        severity,
        title,
        impact: impact(code, severity).to_owned(),
        action: action.to_owned(),
        ..Problem::default()
    }
}

/// What does not work because of a problem.
fn impact(code: &str, severity: Severity) -> &'static str {
    match code {
        "moving" => "nothing: messages still come",
        "clock-ahead" | "clock-behind" if severity != Severity::Error => {
            "certificates may be refused, and times that are shown are wrong"
        }
        "storage-failed" | "full" => "no new message is taken; the gateway keeps them",
        "storage-damaged" => "what could not be read is lost; the gateway sends again what was not yet confirmed",
        "newer-records" => "what is in them has no effect",
        _ => "no push arrives; the gateway keeps messages for their time to live",
    }
}

#[cfg(test)]
#[path = "tests/unit/problems.rs"]
mod tests;
