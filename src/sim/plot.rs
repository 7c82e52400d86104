//! A day as a picture, a lane a strategy; and a storm.

mod learning;

use std::fmt::Write;
use std::ops::Range;

use crate::Run;
use crate::day::{Day, Transport};
use crate::phone;
use crate::storm::{Returned, Storm};
use crate::strategy::Strategy;
use crate::svg::{Anchor, Svg};
use crate::time::{HOUR, MINUTE, SECOND};
use crate::trace::{Fate, Trace};

pub use learning::learning;

const WIDTH: f64 = 1_400.0;
/// The part of the width in which time runs.
const LEFT: f64 = 130.0;
const RIGHT: f64 = 1_120.0;
const TOP: f64 = 78.0;
const CONTEXT: f64 = 66.0;
const LANE: f64 = 92.0;
const LEGEND: f64 = 64.0;

/// A message that took longer than this is drawn as late.
const LATE: u64 = 30 * SECOND;

/// Intervals are drawn on a logarithmic scale between these.
const LOWEST: u64 = 30 * SECOND;
const HIGHEST: u64 = 40 * MINUTE;

struct Scale {
    lasts: u64,
}

impl Scale {
    fn x(&self, at: u64) -> f64 {
        LEFT + (RIGHT - LEFT) * at as f64 / self.lasts.max(1) as f64
    }

    fn rect(&self, svg: &mut Svg, class: &str, range: &Range<u64>, y: f64, height: f64) {
        let (from, to) = (self.x(range.start), self.x(range.end.min(self.lasts)));
        // Less than a pixel would not be seen.
        svg.rect(class, from, y, (to - from).max(1.0), height);
    }
}

/// Draws a day as each of these runs lived through it.
pub fn day(day: &Day, runs: &[Run]) -> String {
    let mut svg = Svg::default();
    let scale = Scale { lasts: day.lasts };
    let lanes = TOP + CONTEXT;
    let bottom = lanes + LANE * runs.len() as f64;
    svg.text("title", 24.0, 34.0, Anchor::Start, &day.name);
    svg.text("small", 24.0, 54.0, Anchor::Start, &day.title);
    for place in 0..runs.len() {
        if place % 2 == 0 {
            let y = lanes + LANE * place as f64;
            svg.rect("band", 8.0, y, WIDTH - 16.0, LANE);
        }
    }
    hours(&mut svg, day, &scale, bottom);
    context(&mut svg, day, &scale);
    for (index, head) in ["wake-ups", "pings", "dark min", "worst delay"].iter().enumerate() {
        svg.text("head", column(index), lanes - 8.0, Anchor::End, head);
    }
    for (place, run) in runs.iter().enumerate() {
        lane(&mut svg, &scale, run, lanes + LANE * place as f64);
    }
    legend(&mut svg, bottom + 40.0);
    svg.finish(WIDTH, bottom + LEGEND + 28.0, &format!("{}: {}", day.name, day.title))
}

/// Where the numbers of a column end.
fn column(index: usize) -> f64 {
    [1_212.0, 1_256.0, 1_312.0, 1_384.0][index.min(3)]
}

fn hours(svg: &mut Svg, day: &Day, scale: &Scale, bottom: f64) {
    let first = day.begins.div_ceil(HOUR) * HOUR;
    let every = if day.lasts > 24 * HOUR { 3 * HOUR } else { HOUR };
    let mut hour = first;
    while hour <= day.begins + day.lasts {
        let x = scale.x(hour - day.begins);
        svg.line("grid", (x, TOP), (x, bottom));
        svg.text("small", x, bottom + 16.0, Anchor::Middle, &day.clock(hour - day.begins));
        hour += every;
    }
    svg.line("axis", (LEFT, bottom), (RIGHT, bottom));
}

