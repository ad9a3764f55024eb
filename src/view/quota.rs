//! The quota: lanes with their bars, in the pane or on single lines above one.

use ratatui::layout::Rect;

use crate::app::block::{Block, Mark};
use crate::app::board::{Columns, Line};
use crate::app::cells;
use crate::app::gauge::{Limit, sign_of, word_of};
use crate::app::geometry::{gauge_columns, inside};
use crate::app::help::EVIDENCE;
use crate::app::roster::Item;
use crate::app::row::{Piece, Role, Row};
use crate::app::screen::{Quota, Screen};
use crate::domain::standing::Target;
use crate::view::bar;
use crate::view::paint::Painter;

/// Paints the pane.
pub fn draw(painter: &mut Painter, screen: &Screen) {
    let quota = &screen.quota;
    let area = screen.areas.quota;
    let text = inside(area, screen.areas.framed());
    let single = Single::new(text.width, quota.board.blocks.iter().map(|block| name_room(block, &block.name)));
    for (line, (number, what)) in painter.lines(text).zip(&quota.lines) {
        let Some(block) = quota.board.blocks.get(*number) else { continue };
        let line = Rect { width: small(quota.columns.whole).min(line.width), ..line };
        match what {
            Line::Head => painter.row(line, &headline(block, &[], &quota.columns, line.width)),
            Line::HeadWithOthers => {
                let others: Vec<Row> = block.others().map(|limit| cell(block, limit, Form::Words)).collect();
                painter.row(line, &headline(block, &others, &quota.columns, line.width));
            }
            Line::Others => others_row(painter, line, block),
            Line::Whole => {
                single.paint(painter, line, block, &block.name, quota.board.binding_of(*number));
                let taken = single.whole() + 3;
                let rest = Rect { x: line.x + taken, width: line.width.saturating_sub(taken), ..line };
                if block.mark == Mark::Ready && !rest.is_empty() {
                    others_in(painter, rest, block);
                }
            }
            Line::Limit(limit) => {
                if let Some(limit) = block.limits.get(*limit) {
                    limit_row(painter, line, &quota.columns, block, limit);
                }
            }
            Line::Unlimited => painter.row(line, &Row::of("  no limit known", Role::Dim)),
            Line::Gap => {}
        }
        let is_head = matches!(what, Line::Head | Line::HeadWithOthers | Line::Whole);
        if quota.selected == Some(*number) && is_head && screen.panel.is_none() {
            painter.select(line);
        }
    }
    if let Some(ribbon) = &quota.ribbon {
        painter.row(Rect { y: text.bottom().saturating_sub(1), height: 1, ..text }, ribbon);
    }
    if screen.areas.framed() {
        // That nothing is real stands there, too, where this is the only pane: then the help has the legend.
        let taken =
            screen.unreal.as_ref().filter(|_| screen.areas.chat.is_empty()).map_or(0, |text| cells::of(text) + 3);
        let fits = |words: &String| cells::of(words) + taken + 6 <= usize::from(area.width);
        let words = if quota.below > 0 { below(quota) } else { Some(legend(quota)).filter(fits).unwrap_or_default() };
        painter.note(area, area.bottom().saturating_sub(1), &words, Role::Dim);
    }
}

/// What the signs mean, where the words do not stand beside them.
fn legend(quota: &Quota) -> String {
    if quota.columns.word > 0 || quota.board.blocks.is_empty() {
        return String::new();
    }
    EVIDENCE.map(|(sign, word, _)| format!("{sign} {word}")).join(" ")
}

/// What the line under the pane says of what is not seen.
pub fn below(quota: &Quota) -> String {
    format!("↓ {} more", quota.below)
}

fn small(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// Name and terms at the left, and what else there is to say; the state at the right.
fn headline(block: &Block, others: &[Row], columns: &Columns, width: u16) -> Row {
    let width = usize::from(width);
    let terms = terms(block);
    let terms_width = terms.iter().map(|piece| cells::of(&piece.text)).sum::<usize>();
    // A name is rather shown whole than a forecast with it.
    let whole = 2 * block.depth + 2 + cells::of(&block.name) + terms_width + 2;
    let state = state(block, &block.state, columns.outlook == 0, width.saturating_sub(whole));
    let room = width.saturating_sub(state.width() + terms_width + 2 * block.depth + 4);
    let mut row = head(block, &cells::cut_middle(&block.name, room));
    row.0.insert(0, Piece::plain("  ".repeat(block.depth)));
    row.0.extend(terms);
    let mut room = width.saturating_sub(row.width() + state.width() + 1);
    for other in others {
        // What has no room is left out, not cut.
        let Some(left) = room.checked_sub(other.width() + 2) else { break };
        room = left;
        row.0.push(Piece::plain("  "));
        row.0.extend(other.0.iter().cloned());
    }
    Row::spread(row, state, width)
}

/// How much a limit in a single cell says beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `▇ 986 of 1k req/day ● as of 5 m, full 08:00`.
    All,
    /// `▇ 986 req/day ● 5 m`.
    Words,
}

