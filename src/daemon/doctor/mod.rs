//! What is wrong, why, and what to do: a look over everything that push needs, for `offpush doctor`.
//!
//! Two sources are put together: what the daemon, or without one its files, says (`told`), and what can be tried from
//! here (`probe`, `login`). What is tried never disturbs a daemon that runs: servers are reached up to TLS and asked
//! whether they are a gateway, and the round trip is the daemon's own (`echo`). Only where no daemon runs, the phone's
//! identity is used for one log-in at the broker, for that would end the daemon's own connection.
//!
//! Blocking, for tools: nothing of it is reached from the library for phones, whose linker leaves it out.

mod certificate;
mod echo;
mod login;
mod probe;
mod told;

use std::path::{Path, PathBuf};

use offpush_engine::Network;
use offpush_inspect::{Check, CheckCode, Client, Diagnosis, HistoryItem, Outcome, Problem, State, StatusPage};

use crate::clock;
use crate::network::Monitor;
use crate::page::SOFTWARE;
use crate::trust::Trust;

/// Who is looked at, and with what.
pub struct Patient<'a> {
    /// What the daemon says, or without one its files; `None` if there are none.
    pub page: Option<StatusPage>,
    /// What happened lately, oldest first.
    pub history: Vec<HistoryItem>,
    /// The running daemon, if it can be asked.
    pub client: Option<&'a mut Client>,
    /// What can be tried from here; `None` where the phone is another machine.
    pub here: Option<Here>,
}

/// A phone that is this machine.
pub struct Here {
    /// The daemon's data directory.
    pub data: PathBuf,
    /// The gateways, `https://HOST[:PORT]`; none: those that the page names.
    pub servers: Vec<String>,
    /// A file of CA certificates in PEM form, in place of the system's.
    pub ca: Option<PathBuf>,
}

/// Looks over everything. `step` is told what is being done, in words, before each part that may take a while.
pub fn diagnose(mut patient: Patient<'_>, step: &mut dyn FnMut(&'static str)) -> Diagnosis {
    let wall = clock::now().wall;
    // Of two that found the same, what was tried comes first.
    let mut checks = Vec::new();
    if let Some(here) = &patient.here {
        let page = patient.page.as_ref();
        let clock_ahead = page.and_then(|page| page.clock_ahead);
        let identity = login::read(&here.data);
        let by_gateway =
            clock_ahead.map(|ahead| wall.saturating_sub(ahead)).or(identity.as_ref().and_then(|kept| kept.time));
        match trust(here.ca.as_deref(), wall, by_gateway) {
            Ok(trust) => {
                let runs = page.is_some_and(|page| page.process.is_some());
                // Without one, servers on this machine are reached all the same, and others are named as not reached.
                if !runs && let Network::Up { transport, .. } = Monitor::new(false).current() {
                    checks.push(told::network(&transport));
                }
                let mut found = probe::look(here, page, &trust, step);
                checks.append(&mut found.checks);
                match (runs, identity, found.broker) {
                    (false, Some(identity), Some(broker)) => {
                        step("logging in at the broker");
                        checks.extend(login::checks(&here.data, &identity, broker));
                    }
                    (false, None, _) => checks.push(Check::new(
                        CheckCode::MqttLogin,
                        Outcome::Skipped,
                        "not tried: there is no registration to log in with",
                    )),
                    _ => {}
                }
            }
            Err(error) => checks.push(
                Check::new(CheckCode::Tls, Outcome::Failure, error)
                    .action("give the gateway's own CA with --ca (`ca` in its gateway.json)"),
            ),
        }
    }
    checks.extend(told::checks(patient.page.as_ref(), &patient.history, wall, patient.here.is_some()));
    checks.push(round_trip(&mut patient, step));
    let package = patient.page.map(|page| page.package).unwrap_or_default();
    Diagnosis::new(SOFTWARE, wall, &package, checks)
}

fn trust(ca: Option<&Path>, wall: i64, by_gateway: Option<i64>) -> Result<Trust, String> {
    let trust = Trust::new(ca).map_err(|error| error.to_string())?;
    trust.set_time(wall, by_gateway);
    Ok(trust)
}

fn round_trip(patient: &mut Patient<'_>, step: &mut dyn FnMut(&'static str)) -> Check {
    let page = patient.page.as_ref();
    let connected = page.is_some_and(|page| page.state == State::Connected && page.gateway_present);
    // Its answer would not be taken either.
    let takes_nothing = |problem: &Problem| matches!(problem.code.as_str(), "storage-failed" | "full");
    let full = page.is_some_and(|page| page.problems.iter().any(takes_nothing));
    match &mut patient.client {
        Some(_) if full => Check::new(CheckCode::RoundTrip, Outcome::Skipped, "not tried: nothing new is taken"),
        Some(client) if connected => {
            step("waiting for the test message to come back");
            echo::check(client)
        }
        Some(_) => Check::new(CheckCode::RoundTrip, Outcome::Skipped, "not tried: the gateway is not reached"),
        None => {
            Check::new(CheckCode::RoundTrip, Outcome::Skipped, "not tried: it takes a running daemon that can be asked")
        }
    }
}
