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

    /// The cell at this place, or the one before, if that takes both.
    fn whole(&self, x: u16, y: u16) -> Option<(u16, u16, &Cell)> {
        let before = x.checked_sub(1).and_then(|x| Some((x, y, self.buffer.cell((x, y))?)));
        let wide = before.filter(|(_, _, cell)| cell.cell_width() > 1);
        wide.or_else(|| self.buffer.cell((x, y)).map(|cell| (x, y, cell)))
    }

    /// The cells that differ from those of `shown`, or lead elsewhere than there.
    fn changed<'a>(&'a self, shown: &Self) -> Vec<(u16, u16, &'a Cell)> {
        let mut cells = shown.buffer.diff(&self.buffer);
        let mut more = Vec::new();
        // What terminals draw in their own ways may have more parts than it has cells here: all of them go.
        for (x, y, cell) in &cells {
            for at in *x..x.saturating_add(cell.cell_width().max(1)) {
                let symbol = shown.buffer.cell((at, *y)).map_or("", Cell::symbol);
                if is_doubtful(symbol) {
                    more.push((at.saturating_add(1)..at.saturating_add(reach(symbol)), *y));
                }
            }
        }
        let (old, new) = (&shown.links, &self.links);
        if old != new {
            let gone = old.iter().filter(|link| !new.contains(link));
            let all = gone.chain(new.iter().filter(|link| !old.contains(link)));
            more.extend(all.map(|link| (link.x.clone(), link.y)));
        }
        if more.is_empty() {
            return cells;
        }
        for (columns, y) in more {
            cells.extend(columns.filter_map(|x| self.whole(x, y)));
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
        let doubtful = is_doubtful(symbol);
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
        Ok((end, x.saturating_add(reach(symbol)).max(end)))
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

/// Whether terminals disagree on how wide a symbol is: it has several code points.
fn is_doubtful(symbol: &str) -> bool {
    symbol.chars().nth(1).is_some()
}

/// The most columns that a terminal may give a symbol: those of its parts.
fn reach(symbol: &str) -> u16 {
    let width = |one: char| u16::try_from(one.width().unwrap_or(0)).unwrap_or(u16::MAX);
    symbol.chars().fold(0, |sum: u16, one| sum.saturating_add(width(one)))
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
    fn what_was_drawn_in_parts_goes_with_all_of_them() {
        // Flags, where each letter takes two columns; what takes their place is as wide.
        for second in ["\u{65e5}\u{672c}ab", "      ", "x\u{65e5} yz"] {
            let (a, b) = (frame(&["\u{1f1ef}\u{1f1f5}\u{1f1e9}\u{1f1ea}  "], None), frame(&[second], None));
            assert_eq!(shown(&[a, b.clone()]), shown(&[b]), "{second:?}");
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

    /// Texts that have broken screens elsewhere.
    const HOSTILE: &[&str] = &[
        "\x1b[2J\x1b[31mred\x1b]0;title\x07\x1b[?1049l done",
        "\u{9b}31m\u{90}q\u{9c}\u{7f}\0\x08\x08 done",
        "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\ done",
        "\u{202e}gnisrever\u{202c} \u{2066}isolate\u{2069} done",
        "שלום עולם مرحبا بالعالم done",
        "日本語のテキスト、한국어, ｱｲｳ ﾊﾞﾋﾟ done",
        "⚠\u{fe0f} ♻\u{fe0f} ✔\u{fe0f} 1\u{fe0f}\u{20e3} ❤\u{fe0f} done",
        "👩\u{200d}👩\u{200d}👧 👍🏽 🏳\u{fe0f}\u{200d}🌈 🇩🇪🇯🇵 done",
        "e\u{301}a\u{300}\u{323}n\u{303} Z\u{335}\u{321}\u{322}a\u{334}l\u{336}g\u{337}o done",
        "a\tb\tc\rd\r\ne\u{b}\u{c}f done",
        "\u{200b}\u{feff}\u{2028}\u{2029}\u{ad}soft\u{200c}\u{200d} done",
        "\u{1f1e9}\u{301}\u{1f3fd} \u{300}\u{301} done",
        "กำลังทดสอบ हिन्दी क्षत्रिय தமிழ் done",
        "| a\u{200d} | \x1b[1m |\n|---|---|\n| 日本 | ⚠\u{fe0f} |\n\ndone",
        "```\n\tlet a\u{301} = \"日本\";\x1b[0m\n```\ndone",
        "[\u{202e}link\x1b](https://a.b/\u{202e}x) **日⚠\u{fe0f}本** done",
    ];

    /// The emulator passes over the stand-in for what is harmful, which terminals show: another sign takes its place.
    fn seen(bytes: Vec<u8>) -> Vec<u8> {
        String::from_utf8(bytes).unwrap().replace('\u{fffd}', "¤").into_bytes()
    }

    /// Of each cell that all terminals draw alike: it is where it should be. What is in doubt moves nothing else.
    fn same_as(screen: &vt100::Screen, frame: &Frame, what: &str) {
        let area = frame.buffer.area;
        for y in 0..area.height {
            let mut x = 0;
            while x < area.width {
                let symbol = frame.buffer[(x, y)].symbol().replace('\u{fffd}', "¤");
                let shown = screen.cell(y, x).map(|cell| cell.contents().to_owned()).unwrap_or_default();
                let one = symbol.chars().nth(1).is_none();
                let same = shown == symbol || shown.is_empty() && symbol == " ";
                assert!(
                    !one || same,
                    "{what:?} at {x},{y}: {symbol:?} is wanted, {shown:?} is shown\n{}",
                    screen.contents()
                );
                x += symbol.cell_width().max(1);
            }
        }
        let at = frame.cursor.map(|at| (at.y, at.x));
        assert_eq!(at, Some(screen.cursor_position()), "{what:?}");
    }

    fn frame_of(app: &crate::app::App) -> Arc<Frame> {
        let size = app.areas().whole;
        let mut buffer = Buffer::empty(size);
        let drawn = crate::view::frame(&mut buffer, app, crate::app::fixture::NOW);
        Arc::new(Frame { buffer, cursor: drawn.cursor, links: drawn.links })
    }

    #[test]
    fn no_text_shifts_a_cell_or_leaves_anything_behind() {
        use crate::app::Msg;
        use crate::app::fixture::{NOW, fresh, snapshot, turn};
        use crate::domain::conversation::TurnState;
        use crate::scheduler::link::{Report, Snapshot};

        let long = "日a\u{301}\t".repeat(15_000);
        let lines = long.clone() + &"x".repeat(30_000);
        for (cols, rows) in [(80, 24), (120, 40), (61, 19)] {
            let plain = frame_of(&fresh(cols, rows));
            for text in HOSTILE.iter().copied().chain([long.as_str(), lines.as_str()]) {
                let mut app = fresh(cols, rows);
                let mut answered = turn(2, text, text, TurnState::Done);
                answered.lane = Some(format!("odd/{}", text.chars().take(20).collect::<String>()).as_str().into());
                answered.reasoning = text.into();
                let turns = vec![answered, turn(3, "and?", "", TurnState::Failed(text.into()))];
                app.update(
                    Msg::Report(Report::Snapshot(Box::new(Snapshot {
                        turns,
                        notices: vec![text.into()],
                        ..snapshot()
                    }))),
                    NOW,
                );
                app.update(Msg::Paste(text.chars().take(200).collect()), NOW);
                let frame = frame_of(&app);
                let (mut canvas, mut screen) = (Canvas::default(), screen(rows, cols));
                for (step, what) in
                    [(&frame, "alone"), (&plain, "gone"), (&frame, "over another"), (&plain, "gone again")]
                {
                    screen.process(&seen(canvas.turn_to(step.clone()).unwrap()));
                    same_as(screen.screen(), step, &format!("{what}: {}", text.chars().take(40).collect::<String>()));
                }
            }
        }
    }

    #[test]
    fn the_cursor_stands_behind_what_was_typed() {
        use crate::app::Msg;
        use crate::app::fixture::{NOW, fresh};
        for (text, columns) in [
            ("ab", 2),
            ("日本", 4),
            ("e\u{301}", 1),
            ("⚠\u{fe0f}", 1),
            ("👩\u{200d}👧", 2),
            ("a\tb", 6),
            ("\x1b[", 2),
            ("שלום", 4),
        ] {
            let mut app = fresh(80, 24);
            app.update(Msg::Paste(text.into()), NOW);
            let frame = frame_of(&app);
            let mut screen = screen(24, 80);
            screen.process(&seen(Canvas::default().turn_to(frame.clone()).unwrap()));
            let composer = app.areas().composer;
            assert_eq!(screen.screen().cursor_position(), (composer.y, composer.x + columns), "{text:?}");
        }
    }
}
