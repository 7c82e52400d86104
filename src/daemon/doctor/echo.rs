//! A test message through everything: outbox, gateway, window, mark.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::time::{Duration, Instant};

use offpush_inspect::{Check, CheckCode, Client, ClientError, HistoryItem, Line, Operation, Outcome};
use offpush_wire::{code, names};

/// How long a message may take: the reference document's FAQ has a notification come within a minute.
const WITHIN: Duration = Duration::from_secs(60);

/// 128 random bits in hexadecimal.
pub(super) fn token() -> io::Result<String> {
    let mut random = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Has a text come back through the daemon's connection.
pub(super) fn check(client: &mut Client) -> Check {
    let check = |outcome, found: String| Check::new(CheckCode::RoundTrip, outcome, found);
    match round_trip(client) {
        Ok(Some(took)) => {
            let found = "a test message came back, in less than a minute".to_owned();
            Check { took: u64::try_from(took.as_millis()).ok(), ..check(Outcome::Ok, found) }
        }
        Ok(None) => check(Outcome::Failure, "a test message did not come back within a minute".to_owned())
            .action("see the gateway's log, and whether another gateway serves the same broker"),
        Err(Failed::Refused(code::NOT_SUPPORTED, _)) => {
            check(Outcome::Skipped, "not made: the gateway is older than the test message".to_owned())
        }
        Err(Failed::Refused(code::UNKNOWN_DEVICE, reason)) => {
            check(Outcome::Failure, format!("the gateway does not take this phone's regId for valid: {reason}"))
                .action("let the app register again")
        }
        Err(Failed::Refused(code, reason)) => {
            check(Outcome::Failure, format!("the gateway refused the test message with {code}: {reason}"))
                .action("see the gateway's log")
        }
        Err(Failed::NotAsked(ClientError::Refused(error))) => check(Outcome::Skipped, format!("not made: {error}")),
        Err(Failed::NotAsked(error)) => {
            check(Outcome::Warning, format!("the daemon could not be asked for it: {error}")).action("run this again")
        }
    }
}

enum Failed {
    Refused(i64, String),
    NotAsked(ClientError),
}

impl From<ClientError> for Failed {
    fn from(error: ClientError) -> Self {
        Self::NotAsked(error)
    }
}

/// `None` if it did not come back in time.
fn round_trip(client: &mut Client) -> Result<Option<Duration>, Failed> {
    let text = token().map_err(ClientError::Io)?;
    client.set_timeout(Some(WITHIN))?;
    client.ask(Operation::Watch)?;
    let begin = Instant::now();
    client.ask(Operation::Echo { text: text.clone() })?;
    loop {
        let left = WITHIN.saturating_sub(begin.elapsed());
        if left.is_zero() {
            return Ok(None);
        }
        client.set_timeout(Some(left))?;
        match client.next_line() {
            Ok(Line::Event(item)) if says(&item, "echoed", "text", &text) => return Ok(Some(begin.elapsed())),
            Ok(Line::Event(item)) if says(&item, "command-result", "command", names::ECHO) => {
                let code = item.details.get("code").and_then(|code| code.as_i64()).unwrap_or(code::INTERNAL);
                let reason = item.details.get("reason").and_then(|reason| reason.as_str()).unwrap_or("no reason given");
                return Err(Failed::Refused(code, reason.to_owned()));
            }
            Ok(_) => {}
            Err(ClientError::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn says(item: &HistoryItem, event: &str, field: &str, value: &str) -> bool {
    item.event == event && item.details.get(field).and_then(|text| text.as_str()) == Some(value)
}