/// A limit that does not bind: its level in one cell, and in words.
fn cell(block: &Block, limit: &Limit, form: Form) -> Row {
    let old = matches!(block.mark, Mark::Off | Mark::Broken) || !limit.age.is_empty();
    let level =
        limit.left.map(|left| Piece::new(format!("{} ", bar::level(left)), if old { Role::Dim } else { limit.role }));
    let words = match form {
        Form::All => format!("{} {}", limit.figure, limit.label),
        Form::Words => limit.words.clone(),
    };
    let mut row = Row(level.into_iter().collect());
    row.0.push(Piece::new(words, if old { Role::Dim } else { quiet(limit.role) }));
    row.0.push(Piece::dim(format!(" {}", sign_of(limit.evidence))));
    let age = if form == Form::All && !limit.age.is_empty() { "as of " } else { "" };
    let full = if form == Form::All && !limit.time.is_empty() { format!("full {}", limit.time) } else { String::new() };
    let ends = [format!("{age}{}", limit.age), full];
    let ends: Vec<&str> = ends.iter().map(String::as_str).filter(|end| !end.is_empty()).collect();
    if !ends.is_empty() {
        row.0.push(Piece::dim(format!(" {}", ends.join(", "))));
    }
    row
}

/// The limits that do not bind, in one row: in the fullest form that has room for all, else as many as there is room for.
fn others_row(painter: &mut Painter, line: Rect, block: &Block) {
    let inset = small(Columns::inset(block.depth));
    others_in(painter, Rect { x: line.x + inset, width: line.width.saturating_sub(inset), ..line }, block);
}

fn others_in(painter: &mut Painter, line: Rect, block: &Block) {
    let width = usize::from(line.width);
    let rows = |form| block.others().map(|limit| cell(block, limit, form)).collect::<Vec<Row>>();
    let gap = 3;
    let whole = |rows: &[Row]| rows.iter().map(|row| row.width() + gap).sum::<usize>().saturating_sub(gap);
    let full = rows(Form::All);
    let rows = if whole(&full) <= width { full } else { rows(Form::Words) };
    let mut row = Row::default();
    for (number, one) in rows.iter().enumerate() {
        let before = if number > 0 { gap } else { 0 };
        // Room for `+9` behind it, unless it is the last.
        let more = if number + 1 < rows.len() { gap + 2 } else { 0 };
        if row.width() + before + one.width() + more > width {
            let gap = if number > 0 { gap } else { 0 };
            row.0.push(Piece::dim(format!("{}+{}", " ".repeat(gap), rows.len() - number)));
            break;
        }
        row.0.push(Piece::plain(" ".repeat(before)));
        row.0.extend(one.0.iter().cloned());
    }
    painter.row(line, &row.cut_to(width));
}

fn head(block: &Block, name: &str) -> Row {
    let (sign, sign_role) = match block.mark {
        Mark::Ready => ("● ", Role::Good),
        Mark::Resting => ("◐ ", Role::Warn),
        Mark::Off => ("○ ", Role::Dim),
        Mark::Broken => ("✕ ", Role::Bad),
        Mark::Fold => ("", Role::Dim),
    };
    let role = match block.mark {
        _ if block.next => Role::Strong,
        Mark::Off | Mark::Fold => Role::Dim,
        Mark::Ready | Mark::Resting | Mark::Broken => Role::Plain,
    };
    Row(vec![Piece::new(sign, sign_role), Piece::new(name, role)])
}

/// A lane that may take the next prompt and costs money should be seen.
fn terms(block: &Block) -> Vec<Piece> {
    let role = if block.mark != Mark::Off && block.terms.contains("paid") { Role::Warn } else { Role::Dim };
    let piece = (!block.terms.is_empty()).then(|| Piece::new(format!("  {}", block.terms), role));
    piece.into_iter().collect()
}

