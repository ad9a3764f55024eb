//! From one frame to the next in as few bytes as it takes. Pure: a frame goes in, bytes come out; knows nothing of
//! threads, of the terminal, of what the cells mean.

use std::io::{self, Write};
use std::sync::Arc;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::style::{Attribute, Colors, SetAttribute, SetColors, SetUnderlineColor};
use crossterm::terminal::{BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate};
use ratatui::backend::IntoCrossterm;
use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::layout::Position;
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthChar;

use crate::view::paint::Link;

/// A move of the cursor takes six bytes or more.
const BRIDGE: u16 = 5;

/// A finished picture of the whole screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// Its cells. The area begins at 0, 0.
    pub buffer: Buffer,
    /// Where the cursor blinks; `None`: hidden.
    pub cursor: Option<Position>,
    /// Cells that lead elsewhere.
    pub links: Vec<Link>,
}

impl Frame {
    /// Where a cell leads.
    fn target(&self, x: u16, y: u16) -> Option<&str> {
        let holds = |link: &&Link| link.y == y && link.x.contains(&x);
        self.links.iter().find(holds).map(|link| &*link.target)
    }

    /// The cells that differ from those of `shown`, or lead elsewhere than there.
    fn changed<'a>(&'a self, shown: &Self) -> Vec<(u16, u16, &'a Cell)> {
        let mut cells = shown.buffer.diff(&self.buffer);
        if shown.links == self.links {
            return cells;
        }
        let (old, new) = (&shown.links, &self.links);
        let gone = old.iter().filter(|link| !new.contains(link));
        for link in gone.chain(new.iter().filter(|link| !old.contains(link))) {
            let there = |x: u16| self.buffer.cell((x, link.y)).map(|cell| (x, link.y, cell));
            cells.extend(link.x.clone().filter_map(there));
        }
        cells.sort_by_key(|(x, y, _)| (*y, *x));
        cells.dedup_by_key(|(x, y, _)| (*y, *x));
        cells
    }
}

/// What the terminal shows, as far as we know.
#[derive(Debug, Default)]
pub struct Canvas {
    shown: Option<Arc<Frame>>,
}

impl Canvas {
    /// The terminal may show anything: the next frame is written wholly.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    fn nothing(like: &Frame) -> Frame {
        Frame { buffer: Buffer::empty(like.buffer.area), ..Frame::default() }
    }

    /// The bytes that make the terminal show `frame`; none if it does already.
    pub fn turn_to(&mut self, frame: Arc<Frame>) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        match &self.shown {
            Some(shown) if shown.buffer.area == frame.buffer.area => {
                let cells = frame.changed(shown);
                if !cells.is_empty() {
                    queue!(out, BeginSynchronizedUpdate)?;
                    if shown.cursor.is_some() {
                        queue!(out, Hide)?;
                    }
                    write_cells(&mut out, &frame, &cells)?;
                    write_cursor(&mut out, None, frame.cursor)?;
                    queue!(out, EndSynchronizedUpdate)?;
                } else if shown.cursor != frame.cursor {
                    write_cursor(&mut out, shown.cursor, frame.cursor)?;
                }
            }
            _ => {
                queue!(out, BeginSynchronizedUpdate, Hide, SetAttribute(Attribute::Reset), Clear(ClearType::All))?;
                let empty = Self::nothing(&frame);
                write_cells(&mut out, &frame, &frame.changed(&empty))?;
                write_cursor(&mut out, None, frame.cursor)?;
                queue!(out, EndSynchronizedUpdate)?;
            }
        }
        self.shown = Some(frame);
        Ok(out)
    }
}

fn write_cursor(out: &mut Vec<u8>, was: Option<Position>, now: Option<Position>) -> io::Result<()> {
    match (was, now) {
        (_, Some(at)) => {
            queue!(out, MoveTo(at.x, at.y))?;
            if was.is_none() { queue!(out, Show) } else { Ok(()) }
        }
        (Some(_), None) => queue!(out, Hide),
        (None, None) => Ok(()),
    }
}

/// Terminals disagree on how wide a cluster of several code points is: an emoji with U+FE0F takes one column or two,
/// a family of three takes two or six. So the columns it has with us are blanked first, the cursor's place is stated
/// anew after it, and what it may have run over is written again.
struct Pen<'a> {
    out: &'a mut Vec<u8>,
    frame: &'a Frame,
    /// Where the cells lead that are written now.
    link: Option<&'a str>,
    /// A cell with the style that the terminal has now.
    style: &'a Cell,
    /// Where the terminal's cursor surely is.
    at: Option<(u16, u16)>,
}

