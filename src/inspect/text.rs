//! Pages and lists as text for people.

use std::fmt::Write as _;

use crate::list::{HistoryItem, Notification};
use crate::page::{Severity, State, StatusPage};

/// A page as text: the verdict in the first line, then what is wrong, then the facts.
pub fn render(page: &StatusPage) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("{}", verdict(page)));
    for problem in &page.problems {
        let mark = if problem.severity == Severity::Error { "!!" } else { "!" };
        let since = problem.since.map(|since| format!(" (for {})", duration_text(page.at.abs_diff(since))));
        line(&mut text, format_args!("{mark} {}{}", problem.title, since.unwrap_or_default()));
        line(&mut text, format_args!("   → {}", problem.action));
    }
    if let Some(next) = &page.next {
        fact(&mut text, "next", format_args!("{} {}", action(&next.action), relative_text(next.at, page.at)));
    }
    if page.process.is_some() {
        fact(&mut text, "network", format_args!("{}", page.network.transport.as_deref().unwrap_or("none")));
        fact(&mut text, "gateway", format_args!("{}", listed(&page.servers)));
        fact(&mut text, "app", format_args!("{}, {}", page.package, listens(page)));
    } else {
        fact(&mut text, "app", format_args!("{}", page.package));
    }
    fact(&mut text, "broker", format_args!("{}", page.broker.clone().unwrap_or_else(|| listed(&page.brokers))));
    fact(&mut text, "regId", format_args!("{}", page.reg_id.as_deref().unwrap_or("none")));
    if let Some(mark) = &page.mark {
        fact(&mut text, "taken", format_args!("everything up to number {} of epoch {}", mark.up_to, mark.epoch));
    }
    fact(&mut text, "messages", format_args!("{}", counts(page)));
    let waiting = format!("{} for the gateway, {} for the app", page.outbox, page.callbacks);
    fact(&mut text, "waiting", format_args!("{waiting}"));
    names(&mut text, page);
    if page.heartbeat > 0 {
        let last = page.last_received.map(|at| format!(", last byte {}", relative_text(at, page.at)));
        let every = duration_text(page.heartbeat);
        fact(&mut text, "heartbeat", format_args!("every {every}{}", last.unwrap_or_default()));
    }
    if let Some(process) = &page.process {
        let since = relative_text(process.started_at, page.at);
        fact(&mut text, "process", format_args!("{}, {}, started {since}", process.pid, page.version));
        let storage = &page.storage;
        fact(&mut text, "storage", format_args!("{}, {} of it dead", bytes(storage.bytes), bytes(storage.dead_bytes)));
        let (received, sent) = (bytes(process.bytes_in), bytes(process.bytes_out));
        fact(
            &mut text,
            "so far",
            format_args!("{} wake-ups, {received} in, {sent} out, {} commits", process.wake_ups, process.commits),
        );
    }
    text
}

/// The first line.
fn verdict(page: &StatusPage) -> String {
    let time = duration_text(page.at.abs_diff(page.since));
    let because = page.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
    match page.state {
        State::Connected if page.gateway_present => format!("Connected for {time}; the gateway answers."),
        State::Connected => format!("Connected to the broker for {time}; the gateway has not answered yet."),
        State::Connecting | State::Handshaking => format!("Not connected: connecting for {time}{because}."),
        State::Waiting => format!("Not connected for {time}{because}."),
        State::NoNetwork => format!("Not connected for {time}: there is no network."),
        State::Unregistered => format!("Not registered{because}."),
        State::Registering => format!("Not registered yet: asking the gateway for {time}{because}."),
        State::WaitingToRegister => format!("Not registered: the gateway could not be asked{because}."),
        State::RegistrationRefused => format!("Not registered: the gateway refused{because}."),
        State::NotRunning => "Not running: this is what the daemon's files say.".to_owned(),
        State::Unknown => format!("In a state that this version does not know{because}."),
    }
}

fn action(action: &str) -> &str {
    match action {
        "connect" => "an attempt to connect",
        "register" => "the gateway is asked again",
        "ping" => "a ping, unless something comes before",
        "give-up" => "the end of waiting for an answer",
        "check-network" => "a look whether there is a network",
        other => other,
    }
}

