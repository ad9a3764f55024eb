//! The chat: what is seen of the transcript, the composer under it, and where the draft would go.

use ratatui::layout::Rect;

use crate::app::action::Focus;
use crate::app::row::{Role, Row};
use crate::app::screen::Screen;
use crate::view::paint::Painter;

/// Paints it. `unreal`: what the line over the composer says, where no frame says it.
pub fn draw(painter: &mut Painter, screen: &Screen, unreal: Option<&str>) {
    let areas = &screen.areas;
    let rows = u16::try_from(screen.chat.len()).unwrap_or(u16::MAX);
    // A chat that does not fill its area begins at its top.
    let text = Rect { height: rows.min(areas.transcript.height), ..areas.transcript };
    for (line, row) in painter.lines(text).zip(&screen.chat) {
        painter.row(line, row);
    }
    let typing = screen.focus == Some(Focus::Composer);
    let focused = typing || screen.focus == Some(Focus::Transcript);
    painter.rule(areas.rule, areas.framed(), focused);
    match (&screen.below, unreal) {
        (Some(below), _) => painter.note(areas.rule, areas.rule.y, below, Role::Accent),
        (None, Some(unreal)) => painter.note(areas.rule, areas.rule.y, unreal, Role::Dim),
        (None, None) => {}
    }
    let sign = areas.composer.x.saturating_sub(2);
    painter.text(sign, areas.composer.y, "›", 1, if typing { Role::Accent } else { Role::Dim });
    match &screen.draft {
        Some(rows) => {
            for (line, text) in painter.lines(areas.composer).zip(rows) {
                painter.row(line, text);
            }
        }
        None => painter.row(areas.composer, &Row::of("Ask something", Role::Dim)),
    }
    let prospect = Rect { x: areas.composer.x, width: areas.composer.width, ..areas.prospect };
    painter.row(prospect, &screen.prospect);
}
