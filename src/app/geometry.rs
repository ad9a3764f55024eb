//! Where everything stands, from the size of the terminal alone: pure arithmetic.
//!
//! ```text
//!  >= 140            100 to 139        70 to 99          < 70
//!  ┌───────┬──────┐  ┌──────┬──────┐   ┌─────────────┐   chat
//!  │ chat  │quota │  │ chat │quota │   │ gauges      │   one status line
//!  ├───────┴──────┤  │      ├──────┤   ├─────────────┤
//!  │ log          │  │      │ log  │   │ one pane    │
//!  └──────────────┘  └──────┴──────┘   └─────────────┘
//! ```

use ratatui::layout::Rect;

use crate::app::action::Focus;

/// The smallest terminal in which there is anything but a sentence.
pub const LEAST: (u16, u16) = (40, 10);

/// How much is shown at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// Too small: a sentence.
    #[default]
    Sentence,
    /// One pane without a frame, and a status line.
    Narrow,
    /// One pane, with gauges above it.
    Single,
    /// Chat on the left, quota over log on the right.
    Double,
    /// Chat and quota over the log.
    Triple,
}

/// What is asked of the layout besides the size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// What has the keys.
    pub focus: Focus,
    /// The focused pane on the whole screen.
    pub expanded: bool,
    /// Rows that the draft has.
    pub draft: u16,
    /// Lines about what is wrong.
    pub alerts: u16,
    /// Lanes of the roster that are not only listed.
    pub lanes: u16,
    /// Rows that the quota would fill.
    pub board: u16,
    /// The chat's share of the width, in percent; None: what is usual.
    pub chat: Option<u8>,
    /// The log's share of the height, in percent; None: what it needs.
    pub log: Option<u8>,
}

/// The areas. Empty: not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Areas {
    /// How much is shown.
    pub shape: Shape,
    /// The whole screen.
    pub whole: Rect,
    /// The first line.
    pub header: Rect,
    /// One-line gauges.
    pub gauges: Rect,
    /// Chat, with its frame if it has one.
    pub chat: Rect,
    /// Quota, with its frame.
    pub quota: Rect,
    /// Log, with its frame.
    pub log: Rect,
    /// What is wrong.
    pub alerts: Rect,
    /// The last line.
    pub footer: Rect,
    /// The transcript's text.
    pub transcript: Rect,
    /// The line between transcript and composer, frame to frame; without frames, the line under any pane.
    pub rule: Rect,
    /// The draft's text.
    pub composer: Rect,
    /// The line under the composer.
    pub prospect: Rect,
}

/// Lays out a screen of `width` x `height`.
pub fn areas(width: u16, height: u16, wish: Wish) -> Areas {
    let whole = Rect::new(0, 0, width, height);
    let shape = match width {
        _ if width < LEAST.0 || height < LEAST.1 => Shape::Sentence,
        0..70 => Shape::Narrow,
        _ if width < 100 || height < 20 => Shape::Single,
        _ if width < 140 || height < 28 => Shape::Double,
        _ => Shape::Triple,
    };
    let mut areas = Areas { shape, whole, ..Areas::default() };
    if shape == Shape::Sentence {
        return areas;
    }
    let mut middle = whole;
    areas.header = take_top(&mut middle, 1);
    areas.footer = take_bottom(&mut middle, 1);
    areas.alerts = take_bottom(&mut middle, wish.alerts.min(height / 5));
    if shape == Shape::Single && !wish.expanded && height >= 16 && wish.focus != Focus::Quota {
        areas.gauges = take_top(&mut middle, wish.lanes.div_ceil(gauge_columns(width)).min(height / 6));
    }
    panes(&mut areas, middle, wish);
    if !areas.chat.is_empty() {
        inside_chat(&mut areas, wish.draft);
    }
    areas
}

/// One-line gauges stand in this many columns.
pub const fn gauge_columns(width: u16) -> u16 {
    if width >= 114 { 3 } else { 2 }
}