/// What the day brings: networks with their NATs, the screen, Doze, the server.
fn context(svg: &mut Svg, day: &Day, scale: &Scale) {
    let y = TOP;
    svg.text("small", LEFT - 10.0, y + 13.0, Anchor::End, "network");
    let moves: Vec<_> = day.moves.iter().map(|step| (step.at, step.network)).collect();
    let mut labelled = Vec::new();
    for (place, (from, network)) in moves.iter().enumerate() {
        let to = moves.get(place + 1).map_or(day.lasts, |(at, _)| *at);
        let Some(network) = *network else {
            scale.rect(svg, "none", &(*from..to), y, 18.0);
            continue;
        };
        let mut path = day.networks[network].path.clone();
        let mut cuts = vec![(*from, path.clone())];
        for change in day.changes.iter().filter(|change| change.network == network && change.at < to) {
            path = change.path.clone();
            if change.at <= *from {
                cuts[0].1 = path.clone();
            } else {
                cuts.push((change.at, path.clone()));
            }
        }
        for (index, (at, path)) in cuts.iter().enumerate() {
            let end = cuts.get(index + 1).map_or(to, |(at, _)| *at);
            let class = match day.networks[network].transport {
                _ if path.portal || path.black_hole => "broken",
                Transport::Wifi => "wifi",
                Transport::Cellular => "cellular",
                Transport::Ethernet => "ethernet",
            };
            scale.rect(svg, class, &(*at..end), y, 18.0);
            let nat = path.nat.map_or("no NAT".to_owned(), |nat| format!("NAT {}", duration(nat)));
            let text = match (path.portal, path.black_hole) {
                (true, _) => "portal".to_owned(),
                (_, true) => "black hole".to_owned(),
                _ => format!("{}, {nat}", day.networks[network].name),
            };
            labelled.push((*at..end, text));
        }
    }
    for (range, text) in labelled {
        let room = scale.x(range.end) - scale.x(range.start);
        let (short, _) = text.split_once(',').unwrap_or((&text, ""));
        // Six pixels a character of this size.
        let fitting = [text.as_str(), short].into_iter().find(|text| text.chars().count() as f64 * 6.0 + 8.0 < room);
        if let Some(text) = fitting {
            svg.text("on-bar", scale.x(range.start) + 5.0, y + 13.0, Anchor::Start, text);
        }
    }
    svg.text("small", LEFT - 10.0, y + 33.0, Anchor::End, "phone, server");
    for still in phone::doze(&day.phone) {
        scale.rect(svg, "doze", &still, y + 25.0, 4.0);
    }
    for on in &day.phone.screen_on {
        scale.rect(svg, "screen", on, y + 25.0, 4.0);
    }
    for outage in &day.server.outages {
        scale.rect(svg, "server", &(outage.from..outage.to), y + 31.0, 4.0);
    }
}

fn duration(milliseconds: u64) -> String {
    match milliseconds {
        HOUR.. if milliseconds.is_multiple_of(HOUR) => format!("{} h", milliseconds / HOUR),
        MINUTE.. => format!("{} min", milliseconds / MINUTE),
        _ => format!("{} s", milliseconds / SECOND),
    }
}

fn lane(svg: &mut Svg, scale: &Scale, run: &Run, y: f64) {
    let trace = &run.trace;
    let class = if run.strategy == Strategy::Offpush { "ours" } else { "name" };
    svg.text(class, LEFT - 10.0, y + 33.0, Anchor::End, run.strategy.name());
    let bar = y + 22.0;
    svg.rect("away", LEFT, bar, RIGHT - LEFT, 13.0);
    for range in &trace.online {
        scale.rect(svg, "alive", range, bar, 13.0);
    }
    for range in &trace.no_network {
        scale.rect(svg, "none", range, bar, 13.0);
    }
    for range in &trace.dark {
        scale.rect(svg, "dark", range, bar, 13.0);
    }
    ticks(svg, scale, "beat", &trace.pings, bar + 15.0, 8.0);
    ticks(svg, scale, "wake", &trace.wakes, bar + 25.0, 4.0);
    for range in &trace.dark {
        let x = scale.x(range.start);
        svg.path("death", &format!("M{:.1} {:.1}l6 6m0 -6l-6 6", x - 3.0, bar - 8.0));
    }
    for (at, _) in &trace.late_alarms {
        let x = scale.x(*at);
        svg.path("alarm", &format!("M{:.1} {:.1}l3 5h-6z", x, bar + 30.0));
    }
    messages(svg, scale, trace, y + 10.0);
    intervals(svg, scale, trace, y + 54.0, 34.0);
    let metrics = &run.metrics;
    let dark = if metrics.dark >= 1.0 { "bad" } else { "number" };
    let late = metrics.delay_worst.is_some_and(|worst| worst * 1_000.0 > LATE as f64);
    let worst = metrics.delay_worst.map_or("–".to_owned(), |worst| match worst {
        120.0.. => format!("{:.0} min", worst / 60.0),
        _ => format!("{worst:.1} s"),
    });
    let cells = [
        ("number", metrics.wakes.to_string()),
        ("number", metrics.pings.to_string()),
        (dark, format!("{:.1}", metrics.dark)),
        (if late { "bad" } else { "number" }, worst),
    ];
    for (index, (class, text)) in cells.iter().enumerate() {
        svg.text(class, column(index), y + 33.0, Anchor::End, text);
    }
}