fn write_cells(out: &mut Vec<u8>, frame: &Frame, cells: &[(u16, u16, &Cell)]) -> io::Result<()> {
    let mut pen = Pen { out, frame, link: None, style: &Cell::EMPTY, at: None };
    // Up to which column of which row all is written, beyond what the difference named.
    let mut done = (0, 0);
    for &(x, y, _) in cells {
        if done.1 == y && x < done.0 {
            continue;
        }
        let (mut end, mut reach) = pen.put(x, y)?;
        while end < reach.min(frame.buffer.area.width) {
            let (next, further) = pen.put(end, y)?;
            (end, reach) = (next, reach.max(further));
        }
        done = (end, y);
    }
    pen.lead_to(None);
    if same_style(pen.style, &Cell::EMPTY) { Ok(()) } else { queue!(pen.out, SetAttribute(Attribute::Reset)) }
}

impl<'a> Pen<'a> {
    /// Writes one cell. Tells the column after it, and the column up to which a terminal may have been written.
    fn put(&mut self, x: u16, y: u16) -> io::Result<(u16, u16)> {
        let Some(cell) = self.frame.buffer.cell((x, y)) else { return Ok((u16::MAX, 0)) };
        if self.at != Some((x, y)) && !self.bridge(x, y) {
            queue!(self.out, MoveTo(x, y))?;
        }
        self.lead_to(self.frame.target(x, y));
        if !same_style(self.style, cell) {
            write_style(self.out, cell)?;
            self.style = cell;
        }
        let symbol = harmless(cell.symbol());
        let width = symbol.cell_width();
        let end = x.saturating_add(width.max(1));
        let doubtful = symbol.chars().nth(1).is_some();
        if doubtful && width > 1 {
            self.out.extend(std::iter::repeat_n(b' ', width.into()));
            queue!(self.out, MoveTo(x, y))?;
        }
        self.out.write_all(symbol.as_bytes())?;
        if !doubtful && width > 0 {
            self.at = Some((end, y));
            return Ok((end, end));
        }
        self.at = None;
        let most = symbol
            .chars()
            .fold(0, |sum: u16, one| sum.saturating_add(u16::try_from(one.width().unwrap_or(0)).unwrap_or(u16::MAX)));
        Ok((end, x.saturating_add(most).max(end)))
    }

    /// What is written next leads there (OSC 8).
    fn lead_to(&mut self, target: Option<&'a str>) {
        if self.link != target {
            self.link = target;
            self.out.extend(format!("\x1b]8;;{}\x1b\\", target.unwrap_or_default()).into_bytes());
        }
    }

    /// Writes the few plain letters again that lie between the cursor and this cell, if that is shorter than a move.
    fn bridge(&mut self, x: u16, y: u16) -> bool {
        let Some((from, row)) = self.at else { return false };
        if row != y || x <= from || x - from > BRIDGE {
            return false;
        }
        let mut letters = Vec::new();
        for at in from..x {
            match self.frame.buffer.cell((at, y)) {
                Some(cell) if same_style(self.style, cell) && self.frame.target(at, y) == self.link => {
                    match cell.symbol().as_bytes() {
                        [letter @ b' '..=b'~'] => letters.push(*letter),
                        _ => return false,
                    }
                }
                _ => return false,
            }
        }
        self.out.extend(letters);
        true
    }
}

/// The last door before the terminal: no control character goes through it, whatever a cell holds.
fn harmless(symbol: &str) -> &str {
    if symbol.is_empty() || symbol.chars().any(char::is_control) { " " } else { symbol }
}

fn same_style(a: &Cell, b: &Cell) -> bool {
    a.modifier == b.modifier && a.fg == b.fg && a.bg == b.bg && a.underline_color == b.underline_color
}

