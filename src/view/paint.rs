//! Rows and frames on a buffer. Nothing is ever painted outside of it, whatever the area says.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::row::{Piece, Role, Row};
use crate::app::{cells, veil};
use crate::domain::look::Theme;
use crate::domain::text::one_line;
use crate::view::theme;

/// Cells of one row that lead elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The row.
    pub y: u16,
    /// The columns.
    pub x: Range<u16>,
    /// Where they lead: printable ASCII.
    pub target: Arc<str>,
}

/// A buffer, and what it is painted like.
#[derive(Debug)]
pub struct Painter<'a> {
    buffer: &'a mut Buffer,
    theme: Theme,
    private: bool,
    links: Vec<Link>,
}

impl<'a> Painter<'a> {
    /// A painter of `buffer`; a private one veils names, hosts and paths, and leads nowhere.
    pub const fn new(buffer: &'a mut Buffer, theme: Theme, private: bool) -> Self {
        Self { buffer, theme, private, links: Vec::new() }
    }

    /// What leads elsewhere of all that was painted.
    pub fn links(self) -> Vec<Link> {
        self.links
    }

    /// The lines of an area, from the top.
    pub fn lines(&self, area: Rect) -> impl Iterator<Item = Rect> + use<> {
        (area.top()..area.bottom()).map(move |y| Rect { y, height: 1, ..area })
    }

    /// Writes a text in at most `width` columns, and says where the next one goes.
    pub fn text(&mut self, x: u16, y: u16, text: &str, width: u16, role: Role) -> u16 {
        let area = self.buffer.area;
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
            return x;
        }
        // Over what stood there: nothing of its style stays.
        let style = Style::reset().patch(theme::style(role, self.theme));
        // Names and words of strangers come here in many ways: this door they all go through.
        let mut text = one_line(text);
        if self.private {
            text = Cow::Owned(veil::names(&text));
        }
        self.buffer.set_stringn(x, y, text, usize::from(width), style).0
    }

    /// Paints a row at the head of an area.
    pub fn row(&mut self, area: Rect, row: &Row) {
        if area.is_empty() {
            return;
        }
        let mut x = area.x;
        for piece in &row.0 {
            let start = x;
            x = self.text(x, area.y, &piece.text, area.right().saturating_sub(x), piece.role);
            if let Some(target) = piece.link.clone().filter(|_| x > start && !self.private) {
                self.links.push(Link { y: area.y, x: start..x, target });
            }
        }
    }

    /// Makes an area the selected one: turned over, and with a sign before it.
    pub fn select(&mut self, area: Rect) {
        if let Some(before) = area.x.checked_sub(1) {
            self.text(before, area.y, "▸", 1, Role::Accent);
        }
        let area = area.intersection(self.buffer.area);
        // One style for the whole row: the colours of its pieces would make holes in it.
        for position in area.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.set_style(Style::reset().patch(theme::selected()));
            }
        }
    }

    /// Empties an area.
    pub fn clear(&mut self, area: Rect) {
        self.links.retain(|link| {
            let cells = Rect { x: link.x.start, y: link.y, width: link.x.end.saturating_sub(link.x.start), height: 1 };
            !cells.intersects(area)
        });
        for position in area.intersection(self.buffer.area).positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
            }
        }
    }

    /// A rounded frame with a title, and a text in its foot.
    pub fn frame(&mut self, area: Rect, title: &Row, foot: Option<&str>, focused: bool) {
        let role = if focused { Role::Accent } else { Role::Dim };
        if area.width < 2 || area.height < 2 {
            return;
        }
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        // Without colours the focused frame is told by its weight.
        let [across, down, corners @ ..] = if focused && self.theme == Theme::Mono {
            ["━", "┃", "┏", "┓", "┗", "┛"]
        } else {
            ["─", "│", "╭", "╮", "╰", "╯"]
        };
        let line = across.repeat(usize::from(area.width - 2));
        let [top_left, top_right, bottom_left, bottom_right] = corners;
        self.text(area.x, area.y, &format!("{top_left}{line}{top_right}"), area.width, role);
        self.text(area.x, bottom, &format!("{bottom_left}{line}{bottom_right}"), area.width, role);
        for y in area.y + 1..bottom {
            self.text(area.x, y, down, 1, role);
            self.text(right, y, down, 1, role);
        }
        let room = usize::from(area.width.saturating_sub(4));
        let mut title = title.clone().cut_to(room.saturating_sub(2));
        title.0.insert(0, Piece::plain(" "));
        title.0.push(Piece::plain(" "));
        self.row(Rect { x: area.x + 2, height: 1, width: area.width.saturating_sub(4), ..area }, &title);
        if let Some(foot) = foot {
            self.note(area, bottom, foot, Role::Dim);
        }
    }

    /// A text in a line of a frame, at its right.
    pub fn note(&mut self, area: Rect, y: u16, text: &str, role: Role) {
        if text.is_empty() {
            return;
        }
        let text = format!(" {text} ");
        let width = u16::try_from(cells::of(&text)).unwrap_or(u16::MAX);
        if let Some(x) = area.right().checked_sub(width.saturating_add(2)).filter(|x| *x > area.x) {
            self.text(x, y, &text, width, role);
        }
    }

    /// A line across a frame, or from edge to edge where there is none.
    pub fn rule(&mut self, area: Rect, framed: bool, focused: bool) {
        let role = if focused { Role::Accent } else { Role::Dim };
        let (width, rows) = (usize::from(area.width), area.height);
        if width < 2 || rows == 0 {
            return;
        }
        let [left, across, right] =
            if focused && self.theme == Theme::Mono { ["┣", "━", "┫"] } else { ["├", "─", "┤"] };
        let line = if framed { format!("{left}{}{right}", across.repeat(width - 2)) } else { across.repeat(width) };
        self.text(area.x, area.y, &line, area.width, role);
    }
}
