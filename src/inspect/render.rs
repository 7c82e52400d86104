//! The status page as text for people.

use crate::page::{Learned, Network, State, StatusPage};
use crate::problem::{Problem, Severity};
use crate::text::{bytes_text, duration_text, printable, relative_text};

/// A line of the page's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it says, for those who colour it.
    pub role: Role,
    /// Its text, without control characters.
    pub text: String,
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The verdict, and all is well.
    Good,
    /// The verdict, and it is not; or a problem that is an error.
    Bad,
    /// Another problem.
    Warning,
    /// What a problem breaks.
    Impact,
    /// What to do about it.
    Action,
    /// A fact.
    Fact,
}

impl StatusPage {
    /// Whether it is connected and nothing is wrong that keeps messages from arriving or from being shown.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.state == State::Connected && self.worst().is_none()
    }

    /// Connected or not, since when and why, in one sentence.
    #[must_use]
    pub fn verdict(&self) -> String {
        let time = duration_text(self.at.abs_diff(self.since));
        let down = duration_text(self.at.abs_diff(self.down_since.unwrap_or(self.since)));
        let worst = self.worst().map(|problem| problem.title.as_str());
        let because = self.reason.as_deref().or(worst).map(|reason| format!(": {reason}")).unwrap_or_default();
        let verdict = match self.state {
            State::Connected => match worst {
                Some(problem) => format!("Connected for {time}, but {problem}."),
                None if self.gateway_present => format!("Connected for {time}; the gateway answers."),
                None => format!("Connected to the broker for {time}; the gateway has not answered yet."),
            },
            State::Connecting | State::Handshaking => format!("Not connected for {down}, connecting{because}."),
            State::Waiting => format!("Not connected for {down}{because}."),
            State::NoNetwork => format!("Not connected for {down}: there is no network."),
            State::Unregistered => format!("Not registered{because}."),
            State::Registering => format!("Not registered yet: asking the gateway for {time}{because}."),
            State::WaitingToRegister => format!("Not registered: the gateway could not be asked{because}."),
            State::RegistrationRefused => format!("Not registered: the gateway refused{because}."),
            State::NotRunning if self.reason.is_some() => format!("Not running{because}."),
            State::NotRunning => "Not running: this is what the daemon's files say.".to_owned(),
            State::Unknown => format!("In a state that this version does not know{because}."),
        };
        printable(&verdict)
    }

    /// The first error that is no consequence of another problem.
    fn worst(&self) -> Option<&Problem> {
        self.problems.iter().find(|problem| problem.severity == Severity::Error && problem.depends_on.is_empty())
    }
}

/// A page as text: the verdict in the first line, then what is wrong, then the facts.
#[must_use]
pub fn render(page: &StatusPage) -> String {
    rows(page).into_iter().fold(String::new(), |text, row| text + &row.text + "\n")
}

/// The same line by line.
#[must_use]
pub fn rows(page: &StatusPage) -> Vec<Row> {
    let mut rows = Rows(Vec::new());
    rows.add(if page.is_healthy() { Role::Good } else { Role::Bad }, &page.verdict());
    problems(&mut rows, page);
    if let Some(next) = &page.next {
        rows.fact("next", &format!("{}: {}", relative_text(next.at, page.at), action(&next.action)));
    }
    connection(&mut rows, page);
    messages(&mut rows, page);
    names(&mut rows, page);
    for (topic, said) in &page.platform {
        rows.fact(topic, &said.words);
    }
    cost(&mut rows, page);
    rows.0
}

struct Rows(Vec<Row>);

impl Rows {
    fn add(&mut self, role: Role, text: &str) {
        self.0.push(Row { role, text: printable(text) });
    }

    fn fact(&mut self, name: &str, value: &str) {
        self.add(Role::Fact, &format!("{name:<10} {value}"));
    }
}

fn problems(rows: &mut Rows, page: &StatusPage) {
    let (shown, folded): (Vec<_>, Vec<_>) = page.problems.iter().partition(|problem| problem.depends_on.is_empty());
    for problem in shown {
        let (role, mark) = if problem.severity == Severity::Error { (Role::Bad, "!!") } else { (Role::Warning, "!") };
        let since = problem.since.map(|since| format!(" (for {})", duration_text(page.at.abs_diff(since))));
        rows.add(role, &format!("{mark} {}{}", problem.title, since.unwrap_or_default()));
        if !problem.impact.is_empty() {
            rows.add(Role::Impact, &format!("   breaks: {}", problem.impact));
        }
        rows.add(Role::Action, &format!("   → {}", problem.action));
    }
    if !folded.is_empty() {
        let titles: Vec<&str> = folded.iter().map(|problem| problem.title.as_str()).collect();
        rows.add(Role::Impact, &format!("   and so: {}", titles.join("; ")));
    }
}

