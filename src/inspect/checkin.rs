//! The status page as lines of comma-separated fields for scripts, as `dumpsys … --checkin` has it everywhere on Android.
//!
//! `VERSION,KIND,FIELD,…`: what each kind's fields are stands in `docs/control.md`. A comma in a text is written as a
//! semicolon, what is not known as nothing. New kinds and new fields at a line's end may come without a new version, and
//! the last line is always `VERSION,end`.

use crate::page::{SCHEMA, State, StatusPage};
use crate::problem::Severity;
use crate::text::printable;

/// The version of the form; it changes only if a field's meaning does.
const VERSION: u32 = 1;

/// A page in that form.
#[must_use]
pub fn checkin(page: &StatusPage) -> String {
    let mut lines = Lines(String::new());
    lines.add("page", &[&SCHEMA, &page.version, &page.at]);
    lines.add("state", &[&state(page.state), &page.since, &or_nothing(page.reason.as_ref())]);
    lines.add("verdict", &[&u8::from(page.is_healthy()), &page.verdict()]);
    if let Some(next) = &page.next {
        lines.add("next", &[&next.action, &next.at]);
    }
    for problem in &page.problems {
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
            Severity::Unknown => "",
        };
        let since = or_nothing(problem.since);
        let causes = problem.depends_on.join(" ");
        lines.add("problem", &[&problem.code, &severity, &since, &causes, &problem.title, &problem.action]);
    }
    lines.add("app", &[&page.package, &u8::from(page.app.listens), &or_nothing(page.reg_id.as_ref())]);
    let network = &page.network;
    let fields = [&network.transport, &network.key, &network.internet].map(|field| or_nothing(field.as_ref()));
    lines.add("network", &[&fields[0], &fields[1], &fields[2]]);
    lines.add("broker", &[&or_nothing(page.broker.as_ref()), &page.attempts, &u8::from(page.gateway_present)]);
    let learned = page.learned.unwrap_or_default();
    let last = or_nothing(page.last_received);
    lines.add("heartbeat", &[&page.heartbeat, &learned.proved, &learned.failed, &u8::from(learned.settled), &last]);
    if let Some(alarm) = &page.alarm {
        lines.add("alarm", &[&alarm.earliest, &alarm.latest, &alarm.rung]);
    }
    for (state, count) in &page.messages {
        lines.add("messages", &[state, count]);
    }
    if let Some(last) = &page.last_message {
        lines.add("last-message", &[&last.id, &last.state, &last.arrived_at]);
    }
    lines.add("waiting", &[&page.outbox, &page.callbacks]);
    for (topic, said) in &page.platform {
        lines.add("platform", &[topic, &said.words, &or_nothing(said.problem.as_ref())]);
    }
    if let Some(today) = &page.today {
        lines.add("today", &[&today.since, &today.wake_ups, &today.bytes_in, &today.bytes_out, &today.radio_estimate]);
    }
    lines.add("end", &[]);
    lines.0
}

struct Lines(String);

impl Lines {
    fn add(&mut self, kind: &str, fields: &[&dyn std::fmt::Display]) {
        self.0.push_str(&format!("{VERSION},{kind}"));
        for field in fields {
            self.0.push(',');
            self.0.push_str(&printable(&field.to_string()).replace(',', ";"));
        }
        self.0.push('\n');
    }
}

fn or_nothing(field: Option<impl std::fmt::Display>) -> String {
    field.map_or_else(String::new, |field| field.to_string())
}

/// As JSON has it.
fn state(state: State) -> String {
    serde_json::to_string(&state).unwrap_or_default().trim_matches('"').to_owned()
}
