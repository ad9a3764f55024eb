//! The request log.

use ratatui::layout::Rect;

use crate::app::geometry::inside;
use crate::app::row::{Role, Row};
use crate::app::screen::Screen;
use crate::view::paint::Painter;

/// Paints the pane.
pub fn draw(painter: &mut Painter, screen: &Screen) {
    let area = screen.areas.log;
    let mut text = inside(area, screen.areas.framed());
    for head in screen.log.filter.iter().chain(&screen.log.heading) {
        painter.row(text, head);
        text = Rect { y: text.y + 1, height: text.height.saturating_sub(1), ..text };
    }
    if screen.log.rows.is_empty() {
        painter.row(text, &Row::of(screen.log.empty, Role::Dim));
    }
    for (number, (line, row)) in painter.lines(text).zip(&screen.log.rows).enumerate() {
        painter.row(line, row);
        if screen.log.selected == Some(number) && screen.panel.is_none() {
            painter.select(line);
        }
    }
    if screen.areas.framed() {
        if let Some(all) = &screen.log.all {
            painter.note(area, area.y, all, Role::Dim);
        }
        if let Some(below) = &screen.log.below {
            painter.note(area, area.bottom().saturating_sub(1), below, Role::Accent);
        }
    }
}