/// Colours stand before the attributes: where `NO_COLOR` is set, crossterm writes an empty colour, which is a reset.
fn write_style(out: &mut Vec<u8>, cell: &Cell) -> io::Result<()> {
    queue!(out, SetAttribute(Attribute::Reset))?;
    if cell.fg != Cell::EMPTY.fg || cell.bg != Cell::EMPTY.bg {
        queue!(out, SetColors(Colors::new(cell.fg.into_crossterm(), cell.bg.into_crossterm())))?;
    }
    if cell.underline_color != Cell::EMPTY.underline_color {
        queue!(out, SetUnderlineColor(cell.underline_color.into_crossterm()))?;
    }
    for (modifier, attribute) in [
        (Modifier::BOLD, Attribute::Bold),
        (Modifier::DIM, Attribute::Dim),
        (Modifier::ITALIC, Attribute::Italic),
        (Modifier::UNDERLINED, Attribute::Underlined),
        (Modifier::SLOW_BLINK, Attribute::SlowBlink),
        (Modifier::RAPID_BLINK, Attribute::RapidBlink),
        (Modifier::REVERSED, Attribute::Reverse),
        (Modifier::HIDDEN, Attribute::Hidden),
        (Modifier::CROSSED_OUT, Attribute::CrossedOut),
    ] {
        if cell.modifier.contains(modifier) {
            queue!(out, SetAttribute(attribute))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn frame(lines: &[&str], cursor: Option<(u16, u16)>) -> Arc<Frame> {
        Arc::new(Frame {
            buffer: Buffer::with_lines(lines.iter().copied()),
            cursor: cursor.map(Position::from),
            links: Vec::new(),
        })
    }

    fn screen(rows: u16, cols: u16) -> vt100::Parser {
        vt100::Parser::new(rows.try_into().unwrap(), cols.try_into().unwrap(), 0)
    }

    /// What a terminal shows after all these frames, each on top of the one before.
    fn shown(frames: &[Arc<Frame>]) -> String {
        let area = frames[0].buffer.area;
        let (mut canvas, mut screen) = (Canvas::default(), screen(area.height, area.width));
        for frame in frames {
            screen.process(&canvas.turn_to(frame.clone()).unwrap());
        }
        screen.screen().contents().trim_end().to_owned()
    }

    #[test]
    fn the_same_again_is_no_byte() {
        let mut canvas = Canvas::default();
        assert!(!canvas.turn_to(frame(&["hello", "world"], Some((1, 1)))).unwrap().is_empty());
        assert_eq!(canvas.turn_to(frame(&["hello", "world"], Some((1, 1)))).unwrap(), b"");
        canvas.forget();
        assert!(!canvas.turn_to(frame(&["hello", "world"], Some((1, 1)))).unwrap().is_empty());
    }

    #[test]
    fn a_changed_cell_is_a_move_and_a_letter() {
        let mut canvas = Canvas::default();
        canvas.turn_to(frame(&["hello", "world"], None)).unwrap();
        assert_eq!(canvas.turn_to(frame(&["hello", "wOrld"], None)).unwrap(), b"\x1b[?2026h\x1b[2;2HO\x1b[?2026l");
    }

    #[test]
    fn a_moved_cursor_writes_only_itself() {
        let mut canvas = Canvas::default();
        canvas.turn_to(frame(&["ab"], Some((0, 0)))).unwrap();
        assert_eq!(canvas.turn_to(frame(&["ab"], Some((1, 0)))).unwrap(), b"\x1b[1;2H");
        assert_eq!(canvas.turn_to(frame(&["ab"], None)).unwrap(), b"\x1b[?25l");
        assert_eq!(canvas.turn_to(frame(&["ab"], Some((1, 0)))).unwrap(), b"\x1b[1;2H\x1b[?25h");
        // Drawing moves the terminal's cursor: it is put back.
        assert_eq!(
            canvas.turn_to(frame(&["Ab"], Some((1, 0)))).unwrap(),
            b"\x1b[?2026h\x1b[?25l\x1b[1;1HA\x1b[1;2H\x1b[?25h\x1b[?2026l"
        );
    }

    #[test]
    fn another_size_is_drawn_from_scratch() {
        let mut canvas = Canvas::default();
        canvas.turn_to(frame(&["hello"], None)).unwrap();
        let bytes = canvas.turn_to(frame(&["hello "], None)).unwrap();
        assert!(bytes.windows(4).any(|four| four == b"\x1b[2J"), "{bytes:?}");
    }

    #[test]
    fn a_short_way_is_written_and_a_long_one_jumped() {
        let mut canvas = Canvas::default();
        canvas.turn_to(frame(&["the old words, and more"], None)).unwrap();
        assert_eq!(
            canvas.turn_to(frame(&["The Old words, and MORE"], None)).unwrap(),
            b"\x1b[?2026h\x1b[1;1HThe O\x1b[1;20HMORE\x1b[?2026l"
        );
    }

    #[test]
    fn wide_characters_and_emoji_leave_nothing_behind() {
        for (first, second) in [
            ("\u{65e5}\u{672c}\u{8a9e} abc", "x\u{65e5}\u{672c}y zab"),
            ("\u{26a0}\u{fe0f} care!", "careful!"),
            ("careful!", "\u{26a0}\u{fe0f} care!"),
            ("e\u{301}te\u{301}      ", "ete\u{301}   !  "),
            ("\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} ab   ", "ab\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}    "),
        ] {
            let (a, b) = (frame(&[first], None), frame(&[second], None));
            assert_eq!(a.buffer.area, b.buffer.area, "or else it is drawn from scratch");
            assert_eq!(shown(&[a.clone(), b.clone()]), shown(std::slice::from_ref(&b)), "{first:?} -> {second:?}");
            assert_eq!(shown(&[b.clone(), a.clone()]), shown(&[a]), "{second:?} -> {first:?}");
        }
    }

    #[test]
    fn the_column_after_a_doubtful_cluster_is_stated() {
        let mut canvas = Canvas::default();
        canvas.turn_to(frame(&["......"], None)).unwrap();
        let bytes = canvas.turn_to(frame(&["\u{26a0}\u{fe0f}ab.."], None)).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "\x1b[?2026h\x1b[1;1H  \x1b[1;1H\u{26a0}\u{fe0f}\x1b[1;3Hab\x1b[?2026l"
        );
    }

    #[test]
    fn styles_begin_and_end() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
        buffer.set_string(0, 0, "ab", Style::new().bold().red());
        buffer.set_string(2, 0, "cd", Style::new().reversed());
        buffer.set_string(4, 0, "ef", Style::new());
        let mut screen = screen(1, 6);
        screen.process(&Canvas::default().turn_to(Arc::new(Frame { buffer, ..Frame::default() })).unwrap());
        let cell = |x| screen.screen().cell(0, x).unwrap();
        assert_eq!((cell(1).bold(), cell(1).fgcolor(), cell(1).inverse()), (true, vt100::Color::Idx(1), false));
        assert_eq!((cell(3).bold(), cell(3).fgcolor(), cell(3).inverse()), (false, vt100::Color::Default, true));
        assert_eq!((cell(5).bold(), cell(5).fgcolor(), cell(5).inverse()), (false, vt100::Color::Default, false));
    }

    #[test]
    fn what_leads_elsewhere_begins_and_ends() {
        let linked = |columns: Option<std::ops::Range<u16>>| {
            let link = |x| Link { y: 0, x, target: "https://a.b".into() };
            let links = columns.into_iter().map(link).collect();
            Arc::new(Frame { buffer: Buffer::with_lines(["see here."]), cursor: None, links })
        };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let mut canvas = Canvas::default();
        let first = text(canvas.turn_to(linked(Some(4..8))).unwrap());
        assert!(first.contains("see \x1b]8;;https://a.b\x1b\\here\x1b]8;;\x1b\\."), "{first:?}");
        assert_eq!(canvas.turn_to(linked(Some(4..8))).unwrap(), b"");
        let moved = text(canvas.turn_to(linked(Some(4..7))).unwrap());
        assert_eq!(moved, "\x1b[?2026h\x1b[1;5H\x1b]8;;https://a.b\x1b\\her\x1b]8;;\x1b\\e\x1b[?2026l");
        assert_eq!(text(canvas.turn_to(linked(None)).unwrap()), "\x1b[?2026h\x1b[1;5Hher\x1b[?2026l");
    }

    #[test]
    fn no_control_character_gets_through() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        for (x, symbol) in ["a", "\u{1b}[2J", "\u{9b}31m", "b\u{7}"].into_iter().enumerate() {
            buffer[(u16::try_from(x).unwrap(), 0)].set_symbol(symbol);
        }
        let bytes = Canvas::default().turn_to(Arc::new(Frame { buffer, ..Frame::default() })).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains('\u{9b}') && !text.contains('\u{7}'));
        assert_eq!(text.matches("\x1b[2J").count(), 1, "only our own: {text:?}");
    }
}