fn ticks(svg: &mut Svg, scale: &Scale, class: &str, times: &[u64], y: f64, height: f64) {
    let mut pieces = String::new();
    for at in times {
        let _ = write!(pieces, "M{:.1} {y:.1}v{height:.1}", scale.x(*at));
    }
    svg.path(class, &pieces);
}

fn messages(svg: &mut Svg, scale: &Scale, trace: &Trace, y: f64) {
    for (sent, fate) in &trace.messages {
        let from = scale.x(*sent);
        match fate {
            Fate::Delivered(at) if at - sent <= LATE => svg.circle("in-time", from, y, 2.4),
            Fate::Delivered(at) => {
                svg.line("delay", (from, y), (scale.x(*at), y));
                svg.circle("late", scale.x(*at), y, 3.0);
            }
            Fate::Expired | Fate::UnderWay => svg.circle("lost", from, y, 3.0),
        }
    }
}

/// The interval in use, and the NAT's time-out that it must stay below.
fn intervals(svg: &mut Svg, scale: &Scale, trace: &Trace, y: f64, height: f64) {
    let log = |value: u64| (value.clamp(LOWEST, HIGHEST) as f64).ln();
    let level = |value: u64| y + height * (1.0 - (log(value) - log(LOWEST)) / (log(HIGHEST) - log(LOWEST)));
    let (mut used, mut limit) = (String::new(), String::new());
    for (place, interval) in trace.intervals.iter().enumerate() {
        let to = trace.intervals.get(place + 1).map_or(scale.lasts, |next| next.from);
        if interval.network.is_none() {
            continue;
        }
        let connected = place > 0 && trace.intervals[place - 1].network.is_some();
        let letter = if connected { 'L' } else { 'M' };
        let (x, end) = (scale.x(interval.from), scale.x(to));
        let _ = write!(used, "{letter}{x:.1} {:.1}H{end:.1}", level(interval.interval));
        if let Some(nat) = interval.nat {
            let _ = write!(limit, "M{x:.1} {:.1}H{end:.1}", level(nat));
        }
    }
    svg.path("nat", &limit);
    svg.path("interval", &used);
    if let Some(last) = trace.intervals.last().filter(|last| last.network.is_some()) {
        svg.text("small", RIGHT + 6.0, level(last.interval) + 4.0, Anchor::Start, &precise(last.interval));
    }
}

fn precise(milliseconds: u64) -> String {
    let seconds = milliseconds / SECOND;
    match seconds {
        0..60 => format!("{seconds} s"),
        _ => format!("{}:{:02}", seconds / 60, seconds % 60),
    }
}

fn legend(svg: &mut Svg, y: f64) {
    let mut x = LEFT;
    let mut item = |svg: &mut Svg, width: f64, draw: &dyn Fn(&mut Svg, f64), text: &str| {
        draw(svg, x);
        svg.text("small", x + width + 6.0, y, Anchor::Start, text);
        x += width + 20.0 + text.chars().count() as f64 * 5.9;
    };
    let block = |class: &'static str| move |svg: &mut Svg, x: f64| svg.rect(class, x, y - 9.0, 16.0, 10.0);
    item(svg, 16.0, &block("alive"), "connected");
    item(svg, 16.0, &block("dark"), "dead and not known");
    item(svg, 16.0, &block("away"), "knows it is not connected");
    item(svg, 16.0, &block("none"), "no network");
    item(svg, 16.0, &block("broken"), "portal or black hole");
    item(svg, 16.0, &block("screen"), "screen on");
    item(svg, 16.0, &block("doze"), "Doze");
    item(svg, 16.0, &block("server"), "server away");
    let y = y + 22.0;
    let mut x = LEFT;
    let mut item = |svg: &mut Svg, width: f64, draw: &dyn Fn(&mut Svg, f64), text: &str| {
        draw(svg, x);
        svg.text("small", x + width + 6.0, y, Anchor::Start, text);
        x += width + 20.0 + text.chars().count() as f64 * 5.9;
    };
    let tick = |class: &'static str| {
        move |svg: &mut Svg, x: f64| svg.path(class, &format!("M{:.1} {:.1}v9", x + 2.0, y - 9.0))
    };
    item(svg, 4.0, &|svg, x| svg.circle("in-time", x + 3.0, y - 4.0, 2.4), "message");
    item(
        svg,
        20.0,
        &|svg, x| {
            svg.line("delay", (x, y - 4.0), (x + 17.0, y - 4.0));
            svg.circle("late", x + 17.0, y - 4.0, 3.0);
        },
        "late, from sent to shown",
    );
    item(svg, 6.0, &|svg, x| svg.circle("lost", x + 3.0, y - 4.0, 3.0), "not delivered that day");
    item(svg, 4.0, &tick("beat"), "ping");
    item(svg, 4.0, &tick("wake"), "wake-up");
    item(svg, 8.0, &|svg, x| svg.path("death", &format!("M{:.1} {:.1}l6 6m0 -6l-6 6", x, y - 7.0)), "death");
    item(svg, 8.0, &|svg, x| svg.path("alarm", &format!("M{:.1} {:.1}l3 5h-6z", x + 4.0, y - 6.0)), "late alarm");
    item(svg, 18.0, &|svg, x| svg.path("interval", &format!("M{x:.1} {:.1}h18", y - 4.0)), "interval in use");
    item(svg, 18.0, &|svg, x| svg.path("nat", &format!("M{x:.1} {:.1}h18", y - 4.0)), "the NAT's time-out");
}

