//! The quota: lanes with their bars, in the pane or on single lines above one.

use ratatui::layout::Rect;

use crate::app::board::{Block, Line, Mark};
use crate::app::cells;
use crate::app::gauge::Limit;
use crate::app::geometry::{gauge_columns, inside};
use crate::app::row::{Piece, Role, Row};
use crate::app::screen::{Quota, Screen};
use crate::domain::quota::limit::Evidence;
use crate::domain::standing::Target;
use crate::view::bar;
use crate::view::paint::Painter;

/// Paints the pane.
pub fn draw(painter: &mut Painter, screen: &Screen) {
    let quota = &screen.quota;
    let area = screen.areas.quota;
    let text = inside(area, screen.areas.framed());
    for (line, (number, what)) in painter.lines(text).zip(&quota.lines) {
        paint_line(painter, line, quota, *number, *what);
        let is_head = matches!(what, Line::Head | Line::HeadWithCells | Line::Whole);
        if quota.selected == Some(*number) && is_head {
            painter.select(line);
        }
    }
    if quota.below > 0 {
        painter.note(area, area.bottom().saturating_sub(1), &format!("↓ {} more", quota.below), Role::Dim);
    }
}

fn paint_line(painter: &mut Painter, line: Rect, quota: &Quota, number: usize, what: Line) {
    let Some(block) = quota.board.blocks.get(number) else { return };
    let line = Rect { width: u16::try_from(quota.columns.whole).unwrap_or(line.width).min(line.width), ..line };
    let width = usize::from(line.width);
    match what {
        Line::Head => painter.row(line, &Row::spread(head(block), state(block), width)),
        Line::HeadWithCells => {
            let mut left = head(block);
            for limit in block.others() {
                left.0.extend(thin(limit));
            }
            painter.row(line, &Row::spread(left, state(block), width));
        }
        Line::Whole => whole(painter, line, &head(block), block, quota.board.binding_of(number)),
        Line::Limit(number) => {
            if let Some(limit) = block.limits.get(number) {
                limit_row(painter, line, quota, limit);
            }
        }
        Line::Unlimited => painter.row(line, &Row::of("  no limit known", Role::Dim)),
        Line::Gap => {}
    }
}

/// Paints one-line gauges, in columns.
pub fn gauges(painter: &mut Painter, screen: &Screen) {
    let area = screen.areas.gauges;
    let columns = gauge_columns(area.width);
    let wide = area.width.saturating_sub(1) / columns;
    let board = &screen.quota.board;
    let lanes = board.blocks.iter().enumerate().filter(|(_, block)| matches!(block.target, Target::Lane(_)));
    // Down first, then to the right: lanes stand in the order of the rotation.
    let places = (0..columns).flat_map(|column| (0..area.height).map(move |row| (column, row)));
    for ((column, row), (number, block)) in places.zip(lanes) {
        let cell = Rect { x: area.x + 1 + column * wide, y: area.y + row, width: wide.saturating_sub(2), height: 1 };
        let name = match &block.target {
            Target::Lane(lane) => lane.as_str(),
            Target::Account(account) => account.as_str(),
        };
        whole(painter, cell, &head_of(block, name), block, board.binding_of(number));
    }
}

/// Columns of a figure on a gauge of one line.
const BRIEF: u16 = 9;

/// A lane on one line: name, bar and what is left; or why it is not ready.
fn whole(painter: &mut Painter, line: Rect, head: &Row, block: &Block, binding: Option<&Limit>) {
    let name = (line.width * 11 / 20).min(30);
    let rest = Rect { x: line.x + name + 1, width: line.width.saturating_sub(name + 1), ..line };
    let width = usize::from(rest.width);
    if let Some(limit) = binding.filter(|_| block.mark == Mark::Ready) {
        let bar = Rect { width: rest.width.saturating_sub(BRIEF + 1).min(24), ..rest };
        paint_bar(painter, bar, limit);
        let figure = Rect { x: bar.right() + 1, width: rest.right().saturating_sub(bar.right() + 1), ..rest };
        let text = Row::of(limit.brief.as_str(), Role::Plain);
        painter.row(figure, &Row::spread(Row::default(), text, usize::from(BRIEF.min(figure.width))));
    } else {
        let Row(mut state) = state(block);
        for piece in &mut state {
            piece.text.clone_from(&block.brief);
        }
        painter.row(rest, &Row::spread(Row::default(), Row(state), width.min(usize::from(24 + 1 + BRIEF))));
    }
    let mut head = head.clone();
    if let Some(last) = head.0.last_mut() {
        let taken: usize = usize::from(name).saturating_sub(2 * block.depth + 2);
        last.text = format!(" {}", cells::cut_middle(last.text.trim_start(), taken));
    }
    painter.row(line, &head.cut_to(usize::from(name)));
}