/// The state in `words`, and behind it what becomes of the lane, as far as there is room. `forecast`: it has no place of
/// its own.
fn state(block: &Block, words: &str, forecast: bool, room: usize) -> Row {
    let role = match block.mark {
        Mark::Ready if block.next => Role::Strong,
        Mark::Ready | Mark::Off | Mark::Fold => Role::Dim,
        Mark::Resting => Role::Warn,
        Mark::Broken => Role::Bad,
    };
    let mut row = Row::of(words, role);
    let fits = |end: &&String| (forecast || *end == "low") && cells::of(words) + 2 + cells::of(end) <= room;
    let low = block.outlook.last().filter(|last| *last == "low");
    if let Some(end) = block.outlook.iter().find(fits).or(low) {
        row.0.push(Piece::new(format!(", {end}"), Role::Warn));
    }
    row
}

/// What is as it should be needs no colour.
const fn quiet(role: Role) -> Role {
    match role {
        Role::Good => Role::Dim,
        role => role,
    }
}

fn limit_row(painter: &mut Painter, line: Rect, columns: &Columns, block: &Block, limit: &Limit) {
    let inset = small(Columns::inset(block.depth));
    let label = small(columns.label).saturating_sub(inset);
    painter.text(line.x + inset, line.y, &limit.label, label, Role::Dim);
    let x = line.x + inset + label + 1;
    let bar = Rect { x, y: line.y, width: small(columns.bar).min(line.right().saturating_sub(x)), height: 1 };
    // What is off is only for the record; so is what was told a while ago.
    let off = matches!(block.mark, Mark::Off | Mark::Broken) || !limit.age.is_empty();
    paint_bar(painter, bar, limit, if off { Role::Dim } else { limit.role }, true);
    let right = |text: &str, width: usize| format!("{}{text}", " ".repeat(width.saturating_sub(cells::of(text))));
    let left = |text: &str, width: usize| format!("{text}{}", " ".repeat(width.saturating_sub(cells::of(text))));
    let figure = match limit.role {
        _ if off => Role::Dim,
        Role::Good => Role::Plain,
        role => role,
    };
    let word =
        if columns.word > 0 { format!(" {}", left(word_of(limit.evidence), columns.word)) } else { String::new() };
    let age = match columns.age {
        0 => String::new(),
        width if limit.age.is_empty() || width < 10 => format!(" {}", left(&limit.age, width)),
        width => format!(" {}", left(&format!("as of {}", limit.age), width)),
    };
    let mut row = Row(vec![
        Piece::new(right(&limit.figure, columns.figure), figure),
        Piece::dim(format!(" {}{word}{age} {}", sign_of(limit.evidence), right(&limit.time, columns.time))),
    ]);
    if let Some(found) = limit.foresight.as_ref().filter(|_| columns.outlook > 0) {
        let fits = cells::of(&found.words) <= columns.outlook;
        let words = if fits { &found.words } else { &found.brief };
        row.0.push(Piece::new(format!("  {words}"), if found.empty && !off { Role::Warn } else { Role::Dim }));
    }
    let x = bar.right() + 2;
    painter.row(Rect { x, width: line.right().saturating_sub(x), ..line }, &row);
}

fn paint_bar(painter: &mut Painter, area: Rect, limit: &Limit, role: Role, with_pace: bool) {
    let Some(left) = limit.left.filter(|_| !area.is_empty()) else { return };
    let (fill, track) = bar::cells(left, area.width);
    let x = painter.text(area.x, area.y, &fill, area.width, role);
    painter.text(x, area.y, &track, area.right().saturating_sub(x), Role::Dim);
    let pace = limit.pace.filter(|_| with_pace && area.width >= 8);
    if let Some(column) = pace.and_then(|passed| bar::pace_column(passed, area.width)) {
        painter.text(area.x + column, area.y, "┃", 1, Role::Plain);
    }
}

/// The columns of lanes that have one line each: name, bar, figure; or name and why it is not ready.
#[derive(Debug, Clone, Copy)]
struct Single {
    name: u16,
    bar: u16,
}

/// Columns of a figure on a gauge of one line, and of the sign of how it is known: `5.1k of 8k ●`.
const FIGURE: u16 = 12;

/// Below this a bar says nothing.
const LEAST_BAR: u16 = 5;

/// More says no more.
const MOST_BAR: u16 = 32;

fn name_room(block: &Block, name: &str) -> u16 {
    let terms: usize = terms(block).iter().map(|piece| cells::of(&piece.text)).sum();
    small(2 * block.depth + 2 + cells::of(name) + terms)
}

