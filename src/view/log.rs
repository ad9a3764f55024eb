//! The request log.

use ratatui::layout::Rect;

use crate::app::geometry::inside;
use crate::app::row::{Role, Row};
use crate::app::screen::{LogRows, Screen};
use crate::view::paint::Painter;

/// Paints the pane.
pub fn draw(painter: &mut Painter, screen: &Screen) {
    let area = screen.areas.log;
    let mut text = inside(area, screen.areas.framed());
    if let Some(heading) = &screen.log.heading {
        painter.row(text, heading);
        text = Rect { y: text.y + 1, height: text.height.saturating_sub(1), ..text };
    }
    if screen.log.rows.is_empty() {
        painter.row(text, &Row::of("no request yet", Role::Dim));
    }
    for (number, (line, row)) in painter.lines(text).zip(&screen.log.rows).enumerate() {
        painter.row(line, row);
        if screen.log.selected == Some(number) && screen.panel.is_none() {
            painter.select(line);
        }
    }
    if screen.log.below > 0 && screen.areas.framed() {
        painter.note(area, area.bottom().saturating_sub(1), &below(&screen.log), Role::Accent);
    }
}

/// What the line under the pane says of what is not seen.
pub fn below(log: &LogRows) -> String {
    format!("↓ {} more, G", log.below)
}