fn listens(page: &StatusPage) -> &'static str {
    if page.app.listens { "which listens" } else { "which does not listen" }
}

fn counts(page: &StatusPage) -> String {
    let counts: Vec<_> = page
        .messages
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    if counts.is_empty() { "none".to_owned() } else { counts.join(", ") }
}

fn names(text: &mut String, page: &StatusPage) {
    for (name, values) in
        [("aliases", &page.names.aliases), ("accounts", &page.names.accounts), ("topics", &page.names.topics)]
    {
        if !values.is_empty() {
            fact(text, name, format_args!("{}", values.join(", ")));
        }
    }
    if let Some(window) = &page.names.accept_time {
        match (window.start.as_str(), window.end.as_str()) {
            ("00:00", "00:00") => fact(text, "accepts", format_args!("nothing: paused")),
            ("00:00", "23:59") => {}
            (start, end) => fact(text, "accepts", format_args!("from {start} to {end}")),
        }
    }
}

fn listed(addresses: &[String]) -> String {
    if addresses.is_empty() { "none known".to_owned() } else { addresses.join(", ") }
}

fn fact(text: &mut String, name: &str, value: std::fmt::Arguments<'_>) {
    line(text, format_args!("{name:<10} {value}"));
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    text.push_str(&printable(&content.to_string()));
    text.push('\n');
}

/// A moment seen from `now`, such as `2 min ago` or `in 3 s`.
pub fn relative_text(at: i64, now: i64) -> String {
    let difference = duration_text(at.abs_diff(now));
    match at.cmp(&now) {
        _ if at.abs_diff(now) < 1_000 => "just now".to_owned(),
        std::cmp::Ordering::Greater => format!("in {difference}"),
        _ => format!("{difference} ago"),
    }
}

/// A duration in milliseconds in its largest unit, with the next one where that matters: `1 h 5 min`.
pub fn duration_text(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    match seconds {
        0 => format!("{milliseconds} ms"),
        1..60 => format!("{seconds} s"),
        60..3_600 => with_rest(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => with_rest(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => with_rest(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

fn with_rest(count: u64, unit: &str, rest: u64, rest_unit: &str) -> String {
    if rest == 0 || count >= 10 { format!("{count} {unit}") } else { format!("{count} {unit} {rest} {rest_unit}") }
}

fn bytes(count: u64) -> String {
    match count {
        0..10_000 => format!("{count} B"),
        10_000..10_000_000 => format!("{} kB", count / 1_000),
        _ => format!("{} MB", count / 1_000_000),
    }
}

/// A moment as date and time of day in UTC, such as `2026-01-31 08:05:59.123`.
pub fn clock_text(at: i64) -> String {
    let (days, rest) = (at.div_euclid(86_400_000), at.rem_euclid(86_400_000));
    // The civil calendar in years that begin on 1 March, so that the leap day is the last one.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, milliseconds) = (rest / 1_000, rest % 1_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{milliseconds:03}")
}

/// One event as a line without its end.
pub fn history_text(item: &HistoryItem) -> String {
    let mut text = format!("{} {}", clock_text(item.at), printable(&item.event));
    for (name, value) in &item.details {
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::String(value) => {
                let _ = write!(text, " {}={}", printable(name), printable(value));
            }
            other => {
                let _ = write!(text, " {}={}", printable(name), printable(&other.to_string()));
            }
        }
    }
    text
}

/// One message as a line without its end.
pub fn notification_text(notification: &Notification) -> String {
    let at = clock_text(notification.shown_at.unwrap_or(notification.arrived_at));
    let (state, id) = (printable(&notification.state), printable(&notification.id));
    let content = match (notification.title.as_str(), notification.description.as_str()) {
        ("", "") => format!("({} bytes for the app)", notification.payload.len()),
        ("", description) => printable(description),
        (title, "") => printable(title),
        (title, description) => printable(&format!("{title}: {description}")),
    };
    format!("{at} {state:<10} {id}  {content}")
}

/// Without control characters: what servers send must not steer a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