/// The text area of a pane: inside its frame, if it has one, with a column of air on both sides.
pub fn inside(pane: Rect, framed: bool) -> Rect {
    let (side, top) = if framed { (2, 1) } else { (1, 0) };
    Rect {
        x: pane.x.saturating_add(side),
        y: pane.y.saturating_add(top),
        width: pane.width.saturating_sub(2 * side),
        height: pane.height.saturating_sub(2 * top),
    }
}

fn panes(areas: &mut Areas, middle: Rect, wish: Wish) {
    let one_alone = wish.expanded || matches!(areas.shape, Shape::Narrow | Shape::Single);
    if one_alone {
        let pane = match wish.focus {
            Focus::Composer | Focus::Transcript => &mut areas.chat,
            Focus::Quota => &mut areas.quota,
            Focus::Log => &mut areas.log,
        };
        *pane = middle;
        if areas.shape == Shape::Narrow && areas.chat.is_empty() {
            let mut rest = middle;
            areas.rule = take_bottom(&mut rest, 1);
            let pane = if areas.quota.is_empty() { &mut areas.log } else { &mut areas.quota };
            *pane = rest;
        }
        return;
    }
    let mut rest = middle;
    if areas.shape == Shape::Triple {
        let most = (middle.height * 3 / 10).clamp(5, 18);
        let left = middle.height.saturating_sub(wish.board.saturating_add(2));
        let log = wish.log.map_or_else(|| left.clamp(most.min(9), most), |share| part(middle.height, share, LOW, MID));
        areas.log = take_bottom(&mut rest, log);
        let chat = wish.chat.map_or(middle.width * 29 / 50, |share| part(middle.width, share, SIDE, SIDE));
        areas.chat = take_left(&mut rest, chat);
        areas.quota = rest;
    } else {
        let chat = wish.chat.map_or(middle.width * 11 / 20, |share| part(middle.width, share, SIDE, SIDE));
        areas.chat = take_left(&mut rest, chat);
        // The log does with less where the quota has more to show.
        let quota = wish.board.saturating_add(2).clamp(middle.height * 3 / 5, middle.height * 7 / 10);
        let quota = wish.log.map_or(quota, |share| middle.height - part(middle.height, share, LOW, LOW));
        areas.quota = take_top(&mut rest, quota);
        areas.log = rest;
    }
}

/// No pane is narrower than this beside another.
const SIDE: u16 = 40;

/// No log is lower, and no quota over it.
const LOW: u16 = 5;

/// No chat over a log is lower.
const MID: u16 = 10;

/// A share of `whole` in percent, so that both parts keep their least.
fn part(whole: u16, share: u8, least: u16, rest: u16) -> u16 {
    let wanted = (u32::from(whole) * u32::from(share) + 50) / 100;
    let most = whole.saturating_sub(rest).max(least).min(whole);
    u16::try_from(wanted).unwrap_or(u16::MAX).clamp(least.min(most), most)
}

fn inside_chat(areas: &mut Areas, draft: u16) {
    let framed = areas.framed();
    let mut text = inside(areas.chat, framed);
    let most = (areas.chat.height / 3).max(1);
    if text.height > 4 {
        areas.prospect = take_bottom(&mut text, 1);
    }
    let composer = take_bottom(&mut text, draft.clamp(1, most));
    // Two columns are the prompt's sign.
    areas.composer = Rect { x: composer.x + 2, width: composer.width.saturating_sub(2), ..composer };
    let rule = take_bottom(&mut text, 1);
    areas.rule = Rect { x: areas.chat.x, width: areas.chat.width, ..rule };
    areas.transcript = text;
}

impl Areas {
    /// Whether panes have frames.
    pub const fn framed(&self) -> bool {
        !matches!(self.shape, Shape::Narrow | Shape::Sentence)
    }

    /// Where the panes stand together.
    pub fn panes(&self) -> Rect {
        [self.chat, self.quota, self.log]
            .into_iter()
            .filter(|area| !area.is_empty())
            .reduce(Rect::union)
            .unwrap_or_default()
    }