impl Single {
    fn new(width: u16, names: impl Iterator<Item = u16>) -> Self {
        // A column behind the name, one before the figure.
        let name = names.max().unwrap_or(0).min(width.saturating_sub(1 + LEAST_BAR + 1 + FIGURE));
        let bar = width.saturating_sub(name + 1 + 1 + FIGURE).min(MOST_BAR);
        Self { name, bar: if bar < LEAST_BAR { 0 } else { bar } }
    }

    const fn whole(self) -> u16 {
        self.name + 1 + self.bar + 1 + FIGURE
    }

    fn paint(self, painter: &mut Painter, line: Rect, block: &Block, name: &str, binding: Option<&Limit>) {
        let right = (line.x + self.whole()).min(line.right());
        let rest = Rect { x: line.x + self.name + 1, width: right.saturating_sub(line.x + self.name + 1), ..line };
        let mut room = self.name;
        let end = if let Some(limit) = binding.filter(|_| block.mark == Mark::Ready) {
            let role = if limit.age.is_empty() { limit.role } else { Role::Dim };
            paint_bar(painter, Rect { width: self.bar.min(rest.width), ..rest }, limit, role, false);
            let fits = cells::of(&limit.figure) + 2 <= usize::from(FIGURE.min(rest.width));
            let text = if fits { &limit.figure } else { &limit.brief };
            let role = match limit.role {
                _ if !limit.age.is_empty() => Role::Dim,
                Role::Good => Role::Plain,
                role => role,
            };
            Row(vec![Piece::new(text.as_str(), role), Piece::dim(format!(" {}", sign_of(limit.evidence)))])
        } else {
            // A folded line has more to say than a lane has.
            let words = state(block, &block.brief, false, 0).cut_to(usize::from(line.width / 2));
            room = room.max(right.saturating_sub(line.x + small(words.width()) + 1));
            words
        };
        let x = right.saturating_sub(small(end.width()));
        painter.row(Rect { x, width: right.saturating_sub(x), ..line }, &end);
        let inset = small(2 * block.depth);
        let room = room.min(right.saturating_sub(line.x)).saturating_sub(inset);
        let sign = if block.mark == Mark::Fold { 0 } else { 2 };
        let mut terms = terms(block);
        let taken = |terms: &[Piece]| sign + terms.iter().map(|piece| cells::of(&piece.text)).sum::<usize>();
        // Of a name some letters must be left to be known by.
        if taken(&terms) + cells::of(name).min(8) > usize::from(room) && !block.terms.contains("paid") {
            terms.clear();
        }
        let mut head = head(block, &cells::cut_middle(name, usize::from(room).saturating_sub(taken(&terms))));
        head.0.extend(terms);
        painter.row(Rect { x: line.x + inset, width: room, ..line }, &head);
    }
}

/// Paints one-line gauges, in columns: the lanes that are not only listed.
pub fn gauges(painter: &mut Painter, screen: &Screen) {
    let area = screen.areas.gauges;
    let columns = gauge_columns(area.width);
    let wide = area.width.saturating_sub(1) / columns;
    let board = &screen.quota.board;
    let name = |block: &Block| match &block.item {
        Item::Of(Target::Lane(lane)) => lane.as_str().to_owned(),
        Item::Of(Target::Account(_)) | Item::Listed(_) => block.name.clone(),
    };
    // An account stands in the name here: nothing is further in. What becomes of a prompt stands under the composer.
    let lanes: Vec<(usize, Block)> = board
        .lanes()
        .map(|(number, block)| (number, Block { depth: 0, terms: String::new(), ..block.clone() }))
        .collect();
    let places = usize::from(columns * area.height);
    let shown = if lanes.len() > places { places.saturating_sub(1) } else { lanes.len() };
    let names = lanes.iter().take(shown).map(|(_, block)| name_room(block, &name(block)));
    let single = Single::new(wide.saturating_sub(2), names);
    // Down first, then to the right: lanes stand in the order of the rotation.
    let mut cells =
        (0..columns).flat_map(|column| (0..area.height).map(move |row| (column, row))).map(|(column, row)| {
            let (x, y) = (area.x + 1 + column * wide, area.y + row);
            Rect { x, y, width: wide.saturating_sub(2), height: 1 }
        });
    for ((number, block), cell) in lanes.iter().take(shown).zip(cells.by_ref()) {
        single.paint(painter, cell, block, &name(block), board.binding_of(*number));
    }
    if let Some(cell) = cells.next().filter(|_| shown < lanes.len()) {
        painter.row(cell, &Row::of(format!("+ {} more, Alt+2", lanes.len() - shown), Role::Dim));
    }
}
