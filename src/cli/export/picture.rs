//! The timeline as a picture in SVG, for the report.

use std::fmt::Write as _;

use offpush_inspect::{clock_text, duration_text, printable};

use crate::timeline::{Kind, Link, Timeline};

/// The picture's width, and where its rows begin.
const WIDTH: f64 = 1_000.0;
const LEFT: f64 = 90.0;
/// A row with its distance to the next.
const ROW: f64 = 30.0;
const HEIGHT: f64 = 5.0 * ROW + 26.0;

/// Spans and marks from `from` to `to`, with a time axis.
pub(super) fn svg(timeline: &Timeline, from: i64, to: i64) -> String {
    let scale = Scale { from, to: to.max(from + 1) };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"timeline\">\n"
    );
    for (row, name) in ["network", "connection", "beats", "ends", "messages"].iter().enumerate() {
        let _ = writeln!(svg, "<text x=\"0\" y=\"{:.0}\" class=\"name\">{name}</text>", row as f64 * ROW + 17.0);
    }
    networks(&mut svg, timeline, &scale);
    for (start, end, link) in timeline.spans(from, to) {
        let class = match link {
            Link::Unknown => continue,
            Link::Up => "up",
            Link::Trying => "trying",
            Link::NoNetwork => "none",
            Link::Down => "down",
        };
        let title = format!("{} for {}, from {}", link.name(), duration_text(end.abs_diff(start)), clock_text(start));
        span(&mut svg, &scale, (start, end), 1, class, &title);
    }
    for moment in timeline.moments.iter().filter(|moment| (from..=to).contains(&moment.at)) {
        let x = scale.x(moment.at);
        let time = clock_text(moment.at);
        let _ = match &moment.kind {
            Kind::Beat(took) => writeln!(
                svg,
                "<path d=\"M{x:.1} {:.0}v18\" class=\"beat\"><title>ping answered in {took} ms, {time}</title></path>",
                2.0 * ROW + 3.0
            ),
            Kind::Death(cause) => writeln!(
                svg,
                "<path d=\"M{:.1} {:.0}l10 10m0 -10l-10 10\" class=\"death\"><title>connection ended: {}, {time}</title></path>",
                x - 5.0,
                3.0 * ROW + 7.0,
                escape(cause)
            ),
            Kind::Message => writeln!(
                svg,
                "<path d=\"M{:.1} {:.0}h10l-5 9z\" class=\"message\"><title>message arrived, {time}</title></path>",
                x - 5.0,
                4.0 * ROW + 7.0
            ),
            Kind::Network(_) => Ok(()),
        };
    }
    axis(&mut svg, &scale);
    svg + "</svg>\n"
}

struct Scale {
    from: i64,
    to: i64,
}

impl Scale {
    fn x(&self, at: i64) -> f64 {
        let part = (at.clamp(self.from, self.to) - self.from) as f64 / (self.to - self.from) as f64;
        LEFT + part * (WIDTH - LEFT - 6.0)
    }
}

fn span(svg: &mut String, scale: &Scale, (start, end): (i64, i64), row: u8, class: &str, title: &str) {
    let (left, right) = (scale.x(start), scale.x(end));
    let (top, width) = (f64::from(row) * ROW + 3.0, (right - left).max(0.7));
    let _ = writeln!(
        svg,
        "<rect x=\"{left:.1}\" y=\"{top:.0}\" width=\"{width:.1}\" height=\"18\" class=\"{class}\"><title>{}</title></rect>",
        escape(title)
    );
}

fn networks(svg: &mut String, timeline: &Timeline, scale: &Scale) {
    for (start, end, kind) in timeline.networks(scale.from, scale.to) {
        let class = if kind == "cellular" { "network cellular" } else { "network" };
        span(svg, scale, (start, end), 0, class, &format!("{kind}, from {}", clock_text(start)));
        // A name needs about seven units a letter.
        if scale.x(end) - scale.x(start) > kind.len() as f64 * 7.0 + 8.0 {
            let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"17\">{}</text>", scale.x(start) + 4.0, escape(kind));
        }
    }
}

/// Five times, evenly.
fn axis(svg: &mut String, scale: &Scale) {
    let _ = writeln!(svg, "<path d=\"M{LEFT} {:.0}H{:.0}\" class=\"axis\"/>", 5.0 * ROW, WIDTH - 6.0);
    for part in 0..=4 {
        let at = scale.from + (scale.to - scale.from) * part / 4;
        let anchor = ["start", "middle", "middle", "middle", "end"][usize::try_from(part).unwrap_or(0)];
        let time = clock_text(at);
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"{anchor}\" class=\"time\">{}</text>",
            scale.x(at),
            5.0 * ROW + 17.0,
            time.get(5..19).unwrap_or(&time)
        );
    }
}

/// Text for HTML and SVG, without control characters.
pub(super) fn escape(text: &str) -> String {
    printable(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