    /// The pane at a place of the screen.
    pub fn pane_at(&self, x: u16, y: u16) -> Option<Focus> {
        let at = ratatui::layout::Position { x, y };
        let composer = Rect { height: self.composer.height + self.prospect.height, ..self.composer };
        let composer = Rect { x: self.chat.x, width: self.chat.width, ..composer };
        [
            (composer, Focus::Composer),
            (self.chat, Focus::Transcript),
            (self.quota, Focus::Quota),
            (self.log, Focus::Log),
        ]
        .into_iter()
        .find_map(|(area, focus)| area.contains(at).then_some(focus))
    }

    /// Where a detail or the help of so many rows stands.
    pub fn overlay(&self, rows: usize) -> Rect {
        let width = self.whole.width.saturating_sub(6).min(88).max(self.whole.width.min(60));
        let framed = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(2);
        let height = self.whole.height.saturating_sub(2).min(36).min(framed);
        Rect { x: (self.whole.width - width) / 2, y: (self.whole.height - height) / 2, width, height }
    }
}

fn take_top(from: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(from.height);
    let taken = Rect { height: rows, ..*from };
    *from = Rect { y: from.y + rows, height: from.height - rows, ..*from };
    taken
}

fn take_bottom(from: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(from.height);
    *from = Rect { height: from.height - rows, ..*from };
    Rect { y: from.y + from.height, height: rows, ..*from }
}

fn take_left(from: &mut Rect, columns: u16) -> Rect {
    let columns = columns.min(from.width);
    let taken = Rect { width: columns, ..*from };
    *from = Rect { x: from.x + columns, width: from.width - columns, ..*from };
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_screen_and_nothing_overlaps() {
        for width in 1..220 {
            for height in 1..70 {
                for (focus, expanded) in
                    [(Focus::Composer, false), (Focus::Transcript, true), (Focus::Quota, false), (Focus::Log, true)]
                {
                    let moved =
                        [None, Some(0), Some(55), Some(100)].get(usize::from(width + height) % 4).copied().flatten();
                    let wish =
                        Wish { focus, expanded, draft: 99, alerts: 2, lanes: 9, board: 30, chat: moved, log: moved };
                    let areas = areas(width, height, wish);
                    let shown =
                        [areas.header, areas.gauges, areas.chat, areas.quota, areas.log, areas.alerts, areas.footer];
                    for (number, area) in shown.iter().enumerate() {
                        assert_eq!(areas.whole.intersection(*area), *area, "{width}x{height}");
                        for other in shown.iter().skip(number + 1) {
                            assert!(
                                !area.intersects(*other) || area.is_empty() || other.is_empty(),
                                "{width}x{height}"
                            );
                        }
                    }
                    for part in [areas.transcript, areas.composer, areas.prospect] {
                        assert!(part.is_empty() || areas.chat.intersection(part) == part, "{width}x{height} {areas:?}");
                    }
                    assert!(areas.chat.is_empty() || !areas.transcript.is_empty(), "{width}x{height} {areas:?}");
                    let overlay = areas.overlay(30);
                    assert_eq!(areas.whole.intersection(overlay), overlay);
                }
            }
        }
    }

    #[test]
    fn the_log_does_with_less_where_the_quota_has_more() {
        let heights = |width, height, board| {
            let areas = areas(width, height, Wish { board, ..Wish::default() });
            (areas.quota.height, areas.log.height)
        };
        for (width, height, board, expected) in [
            (200, 60, 10, (41, 17)),
            (200, 60, 45, (47, 11)),
            (200, 60, 300, (49, 9)),
            (120, 40, 10, (22, 16)),
            (120, 40, 22, (24, 14)),
            (120, 40, 300, (26, 12)),
        ] {
            assert_eq!(heights(width, height, board), expected, "{width}x{height} {board}");
        }
    }

    #[test]
    fn the_shape_follows_the_width() {
        let shape = |width, height| areas(width, height, Wish::default()).shape;
        for (width, height, expected) in [
            (39, 24, Shape::Sentence),
            (80, 9, Shape::Sentence),
            (40, 10, Shape::Narrow),
            (69, 24, Shape::Narrow),
            (70, 24, Shape::Single),
            (100, 24, Shape::Double),
            (140, 24, Shape::Double),
            (140, 40, Shape::Triple),
            (200, 12, Shape::Single),
        ] {
            assert_eq!(shape(width, height), expected, "{width}x{height}");
        }
    }
}
