//! One frame of the live view.

use offpush_inspect::{HistoryItem, Role, clock_text, details_text, duration_text, printable, rows};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::model::Model;
use crate::timeline::{Kind, Link, Timeline};

/// Lines for the verdict and what is wrong; what does not fit is in `offpush status`.
const HEAD: u16 = 6;

/// The timeline with its frame: network, connection, beats, messages, axis.
const TIMELINE: u16 = 7;

/// The end of a connection among the beats; no network's kind has this letter.
const DEATH: char = '×';

/// Columns for the names of the timeline's rows.
const NAMES: u16 = 11;

/// Draws the whole view.
pub(crate) fn draw(model: &Model, frame: &mut Frame<'_>) {
    let head = head(model);
    let lines = u16::try_from(head.len()).unwrap_or(HEAD).min(HEAD);
    let [top, timeline, events, keys] = Layout::vertical([
        Constraint::Length(lines),
        Constraint::Length(TIMELINE),
        Constraint::Min(3),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(Paragraph::new(head), top);
    draw_timeline(model, frame, timeline);
    draw_events(model, frame, events);
    frame.render_widget(Paragraph::new(keys_line(model)), keys);
}

/// How many events fit.
pub(crate) fn page_lines(model: &Model, height: u16) -> usize {
    let around = head(model).len().min(usize::from(HEAD)) + usize::from(TIMELINE) + 3;
    usize::from(height).saturating_sub(around).max(1)
}

/// The verdict, what is wrong, and some facts.
fn head(model: &Model) -> Vec<Line<'static>> {
    if let Some(lost) = &model.lost {
        return vec![Line::styled(printable(lost), role_style(Role::Bad))];
    }
    let Some(page) = &model.page else { return vec![Line::raw("The daemon is being asked.")] };
    // Its times are relative to the moment it was made; what matters is now.
    let mut page = page.clone();
    page.at = model.paused_at.unwrap_or(model.now);
    let wanted = |text: &str| {
        ["next ", "network ", "heartbeat ", "messages ", "today "].iter().any(|name| text.starts_with(name))
    };
    let rows = rows(&page).into_iter().filter(|row| row.role != Role::Fact || wanted(&row.text));
    let mut rows: Vec<_> = rows.collect();
    // What is wrong needs the room more than what goes well.
    while rows.len() > usize::from(HEAD) && rows.last().is_some_and(|row| row.role == Role::Fact) {
        rows.pop();
    }
    rows.into_iter().map(|row| Line::styled(row.text, role_style(row.role))).collect()
}

fn role_style(role: Role) -> Style {
    match role {
        Role::Good => Style::new().fg(Color::Green).add_modifier(Modifier::BOLD),
        Role::Bad => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        Role::Warning => Style::new().fg(Color::Yellow),
        Role::Action => Style::new().fg(Color::Cyan),
        Role::Impact => Style::new().add_modifier(Modifier::DIM),
        Role::Fact => Style::new(),
    }
}

fn draw_timeline(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let title = format!(" the last {} ", duration_text(model.timeline_width().unsigned_abs()));
    let block = Block::bordered().title(title);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let width = inner.width.saturating_sub(NAMES);
    if width == 0 {
        return;
    }
    let (from, to) = model.window();
    let timeline = Timeline::of(&model.events);
    let cells = timeline.cells(from, to, width);
    let link = cells.iter().map(|link| {
        let (symbol, style) = link_look(*link);
        Span::styled(symbol, style)
    });
    let column = |at: i64| {
        let column = (at - from) * i64::from(width) / (to - from).max(1);
        (at >= from && at <= to).then(|| usize::try_from(column).unwrap_or(0).min(usize::from(width) - 1))
    };
    let blank = vec![' '; usize::from(width)];
    let (mut networks, mut beats, mut messages) = (blank.clone(), blank.clone(), blank);
    for (start, end, kind) in timeline.networks(from, to) {
        let (Some(first), Some(last)) = (column(start), column(end - 1)) else { continue };
        // As much of the name as there is room for.
        let line = std::iter::once('├').chain(kind.chars()).chain(std::iter::repeat('─'));
        networks[first..=last].iter_mut().zip(line).for_each(|(cell, letter)| *cell = letter);
    }
    for moment in &timeline.moments {
        let Some(column) = column(moment.at) else { continue };
        match moment.kind {
            Kind::Beat(_) if beats[column] == ' ' => beats[column] = '|',
            Kind::Death(_) => beats[column] = DEATH,
            Kind::Message => messages[column] = 'v',
            Kind::Beat(_) | Kind::Network(_) => {}
        }
    }
    let row = |name: &str, cells: Vec<char>, colour: Color| {
        let cells = cells.into_iter().map(|cell| {
            let colour = if cell == DEATH { Color::Red } else { colour };
            Span::styled(cell.to_string(), Style::new().fg(colour))
        });
        Line::from_iter([Span::raw(format!("{name:<11}"))].into_iter().chain(cells))
    };
    let lines = vec![
        row("network", networks, Color::Cyan),
        Line::from_iter([Span::raw(format!("{:<11}", "connection"))].into_iter().chain(link)),
        row("beats", beats, Color::Green),
        row("messages", messages, Color::Blue),
        axis(model, width),
    ];
    frame.render_widget(Paragraph::new(lines), inner);
}

/// When the timeline begins, its middle, and its end.
fn axis(model: &Model, width: u16) -> Line<'static> {
    let ago = |part: i64| format!("-{}", duration_text((model.timeline_width() / part).unsigned_abs()));
    let end = if model.paused_at.is_some() { "paused" } else { "now" };
    let (start, middle) = (ago(1), ago(2));
    let half = usize::from(width) / 2;
    let text = format!("{start:<half$}{middle}");
    let rest = usize::from(width).saturating_sub(text.len() + end.len());
    Line::styled(format!("{:<11}{text}{:rest$}{end}", "", ""), Style::new().add_modifier(Modifier::DIM))
}

