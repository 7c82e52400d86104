//! A frame as a picture for documents.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

/// Width and height of a cell, in the picture's units: the shape of common terminal fonts.
const CELL: (f32, f32) = (8.4, 18.0);

/// A drawn frame as SVG with a dark ground.
pub(crate) fn svg(buffer: &Buffer) -> String {
    let area = buffer.area;
    let (width, height) = (f32::from(area.width) * CELL.0 + 16.0, f32::from(area.height) * CELL.1 + 16.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#16181d\"/>\n\
         <g font-family=\"ui-monospace, DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\">\n"
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            // As many cells as look alike, and are one column wide, in one piece.
            let style = (buffer[(x, y)].fg, buffer[(x, y)].modifier);
            let start = x;
            let mut text = String::new();
            while x < area.width && (buffer[(x, y)].fg, buffer[(x, y)].modifier) == style {
                text.push_str(buffer[(x, y)].symbol());
                x += 1;
            }
            piece(&mut svg, (start, y, x - start), &text, style);
        }
    }
    svg + "</g>\n</svg>\n"
}

fn piece(svg: &mut String, (x, y, cells): (u16, u16, u16), text: &str, (colour, modifier): (Color, Modifier)) {
    if text.trim().is_empty() {
        return;
    }
    let (left, width) = (f32::from(x) * CELL.0 + 8.0, f32::from(cells) * CELL.0);
    let top = f32::from(y) * CELL.1 + 8.0;
    let reversed = modifier.contains(Modifier::REVERSED);
    if reversed {
        let _ = writeln!(
            svg,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"#c8ccd4\"/>",
            CELL.1
        );
    }
    let fill = match colour {
        _ if reversed => "#16181d",
        Color::Green => "#7bc275",
        Color::Red => "#ef6b73",
        Color::Yellow => "#e2b65f",
        Color::Blue => "#6aa8f0",
        Color::Cyan => "#5cc4cc",
        Color::Gray => "#8a909c",
        _ if modifier.contains(Modifier::DIM) => "#8a909c",
        _ => "#d6dae2",
    };
    let weight = if modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        svg,
        "<text x=\"{left:.1}\" y=\"{:.1}\" fill=\"{fill}\"{weight} textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
         xml:space=\"preserve\">{text}</text>",
        top + 13.5
    );
}
