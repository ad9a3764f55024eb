//! The help and the details, over the panes.

use ratatui::layout::{Position, Rect};

use crate::app::cells;
use crate::app::geometry::inside;
use crate::app::row::{Piece, Role, Row};
use crate::app::screen::{Screen, panel_text};
use crate::view::paint::Painter;

/// Paints what completes a word of the draft.
pub fn draw_menu(painter: &mut Painter, screen: &Screen) {
    let Some(menu) = &screen.menu else { return };
    painter.clear(menu.area);
    if menu.framed {
        let foot = (menu.below > 0).then(|| format!("↓ {} more", menu.below));
        painter.frame(menu.area, &Row::of(menu.title, Role::Plain), foot.as_deref(), true);
    }
    for (number, (line, row)) in painter.lines(inside(menu.area, menu.framed)).zip(&menu.rows).enumerate() {
        painter.row(line, row);
        if number == menu.selected {
            painter.select(line);
        }
    }
}

/// Paints what stands over the panes, if anything does; the cursor stands in the help's search.
pub fn draw(painter: &mut Painter, screen: &Screen) -> Option<Position> {
    let panel = screen.panel.as_ref()?;
    let area = panel.area;
    // A column of air on both sides.
    painter.clear(Rect { x: area.x.saturating_sub(1), width: area.width.saturating_add(2), ..area });
    let foot = (panel.below > 0).then(|| format!("↓ {} more", panel.below));
    painter.frame(area, &Row::of(panel.title.as_str(), Role::Strong), foot.as_deref(), true);
    let lines = painter.lines(panel_text(area, panel.search.is_some()));
    for (number, (line, row)) in lines.zip(&panel.rows).enumerate() {
        painter.row(line, row);
        if panel.selected == Some(number) {
            painter.select(line);
        }
    }
    let search = panel.search.as_ref()?;
    let line = Rect { height: 1, ..inside(area, true) };
    let hint = if search.is_empty() { Piece::dim("type to search") } else { Piece::plain(search.as_str()) };
    painter.row(line, &Row(vec![Piece::new("› ", Role::Accent), hint]));
    let column = u16::try_from(cells::of(search)).unwrap_or(0).saturating_add(2);
    Some(Position { x: line.x + column.min(line.width.saturating_sub(1)), y: line.y })
}