fn link_look(link: Link) -> (&'static str, Style) {
    match link {
        Link::Unknown => (" ", Style::new()),
        Link::Up => ("█", Style::new().fg(Color::Green)),
        Link::Trying => ("▒", Style::new().fg(Color::Yellow)),
        Link::NoNetwork => ("·", Style::new().fg(Color::Gray)),
        Link::Down => ("▁", Style::new().fg(Color::Red)),
    }
}

fn draw_events(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let title = match (model.filter.as_str(), model.types) {
        ("", false) => " events (UTC) ".to_owned(),
        (filter, true) => format!(" only with: {filter}▏ "),
        (filter, false) => format!(" events (UTC) with {filter:?} "),
    };
    let block = Block::bordered().title(title);
    let inner = block.inner(area);
    let room = usize::from(inner.height);
    let listed: Vec<&HistoryItem> = model.listed().rev().skip(model.scrolled).take(room).collect();
    let lines: Vec<Line<'_>> = listed.into_iter().rev().map(event_line).collect();
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn event_line(item: &HistoryItem) -> Line<'static> {
    let colour = match item.event.as_str() {
        "connected" | "gateway-present" | "registered" => Color::Green,
        "disconnected"
        | "registration-failed"
        | "registration-refused"
        | "forgotten"
        | "full"
        | "storage-failed"
        | "storage-damaged"
        | "client-dropped" => Color::Red,
        "arrived" | "stored" | "message" => Color::Blue,
        "network-changed" | "way-out" | "alarm-late" | "clock-wrong" => Color::Yellow,
        _ => Color::Reset,
    };
    let time = clock_text(item.at);
    Line::from_iter([
        Span::styled(time.get(11..).unwrap_or(&time).to_owned(), Style::new().add_modifier(Modifier::DIM)),
        Span::styled(format!(" {:<17} ", printable(&item.event)), Style::new().fg(colour)),
        Span::raw(details_text(item)),
    ])
}

fn keys_line(model: &Model) -> Line<'static> {
    let keys = if model.types {
        "type what a line must contain · Enter keep · Esc all".to_owned()
    } else {
        let pause = if model.paused_at.is_some() { "go on" } else { "pause" };
        format!("q quit · ↑↓ PgUp PgDn Home End scroll · ←→ timeline · / filter · p {pause}")
    };
    Line::styled(keys, Style::new().add_modifier(Modifier::REVERSED))
}