/// Draws a storm: attempts and connections a second, and how many are back.
pub fn storm(storm: &Storm, returned: &Returned) -> String {
    const HEIGHT: f64 = 470.0;
    let (top, bottom, right) = (90.0, 390.0, 1_330.0);
    let mut svg = Svg::default();
    let title = format!("{} clients come back after a restart", grouped(u64::from(storm.clients)));
    svg.text("title", 24.0, 34.0, Anchor::Start, &title);
    let subtitle = format!(
        "the broker is away for {} and then takes {} connections a second; it asked them to come within {}",
        duration(storm.down),
        grouped(u64::from(storm.capacity)),
        format_args!("{} s", storm.window / SECOND),
    );
    svg.text("small", 24.0, 54.0, Anchor::Start, &subtitle);
    // A tail of single clients is not worth the width.
    let shown = returned.back(0.9999).unwrap_or(returned.attempts.len()).max(10);
    let highest = f64::from(round_up(returned.peak().max(1)));
    let x = |second: usize| LEFT + (right - LEFT) * second as f64 / shown as f64;
    let y = |value: f64| bottom - (bottom - top) * value / highest;
    for part in 0..=4 {
        let value = highest * f64::from(part) / 4.0;
        svg.line("grid", (LEFT, y(value)), (right, y(value)));
        svg.text("small", LEFT - 8.0, y(value) + 4.0, Anchor::End, &grouped(value as u64));
        svg.text("small", right + 8.0, y(value) + 4.0, Anchor::Start, &format!("{} %", part * 25));
    }
    let step = [5, 10, 30, 60, 120, 300, 600].into_iter().find(|step| shown / step <= 14).unwrap_or(1_200);
    for second in (0..=shown).step_by(step) {
        svg.text("small", x(second), bottom + 16.0, Anchor::Middle, &format!("{second} s"));
    }
    let width = (x(1) - x(0)).max(0.6);
    let mut curve = String::new();
    let mut back = 0_u64;
    for second in 0..shown.min(returned.attempts.len()) {
        let (attempts, made) = (f64::from(returned.attempts[second]), f64::from(returned.connections[second]));
        svg.rect("attempts", x(second), y(attempts), width, bottom - y(attempts));
        svg.rect("made", x(second), y(made), width, bottom - y(made));
        back += u64::from(returned.connections[second]);
        let part = back as f64 / f64::from(returned.clients.max(1));
        let _ = write!(curve, "{}{:.1} {:.1}", if second == 0 { 'M' } else { 'L' }, x(second + 1), y(part * highest));
    }
    svg.path("back", &curve);
    if let Some(second) = returned.back(0.99) {
        svg.line("mark", (x(second), top), (x(second), bottom));
        let y = (top + bottom) / 2.0;
        svg.text("bad", x(second) - 6.0, y, Anchor::End, &format!("99 % back after {second} s"));
    }
    svg.line("axis", (LEFT, bottom), (right, bottom));
    for (place, (class, text)) in
        [("attempts", "attempts a second"), ("made", "connections a second")].iter().enumerate()
    {
        let x = LEFT + 190.0 * place as f64;
        svg.rect(class, x, 424.0, 16.0, 10.0);
        svg.text("small", x + 22.0, 433.0, Anchor::Start, text);
    }
    svg.path("back", &format!("M{:.1} 429h18", LEFT + 380.0));
    svg.text("small", LEFT + 404.0, 433.0, Anchor::Start, "back, of all");
    svg.finish(WIDTH, HEIGHT, &title)
}

/// The next number that makes a readable axis.
fn round_up(value: u32) -> u32 {
    let magnitude = 10_u32.pow(value.checked_ilog10().unwrap_or(0));
    [1, 2, 4, 6, 8].into_iter().map(|factor| factor * magnitude).find(|round| *round >= value).unwrap_or(value)
}

/// `1,000,000`.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
