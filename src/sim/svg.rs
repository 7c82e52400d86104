//! A little SVG, written by hand.

use std::fmt::Write;

/// A picture that grows by elements.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    body: String,
}

/// How text hangs on its point.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Svg {
    /// A rectangle of a class.
    pub(crate) fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64) {
        let _ = writeln!(
            self.body,
            r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{:.1}" height="{height:.1}"/>"#,
            width.max(0.0)
        );
    }

    pub(crate) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let ((x1, y1), (x2, y2)) = (from, to);
        let _ = writeln!(self.body, r#"<line class="{class}" x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}"/>"#);
    }

    pub(crate) fn circle(&mut self, class: &str, x: f64, y: f64, radius: f64) {
        let _ = writeln!(self.body, r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius:.1}"/>"#);
    }

    /// A path of straight pieces.
    pub(crate) fn path(&mut self, class: &str, pieces: &str) {
        let _ = writeln!(self.body, r#"<path class="{class}" d="{pieces}"/>"#);
    }

    pub(crate) fn text(&mut self, class: &str, x: f64, y: f64, anchor: Anchor, text: &str) {
        let (anchor, text) = (anchor.name(), escape(text));
        let _ =
            writeln!(self.body, r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#);
    }

    /// The whole document.
    pub(crate) fn finish(self, width: f64, height: f64, title: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
             height=\"{height:.0}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{}</svg>\n",
            escape(title),
            self.body
        )
    }
}

const STYLE: &str = "\
text{font-family:Inter,'Helvetica Neue',Arial,'DejaVu Sans',sans-serif;font-size:12px;fill:#1f2933}\
.title{font-size:19px;font-weight:600}\
.small{font-size:11px;fill:#616e7c}\
.name{font-size:14px;font-weight:600}\
.ours{font-size:14px;font-weight:700;fill:#0b6e4f}\
.number{font-size:12px}\
.bad{font-size:12px;fill:#c81e3a;font-weight:600}\
.head{font-size:11px;fill:#616e7c}\
.on-bar{font-size:11px;fill:#334e68}\
.grid{stroke:#e4e7eb;stroke-width:1}\
.axis{stroke:#9aa5b1;stroke-width:1}\
.band{fill:#f5f7fa}\
.none{fill:#cbd2d9}\
.wifi{fill:#d3e8fb}\
.cellular{fill:#e3dcf7}\
.ethernet{fill:#dff3e4}\
.broken{fill:#f7c9c4}\
.doze{fill:#3e4c59}\
.screen{fill:#f0b429}\
.server{fill:#c81e3a}\
.alive{fill:#57ae8a}\
.away{fill:#f7d48b}\
.dark{fill:#c81e3a}\
.beat{stroke:#2c5282;stroke-width:1}\
.wake{stroke:#9aa5b1;stroke-width:1}\
.death{stroke:#c81e3a;stroke-width:1.8;fill:none}\
.in-time{fill:#334e68}\
.late{fill:#de6b1f}\
.delay{stroke:#de6b1f;stroke-width:1.6}\
.lost{fill:#ffffff;stroke:#c81e3a;stroke-width:1.4}\
.alarm{fill:#8a3ffc}\
.interval{fill:none;stroke:#5a3fb0;stroke-width:1.6}\
.nat{fill:none;stroke:#7b8794;stroke-width:1.2;stroke-dasharray:3 3}\
.curve-ours{fill:none;stroke:#0b6e4f;stroke-width:3}\
circle.curve-ours{fill:#0b6e4f}\
.curve-mars{fill:none;stroke:#de6b1f;stroke-width:1.6}\
.curve-courier{fill:none;stroke:#8a3ffc;stroke-width:1.6}\
.curve-other{fill:none;stroke:#2c5282;stroke-width:1.6}\
.attempts{fill:#b5cde8}\
.made{fill:#57ae8a}\
.back{fill:none;stroke:#1f2933;stroke-width:2}\
.mark{stroke:#c81e3a;stroke-width:1.2;stroke-dasharray:4 3}";
