//! Floor 4: paints what app has laid out. Changes nothing, decides nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::App;
use crate::app::geometry::{LEAST, Shape};
use crate::app::keymap::Focus;
use crate::app::row::{Piece, Role, Row};
use crate::app::screen::Screen;
use crate::domain::clock::Time;
use crate::view::paint::Painter;

/// Gauges of eighths of a cell.
pub mod bar;
/// The chat and the composer.
pub mod chat;
/// The log.
pub mod log;
/// Rows and frames on a buffer.
pub mod paint;
/// The help and details.
pub mod panel;
/// The quota.
pub mod quota;
/// Roles as colours.
pub mod theme;

/// Paints the dashboard as it is at `now`, and says where the cursor stands.
pub fn draw(buffer: &mut Buffer, app: &App, now: Time) -> Option<Position> {
    let screen = app.screen(now);
    let mut painter = Painter::new(buffer, app.color());
    if screen.areas.shape == Shape::Sentence {
        sentence(&mut painter, screen.areas.whole);
        return None;
    }
    painter.row(screen.areas.header, &screen.header);
    if !screen.areas.gauges.is_empty() {
        quota::gauges(&mut painter, &screen);
    }
    panes(&mut painter, &screen);
    for (line, row) in painter.lines(screen.areas.alerts).zip(&screen.alerts) {
        painter.row(line, row);
    }
    painter.row(screen.areas.footer, &screen.footer);
    panel::draw(&mut painter, &screen).or(screen.cursor)
}

fn panes(painter: &mut Painter, screen: &Screen) {
    let areas = &screen.areas;
    let alone = [areas.chat, areas.quota, areas.log].iter().filter(|area| !area.is_empty()).count() == 1;
    let mut unreal = screen.unreal.as_deref();
    for (area, focus) in [(areas.chat, Focus::Transcript), (areas.quota, Focus::Quota), (areas.log, Focus::Log)] {
        if area.is_empty() {
            continue;
        }
        let focused = screen.focus.map(pane_of) == Some(focus);
        // It stands in the first frame, or in the line over the composer where there is none.
        let foot = unreal.take();
        if areas.framed() {
            let title = if alone { tabs(focus) } else { title(focus, focused) };
            painter.frame(area, &title, foot, focused);
        }
        match focus {
            Focus::Composer | Focus::Transcript => chat::draw(painter, screen, foot.filter(|_| !areas.framed())),
            Focus::Quota => quota::draw(painter, screen),
            Focus::Log => log::draw(painter, screen),
        }
    }
}

/// The pane that a focus belongs to: the composer is part of the chat.
const fn pane_of(focus: Focus) -> Focus {
    match focus {
        Focus::Composer | Focus::Transcript => Focus::Transcript,
        Focus::Quota => Focus::Quota,
        Focus::Log => Focus::Log,
    }
}

const NAMES: [(Focus, &str, &str); 3] =
    [(Focus::Transcript, "1", "Chat"), (Focus::Quota, "2", "Quota"), (Focus::Log, "3", "Log")];

fn title(focus: Focus, focused: bool) -> Row {
    let name = NAMES.iter().find(|(pane, ..)| *pane == focus).map_or("", |(_, _, name)| name);
    Row::of(name, if focused { Role::Strong } else { Role::Plain })
}

fn tabs(shown: Focus) -> Row {
    let tab = |(pane, number, name): (Focus, &str, &str)| {
        let role = if pane == shown { Role::Strong } else { Role::Dim };
        [Piece::dim(format!("{number} ")), Piece::new(name, role), Piece::plain("  ")]
    };
    let mut pieces: Vec<Piece> = NAMES.into_iter().flat_map(tab).collect();
    pieces.pop();
    Row(pieces)
}

fn sentence(painter: &mut Painter, whole: Rect) {
    let (columns, rows) = LEAST;
    let text =
        format!("roundel needs {columns} columns and {rows} rows; here are {} and {}", whole.width, whole.height);
    let spans = crate::app::cells::wrap(&text, usize::from(whole.width));
    for (line, span) in painter.lines(whole).zip(spans) {
        painter.row(line, &Row::of(text.get(span).unwrap_or_default().trim_end(), Role::Plain));
    }
}
