//! The curve of learning: how long it takes behind each NAT, and how long it is dark meanwhile.

use std::fmt::Write;

use crate::learning::{HOURS, Row};
use crate::strategy::Strategy;
use crate::svg::{Anchor, Svg};
use crate::time::MINUTE;

const WIDTH: f64 = 1_400.0;
const HEIGHT: f64 = 584.0;
const TOP: f64 = 128.0;
const BOTTOM: f64 = 476.0;
/// What is never reached is drawn here.
const NEVER: f64 = 108.0;

/// Where a panel's time-outs run from left to right.
#[derive(Debug, Clone, Copy)]
struct Panel {
    left: f64,
    right: f64,
}

impl Panel {
    /// Minutes on a logarithmic scale: short time-outs matter as much as long ones.
    fn x(self, nat: u64) -> f64 {
        let log = |nat: f64| nat.ln();
        let (least, most) = (log(1.0), log(40.0));
        let part = (log(nat as f64 / MINUTE as f64) - least) / (most - least);
        self.left + (self.right - self.left) * part
    }

    fn frame(self, svg: &mut Svg, title: &str) {
        svg.text("name", self.left, TOP - 38.0, Anchor::Start, title);
        for minutes in [1, 2, 3, 5, 10, 15, 20, 30, 40] {
            let x = self.x(minutes * MINUTE);
            svg.line("grid", (x, TOP), (x, BOTTOM));
            svg.text("small", x, BOTTOM + 18.0, Anchor::Middle, &format!("{minutes}"));
        }
        let middle = f64::midpoint(self.left, self.right);
        svg.text("small", middle, BOTTOM + 38.0, Anchor::Middle, "the NAT's time-out, minutes");
        svg.line("axis", (self.left, BOTTOM), (self.right, BOTTOM));
    }

    fn level(self, svg: &mut Svg, y: f64, text: &str) {
        svg.line("grid", (self.left, y), (self.right, y));
        svg.text("small", self.left - 8.0, y + 4.0, Anchor::End, text);
    }
}

fn class(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Offpush => "curve-ours",
        Strategy::Mars => "curve-mars",
        Strategy::Courier => "curve-courier",
        _ => "curve-other",
    }
}

/// Draws what [`crate::learning::measure`] found, for the strategies in the order of its metrics.
pub fn learning(strategies: &[Strategy], rows: &[Row]) -> String {
    let mut svg = Svg::default();
    let title = "How long it takes to find what a NAT allows";
    svg.text("title", 24.0, 34.0, Anchor::Start, title);
    let subtitle = format!(
        "an idle phone on one network, {HOURS} h; found: within 15 % below the time-out, or at the ceiling of 28 min"
    );
    svg.text("small", 24.0, 54.0, Anchor::Start, &subtitle);
    let time = Panel { left: 76.0, right: 660.0 };
    let dark = Panel { left: 776.0, right: 1_360.0 };
    time.frame(&mut svg, "hours of idle time until it is found");
    dark.frame(&mut svg, "dark minutes: dead, and not known");

    let hours_high = |minutes: f64| BOTTOM - (BOTTOM - TOP) * minutes / (60.0 * f64::from(HOURS));
    for hours in (0..=HOURS).step_by(3) {
        time.level(&mut svg, hours_high(60.0 * f64::from(hours)), &format!("{hours} h"));
    }
    svg.line("mark", (time.left, hours_high(180.0)), (time.right, hours_high(180.0)));
    svg.text("small", time.left - 8.0, NEVER + 4.0, Anchor::End, "never");
    // Half a minute and less is the same for a person: the ping's deadline alone is ten seconds.
    let log = |minutes: f64| minutes.max(0.5).ln();
    let dark_high = |minutes: f64| BOTTOM - (BOTTOM - TOP) * (log(minutes) - log(0.5)) / (log(720.0) - log(0.5));
    for (minutes, text) in
        [(0.5, "½"), (1.0, "1"), (5.0, "5"), (20.0, "20"), (60.0, "60"), (240.0, "240"), (720.0, "720")]
    {
        dark.level(&mut svg, dark_high(minutes), text);
    }
    // Ours on top.
    for (place, strategy) in strategies.iter().enumerate().rev() {
        let mut curve = String::new();
        let mut pen_down = false;
        let mut darkness = String::new();
        for (index, row) in rows.iter().enumerate() {
            let metrics = &row.metrics[place];
            match metrics.converged_after {
                Some(minutes) => {
                    let letter = if pen_down { 'L' } else { 'M' };
                    let _ = write!(curve, "{letter}{:.1} {:.1}", time.x(row.nat), hours_high(minutes));
                }
                None => svg.circle(class(*strategy), time.x(row.nat), NEVER + 3.0 * place as f64, 1.2),
            }
            pen_down = metrics.converged_after.is_some();
            let letter = if index == 0 { 'M' } else { 'L' };
            let _ = write!(darkness, "{letter}{:.1} {:.1}", dark.x(row.nat), dark_high(metrics.dark));
        }
        svg.path(class(*strategy), &curve);
        svg.path(class(*strategy), &darkness);
    }
    let mut x = time.left;
    for strategy in strategies {
        svg.path(class(*strategy), &format!("M{x:.1} 544h22"));
        svg.text("small", x + 28.0, 548.0, Anchor::Start, strategy.name());
        x += 120.0;
    }
    svg.line("mark", (x, 544.0), (x + 22.0, 544.0));
    svg.text("small", x + 28.0, 548.0, Anchor::Start, "three hours");
    svg.finish(WIDTH, HEIGHT, title)
}
