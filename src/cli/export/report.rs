//! The report: one HTML file that needs nothing else and runs nothing.

use std::fmt::Write as _;

use offpush_inspect::{
    HistoryItem, KnownNetwork, Role, StatusPage, clock_text, confidence_text, details_text, duration_text, rows,
};

use super::picture::{escape, svg};
use super::scrub::Envelope;
use crate::lists::transports;
use crate::timeline::{Kind, Timeline};

/// Events listed; history.json has all of them.
const EVENTS: usize = 500;

/// Milliseconds of the second, finer picture.
const LAST_HOUR: i64 = 3_600_000;

const STYLE: &str = "
body{font:15px/1.5 system-ui,sans-serif;max-width:1040px;margin:2em auto;padding:0 1em;color:#1c1f24}
h1{font-size:1.3em}h2{font-size:1.05em;margin-top:2em}.good{color:#1a7f37}.bad{color:#c1121f}.warning{color:#8a5a00}
pre,td,th{font:13px/1.5 ui-monospace,DejaVu Sans Mono,Menlo,monospace}pre{margin:0;white-space:pre-wrap}
table{border-collapse:collapse}td,th{text-align:left;padding:.1em 1em .1em 0;vertical-align:top}th{color:#666}
svg{width:100%;height:auto;font:11px system-ui,sans-serif}.name,.time{fill:#666}.axis{stroke:#ccc}
.network{fill:#dde6f2}.cellular{fill:#f2e2c8}.up{fill:#57ab5a}.trying{fill:#e0b64c}.none{fill:#d5d8dd}.down{fill:#e5686d}
.beat{stroke:#57ab5a}.death{stroke:#c1121f;stroke-width:2}.message{fill:#3b82f6}.legend span{padding-left:1em}
";

/// What a report is made of, scrubbed.
pub(crate) struct Contents<'a> {
    pub(crate) page: &'a StatusPage,
    pub(crate) history: &'a [HistoryItem],
    pub(crate) messages: &'a [Envelope],
    pub(crate) networks: &'a [KnownNetwork],
    /// What `doctor` says, as text.
    pub(crate) doctor: &'a str,
    pub(crate) removed: &'a [String],
}

pub(crate) fn html(contents: &Contents<'_>) -> String {
    let page = contents.page;
    let class = if page.is_healthy() { "good" } else { "bad" };
    let verdict = escape(&page.verdict());
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><title>offpush: {verdict}</title>\n\
         <style>{STYLE}</style></head><body>\n<h1 class=\"{class}\">{verdict}</h1>\n\
         <p>{}, {}, at {} UTC.</p>\n",
        escape(&page.package),
        escape(&page.version),
        clock_text(page.at)
    );
    status(&mut html, page);
    timelines(&mut html, contents);
    ends(&mut html, contents.history);
    messages(&mut html, contents.messages);
    networks(&mut html, contents);
    let _ = writeln!(html, "<h2>Doctor</h2>\n<pre>{}</pre>", lines(contents.doctor.lines()));
    events(&mut html, contents.history);
    html.push_str("<h2>What was taken out</h2>\n<ul>");
    for what in contents.removed {
        let _ = write!(html, "<li>{}</li>", escape(what));
    }
    html + "</ul>\n</body></html>\n"
}

fn lines<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.map(escape).collect::<Vec<_>>().join("\n")
}

fn status(html: &mut String, page: &StatusPage) {
    html.push_str("<h2>Status</h2>\n<pre>");
    for row in rows(page).into_iter().skip(1) {
        let class = match row.role {
            Role::Good => "good",
            Role::Bad => "bad",
            Role::Warning => "warning",
            Role::Impact | Role::Action | Role::Fact => "fact",
        };
        let _ = writeln!(html, "<span class=\"{class}\">{}</span>", escape(&row.text));
    }
    html.push_str("</pre>\n");
}

fn timelines(html: &mut String, contents: &Contents<'_>) {
    let timeline = Timeline::of(contents.history);
    let to = contents.page.at;
    let Some(from) = timeline.start().filter(|from| *from < to) else { return };
    let _ = writeln!(
        html,
        "<h2>Timeline</h2>\n<p class=\"legend\">The last {} (UTC): <span class=\"good\">connected</span> \
         <span class=\"warning\">connecting</span> <span class=\"bad\">not connected</span> <span>grey: no network; nothing: \
         no daemon</span></p>\n{}",
        duration_text(to.abs_diff(from)),
        svg(&timeline, from, to)
    );
    if to - from > 2 * LAST_HOUR {
        let _ = writeln!(html, "<p>The last hour:</p>\n{}", svg(&timeline, to - LAST_HOUR, to));
    }
}

/// Each end of a connection: when, why, after how long, and until when there was none.
fn ends(html: &mut String, history: &[HistoryItem]) {
    let deaths = Timeline::of(history).moments.into_iter().filter(|moment| matches!(moment.kind, Kind::Death(_)));
    let mut table = Table::new(html, "Ends of connections", &["when", "how", "back after"]);
    for death in deaths {
        let item = history.iter().find(|item| item.at == death.at && item.event == "disconnected");
        let back = history.iter().find(|item| item.at >= death.at && item.event == "connected");
        let back = back.map_or("not yet".to_owned(), |back| duration_text(back.at.abs_diff(death.at)));
        table.row(&[clock_text(death.at), item.map(details_text).unwrap_or_default(), back]);
    }
    table.end();
}

fn messages(html: &mut String, messages: &[Envelope]) {
    let columns = ["id", "state", "arrived", "on its way", "until shown", "until clicked"];
    let mut table = Table::new(html, "Messages", &columns);
    let between = |from: Option<i64>, to: Option<i64>| match (from, to) {
        // Two clocks may disagree.
        (Some(from), Some(to)) if to >= from => duration_text(to.abs_diff(from)),
        _ => String::new(),
    };
    for message in messages.iter().rev() {
        table.row(&[
            message.id.clone(),
            message.state.clone(),
            clock_text(message.arrived_at),
            between(message.sent_at, Some(message.arrived_at)),
            between(Some(message.arrived_at), message.shown_at),
            between(message.shown_at, message.clicked_at),
        ]);
    }
    table.end();
}

fn networks(html: &mut String, contents: &Contents<'_>) {
    let kinds = transports(contents.history);
    let columns = ["network", "kind", "last used", "heartbeat", "what that rests on"];
    let mut table = Table::new(html, "Networks", &columns);
    for known in contents.networks {
        let used = if known.current { "now".to_owned() } else { clock_text(known.used_at) };
        let kind = kinds.get(&known.key).cloned().unwrap_or_default();
        table.row(&[known.key.clone(), kind, used, duration_text(known.heartbeat), confidence_text(&known.learned)]);
    }
    table.end();
}

fn events(html: &mut String, history: &[HistoryItem]) {
    let mut table = Table::new(html, "What happened, the newest first", &["when", "event", "details"]);
    for item in history.iter().rev().take(EVENTS) {
        table.row(&[clock_text(item.at), item.event.clone(), details_text(item)]);
    }
    table.end();
}

/// A table with its title; nothing at all if it has no rows.
struct Table<'a> {
    html: &'a mut String,
    head: String,
    is_empty: bool,
}

impl<'a> Table<'a> {
    fn new(html: &'a mut String, title: &str, columns: &[&str]) -> Self {
        let columns: String = columns.iter().map(|column| format!("<th>{column}</th>")).collect();
        Self { html, head: format!("<h2>{title}</h2>\n<table><tr>{columns}</tr>\n"), is_empty: true }
    }

    fn row(&mut self, cells: &[String]) {
        if std::mem::take(&mut self.is_empty) {
            self.html.push_str(&self.head);
        }
        let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        let _ = writeln!(self.html, "<tr>{cells}</tr>");
    }

    fn end(self) {
        if !self.is_empty {
            self.html.push_str("</table>\n");
        }
    }
}
