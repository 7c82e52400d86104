//! The way of one message: from the gateway over the wire and the disk to the click, each step with its time.

use offpush_inspect::{
    HistoryItem, Notification, Severity, State, StatusPage, clock_text, details_text, duration_text, printable,
};
use serde::Serialize;
use serde_json::Value;

use crate::lists::is_about;
use crate::table::Table;

/// A step of the way.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// When, in milliseconds since 1970.
    at: i64,
    /// Milliseconds since the step before.
    took: i64,
    /// `accepted` (by the gateway), `arrived`, `stored`, the state that the message came to, or the event of the connection.
    step: String,
    /// What there is to say about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    details: String,
    /// It happened to the connection while the message was under way.
    meanwhile: bool,
}

/// What there is of a connection while a message waits for it.
const OF_THE_CONNECTION: [&str; 7] =
    ["started", "stopped", "network-changed", "way-out", "connecting", "connected", "disconnected"];

/// The way of a message: its own steps, and what happened to the connection while it was under way.
pub(crate) fn steps(item: &Notification, history: &[HistoryItem]) -> Vec<Step> {
    let step =
        |at, step: &str, details: String, meanwhile| Step { at, took: 0, step: step.to_owned(), details, meanwhile };
    let mut steps = Vec::new();
    if let Some(sent) = item.sent_at {
        steps.push(step(sent, "accepted", String::new(), false));
        let meanwhile = history.iter().filter(|event| {
            OF_THE_CONNECTION.contains(&event.event.as_str()) && (sent..item.arrived_at).contains(&event.at)
        });
        steps.extend(meanwhile.map(|event| step(event.at, &event.event, details_text(event), true)));
    }
    steps.push(step(item.arrived_at, "arrived", String::new(), false));
    let before_own = steps.len();
    steps.extend(history.iter().filter(|event| is_about(event, &item.id)).filter_map(|event| {
        let text = |name: &str| event.details.get(name).and_then(Value::as_str);
        let name = match event.event.as_str() {
            "stored" => "stored",
            "message" => text("state")?,
            _ => return None,
        };
        Some(step(event.at, name, text("reason").unwrap_or_default().to_owned(), false))
    }));
    if steps.len() == before_own {
        // The history has forgotten it; the message has not.
        let known = [(item.shown_at, "shown"), (item.clicked_at, "clicked")];
        steps.extend(known.into_iter().filter_map(|(at, state)| Some(step(at?, state, String::new(), false))));
    }
    let mut last = None;
    for step in &mut steps {
        step.took = last.replace(step.at).map_or(0, |last: i64| step.at.saturating_sub(last));
    }
    steps
}

/// The way for people.
pub(crate) fn text(item: &Notification, steps: &[Step]) -> String {
    let mut table = Table::new(["TIME (UTC)", "AFTER", "STEP"]);
    for (index, step) in steps.iter().enumerate() {
        let after = if index == 0 { String::new() } else { signed(step.took) };
        table.row([clock_text(step.at), after, words(step, item)]);
    }
    let whole = match (item.sent_at, item.shown_at) {
        // Two clocks may disagree.
        (Some(sent), Some(shown)) if shown >= sent => {
            let end = if item.pass_through == 1 { "app" } else { "screen" };
            format!("; it reached the {end} {} after the gateway accepted it", duration_text(shown.abs_diff(sent)))
        }
        _ => String::new(),
    };
    format!("Message {} is {}{whole}.\n{table}", printable(&item.id), printable(&item.state))
}

/// Why a message that has arrived is not shown yet, or has not reached the app, as far as the page knows.
pub(crate) fn waits(item: &Notification, page: &StatusPage) -> Option<String> {
    if item.state != "pending" {
        return None;
    }
    let mut errors = page.problems.iter().filter(|problem| problem.severity == Severity::Error);
    let cause = errors.find(|problem| problem.depends_on.is_empty());
    let why = match (page.state, cause) {
        (State::NotRunning, _) => "no daemon runs".to_owned(),
        _ if item.pass_through == 1 && !page.app.listens => "the app does not run, or does not listen".to_owned(),
        (_, Some(problem)) => problem.title.clone(),
        _ => not_accepted(page)?,
    };
    Some(format!("It waits: {}.\n", printable(&why)))
}

/// When the app takes no messages, if there is such a time.
pub(crate) fn not_accepted(page: &StatusPage) -> Option<String> {
    let window = page.names.accept_time.as_ref()?;
    match (window.start.as_str(), window.end.as_str()) {
        ("00:00", "23:59") => None,
        ("00:00", "00:00") => Some("the app has paused messages: `resume` lets them through".to_owned()),
        (start, end) => Some(format!("the app accepts messages from {start} to {end} only")),
    }
}

fn signed(milliseconds: i64) -> String {
    format!("{}{}", if milliseconds < 0 { "-" } else { "" }, duration_text(milliseconds.unsigned_abs()))
}

fn words(step: &Step, item: &Notification) -> String {
    if step.meanwhile {
        return format!("  {} {}", step.step, step.details).trim_end().to_owned();
    }
    let words = match step.step.as_str() {
        "accepted" => "accepted by the gateway, by the gateway's clock",
        "arrived" => "arrived over the connection",
        "stored" => "on disk",
        "presenting" => "handed over to be shown",
        "shown" if item.pass_through == 1 => "taken by the app",
        "pending" => "waits to be shown",
        state => state,
    };
    if step.details.is_empty() { words.to_owned() } else { format!("{words}: {}", step.details) }
}

#[cfg(test)]
#[path = "tests/unit/way.rs"]
mod tests;