fn connection(rows: &mut Rows, page: &StatusPage) {
    if page.process.is_some() {
        let network = &page.network;
        rows.fact("network", &network_text(network));
        rows.fact("gateway", &listed(&page.servers));
        let listens = if page.app.listens { "which takes callbacks" } else { "whose callbacks wait for it" };
        rows.fact("app", &format!("{}, {listens}", page.package));
    } else {
        rows.fact("app", &page.package);
    }
    rows.fact("broker", &page.broker.clone().unwrap_or_else(|| listed(&page.brokers)));
    rows.fact("regId", page.reg_id.as_deref().unwrap_or("none"));
    if page.heartbeat > 0 {
        let confidence = page.learned.map_or_else(|| "fixed".to_owned(), |learned| confidence_text(&learned));
        let last = page.last_received.map(|at| format!("; last byte {}", relative_text(at, page.at)));
        rows.fact(
            "heartbeat",
            &format!("every {}, {confidence}{}", duration_text(page.heartbeat), last.unwrap_or_default()),
        );
    }
    if let Some(alarm) = &page.alarm {
        let (earliest, latest) = (relative_text(alarm.earliest, page.at), relative_text(alarm.latest, page.at));
        let when = if earliest == latest { latest } else { format!("{earliest} to {latest}") };
        rows.fact("alarm", &format!("{when}: {}", alarm.rung));
    }
}

fn network_text(network: &Network) -> String {
    let leads = match network.internet.as_deref() {
        Some("works") => ", leads to the internet",
        Some("portal") => ", a captive portal",
        Some("none") => ", leads nowhere",
        _ => "",
    };
    let key = network.key.as_ref().map(|key| format!(" {key}")).unwrap_or_default();
    match network.transport.as_deref() {
        None => "none".to_owned(),
        Some("loopback") => "loopback: the gateway is on this machine".to_owned(),
        Some(transport) => format!("{transport}{key}{leads}"),
    }
}

/// What a heartbeat rests on, in words.
#[must_use]
pub fn confidence_text(learned: &Learned) -> String {
    let proved = match learned.proved {
        0 => "no silence is proved yet".to_owned(),
        proved => format!("{} is proved", duration_text(proved)),
    };
    let failed = match learned.failed {
        0 => "none has killed a connection yet".to_owned(),
        failed => format!("{} has killed", duration_text(failed)),
    };
    format!("{}: {proved}, {failed}", if learned.settled { "settled" } else { "learning" })
}

fn messages(rows: &mut Rows, page: &StatusPage) {
    let counts: Vec<String> = page
        .messages
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(state, count)| format!("{count} {state}"))
        .collect();
    let last = page.last_message.as_ref().map(|last| {
        let at = last.clicked_at.or(last.shown_at).unwrap_or(last.arrived_at);
        format!("; the last, {}, is {} ({})", last.id, last.state, relative_text(at, page.at))
    });
    let counts = if counts.is_empty() { "none".to_owned() } else { counts.join(", ") };
    rows.fact("messages", &format!("{counts}{}", last.unwrap_or_default()));
    rows.fact("waiting", &format!("{} for the gateway, {} for the app", page.outbox, page.callbacks));
    if let Some(mark) = &page.mark {
        rows.fact("taken", &format!("everything up to number {} of epoch {}", mark.up_to, mark.epoch));
    }
}

fn names(rows: &mut Rows, page: &StatusPage) {
    for (name, values) in
        [("aliases", &page.names.aliases), ("accounts", &page.names.accounts), ("topics", &page.names.topics)]
    {
        if !values.is_empty() {
            rows.fact(name, &values.join(", "));
        }
    }
    if let Some(window) = &page.names.accept_time {
        match (window.start.as_str(), window.end.as_str()) {
            ("00:00", "00:00") => rows.fact("accepts", "nothing: paused"),
            ("00:00", "23:59") => {}
            (start, end) => rows.fact("accepts", &format!("from {start} to {end}")),
        }
    }
}

fn cost(rows: &mut Rows, page: &StatusPage) {
    if let Some(today) = &page.today {
        rows.fact(
            "today",
            &format!(
                "{} wake-ups, {} in, {} out, radio up for about {} (estimated), in the last {}",
                today.wake_ups,
                bytes_text(today.bytes_in),
                bytes_text(today.bytes_out),
                duration_text(today.radio_estimate),
                duration_text(page.at.abs_diff(today.since)),
            ),
        );
    }
    if let Some(process) = &page.process {
        let since = relative_text(process.started_at, page.at);
        rows.fact("process", &format!("{}, {}, started {since}", process.pid, page.version));
        let storage = &page.storage;
        let (size, dead) = (bytes_text(storage.bytes), bytes_text(storage.dead_bytes));
        rows.fact("storage", &format!("{size}, {dead} of it dead, {} commits", process.commits));
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

fn listed(addresses: &[String]) -> String {
    if addresses.is_empty() { "none known".to_owned() } else { addresses.join(", ") }
}