fn head(block: &Block) -> Row {
    let mut row = head_of(block, &block.name);
    row.0.insert(0, Piece::plain("  ".repeat(block.depth)));
    row
}

fn head_of(block: &Block, name: &str) -> Row {
    let (sign, sign_role) = sign(block.mark);
    let role = match block.mark {
        _ if block.next => Role::Strong,
        Mark::Off => Role::Dim,
        _ => Role::Plain,
    };
    Row(vec![Piece::new(sign, sign_role), Piece::new(format!(" {name}"), role)])
}

const fn sign(mark: Mark) -> (&'static str, Role) {
    match mark {
        Mark::Ready => ("●", Role::Good),
        Mark::Resting => ("◐", Role::Warn),
        Mark::Off => ("○", Role::Dim),
        Mark::Broken => ("✕", Role::Bad),
    }
}

fn state(block: &Block) -> Row {
    let role = match block.mark {
        Mark::Ready if block.next => Role::Strong,
        Mark::Ready | Mark::Off => Role::Dim,
        Mark::Resting => Role::Warn,
        Mark::Broken => Role::Bad,
    };
    Row::of(block.state.as_str(), role)
}

fn thin(limit: &Limit) -> [Piece; 2] {
    let cell = bar::thin(limit.left.unwrap_or(0.0));
    [Piece::dim(format!("  {} ", limit.label)), Piece::new(cell.to_string(), limit.role)]
}

fn limit_row(painter: &mut Painter, line: Rect, quota: &Quota, limit: &Limit) {
    let columns = &quota.columns;
    let small = |number: usize| u16::try_from(number).unwrap_or(0);
    let mut x = line.x + 2;
    painter.text(x, line.y, &limit.label, small(columns.label), Role::Dim);
    x += small(columns.label) + 1;
    let bar = Rect { x, y: line.y, width: small(columns.bar).min(line.right().saturating_sub(x)), height: 1 };
    paint_bar(painter, bar, limit);
    x = bar.right() + 1;
    let right = |text: &str, width: usize| format!("{}{text}", " ".repeat(width.saturating_sub(cells::of(text))));
    let row = Row(vec![
        Piece::dim(format!("{} ", evidence(limit.evidence))),
        Piece::new(right(&limit.figure, columns.figure), Role::Plain),
        Piece::dim(format!("  {}", right(&limit.time, columns.time))),
        Piece::dim(if columns.age > 0 { format!("  {}", right(&limit.age, columns.age)) } else { String::new() }),
    ]);
    painter.row(Rect { x, width: line.right().saturating_sub(x), ..line }, &row);
}

const fn evidence(evidence: Option<Evidence>) -> &'static str {
    match evidence {
        Some(Evidence::Reported) => "●",
        Some(Evidence::Counted) => "◐",
        Some(Evidence::Learnt) => "◌",
        Some(Evidence::Documented) | None => "·",
    }
}

fn paint_bar(painter: &mut Painter, area: Rect, limit: &Limit) {
    let Some(left) = limit.left else { return };
    painter.text(area.x, area.y, &bar::cells(left, area.width), area.width, limit.role);
    if let Some(passed) = limit.pace.filter(|_| area.width >= 6) {
        let x = area.x + bar::pace_column(passed, area.width);
        painter.text(x, area.y, "┃", 1, Role::Plain);
    }
}
