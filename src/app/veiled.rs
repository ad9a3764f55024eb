//! The screen with what is private veiled: prompts, answers, names of conversations. Names, hosts and paths are veiled
//! wherever they are painted.

use crate::app::row::{Piece, Role, Row};
use crate::app::screen::Screen;
use crate::app::state::{App, Overlay};
use crate::app::veil;

impl App {
    /// Veils what is to be veiled, and says so.
    pub(in crate::app) fn veil(&self, screen: &mut Screen) {
        if !self.is_private() {
            return;
        }
        screen.header = said(&screen.header, usize::from(screen.areas.header.width));
        screen.name = veil::row(&screen.name);
        for row in screen.draft.iter_mut().flatten() {
            *row = veil::row(row);
        }
        if let Some(menu) = screen.menu.as_mut().filter(|menu| menu.title == "Files") {
            menu.rows = menu.rows.iter().map(veil::row).collect();
        }
        screen.log.filter = screen.log.filter.as_ref().map(veil::behind_label);
        let Some(panel) = &mut screen.panel else { return };
        let veiled: fn(&Row) -> Row = match &self.overlay {
            Some(Overlay::Recall(_) | Overlay::Shelf(_)) => veil::row,
            Some(Overlay::Options(options)) if options.is_of_chat() => veil::row,
            Some(Overlay::Form(_) | Overlay::Attempt(_)) => veil::behind_label,
            _ => Row::clone,
        };
        panel.rows = panel.rows.iter().map(veiled).collect();
        panel.search = panel.search.as_deref().map(veil::all);
    }
}

/// The header with a word for it, in the place of what stands at its end where there is no room.
fn said(header: &Row, width: usize) -> Row {
    let word = Row(vec![Piece::plain(" "), Piece::new("PRIVATE ", Role::Warn)]);
    let mut row = header.clone();
    // A column of air stands between.
    let room = width.saturating_sub(word.width() + 1);
    // Air gives way first.
    let over = row.width().saturating_sub(room);
    if let Some(gap) =
        row.0.iter_mut().filter(|piece| piece.text.trim().is_empty()).max_by_key(|piece| piece.text.len())
    {
        let kept = gap.text.len().saturating_sub(over).max(1);
        gap.text.truncate(kept);
    }
    Row::spread(row.cut_to(room), word, width)
}
